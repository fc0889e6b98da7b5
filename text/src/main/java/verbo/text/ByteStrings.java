// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which byte strings are tokens, and what their ids are: hash tables over the bytes themselves. Those of up to seven bytes
 * are keys of one long, the others are looked up by a hash and compared.
 */
final class ByteStrings {
    private static final int SHORT = 7;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private final byte[] @Nullable [] strings; // by id
    private final long[] small; // the bytes and their number above; 0 is an empty slot
    private final int[] smallIds;
    private final int smallShift;
    private final long[] large; // a hash above, id + 1 below; 0 is an empty slot
    private final int largeShift;
    private final int[] bytes = new int[256]; // of one byte
    private final int longest;

    /** Takes the strings of ids from 0 up to {@code count}; null and those below a length are left out. */
    ByteStrings(byte[] @Nullable [] strings, int count) {
        this.strings = strings;
        int shortOnes = 0;
        int most = 0;
        for (int id = 0; id < count; id++) {
            byte[] string = strings[id];
            if (string != null && string.length > 0) {
                shortOnes += string.length <= SHORT ? 1 : 0;
                most = Math.max(most, string.length);
            }
        }
        longest = most;
        int smallBits = bits(shortOnes);
        int largeBits = bits(count - shortOnes);
        small = new long[1 << smallBits];
        smallIds = new int[1 << smallBits];
        smallShift = 64 - smallBits;
        large = new long[1 << largeBits];
        largeShift = 64 - largeBits;
        Arrays.fill(bytes, -1);
        for (int id = 0; id < count; id++) {
            byte[] string = strings[id];
            if (string != null && string.length > 0 && get(string, 0, string.length) < 0) {
                put(string, id);
            }
        }
    }

    /** Slots for so many at a load of a half at most. */
    private static int bits(int count) {
        return 33 - Integer.numberOfLeadingZeros(Math.max(4, count) - 1);
    }

    private void put(byte[] string, int id) {
        if (string.length <= SHORT) {
            long key = key(string, 0, string.length);
            int slot = (int) (key * MULTIPLIER >>> smallShift);
            while (small[slot] != 0) {
                slot = slot + 1 & small.length - 1;
            }
            small[slot] = key;
            smallIds[slot] = id;
            if (string.length == 1) {
                bytes[string[0] & 0xFF] = id;
            }
            return;
        }
        long hash = hash(string, 0, string.length);
        int slot = (int) (hash >>> largeShift);
        while (large[slot] != 0) {
            slot = slot + 1 & large.length - 1;
        }
        large[slot] = hash << 32 | id + 1;
    }

    private static long key(byte[] bytes, int from, int length) {
        long eight = 0;
        if (from + 8 <= bytes.length) {
            eight = CharClass.eight(bytes, from) & -1L >>> 64 - 8 * length;
        } else {
            for (int i = length - 1; i >= 0; i--) {
                eight = eight << 8 | (bytes[from + i] & 0xFF);
            }
        }
        return eight | (long) length << 56;
    }

    /** Of eight bytes or more. */
    private static long hash(byte[] bytes, int from, int to) {
        long hash = (long) to - from;
        for (int i = from; i + 8 < to; i += 8) {
            hash = (Long.rotateLeft(hash, 29) ^ CharClass.eight(bytes, i)) * MULTIPLIER;
        }
        hash = (Long.rotateLeft(hash, 29) ^ CharClass.eight(bytes, to - 8)) * MULTIPLIER;
        return (hash ^ hash >>> 32) * MULTIPLIER;
    }

    /** The id of a byte, -1 if it is no token. */
    int one(byte b) {
        return bytes[b & 0xFF];
    }

    /**
     * Reads where {@link #get} will look, and uses it for nothing: of several words in a row the processor fetches all at once,
     * while a look that is not finished may hold up the next one.
     */
    long fetch(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length <= SHORT) {
            int slot = (int) (key(bytes, from, length) * MULTIPLIER >>> smallShift);
            return small[slot] ^ smallIds[slot];
        }
        return length > longest ? 0 : large[(int) (hash(bytes, from, to) >>> largeShift)];
    }

    /** The id of bytes[from..to), -1 if they are no token; of those given twice that of the lowest id. */
    int get(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length <= SHORT) {
            long key = key(bytes, from, length);
            int slot = (int) (key * MULTIPLIER >>> smallShift);
            while (true) {
                long there = small[slot];
                if (there == key) {
                    return smallIds[slot];
                }
                if (there == 0) {
                    return -1;
                }
                slot = slot + 1 & small.length - 1;
            }
        }
        if (length > longest) {
            return -1;
        }
        long hash = hash(bytes, from, to);
        int slot = (int) (hash >>> largeShift);
        while (true) {
            long there = large[slot];
            if (there == 0) {
                return -1;
            }
            if ((int) (there >>> 32) == (int) hash) {
                int id = (int) there - 1;
                byte[] string = strings[id];
                if (string != null && string.length == length
                        && Arrays.equals(string, 0, length, bytes, from, to)) {
                    return id;
                }
            }
            slot = slot + 1 & large.length - 1;
        }
    }
}
