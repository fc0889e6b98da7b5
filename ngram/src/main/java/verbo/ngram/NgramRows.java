// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;

/**
 * An estimated model before it becomes a file: the n-grams of each order in suffix order, with their probabilities and
 * backoff weights. Unigrams lie in arrays by id, longer n-grams in rows of {@link Packing packed} words and a last long, which
 * holds the two numbers as floats: the probability above, the backoff weight below; as logarithms to base 10 where they came
 * so from a file, else as they were worked out.
 */
final class NgramRows implements AutoCloseable {
    /** The backoff weight of an n-gram that is no context of a longer one, logarithms or not. */
    static final float NO_EXTENSION = -0.0f;
    private static final int NO_EXTENSION_BITS = 0x80000000;

    final Vocabulary vocabulary;
    final int order;
    final Packing[] packings; // [order + 1]; the first is not used
    final float[] probabilities; // [vocabulary] of unigrams
    final float[] backoffs; // [vocabulary]
    final RowStore[] rows; // [order + 1]; the first two are not used
    final long[][] extendsLeft; // [order][bits]: whether a longer n-gram ends with this one
    private final boolean logarithms;

    NgramRows(Vocabulary vocabulary, int order, Packing[] packings, float[] probabilities, float[] backoffs,
            RowStore[] rows, long[][] extendsLeft, boolean logarithms) {
        this.vocabulary = vocabulary;
        this.order = order;
        this.packings = packings;
        this.probabilities = probabilities;
        this.backoffs = backoffs;
        this.rows = rows;
        this.extendsLeft = extendsLeft;
        this.logarithms = logarithms;
    }

    static long payload(float probability, float backoff) {
        return (long) Float.floatToRawIntBits(probability) << 32 | Float.floatToRawIntBits(backoff) & 0xFFFFFFFFL;
    }

    static float probability(long payload) {
        return Float.intBitsToFloat((int) (payload >>> 32));
    }

    static float backoff(long payload) {
        return Float.intBitsToFloat((int) payload);
    }

    /** How many n-grams there are of an order. */
    long count(int n) {
        return n == 1 ? vocabulary.size() : rows[n].count();
    }

    boolean extendsLeft(int n, long index) {
        return n < order && (extendsLeft[n][(int) (index >>> 6)] >>> index & 1) != 0;
    }

    /** The logarithm to base 10 of a probability as it is kept, never above 0. */
    float log10(float probability) {
        return logarithms ? probability : (float) Math.min(0, Math.log10(probability));
    }

    /** The logarithm to base 10 of a backoff weight as it is kept: -0.0 where no longer n-gram has this one as its context. */
    float log10Backoff(float backoff) {
        if (Float.floatToRawIntBits(backoff) == NO_EXTENSION_BITS) {
            return backoff;
        }
        return logarithms ? backoff : (float) Math.log10(backoff) + 0.0f;
    }

    @Override
    public void close() throws IOException {
        for (int n = 2; n <= order; n++) {
            rows[n].close();
        }
    }
}
