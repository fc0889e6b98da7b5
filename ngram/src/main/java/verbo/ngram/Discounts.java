// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.Locale;

/**
 * What modified Kneser-Ney takes off the counts of an order's n-grams: Chen and Goodman, An Empirical Study of Smoothing
 * Techniques for Language Modeling (1999), equation 26.
 *
 * @param one
 *            off a count of 1, 0 to 1
 * @param two
 *            off a count of 2, 0 to 2
 * @param more
 *            off a count of 3 or more, 0 to 3
 */
public record Discounts(float one, float two, float more) {
    /** For counts that discounts cannot be estimated from; KenLM's. */
    public static final Discounts FALLBACK = new Discounts(0.5f, 1, 1.5f);

    float of(long count) {
        return count == 0 ? 0 : count == 1 ? one : count == 2 ? two : more;
    }

    /**
     * Estimates them.
     *
     * @param order
     *            of the n-grams, for the message
     * @param n
     *            [5] how many n-grams have a count of 1, 2, 3, 4; the first is not looked at
     * @throws IllegalArgumentException
     *             if the counts do not allow it
     */
    static Discounts estimate(int order, long[] n) {
        float[] amounts = new float[4];
        float y = (float) n[1] / (float) (n[1] + 2.0 * n[2]);
        for (int j = 1; j < 4; j++) {
            if (n[j] == 0) {
                throw new IllegalArgumentException("no " + order + "-gram was seen " + j
                        + (j == 1 ? " time" : " times") + ", so no discounts can be estimated from this text:"
                        + " give more text or a lower order, or take fixed discounts with --discount-fallback");
            }
            amounts[j] = j - (float) (j + 1) * y * (float) n[j + 1] / (float) n[j];
            if (!(amounts[j] >= 0 && amounts[j] <= j)) {
                throw new IllegalArgumentException(String.format(Locale.ROOT, "the discount of %d-grams seen %d %s"
                        + " comes out as %.3f, not between 0 and %d, so this text is not like natural text: give"
                        + " other text, or take fixed discounts with --discount-fallback", order, j,
                        j == 1 ? "time" : "times", amounts[j], j));
            }
        }
        return new Discounts(amounts[1], amounts[2], amounts[3]);
    }
}
