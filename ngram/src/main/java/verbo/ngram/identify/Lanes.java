// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Arrays;

/**
 * Sums of weights, one a language, three to a long: so a row for all languages is short and added in a few steps. A weight is a
 * whole number of steps; a lane holds what is added between two times it is emptied, whatever that is. A negative sum borrows
 * from the lane above, which comes right when an offset is added to all.
 *
 * <p>
 * A row of lanes has a long more, its first, for other uses.
 *
 * @param languages
 *            how many sums
 * @param unit
 *            steps of one
 */
record Lanes(int languages, float unit) {
    private static final int BITS = 21;
    private static final int MOST = 1 << BITS - 1;
    private static final long MASK = (1L << BITS) - 1;
    private static final long OFFSET = MOST | (long) MOST << BITS | (long) MOST << 2 * BITS;

    /**
     * Lanes that hold sums of {@code terms} weights.
     *
     * @param weights
     *            all there are
     */
    static Lanes of(int languages, float[] weights, int terms) {
        float most = 1e-3f;
        for (float weight : weights) {
            most = Math.max(most, Math.abs(weight));
        }
        return new Lanes(languages, (MOST / (float) terms - 1) / most); // rounding adds half a step at most
    }

    /** Weights in steps. */
    long[] fixed(float[] weights) {
        long[] fixed = new long[weights.length];
        for (int i = 0; i < fixed.length; i++) {
            fixed[i] = Math.round(weights[i] * (double) unit);
        }
        return fixed;
    }

    /** Longs of an array of lanes. */
    int longs() {
        return 1 + (languages + 2) / 3;
    }

    /** Sums that are empty. */
    long[] none() {
        long[] sums = new long[longs()];
        Arrays.fill(sums, OFFSET);
        return sums;
    }

    /** Adds a weight in steps to the lane of a language, 0 to 255, of the row that begins at {@code row}. */
    static void add(long fixed, int language, long[] lanes, int row) {
        int place = language * 171 >>> 9; // a third
        lanes[row + 1 + place] += fixed << BITS * (language - 3 * place);
    }

    /** Adds all lanes of the row that begins at {@code row}. */
    static void add(long[] rows, int row, long[] sums) {
        for (int i = 1; i < sums.length; i++) {
            sums[i] += rows[row + i];
        }
    }

    /** Adds the sums to scores, [languages], and makes them empty. */
    void empty(long[] sums, float[] scores) {
        float step = 1 / unit;
        for (int i = 1, l = 0; i < sums.length; i++) {
            long three = sums[i];
            sums[i] = OFFSET;
            for (; l < Math.min(scores.length, 3 * i); l++, three >>>= BITS) {
                scores[l] += step * ((three & MASK) - MOST);
            }
        }
    }
}
