// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.util.Arrays;

/**
 * The weights that make the probabilities after each context sum to 1 (Katz, 1987): what the n-grams of the context leave, by
 * what their words would have had without it, {@code (1 - sum p(w|h)) / (1 - sum p(w|h'))}.
 */
final class BackoffWeights {
    /** Less than this left of 1 is what rounding left. */
    private static final double NOTHING = 1e-6;

    private BackoffWeights() {}

    /** Works all of them out anew from the probabilities, unigrams first. */
    static void renormalize(NgramRows model, Workspace workspace) throws IOException {
        Arrays.fill(model.backoffs, NgramRows.NO_EXTENSION);
        for (int n = 2; n <= model.order; n++) {
            try (RowSorter byContext = byContext(model, n, workspace); RowCursor sorted = byContext.sorted()) {
                weigh(model, n, sorted, workspace);
            }
        }
    }

    /** N-grams in context order, each with its probability and that without its first word. */
    private static RowSorter byContext(NgramRows model, int n, Workspace workspace) throws IOException {
        Packing packing = model.packings[n];
        long[] key = new long[packing.longs];
        RowSorter sorter = new RowSorter(workspace, model.count(n), packing.longs + 1, false, 1);
        try (NgramRows.Suffixes grams = model.suffixes(n)) {
            while (grams.next()) {
                packing.toContext(grams.data(), grams.at(), key, 0);
                sorter.add(key, 0, NgramRows.payload(
                        (float) model.linear(NgramRows.probability(grams.payload())),
                        (float) model.linear(grams.shorterProbability())));
            }
        } catch (IOException | RuntimeException e) {
            sorter.close();
            throw e;
        }
        return sorter;
    }

    private static void weigh(NgramRows model, int n, RowCursor sorted, Workspace workspace) throws IOException {
        Packing packing = model.packings[n];
        Packing shorter = model.packings[n - 1];
        RowStore result = n == 2 ? null : new RowStore(workspace, shorter.longs + 1);
        long[] context = new long[packing.longs];
        boolean more = sorted.next();
        try (RowCursor before = n == 2 ? RowCursor.of(new long[0], 0, 1) : model.rows[n - 1].read()) {
            while (more) {
                System.arraycopy(sorted.data, sorted.at, context, 0, packing.longs);
                double seen = 0;
                double without = 0;
                while (more && packing.common(context, 0, sorted.data, sorted.at) >= n - 1) {
                    long payload = sorted.data[sorted.at + packing.longs];
                    seen += NgramRows.probability(payload);
                    without += NgramRows.backoff(payload);
                    more = sorted.next();
                }
                double left = 1 - seen;
                double leftWithout = 1 - without;
                float weight = model.kept(left < NOTHING ? 0 : leftWithout < NOTHING ? 1 : left / leftWithout);
                if (result == null) {
                    model.backoffs[shorter.get(context, 0, 0)] = weight;
                    continue;
                }
                shorter.copyPrefix(context, 0, context, 0);
                boolean found = false;
                while (!found) {
                    if (!before.next()) {
                        throw new IllegalStateException("a context that is no n-gram");
                    }
                    found = RowSort.compare(before.data, before.at, context, 0, shorter.longs) == 0;
                    add(result, before, shorter, found ? weight : NgramRows.NO_EXTENSION);
                }
            }
            if (result != null) {
                while (before.next()) {
                    add(result, before, shorter, NgramRows.NO_EXTENSION);
                }
            }
        }
        if (result != null) {
            result.finish();
            model.rows[n - 1].close();
            model.rows[n - 1] = result;
        }
    }

    private static void add(RowStore result, RowCursor row, Packing packing, float weight) throws IOException {
        long payload = row.data[row.at + packing.longs];
        result.add(row.data, row.at, NgramRows.payload(NgramRows.probability(payload), weight));
    }
}
