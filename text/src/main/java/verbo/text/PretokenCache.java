// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/**
 * The ids of words seen before: hash tables in flat arrays, which take no object a word. One is for words of up to eight
 * bytes, a slot of which is the bytes and the ids, two longs; one for words of up to 24, four longs. Longer words have a
 * hash in place of their bytes and lie elsewhere. Bytes are kept inverted: as 0xFF never occurs in UTF-8, zeros end a word
 * without its length, and a zero is an empty slot.
 *
 * <p>
 * It begins small and grows with what it holds up to a limit; when that is reached it begins anew, which costs no more than
 * filling it did. Not for use by several threads at once.
 */
final class PretokenCache {
    /** Longer words are not kept: they hardly ever come again. */
    static final int LONGEST = 160;
    private static final int INLINE = 24;
    private static final int FIRST_SLOTS = 1 << 10;
    private static final int PROBES = 16;
    private static final int ID_BITS = 20;
    private static final long ID_MASK = (1 << ID_BITS) - 1;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private long[] small = {}; // the bytes, the ids
    private int smallShift;
    private int smallUsed;
    private long[] large = {}; // three times bytes, the ids; or a hash, a place in texts, a mark of the length, the ids
    private int largeShift;
    private int largeUsed;
    private byte[] texts = {};
    private int textEnd;
    private int[] ids = {};
    private int idEnd;
    // the word last looked for, and where it would lie
    private long first;
    private long second;
    private long third;
    private int slot;

    PretokenCache() {
        clear();
    }

    /** Bytes of memory that are taken. */
    long bytes() {
        return 8L * (small.length + large.length) + texts.length + 4L * ids.length;
    }

    private static long hash(long bytes) {
        long h = bytes * MULTIPLIER;
        return (h ^ h >>> 32) * MULTIPLIER;
    }

    private static long hash(long a, long b, long c) {
        return hash(a ^ Long.rotateLeft(b * 0xC2B2AE3D27D4EB4FL, 29) ^ c * 0x165667B19E3779F9L);
    }

