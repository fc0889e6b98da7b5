// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the name in a GGUF file's {@code tokenizer.ggml.pre} stands for, as llama.cpp has it: patterns that are applied one
 * after the other, each cutting out its matches.
 *
 * @param patterns
 *            regular expressions
 * @param ignoreMerges
 *            whether a word that is in the vocabulary is that token
 * @param addBegin
 *            whether texts begin with a token of their own unless the file says otherwise
 * @param bytes
 *            whether words are written as bytes; else spaces are visible ones, and what is not in the vocabulary is spelled
 */
record GgufPreTokenizer(List<String> patterns, boolean ignoreMerges, boolean addBegin, boolean bytes) {
    private static final Map<String, GgufPreTokenizer> BY_NAME = new LinkedHashMap<>();

    private static final String PUNCTUATION_WORD = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+";
    private static final String LINES_AND_SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String CJK = "[一-龥\u3040-\u309f\u30a0-\u30ff]+";
    private static final String NO_PUNCTUATION = " ?[^(\\s|.,!?…。，、।۔،)]+";
    private static final String TEKKEN = "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + LINES_AND_SPACES;

    static {
        List<String> gpt2 = List.of(WordPattern.GPT2.regex());
        List<String> llama3 = List.of(WordPattern.CL100K.regex());
        List<String> qwen2 = List.of(WordPattern.QWEN2.regex());
        List<String> digits = List.of("\\p{N}", WordPattern.GPT2.regex());
        add(List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", WordPattern.GPT2.regex(), "\\p{N}+", "[0-9][0-9][0-9]"), "default");
        add(gpt2, "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
                "modern-bert", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "jina-v1-en",
                "jina-v2-code", "roberta-bpe");
        for (String name : List.of("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
                "lfm2", "jina-v5-nano")) {
            BY_NAME.put(name, new GgufPreTokenizer(llama3, true, true, true));
        }
        add(llama3, "dbrx", "smaug-bpe", "glm4", "chatglm-bpe");
        add(qwen2, "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "megrez", "hunyuan", "solar-open",
                "grok-2");
        add(List.of("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
                + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" + LINES_AND_SPACES), "qwen35");
        add(digits, "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2");
        add(List.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", WordPattern.GPT2.regex(), "[0-9][0-9][0-9]"), "falcon");
        add(List.of("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-\ud7ff]+", "\\p{N}"), "deepseek-coder");
        add(List.of("[\\r\\n]", "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
                + "Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1f7dᾀ-ᾴᾶ-ᾼ\u1fbeῂ-ῄῆ-ῌῐ-\u1fd3ῖ-\u1fdbῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u2126ℨ\u212a-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛ"
                + "Ꜣ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+", "\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+",
                "\\s+\\z",
                "[一-龥ࠀ-一가-\ud7ff]+", "\\p{N}+"), "deepseek-llm");
        add(List.of("\\p{N}{1,3}", CJK, PUNCTUATION_WORD + "[\\r\\n]*" + LINES_AND_SPACES), "deepseek-v3",
                "hunyuan-dense", "joyai-llm", "hy_v4");
        add(List.of("\\p{N}{1,3}", CJK, PUNCTUATION_WORD + "|[\\r\\n]|\\s+(?!\\S)|\\s+", "\\p{N}"), "spark2_5");
        // numbers are cut into threes from their end, the first of which keeps what is before it
        add(List.of("[^\\p{N}]*\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))",
                "[\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}\\x{F900}-\\x{FAFF}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}"
                        + "\\x{FF65}-\\x{FF9F}\\x{2F00}-\\x{2FDF}\\x{0E40}-\\x{0E7F}\\x{0E80}-\\x{0EFF}"
                        + "\\x{1780}-\\x{17FF}\\x{1000}-\\x{109F}\\x{AA60}-\\x{AA7F}\\x{A9E0}-\\x{A9FF}"
                        + "\\x{AC00}-\\x{D7AF}\\x{1100}-\\x{11FF}]+",
                PUNCTUATION_WORD + "[\\r\\n]*" + LINES_AND_SPACES), "afmoe");
        for (String name : List.of("gemma4", "granite-embed-multi-311m", "sarvam-moe")) {
            BY_NAME.put(name, new GgufPreTokenizer(List.of("[^\\n]+|[\\n]+"), false, false, false));
        }
        add(List.of(NO_PUNCTUATION), "poro-chat", "bloom", "gpt3-finnish");
        add(List.of(NO_PUNCTUATION, "\\p{N}"), "viking");
        BY_NAME.put("tekken", new GgufPreTokenizer(List.of(TEKKEN), true, true, true));
        BY_NAME.put("chameleon", new GgufPreTokenizer(List.of("<sentinel:[0-9]+>",
                "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", "\\p{N}", "[\\p{P}!-/:-@\\[-`{-~]",
                WordPattern.GPT2.regex()), false, true, true));
        add(List.of(WordPattern.O200K.regex()), "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2");
        BY_NAME.put("granite-embed-multi-97m",
                new GgufPreTokenizer(List.of(WordPattern.O200K.regex()), true, false, true));
        add(List.of("\\d{1,3}(?=(?:\\d{3})*\\b)", WordPattern.O200K.regex()), "tiny_aya", "cohere2moe");
        add(List.of("\\p{N}+", "(?=(\\d{3})+(?!\\d))"), "superbpe");
        add(List.of("'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"), "bailingmoe", "bailingmoe2", "llada-moe");
        add(List.of("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+"
                + LINES_AND_SPACES), "seed-coder");
        add(List.of("[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + LINES_AND_SPACES),
                "ufakzeka");
        add(List.of("[^\\n]+|[\\n]+", WordPattern.QWEN2.regex()), "laguna");
        add(List.of("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"), "exaone-moe");
        BY_NAME.put("minicpm5", new GgufPreTokenizer(
                List.of("\\p{N}{1,3}", WordPattern.CL100K.regex().replace("\\p{N}{1,3}", "\\p{N}+")), true, false,
                true));
        String suffix = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
        BY_NAME.put("youtu", new GgufPreTokenizer(List.of(
                "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u3040-\u309f\u30a0-\u30ff]+",
                WordPattern.O200K.regex().replace("\\p{N}{1,3}", "\\p{N}")), true, false, true));
        add(List.of(WordPattern.CL100K.regex().replace("|\\s+(?!\\S)|\\s+",
                "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)"
                        + "|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}")),
                "jais-2");
        add(List.of("\\p{Han}+", "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]*"
                + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]+" + suffix
                + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]+"
                + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]*" + suffix
                + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + LINES_AND_SPACES), "kimi-k2");
    }

    private static void add(List<String> patterns, String... names) {
        for (String name : names) {
            BY_NAME.put(name, new GgufPreTokenizer(patterns, false, false, true));
        }
    }

    /** What a name stands for, null if it is not known. */
    static @Nullable GgufPreTokenizer of(String name) {
        return BY_NAME.get(name);
    }

    static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    /** As the pre-tokenizer of a {@code tokenizer.json}. */
    Map<String, @Nullable Object> json() {
        List<@Nullable Object> parts = new ArrayList<>();
        for (String pattern : patterns) {
            parts.add(
                    TokenizerJson.object("type", "Split", "pattern", TokenizerJson.object("Regex", pattern), "behavior",
                            "Isolated", "invert", false));
        }
        if (bytes) {
            parts.add(TokenizerJson.byteLevel(false, false, false));
        }
        return TokenizerJson.object("type", "Sequence", "pretokenizers", parts);
    }
}
