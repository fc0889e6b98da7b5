// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.math.BigInteger;
import verbo.text.FormatException;

/**
 * Finds out again which n-grams the hashes of a {@link FastModel} are of, so that it can be written in another form.
 *
 * <p>
 * An n-gram's hash is made of that of its end, the n-gram without its first word, which is in the model too, by steps that can
 * be undone: {@link FastModel#hash} taken back and divided by its multiplier is {@code end + word + 1}, where {@code end} is the
 * hash of the end divided as well and {@code word} the number of the first word. A table tells all but some 26 bits of a hash,
 * less the more buckets it has. All hashes that an entry may have, some 200 million an order whatever the model's size, are
 * taken back. What has no end within a vocabulary below it is most of them, and a set of bits says so of nearly all; the others
 * are sorted and go along the sorted ends. In a small model all ends are looked up with all words instead. Chance makes less
 * than one of a hundred million n-grams out of something that is none, and its context would have to be in the model as well.
 */
final class FastReader {
    private static final long UNMULTIPLIED = inverse(FastModel.MULTIPLIER);
    private static final long UNMIXED = inverse(FastModel.MIXER);

    /** So many look-ups take less time than going through the hashes. */
    private static final long FEW = 1 << 22;

    private final FastModel model;
    private final Workspace workspace;
    private final int order;
    private final long words;
    private final Packing[] packings;

    private FastReader(FastModel model, Workspace workspace) {
        this.model = model;
        this.workspace = workspace;
        order = model.order();
        words = model.vocabularySize();
        packings = Estimator.packings(order, Packing.bitsFor(model.vocabularySize()));
    }

    /**
     * The n-grams of a model.
     *
     * @throws FormatException
     *             if its tables do not hold as many as its header says
     */
    static NgramRows read(FastModel model, Workspace workspace) throws IOException {
        return new FastReader(model, workspace).read();
    }

    private NgramRows read() throws IOException {
        float[] probabilities = new float[(int) words];
        float[] backoffs = new float[(int) words];
        for (int id = 0; id < words; id++) {
            long values = model.file.get(Vocabulary.LONG, model.unigrams + 8L * id);
            probabilities[id] = FastModel.probability((int) values);
            backoffs[id] = Float.intBitsToFloat((int) (values >>> 32));
        }
        RowStore[] rows = new RowStore[order + 1];
        for (int n = 2; n <= order; n++) {
            rows[n] = rows(n, rows[n - 1]);
        }
        NgramRows read = new NgramRows(model.vocabulary(), order, packings, probabilities, backoffs, rows,
                new long[order][], true);
        read.markExtensions();
        return read;
    }

    /** The multiplier that undoes an odd one, by Newton's iteration: each round doubles the bits that are right. */
    private static long inverse(long odd) {
        long x = odd;
        for (int round = 0; round < 5; round++) {
            x *= 2 - odd * x;
        }
        return x;
    }

    /** A hash taken back to its end and first word. */
    private static long undo(long hash) {
        long h = (hash ^ hash >>> 32) * UNMIXED;
        return (h ^ h >>> 32) * UNMULTIPLIED;
    }

    private long hash(Packing packing, long[] row, int at, int fields) {
        long hash = model.seed;
        for (int field = 0; field < fields; field++) {
            hash = FastModel.hash(hash, packing.get(row, at, field));
        }
        return hash;
    }

    private RowStore rows(int n, RowStore shorter) throws IOException {
        Packing packing = packings[n];
        Filter filter = new Filter(model.count(n - 1));
        long count = model.count(n);
        try (RowSorter ends = ends(n, shorter, filter);
                RowSorter hashes = new RowSorter(workspace, 2 * count, 2, false, 0.3);
                RowSorter found = new RowSorter(workspace, count, packing.longs + 1, false, 0.4)) {
            if (model.count(n - 1) < FEW / words) {
                ask(n, ends, found);
            } else {
                new Table(n, filter, hashes).read();
                join(n, ends, hashes, found);
            }
            RowStore rows = RowStore.of(workspace, packing.longs + 1, found.sorted());
            if (rows.count() != count) {
                throw new FormatException(model.path(), "damaged: " + rows.count() + " " + n + "-grams in a table of "
                        + count);
            }
            return rows;
        }
    }

