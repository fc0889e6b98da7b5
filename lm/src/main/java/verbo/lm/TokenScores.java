// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

/**
 * What a model says of a sequence of tokens.
 *
 * @param ids
 *            [tokens]
 * @param logProbabilities
 *            [tokens], natural logarithms (nats); NaN for a token that was not scored, such as the first one of a model
 *            that predicts none
 */
public record TokenScores(int[] ids, double[] logProbabilities) {

    public TokenScores {
        if (ids.length != logProbabilities.length) {
            throw new IllegalArgumentException(ids.length + " ids and " + logProbabilities.length + " probabilities");
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
        int tokens = 0;
        for (double logProbability : logProbabilities) {
            if (!Double.isNaN(logProbability)) {
                tokens++;
            }
        }
        return tokens;
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
