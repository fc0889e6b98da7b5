// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * An estimated model before it becomes a file: the n-grams of each order in suffix order, with their probabilities and
 * backoff weights. Unigrams lie in arrays by id, longer n-grams in rows of {@link Packing packed} words and a last long, which
 * holds the two numbers as floats: the probability above, the backoff weight below; as logarithms to base 10 where they came
 * so from a file, else as they were worked out.
 */
final class NgramRows implements AutoCloseable {
    /** The backoff weight of an n-gram that is no context of a longer one, logarithms or not. */
    static final float NO_EXTENSION = -0.0f;
    /** What is written for the logarithm of 0, as SRILM does. */
    private static final double ZERO = -99;
    private static final int NO_EXTENSION_BITS = 0x80000000;

    final Vocabulary vocabulary;
    final int order;
    final Packing[] packings; // [order + 1]; the first is not used
    final float[] probabilities; // [vocabulary] of unigrams
    final float[] backoffs; // [vocabulary]
    final RowStore[] rows; // [order + 1]; the first two are not used
    final long[][] extendsLeft; // [order][bits]: whether a longer n-gram ends with this one
    private final boolean logarithms;

    NgramRows(Vocabulary vocabulary, int order, Packing[] packings, float[] probabilities, float[] backoffs,
            RowStore[] rows, long[][] extendsLeft, boolean logarithms) {
        this.vocabulary = vocabulary;
        this.order = order;
        this.packings = packings;
        this.probabilities = probabilities;
        this.backoffs = backoffs;
        this.rows = rows;
        this.extendsLeft = extendsLeft;
        this.logarithms = logarithms;
    }

    static long payload(float probability, float backoff) {
        return (long) Float.floatToRawIntBits(probability) << 32 | Float.floatToRawIntBits(backoff) & 0xFFFFFFFFL;
    }

    static float probability(long payload) {
        return Float.intBitsToFloat((int) (payload >>> 32));
    }

    static float backoff(long payload) {
        return Float.intBitsToFloat((int) payload);
    }

    /** How many n-grams there are of an order. */
    long count(int n) {
        return n == 1 ? vocabulary.size() : rows[n].count();
    }

    /** How many there are of each order; the first is 0. */
    long[] counts() {
        long[] counts = new long[order + 1];
        for (int n = 1; n <= order; n++) {
            counts[n] = count(n);
        }
        return counts;
    }

    boolean extendsLeft(int n, long index) {
        return n < order && (extendsLeft[n][(int) (index >>> 6)] >>> index & 1) != 0;
    }

    /** The logarithm to base 10 of a probability as it is kept, never above 0. */
    float log10(float probability) {
        return logarithms ? probability : (float) Math.min(0, logarithm(probability));
    }

    /** The logarithm to base 10 of a backoff weight as it is kept: -0.0 where no longer n-gram has this one as its context. */
    float log10Backoff(float backoff) {
        if (Float.floatToRawIntBits(backoff) == NO_EXTENSION_BITS) {
            return backoff;
        }
        return logarithms ? backoff : (float) logarithm(backoff) + 0.0f;
    }

    /** A probability or weight as it is, not its logarithm. */
    double linear(float kept) {
        return logarithms ? Math.pow(10, kept) : kept;
    }

    /** The way back. */
    float kept(double linear) {
        return (float) (logarithms ? logarithm(linear) + 0.0 : linear);
    }

    private static double logarithm(double linear) {
        return Math.max(ZERO, Math.log10(linear));
    }

    /** The n-grams of an order with the probabilities of what they end with. */
    Suffixes suffixes(int n) throws IOException {
        return new Suffixes(n);
    }

    /** Goes through the n-grams of an order together with those of the order before. */
    final class Suffixes implements AutoCloseable {
        private final int n;
        private final Packing packing;
        private final Packing shorter;
        private final long[] prefix;
        private final RowCursor grams;
        private final RowCursor parents;
        private long parent = -1;

        private Suffixes(int n) throws IOException {
            this.n = n;
            packing = packings[n];
            shorter = packings[n - 1];
            prefix = new long[packing.longs];
            grams = rows[n].read();
            parents = n == 2 ? RowCursor.of(prefix, 0, 1) : rows[n - 1].read();
        }

