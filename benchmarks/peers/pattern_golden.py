# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Where Hugging Face's tokenizers (pip install tokenizers) splits texts at regular expressions, which are Oniguruma's.

    python3 pattern_golden.py [--texts 25] [--seed 1] > text/src/test/resources/verbo/text/patterns.jsonl

wrote the file that OnigurumaTest reads: the texts in the first line, then an expression a line with the ends of the parts of
each text, in code points. The expressions are those of well-known tokenizers and what Java writes in another way.
"""
import argparse
import json
import random

from tokenizers import Regex, pre_tokenizers

CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
PATTERNS = [
    # bloom
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    # deepseek v3, llm
    r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
    "[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+",
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕⴀⱠ-ⱻⱾ-ⳤꙀ-ꙭﬀ-ﬆＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𞤀-𞥃]+",
    r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", r"[一-龥ࠀ-一가-퟿]+",
    # falcon
    r"[0-9][0-9][0-9]", r"[0-9]+",
    # llama3 qwen gpt2 variants
    CL100K, CL100K.replace("{1,3}", ""), r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    # o200k, tekken, llama4, kimi
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    # qwen 3.5
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?<=[0-9])(?=(?:[0-9]{3})+(?![0-9]))", r"\d{1,3}(?=(?:\d{3})*\b)", r"(?:\r?\n)+(?!\r?\n)",
    r"[0-9]{1,3}(?=(?:[0-9]{3})*(?![0-9]))", r" ?[\p{L}\p{M}]+|[^\p{L}\s]", r"\p{Ps}|\p{Pe}", r"\p{Punct}+", r"\p{P}+",
    r"\p{M}", r"\p{^L}+", r"\P{L}+", r"\p{Alpha}+", r"\p{Alnum}+", r"\p{Space}+", r"\p{Digit}+", r"\p{Upper}\p{Lower}*",
    r"\p{Cyrillic}+|\p{Greek}+|\p{Hiragana}+|\p{Katakana}+|\p{Hangul}+|\p{Thai}+|\p{Arabic}+|\p{Latin}+",
    r"[\p{P}\p{S}]", r"[^\p{L}\p{N}\s]+", r"\p{So}", r"\p{Zs}+", r"\p{Cc}", r"\p{Word}+", r"\p{Emoji}", r"\p{Any}",
    r"\p{Letter}+", r"\p{Lowercase_Letter}+", r"\p{Alphabetic}+", r"\p{XDigit}+", " {2,}", r"\s{2,}|[\n\r\x0b\x0c]",
    r"[\u4e00-\u9fa5]", r"\x{3000}", r"\x{4e2d}|\x{1F600}", r"\x41", r"[\x{4e00}-\x{9fff}]+", r"^\s", r"$", r"^", r"^.", r".$", r".+",
    r"(?m:.+)", r"(?i)WORLD", r"(?-i:a)", r"\h+", r"\H+", r"\v", r"[\v\t]", r"\R", r"\e", r"\a", r"\0", r"\cA",
    r"[\w-]+", r"[^\W\d_]+", r"\d{,2}", r"\d{2,3}+", r"\d{2}+", r"\d{2}?", r"a{1,2}?", r"(?:lo|w)++", r"l++o", r"l?+",
    r"[a-z&&[^aeiou]]+", r"[a-w&&[^c-g]z]+", r"[^a-f&&c-z]+", r"[^a-f[u-z]]+", r"[a[b]c]+", r"[a\]b]", r"[]a]", r"[a-]",
    r"[-a]", r"[a&b]", r"[#]", r"[a b]+", r"[^\]]+", r"[[:punct:]]", r"[[:^alpha:]]+", r"[^[:space:]]+",
    r"[[:alpha:][:digit:]]+", r"[[:word:]]+", r"[[:graph:]]+", r"[[:print:]]+", r"[[:cntrl:]]", r"\Ahello", r"\A.",
    r".\z", r".\Z", r"\Gw", r"(?#note)l", r"(?x: l o )", r"(?<n>l)\k<n>", r"(l)\1", r"\bw", r"\B.", r"[\b]", r"\w+\b",
    r"(?=\w)\b", r"\d+|[^\d]+", r"\W+", r"\S+", r"\D+", r"[\S]+", r"[\D]+", r"[^\S\n]+", r"[\W]+", r"(?i:ﬁ)", r"(?i:é)",
    r"(?i:k)", r"(?i:ʼn)", r"(?>l+)o", r"(?<!\w)l", r"(?<=\s)\w+", r"\#|\-|\/|\:", r"\.", r"{", r"}", r"a{", r"a{x}",
    r"]", r"\p{Latin}++", r"\u00e9", r"\t| ", r"\n", r"\/", r"\p{Common}+", r"\p{Inherited}", r"\p{Lm}|\p{Nl}|\p{No}",
    r"\p{LC}+", r"\p{Sc}|\p{Sk}|\p{Sm}", r"\pL+",
    r"\W?", r"\W{2}", r"\P{L}?", r"[^\p{L}]{2}", r"[^a]?\p{M}", r"\G\w", r"l(?i)O|W", r"(o(?i)R|L)l", r"\d{1,2}{2}", r"l{1,2}{2}?", r"o+?{2}",
    r"(?i)\p{Ll}+", r"(?i:\p{Lu})\p{Ll}*", r"[a-z&&[l-r]o&&[a-p]]+", r"[a-z&&[^e]&&[^o]]+", r"[^l&&]", r"[\p{Word}]+", r"\o{101}",
]

WORDS = """the of lower newest Hello world hello World don't we'll WE'LL it's 12 345 7 1234567 3.14 café naïve ÉTÉ Ångström straße STRASSE İstanbul ǅ ǆ 中文 日本語 カタカナ ひらがな 한국어 привет ΚΑΙ ς мир नमस्ते ไทย العربية ۔ । 😀 👨‍👩‍👧 ½ ² ³ ﬁn Ⅷ x=1; foo_bar(baz) a-b "quoted" … e\u0301 a\u0327\u0323 \u1e9b\u0323 $5 € + < ^ ` | ~ K \u212a ſ 's 'S 'ſ aab ll ssl \u00ad \u0345 \u2160 \u24b6 \u3021 \x00 \x07 \x0b \x0c \x1b \x1c \x1f \xa0 \u1680 \u180e \u3000 \u200b \u200c \u200d \ufeff \x85 \u2028 \u2029 \ufffd \r \n \r\n \n\n \t \U0001d400 \U000e0041 \U00020000 \ue000 \u0378""".split(" ")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--texts", type=int, default=25)
    arguments.add_argument("--seed", type=int, default=1)
    a = arguments.parse_args()
    draw = random.Random(a.seed)
    texts = ["".join(draw.choice(WORDS) + draw.choice([" ", " ", "", "  ", "\n", "\t", ", ", "."]) for _ in range(draw.randint(1, 14)))
             for _ in range(a.texts)]
    texts += ["", " ", "\n", "a", "12345", "hello\n", "\nhello", " a\n\n b  \n", "a\r\nb", "lll", "aaa"]
    print(json.dumps({"texts": texts}))
    for pattern in PATTERNS:
        split = pre_tokenizers.Split(Regex(pattern), "isolated")
        ends = [[part[1][1] for part in split.pre_tokenize_str(text)] for text in texts]
        print(json.dumps({"regex": pattern, "ends": ends}, separators=(",", ":")))


main()
