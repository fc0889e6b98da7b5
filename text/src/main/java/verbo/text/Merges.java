// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The merges of a byte-pair encoding, and how they are applied: again and again the pair of the lowest rank, the
 * leftmost of equals, becomes one symbol (Sennrich, Haddow and Birch 2016, arXiv:1508.07909).
 */
final class Merges {
    private static final int NONE = Integer.MAX_VALUE;
    /** Up to here looking through all pairs for the lowest is quicker than keeping a heap. */
    private static final int SHORT = 48;

    private final int[] left;
    private final int[] right;
    private final int[] result;
    // open addressing; a key is left << 32 | right, -1 is an empty slot
    private final long[] keys;
    private final int[] ranks;
    private final int mask;

    /** Merge {@code r} makes {@code result[r]} of {@code left[r]} and {@code right[r]}; of a pair given twice the last counts. */
    Merges(int[] left, int[] right, int[] result) {
        this.left = left;
        this.right = right;
        this.result = result;
        int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, left.length)) << 2);
        keys = new long[capacity];
        ranks = new int[capacity];
        mask = capacity - 1;
        Arrays.fill(keys, -1);
        for (int r = 0; r < left.length; r++) {
            long key = ((long) left[r] << 32) | right[r];
            int slot = slot(key);
            while (keys[slot] != -1 && keys[slot] != key) {
                slot = (slot + 1) & mask;
            }
            keys[slot] = key;
            ranks[slot] = r;
        }
    }

    int size() {
        return left.length;
    }

    int left(int rank) {
        return left[rank];
    }

    int right(int rank) {
        return right[rank];
    }

    private int slot(long key) {
        long h = key * 0x9E3779B97F4A7C15L;
        return (int) (h >>> 32) & mask;
    }

    private int rank(int a, int b) {
        long key = ((long) a << 32) | b;
        int slot = slot(key);
        while (true) {
            long k = keys[slot];
            if (k == key) {
                return ranks[slot];
            }
            if (k == -1) {
                return NONE;
            }
            slot = (slot + 1) & mask;
        }
    }

    /**
     * Merges the symbols in place.
     *
     * @return how many are left
     */
    int apply(int[] symbols, int count, Work work) {
        return apply(symbols, null, count, work);
    }

    /**
     * Merges the symbols in place.
     *
     * @param lengths
     *            of what each stands for, added up as they merge; null for none
     * @return how many are left
     */
    int apply(int[] symbols, int @Nullable [] lengths, int count, Work work) {
        if (count < 2) {
            return count;
        }
        return count <= SHORT
                ? applyShort(symbols, lengths, count, work.ranks)
                : applyLong(symbols, lengths, count);
    }

    private int applyShort(int[] symbols, int @Nullable [] lengths, int count, int[] pairRanks) {
        int n = count;
        for (int i = 0; i + 1 < n; i++) {
            pairRanks[i] = rank(symbols[i], symbols[i + 1]);
        }
        while (n > 1) {
            int best = NONE;
            int at = -1;
            for (int i = 0; i + 1 < n; i++) {
                if (pairRanks[i] < best) {
                    best = pairRanks[i];
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            symbols[at] = result[best];
            for (int i = at + 1; i + 1 < n; i++) {
                symbols[i] = symbols[i + 1];
                pairRanks[i] = pairRanks[i + 1];
            }
            if (lengths != null) {
                lengths[at] += lengths[at + 1];
                System.arraycopy(lengths, at + 2, lengths, at + 1, n - at - 2);
            }
            n--;
            if (at > 0) {
                pairRanks[at - 1] = rank(symbols[at - 1], symbols[at]);
            }
            if (at + 1 < n) {
                pairRanks[at] = rank(symbols[at], symbols[at + 1]);
            }
        }
        return n;
    }

    /** A linked list of symbols and a heap of pairs, for words of any length in time n log n. */
    private int applyLong(int[] symbols, int @Nullable [] lengths, int count) {
        int[] next = new int[count];
        int[] previous = new int[count];
        LongHeap heap = new LongHeap(count);
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
            if (i + 1 < count) {
                offer(heap, symbols[i], symbols[i + 1], i);
            }
        }
        while (!heap.isEmpty()) {
            long top = heap.poll();
            int rank = (int) (top >>> 32);
            int at = (int) top;
            int other = symbols[at] < 0 ? count : next[at];
            if (other >= count || symbols[at] != left[rank] || symbols[other] != right[rank]) {
                continue; // one of the two was merged since
            }
            symbols[at] = result[rank];
            symbols[other] = -1;
            if (lengths != null) {
                lengths[at] += lengths[other];
            }
            int after = next[other];
            next[at] = after;
            if (after < count) {
                previous[after] = at;
                offer(heap, symbols[at], symbols[after], at);
            }
            if (previous[at] >= 0) {
                offer(heap, symbols[previous[at]], symbols[at], previous[at]);
            }
        }
        int n = 0;
        for (int i = 0; i < count; i = next[i]) {
            if (lengths != null) {
                lengths[n] = lengths[i];
            }
            symbols[n++] = symbols[i];
        }
        return n;
    }

    private void offer(LongHeap heap, int a, int b, int at) {
        int rank = rank(a, b);
        if (rank != NONE) {
            heap.add(((long) rank << 32) | at);
        }
    }

    /** What one thread needs beside the symbols. */
    static final class Work {
        private final int[] ranks = new int[SHORT];
    }
}
