// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The words of a model and their ids, from 0 on: {@code <unk>} is 0, {@code <s>} is 1, {@code </s>} is 2, as in KenLM. Words
 * are looked up by their UTF-8 bytes, in a hash table that can be mapped from a file as it is.
 *
 * <p>
 * A text may have {@code <unk>} as a word of its own, as WikiText has; it is kept apart from the unknown word under the
 * spelling {@code \<unk>}, which is what an ARPA file shows.
 */
public final class Vocabulary {
    /** The id of the unknown word. */
    public static final int UNKNOWN = 0;
    /** The id of what stands before a sentence. */
    public static final int BEGIN = 1;
    /** The id of what ends a sentence. */
    public static final int END = 2;

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final String[] SPECIALS = {"<unk>", "<s>", "</s>"};

    private final int size;
    private final MemorySegment text; // the words' bytes, one after the other
    private final MemorySegment starts; // [size + 1] ints: where each begins
    private final MemorySegment table; // [a power of two] ints: id + 1, 0 for none
    private final int mask;

    Vocabulary(int size, MemorySegment text, MemorySegment starts, MemorySegment table) {
        this.size = size;
        this.text = text;
        this.starts = starts;
        this.table = table;
        this.mask = (int) (table.byteSize() / 4) - 1;
    }

    /** A vocabulary of the special words and the given spellings, in their order; what comes twice counts once. */
    public static Vocabulary of(Stream<String> words) {
        Builder builder = new Builder();
        words.forEach(word -> {
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            builder.id(bytes, 0, bytes.length);
        });
        return builder.build();
    }

    /** How many ids there are, the three special ones included. */
    public int size() {
        return size;
    }

    /** The id of a word as a text has it; {@link #UNKNOWN} if the model does not know it. */
    public int id(String word) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        return id(bytes, 0, bytes.length);
    }

    /** The same for UTF-8 bytes. */
    public int id(byte[] word, int from, int to) {
        int id = find(word, from, to);
        if (id == UNKNOWN && to - from == 5 && word[from] == '<' && isUnknown(word, from)) {
            byte[] spelling = ("\\" + SPECIALS[UNKNOWN]).getBytes(StandardCharsets.UTF_8);
            id = find(spelling, 0, spelling.length);
        }
        return Math.max(0, id);
    }

    private static boolean isUnknown(byte[] word, int from) {
        return word[from + 1] == 'u' && word[from + 2] == 'n' && word[from + 3] == 'k' && word[from + 4] == '>';
    }

    /** The id of a spelling, -1 if there is none. */
    int find(byte[] word, int from, int to) {
        int at = (int) hash(word, from, to) & mask;
        for (int step = 0; step <= size; step++) {
            int id = table.get(INT, at * 4L) - 1;
            if (id < 0) {
                return -1;
            }
            int start = starts.get(INT, id * 4L);
            int length = starts.get(INT, id * 4L + 4) - start;
            if (length == to - from && same(word, from, start, length)) {
                return id;
            }
            at = at + 1 & mask;
        }
        return -1; // a table without an empty place, in a damaged file
    }

    private boolean same(byte[] word, int from, long start, int length) {
        for (int i = 0; i < length; i++) {
            if (text.get(ValueLayout.JAVA_BYTE, start + i) != word[from + i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * The spelling of a word.
     *
     * @throws IllegalArgumentException
     *             if there is no such id
     */
    public String word(int id) {
        return new String(bytes(id), StandardCharsets.UTF_8);
    }

    byte[] bytes(int id) {
        if (id < 0 || id >= size) {
            throw new IllegalArgumentException("no word has the id " + id + "; ids are below " + size);
        }
        int start = starts.get(INT, id * 4L);
        return text.asSlice(start, starts.get(INT, id * 4L + 4) - start).toArray(ValueLayout.JAVA_BYTE);
    }

    MemorySegment text() {
        return text;
    }

    MemorySegment starts() {
        return starts;
    }

    MemorySegment table() {
        return table;
    }

    /** Part of the file format: never change it. */
    static long hash(byte[] word, int from, int to) {
        long hash = (long) to - from;
        int i = from;
        for (; i + 8 <= to; i += 8) {
            hash = (hash ^ (long) LONGS.get(word, i)) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 32;
        }
        long tail = 0;
        for (int shift = 0; i < to; i++, shift += 8) {
            tail |= (word[i] & 0xFFL) << shift;
        }
        hash = (hash ^ tail) * 0x9E3779B97F4A7C15L;
        return hash ^ hash >>> 29;
    }

    /** A vocabulary that grows. */
    static final class Builder {
        private byte[] text = new byte[1 << 16];
        private int[] starts = new int[1 << 12];
        private int[] table = new int[1 << 13];
        private int size;

        Builder() {
            for (String special : SPECIALS) {
                byte[] bytes = special.getBytes(StandardCharsets.UTF_8);
                id(bytes, 0, bytes.length);
            }
        }

        int size() {
            return size;
        }

        /** The spelling of an id. */
        String word(int id) {
            return new String(text, starts[id], starts[id + 1] - starts[id], StandardCharsets.UTF_8);
        }

        /** The id of a spelling, -1 if it has none. */
        int find(byte[] word, int from, int to) {
            int mask = table.length - 1;
            int at = (int) hash(word, from, to) & mask;
            while (table[at] != 0) {
                int id = table[at] - 1;
                if (Arrays.equals(text, starts[id], starts[id + 1], word, from, to)) {
                    return id;
                }
                at = at + 1 & mask;
            }
            return -1;
        }

        /** The id of a spelling, a new one if it has none. */
        int id(byte[] word, int from, int to) {
            int mask = table.length - 1;
            int at = (int) hash(word, from, to) & mask;
            while (table[at] != 0) {
                int id = table[at] - 1;
                if (Arrays.equals(text, starts[id], starts[id + 1], word, from, to)) {
                    return id;
                }
                at = at + 1 & mask;
            }
            return insert(word, from, to, at);
        }

        private int insert(byte[] word, int from, int to, int at) {
            int start = starts[size];
            long end = (long) start + to - from;
            if (end > Integer.MAX_VALUE - 16) {
                throw new IllegalArgumentException("the vocabulary's words have more than 2 GiB together; limit it");
            }
            if (end > text.length) {
                text = Arrays.copyOf(text, (int) Math.min(Integer.MAX_VALUE - 16, Math.max(end, text.length * 2L)));
            }
            System.arraycopy(word, from, text, start, to - from);
            if (size + 2 > starts.length) {
                starts = Arrays.copyOf(starts, starts.length * 2);
            }
            table[at] = size + 1;
            starts[++size] = (int) end;
            if (size * 2L > table.length) {
                rehash();
            }
            return size - 1;
        }

        private void rehash() {
            int[] larger = new int[table.length * 2];
            int mask = larger.length - 1;
            for (int id = 0; id < size; id++) {
                int at = (int) hash(text, starts[id], starts[id + 1]) & mask;
                while (larger[at] != 0) {
                    at = at + 1 & mask;
                }
                larger[at] = id + 1;
            }
            table = larger;
        }

        Vocabulary build() {
            return new Vocabulary(size, MemorySegment.ofArray(Arrays.copyOf(text, starts[size])),
                    MemorySegment.ofArray(Arrays.copyOf(starts, size + 1)), MemorySegment.ofArray(table));
        }
    }
}
