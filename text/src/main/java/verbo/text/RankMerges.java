// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding without a list of merges, as OpenAI's tiktoken and SentencePiece do it: two neighbours may merge if what
 * they make is a token, and of all that may, that of the lowest rank goes first, the leftmost of equals.
 *
 * <p>
 * Each token can only come of the two parts that it comes of when it is encoded by itself, so that a list of merges gives the
 * same. It is made, which takes a while, when enough words were encoded to be worth it.
 */
final class RankMerges {
    private static final int NONE = Integer.MAX_VALUE;
    /** Words until a list of merges is worth its making. */
    private static final int ENOUGH = 1000;

    private final byte[] @Nullable [] strings;
    private final ByteStrings tokens;
    private final int[] ranks; // by id, from 0 up; negative for tokens that are not made of others
    private final boolean characters;
    private final boolean wholeFirst;
    private volatile boolean wholeAnyway; // whether merging makes of every token itself
    private int asked; // not exactly: several threads count
    private volatile @Nullable SymbolMerges merges;
    private volatile boolean inexpressible; // as a list of merges

    /** Of bytes, and a token's id is its rank; a word that is a token is that, however it would be merged. */
    RankMerges(byte[] @Nullable [] strings, int count) {
        this(strings, count, ids(count), false, true);
    }

    private static int[] ids(int count) {
        int[] ids = new int[count];
        Arrays.setAll(ids, i -> i);
        return ids;
    }

    /**
     * @param strings
     *            the tokens by id
     * @param ranks
     *            by id; negative for tokens that are not made of others
     * @param characters
     *            whether the smallest symbols are the characters of UTF-8 and not its bytes
     * @param wholeFirst
     *            whether a word that is a token is that, however it would be merged
     */
    RankMerges(byte[] @Nullable [] strings, int count, int[] ranks, boolean characters, boolean wholeFirst) {
        this.strings = strings;
        this.tokens = new ByteStrings(strings, count);
        this.ranks = ranks;
        this.characters = characters;
        this.wholeFirst = wholeFirst;
    }

    ByteStrings tokens() {
        return tokens;
    }

    /**
     * Writes the ids of bytes[from..to), -1 for a symbol that is no token.
     *
     * @return how many there are
     */
    int apply(byte[] bytes, int from, int to, int[] out, Merges.Work work) {
        if (wholeFirst && !wholeAnyway) {
            int whole = tokens.get(bytes, from, to);
            if (whole >= 0) {
                out[0] = whole;
                return 1;
            }
        }
        SymbolMerges list = merges;
        if (list == null && !inexpressible && ++asked > ENOUGH) {
            list = list();
        }
        return list == null ? apply(bytes, from, to, out, NONE) : list.apply(bytes, from, to, out, work);
    }

    private int rank(byte[] bytes, int from, int to, int below) {
        int id = tokens.get(bytes, from, to);
        return id < 0 || ranks[id] < 0 || ranks[id] >= below ? NONE : ranks[id];
    }

    /**
     * The same by looking at bytes.
     *
     * @param below
     *            only tokens of lower ranks are made
     */
    int apply(byte[] bytes, int from, int to, int[] out, int below) {
        int count = to - from;
        int[] next = new int[count]; // where the symbol that begins here ends; 0 if none begins here
        int[] previous = new int[count + 1];
        LongHeap heap = new LongHeap(16);
        for (int i = 0, before = -1; i < count;) {
            int end = i + (characters ? CharClass.at(bytes, from + i) >> 4 : 1);
            next[i] = end;
            previous[i] = before;
            before = i;
            i = end;
        }
        for (int i = 0; next[i] < count; i = next[i]) {
            offer(heap, bytes, from, i, next[next[i]], below);
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
            if (rank(bytes, from + at, from + end, below) != rank) {
                continue; // one of the two was merged since
            }
            next[at] = end;
            next[middle] = 0;
            if (end < count) {
                previous[end] = at;
                offer(heap, bytes, from, at, next[end], below);
            }
            if (previous[at] >= 0) {
                offer(heap, bytes, from, previous[at], end, below);
            }
        }
        int n = 0;
        for (int i = 0; i < count; i = next[i]) {
            out[n++] = tokens.get(bytes, from + i, from + next[i]);
        }
        return n;
    }

    private void offer(LongHeap heap, byte[] bytes, int base, int from, int to, int below) {
        int rank = rank(bytes, base + from, base + to, below);
        if (rank != NONE) {
            heap.add((long) rank << 32 | from);
        }
    }

    /** The merges that give the same, by rank; null if there is no such list. */
    private synchronized @Nullable SymbolMerges list() {
        if (merges != null || inexpressible) {
            return merges;
        }
        SymbolMerges made = make();
        inexpressible = made == null;
        merges = made;
        return made;
    }

    private @Nullable SymbolMerges make() {
        int size = ranks.length;
        // tokens in the order of their ranks; where several have the same, the leftmost pair goes first: no list says that
        long[] order = new long[size];
        int count = 0;
        int longest = 0;
        for (int id = 0; id < size; id++) {
            byte[] string = strings[id];
            if (string != null && string.length > 0 && ranks[id] >= 0 && tokens.get(string, 0, string.length) == id) {
                order[count++] = (long) ranks[id] << 32 | id;
                longest = Math.max(longest, string.length);
            }
        }
        Arrays.sort(order, 0, count);
        int[] left = new int[count];
        int[] right = new int[count];
        int[] result = new int[count];
        Arrays.fill(left, -1);
        for (int r = 0; r < count; r++) {
            result[r] = (int) order[r];
            if (r > 0 && order[r] >>> 32 == order[r - 1] >>> 32) {
                return null;
            }
        }
        Merges list = new Merges(left, right, result, size);
        Merges.Work work = new Merges.Work();
        int[] symbols = new int[longest];
        IntBuilder stuck = new IntBuilder(16);
        for (int r = 0; r < count; r++) {
            int n = parts(result[r], symbols, list, work);
            if (n < 0) {
                return null;
            }
            if (n == 2) {
                left[r] = symbols[0];
                right[r] = symbols[1];
                list.put(r);
            } else if (n > 2) {
                stuck.add(result[r]);
            }
        }
        // what did not come to two parts by tokens of lower ranks may yet by higher ones
        for (int i = 0; i < stuck.size(); i++) {
            if (parts(stuck.get(i), symbols, list, work) <= 2) {
                return null;
            }
        }
        wholeAnyway = stuck.size() == 0;
        return new SymbolMerges(list, tokens, characters, size);
    }

    /** The symbols that merging leaves of a token; -1 if one of its smallest is none. */
    private int parts(int id, int[] symbols, Merges list, Merges.Work work) {
        byte[] string = strings[id];
        if (string == null) {
            return 0;
        }
        int n = 0;
        for (int i = 0; i < string.length;) {
            int end = characters ? Math.min(string.length, i + (CharClass.at(string, i) >> 4)) : i + 1;
            symbols[n] = tokens.get(string, i, end);
            if (symbols[n++] < 0) {
                return -1;
            }
            i = end;
        }
        return list.apply(symbols, n, work);
    }
}
