// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The merges of a byte-pair encoding, and how they are applied: again and again the pair of the lowest rank, the
 * leftmost of equals, becomes one symbol (Sennrich, Haddow and Birch 2016, arXiv:1508.07909).
 */
final class Merges {
    private static final int NONE = Integer.MAX_VALUE;
    /** Symbols of a longer word that are merged at once; four times as many if those are too few, and so on. */
    private static final int STRETCH = 60;

    private final int[] left;
    private final int[] right;
    private final int[] result;
    private final int offset; // of all results from their ranks; -1 where that differs
    private final PairTable pairs;
    private final @Nullable Map<Long, Integer> wide; // instead, of ids or ranks too large for that

    /** Merge {@code r} makes {@code result[r]} of {@code left[r]} and {@code right[r]}; of a pair given twice the last counts. */
    Merges(int[] left, int[] right, int[] result) {
        this(left, right, result, largest(left, right));
        for (int r = 0; r < left.length; r++) {
            put(r);
        }
    }

    private static int largest(int[] left, int[] right) {
        int most = 0;
        for (int r = 0; r < left.length; r++) {
            most = Math.max(most, Math.max(left[r], right[r]));
        }
        return most;
    }

    /**
     * Merges none of which is there before it is {@link #put}.
     *
     * @param most
     *            the largest id
     */
    Merges(int[] left, int[] right, int[] result, int most) {
        this.left = left;
        this.right = right;
        this.result = result;
        offset = offset(result);
        boolean fits = Math.max(left.length, most) < PairTable.MOST;
        pairs = new PairTable(fits ? left.length : 0);
        wide = fits ? null : new HashMap<>();
    }

    /** Results mostly follow one another as the merges do, and then need not be fetched from memory. */
    private static int offset(int[] result) {
        int first = result.length == 0 ? -1 : result[0];
        for (int r = 0; r < result.length; r++) {
            if (result[r] - r != first) {
                return -1;
            }
        }
        return first;
    }

    void put(int rank) {
        int a = left[rank];
        int b = right[rank];
        if (wide != null) {
            wide.put((long) a << 32 | b, rank);
        } else {
            pairs.put(a, b, rank);
        }
    }

    int size() {
        return left.length;
    }

    /** Ranks by pair; not where ids or ranks are too large for it. */
    PairTable pairs() {
        return pairs;
    }

    /** What a merge makes. */
    int result(int rank) {
        return offset >= 0 ? offset + rank : result[rank];
    }

    int left(int rank) {
        return left[rank];
    }

    int right(int rank) {
        return right[rank];
    }

    /** The rank of a pair, {@link Integer#MAX_VALUE} if it is not merged. */
    int rank(int a, int b) {
        return wide == null ? pairs.get(a, b) : wide.getOrDefault((long) a << 32 | b, NONE);
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
        if (isShort(count)) {
            return applyShort(symbols, lengths, count, work);
        }
        int n = -1;
        for (int size = STRETCH; n < 0 && size < count / 2; size *= 4) {
            n = applyStretches(symbols, lengths, count, size, work);
        }
        return n < 0 ? applyLong(symbols, lengths, count, work) : n;
    }

    /**
     * Merges a word of any length in time linear in it, a stretch at a time. That is the same, for what merging leaves of a row
     * of symbols is just the row of tokens of which each two neighbours are what merging leaves of both: the first merge across
     * a border of such a row would have to be one within two neighbours. So a stretch gives all tokens but the last ones, which
     * what follows may change, and if the next, which begins where those end, begins with the same token as in the stretch before,
     * each two neighbours were neighbours in one of the stretches.
     *
     * @param size
     *            symbols of a stretch
     * @return how many are left, -1 if stretches have to be longer; then nothing has changed
     */
    private int applyStretches(int[] symbols, int @Nullable [] lengths, int count, int size, Work work) {
        IntBuilder tokens = new IntBuilder(count / 4);
        IntBuilder ends = new IntBuilder(count / 4); // in symbols
        int[] part = new int[size];
        int[] spans = new int[size];
        int at = 0;
        int begin = -1; // the token with which a stretch has to begin
        int before = 0; // where the last one began
        int n = 0;
        while (at < count) {
            int some = Math.min(size, count - at);
            boolean again = at > 0 && some == size
                    && Arrays.equals(symbols, at, at + size, symbols, before, before + size);
            if (!again) {
                System.arraycopy(symbols, at, part, 0, some);
                Arrays.fill(spans, 0, some, 1);
                n = isShort(some) ? applyShort(part, spans, some, work) : applyLong(part, spans, some, work);
            }
            before = at;
            if (begin >= 0 && part[0] != begin) {
                return -1;
            }
            int most = at + some == count ? count : at + some - size / 4;
            int i = 0;
            while (i < n && at + spans[i] <= most) {
                at += spans[i];
                tokens.add(part[i++]);
                ends.add(at);
            }
            if (i == 0) {
                return -1;
            }
            begin = i < n ? part[i] : -1;
        }
        n = tokens.size();
        before = 0;
        for (int i = 0; i < n; i++) {
            symbols[i] = tokens.get(i);
            int end = ends.get(i);
            if (lengths != null) {
                int length = 0;
                for (int k = before; k < end; k++) {
                    length += lengths[k];
                }
                lengths[i] = length;
            }
            before = end;
        }
        return n;
    }

    private int applyShort(int[] symbols, int @Nullable [] lengths, int count, Work work) {
        MergeBatch one = work.one;
        one.clear();
        one.add(symbols, 0, count, null);
        one.run(this);
        return one.read(0, symbols, 0, lengths);
    }

    /** Whether a word is short enough for a {@link MergeBatch}. */
    boolean isShort(int count) {
        return count <= MergeBatch.SYMBOLS && wide == null;
    }

    /** A linked list of symbols and a queue of pairs, for words of any length. */
    private int applyLong(int[] symbols, int @Nullable [] lengths, int count, Work work) {
        int[] next = new int[count];
        int[] previous = new int[count];
        RadixHeap heap = work.heap == null ? new RadixHeap() : work.heap;
        work.heap = heap;
        heap.clear();
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

    private void offer(RadixHeap heap, int a, int b, int at) {
        int rank = rank(a, b);
        if (rank != NONE) {
            heap.add((long) rank << 32 | at);
        }
    }

    /** What one thread needs beside the symbols. */
    static final class Work {
        final MergeBatch one = new MergeBatch(1);
        private @Nullable MergeBatch batch; // made by the first words that are merged together
        final int[] ranks = new int[MergeBatch.SYMBOLS]; // of a word's pairs
        final int[] symbols = new int[MergeBatch.SYMBOLS];
        private @Nullable RadixHeap heap; // made by the first long word

        MergeBatch batch() {
            MergeBatch there = batch == null ? new MergeBatch(MergeBatch.WORDS) : batch;
            batch = there;
            return there;
        }
    }
}
