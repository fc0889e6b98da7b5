// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.lang.foreign.MemorySegment;

/** Asks a {@link SmallModel}: touches where the n-grams of all words should lie before it searches for any. */
final class SmallScorer extends Scorer {
    private final SmallModel model;
    private final MemorySegment file;
    // Of the open words: where the n-grams begin and end that end as theirs do, and where theirs should lie.
    private final long[] froms;
    private final long[] tos;
    private final long[] guesses;
    @SuppressWarnings("UnusedVariable") // what is touched is used, for the compiler
    private long touched;

    SmallScorer(SmallModel model) {
        super(model.order());
        this.model = model;
        file = model.file;
        froms = new long[open.length];
        tos = new long[open.length];
        guesses = new long[open.length];
        begin();
    }

    @Override
    int unigrams(int from, int to) {
        int left = 0;
        for (int t = from; t < to; t++) {
            long at = model.unigrams + (long) SmallModel.UNIGRAM * sequence[t];
            long values = file.get(Vocabulary.LONG, at);
            unigram(t, (int) values, Float.intBitsToFloat((int) (values >>> 32)));
            left = open(left, t, 1, file.get(Vocabulary.LONG, at + 8),
                    file.get(Vocabulary.LONG, at + 8 + SmallModel.UNIGRAM));
        }
        return left;
    }

    private int open(int left, int t, int n, long from, long to) {
        open[left] = t;
        froms[left] = from;
        tos[left] = to;
        return left + (from < to && isLonger(t, n) ? 1 : 0);
    }

    @Override
    int ngrams(int n, int count) {
        PackedOrder grams = model.orders[n];
        // None of these loops has a branch, so that many reads are under way at once.
        long sum = 0;
        for (int k = 0; k < count; k++) {
            guesses[k] = grams.guess(froms[k], tos[k], sequence[open[k] - n + 1]);
            sum += grams.word(guesses[k]);
        }
        for (int k = 0; k < count; k++) {
            guesses[k] = grams.guess(froms[k], tos[k], sequence[open[k] - n + 1], guesses[k]);
            sum += grams.word(guesses[k]);
        }
        touched += sum;
        int left = 0;
        for (int k = 0; k < count; k++) {
            int t = open[k];
            long found = grams.find(froms[k], tos[k], guesses[k], sequence[t - n + 1]);
            if (found < 0) {
                continue;
            }
            int probability = grams.probability(found);
            if (n == order) {
                longest(t, probability);
            } else {
                ngram(t, n, probability, grams.backoff(found));
                left = open(left, t, n, grams.child(found), grams.child(found + 1));
            }
        }
        return left;
    }
}
