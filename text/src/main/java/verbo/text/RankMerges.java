// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding without a list of merges, as OpenAI's tiktoken and SentencePiece do it: two neighbours may merge if what
 * they make is a token, and of all that may, that of the lowest rank goes first, the leftmost of equals.
 *
 * <p>
 * Each token can only come of the two parts that it comes of when it is encoded by itself, so that a list of merges gives the
 * same. It is made beside the encoding, which takes a while, when enough words were encoded to be worth it.
 */
final class RankMerges {
    private static final int NONE = Integer.MAX_VALUE;
    /** Bytes until a list of merges is worth its making. */
    private static final int ENOUGH = 32_000;

    private final byte[] @Nullable [] strings;
    private final ByteStrings tokens;
    private final int[] ranks; // by id, from 0 up; negative for tokens that are not made of others
    private final boolean characters;
    private final boolean wholeFirst;
    private volatile boolean wholeAnyway; // whether merging makes of every token itself
    private final Deferred<SymbolMerges> merges = new Deferred<>(ENOUGH, this::makeIfItCan);

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

    /** Finds the ids of several words, as the other does of one. */
    void apply(byte[] bytes, NewWords words, PretokenEncoder.Work work) {
        SymbolMerges list = list(words.end(words.size() - 1) - words.start(0));
        if (list != null) {
            list.apply(bytes, words, wholeFirst || wholeAnyway ? tokens : null, work);
            return;
        }
        for (int w = 0; w < words.size(); w++) {
            work.ensure(words.end(w) - words.start(w));
            words.put(w, work.word, apply(bytes, words.start(w), words.end(w), work.word, work.merges));
        }
    }

    /**
     * Writes the ids of bytes[from..to), a negative number for a symbol that is no token.
     *
     * @return how many there are
     */
    int apply(byte[] bytes, int from, int to, int[] out, Merges.Work work) {
        if (wholeFirst || wholeAnyway) {
            int whole = tokens.get(bytes, from, to);
            if (whole >= 0) {
                out[0] = whole;
                return 1;
            }
        }
        SymbolMerges list = list(to - from);
        if (list != null) {
            return list.apply(bytes, from, to, out, work);
        }
        return to - from < MergeBatch.SYMBOLS
                ? applyShort(bytes, from, to, out, work)
                : apply(bytes, from, to, out, NONE);
    }

    /** The same of a few bytes, by looking for the lowest rank anew for each merge. */
    private int applyShort(byte[] bytes, int from, int to, int[] out, Merges.Work work) {
        int[] starts = work.symbols;
        int[] ranks = work.ranks; // of a symbol and the next
        int count = 0;
        for (int i = from; i < to; i += characters ? CharClass.at(bytes, i) >> 4 : 1) {
            starts[count++] = i;
        }
        starts[count] = to;
        for (int i = 0; i < count - 1; i++) {
            ranks[i] = rank(bytes, starts[i], starts[i + 2], NONE);
        }
        while (count > 1) {
            int best = 0;
            for (int i = 1; i < count - 1; i++) {
                best = ranks[i] < ranks[best] ? i : best;
            }
            if (ranks[best] == NONE) {
                break;
            }
            count--;
            System.arraycopy(starts, best + 2, starts, best + 1, count - best);
            System.arraycopy(ranks, best + 1, ranks, best, count - 1 - best);
            if (best < count - 1) {
                ranks[best] = rank(bytes, starts[best], starts[best + 2], NONE);
            }
            if (best > 0) {
                ranks[best - 1] = rank(bytes, starts[best - 1], starts[best + 1], NONE);
            }
        }
        for (int i = 0; i < count; i++) {
            out[i] = tokens.get(bytes, starts[i], starts[i + 1]);
        }
        return count;
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
        int[] next = new int[to - from]; // where the symbol that begins here ends; 0 if none begins here
        merge(bytes, from, next, below);
        int n = 0;
        for (int i = 0; i < next.length; i = next[i]) {
            out[n++] = tokens.get(bytes, from + i, from + next[i]);
        }
        return n;
    }

