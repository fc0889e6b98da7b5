// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.lang.foreign.MemorySegment;

/** Asks a {@link FastModel}: touches the buckets of all words before it looks into any. */
final class FastScorer extends Scorer {
    private final FastModel model;
    private final MemorySegment file;
    // Of the open words: the hashes of their n-grams, and the buckets.
    private final long[] hashes;
    private final long[] places;
    @SuppressWarnings("UnusedVariable") // what is touched is used, for the compiler
    private long touched;

    FastScorer(FastModel model) {
        super(model.order);
        this.model = model;
        file = model.file;
        hashes = new long[open.length];
        places = new long[open.length];
        begin();
    }

    @Override
    int unigrams(int from, int to) {
        int left = 0;
        for (int t = from; t < to; t++) {
            int word = sequence[t];
            long values = file.get(Vocabulary.LONG, model.unigrams + 8L * word);
            unigram(t, (int) values, Float.intBitsToFloat((int) (values >>> 32)));
            open[left] = t;
            hashes[left] = FastModel.hash(model.seed, word);
            left += (int) values < 0 && isLonger(t, 1) ? 1 : 0;
        }
        return left;
    }

    @Override
    int ngrams(int n, int count) {
        places(n, count);
        touch(count);
        return n == order ? longest(count) : middle(n, count);
    }

    private void places(int n, int count) {
        long table = model.offsets[n];
        long size = model.buckets[n];
        for (int k = 0; k < count; k++) {
            long hash = FastModel.hash(hashes[k], sequence[open[k] - n + 1]);
            hashes[k] = hash;
            places[k] = FastModel.bucket(table, size, hash);
        }
    }

    /** Nothing else in this loop, so that many reads are under way at once. */
    private void touch(int count) {
        int sum = 0;
        for (int k = 0; k < count; k++) {
            sum += file.get(Vocabulary.INT, places[k]);
        }
        touched += sum;
    }

    private int middle(int n, int count) {
        int left = 0;
        for (int k = 0; k < count; k++) {
            int t = open[k];
            long found = model.find(n, places[k], hashes[k]);
            if (found != 0) {
                long values = file.get(Vocabulary.LONG, found);
                ngram(t, n, (int) values, Float.intBitsToFloat((int) (values >>> 32)));
                open[left] = t;
                hashes[left] = hashes[k];
                left += (int) values < 0 && isLonger(t, n) ? 1 : 0;
            }
        }
        return left;
    }

    private int longest(int count) {
        for (int k = 0; k < count; k++) {
            long found = model.findLongest(places[k], hashes[k]);
            if (found != 0) {
                longest(open[k], file.get(Vocabulary.INT, found));
            }
        }
        return 0;
    }
}
