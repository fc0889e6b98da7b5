# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Random pipelines and what Hugging Face's tokenizers (pip install tokenizers) makes of texts with them.

    python3 pipeline_golden.py [--count 40] [--seed 1] > text/src/test/resources/verbo/text/pipelines.jsonl

wrote the file that PipelineGoldenTest reads. A line is a tokenizer.json, drawn from every kind of normalizer, pre-tokenizer,
model, post-processor, decoder, added token, truncation and padding, with small vocabularies trained on the texts below, and
cases: what is encoded and how, and what came of it, or that it was refused.
"""
import argparse
import base64
import json
import random
import struct

from tokenizers import Tokenizer, models, trainers

WORDS = """the of lower newest widest low new wide Hello world hello World don't we'll it's 12 345 7 café naïve ÉTÉ Ångström straße
İstanbul ǅ 中文 日本語 カタカナ ひらがな 한국어 привет мир नमस्ते ไทย 😀 👨‍👩‍👧 ½ ² ﬁn Ⅷ x=1; foo_bar(baz) a-b "quoted" … e\u0301 a\u0327\u0323 \u1e9b\u0323
[CLS] <x> <unk> tok Tok \u2581 ##ab \x00 \x07 \xa0 \u3000 \u200b \ufeff \x85 \u2028 \ufffd""".split(" ")
WORDS = [w for word in WORDS for w in word.split("\n") if w]
MARKS = ["'s", "'S", "'ll", "\u2019re", "  ", "   ", "\r", "\r\n", "\n\n", "\x0b", "\x0c", "\x1c", "\u1680", "\u180e", "\u2003", "\u2029",
         "\u200d", "\ufe0f", "\u0301", "\u0327\u0301", "\u0345", "ı", "i\u0307", "ẞ", "٣", "३", "ᄒ", "ᅡ", "ᆫ", "ᄒ\u1161\u11ab", "ー", "ｶﾞ",
         "،", "–", "$", "+", "\u0958", "\u2126", "\u212b", "\ufb1d", "\ufdfa", "\u03a3", "ς", "Ǆ", "\U0001d400", "\U0001d7d9", "\U00020000",
         "\U0001d15e", "\U000e0041", "\u0600", "\x7f", "\x01", "\u0378", "\ufffe", "\U0010ffff", "\ue000", "<x>", " <x> ", "[CLS]  [CLS]", "wor",
         " new", "Hello", "low er", "Ġ", "##", "</w>", "<0x0A>", "👍🏽", "❤️", "1️⃣", "🧑🏿‍🚀", "🇧🇷", "🀄", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]


class Draw:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def maybe(self, value, share=0.5):
        return value if self.random.random() < share else None

    def flag(self):
        return self.random.random() < 0.5

    def number(self, least, most):
        return self.random.randint(least, most)

    def text(self, words=8):
        kind = self.number(0, 9)
        if kind == 0:  # any characters
            return "".join(chr(c) for c in (self.number(0, self.one(0x7f, 0x600, 0x3400, 0x10ffff)) for _ in range(self.number(0, 12)))
                           if not 0xd800 <= c < 0xe000)
        if kind < 4:
            return "".join(self.one(self.one(*MARKS), self.one(*WORDS), " ") for _ in range(self.number(0, 2 * words)))
        parts = []
        for _ in range(self.number(0, words)):
            parts.append(self.one(*WORDS))
            parts.append(self.one(" ", " ", " ", "", "  ", "\n", "\t", ", ", "."))
        return "".join(parts)


def charsmap():
    """SentencePiece's rules as a double-array trie: A to a, ﬁ to fi, a wide space to a space."""
    rules = {"A": "a", "\ufb01": "fi", "\u3000": " ", "\u2167": "VIII", "e\u0301": "\u00e9"}
    values, places = b"", {}
    for source, target in sorted(rules.items()):
        places[source.encode()] = len(values)
        values += target.encode() + b"\0"
    children = {}
    for source in places:
        for i in range(len(source)):
            children.setdefault(source[:i], set()).add(source[i])
        children.setdefault(source, set()).add(0)
    units, used = {0: [0, 0, False, None]}, {0}

    def place(prefix, unit):
        labels = sorted(children[prefix])
        base = 1
        while any((base ^ label) in used or (unit ^ (base ^ label ^ label)) == 0 for label in labels) or base ^ unit == 0:
            base += 1
        for label in labels:
            used.add(base ^ label)
        units[unit][0] = base ^ unit
        for label in labels:
            if label == 0:
                units[unit][2] = True
                units[base] = [0, 0, False, places[prefix]]
            else:
                units[base ^ label] = [0, label, False, None]
        for label in labels:
            if label:
                place(prefix + bytes([label]), base ^ label)

    place(b"", 0)
    size = (max(units) // 256 + 1) * 256
    array = []
    for i in range(size):
        offset, label, leaf, value = units.get(i, [0, 0, False, None])
        array.append(0x80000000 | value if value is not None else offset << 10 | (0x100 if leaf else 0) | label)
    trie = struct.pack(f"<{size}I", *array)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + values).decode()


