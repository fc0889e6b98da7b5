// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Estimates a model from the counts of its longest n-grams: by modified Kneser-Ney as KenLM's {@code lmplz} does (Heafield and
 * others, Scalable Modified Kneser-Ney Language Model Estimation, 2013), whose numbers it gives, or by another
 * {@link Smoothing}.
 *
 * <p>
 * The n-grams of the highest order come sorted in suffix order. One pass over them gives the counts of all orders: for
 * Kneser-Ney adjusted ones, of how many different words there are before an n-gram, or of how often it is there if it begins a
 * sentence; for the others plain ones. In context order each context's counts are added up to a denominator and to the weight
 * of its backoff; back in suffix order, where an n-gram follows the one it is interpolated with, probabilities are put together
 * from unigrams up.
 *
 * <p>
 * What is pruned counts as before, and its share goes to the backoff.
 */
final class Estimator {
    private static final long PRUNED = 1L << 62; // beside a count
    private static final long GONE = -1; // in place of a probability

    private final Workspace workspace;
    private final Vocabulary vocabulary;
    private final int order;
    private final int threads;
    private final Smoothing smoothing;
    private final boolean adjusted; // Kneser-Ney's counts
    private final Cutoffs cutoffs;
    private final EstimationProgress progress;
    private final Packing[] packings;
    private final long[] unigrams; // counts by id
    private final RowStore[] rows;
    private final RowStore[] contexts; // [order + 1]: of each order's n-grams the contexts, with their backoff weights
    private final long[][] countsOfCounts;
    private final long[] largest; // count of each order
    private final long[] pruned; // n-grams of each order
    private final Discounts[] discounts;

