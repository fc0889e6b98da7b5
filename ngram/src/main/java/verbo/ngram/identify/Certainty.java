// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

/**
 * How sure scores make. Letters of a text are not independent, so the difference of two logarithms of probabilities says too
 * much, and the more so the longer the text: scores of a text of {@code n} letters are multiplied by {@code slope * n^-power}
 * before they become probabilities. Both numbers are fitted to texts that the models have not seen.
 */
record Certainty(double slope, double power) {
    /** The logarithm of what makes no difference to one. */
    private static final double NOTHING = -40;

    double scale(int letters) {
        return slope * Math.pow(Math.max(1, letters), -power);
    }

    /** The natural logarithm of the probability of the one at {@code index} of some scores. */
    double logProbability(float[] scores, int letters, int index) {
        double scale = scale(letters);
        double most = Double.NEGATIVE_INFINITY;
        for (float score : scores) {
            most = Math.max(most, score);
        }
        double sum = 0;
        for (float score : scores) {
            double less = scale * (score - most);
            sum += less > NOTHING ? Math.exp(less) : 0;
        }
        return scale * (scores[index] - most) - Math.log(sum);
    }

    /**
     * The numbers under which the right languages are most likely.
     *
     * @param scores
     *            [texts][languages]
     * @param letters
     *            [texts]
     * @param right
     *            [texts] the language of each
     */
    static Certainty fit(float[][] scores, int[] letters, int[] right) {
        Certainty best = new Certainty(1, 0);
        double least = Double.POSITIVE_INFINITY;
        for (int step = 2; step >= 0; step--) { // finer and finer around the best so far
            double slopeStep = Math.pow(1.1, 1 << 2 * step);
            double powerStep = 0.02 * (1 << 2 * step);
            Certainty centre = best;
            for (int p = -3; p <= 3; p++) {
                for (int s = -6; s <= 6; s++) {
                    Certainty tried = new Certainty(centre.slope * Math.pow(slopeStep, s),
                            Math.clamp(centre.power + p * powerStep, 0, 1));
                    double loss = 0;
                    for (int i = 0; i < right.length && loss < least; i++) {
                        loss -= Math.max(-50, tried.logProbability(scores[i], letters[i], right[i]));
                    }
                    if (loss < least) {
                        least = loss;
                        best = tried;
                    }
                }
            }
        }
        return best;
    }
}
