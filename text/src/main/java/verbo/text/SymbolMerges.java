// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Merges over UTF-8, its bytes or characters being the symbols to begin with. Of bytes, most characters can be put together
 * at once: where no merge that takes some of a character's bytes elsewhere goes before those that make it.
 */
final class SymbolMerges {
    private static final int PLANE = 1 << 16;
    private static final int LATER = -2;

    private final Merges merges;
    private final ByteStrings tokens;
    private final boolean characters;
    private final int unknown;
    private final int[] asLeft; // by id, the lowest rank of a merge in which it is the left symbol
    private final int[] asRight;
    private final int[] pairs; // by two bytes of ASCII, the rank
    private final int[] starts; // by character: 0 not known yet, LATER if it begins as bytes, else its id + 1

    /**
     * @param size
     *            one more than the highest id
     */
    SymbolMerges(Merges merges, ByteStrings tokens, boolean characters, int size) {
        this.merges = merges;
        this.tokens = tokens;
        this.characters = characters;
        unknown = size;
        asLeft = new int[characters ? 0 : size];
        asRight = new int[characters ? 0 : size];
        starts = new int[PLANE];
        Arrays.fill(asLeft, Integer.MAX_VALUE);
        Arrays.fill(asRight, Integer.MAX_VALUE);
        pairs = new int[1 << 14];
        for (int pair = 0; pair < pairs.length; pair++) {
            pairs[pair] = merges.rank(known(tokens.one((byte) (pair >> 7))), known(tokens.one((byte) (pair & 127))));
        }
        for (int r = merges.size() - 1; r >= 0 && !characters; r--) {
            if (merges.left(r) >= 0) {
                asLeft[merges.left(r)] = r;
                asRight[merges.right(r)] = r;
            }
        }
    }

    /**
     * Writes the ids of bytes[from..to), -1 for a symbol that is no token.
     *
     * @return how many there are
     */
    int apply(byte[] bytes, int from, int to, int[] out, Merges.Work work) {
        if (merges.isShort(to - from)) {
            work.one.clear();
            join(bytes, from, to, work, work.one);
            work.one.run(merges);
            return cleared(out, 0, work.one.read(0, out, 0, null));
        }
        return cleared(out, 0, merges.apply(out, symbols(bytes, from, to, out), work));
    }

    /**
     * Finds the ids of several words, as the other does of one.
     *
     * @param whole
     *            words that are not merged, null if all are
     */
    void apply(byte[] bytes, NewWords words, @Nullable ByteStrings whole, PretokenEncoder.Work work) {
        long fetched = 0;
        for (int w = 0; w < words.size() && whole != null; w++) {
            fetched ^= whole.fetch(bytes, words.start(w), words.end(w));
        }
        work.fetched = fetched;
        MergeBatch batch = work.merges.batch();
        batch.clear();
        for (int w = 0; w < words.size(); w++) {
            int from = words.start(w);
            int to = words.end(w);
            int id = whole == null ? -1 : whole.get(bytes, from, to);
            if (id >= 0) {
                work.word[0] = id;
                words.put(w, work.word, 1);
            } else if (merges.isShort(to - from)) {
                batch.owner(w);
                join(bytes, from, to, work.merges, batch);
                if (batch.isFull()) {
                    batch.finish(merges, words);
                }
            } else {
                batch.finish(merges, words);
                work.ensure(to - from);
                words.put(w, work.word,
                        merges.apply(work.word, symbols(bytes, from, to, work.word), work.merges));
                batch.clear();
            }
        }
        batch.finish(merges, words);
        for (int w = 0; w < words.size(); w++) {
            cleared(words.ids(), words.place(w), words.count(w));
        }
    }

    /** Adds a word to a batch. */
    private void join(byte[] bytes, int from, int to, Merges.Work work, MergeBatch batch) {
        int[] symbols = work.symbols;
        int[] ranks = work.ranks;
        for (int i = from; i < to; i++) { // most words are of ASCII
            byte b = bytes[i];
            if (b < 0) {
                batch.add(symbols, 0, symbols(bytes, from, to, symbols), null);
                return;
            }
            symbols[i - from] = known(tokens.one(b));
            ranks[i - from] = pairs[b << 7 | (bytes[i + 1] & 127)];
        }
        batch.add(symbols, 0, to - from, ranks);
    }

    /** Writes the symbols to begin with and returns how many there are. */
    private int symbols(byte[] bytes, int from, int to, int[] out) {
        int n = 0;
        for (int i = from; i < to;) {
            byte first = bytes[i];
            if (first >= 0) {
                out[n++] = known(tokens.one(first));
                i++;
                continue;
            }
            // a word may begin and end within a character
            int size = first < (byte) 0xC0 ? 1 : first < (byte) 0xE0 ? 2 : first < (byte) 0xF0 ? 3 : 4;
            int end = Math.min(to, i + size);
            int start = size > 1 && end == i + size ? start(bytes, i, end) : LATER;
            if (start > 0) {
                out[n++] = start - 1;
                i = end;
            } else {
                for (; i < end; i++) {
                    out[n++] = known(tokens.one(bytes[i]));
                }
            }
        }
        return n;
    }

    Merges merges() {
        return merges;
    }

    private int cleared(int[] out, int at, int n) {
        for (int i = at; i < at + n; i++) {
            out[i] = out[i] == unknown ? -1 : out[i];
        }
        return n;
    }

    /** What is no token is given the first id that there is not. */
    private int known(int id) {
        return id < 0 ? unknown : id;
    }

    /** The id + 1 of a character that may be put together at once, or else {@link #LATER}. */
    private int start(byte[] bytes, int from, int to) {
        int c;
        switch (to - from) {
            case 2 -> c = (bytes[from] & 0x1F) << 6 | (bytes[from + 1] & 0x3F);
            case 3 -> c = (bytes[from] & 0x0F) << 12 | (bytes[from + 1] & 0x3F) << 6 | (bytes[from + 2] & 0x3F);
            default -> {
                return characters ? known(tokens.get(bytes, from, to)) + 1 : LATER;
            }
        }
        int start = starts[c];
        if (start == 0) {
            start = characters ? known(tokens.get(bytes, from, to)) + 1 : together(bytes, from, to);
            starts[c] = start; // every thread would write the same
        }
        return start;
    }

    private int together(byte[] bytes, int from, int to) {
        int a = tokens.one(bytes[from]);
        int b = tokens.one(bytes[from + 1]);
        int c = to - from == 3 ? tokens.one(bytes[from + 2]) : -1;
        if (a < 0 || b < 0 || (to - from == 3 && c < 0)) {
            return LATER;
        }
        int first = merges.rank(a, b);
        int second = c < 0 ? Integer.MAX_VALUE : merges.rank(b, c);
        int most = Math.min(first, second);
        if (most == Integer.MAX_VALUE) {
            return LATER;
        }
        int part = merges.result(most);
        int whole = part;
        int right = b; // what may be taken from the right, beside the whole
        if (to - from == 3) {
            boolean leftFirst = first < second;
            int rank = leftFirst ? merges.rank(part, c) : merges.rank(a, part);
            if (rank == Integer.MAX_VALUE) {
                return LATER;
            }
            most = Math.max(most, rank);
            whole = merges.result(rank);
            right = c;
            if ((leftFirst ? asRight[part] : asLeft[part]) <= most) {
                return LATER;
            }
        }
        boolean safe = asRight[a] > most && asLeft[right] > most && asRight[whole] > most && asLeft[whole] > most;
        return safe ? whole + 1 : LATER;
    }
}
