// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

/**
 * What a model says of a sequence of tokens.
 *
 * @param ids
 *            [tokens]
 * @param logProbabilities
 *            [tokens], natural logarithms (nats); NaN for the first token where it was not scored, as of a model that
 *            predicts none
 */
public record TokenScores(int[] ids, double[] logProbabilities) {

    /**
     * Checks that all tokens but the first were scored.
     *
     * @throws IllegalStateException
     *             if a later one is NaN: the model is broken
     */
    public TokenScores {
        if (ids.length != logProbabilities.length) {
            throw new IllegalArgumentException(ids.length + " ids and " + logProbabilities.length + " probabilities");
        }
        for (int i = 1; i < ids.length; i++) {
            if (Double.isNaN(logProbabilities[i])) {
                throw new IllegalStateException("the model gives token " + ids[i] + " at index " + i
                        + " a probability that is not a number (NaN)");
            }
        }
    }

    /** How many tokens there are, scored or not. */
    public int size() {
        return ids.length;
    }

    /** Whether a token was scored. */
    public boolean scored(int index) {
        return !Double.isNaN(logProbabilities[index]);
    }

    /** How many tokens were scored. */
    public int tokens() {
        return ids.length > 0 && !scored(0) ? ids.length - 1 : ids.length;
    }

    /** The sum of the scored tokens' negative log probabilities, in nats. */
    public double nats() {
        // Neumaier's compensated sum: the last digits do not depend on how long the text is.
        double sum = 0;
        double lost = 0;
        for (double logProbability : logProbabilities) {
            if (!Double.isNaN(logProbability)) {
                double next = sum - logProbability;
                lost += Math.abs(sum) >= Math.abs(logProbability)
                        ? (sum - next) - logProbability
                        : (-logProbability - next) + sum;
                sum = next;
            }
        }
        return Double.isInfinite(sum) ? sum : sum + lost;
    }
}
