// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Leaves out n-grams that a backoff model does nearly as well without: Stolcke, Entropy-based Pruning of Backoff Language
 * Models (1998), as SRILM's {@code -prune} does it.
 *
 * <p>
 * Without the n-gram hw, w has the probability {@code b'(h) p(w|h')}, where the backoff weight b' is higher than b, for the
 * n-gram's own probability goes to it. What that costs in relative entropy is
 *
 * <pre>
 * D = -p(h) (p(w|h) (log p(w|h') + log b'(h) - log p(w|h)) + (log b'(h) - log b(h)) (1 - sum p(v|h)))
 * </pre>
 *
 * with the sum over the words v seen after h and p(h) from the model itself. An n-gram goes if {@code exp(D) - 1}, by which the
 * perplexity rises, is below the threshold; the longest are asked first, and one stays that a longer one begins or ends with.
 * Each is judged as if it went alone; then the backoff weights are worked out anew.
 */
final class EntropyPruning {
    private final NgramRows model;
    private final double threshold;
    private final Workspace workspace;
    private final NgramModel original;

    private EntropyPruning(NgramRows model, double threshold, Workspace workspace, NgramModel original) {
        this.model = model;
        this.threshold = threshold;
        this.workspace = workspace;
        this.original = original;
    }

    static void prune(NgramRows model, double threshold, Workspace workspace, int threads) throws IOException {
        if (!(threshold >= 0 && threshold < 1)) {
            throw new IllegalArgumentException("a threshold of " + threshold + ": it must be 0 to 1, such as 1e-8");
        }
        if (model.order == 1) {
            return;
        }
        Path file = workspace.file(); // the model as it is now, for the probabilities of contexts
        FastModel.write(model, file, null, workspace, threads);
        try (NgramModel original = NgramModel.open(file)) {
            EntropyPruning pruning = new EntropyPruning(model, threshold, workspace, original);
            BitSet needed = new BitSet();
            for (int n = model.order; n >= 2; n--) {
                needed = pruning.prune(n, needed);
            }
        } finally {
            Files.deleteIfExists(file);
        }
        model.markExtensions();
        BackoffWeights.renormalize(model, workspace);
    }

    /**
     * Prunes an order.
     *
     * @param needed
     *            the n-grams of this order that longer ones begin or end with
     * @return the same of the order before
     */
    private BitSet prune(int n, BitSet needed) throws IOException {
        Packing packing = model.packings[n];
        BitSet neededBefore = new BitSet();
        try (RowSorter pruned = new RowSorter(workspace, model.count(n), packing.longs + 1, false, 0.5)) {
            judge(n, needed, neededBefore, pruned);
            RowStore kept = new RowStore(workspace, packing.longs + 1);
            try (RowCursor gone = pruned.sorted(); NgramRows.Suffixes all = model.suffixes(n)) {
                boolean more = gone.next();
                while (all.next()) {
                    if (more && RowSort.compare(gone.data, gone.at, all.data(), all.at(), packing.longs) == 0) {
                        more = gone.next();
                    } else {
                        kept.add(all.data(), all.at(), all.payload());
                        neededBefore.set(Math.toIntExact(all.shorterIndex()));
                    }
                }
            }
            kept.finish();
            model.rows[n].close();
            model.rows[n] = kept;
        }
        return neededBefore;
    }

    /** Goes through the contexts, and notes those that have an n-gram left. */
    private void judge(int n, BitSet needed, BitSet neededBefore, RowSorter pruned) throws IOException {
        Packing packing = model.packings[n];
        Packing shorter = model.packings[n - 1];
        long[] key = new long[packing.longs];
        try (RowSorter byContext = new RowSorter(workspace, model.count(n), packing.longs + 1, false, 0.5)) {
            try (NgramRows.Suffixes grams = model.suffixes(n)) {
                for (int index = 0; grams.next(); index++) {
                    packing.toContext(grams.data(), grams.at(), key, 0);
                    float probability = model.log10(NgramRows.probability(grams.payload()));
                    // the sign, which says nothing in a logarithm below 0, says whether it is needed
                    byContext.add(key, 0,
                            NgramRows.payload(needed.get(index) ? Math.abs(probability) : -Math.abs(probability),
                                    model.log10(grams.shorterProbability())));
                }
            }
            try (RowCursor sorted = byContext.sorted();
                    RowCursor before = n == 2 ? RowCursor.of(key, 0, 1) : model.rows[n - 1].read()) {
                Context context = new Context(packing, pruned);
                int at = -1;
                boolean more = sorted.next();
                while (more) {
                    context.begin(sorted);
                    while (more && context.has(sorted)) {
                        context.add(sorted);
                        more = sorted.next();
                    }
                    boolean any = context.judge();
                    if (n > 2) {
                        shorter.copyPrefix(context.first, 0, key, 0);
                        do {
                            if (!before.next()) {
                                throw new IllegalStateException("a context that is no n-gram");
                            }
                            at++;
                        } while (RowSort.compare(before.data, before.at, key, 0, shorter.longs) != 0);
                        neededBefore.set(at, any);
                    }
                }
            }
        }
    }

    /** The n-grams of a context. */
    private final class Context {
        private final Packing packing;
        private final RowSorter pruned;
        private final long[] first;
        private final long[] suffix;
        private long[] members = new long[1 << 10];
        private int used;
        private History history = original.emptyHistory();
        private History next = original.emptyHistory();

        Context(Packing packing, RowSorter pruned) {
            this.packing = packing;
            this.pruned = pruned;
            first = new long[packing.longs];
            suffix = new long[packing.longs];
        }

        void begin(RowCursor row) {
            System.arraycopy(row.data, row.at, first, 0, packing.longs);
            used = 0;
        }

        boolean has(RowCursor row) {
            return packing.common(first, 0, row.data, row.at) >= packing.order - 1;
        }

        void add(RowCursor row) {
            int stride = packing.longs + 1;
            if (used + stride > members.length) {
                members = Arrays.copyOf(members, members.length * 2);
            }
            System.arraycopy(row.data, row.at, members, used, stride);
            used += stride;
        }

        /** The natural logarithm of the probability of the context itself, that of {@code <s>} being {@code </s>}'s. */
        private double contextProbability() {
            double sum = 0;
            history.length = 0;
            for (int field = packing.order - 2; field >= 0; field--) {
                int word = packing.get(first, 0, field);
                boolean begin = word == Vocabulary.BEGIN;
                double score = original.score(history, begin ? Vocabulary.END : word, next);
                sum += score * NgramModel.LN_10;
                if (begin) {
                    original.begin(history);
                } else {
                    History swap = history;
                    history = next;
                    next = swap;
                }
            }
            return sum;
        }

        /** Gives away what is not worth keeping; whether anything is kept. */
        boolean judge() throws IOException {
            int stride = packing.longs + 1;
            double seen = 0;
            double without = 0;
            for (int at = 0; at < used; at += stride) {
                long payload = members[at + packing.longs];
                seen += Math.pow(10, -Math.abs(NgramRows.probability(payload)));
                without += Math.pow(10, NgramRows.backoff(payload));
            }
            double left = Math.max(1e-7, 1 - seen);
            double leftWithout = Math.max(1e-7, 1 - without);
            double weight = Math.log(left) - Math.log(leftWithout);
            double context = Math.exp(contextProbability());
            boolean any = false;
            for (int at = 0; at < used; at += stride) {
                long payload = members[at + packing.longs];
                float marked = NgramRows.probability(payload);
                double log = -Math.abs(marked) * NgramModel.LN_10;
                double probability = Math.exp(log);
                double logShorter = NgramRows.backoff(payload) * NgramModel.LN_10;
                double raised = Math.log(left + probability) - Math.log(leftWithout + Math.exp(logShorter));
                double loss = -context * (probability * (logShorter + raised - log) + left * (raised - weight));
                boolean needed = Float.floatToRawIntBits(marked) >= 0;
                if (!needed && Math.expm1(loss) < threshold) {
                    packing.toSuffix(members, at, suffix, 0);
                    pruned.add(suffix, 0, 0);
                } else {
                    any = true;
                }
            }
            return any;
        }
    }
}
