// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/** Texts by their characters, each with a number: all that begin at a place are found in one walk. */
final class Trie {
    static final int ROOT = 0;
    static final int NONE = -1;

    // open addressing; a key is node << 16 | character, -1 an empty slot
    private long[] keys = new long[1 << 10];
    private int[] children = new int[1 << 10];
    private int[] values = new int[1 << 9];
    private int size = 1;

    Trie() {
        Arrays.fill(keys, -1);
        Arrays.fill(values, NONE);
    }

    boolean isEmpty() {
        return size == 1;
    }

    /** The node below a node, or {@link #NONE}. */
    int child(int node, char c) {
        long key = (long) node << 16 | c;
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (true) {
            long k = keys[slot];
            if (k == key) {
                return children[slot];
            }
            if (k == -1) {
                return NONE;
            }
            slot = (slot + 1) & mask;
        }
    }

    /** The number of the text that ends at a node, or {@link #NONE}. */
    int value(int node) {
        return values[node];
    }

    /** Puts a text in; of one that is put in twice the last number counts. */
    void put(CharSequence text, int value) {
        int node = ROOT;
        for (int i = 0; i < text.length(); i++) {
            int child = child(node, text.charAt(i));
            node = child == NONE ? add(node, text.charAt(i)) : child;
        }
        values[node] = value;
    }

    private int add(int node, char c) {
        if (size * 2 > keys.length) {
            long[] oldKeys = keys;
            int[] oldChildren = children;
            keys = new long[oldKeys.length * 2];
            children = new int[keys.length];
            Arrays.fill(keys, -1);
            for (int i = 0; i < oldKeys.length; i++) {
                if (oldKeys[i] != -1) {
                    insert(oldKeys[i], oldChildren[i]);
                }
            }
        }
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
            Arrays.fill(values, size, values.length, NONE);
        }
        insert((long) node << 16 | c, size);
        return size++;
    }

    private void insert(long key, int child) {
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (keys[slot] != -1) {
            slot = (slot + 1) & mask;
        }
        keys[slot] = key;
        children[slot] = child;
    }

    private static int slot(long key, int mask) {
        return (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask;
    }
}
