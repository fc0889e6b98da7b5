// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding without applying merges one by one: a row of tokens is what merging leaves of a word just where each token
 * is what merging leaves of itself, and each two neighbours what it leaves of both. So the longest token is taken that begins
 * what is left of the word; where it cannot follow the one before, a shorter one; where none can, the one before was wrong. A
 * place that was left so is not reached again, so that the time is linear, and nothing depends on the length of a word. (The
 * algorithm is that of GitHub's <a href="https://github.com/github/rust-gems/tree/main/crates/bpe">bpe</a>.)
 */
final class LongestTokens {
    /** Bytes of a word from which on this is much quicker than merging. */
    static final int WORTH = 200;
    /** Bytes of such words from which on it is worth the time that making it takes. */
    static final int ENOUGH = 1 << 16;
    private static final int NONE = -1;
    private static final int BASE_SHIFT = 9;
    private static final int TOKEN_SHIFT = 36;
    private static final int BASE_MASK = (1 << TOKEN_SHIFT - BASE_SHIFT) - 1;
    private static final int LABEL_MASK = (1 << BASE_SHIFT) - 1;

    private final int[] ids; // by number
    private final long[] parts; // left << 32 | right
    private final int[] ranks; // of the merge that makes it, -1 for the smallest
    private final int[] levels; // the highest rank of all merges that it takes
    private final int[] lengths;
    private final int[] shorter; // the longest token that begins a token
    private final PairTable pairs; // the ranks of merges
    // a double array: where the nodes below one lie, by their bytes; 1 + the byte that leads to it, the place to which bytes
    // are added (by exclusive or) for those below, and 1 + the number of the token that ends there
    private long[] nodes = new long[0];

    /**
     * @param numbers
     *            by id, those of the smallest symbols first; -1 for none
     * @param made
     *            the merge that makes an id, -1 for the smallest symbols
     */
    private LongestTokens(int[] numbers, int count, byte[] @Nullable [] strings, int[] made, Merges merges) {
        ids = new int[count];
        for (int id = 0; id < numbers.length; id++) {
            if (numbers[id] != NONE) {
                ids[numbers[id]] = id;
            }
        }
        parts = new long[count];
        ranks = new int[count];
        levels = new int[count];
        lengths = new int[count];
        pairs = new PairTable(count);
        byte[][] sorted = new byte[count][];
        Integer[] byLength = new Integer[count];
        for (int t = 0; t < count; t++) {
            int r = made[ids[t]];
            ranks[t] = r;
            sorted[t] = Objects.requireNonNull(strings[ids[t]]);
            lengths[t] = sorted[t].length;
            byLength[t] = t;
            if (r >= 0) {
                int left = numbers[merges.left(r)];
                int right = numbers[merges.right(r)];
                parts[t] = (long) left << 32 | right;
                pairs.put(left, right, r);
            }
        }
        Arrays.sort(byLength, (a, b) -> Integer.compare(lengths[a], lengths[b]));
        for (int t : byLength) {
            levels[t] = ranks[t] < 0
                    ? -1
                    : Math.max(ranks[t], Math.max(levels[(int) (parts[t] >>> 32)], levels[(int) parts[t]]));
        }
        shorter = new int[count];
        new Layout(sorted).lay();
    }

    /**
     * The same as merges do.
     *
     * @param strings
     *            the bytes of tokens by id, null where there is none
     * @param characters
     *            whether the smallest symbols are characters of UTF-8 and not bytes
     * @return null if there are too many
     */
    static @Nullable LongestTokens of(Merges merges, byte[] @Nullable [] strings, boolean characters) {
        if (Math.max(strings.length, merges.size()) >= PairTable.MOST) {
            return null;
        }
        int[] numbers = new int[strings.length];
        Arrays.fill(numbers, NONE);
        byte[] @Nullable [] single = new byte[strings.length][];
        int count = 0;
        int longest = 0;
        for (int id = 0; id < strings.length; id++) {
            byte[] string = strings[id];
            if (string != null && string.length > 0) {
                longest = Math.max(longest, string.length);
                if (string.length == (characters ? CharClass.at(string, 0) >> 4 : 1)) {
                    single[id] = string;
                }
            }
        }
        ByteStrings smallest = new ByteStrings(single, single.length);
        int[] made = new int[strings.length]; // the merge that makes an id
        Arrays.fill(made, NONE);
        for (int id = 0; id < single.length; id++) {
            byte[] string = single[id];
            numbers[id] = string != null && smallest.get(string, 0, string.length) == id ? count++ : NONE;
        }
        // a token is only ever made as it is when it stands alone
        int[] symbols = new int[longest];
        Merges.Work work = new Merges.Work();
        for (int r = 0; r < merges.size(); r++) {
            int id = merges.result(r);
            byte[] string = strings[id];
            if (string == null || numbers[id] != NONE || merges.left(r) < 0) {
                continue;
            }
            int n = 0;
            for (int i = 0; i < string.length && n >= 0;) {
                int end = characters ? i + (CharClass.at(string, i) >> 4) : i + 1;
                symbols[n] = smallest.get(string, i, end);
                n = symbols[n] < 0 ? -1 : n + 1;
                i = end;
            }
            if (n > 1 && merges.apply(symbols, n, work) == 1 && symbols[0] == id && merges.result(work.last) == id) {
                made[id] = work.last;
                numbers[id] = count++;
            }
        }
        return new LongestTokens(numbers, count, strings, made, merges);
    }

    /**
     * Whether merging leaves two tokens as they are: looks back from the last merge within either to the first for one across
     * the border that would have gone before. Merges go by levels: a lower rank comes after a higher one only where the higher
     * made what it takes, and then at once.
     */
    private boolean mayFollow(int left, int right) {
        int a = left;
        int b = right;
        int before = PairTable.NONE; // the rank from which on a merge across would have come too late
        while (pairs.get(a, b) >= before) {
            int levelA = levels[a];
            int levelB = levels[b];
            if (Math.max(levelA, levelB) < 0) {
                return true;
            }
            if (levelA > levelB) { // the left one was made last
                int rank = ranks[a];
                a = (int) parts[a];
                before = levels[a] == levelA ? rank : levelA;
            } else {
                int rank = ranks[b];
                long of = parts[b];
                b = (int) (of >>> 32);
                // of equals the left one goes first
                before = 1 + (levels[b] == levelB && levels[(int) of] < levelB ? rank : levelB);
            }
        }
        return false;
    }

    /** The number of the longest token that begins bytes[from..to), {@link #NONE} if none does. */
    private int longest(byte[] bytes, int from, int to) {
        long[] all = nodes;
        long node = all[0];
        int found = 0;
        for (int i = from; i < to; i++) {
            int b = bytes[i] & 0xFF;
            node = all[(int) (node >>> BASE_SHIFT) & BASE_MASK ^ b];
            if ((node & LABEL_MASK) != b + 1) {
                break;
            }
            int token = (int) (node >>> TOKEN_SHIFT);
            found = token == 0 ? found : token;
        }
        return found - 1;
    }

    /**
     * Writes the ids of bytes[from..to) to {@code out}, as many as there are bytes at most; -1 - i for a symbol that is
     * none, at the byte i of the word.
     *
     * @param characters
     *            whether a symbol is a character of UTF-8 and not a byte
     * @return how many there are
     */
    int apply(byte[] bytes, int from, int to, int[] out, boolean characters) {
        long[] wrong = new long[(to - from >> 6) + 1]; // a bit for each place from which there is no way on
        int n = 0;
        int first = 0; // behind the last symbol that is none
        int at = from;
        int token = longest(bytes, from, to);
        while (at < to) {
            if (token == NONE) {
                out[n++] = from - at - 1;
                first = n;
                at += characters ? CharClass.at(bytes, at) >> 4 : 1;
                token = longest(bytes, at, to);
                continue;
            }
            int end = at + lengths[token] - from;
            if ((wrong[end >> 6] >>> end & 1) == 0
                    && (n == first || mayFollow(out[n - 1], token))) {
                out[n++] = token;
                at = from + end;
                token = longest(bytes, at, to);
                continue;
            }
            token = shorter[token];
            if (token == NONE) { // the one before was wrong
                int here = at - from;
                wrong[here >> 6] |= 1L << here;
                token = out[--n];
                at -= lengths[token];
            }
        }
        for (int i = 0; i < n; i++) {
            out[i] = out[i] < 0 ? out[i] : ids[out[i]];
        }
        return n;
    }

    /** Lays the double array out. */
    private final class Layout {
        private static final int BLOCK = 256;
        private static final int OPEN = 16 * BLOCK; // how far back gaps are still filled
        private static final int TRIES = 100;

        private final byte[][] strings;
        private final int[] order;
        private final BitSet used = new BitSet();
        private final BitSet bases = new BitSet();
        private int end = BLOCK;
        private final int[] labels = new int[BLOCK];

        Layout(byte[][] strings) {
            this.strings = strings;
            order = sorted(strings);
        }

        /** The strings in the order of their bytes: by the first five, then those that have the same. */
        private static int[] sorted(byte[][] strings) {
            long[] keys = new long[strings.length];
            for (int t = 0; t < keys.length; t++) {
                long five = 0;
                for (int i = 0; i < 5; i++) {
                    five = five << 8 | (i < strings[t].length ? strings[t][i] & 0xFF : 0);
                }
                keys[t] = five << 24 ^ Long.MIN_VALUE | t;
            }
            Arrays.sort(keys);
            int[] order = new int[keys.length];
            for (int from = 0; from < keys.length;) {
                int to = from;
                while (to < keys.length && keys[to] >>> 24 == keys[from] >>> 24) {
                    order[to] = (int) keys[to] & (1 << 24) - 1;
                    to++;
                }
                if (to - from > 1) {
                    Integer[] same = new Integer[to - from];
                    Arrays.setAll(same, i -> 0);
                    for (int i = from; i < to; i++) {
                        same[i - from] = order[i];
                    }
                    Arrays.sort(same, (a, b) -> Arrays.compareUnsigned(strings[a], strings[b]));
                    for (int i = from; i < to; i++) {
                        order[i] = same[i - from];
                    }
                }
                from = to;
            }
            return order;
        }

        private void lay() {
            nodes = new long[Math.max(BLOCK, Integer.highestOneBit(strings.length) * 4)];
            used.set(0); // the root
            bases.set(0); // leads nowhere: for nodes with none below
            IntBuilder open = new IntBuilder(64); // what is below a node: from, to, depth, node, last token on the way
            add(open, 0, order.length, 0, 0, NONE);
            int[] begins = new int[BLOCK + 1];
            while (open.size() > 0) {
                int last = open.pop();
                int node = open.pop();
                int depth = open.pop();
                int to = open.pop();
                int from = open.pop();
                while (from < to && strings[order[from]].length == depth) {
                    int token = order[from++];
                    shorter[token] = last;
                    last = token;
                    nodes[node] |= token + 1L << TOKEN_SHIFT;
                }
                if (from == to) {
                    continue;
                }
                int count = 0;
                for (int i = from; i < to; i++) {
                    int label = strings[order[i]][depth] & 0xFF;
                    if (count == 0 || labels[count - 1] != label) {
                        begins[count] = i;
                        labels[count++] = label;
                    }
                }
                begins[count] = to;
                int base = base(count);
                nodes[node] |= (long) base << BASE_SHIFT;
                for (int k = count - 1; k >= 0; k--) {
                    nodes[base ^ labels[k]] = labels[k] + 1L;
                    add(open, begins[k], begins[k + 1], depth + 1, base ^ labels[k], last);
                }
            }
            nodes = Arrays.copyOf(nodes, end);
        }

        private static void add(IntBuilder open, int from, int to, int depth, int node, int last) {
            open.add(from);
            open.add(to);
            open.add(depth);
            open.add(node);
            open.add(last);
        }

        /** A place for the first so many labels. */
        private int base(int count) {
            int at = Math.max(0, end - OPEN);
            for (int t = 0; t < TRIES; t++) {
                at = used.nextClearBit(at);
                if (at >= end) {
                    break;
                }
                int base = at ^ labels[0];
                if (!bases.get(base) && fits(base, count)) {
                    return take(base, count);
                }
                at++;
            }
            end += BLOCK;
            if (end > nodes.length) {
                nodes = Arrays.copyOf(nodes, nodes.length * 2);
            }
            return take(end - BLOCK, count);
        }

        private boolean fits(int base, int count) {
            for (int k = 1; k < count; k++) {
                if (used.get(base ^ labels[k])) {
                    return false;
                }
            }
            return true;
        }

        private int take(int base, int count) {
            bases.set(base);
            for (int k = 0; k < count; k++) {
                used.set(base ^ labels[k]);
            }
            return base;
        }
    }
}