    Estimator(Workspace workspace, Vocabulary vocabulary, int order, int threads, Smoothing smoothing, Cutoffs cutoffs,
            EstimationProgress progress) {
        this.workspace = workspace;
        this.vocabulary = vocabulary;
        this.order = order;
        this.threads = threads;
        this.smoothing = smoothing;
        this.cutoffs = cutoffs;
        this.progress = progress;
        adjusted = smoothing instanceof Smoothing.KneserNey;
        packings = packings(order, Packing.bitsFor(vocabulary.size()));
        unigrams = new long[vocabulary.size()];
        rows = new RowStore[order + 1];
        contexts = new RowStore[order + 1];
        countsOfCounts = new long[order + 1][5];
        largest = new long[order + 1];
        pruned = new long[order + 1];
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

    /** Estimates a model from the counts of its longest n-grams, in suffix order. */
    NgramRows estimate(RowCursor counted) throws IOException {
        count(counted);
        counted.close();
        for (int n = 1; n <= order; n++) {
            discounts[n] = discounts(n);
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
        NgramRows model = interpolate();
        if (smoothing instanceof Smoothing.AddK || smoothing instanceof Smoothing.MaximumLikelihood) {
            BackoffWeights.renormalize(model, workspace);
        }
        if (pruned[1] == 0) {
            return model;
        }
        BitSet gone = new BitSet();
        for (int id = 0; id < unigrams.length; id++) {
            gone.set(id, (unigrams[id] & PRUNED) != 0);
        }
        return model.without(gone, workspace);
    }

    private Discounts discounts(int n) {
        long[] seen = countsOfCounts[n];
        return switch (smoothing) {
            case Smoothing.KneserNey(var fallback) -> {
                try {
                    yield Discounts.estimate(n, seen);
                } catch (IllegalArgumentException e) {
                    if (fallback == null) {
                        throw e;
                    }
                    yield fallback;
                }
            }
            case Smoothing.AbsoluteDiscounting(double fallback) -> {
                if (seen[1] == 0 || seen[2] == 0) {
                    if (Double.isNaN(fallback)) {
                        throw new IllegalArgumentException("no " + n + "-gram was seen "
                                + (seen[1] == 0 ? "once" : "twice")
                                + ", so its discount cannot be estimated from this text: give more text or a lower order,"
                                + " or take a fixed discount with --discount-fallback");
                    }
                    yield new Discounts((float) fallback, (float) fallback, (float) fallback);
                }
                float amount = (float) (seen[1] / (seen[1] + 2.0 * seen[2]));
                yield new Discounts(amount, amount, amount);
            }
            default -> new Discounts(0, 0, 0);
        };
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

    /** Counts of all orders, from those of the highest in suffix order. */
    private void count(RowCursor counted) throws IOException {
        for (int n = 2; n <= order; n++) {
            rows[n] = new RowStore(workspace, packings[n].longs + 1);
        }
        Packing full = packings[order];
        long[] last = new long[full.longs];
        long[] prefix = new long[full.longs];
        long[] counts = new long[order + 1];
        long[] seen = new long[order + 1]; // how often, not adjusted
        int open = 0; // the longest n-gram whose count is not complete
        long done = 0;
        while (counted.next()) {
            if ((++done & 0xFFFFF) == 0) {
                progress.update("sorting", done, 0);
            }
            long[] data = counted.data;
            int at = counted.at;
            int same = open == 0 ? 0 : full.common(last, 0, data, at);
            for (; open > same; open--) {
                long closed = adjusted ? counts[open] : seen[open];
                complete(open, last, prefix, closed, seen[open], closed);
            }
            long count = data[at + full.longs];
            for (int n = 1; n <= same; n++) {
                seen[n] += count;
            }
            if (same > 0) {
                counts[same]++;
            }
            while (open < order) {
                open++;
                seen[open] = count;
                if (open == order || full.get(data, at, open - 1) == Vocabulary.BEGIN) {
                    counts[open] = count;
                    break;
                }
                counts[open] = 1;
            }
            System.arraycopy(data, at, last, 0, full.longs);
        }
        for (; open > 0; open--) {
            // KenLM's counts of counts take the last n-grams of all as they are, not adjusted
            complete(open, last, prefix, adjusted ? counts[open] : seen[open], seen[open], seen[open]);
        }
        for (int n = 2; n <= order; n++) {
            rows[n].finish();
        }
    }

    private void complete(int n, long[] gram, long[] prefix, long count, long seen, long statistic)
            throws IOException {
        if (statistic < 5) {
            countsOfCounts[n][(int) statistic]++;
        }
        largest[n] = Math.max(largest[n], count);
        boolean prune = cutoffs.prunes(packings[n], gram, seen);
        if (prune) {
            pruned[n]++;
        }
        if (n == 1) {
            int id = packings[1].get(gram, 0, 0);
            unigrams[id] = prune ? count | PRUNED : count;
        } else {
            packings[n].copyPrefix(gram, 0, prefix, 0);
            rows[n].add(prefix, 0, prune ? count | PRUNED : count);
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
        int countBits = 66 - Long.numberOfLeadingZeros(largest[n]); // one more for what is pruned, one for the sign
        boolean fits = counted.isInMemory() && countBits + 64 - Long.numberOfLeadingZeros(count) <= 64
                && count * stride * 2 <= workspace.sortLongs() * share;
        Group group = new Group(n, fits ? countBits : 0);
        try (RowSorter sorter = new RowSorter(workspace, count, stride, false, fits ? share : share / 2);
                RowCursor in = counted.read()) {
            for (long index = 0; in.next(); index++) {
                int to = sorter.slot();
                long[] row = sorter.array();
                packing.toContext(in.data, in.at, row, to);
                long value = in.data[in.at + longs];
                value = (value & ~PRUNED) << 1 | value >>> 62;
                row[to + longs] = fits ? index << countBits | value : value;
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
        private final int countBits; // below the row's number; 0 if that is not there
        private final @Nullable RowSorter back;
        private final long[] prefix;
        private final long[] suffix;
        private long[] members = new long[1 << 10];
        private int used;

        Group(int n, int countBits) {
            this.n = n;
            this.countBits = countBits;
            packing = packings[n];
            longs = packing.longs;
            prefix = new long[longs];
            suffix = new long[longs];
            double share = 0.5 / Math.min(threads, order - 1);
            back = countBits > 0 ? null : new RowSorter(workspace, rows[n].count(), longs + 1, false, share);
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

        /** The count, doubled, and 1 if the n-gram is pruned. */
        private long value(int at) {
            long last = members[at + longs];
            return countBits > 0 ? last & (1L << countBits) - 1 : last;
        }

        void complete() throws IOException {
            int stride = longs + 1;
            Discounts discount = discounts[n];
            long total = 0;
            long dropped = 0;
            long types = 0;
            long kept = 0;
            long ones = 0;
            long twos = 0;
            for (int at = 0; at < used; at += stride) {
                long value = value(at);
                long count = value >>> 1;
                total += count;
                types++;
                if ((value & 1) != 0) {
                    dropped += count;
                } else {
                    kept++;
                    ones += count == 1 ? 1 : 0;
                    twos += count == 2 ? 1 : 0;
                }
            }
            double denominator = total;
            double added = 0; // to each count
            double free = 0; // what the backoff has
            switch (smoothing) {
                case Smoothing.KneserNey _ -> free = taken(discount, ones, twos, kept - ones - twos) + dropped;
                case Smoothing.AbsoluteDiscounting _ ->
                    free = taken(discount, ones, twos, kept - ones - twos) + dropped;
                case Smoothing.WittenBell _ -> {
                    denominator += types;
                    free = types + dropped;
                }
                case Smoothing.AddK(double k) -> {
                    denominator += k * words();
                    added = k;
                }
                case Smoothing.MaximumLikelihood _ -> {}
                case Smoothing.StupidBackoff _ -> {}
            }
            float gamma = (float) (free / denominator);
            if (kept > 0) {
                float weight = smoothing instanceof Smoothing.StupidBackoff(double factor) ? (float) factor : gamma;
                packings[n - 1].copyPrefix(members, 0, prefix, 0);
                contexts[n].add(prefix, 0, Float.floatToRawIntBits(weight));
            }
            for (int at = 0; at < used; at += stride) {
                long value = value(at);
                long count = value >>> 1;
                float left = (float) ((count - (double) discount.of(count) + added) / denominator);
                long payload = (value & 1) != 0 ? GONE : NgramRows.payload(left, gamma);
                if (back == null) {
                    rows[n].set(members[at + longs] >>> countBits, payload);
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
            try (back) {
                rows[n] = RowStore.of(workspace, longs + 1, back.sorted());
            }
        }
    }

    private NgramRows interpolate() throws IOException {
        int size = vocabulary.size();
        float[] probabilities = new float[size];
        float[] backoffs = new float[size];
        unigrams(probabilities);
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

    /** How many words there are to predict: <s> never is. */
    private double words() {
        return vocabulary.size() - 1.0 - pruned[1];
    }

    private static double taken(Discounts discount, long ones, long twos, long more) {
        return (double) discount.one() * ones + (double) discount.two() * twos + (double) discount.more() * more;
    }

    private void unigrams(float[] probabilities) {
        int size = vocabulary.size();
        double words = words();
        long total = 0;
        long types = 0;
        long dropped = 0;
        long[] n = new long[4];
        for (long each : unigrams) {
            long count = each & ~PRUNED;
            total += count;
            types += count > 0 ? 1 : 0;
            if ((each & PRUNED) != 0) {
                dropped += count;
            } else {
                n[(int) Math.min(count, 3)]++;
            }
        }
        Discounts discount = discounts[1];
        double denominator = total;
        double added = 0;
        double uniform = 0;
        double unknown = 0;
        switch (smoothing) {
            case Smoothing.KneserNey _ -> uniform = (taken(discount, n[1], n[2], n[3]) + dropped) / total / words;
            case Smoothing.AbsoluteDiscounting _ ->
                uniform = (taken(discount, n[1], n[2], n[3]) + dropped) / total / words;
            case Smoothing.WittenBell _ -> {
                denominator += types;
                uniform = (types + dropped) / denominator / words;
            }
            case Smoothing.AddK(double k) -> {
                denominator += k * words;
                added = k;
                unknown = dropped / denominator;
            }
            case Smoothing.MaximumLikelihood _ -> unknown = dropped / denominator;
            case Smoothing.StupidBackoff(double factor) -> unknown = Math.max((double) dropped, factor) / denominator;
        }
        for (int id = 0; id < size; id++) {
            long count = unigrams[id] & ~PRUNED;
            probabilities[id] = (float) ((count - (double) discount.of(count) + added) / denominator + uniform);
        }
        probabilities[Vocabulary.UNKNOWN] += (float) unknown;
    }

    private void interpolate(int n, float[] unigrams, long[][] extendsLeft) throws IOException {
        Packing packing = packings[n];
        Packing shorter = packings[n - 1];
        int longs = packing.longs;
        boolean inPlace = rows[n].isInMemory() && pruned[n] == 0;
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
            long done = 0;
            while (grams.next()) {
                if ((++done & 0xFFFFF) == 0) {
                    progress.update("estimating " + n + "-grams", done, rows[n].count());
                }
                long[] data = grams.data;
                int at = grams.at;
                if (data[at + longs] == GONE) {
                    continue;
                }
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
