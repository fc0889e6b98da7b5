// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pattern that cuts a text into words without gaps, written out by hand: a backtracking regular expression takes ten
 * times as long.
 */
interface WordPattern {
    /** Where the word that begins at {@code from} ends; {@code from} must lie before {@code to}, which ends the text. */
    int end(char[] text, int from, int to);

    /** GPT-2, RoBERTa, OpenAI's r50k and p50k. */
    String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /** OpenAI's cl100k as Hugging Face writes it; Llama 3's is the same. */
    String CL100K = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** Qwen 2: a digit is a word. */
    String QWEN2 = CL100K.replace("\\p{N}{1,3}", "\\p{N}");

    /** OpenAI's o200k; Llama 4's is the same. */
    String O200K = "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** The pattern by hand, if it is one of those. */
    static @Nullable WordPattern of(String regex) {
        return Known.BY_SOURCE.get(regex);
    }

    /** By source; a class of its own, so that an interface without state needs none. */
    final class Known {
        private static final Map<String, WordPattern> BY_SOURCE = new HashMap<>();

        static {
            BY_SOURCE.put(GPT2, Gpt2Pattern::end);
            BY_SOURCE.put(CL100K, (text, from, to) -> Cl100kPattern.end(text, from, to, 3));
            BY_SOURCE.put(QWEN2, (text, from, to) -> Cl100kPattern.end(text, from, to, 1));
            BY_SOURCE.put(O200K, O200kPattern::end);
        }

        private Known() {}
    }
}
