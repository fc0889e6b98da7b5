// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.OptionalInt;

/**
 * How a text is encoded.
 *
 * @param addSpecial
 *            whether the tokens are added that a model expects around a text ({@code [CLS]}, {@code <s>})
 * @param written
 *            what becomes of special tokens that are written in the text
 * @param truncation
 *            whether a tokenizer's own truncation and padding apply
 * @param maxLength
 *            how many tokens at most, those added included; the rest are further windows, {@link Encoding#overflowing}
 * @param stride
 *            how many tokens neighbouring windows share
 */
public record EncodingOptions(boolean addSpecial, Written written, boolean truncation, OptionalInt maxLength,
        int stride) {
    /** What becomes of special tokens that are written in the text. */
    public enum Written {
        /** As the library does that the format comes from. */
        DEFAULT,
        /** They are those tokens. */
        TOKENS,
        /** They are text like any other. */
        TEXT
    }

    /** Nothing is added; special tokens as their format has it. */
    public static final EncodingOptions PLAIN = new EncodingOptions(false, Written.DEFAULT, false,
            OptionalInt.empty(), 0);

    /** What a model expects around a text is added. */
    public static final EncodingOptions SPECIAL = PLAIN.withAddSpecial(true);

    /** The same, adding what a model expects, or not. */
    public EncodingOptions withAddSpecial(boolean add) {
        return new EncodingOptions(add, written, truncation, maxLength, stride);
    }

    /** The same with another answer to special tokens in the text. */
    public EncodingOptions withWritten(Written answer) {
        return new EncodingOptions(addSpecial, answer, truncation, maxLength, stride);
    }

    /** The same with the tokenizer's own truncation and padding, or without. */
    public EncodingOptions withTruncation(boolean own) {
        return new EncodingOptions(addSpecial, written, own, maxLength, stride);
    }

    /**
     * The same in windows.
     *
     * @param length
     *            tokens a window has at most, those added included
     * @param shared
     *            tokens that neighbours share
     */
    public EncodingOptions withWindows(int length, int shared) {
        if (length < 1 || shared < 0 || shared >= length) {
            throw new IllegalArgumentException("windows of " + length + " tokens cannot share " + shared);
        }
        return new EncodingOptions(addSpecial, written, truncation, OptionalInt.of(length), shared);
    }
}
