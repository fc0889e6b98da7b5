// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import org.jspecify.annotations.Nullable;

/**
 * How counts become probabilities. With c(hw) the count of an n-gram, h its words but the last, h' these without the first,
 * c(h) the sum of c(hw) over w, T(h) how many different w there are, and V the size of the vocabulary without {@code <s>}.
 * What is below unigrams is the uniform distribution 1/V, from which unknown words have their probability.
 */
public sealed interface Smoothing {
    /** The interpolated, modified Kneser-Ney of KenLM, with discounts estimated from the text. */
    Smoothing KNESER_NEY = new KneserNey(null);

    /**
     * Interpolated modified Kneser-Ney (Chen and Goodman, 1999), with KenLM's choices: an n-gram shorter than the longest
     * counts as often as there are different words before it.
     *
     * @param fallback
     *            discounts for orders whose counts do not allow to estimate them; null to throw
     */
    record KneserNey(@Nullable Discounts fallback) implements Smoothing {}

    /**
     * Interpolated absolute discounting (Ney and others, 1994): {@code p(w|h) = (c(hw) - D) / c(h) + D T(h) / c(h) p(w|h')},
     * D = n1 / (n1 + 2 n2) of each order, n1 and n2 the n-grams seen once and twice.
     *
     * @param fallback
     *            D for orders that have no n-gram seen once or none seen twice, 0 to 1; NaN to throw
     */
    record AbsoluteDiscounting(double fallback) implements Smoothing {
        public AbsoluteDiscounting {
            if (fallback < 0 || fallback > 1) {
                throw new IllegalArgumentException("a discount of " + fallback + ": it must be 0 to 1");
            }
        }
    }

    /** Interpolated Witten-Bell: {@code p(w|h) = (c(hw) + T(h) p(w|h')) / (c(h) + T(h))}. */
    record WittenBell() implements Smoothing {}

    /**
     * Additive: {@code p(w|h) = (c(hw) + k) / (c(h) + k V)} of what was seen after h, the rest by backing off (Katz), so that
     * all sums to 1. Of unigrams it is that of every word, unknown ones too.
     *
     * @param k
     *            above 0; 1 is Laplace's
     */
    record AddK(double k) implements Smoothing {
        public AddK {
            if (!(k > 0 && k < 1e9)) {
                throw new IllegalArgumentException("add-k with k = " + k + ": it must be above 0");
            }
        }
    }

    /** No smoothing: {@code p(w|h) = c(hw) / c(h)}, and 10^-99 where that is 0. A context never seen is cut shorter. */
    record MaximumLikelihood() implements Smoothing {}

    /**
     * Stupid backoff (Brants and others, 2007): {@code c(hw) / c(h)} of what was seen, else {@code factor} times the score
     * after h'. These are scores and not probabilities; they do not sum to 1. An unknown word scores {@code factor / N}, with N
     * the length of the text.
     *
     * @param factor
     *            above 0, at most 1; the paper's is 0.4
     */
    record StupidBackoff(double factor) implements Smoothing {
        public StupidBackoff {
            if (!(factor > 0 && factor <= 1)) {
                throw new IllegalArgumentException("a backoff factor of " + factor + ": it must be above 0, at most 1");
            }
        }
    }
}
