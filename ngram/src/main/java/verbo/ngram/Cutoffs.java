// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Which n-grams an estimation leaves out: those seen no more often than a threshold, and those with a word outside a
 * vocabulary. The three special words stay.
 */
final class Cutoffs {
    static final Cutoffs NONE = new Cutoffs(new long[]{0}, null);

    private final long[] thresholds;
    private final @Nullable BitSet words;

    /**
     * @param thresholds
     *            for unigrams, bigrams and so on; the last is that of all longer ones too
     * @param words
     *            the ids to keep; null for all
     */
    Cutoffs(long[] thresholds, @Nullable BitSet words) {
        this.thresholds = thresholds;
        this.words = words;
    }

    /** Whether to leave out an n-gram that a row begins with, in suffix order. */
    boolean prunes(Packing packing, long[] gram, long seen) {
        int n = packing.order;
        if (seen <= thresholds[Math.min(n, thresholds.length) - 1]
                && (n > 1 || packing.get(gram, 0, 0) > Vocabulary.END)) {
            return true;
        }
        BitSet kept = words;
        if (kept != null) {
            for (int field = 0; field < n; field++) {
                int word = packing.get(gram, 0, field);
                if (word > Vocabulary.END && !kept.get(word)) {
                    return true;
                }
            }
        }
        return false;
    }
}
