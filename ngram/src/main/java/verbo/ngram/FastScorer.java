// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.lang.foreign.MemorySegment;

/**
 * Takes a block of words through a {@link FastModel} order by order: first the buckets of all of them are touched, which the
 * processor does for a dozen at once as none depends on another, then they are looked through. A word whose n-gram is not
 * there, or that no longer one ends with, is left out of the next order.
 */
final class FastScorer extends Scorer {
    private static final int BLOCK = 64;
    private static final float NOTHING = -0.0f; // what may be added to a sum and makes no difference

    private final FastModel model;
    private final MemorySegment file;
    private final int order;
    private final int depth; // words of a context at most, and backoff weights of a word
    // Of each word of the block, behind those of the context: the sequence has <s> where a sentence begins.
    private final int[] sequence;
    private final int[] contexts; // how many words before it count
    private final int[] bits;
    private final int[] matched;
    private final float[] backoffs; // [depth] a word, of the n-grams that end with it
    // Of those that an order still has to be asked about: which, the hashes of their n-grams, their buckets.
    private final int[] open;
    private final long[] hashes;
    private final long[] places;
    @SuppressWarnings("UnusedVariable") // what is touched is used, for the compiler
    private long touched;

    FastScorer(FastModel model) {
        this.model = model;
        file = model.file;
        order = model.order;
        depth = Math.max(1, order - 1);
        int capacity = depth + 1 + 2 * BLOCK;
        sequence = new int[capacity];
        contexts = new int[capacity];
        bits = new int[capacity];
        matched = new int[capacity];
        hashes = new long[capacity];
        places = new long[capacity];
        backoffs = new float[capacity * depth];
        open = new int[capacity];
        begin();
    }

    @Override
    public void begin() {
        sequence[depth] = Vocabulary.BEGIN;
        contexts[depth] = 0;
        look(depth, depth + 1);
    }

    @Override
    void scoreChecked(int[] words, int from, int to, float[] scores) {
        for (int at = from; at < to; at += BLOCK) {
            block(words, at, Math.min(to, at + BLOCK), scores, at - from);
        }
    }

    private void block(int[] words, int from, int to, float[] scores, int out) {
        int first = depth + 1; // behind the last word of the block before
        int end = first;
        int context = contexts[depth];
        for (int i = from; i < to; i++) {
            int word = words[i];
            context = Math.min(order - 1, context + 1);
            sequence[end] = word;
            contexts[end++] = context;
            if (word == Vocabulary.END) {
                sequence[end] = Vocabulary.BEGIN;
                contexts[end++] = -1; // has no score; the next word's context is itself
                context = 0;
            }
        }
        look(first, end);
        int next = out;
        for (int t = first; t < end; t++) {
            if (contexts[t] < 0) {
                contexts[t] = 0;
                continue;
            }
            float score = Float.intBitsToFloat(bits[t] | 0x80000000);
            int row = (t - 1) * depth;
            for (int i = matched[t] - 1; i < contexts[t]; i++) {
                score += backoffs[row + i];
            }
            scores[next++] = score;
        }
        System.arraycopy(sequence, end - first, sequence, 0, first);
        System.arraycopy(backoffs, (end - 1) * depth, backoffs, depth * depth, depth);
        contexts[depth] = contexts[end - 1];
    }

    /** Finds the longest n-gram that ends with each word, and the backoff weights of all of them. */
    private void look(int from, int to) {
        int left = 0;
        for (int t = from; t < to; t++) {
            int word = sequence[t];
            long values = file.get(Vocabulary.LONG, model.unigrams + 8L * word);
            bits[t] = (int) values;
            matched[t] = 1;
            int row = t * depth;
            backoffs[row] = order == 1 ? NOTHING : Float.intBitsToFloat((int) (values >>> 32));
            for (int i = 1; i < depth; i++) {
                backoffs[row + i] = NOTHING;
            }
            open[left] = t;
            hashes[left] = FastModel.hash(model.seed, word);
            left += (int) values < 0 && contexts[t] > 0 ? 1 : 0;
        }
        for (int n = 2; n <= order && left > 0; n++) {
            places(n, left);
            touch(left);
            if (n == order) {
                longest(left);
            } else {
                left = middle(n, left);
            }
        }
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
                bits[t] = (int) values;
                matched[t] = n;
                backoffs[t * depth + n - 1] = Float.intBitsToFloat((int) (values >>> 32));
                open[left] = t;
                hashes[left] = hashes[k];
                left += (int) values < 0 && contexts[t] >= n ? 1 : 0;
            }
        }
        return left;
    }

    private void longest(int count) {
        for (int k = 0; k < count; k++) {
            int t = open[k];
            long found = model.findLongest(places[k], hashes[k]);
            if (found != 0) {
                bits[t] = file.get(Vocabulary.INT, found);
                matched[t] = order;
            }
        }
    }
}
