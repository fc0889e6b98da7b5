// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.Objects;

/**
 * Scores running text: many words a call, which gives a model's lookups the chance to wait for memory together, and not one
 * after the other. It remembers where it stands between calls, at first at the beginning of a sentence, and allocates nothing
 * once it is made. For one thread.
 */
public abstract sealed class Scorer permits BlockScorer {
    Scorer() {}

    /** Goes to the beginning of a sentence. */
    public abstract void begin();

    /**
     * The logarithms to base 10 of the probabilities of words, each after those before it; behind {@code </s>} a sentence
     * begins. They are exactly those of {@link NgramModel#score}.
     *
     * @param words
     *            ids, 0 to {@code vocabularySize() - 1}; not checked beyond what memory safety needs
     * @param from
     *            the first of them
     * @param to
     *            behind the last
     * @param scores
     *            [to - from] or more; the results, from the first element on
     */
    public final void score(int[] words, int from, int to, float[] scores) {
        Objects.checkFromToIndex(from, to, words.length);
        Objects.checkFromIndexSize(0, to - from, scores.length);
        scoreChecked(words, from, to, scores);
    }

    abstract void scoreChecked(int[] words, int from, int to, float[] scores);
}