CHARSMAP = charsmap()


def pattern(d):
    return d.one({"String": d.one(" ", "a", "lo", "\n", "é", "中", "", "\u0301")},
                 {"Regex": d.one(r"\s+", r"\d+", r"[aeiou]", r"\p{L}+", r"\w+|[^\w\s]+", r"(?=[A-Z])", r"\p{Han}", r"'s|'ll| ?\p{L}+",
                                 r"\s+(?!\S)|\s+", r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+", r"[[:punct:]]", r".",
                                 r"(?i:LO)", r"\b", r"\p{Lu}\p{Ll}*", r"", r"a*",
                                 r"(?<=l)o", r"[\p{L}&&[^a-m]]+", r"\x{4e2d}", r".+?o", r"\p{M}+", r".{3}")})


def normalizer(d, depth=0):
    kind = d.one("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Replace", "Prepend", "BertNormalizer", "Nmt",
                 "Precompiled", "ByteLevel", *(["Sequence"] * 4 if depth == 0 else []))
    o = {"type": kind}
    if kind == "Strip":
        o |= {"strip_left": d.flag(), "strip_right": d.flag()}
    elif kind == "Replace":
        o |= {"pattern": pattern(d), "content": d.one("", " ", "_", "▁", "xy", "é")}
    elif kind == "Prepend":
        o |= {"prepend": d.one("▁", " ", "ab")}
    elif kind == "BertNormalizer":
        o |= {"clean_text": d.flag(), "handle_chinese_chars": d.flag(), "strip_accents": d.one(None, True, False), "lowercase": d.flag()}
    elif kind == "Precompiled":
        o |= {"precompiled_charsmap": CHARSMAP}
    elif kind == "Sequence":
        o |= {"normalizers": [normalizer(d, 1) for _ in range(d.number(1, 3))]}
    return o


def behavior(d):
    return d.one("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")


def pre_tokenizer(d, depth=0):
    kind = d.one("ByteLevel", "ByteLevel", "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Metaspace", "Metaspace", "Punctuation",
                 "Digits", "CharDelimiterSplit", "Split", "Split", "FixedLength", "UnicodeScripts", *(["Sequence"] * 4 if depth == 0 else []))
    o = {"type": kind}
    if kind == "ByteLevel":
        o |= {"add_prefix_space": d.flag(), "trim_offsets": d.flag(), "use_regex": d.flag()}
    elif kind == "Metaspace":
        o |= {"replacement": d.one("▁", "▁", "_"), "prepend_scheme": d.one("always", "first", "never"), "split": d.flag()}
    elif kind == "Punctuation":
        o |= {"behavior": behavior(d)}
    elif kind == "Digits":
        o |= {"individual_digits": d.flag()}
    elif kind == "CharDelimiterSplit":
        o |= {"delimiter": d.one(" ", "a", "\n")}
    elif kind == "Split":
        o |= {"pattern": pattern(d), "behavior": behavior(d), "invert": d.flag()}
    elif kind == "FixedLength":
        o |= {"length": d.number(1, 6)}
    elif kind == "Sequence":
        o |= {"pretokenizers": [pre_tokenizer(d, 1) for _ in range(d.number(1, 3))]}
    return o