    /** Merges; returns where the two met that merged last, 0 if none did. */
    private int merge(byte[] bytes, int from, int[] next, int below) {
        int last = 0;
        int count = next.length;
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
            last = middle;
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
        return last;
    }

    private void offer(LongHeap heap, byte[] bytes, int base, int from, int to, int below) {
        int rank = rank(bytes, base + from, base + to, below);
        if (rank != NONE) {
            heap.add((long) rank << 32 | from);
        }
    }

    /** The list of merges, if there is one by now; words of so many bytes that it is worth it wait. */
    private @Nullable SymbolMerges list(int bytes) {
        return bytes >= ENOUGH ? merges.get() : merges.meanwhile(bytes);
    }

    /** Makes the list of merges now; false if there is no such list. */
    boolean prepare() {
        return merges.get() != null;
    }

    private @Nullable SymbolMerges makeIfItCan() {
        try {
            return make();
        } catch (IllegalArgumentException e) {
            return null; // the pairs collide, as only those do that were made to
        }
    }

    /** The merges that give the same, by rank; null if there is no such list. */
    private @Nullable SymbolMerges make() {
        int size = ranks.length;
        if (size >= PairTable.MOST) {
            return null;
        }
        // tokens in the order of their ranks, of those that have the same the longer first
        long[] order = new long[size];
        int count = 0;
        int longest = 0;
        for (int id = 0; id < size; id++) {
            byte[] string = strings[id];
            if (string != null && string.length > symbol(string) && ranks[id] >= 0
                    && tokens.get(string, 0, string.length) == id) {
                order[count++] = (long) ranks[id] << 42
                        | (long) (PairTable.MOST - Math.min(string.length, PairTable.MOST)) << 21 | id;
                longest = Math.max(longest, string.length);
            }
        }
        Arrays.sort(order, 0, count);
        int[] left = new int[count];
        int[] right = new int[count];
        int[] result = new int[count];
        Arrays.fill(left, -1);
        for (int r = 0; r < count; r++) {
            result[r] = (int) order[r] & PairTable.MOST;
        }
        Merges list = new Merges(left, right, result, size);
        Merges.Work work = new Merges.Work();
        int[] symbols = new int[Math.max(2, longest)];
        IntBuilder stuck = new IntBuilder(16);
        int[] counts = new int[MergeBatch.WORDS];
        for (int first = 0; first < count; first += counts.length) {
            int some = Math.min(counts.length, count - first);
            MergeBatch batch = work.batch();
            batch.clear();
            for (int i = 0; i < some; i++) {
                int n = symbols(result[first + i], symbols);
                if (n < 0) {
                    return null;
                }
                counts[i] = list.isShort(n) ? n : 0;
                batch.add(symbols, 0, counts[i], null);
            }
            batch.run(list);
            for (int i = 0; i < some; i++) {
                counts[i] = batch.read(i, symbols, 0, null);
                left[first + i] = counts[i] == 2 ? symbols[0] : -1;
                right[first + i] = symbols[1];
            }
            for (int i = 0; i < some; i++) {
                int r = first + i;
                int n = counts[i];
                if (n != 2) { // it is too long for a batch, or made of one of those before it there
                    n = parts(result[r], symbols, list, work);
                    left[r] = n == 2 ? symbols[0] : -1;
                    right[r] = symbols[1];
                }
                if (n == 2) {
                    list.put(r);
                } else if (n > 2) {
                    stuck.add(result[r]);
                }
            }
        }
        // what did not come to two parts by tokens of lower ranks may yet by higher ones
        for (int i = 0; i < stuck.size(); i++) {
            if (parts(stuck.get(i), symbols, list, work) <= 2) {
                list = anyOrder(left, right, result);
                break;
            }
        }
        if (!inOrder(left, result) && !likeInOrder(list, left, result, work)) {
            return null;
        }
        wholeAnyway = Arrays.stream(left).allMatch(id -> id >= 0);
        return new SymbolMerges(list, tokens, characters, size);
    }

