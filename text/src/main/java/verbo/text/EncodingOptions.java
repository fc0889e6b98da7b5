// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.OptionalInt;
import java.util.SplittableRandom;

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
 * @param dropout
 *            the share of merges of a BPE that are left out at random, 0 to 1
 * @param seed
 *            which of them: the same text and seed give the same tokens
 */
public record EncodingOptions(boolean addSpecial, Written written, boolean truncation, OptionalInt maxLength,
        int stride, double dropout, long seed) {
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
            OptionalInt.empty(), 0, 0, 0);

    /** What a model expects around a text is added. */
    public static final EncodingOptions SPECIAL = PLAIN.withAddSpecial(true);

    /** The same, adding what a model expects, or not. */
    public EncodingOptions withAddSpecial(boolean add) {
        return new EncodingOptions(add, written, truncation, maxLength, stride, dropout, seed);
    }

    /** The same with another answer to special tokens in the text. */
    public EncodingOptions withWritten(Written answer) {
        return new EncodingOptions(addSpecial, answer, truncation, maxLength, stride, dropout, seed);
    }

    /** The same with the tokenizer's own truncation and padding, or without. */
    public EncodingOptions withTruncation(boolean own) {
        return new EncodingOptions(addSpecial, written, own, maxLength, stride, dropout, seed);
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
        return new EncodingOptions(addSpecial, written, truncation, OptionalInt.of(length), shared, dropout,
                seed);
    }

    /** Refuses windows that the tokens put around the text's own fill. */
    static void checkRoom(int window, int added) {
        if (window <= added) {
            throw new IllegalArgumentException("windows of " + window + " tokens have no room beside the " + added
                    + " that are added");
        }
    }

    /**
     * The same with some merges of a BPE left out at random, for training a model on words cut in more than one way
     * (Provilkov, Emelianenko and Voita 2020, arXiv:1910.13267). Only here: {@code dropout} in a {@code tokenizer.json} does
     * nothing by itself, so that encoding gives the same each time; a warning is logged where a file has it.
     *
     * @param share
     *            of the merges, 0 to 1; 0.1 is usual
     * @param from
     *            a seed; {@link Tokenizer#encodeAll} draws one for each text from it
     */
    public EncodingOptions withDropout(double share, long from) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("dropout must be from 0 to 1, not " + share);
        }
        return new EncodingOptions(addSpecial, written, truncation, maxLength, stride, share, from);
    }

    /** Says that a tokenizer has no merges, or none that can be left out. */
    void refuseDropout(Tokenizer tokenizer) {
        if (dropout > 0) {
            throw new IllegalArgumentException("dropout leaves out merges of a BPE; this tokenizer (" + tokenizer
                    + ") has none to leave out");
        }
    }

    /** These for one text of many. */
    EncodingOptions of(int text) {
        return dropout == 0 ? this : withDropout(dropout, new SplittableRandom(seed + text).nextLong());
    }
}
