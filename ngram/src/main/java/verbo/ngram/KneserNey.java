// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Interpolated modified Kneser-Ney smoothing (Chen and Goodman, 1999) with the choices of KenLM's {@code lmplz} (Heafield and
 * others, Scalable Modified Kneser-Ney Language Model Estimation, 2013), whose numbers it gives.
 *
 * <p>
 * The n-grams of the highest order are counted and sorted in suffix order. One pass over them gives the adjusted counts of all
 * orders: an n-gram of a lower order counts as often as there are different words before it, or as often as it is there if
 * it begins a sentence. In context order each context's counts are added up to a denominator and to the weight of its
 * backoff; back in suffix order, where an n-gram follows the one it is interpolated with, probabilities are put together
 * from unigrams up.
 */
final class KneserNey {
    private static final int COUNT_BITS = 28;

    private final Workspace workspace;
    private final Vocabulary vocabulary;
    private final int order;
    private final int threads;
    private final @Nullable Discounts fallback;
    private final Packing[] packings;
    private final long[] unigrams; // adjusted counts by id
    private final RowStore[] rows;
    private final RowStore[] contexts; // [order + 1]: of each order's n-grams the contexts, with their backoff weights
    private final long[][] countsOfCounts;
    private final Discounts[] discounts;

    /**
     * @param threads
     *            how many threads work
     * @param fallback
     *            taken where discounts cannot be estimated; null to throw
     */
    KneserNey(Workspace workspace, Vocabulary vocabulary, int order, int threads, @Nullable Discounts fallback) {
        this.workspace = workspace;
        this.vocabulary = vocabulary;
        this.order = order;
        this.threads = threads;
        this.fallback = fallback;
        packings = packings(order, Packing.bitsFor(vocabulary.size()));
        unigrams = new long[vocabulary.size()];
        rows = new RowStore[order + 1];
        contexts = new RowStore[order + 1];
        countsOfCounts = new long[order + 1][5];
        discounts = new Discounts[order + 1];
    }

    static Packing[] packings(int order, int bits) {
        Packing[] packings = new Packing[order + 1];
        for (int n = 1; n <= order; n++) {
            packings[n] = new Packing(n, bits);
        }
        packings[0] = packings[1];
        return packings;
    }

    /** Estimates a model from the ids of a text. */
    NgramRows estimate(TokenIds tokens) throws IOException {
        if (order == 1) {
            countUnigrams(tokens);
        } else {
            try (RowSorter sorter = count(tokens)) {
                tokens.close();
                adjust(sorter);
            }
        }
        for (int n = 1; n <= order; n++) {
            try {
                discounts[n] = Discounts.estimate(n, countsOfCounts[n]);
            } catch (IllegalArgumentException e) {
                if (fallback == null) {
                    throw e;
                }
                discounts[n] = fallback;
            }
        }
        List<Callable<@Nullable Void>> tasks = new ArrayList<>();
        for (int n = order; n >= 2; n--) {
            int each = n;
            tasks.add(() -> {
                normalize(each);
                return null;
            });
        }
        run(tasks, threads);
        return interpolate();
    }

