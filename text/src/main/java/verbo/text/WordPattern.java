// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import org.jspecify.annotations.Nullable;

/**
 * Patterns that cut a text into words without gaps, written out by hand: a backtracking regular expression takes ten times
 * as long. Each comes twice, for the units of a string and for UTF-8.
 */
enum WordPattern implements PretokenEncoder.Splitter {
    /** GPT-2, RoBERTa, OpenAI's r50k and p50k. */
    GPT2("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+") {
        @Override
        int end(char[] text, int from, int to) {
            return Gpt2Pattern.end(text, from, to);
        }

        @Override
        public int end(byte[] utf8, int from, int to) {
            return Gpt2Pattern.end(utf8, from, to);
        }
    },

    /** OpenAI's cl100k as Hugging Face writes it; Llama 3's is the same. */
    CL100K("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+") {
        @Override
        int end(char[] text, int from, int to) {
            return Cl100kPattern.end(text, from, to, 3);
        }

        @Override
        public int end(byte[] utf8, int from, int to) {
            return Cl100kPattern.end(utf8, from, to, 3);
        }
    },

    /** Qwen 2: a digit is a word. */
    QWEN2(CL100K.regex.replace("\\p{N}{1,3}", "\\p{N}")) {
        @Override
        int end(char[] text, int from, int to) {
            return Cl100kPattern.end(text, from, to, 1);
        }

        @Override
        public int end(byte[] utf8, int from, int to) {
            return Cl100kPattern.end(utf8, from, to, 1);
        }
    },

    /** cl100k as OpenAI's tiktoken has it: spaces that end a text are one word, whatever they are. */
    TIKTOKEN_CL100K(CL100K.regex.replace("|\\s*[\\r\\n]+", "|\\s+\\z|\\s*[\\r\\n]+")) {
        @Override
        int end(char[] text, int from, int to) {
            return Cl100kPattern.endOfTiktoken(text, from, to);
        }

        @Override
        public int end(byte[] utf8, int from, int to) {
            return Cl100kPattern.endOfTiktoken(utf8, from, to);
        }
    },

    /** OpenAI's o200k; Llama 4's is the same. */
    O200K("[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+") {
        @Override
        int end(char[] text, int from, int to) {
            return O200kPattern.end(text, from, to);
        }

        @Override
        public int end(byte[] utf8, int from, int to) {
            return O200kPattern.end(utf8, from, to);
        }
    };

    private final String regex;

    WordPattern(String regex) {
        this.regex = regex;
    }

    /** The same as a regular expression. */
    String regex() {
        return regex;
    }

    /** Where the word that begins at {@code from} ends; {@code from} must lie before {@code to}, which ends the text. */
    abstract int end(char[] text, int from, int to);

    /**
     * The same in UTF-8.
     *
     * @param utf8
     *            well-formed, with 8 bytes or more behind {@code to}, whatever they are
     */
    @Override
    public abstract int end(byte[] utf8, int from, int to);

    /** The pattern by hand, if it is one of those. */
    static @Nullable WordPattern of(String regex) {
        for (WordPattern pattern : values()) {
            if (pattern.regex.equals(regex)) {
                return pattern;
            }
        }
        return null;
    }
}