def post_processor(d, token, depth=0):
    kind = d.one("BertProcessing", "RobertaProcessing", "ByteLevel", "TemplateProcessing", "TemplateProcessing",
                 *(["Sequence"] if depth == 0 else []))
    o = {"type": kind}
    if kind in ("BertProcessing", "RobertaProcessing"):
        o |= {"sep": token(), "cls": token()}
    if kind in ("RobertaProcessing", "ByteLevel"):
        o |= {"trim_offsets": d.flag(), "add_prefix_space": d.flag()}
    if kind == "ByteLevel":
        o |= {"use_regex": True}
    if kind == "TemplateProcessing":
        special = {}
        def piece():
            content, number = token()
            special[content] = {"id": content, "ids": [number], "tokens": [content]}
            return {"SpecialToken": {"id": content, "type_id": d.number(0, 2)}}
        def template(pair):
            pieces = [piece() for _ in range(d.number(0, 2))] + [{"Sequence": {"id": "A", "type_id": 0}}]
            pieces += [piece() for _ in range(d.number(0, 2))]
            return pieces + ([{"Sequence": {"id": "B", "type_id": 1}}] + [piece() for _ in range(d.number(0, 1))] if pair else [])
        o |= {"single": template(False), "pair": template(True), "special_tokens": special}
    if kind == "Sequence":
        # of two that put tokens around the library's mask forgets the first's
        bytes_too = {"type": "ByteLevel", "trim_offsets": d.flag(), "add_prefix_space": d.flag(), "use_regex": True}
        o |= {"processors": d.random.sample([bytes_too, post_processor(d, token, 1)], 2)}
    return o


def decoder(d, depth=0):
    kind = d.one("ByteLevel", "Metaspace", "WordPiece", "BPEDecoder", "ByteFallback", "Fuse", "Strip", "Replace", "CTC",
                 *(["Sequence"] * 4 if depth == 0 else []))
    o = {"type": kind}
    if kind == "ByteLevel":
        o |= {"add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    elif kind == "Metaspace":
        o |= {"replacement": d.one("▁", "_"), "prepend_scheme": d.one("always", "first", "never"), "split": True}
    elif kind == "WordPiece":
        o |= {"prefix": d.one("##", "@"), "cleanup": d.flag()}
    elif kind == "BPEDecoder":
        o |= {"suffix": "</w>"}
    elif kind == "Strip":
        o |= {"content": d.one(" ", "a", "▁"), "start": d.number(0, 2), "stop": d.number(0, 2)}
    elif kind == "Replace":
        o |= {"pattern": pattern(d), "content": d.one("", " ", "_")}
    elif kind == "CTC":
        o |= {"pad_token": d.one("<pad>", "a"), "word_delimiter_token": d.one("|", "e"), "cleanup": d.flag()}
    elif kind == "Sequence":
        o |= {"decoders": [decoder(d, 1) for _ in range(d.number(1, 3))]}
    return o


def model(d, parts):
    """A small model trained behind the parts that come before it."""
    texts = [d.text(12) for _ in range(60)] + WORDS
    size = d.number(60, 200)
    kind = d.one("BPE", "BPE", "BPE", "WordPiece", "Unigram", "Unigram", "WordLevel")
    unknown = d.one("<unk>", "[UNK]")
    if kind == "BPE":
        prefix, suffix = d.maybe("##", 0.2), d.maybe("</w>", 0.2)
        fallback = not prefix and not suffix and d.flag()  # the library gives bytes of these places outside the text
        around = {k: v for k, v in (("continuing_subword_prefix", prefix), ("end_of_word_suffix", suffix)) if v}
        known = {"unk_token": unknown} if d.flag() else {}
        t = Tokenizer(models.BPE(**known, **around))
        trainer = trainers.BpeTrainer(vocab_size=size + 256 * fallback, special_tokens=[unknown] + ([f"<0x{b:02X}>" for b in range(256)] if fallback else []),
                                      limit_alphabet=d.number(30, 90), show_progress=False, **around)
    elif kind == "WordPiece":
        t = Tokenizer(models.WordPiece(unk_token=unknown, max_input_chars_per_word=d.one(100, 5)))
        trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=[unknown], limit_alphabet=d.number(30, 90), show_progress=False)
    elif kind == "Unigram":
        t = Tokenizer(models.Unigram())
        trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=[unknown], unk_token=d.maybe(unknown, 0.9), show_progress=False)
    else:
        t = Tokenizer(models.WordLevel(unk_token=unknown))
        trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=d.maybe([unknown], 0.8) or [], show_progress=False)
    bare = json.loads(t.to_str()) | {"normalizer": parts["normalizer"], "pre_tokenizer": parts["pre_tokenizer"]}
    t = Tokenizer.from_str(json.dumps(bare))
    t.train_from_iterator(texts, trainer)
    o = json.loads(t.to_str())["model"]
    if kind == "BPE":
        o |= {"fuse_unk": d.flag(), "byte_fallback": fallback, "ignore_merges": d.maybe(True, 0.3) or False}
    if kind == "Unigram" and o["unk_id"] is not None and d.maybe(True, 0.3):
        o["byte_fallback"] = True
        o["vocab"] += [[f"<0x{b:02X}>", 0.0] for b in range(256)]
    return o


