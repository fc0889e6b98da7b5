// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

/**
 * How word vectors are learnt.
 *
 * @param architecture
 *            what predicts what
 * @param dimension
 *            the length of a vector
 * @param window
 *            words further apart than this are no neighbours; for each word a distance from 1 to this is drawn
 * @param negative
 *            how many drawn words each true one is told from; 0 for a hierarchical softmax instead
 * @param sample
 *            words more frequent than this share of the text are passed over now and then; 0 for never
 * @param shortest
 *            the shortest character n-gram, if {@code longest} is not 0
 * @param longest
 *            the longest character n-gram whose vectors make up those of words, as fastText has it; 0 for none
 */
public record SkipGramConfig(Architecture architecture, int dimension, int window, int negative, double sample,
        int shortest, int longest) {
    /** What predicts what (Mikolov et al. 2013, "Efficient estimation"). */
    public enum Architecture {
        /** A word predicts each of its neighbours. */
        SKIP_GRAM,
        /** The mean of a word's neighbours predicts it. */
        CBOW
    }

    /** Word2vec's own choices. */
    public static final SkipGramConfig DEFAULT = new SkipGramConfig(Architecture.SKIP_GRAM, 100, 5, 5, 1e-3, 3, 0);

    /** Checks that each value is possible. */
    public SkipGramConfig {
        check("dimension", dimension, 1, 1 << 16);
        check("window", window, 1, 1000);
        check("negative", negative, 0, 1000);
        if (!(sample >= 0 && sample <= 1)) {
            throw new IllegalArgumentException("sample must be from 0 to 1, not " + sample);
        }
        check("the longest n-gram", longest, 0, 100);
        if (longest > 0) {
            check("the shortest n-gram", shortest, 1, longest);
        }
    }

    private static void check(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " must be from " + least + " to " + most + ", not " + value);
        }
    }
}
