// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/** How often each word occurs: a hash table whose words lie one behind the other in one array. */
final class WordCounts {
    private static final int MAX_CHARACTERS = Integer.MAX_VALUE - 16;

    private char[] characters = new char[1 << 16];
    private int[] starts = new int[1 << 12]; // word w is characters[starts[w] .. starts[w + 1])
    private int[] hashes = new int[1 << 12];
    private long[] counts = new long[1 << 12];
    private int[] table = new int[1 << 13]; // word + 1, 0 is empty
    private int size;

    int size() {
        return size;
    }

    char[] characters() {
        return characters;
    }

    int start(int word) {
        return starts[word];
    }

    int end(int word) {
        return starts[word + 1];
    }

    String text(int word) {
        return new String(characters, starts[word], starts[word + 1] - starts[word]);
    }

    long count(int word) {
        return counts[word];
    }

    /** Of every word. */
    long[] counts() {
        return Arrays.copyOf(counts, size);
    }

    /** Of all words together. */
    int characterCount() {
        return starts[size];
    }

    void add(char[] text, int from, int to, long count) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text[i];
        }
        hash *= 0x9E3779B9;
        hash ^= hash >>> 15;
        int mask = table.length - 1;
        int slot = hash & mask;
        while (table[slot] != 0) {
            int word = table[slot] - 1;
            if (hashes[word] == hash && Arrays.equals(characters, starts[word], starts[word + 1], text, from, to)) {
                counts[word] += count;
                return;
            }
            slot = (slot + 1) & mask;
        }
        table[slot] = size + 1;
        insert(text, from, to, hash, count);
    }

    void addAll(WordCounts other) {
        for (int word = 0; word < other.size; word++) {
            add(other.characters, other.starts[word], other.starts[word + 1], other.counts[word]);
        }
    }

    private void insert(char[] text, int from, int to, int hash, long count) {
        if (size + 2 > starts.length) {
            starts = Arrays.copyOf(starts, starts.length * 2);
            hashes = Arrays.copyOf(hashes, starts.length);
            counts = Arrays.copyOf(counts, starts.length);
        }
        int start = starts[size];
        long end = (long) start + (to - from);
        if (end > characters.length) {
            if (end > MAX_CHARACTERS) {
                throw new IllegalArgumentException("the corpus has more different words than a vocabulary can be"
                        + " learnt from (2^31 characters); train on a part of it");
            }
            characters = Arrays.copyOf(characters, (int) Math.min(MAX_CHARACTERS, Math.max(end,
                    characters.length * 2L)));
        }
        System.arraycopy(text, from, characters, start, to - from);
        hashes[size] = hash;
        counts[size] = count;
        starts[++size] = (int) end;
        if (size * 2 > table.length) {
            table = new int[table.length * 2];
            int mask = table.length - 1;
            for (int word = 0; word < size; word++) {
                int slot = hashes[word] & mask;
                while (table[slot] != 0) {
                    slot = (slot + 1) & mask;
                }
                table[slot] = word + 1;
            }
        }
    }
}
