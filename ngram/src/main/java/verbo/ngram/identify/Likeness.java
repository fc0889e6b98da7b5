// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Arrays;

/**
 * Whether a text is like those of a language at all: a letter of it scores not much less than one of the texts that training
 * left out. Short texts vary more than long ones, so for {@code n} letters and ends of words the mean score may be less by
 * {@code allowance + spread / sqrt(n)} nats.
 *
 * @param spread
 *            so much that next to no text that was left out would be taken for unlike, even without the allowance
 * @param allowance
 *            what any text may score less a letter, as no two kinds of text are alike: as much as half the lines of one
 *            language lose under the model of the language that is nearest to them
 */
record Likeness(double spread, double allowance) {
    /** The allowance of what knows one language, and so nothing of how far languages are apart. */
    private static final double ALONE = 1.5;

    /** The allowance that follows from what lines lose a letter in the language that gives them most, but for their own. */
    static double allowance(double[] losses) {
        double[] sorted = losses.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? ALONE : Math.max(0, sorted[sorted.length / 2]);
    }

    boolean accepts(double score, int predicted, double mean) {
        return score / predicted - mean >= -allowance - spread / Math.sqrt(predicted);
    }
}