    /** Whether no two tokens that are made have the same rank: of those the leftmost goes first, which no list says. */
    private boolean inOrder(int[] left, int[] result) {
        int before = -1;
        for (int r = 0; r < result.length; r++) {
            if (left[r] >= 0) {
                if (ranks[result[r]] == before) {
                    return false;
                }
                before = ranks[result[r]];
            }
        }
        return true;
    }

    /**
     * Whether the list gives the same although some have the same rank, as Llama 2's runs of spaces have: if they are
     * repetitions of one symbol, and there are no others, only the length of a run counts.
     */
    private boolean likeInOrder(Merges list, int[] left, int[] result, Merges.Work work) {
        byte[] symbol = {}; // none yet
        int longest = 0;
        int rank = -1; // of all such repetitions
        for (int r = 1; r < result.length; r++) {
            if (left[r] >= 0 && left[r - 1] >= 0 && ranks[result[r]] == ranks[result[r - 1]]) {
                byte[] string = Objects.requireNonNull(strings[result[r]]);
                byte[] one = Arrays.copyOf(string, symbol(string));
                if ((symbol.length > 0 && !Arrays.equals(symbol, one)) || (rank >= 0 && rank != ranks[result[r]])) {
                    return false;
                }
                symbol = one;
                rank = ranks[result[r]];
            }
        }
        for (int r = 0; r < result.length; r++) {
            byte[] string = Objects.requireNonNull(strings[result[r]]);
            boolean repeats = symbol.length > 0 && string.length % symbol.length == 0;
            for (int i = 0; repeats && i < string.length; i++) {
                repeats = string[i] == symbol[i % symbol.length];
            }
            if (left[r] >= 0 && repeats != (ranks[result[r]] == rank)) {
                return false;
            }
            longest = repeats ? Math.max(longest, string.length / symbol.length) : longest;
        }
        for (int n = 1; n <= 4 * longest; n++) {
            byte[] run = new byte[n * symbol.length + PretokenEncoder.PADDING];
            for (int i = 0; i < n * symbol.length; i++) {
                run[i] = symbol[i % symbol.length];
            }
            int[] symbols = new int[n * symbol.length];
            Arrays.fill(symbols, tokens.get(symbol, 0, symbol.length));
            int[] exact = new int[n * symbol.length];
            int count = list.apply(symbols, n, work);
            if (!Arrays.equals(symbols, 0, count, exact, 0, apply(run, 0, n * symbol.length, exact, NONE))) {
                return false;
            }
        }
        return true;
    }

    /** The merges that make tokens of these ids by rank, where a token may be made before one of a lower rank. */
    private Merges anyOrder(int[] left, int[] right, int[] result) {
        Arrays.fill(left, -1);
        Merges list = new Merges(left, right, result, ranks.length);
        for (int r = 0; r < result.length; r++) {
            byte[] string = Objects.requireNonNull(strings[result[r]]);
            int[] next = new int[string.length];
            int middle = merge(string, 0, next, NONE);
            if (next[0] == string.length) {
                left[r] = tokens.get(string, 0, middle);
                right[r] = tokens.get(string, middle, string.length);
                list.put(r);
            }
        }
        return list;
    }

    /** Bytes of the first symbol of a string. */
    private int symbol(byte[] string) {
        return characters && string.length > 0 ? CharClass.at(string, 0) >> 4 : 1;
    }

    /** What merging leaves of a token; -1 if one of its smallest symbols is none. */
    private int parts(int id, int[] symbols, Merges list, Merges.Work work) {
        int n = symbols(id, symbols);
        return n < 0 ? n : list.apply(symbols, n, work);
    }

    /** The symbols that a token begins as; -1 if one of them is none. */
    private int symbols(int id, int[] symbols) {
        byte[] string = strings[id];
        if (string == null) {
            return 0;
        }
        int n = 0;
        for (int i = 0; i < string.length;) {
            int end = characters ? Math.min(string.length, i + (CharClass.at(string, i) >> 4)) : i + 1;
            symbols[n] = end == i + 1 ? tokens.one(string[i]) : tokens.get(string, i, end);
            if (symbols[n++] < 0) {
                return -1;
            }
            i = end;
        }
        return n;
    }
}
