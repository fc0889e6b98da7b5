// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;

import static org.assertj.core.api.Assertions.fail;

/**
 * Numbers in native memory, for kernels: at an address that no vector is aligned to, between guards that a kernel which writes
 * too far changes.
 */
final class NativeFloats {
    private static final int GUARDS = 67;
    private static final float GUARD = 12345.678f;

    final long address;
    final int n;

    NativeFloats(Arena arena, int n) {
        this.n = n;
        this.address = arena.allocate(4L * (n + 2 * GUARDS + 1), 64).address() + 4 * (GUARDS | 1);
        for (int i = -GUARDS; i < n + GUARDS; i++) {
            Memory.set(address + 4L * i, i >= 0 && i < n ? 0 : GUARD);
        }
    }

    NativeFloats(Arena arena, int n, IntToDoubleFunction value) {
        this(arena, n);
        for (int i = 0; i < n; i++) {
            set(i, (float) value.applyAsDouble(i));
        }
    }

    /** Between these bounds. */
    static NativeFloats uniform(Arena arena, int n, double from, double to, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new NativeFloats(arena, n, i -> random.nextDouble(from, to));
    }

    NativeFloats copy(Arena arena) {
        return new NativeFloats(arena, n, this::get);
    }

    float get(int i) {
        return Memory.get(address + 4L * i);
    }

    void set(int i, float value) {
        Memory.set(address + 4L * i, value);
    }

    double[] values() {
        double[] values = new double[n];
        Arrays.setAll(values, this::get);
        return values;
    }

    /** Fails where an element is further from what it should be than relative · |expected| + absolute, or a guard changed. */
    void check(String name, IntToDoubleFunction expected, double relative, double absolute) {
        for (int i = 0; i < n; i++) {
            double exact = expected.applyAsDouble(i);
            double actual = get(i);
            if (!(Math.abs(actual - exact) <= relative * Math.abs(exact) + absolute) && actual != exact) {
                fail("%s, n = %d: element %d is %s, not %s", name, n, i, actual, exact);
            }
        }
        checkGuards(name);
    }

    void checkGuards(String name) {
        for (int i = 1; i <= GUARDS; i++) {
            if (get(-i) != GUARD || get(n - 1 + i) != GUARD) {
                fail("%s, n = %d: wrote outside, %d before or after", name, n, i);
            }
        }
    }
}