    /** Runs tasks, and throws what the first of them threw. */
    static void run(List<Callable<@Nullable Void>> tasks, int threads) throws IOException {
        try (ExecutorService executor = Executors.newFixedThreadPool(Math.max(1, Math.min(threads, tasks.size())))) {
            List<Future<@Nullable Void>> futures = new ArrayList<>();
            for (Callable<@Nullable Void> task : tasks) {
                futures.add(executor.submit(task));
            }
            for (Future<@Nullable Void> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException runtime -> throw runtime;
                case Error error -> throw error;
                case null, default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private void countUnigrams(TokenIds tokens) throws IOException {
        try (TokenIds.Cursor ids = tokens.cursor()) {
            for (int id = ids.next(); id >= 0; id = ids.next()) {
                unigrams[id]++;
            }
        }
        for (long count : unigrams) {
            if (count < 5) {
                countsOfCounts[1][(int) count]++;
            }
        }
        tokens.close();
    }

    /** The n-grams of the highest order, sentences begun with as many {@code <s>} as a context holds. */
    private RowSorter count(TokenIds tokens) throws IOException {
        Packing packing = packings[order];
        int longs = packing.longs;
        RowSorter sorter = new RowSorter(workspace, tokens.size(), longs + 1, true, 1);
        long[] begin = new long[longs];
        for (int field = 0; field < order; field++) {
            packing.set(begin, 0, field, Vocabulary.BEGIN);
        }
        long[] gram = begin.clone();
        try (TokenIds.Cursor ids = tokens.cursor()) {
            for (int id = ids.next(); id >= 0; id = ids.next()) {
                packing.push(gram, id);
                sorter.add(gram, 0, 1);
                if (id == Vocabulary.END) {
                    System.arraycopy(begin, 0, gram, 0, longs);
                }
            }
        }
        return sorter;
    }

    /** Adjusted counts of all orders, from the counts of the highest in suffix order. */
    private void adjust(RowSorter counted) throws IOException {
        for (int n = 2; n <= order; n++) {
            rows[n] = new RowStore(workspace, packings[n].longs + 1);
        }
        Packing full = packings[order];
        long[] last = new long[full.longs];
        long[] prefix = new long[full.longs];
        long[] counts = new long[order + 1];
        int open = 0; // the longest n-gram whose count is not complete
        try (RowCursor cursor = counted.sorted()) {
            while (cursor.next()) {
                long[] data = cursor.data;
                int at = cursor.at;
                int same = open == 0 ? 0 : full.common(last, 0, data, at);
                for (; open > same; open--) {
                    complete(open, last, prefix, counts[open]);
                }
                if (same > 0) {
                    counts[same]++;
                }
                long count = data[at + full.longs];
                while (open < order) {
                    open++;
                    if (open == order || full.get(data, at, open - 1) == Vocabulary.BEGIN) {
                        counts[open] = count;
                        break;
                    }
                    counts[open] = 1;
                }
                System.arraycopy(data, at, last, 0, full.longs);
            }
        }
        for (; open > 0; open--) {
            complete(open, last, prefix, counts[open]);
        }
        for (int n = 2; n <= order; n++) {
            rows[n].finish();
        }
    }

    private void complete(int n, long[] gram, long[] prefix, long count) throws IOException {
        if (count < 5) {
            countsOfCounts[n][(int) count]++;
        }
        if (n == 1) {
            unigrams[packings[1].get(gram, 0, 0)] = count;
        } else {
            packings[n].copyPrefix(gram, 0, prefix, 0);
            rows[n].add(prefix, 0, count);
        }
    }

    /** Of each n-gram what is left of its probability, and the backoff weight of its context, in place of its count. */
    private void normalize(int n) throws IOException {
        Packing packing = packings[n];
        int longs = packing.longs;
        int stride = longs + 1;
        RowStore counted = rows[n];
        contexts[n] = new RowStore(workspace, packings[n - 1].longs + 1);
        long count = counted.count();
        double share = 1.0 / Math.min(threads, order - 1);
        boolean fits = counted.isInMemory() && count < 1L << 63 - COUNT_BITS
                && count * stride * 2 <= workspace.sortLongs() * share;
        Group group = new Group(n, fits);
        try (RowSorter sorter = new RowSorter(workspace, count, stride, false, fits ? share : share / 2);
                RowCursor in = counted.read()) {
            for (long index = 0; in.next(); index++) {
                int to = sorter.slot();
                long[] row = sorter.array();
                packing.toContext(in.data, in.at, row, to);
                long value = in.data[in.at + longs];
                if (fits && value >= 1L << COUNT_BITS) {
                    throw new IllegalArgumentException("an n-gram is there more than " + (1L << COUNT_BITS)
                            + " times; give --memory less to count with longer numbers"); // never in natural text
                }
                row[to + longs] = fits ? index << COUNT_BITS | value : value;
            }
            try (RowCursor sorted = sorter.sorted()) {
                while (sorted.next()) {
                    group.add(sorted.data, sorted.at);
                }
                group.complete();
            }
        }
        contexts[n].finish();
        group.back();
    }

    /** The n-grams of one context. */
    private final class Group {
        private final int n;
        private final Packing packing;
        private final int longs;
        private final boolean inPlace;
        private final @Nullable RowSorter back;
        private final long[] prefix;
        private final long[] suffix;
        private long[] members = new long[1 << 10];
        private int used;

        Group(int n, boolean inPlace) {
            this.n = n;
            this.inPlace = inPlace;
            packing = packings[n];
            longs = packing.longs;
            prefix = new long[longs];
            suffix = new long[longs];
            double share = 0.5 / Math.min(threads, order - 1);
            back = inPlace ? null : new RowSorter(workspace, rows[n].count(), longs + 1, false, share);
        }

        void add(long[] data, int at) throws IOException {
            if (used > 0 && packing.common(members, 0, data, at) < n - 1) {
                complete();
            }
            if (used + longs + 1 > members.length) {
                members = Arrays.copyOf(members, members.length * 2);
            }
            for (int i = 0; i <= longs; i++) {
                members[used + i] = data[at + i];
            }
            used += longs + 1;
        }

        private long count(int at) {
            long last = members[at + longs];
            return inPlace ? last & (1L << COUNT_BITS) - 1 : last;
        }

        void complete() throws IOException {
            int stride = longs + 1;
            Discounts discount = discounts[n];
            long denominator = 0;
            long ones = 0;
            long twos = 0;
            long more = 0;
            for (int at = 0; at < used; at += stride) {
                long count = count(at);
                denominator += count;
                if (count == 1) {
                    ones++;
                } else if (count == 2) {
                    twos++;
                } else {
                    more++;
                }
            }
            double taken = (double) discount.one() * ones + (double) discount.two() * twos
                    + (double) discount.more() * more;
            float gamma = (float) (taken / denominator);
            packings[n - 1].copyPrefix(members, 0, prefix, 0);
            contexts[n].add(prefix, 0, Float.floatToRawIntBits(gamma));
            for (int at = 0; at < used; at += stride) {
                long count = count(at);
                float left = (float) ((count - (double) discount.of(count)) / denominator);
                long payload = NgramRows.payload(left, gamma);
                if (back == null) {
                    rows[n].set(members[at + longs] >>> COUNT_BITS, payload);
                } else {
                    packing.toSuffix(members, at, suffix, 0);
                    back.add(suffix, 0, payload);
                }
            }
            used = 0;
        }

        /** Rows that did not fit in memory go back to suffix order by another sort. */
        void back() throws IOException {
            if (back == null) {
                return;
            }
            rows[n].close();
            RowStore sorted = new RowStore(workspace, longs + 1);
            try (back; RowCursor cursor = back.sorted()) {
                while (cursor.next()) {
                    sorted.add(cursor.data, cursor.at, cursor.data[cursor.at + longs]);
                }
            }
            sorted.finish();
            rows[n] = sorted;
        }
    }

    private NgramRows interpolate() throws IOException {
        int size = vocabulary.size();
        float[] probabilities = new float[size];
        float[] backoffs = new float[size];
        long total = 0;
        long[] n = new long[4];
        for (long count : unigrams) {
            total += count;
            n[(int) Math.min(count, 3)]++;
        }
        Discounts discount = discounts[1];
        double taken = (double) discount.one() * n[1] + (double) discount.two() * n[2]
                + (double) discount.more() * n[3];
        double uniform = taken / total / (size - 1); // <s> is never predicted
        for (int id = 0; id < size; id++) {
            long count = unigrams[id];
            probabilities[id] = (float) ((count - (double) discount.of(count)) / total + uniform);
        }
        probabilities[Vocabulary.BEGIN] = 1; // as KenLM writes it
        long[][] extendsLeft = new long[order][];
        for (int each = 1; each < order; each++) {
            long count = each == 1 ? size : rows[each].count();
            extendsLeft[each] = new long[Math.toIntExact((count + 63) / 64)];
        }
        Arrays.fill(backoffs, NgramRows.NO_EXTENSION);
        if (order > 1) {
            try (RowCursor cursor = contexts[2].read()) {
                while (cursor.next()) {
                    backoffs[packings[1].get(cursor.data, cursor.at, 0)] = Float
                            .intBitsToFloat((int) cursor.data[cursor.at + 1]);
                }
            }
            contexts[2].close();
        }
        for (int each = 2; each <= order; each++) {
            interpolate(each, probabilities, extendsLeft);
        }
        return new NgramRows(vocabulary, order, packings, probabilities, backoffs, rows, extendsLeft, false);
    }

    private void interpolate(int n, float[] unigrams, long[][] extendsLeft) throws IOException {
        Packing packing = packings[n];
        Packing shorter = packings[n - 1];
        int longs = packing.longs;
        boolean inPlace = rows[n].isInMemory();
        RowStore result = inPlace ? rows[n] : new RowStore(workspace, longs + 1);
        long[] prefix = new long[longs];
        long[] left = extendsLeft[n - 1];
        long parent = -1;
        try (RowCursor grams = rows[n].read();
                RowCursor parents = n == 2 ? RowCursor.of(NO_ROWS, 0, 1) : rows[n - 1].read();
                RowCursor backoffs = n == order ? RowCursor.of(NO_ROWS, 0, 1) : contexts[n + 1].read()) {
            boolean more = backoffs.next();
            float lower = 0;
            boolean any = false;
            while (grams.next()) {
                long[] data = grams.data;
                int at = grams.at;
                if (n == 2) {
                    parent = packing.get(data, at, 0);
                    lower = unigrams[(int) parent];
                } else {
                    shorter.copyPrefix(data, at, prefix, 0);
                    while (!any || RowSort.compare(parents.data, parents.at, prefix, 0, shorter.longs) != 0) {
                        if (!parents.next()) {
                            throw new IllegalStateException("an n-gram without its suffix");
                        }
                        any = true;
                        parent++;
                    }
                    lower = NgramRows.probability(parents.data[parents.at + shorter.longs]);
                }
                left[(int) (parent >>> 6)] |= 1L << parent;
                long payload = data[at + longs];
                float probability = NgramRows.probability(payload) + NgramRows.backoff(payload) * lower;
                float backoff = NgramRows.NO_EXTENSION;
                if (more && RowSort.compare(backoffs.data, backoffs.at, data, at, longs) == 0) {
                    backoff = Float.intBitsToFloat((int) backoffs.data[backoffs.at + longs]);
                    more = backoffs.next();
                }
                payload = NgramRows.payload(probability, backoff);
                if (inPlace) {
                    data[at + longs] = payload;
                } else {
                    result.add(data, at, payload);
                }
            }
            if (more) {
                throw new IllegalStateException("a context that is no n-gram");
            }
        }
        if (!inPlace) {
            result.finish();
            rows[n].close();
            rows[n] = result;
        }
        if (n < order) {
            contexts[n + 1].close();
        }
    }

    private static final long[] NO_ROWS = {};
}
