// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * Byte-pair encoding without a list of merges, as OpenAI's tiktoken does it: two neighbours may merge if what they make is
 * a token, and of all that may, that of the lowest id goes first, the leftmost of equals.
 */
final class RankMerges {
    private static final int NONE = Integer.MAX_VALUE;
    private static final int SHORT = 48;

    private final ByteStrings tokens;

    RankMerges(ByteStrings tokens) {
        this.tokens = tokens;
    }

    /** What one thread needs. */
    static final class Work {
        private final int[] starts = new int[SHORT + 1];
        private final int[] ranks = new int[SHORT + 1];
    }

    /**
     * Writes the ids of a word's tokens.
     *
     * @param below
     *            only tokens of lower ids are made
     * @return how many there are; or, as -1 - i, that the byte i is no token
     */
    int apply(byte[] bytes, int count, int[] out, int below, Work work) {
        if (count > 1 && below == NONE) {
            int whole = tokens.get(bytes, 0, count);
            if (whole >= 0) {
                out[0] = whole;
                return 1;
            }
        }
        return count <= SHORT ? applyShort(bytes, count, out, below, work) : applyLong(bytes, count, out, below);
    }

    int apply(byte[] bytes, int count, int[] out, Work work) {
        return apply(bytes, count, out, NONE, work);
    }

    private int rank(byte[] bytes, int from, int to, int below) {
        int id = tokens.get(bytes, from, to);
        return id < 0 || id >= below ? NONE : id;
    }

    private int applyShort(byte[] bytes, int count, int[] out, int below, Work work) {
        int[] starts = work.starts;
        int[] ranks = work.ranks;
        int n = count;
        for (int i = 0; i <= n; i++) {
            starts[i] = i;
            ranks[i] = i + 2 <= n ? rank(bytes, i, i + 2, below) : NONE;
        }
        while (n > 1) {
            int best = NONE;
            int at = -1;
            for (int i = 0; i + 1 < n; i++) {
                if (ranks[i] < best) {
                    best = ranks[i];
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            for (int i = at + 1; i < n; i++) {
                starts[i] = starts[i + 1];
                ranks[i] = ranks[i + 1];
            }
            n--;
            ranks[at] = at + 1 < n ? rank(bytes, starts[at], starts[at + 2], below) : NONE;
            if (at > 0) {
                ranks[at - 1] = rank(bytes, starts[at - 1], starts[at + 1], below);
            }
        }
        for (int i = 0; i < n; i++) {
            int id = tokens.get(bytes, starts[i], starts[i + 1]);
            if (id < 0) {
                return -1 - starts[i];
            }
            out[i] = id;
        }
        return n;
    }

    private int applyLong(byte[] bytes, int count, int[] out, int below) {
        int[] next = new int[count]; // where the part that begins here ends; 0 if none begins here
        int[] previous = new int[count + 1];
        LongHeap heap = new LongHeap(count);
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) {
            offer(heap, bytes, i, i + 2, below);
        }
        while (!heap.isEmpty()) {
            long top = heap.poll();
            int rank = (int) (top >>> 32);
            int at = (int) top;
            int middle = next[at];
            if (middle == 0 || middle >= count) {
                continue;
            }
            int end = next[middle];
            if (rank(bytes, at, end, below) != rank) {
                continue; // one of the two was merged since
            }
            next[at] = end;
            next[middle] = 0;
            previous[end] = at;
            if (end < count) {
                offer(heap, bytes, at, next[end], below);
            }
            if (previous[at] >= 0) {
                offer(heap, bytes, previous[at], end, below);
            }
        }
        int n = 0;
        for (int i = 0; i < count; i = next[i]) {
            int id = tokens.get(bytes, i, next[i]);
            if (id < 0) {
                return -1 - i;
            }
            out[n++] = id;
        }
        return n;
    }

    private void offer(LongHeap heap, byte[] bytes, int from, int to, int below) {
        int rank = rank(bytes, from, to, below);
        if (rank != NONE) {
            heap.add((long) rank << 32 | from);
        }
    }
}
