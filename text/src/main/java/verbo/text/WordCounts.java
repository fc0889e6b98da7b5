// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** How often each word occurs: a hash table whose words lie one behind the other in one array of UTF-8. */
final class WordCounts {
    /** So many bytes lie behind the last word, as {@link WordPattern} wants it. */
    private static final int BEHIND = 8;
    private static final int MAX_BYTES = Integer.MAX_VALUE - 16 - BEHIND;

    private byte[] bytes = new byte[1 << 16];
    private int[] starts = new int[1 << 12]; // word w is bytes[starts[w] .. starts[w + 1])
    private long[] counts = new long[1 << 12];
    private long[] table = new long[1 << 13]; // hash << 32 | word + 1, 0 is empty
    private int size;

    int size() {
        return size;
    }

    /** Of all words, and at least eight more. */
    byte[] bytes() {
        return bytes;
    }

    int start(int word) {
        return starts[word];
    }

    int end(int word) {
        return starts[word + 1];
    }

    String text(int word) {
        return new String(bytes, starts[word], starts[word + 1] - starts[word], StandardCharsets.UTF_8);
    }

    long count(int word) {
        return counts[word];
    }

    /** Of every word. */
    long[] counts() {
        return Arrays.copyOf(counts, size);
    }

    /** Of all words together. */
    int byteCount() {
        return starts[size];
    }

    void add(String word, long count) {
        byte[] utf8 = word.getBytes(StandardCharsets.UTF_8);
        add(utf8, 0, utf8.length, count);
    }

    void add(byte[] text, int from, int to, long count) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text[i];
        }
        add(text, from, to, hash, count);
    }

    /**
     * Adds a word.
     *
     * @param polynomial
     *            of its bytes, from 0 on: 31 times what there is plus the next
     */
    void add(byte[] text, int from, int to, int polynomial, long count) {
        int hash = polynomial * 0x9E3779B9;
        hash ^= hash >>> 15;
        int mask = table.length - 1;
        int slot = hash & mask;
        while (table[slot] != 0) {
            int word = (int) table[slot] - 1;
            if ((int) (table[slot] >>> 32) == hash
                    && Arrays.equals(bytes, starts[word], starts[word + 1], text, from, to)) {
                counts[word] += count;
                return;
            }
            slot = (slot + 1) & mask;
        }
        table[slot] = (long) hash << 32 | size + 1;
        insert(text, from, to, count);
    }

    /** The same words in the characters that byte-level vocabularies write for their bytes. */
    WordCounts spelled() {
        WordCounts spelled = new WordCounts();
        for (int word = 0; word < size; word++) {
            spelled.add(ByteLevel.toString(Arrays.copyOfRange(bytes, starts[word], starts[word + 1])), counts[word]);
        }
        return spelled;
    }

    void addAll(WordCounts other) {
        for (int word = 0; word < other.size; word++) {
            add(other.bytes, other.starts[word], other.starts[word + 1], other.counts[word]);
        }
    }

    private void insert(byte[] text, int from, int to, long count) {
        if (size + 2 > starts.length) {
            starts = Arrays.copyOf(starts, starts.length * 2);
            counts = Arrays.copyOf(counts, starts.length);
        }
        int start = starts[size];
        long end = (long) start + (to - from);
        if (end > bytes.length - BEHIND) {
            if (end > MAX_BYTES) {
                throw new IllegalArgumentException("the corpus has more different words than a vocabulary can be"
                        + " learnt from (2 GiB); train on a part of it");
            }
            bytes = Arrays.copyOf(bytes, BEHIND + (int) Math.min(MAX_BYTES, Math.max(end, bytes.length * 2L)));
        }
        System.arraycopy(text, from, bytes, start, to - from);
        counts[size] = count;
        starts[++size] = (int) end;
        if (size * 2 > table.length) {
            long[] old = table;
            table = new long[old.length * 2];
            int mask = table.length - 1;
            for (long entry : old) {
                if (entry != 0) {
                    int slot = (int) (entry >>> 32) & mask;
                    while (table[slot] != 0) {
                        slot = (slot + 1) & mask;
                    }
                    table[slot] = entry;
                }
            }
        }
    }
}
