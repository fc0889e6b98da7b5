// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Arrays;

/** Numbers n-grams, by their hashes, in the order in which they come. */
final class NgramIndex {
    private long[] hashes; // [number]
    private int[] slots; // number + 1, 0 where free
    private int size;

    NgramIndex() {
        hashes = new long[1024];
        slots = new int[2048];
    }

    int size() {
        return size;
    }

    long hash(int number) {
        return hashes[number];
    }

    /** The number of an n-gram, -1 if it has none. */
    int find(long hash) {
        for (int slot = slot(hash);; slot = slot + 1 & slots.length - 1) {
            int number = slots[slot] - 1;
            if (number < 0 || hashes[number] == hash) {
                return number;
            }
        }
    }

    /** The number of an n-gram, the next one where it had none. */
    int add(long hash) {
        int number = find(hash);
        if (number >= 0) {
            return number;
        }
        if (size == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * size);
            slots = new int[4 * size];
            for (int i = 0; i < size; i++) {
                put(i);
            }
        }
        hashes[size] = hash;
        put(size);
        return size++;
    }

    private void put(int number) {
        int slot = slot(hashes[number]);
        while (slots[slot] != 0) {
            slot = slot + 1 & slots.length - 1;
        }
        slots[slot] = number + 1;
    }

    private int slot(long hash) {
        return (int) (hash * 0xD6E8FEB86659FD93L >>> 40) & slots.length - 1;
    }
}
