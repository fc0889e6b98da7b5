// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.function.IntToLongFunction;

/**
 * Draws words by their count to the power of 3/4, which Mikolov et al. (2013, "Distributed representations") found best, in
 * constant time: the alias method (Walker 1977, Vose 1991).
 */
final class NegativeSampler {
    private static final double POWER = 0.75;

    /** For each word the share of its column that is its own, in 2^-32, above the word that the rest belongs to. */
    private final long[] columns;

    NegativeSampler(int words, IntToLongFunction count) {
        double[] share = new double[words];
        double sum = 0;
        for (int w = 0; w < words; w++) {
            share[w] = Math.pow((double) count.applyAsLong(w), POWER);
            sum += share[w];
        }
        columns = new long[words];
        int[] small = new int[words]; // from the front those with less than a column, from the back those with more
        int less = 0;
        int more = words;
        for (int w = 0; w < words; w++) {
            share[w] *= words / sum;
            if (share[w] < 1) {
                small[less++] = w;
            } else {
                small[--more] = w;
            }
        }
        while (less > 0 && more < words) {
            int w = small[--less];
            int rich = small[more];
            columns[w] = column(share[w], rich);
            share[rich] -= 1 - share[w];
            if (share[rich] < 1) {
                more++;
                small[less++] = rich;
            }
        }
        while (less > 0) { // only rounding leaves any
            int w = small[--less];
            columns[w] = column(1, w);
        }
        while (more < words) {
            int w = small[more++];
            columns[w] = column(1, w);
        }
    }

    private static long column(double share, int other) {
        return Math.min((1L << 32) - 1, (long) (share * 0x1p32)) << 32 | other;
    }

    /** A word, from 64 random bits. */
    int draw(long random) {
        int word = (int) ((random >>> 32) * columns.length >>> 32);
        long column = columns[word];
        return (random & 0xFFFFFFFFL) <= column >>> 32 ? word : (int) column;
    }
}
