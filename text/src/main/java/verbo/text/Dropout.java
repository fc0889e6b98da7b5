// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Leaves out merges at random, so that a model sees a word in other tokens each time (Provilkov, Emelianenko and Voita 2020,
 * arXiv:1910.13267). Whenever the pair of the lowest rank is to be merged, it and each that comes next in its place is
 * passed over with the given probability; once one is merged, those passed over are back.
 */
final class Dropout {
    private final double share;
    private final SplittableRandom random;

    Dropout(double share, long seed) {
        this.share = share;
        random = new SplittableRandom(seed);
    }

    /**
     * Merges the symbols in place, as {@link Merges#apply}.
     *
     * @param lengths
     *            of what each stands for, added up as they merge
     * @return how many are left
     */
    int apply(Merges merges, int[] symbols, int[] lengths, int count) {
        int[] next = new int[count];
        int[] previous = new int[count];
        PriorityQueue<Long> queue = new PriorityQueue<>(); // rank, place
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) {
            offer(queue, merges, symbols[i], symbols[i + 1], i);
        }
        PriorityQueue<Long> passed = new PriorityQueue<>();
        while (!queue.isEmpty()) {
            long top = queue.remove();
            if (random.nextDouble() < share) {
                passed.add(top);
                continue;
            }
            queue.addAll(passed);
            passed.clear();
            int rank = (int) (top >>> 32);
            int at = (int) top;
            int other = symbols[at] < 0 ? count : next[at];
            if (other >= count || merges.rank(symbols[at], symbols[other]) != rank) {
                continue; // one of the two was merged since
            }
            symbols[at] = merges.result(rank);
            lengths[at] += lengths[other];
            symbols[other] = -1;
            next[at] = next[other];
            if (next[at] < count) {
                previous[next[at]] = at;
                offer(queue, merges, symbols[at], symbols[next[at]], at);
            }
            if (previous[at] >= 0) {
                offer(queue, merges, symbols[previous[at]], symbols[at], previous[at]);
            }
        }
        int n = 0;
        for (int i = 0; i < count; i = next[i]) {
            lengths[n] = lengths[i];
            symbols[n++] = symbols[i];
        }
        return n;
    }

    private static void offer(PriorityQueue<Long> queue, Merges merges, int a, int b, int at) {
        int rank = merges.rank(a, b);
        if (rank != Integer.MAX_VALUE) {
            queue.add((long) rank << 32 | at);
        }
    }
}
