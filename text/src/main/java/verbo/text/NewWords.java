// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/** Some words of a text that were not seen before, and the ids that are found for them, in any order. */
final class NewWords {
    private final int[] starts;
    private final int[] ends;
    private int size;
    private int[] ids = new int[1 << 10];
    private int used;
    private final int[] places; // of a word's ids
    private final int[] counts;

    NewWords(int most) {
        starts = new int[most];
        ends = new int[most];
        places = new int[most];
        counts = new int[most];
    }

    void clear() {
        size = 0;
        used = 0;
    }

    void add(int start, int end) {
        starts[size] = start;
        ends[size++] = end;
    }

    int size() {
        return size;
    }

    /** Where a word begins in the text. */
    int start(int word) {
        return starts[word];
    }

    int end(int word) {
        return ends[word];
    }

    /** Makes room for so many ids of a word more, which go to {@link #ids} from {@link #place} on. */
    void room(int word, int most) {
        if (ids.length - used < most) {
            ids = Arrays.copyOf(ids, Math.max(Math.addExact(used, most), (int) Math.min(2L * ids.length, 1 << 30)));
        }
        places[word] = used;
    }

    /** So many ids were written there. */
    void wrote(int word, int count) {
        counts[word] = count;
        used += count;
    }

    /** Gives a word its ids. */
    void put(int word, int[] from, int count) {
        room(word, count);
        System.arraycopy(from, 0, ids, used, count);
        wrote(word, count);
    }

    /** The ids of all words; those of one are {@link #count} from {@link #place} on. */
    int[] ids() {
        return ids;
    }

    int place(int word) {
        return places[word];
    }

    int count(int word) {
        return counts[word];
    }

    /** Gives large memory back. */
    void trim(int largest) {
        if (ids.length > largest) {
            ids = new int[1 << 10];
        }
    }
}