def tokenizer(d):
    parts = {"normalizer": d.maybe(normalizer(d), 0.7), "pre_tokenizer": d.maybe(pre_tokenizer(d), 0.85)}
    m = model(d, parts)
    ids = {p[0]: i for i, p in enumerate(m["vocab"])} if isinstance(m["vocab"], list) else m["vocab"]
    size = len(ids)
    if max(ids.values()) >= size:
        raise ValueError("ids with gaps, which the library numbers anew")
    added = []
    for content in d.random.sample(["<x>", "<unk>", "[CLS]", "wor", " new", "É", "Hello", "don", "中", "low er", "\n", "İ", " ", "  ", "<x> ", "e", "'s", "\u0301", "😀", "▁", "\u3000", "[SEP]"], d.number(0, 5)):
        number = ids.get(content, size + len([a for a in added if a["id"] >= size]))
        added.append({"id": number, "content": content, "single_word": d.maybe(True, 0.3) or False, "lstrip": d.flag(), "rstrip": d.flag(),
                      "normalized": d.flag(), "special": d.flag()})
    added.sort(key=lambda a: a["id"])
    of = Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], **parts, "model": m})).normalizer
    sought = [(a["normalized"], of.normalize_str(a["content"]) if of and a["normalized"] else a["content"]) for a in added]
    if len(set(sought)) < len(added) or any(not content for _, content in sought):
        raise ValueError("two that are sought as one, of which the library takes either, or one that is nothing")

    def token():
        return list(d.one(*sorted(ids.items(), key=lambda e: e[1])))

    truncation = d.maybe({"direction": d.one("Left", "Right"), "max_length": d.number(6, 20),
                          "strategy": d.one("LongestFirst", "OnlyFirst", "OnlySecond"), "stride": d.number(0, 3)}, 0.4)
    padding = d.maybe({"strategy": d.one("BatchLongest", {"Fixed": d.one(0, d.number(5, 30))}), "direction": d.one("Left", "Right"),
                       "pad_to_multiple_of": d.one(None, 0, 1, 8, 3), "pad_id": d.number(0, 9) if size > 9 else 0, "pad_type_id": d.number(0, 2), "pad_token": "[PAD]"}, 0.4)
    return {"version": "1.0", "truncation": truncation, "padding": padding, "added_tokens": added, **parts,
            "post_processor": d.maybe(post_processor(d, token), 0.7), "decoder": d.maybe(decoder(d), 0.85), "model": m}


def result(e):
    return {"ids": e.ids, "tokens": e.tokens, "offsets": [n for o in e.offsets for n in o], "words": [-1 if w is None else w for w in e.word_ids],
            "types": e.type_ids, "special": e.special_tokens_mask, "attention": e.attention_mask,
            "overflowing": [result(o) for o in e.overflowing]}


def refused(work):
    try:
        return work()
    except BaseException as e:  # the library panics at times
        if isinstance(e, KeyboardInterrupt):
            raise
        return None


def cases(d, t):
    found = []
    for _ in range(6):
        text, pair, special = d.text(), d.maybe(d.text(), 0.4), d.maybe(True, 0.7) or False
        case = {"text": text, "pair": pair, "add_special": special, "as_text": d.maybe(True, 0.15) or False}
        t.encode_special_tokens = case["as_text"]
        e = refused(lambda: t.encode(text, pair, add_special_tokens=special))
        case["encoding"] = None if e is None else result(e)
        if e is not None:
            case["decoded"] = refused(lambda: t.decode(e.ids, skip_special_tokens=False))
        found.append(case)
    t.encode_special_tokens = False
    texts = [d.text(5) for _ in range(3)]
    batch = refused(lambda: t.encode_batch(texts))
    return {"cases": found, "batch": texts, "encodings": None if batch is None else [result(e) for e in batch]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=1)
    a = arguments.parse_args()
    d = Draw(a.seed)
    written = 0
    while written < a.count:
        o = refused(lambda: tokenizer(d))
        t = None if o is None else refused(lambda: Tokenizer.from_str(json.dumps(o)))
        if t is not None:
            print(json.dumps({"tokenizer": o, **cases(d, t)}, ensure_ascii=True, separators=(",", ":")), flush=True)
            written += 1


main()
