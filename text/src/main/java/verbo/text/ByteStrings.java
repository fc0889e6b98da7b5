// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Which byte strings are tokens, and what their ids are: a hash table over the bytes themselves. */
final class ByteStrings {
    private final byte[] @Nullable [] strings; // by id
    private final int[] table; // id + 1, 0 is empty
    private final int[] hashes;
    private final int mask;
    private final int longest;

    /** Takes the strings of ids from 0 up to {@code count}; null and those below a length are left out. */
    ByteStrings(byte[] @Nullable [] strings, int count) {
        this.strings = strings;
        int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, count)) << 2);
        table = new int[capacity];
        hashes = new int[capacity];
        mask = capacity - 1;
        int most = 0;
        for (int id = 0; id < count; id++) {
            byte[] string = strings[id];
            if (string == null || string.length == 0) {
                continue;
            }
            int hash = hash(string, 0, string.length);
            int slot = hash & mask;
            while (table[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            table[slot] = id + 1;
            hashes[slot] = hash;
            most = Math.max(most, string.length);
        }
        longest = most;
    }

    private static int hash(byte[] bytes, int from, int to) {
        int hash = to - from;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + bytes[i];
        }
        hash *= 0x9E3779B9;
        return hash ^ hash >>> 15;
    }

    /** The id of bytes[from..to), -1 if they are no token; of those given twice that of the lowest id. */
    int get(byte[] bytes, int from, int to) {
        if (to - from > longest) {
            return -1;
        }
        int hash = hash(bytes, from, to);
        int slot = hash & mask;
        while (table[slot] != 0) {
            if (hashes[slot] == hash) {
                int id = table[slot] - 1;
                byte[] string = strings[id];
                if (string != null && string.length == to - from
                        && Arrays.equals(string, 0, string.length, bytes, from, to)) {
                    return id;
                }
            }
            slot = (slot + 1) & mask;
        }
        return -1;
    }
}
