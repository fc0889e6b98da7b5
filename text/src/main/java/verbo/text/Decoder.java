// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * Turns ids into text as they come. A character whose bytes are spread over several tokens is held back until its last
 * byte is there, so the pieces never break UTF-8, and joined together they are exactly {@link Tokenizer#decode}, as far as a
 * tokenizer.json's decoder never takes back what it has made of the tokens so far; byte fallback there does, which turns all
 * bytes in a row to U+FFFD if the last of them are no character. Not for
 * use by several threads at once.
 */
public interface Decoder {
    /**
     * Takes one more id.
     *
     * @return the text that is certain now and was not before, often one token's, at times empty
     * @throws IllegalArgumentException
     *             if the vocabulary has no such id
     */
    String next(int id);

    /** Returns what was held back (U+FFFD for a character that never became whole), often nothing, and starts afresh. */
    default String end() {
        return "";
    }
}
