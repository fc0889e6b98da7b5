// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

/**
 * Whether a text is like those of a language at all: a letter of it scores not much less than one of the texts that training
 * left out. Short texts vary more than long ones, so for {@code n} letters and ends of words the mean score may be less by
 * {@link #ALLOWANCE}{@code  + spread / sqrt(n)} nats.
 *
 * @param spread
 *            so much that next to no text that was left out would be taken for unlike, even without the allowance
 */
record Likeness(double spread) {
    /**
     * What any text may score less a letter, as no two kinds of text are alike: under models of Tatoeba's sentences, novels,
     * captions of images and encyclopedias in six languages lose 0.25 to 0.5 nats, give or take 0.3; languages with little
     * text lose more. Texts of one language under the model of the nearest other one lose 1.3, so only what is farther than
     * that is sure to be found unlike.
     */
    static final double ALLOWANCE = 1.5;

    boolean accepts(double score, int predicted, double mean) {
        return score / predicted - mean >= -ALLOWANCE - spread / Math.sqrt(predicted);
    }
}
