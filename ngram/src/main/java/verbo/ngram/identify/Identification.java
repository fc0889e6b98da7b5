// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

/**
 * A language that a text may be in.
 *
 * @param language
 *            its name, as the training data had it; {@link #UNKNOWN} for a text without letters, or one that is like none of
 *            the languages
 * @param probability
 *            that it is this one of all the languages the model knows, 0 to 1; 0 for {@link #UNKNOWN}
 */
public record Identification(String language, double probability) {
    /** What a text's language is called that is none of the known ones. */
    public static final String UNKNOWN = "unknown";

    static final Identification NONE = new Identification(UNKNOWN, 0);
}
