// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/** An array of ids that grows. */
final class IntBuilder {
    private int[] values;
    private int size;

    IntBuilder(int capacity) {
        values = new int[Math.max(8, capacity)];
    }

    void add(int value) {
        if (size == values.length) {
            grow(1);
        }
        values[size++] = value;
    }

    void add(int[] more, int count) {
        if (size + count > values.length) {
            grow(count);
        }
        // words are short: a loop beats a call
        for (int i = 0; i < count; i++) {
            values[size + i] = more[i];
        }
        size += count;
    }

    int size() {
        return size;
    }

    int get(int index) {
        return values[index];
    }

    void set(int index, int value) {
        values[index] = value;
    }

    /** Takes the last one off. */
    int pop() {
        return values[--size];
    }

    void clear() {
        size = 0;
    }

    /** The values themselves, and what room there is after them. */
    int[] array() {
        return values;
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }

    private void grow(int more) {
        long wanted = Math.max((long) size + more, values.length * 2L);
        if ((long) size + more > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a text of more than 2^31 tokens cannot be encoded at once");
        }
        values = Arrays.copyOf(values, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
    }
}
