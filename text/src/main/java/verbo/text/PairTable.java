// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/**
 * Numbers of pairs of ids, each entry one long. An entry lies in one of two places (Pagh and Rodler 2004, cuckoo hashing), so
 * that a look reads both and takes no branches that could be mispredicted.
 */
final class PairTable {
    /** Bits of an id or a number: three make 63. */
    private static final int BITS = 21;
    /** Ids and numbers must be below. */
    static final int MOST = (1 << BITS) - 1;
    static final int NONE = Integer.MAX_VALUE;
    private static final int KICKS = 500;
    private static final long FIRST = 0x9E3779B97F4A7C15L;
    private static final long SECOND = 0xC2B2AE3D27D4EB4FL;

    private long[] table; // left, right and number; -1 for none
    private int shift;

    PairTable(int capacity) {
        shift = 64 - (33 - Integer.numberOfLeadingZeros(Math.max(8, capacity) - 1));
        table = new long[1 << 64 - shift];
        Arrays.fill(table, -1);
    }

    /** The number of a pair, {@link #NONE} if it has none. */
    int get(int left, int right) {
        int number = find(left, right);
        return number == MOST ? NONE : number;
    }

    /** The same, {@link #MOST} if it has none. No branch depends on what is read, so that many looks may be under way at once. */
    int find(int left, int right) {
        long key = key(left, right);
        long one = table[first(key)];
        long two = table[second(key)];
        long isOne = ((one ^ key) >>> BITS) - 1 >> 63; // all bits or none
        long isTwo = ((two ^ key) >>> BITS) - 1 >> 63;
        return (int) (one & isOne | two & isTwo | ~(isOne | isTwo)) & MOST;
    }

    /**
     * Gives a pair a number, in place of one it may have.
     *
     * @throws IllegalArgumentException
     *             if too many pairs lie in the same places, which takes pairs that are made for it
     */
    void put(int left, int right, int number) {
        long key = key(left, right);
        if (table[first(key)] >>> BITS == key >>> BITS) {
            table[first(key)] = key | number;
        } else if (table[second(key)] >>> BITS == key >>> BITS) {
            table[second(key)] = key | number;
        } else {
            insert(key | number, 0);
        }
    }

    private static long key(int left, int right) {
        return (long) left << 2 * BITS | (long) right << BITS;
    }

    private int first(long key) {
        return (int) (key * FIRST >>> shift);
    }

    private int second(long key) {
        return (int) (key * SECOND >>> shift);
    }

    /** Puts an entry in one of its places; what lies there moves to its other one. */
    private void insert(long entry, int growths) {
        long moving = entry;
        int slot = first(moving >>> BITS << BITS);
        for (int i = 0; i < KICKS; i++) {
            long there = table[slot];
            table[slot] = moving;
            if (there == -1) {
                return;
            }
            moving = there;
            long key = moving >>> BITS << BITS;
            slot = slot == first(key) ? second(key) : first(key);
        }
        if (growths == 4) {
            throw new IllegalArgumentException("the merges collide, as only merges do that were made to");
        }
        long[] old = table;
        shift--;
        table = new long[old.length * 2];
        Arrays.fill(table, -1);
        for (long one : old) {
            if (one != -1) {
                insert(one, growths + 1);
            }
        }
        insert(moving, growths + 1);
    }
}