    /**
     * Looks for bytes[from..to), to - from being 1 to {@link #LONGEST}; 8 readable bytes lie behind.
     *
     * @return what {@link #copy} takes, or -1 if the word is not there
     */
    long find(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length > 8) {
            return findLarge(bytes, from, length);
        }
        long key = ~CharClass.eight(bytes, from) & -1L >>> 64 - 8 * length;
        long[] table = small;
        int at = (int) (hash(key) >>> smallShift) * 2;
        long there = table[at];
        if (there == key) {
            return table[at + 1];
        }
        for (int probe = 0; there != 0 && probe < PROBES; probe++) {
            at = at + 2 & table.length - 1;
            there = table[at];
            if (there == key) {
                return table[at + 1];
            }
        }
        first = key;
        slot = at;
        return -1;
    }

    private long findLarge(byte[] bytes, int from, int length) {
        long a = ~CharClass.eight(bytes, from);
        long b;
        long c = 0;
        if (length <= 16) {
            b = ~CharClass.eight(bytes, from + 8) & -1L >>> 128 - 8 * length;
        } else if (length <= INLINE) {
            b = ~CharClass.eight(bytes, from + 8);
            c = ~CharClass.eight(bytes, from + 16) & -1L >>> 192 - 8 * length;
        } else {
            return findLong(bytes, from, length);
        }
        long[] table = large;
        int at = (int) (hash(a, b, c) >>> largeShift) * 4;
        for (int probe = 0; table[at] != 0 && probe < PROBES; probe++) {
            if (table[at] == a && table[at + 1] == b && table[at + 2] == c) {
                return table[at + 3];
            }
            at = at + 4 & table.length - 1;
        }
        first = a;
        second = b;
        third = c;
        slot = at;
        return -1;
    }

    /** Stands in the place of a word's last bytes. Its lowest byte is zero, as no inverted byte of UTF-8 is. */
    private static long longMark(int length) {
        return (long) length << 8;
    }

    private long findLong(byte[] bytes, int from, int length) {
        long h = length;
        for (int i = 0; i + 8 < length; i += 8) {
            h = (Long.rotateLeft(h, 27) ^ CharClass.eight(bytes, from + i)) * MULTIPLIER;
        }
        h = (Long.rotateLeft(h, 27) ^ CharClass.eight(bytes, from + length - 8)) * MULTIPLIER | 1;
        long c = longMark(length);
        long[] table = large;
        int at = (int) (hash(h, 0, c) >>> largeShift) * 4;
        for (int probe = 0; table[at] != 0 && probe < PROBES; probe++) {
            int place = (int) table[at + 1];
            if (table[at] == h && table[at + 2] == c
                    && Arrays.equals(texts, place, place + length, bytes, from, from + length)) {
                return table[at + 3];
            }
            at = at + 4 & table.length - 1;
        }
        first = h;
        third = c;
        slot = at;
        return -1;
    }

    /** How many ids a word has that was found. */
    static int count(long found) {
        int inline = (int) (found >>> 60);
        return inline > 0 ? inline : (int) (found >>> 32);
    }

    /** Writes the ids of a word that was found; {@code out} has room for three at least, whatever their number. */
    void copy(long found, int[] out, int at) {
        if (found >>> 60 > 0) {
            out[at] = (int) (found & ID_MASK);
            out[at + 1] = (int) (found >>> ID_BITS & ID_MASK);
            out[at + 2] = (int) (found >>> 2 * ID_BITS & ID_MASK);
        } else {
            System.arraycopy(ids, (int) found, out, at, (int) (found >>> 32));
        }
    }

    /**
     * Keeps the ids of the word that was just not found.
     *
     * @param word
     *            the ids, from {@code place} on
     * @param limit
     *            bytes of memory that may be taken
     */
    void put(byte[] bytes, int from, int to, int[] word, int place, int count, long limit) {
        int length = to - from;
        long[] table = length <= 8 ? small : large;
        if (table[slot] != 0) {
            return; // too many others lie there: rare, and it only costs time
        }
        boolean inline = count > 0 && count <= 3;
        for (int i = 0; i < count && inline; i++) {
            inline = word[place + i] >= 0 && word[place + i] <= ID_MASK;
        }
        if ((length > INLINE && !roomForText(length, limit)) || (!inline && !roomForIds(count, limit))) {
            return;
        }
        long value;
        if (inline) {
            value = (long) count << 60;
            for (int i = 0; i < count; i++) {
                value |= (long) word[place + i] << ID_BITS * i;
            }
        } else {
            value = (long) count << 32 | idEnd;
            System.arraycopy(word, place, ids, idEnd, count);
            idEnd += count;
        }
        table[slot] = first;
        if (length <= 8) {
            table[slot + 1] = value;
            smallUsed++;
            if (smallUsed > table.length / 3 && roomFor(8L * table.length, 8L * table.length, limit)) {
                growSmall();
            }
            return;
        }
        if (length > INLINE) {
            second = textEnd;
            System.arraycopy(bytes, from, texts, textEnd, length);
            textEnd += length;
        }
        table[slot + 1] = second;
        table[slot + 2] = third;
        table[slot + 3] = value;
        largeUsed++;
        if (largeUsed > table.length / 6 && roomFor(8L * table.length, 8L * table.length, limit)) {
            growLarge();
        }
    }

    private boolean roomForText(int length, long limit) {
        if (textEnd + length > texts.length) {
            if (!roomFor(texts.length, texts.length, limit)) {
                return false;
            }
            texts = Arrays.copyOf(texts, texts.length * 2);
        }
        return true;
    }

    private boolean roomForIds(int count, long limit) {
        if (idEnd + count > ids.length) {
            if (count > ids.length || !roomFor(4L * ids.length, 4L * ids.length, limit)) {
                return false;
            }
            ids = Arrays.copyOf(ids, ids.length * 2);
        }
        return true;
    }

    /** Whether there is memory for so many bytes more, and so many meanwhile; if not, everything is forgotten. */
    private boolean roomFor(long more, long meanwhile, long limit) {
        if (bytes() + more + meanwhile <= limit) {
            return true;
        }
        clear();
        return false;
    }

    private void growSmall() {
        long[] old = small;
        small = new long[old.length * 2];
        smallShift--;
        for (int i = 0; i < old.length; i += 2) {
            if (old[i] != 0) {
                int at = (int) (hash(old[i]) >>> smallShift) * 2;
                while (small[at] != 0) {
                    at = at + 2 & small.length - 1;
                }
                small[at] = old[i];
                small[at + 1] = old[i + 1];
            }
        }
    }

    private void growLarge() {
        long[] old = large;
        large = new long[old.length * 2];
        largeShift--;
        for (int i = 0; i < old.length; i += 4) {
            if (old[i] != 0) {
                boolean isLong = old[i + 2] != 0 && (old[i + 2] & 0xFF) == 0;
                int at = (int) (hash(old[i], isLong ? 0 : old[i + 1], old[i + 2]) >>> largeShift) * 4;
                while (large[at] != 0) {
                    at = at + 4 & large.length - 1;
                }
                System.arraycopy(old, i, large, at, 4);
            }
        }
    }

    /** Forgets everything and gives the memory back. */
    void clear() {
        small = new long[FIRST_SLOTS * 2];
        smallShift = 64 - Integer.numberOfTrailingZeros(FIRST_SLOTS);
        smallUsed = 0;
        large = new long[FIRST_SLOTS * 4];
        largeShift = smallShift;
        largeUsed = 0;
        texts = new byte[1 << 10];
        textEnd = 0;
        ids = new int[1 << 10];
        idEnd = 0;
    }
}
