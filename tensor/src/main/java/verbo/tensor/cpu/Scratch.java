// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;

/** Room that is used again and again; it grows by half at least. */
final class Scratch {
    private Arena arena = Arena.ofAuto();
    private long address;
    private long length;

    /** The address of so many floats with undefined content. */
    long floats(long count) {
        if (count > length) {
            length = Math.max(count, length + length / 2);
            arena = Arena.ofAuto();
            address = arena.allocate(4 * length, 64).address();
        }
        return address;
    }

    /** An array of at least this length: this one, or a new one. */
    static float[] atLeast(float[] array, int length) {
        return array.length >= length ? array
                : new float[Math.max(length, (int) Math.min(3L * array.length / 2, 1 << 30))];
    }
}