    /** All n-grams that longer ones may end with: their hashes divided, and their words. */
    private RowSorter ends(int n, RowStore shorter, Filter filter) throws IOException {
        Packing packing = packings[n - 1];
        long count = n == 2 ? words : shorter.count();
        RowSorter ends = new RowSorter(workspace, count, 1 + packing.longs, false, 0.3);
        if (n == 2) {
            long[] word = new long[1];
            for (int id = 0; id < words; id++) {
                packing.set(word, 0, 0, id);
                add(ends, FastModel.hash(model.seed, id), word, 0, 1, filter);
            }
        } else {
            try (RowCursor grams = shorter.read()) {
                while (grams.next()) {
                    add(ends, hash(packing, grams.data, grams.at, n - 1), grams.data, grams.at, packing.longs, filter);
                }
            }
        }
        return ends;
    }

    private static void add(RowSorter ends, long hash, long[] gram, int at, int longs, Filter filter)
            throws IOException {
        long end = hash * UNMULTIPLIED;
        filter.add(end);
        int to = ends.slot();
        ends.array()[to] = end;
        System.arraycopy(gram, at, ends.array(), to + 1, longs);
    }

    private static int log2(long number) {
        return 63 - Long.numberOfLeadingZeros(number);
    }

    /** Which ends there may be. */
    private final class Filter {
        private final int shift;
        private final long[] bits;

        /** Small enough for the processor's cache unless that lets too many through. */
        Filter(long ends) {
            int size = log2(ends);
            int wide = Math.clamp(size + 11L, 20, Math.clamp(size + 6L, 27, 30));
            wide = Math.min(wide, log2(workspace.sortLongs()) + 5);
            shift = 64 - wide;
            bits = new long[1 << wide - 6];
        }

        void add(long end) {
            long bit = end >>> shift;
            bits[(int) (bit >>> 6)] |= 1L << bit;
        }

        /** Whether there may be an end that gives this number together with a word. */
        boolean has(long undone) {
            long high = undone - 1 >>> shift;
            long low = undone - words >>> shift;
            return ((bits[(int) (high >>> 6)] >>> high | bits[(int) (low >>> 6)] >>> low) & 1) != 0;
        }
    }

    /** Goes through a table of the file. */
    private final class Table {
        private final int n;
        private final Filter filter;
        private final RowSorter hashes;
        private final long buckets;
        private final int known; // bits of a hash
        private long startOf = -1; // the bucket whose first hash is known
        private long start;
        private long span;

        Table(int n, Filter filter, RowSorter hashes) {
            this.n = n;
            this.filter = filter;
            this.hashes = hashes;
            buckets = model.buckets[n];
            known = n == order ? 40 : 38;
        }

        void read() throws IOException {
            for (long place = 0; place < buckets + FastModel.SLACK; place++) {
                for (int slot = 0; slot < model.slots(n); slot++) {
                    long low = model.lowBits(n, place, slot);
                    if (low == 0) {
                        continue;
                    }
                    long payload = model.payload(n, model.values(n, place, slot));
                    at(place, low, payload);
                    // it may have gone by the buckets before
                    if (model.isFull(n, place ^ 1)) {
                        at(place ^ 1, low, payload);
                    }
                    boolean passed = (place & 1) == 0 || model.isFull(n, place - 1);
                    for (long pair = (place & ~1L) - 2; pair >= 0 && passed; pair -= 2) {
                        passed = model.isFull(n, pair) && model.isFull(n, pair + 1);
                        if (passed) {
                            at(pair, low, payload);
                            at(pair + 1, low, payload);
                        }
                    }
                }
            }
        }

