// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Short words that are merged together, a merge in each by turns: the ranks that these ask for lie anywhere in a table too
 * large for the processor's nearer caches, and so many of them arrive in the time of one. Not for use by several threads.
 *
 * <p>
 * A word is a row of symbols linked by their places, counted from 1. Of each that may merge with the next, rank and place are
 * one number, so that finding the lowest takes no branches, nor do the ends of the word.
 */
final class MergeBatch {
    /** Words that are worth waiting for together. */
    static final int WORDS = 32;
    private static final int PLACE = 6; // bits
    /** Most symbols of a word, as an edge stands at both its ends. */
    static final int SYMBOLS = (1 << PLACE) - 2;
    private static final int NONE = PairTable.MOST << PLACE; // and all above
    private static final int EDGE = PairTable.MOST; // no symbol
    private static final int MASK = (1 << PLACE) - 1;

    private final int[] made; // rank << PLACE | place, or NONE
    private final int[] symbols;
    private final int[] next;
    private final int[] previous;
    private final int[] counts; // symbols at first
    private final int[] live;
    private final int[] owners; // whose ids they are
    private final int[] asked; // places whose rank is to be found
    private int asks;
    private int words;

    /** For so many words at most. */
    MergeBatch(int most) {
        made = new int[most << PLACE];
        symbols = new int[most << PLACE];
        next = new int[most << PLACE];
        previous = new int[most << PLACE];
        asked = new int[most << PLACE];
        counts = new int[most];
        live = new int[most];
        owners = new int[most];
        for (int word = 0; word < most; word++) {
            made[word << PLACE] = NONE;
            symbols[word << PLACE] = EDGE;
            next[word << PLACE] = (word << PLACE) + 1;
        }
    }

    void clear() {
        words = 0;
        asks = 0;
    }

    /** The next word that is added is one of those that {@link #finish} gives ids to. */
    void owner(int word) {
        owners[words] = word;
    }

    boolean isFull() {
        return words == counts.length;
    }

    /**
     * Adds a word.
     *
     * @param count
     *            of its symbols, {@link #SYMBOLS} at most
     * @param ranks
     *            of its pairs, {@link PairTable#NONE} for none; null if they are to be found
     */
    void add(int[] word, int from, int count, int @Nullable [] ranks) {
        int base = words << PLACE;
        counts[words++] = count;
        for (int i = 1; i <= count; i++) {
            symbols[base + i] = word[from + i - 1];
            next[base + i] = base + i + 1;
            previous[base + i] = base + i - 1;
        }
        symbols[base + count + 1] = EDGE;
        Arrays.fill(made, base + count, base + padded(count), NONE);
        if (ranks != null) {
            for (int i = 1; i < count; i++) {
                made[base + i] = placed(ranks[i - 1], i);
            }
        } else {
            for (int i = 1; i < count; i++) {
                asked[asks++] = base + i;
            }
        }
    }

    private static int padded(int count) {
        return count + 8 & -8; // room for the place behind the last
    }

    private static int placed(int rank, int place) {
        return Math.min(rank, PairTable.MOST) << PLACE | place;
    }

    /** Merges all words to the end. */
    void run(Merges merges) {
        PairTable pairs = merges.pairs();
        look(pairs);
        int alive = words;
        for (int word = 0; word < words; word++) {
            live[word] = word;
        }
        while (alive > 0) {
            asks = 0;
            for (int k = 0; k < alive;) {
                int base = live[k] << PLACE;
                int best = lowest(made, base, padded(counts[live[k]]));
                if (best >= NONE) {
                    live[k] = live[--alive];
                    continue;
                }
                k++;
                int place = base | best & MASK;
                int middle = next[place];
                int end = next[middle];
                symbols[place] = merges.result(best >>> PLACE);
                made[middle] = NONE;
                next[place] = end;
                previous[end] = place;
                asked[asks++] = place;
                asked[asks++] = previous[place];
            }
            look(pairs);
        }
    }

    /** Merges all words to the end, gives their owners among {@code to} the ids, and forgets them. */
    void finish(Merges merges, NewWords to) {
        run(merges);
        for (int word = 0; word < words; word++) {
            to.room(owners[word], SYMBOLS);
            to.wrote(owners[word], read(word, to.ids(), to.place(owners[word]), null));
        }
        clear();
    }

    private static int lowest(int[] made, int base, int padded) {
        int best = NONE;
        for (int i = base; i < base + padded; i += 8) {
            int a = Math.min(Math.min(made[i], made[i + 1]), Math.min(made[i + 2], made[i + 3]));
            int b = Math.min(Math.min(made[i + 4], made[i + 5]), Math.min(made[i + 6], made[i + 7]));
            best = Math.min(best, Math.min(a, b));
        }
        return best;
    }

    /** Finds the ranks that were asked for. */
    private void look(PairTable pairs) {
        for (int i = 0; i < asks; i++) {
            int place = asked[i];
            made[place] = pairs.find(symbols[place], symbols[next[place]]) << PLACE | place & MASK;
        }
    }

    /**
     * Writes what is left of a word.
     *
     * @param lengths
     *            of what each of its symbols stood for, added up as they have merged; null for none
     * @return how many symbols
     */
    int read(int word, int[] out, int at, int @Nullable [] lengths) {
        int base = word << PLACE;
        int end = base + counts[word];
        int n = 0;
        for (int i = base + 1; i <= end; i = next[i]) {
            if (lengths != null) {
                int length = 0;
                for (int k = i; k < next[i]; k++) {
                    length += lengths[k - base - 1];
                }
                lengths[n] = length;
            }
            out[at + n++] = symbols[i];
        }
        return n;
    }
}