        boolean next() throws IOException {
            if (!grams.next()) {
                return false;
            }
            if (n == 2) {
                parent = packing.get(grams.data, grams.at, 0);
                return true;
            }
            shorter.copyPrefix(grams.data, grams.at, prefix, 0);
            while (parent < 0 || RowSort.compare(parents.data, parents.at, prefix, 0, shorter.longs) != 0) {
                if (!parents.next()) {
                    throw new IllegalStateException("an n-gram without its suffix");
                }
                parent++;
            }
            return true;
        }

        long[] data() {
            return grams.data;
        }

        int at() {
            return grams.at;
        }

        long payload() {
            return grams.data[grams.at + packing.longs];
        }

        /** The number of the n-gram without its first word among those of its order. */
        long shorterIndex() {
            return parent;
        }

        /** As it is kept. */
        float shorterProbability() {
            return n == 2
                    ? probabilities[(int) parent]
                    : probability(parents.data[parents.at + shorter.longs]);
        }

        @Override
        public void close() throws IOException {
            grams.close();
            parents.close();
        }
    }

    /** Notes anew which n-grams longer ones end with. */
    void markExtensions() throws IOException {
        for (int n = 1; n < order; n++) {
            extendsLeft[n] = new long[Math.toIntExact((count(n) + 63) / 64)];
            try (Suffixes longer = suffixes(n + 1)) {
                while (longer.next()) {
                    extendsLeft[n][(int) (longer.shorterIndex() >>> 6)] |= 1L << longer.shorterIndex();
                }
            }
        }
    }

    /** The same model without some words, of which no longer n-gram may have one. Takes the place of this one. */
    NgramRows without(BitSet gone, Workspace workspace) throws IOException {
        NgramRows model = of(IntStream.range(0, vocabulary.size()).filter(id -> !gone.get(id)).toArray(), workspace);
        model.markExtensions();
        return model;
    }

    /**
     * The same model with its words numbered by the hashes of their spellings, so that those of any n-grams lie evenly among
     * all. Which n-grams longer ones end with is not noted. Takes the place of this one.
     */
    NgramRows numberedByHash(Workspace workspace) throws IOException {
        long[] keys = new long[vocabulary.size()];
        for (int id = 0; id < keys.length; id++) {
            byte[] bytes = vocabulary.bytes(id);
            keys[id] = id <= Vocabulary.END ? id - Vocabulary.END : Vocabulary.hash(bytes, 0, bytes.length) >>> 1;
        }
        return of(IntStream.range(0, keys.length).boxed().sorted(Comparator.comparingLong(id -> keys[id]))
                .mapToInt(id -> id).toArray(), workspace);
    }

    /** The same model with only some words, in their order. */
    private NgramRows of(int[] ids, Workspace workspace) throws IOException {
        Vocabulary.Builder words = new Vocabulary.Builder();
        int[] renamed = new int[vocabulary.size()];
        float[] unigrams = new float[ids.length];
        float[] weights = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            byte[] bytes = vocabulary.bytes(ids[i]);
            renamed[ids[i]] = words.id(bytes, 0, bytes.length);
            unigrams[i] = probabilities[ids[i]];
            weights[i] = backoffs[ids[i]];
        }
        Packing[] narrower = Estimator.packings(order, Packing.bitsFor(ids.length));
        RowStore[] renamedRows = new RowStore[order + 1];
        for (int n = 2; n <= order; n++) {
            long[] row = new long[narrower[n].longs];
            try (RowSorter sorter = new RowSorter(workspace, count(n), row.length + 1, false, 1)) {
                try (RowCursor all = rows[n].read()) {
                    while (all.next()) {
                        for (int field = 0; field < n; field++) {
                            narrower[n].set(row, 0, field, renamed[packings[n].get(all.data, all.at, field)]);
                        }
                        sorter.add(row, 0, all.data[all.at + packings[n].longs]);
                    }
                }
                rows[n].close();
                renamedRows[n] = RowStore.of(workspace, row.length + 1, sorter.sorted());
            }
        }
        return new NgramRows(words.build(), order, narrower, unigrams, weights, renamedRows, new long[order][],
                logarithms);
    }

    @Override
    public void close() throws IOException {
        for (int n = 2; n <= order; n++) {
            rows[n].close();
        }
    }
}