        /** All hashes of a bucket that end with some bits. */
        private void at(long home, long low, long payload) throws IOException {
            if (home >= buckets) {
                return;
            }
            if (home != startOf) {
                start = first(home);
                span = first(home + 1) - start;
                startOf = home;
            }
            all(low, payload);
            if ((int) low == 1) {
                all(low & ~1L, payload); // a fingerprint of 0 is kept as 1
            }
        }

        private long first(long bucket) {
            BigInteger count = BigInteger.valueOf(buckets);
            return BigInteger.valueOf(bucket).shiftLeft(64).add(count).subtract(BigInteger.ONE).divide(count)
                    .longValue();
        }

        private void all(long low, long payload) throws IOException {
            long step = 1L << known;
            for (long from = low - start & step - 1; Long.compareUnsigned(from, span) < 0; from += step) {
                long undone = undo(start + from);
                if (filter.has(undone)) {
                    int to = hashes.slot();
                    hashes.array()[to] = undone;
                    hashes.array()[to + 1] = payload;
                }
                if (Long.compareUnsigned(from + step, from) < 0) {
                    return;
                }
            }
        }
    }

    /** Looks up every end with every word before it. */
    private void ask(int n, RowSorter ends, RowSorter found) throws IOException {
        Packing packing = packings[n];
        long[] gram = new long[packing.longs];
        try (RowCursor end = ends.sorted()) {
            while (end.next()) {
                long before = end.data[end.at] * FastModel.MULTIPLIER;
                for (int word = 0; word < words; word++) {
                    long hash = FastModel.hash(before, word);
                    long bucket = FastModel.bucket(model.offsets[n], model.buckets[n], hash);
                    long at = n == order ? model.findLongest(bucket, hash) : model.find(n, bucket, hash);
                    if (at != 0) {
                        add(n, end.data, end.at + 1, word, gram, model.payload(n, at), found);
                    }
                }
            }
        }
    }

    /** Adds an n-gram, an end and the word before it, if its context is in the model as well. */
    private void add(int n, long[] end, int at, int word, long[] gram, long payload, RowSorter found)
            throws IOException {
        Packing packing = packings[n];
        for (int field = 0; field < n - 1; field++) {
            packing.set(gram, 0, field, packings[n - 1].get(end, at, field));
        }
        packing.set(gram, 0, n - 1, word);
        if (n == 2 || hasContext(n, packing, gram)) {
            found.add(gram, 0, payload);
        }
    }

    private void join(int n, RowSorter ends, RowSorter hashes, RowSorter found) throws IOException {
        long[] gram = new long[packings[n].longs];
        long[] near = new long[packings[n - 1].longs + 1]; // ends that the last hashes were not far above, one behind the other
        int stride = near.length;
        int used = 0;
        try (RowCursor end = ends.sorted(); RowCursor undone = hashes.sorted()) {
            boolean more = end.next();
            while (undone.next()) {
                long sum = undone.data[undone.at];
                for (; more && Long.compareUnsigned(end.data[end.at], sum) < 0; more = end.next()) {
                    int kept = 0;
                    for (int i = 0; i < used; i += stride) {
                        if (end.data[end.at] - near[i] <= words) {
                            System.arraycopy(near, i, near, kept, stride);
                            kept += stride;
                        }
                    }
                    if (kept + stride > near.length) {
                        near = java.util.Arrays.copyOf(near, 2 * near.length);
                    }
                    System.arraycopy(end.data, end.at, near, kept, stride);
                    used = kept + stride;
                }
                for (int i = 0; i < used; i += stride) {
                    long word = sum - near[i] - 1;
                    if (word >= 0 && word < words) {
                        add(n, near, i + 1, (int) word, gram, undone.data[undone.at + 1], found);
                    }
                }
            }
        }
    }

    /** Whether an n-gram without its last word is in the model. */
    private boolean hasContext(int n, Packing packing, long[] gram) {
        long hash = model.seed;
        for (int field = 1; field < n; field++) {
            hash = FastModel.hash(hash, packing.get(gram, 0, field));
        }
        return model.find(n - 1, FastModel.bucket(model.offsets[n - 1], model.buckets[n - 1], hash), hash) != 0;
    }
}
