// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static verbo.tensor.cpu.KernelsUnderTest.KERNELS;

class ReductionKernelTest {

    @Test
    void sums() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -2, 2, n);
                NativeFloats y = NativeFloats.uniform(arena, n, -2, 2, n + 1);
                double sum = 0;
                double squares = 0;
                double dot = 0;
                for (int i = 0; i < n; i++) {
                    sum += x.get(i);
                    squares += (double) x.get(i) * x.get(i);
                    dot += (double) x.get(i) * y.get(i);
                }
                double rounding = 3e-6 * Math.sqrt(n) + 1e-7;
                assertThat((double) KERNELS.sum(x.address, n)).as("sum of %s", n).isCloseTo(sum, within(rounding));
                assertThat((double) KERNELS.dot(x.address, y.address, n)).as("dot of %s", n).isCloseTo(dot,
                        within(rounding));
                assertThat(KERNELS.sumOfSquares(x.address, n)).as("squares of %s", n).isCloseTo(squares,
                        within(1e-6 * squares));
            }
        }
    }

    @Test
    void everyElementCounts() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats ones = new NativeFloats(arena, n, i -> 1);
                NativeFloats numbers = new NativeFloats(arena, n, i -> i % 64);
                double expected = Arrays.stream(numbers.values()).sum();
                assertThat(KERNELS.sum(ones.address, n)).isEqualTo(n);
                assertThat(KERNELS.sum(numbers.address, n)).isEqualTo((float) expected);
                assertThat(KERNELS.dot(ones.address, numbers.address, n)).isEqualTo((float) expected);
                assertThat(KERNELS.sumOfSquares(ones.address, n)).isEqualTo(n);
            }
        }
    }

    @Test
    void largest() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -5, -1, n);
                double expected = Arrays.stream(x.values()).max().orElse(Double.NEGATIVE_INFINITY);
                assertThat((double) KERNELS.max(x.address, n)).as("max of %s", n).isEqualTo(expected);
                for (int i = 0; i < n; i = i < 70 ? i + 1 : 2 * i) {
                    float before = x.get(i);
                    x.set(i, 3);
                    assertThat(KERNELS.max(x.address, n)).as("max of %s at %s", n, i).isEqualTo(3);
                    x.set(i, Float.NaN);
                    assertThat(KERNELS.max(x.address, n)).as("max of %s with NaN at %s", n, i).isNaN();
                    x.set(i, before);
                }
                NativeFloats least = new NativeFloats(arena, n, i -> Double.NEGATIVE_INFINITY);
                assertThat(KERNELS.max(least.address, n)).isEqualTo(Float.NEGATIVE_INFINITY);
            }
        }
    }

    @Test
    void sumRows() {
        int[] counts = KernelsUnderTest.counts();
        for (int n : counts) {
            for (int rows : new int[]{0, 1, 2, 5}) {
                int stride = n + 3;
                try (Arena arena = Arena.ofConfined()) {
                    NativeFloats x = NativeFloats.uniform(arena, Math.max(1, rows * stride), -2, 2, n);
                    NativeFloats out = NativeFloats.uniform(arena, n, -2, 2, n + 1);
                    double[] expected = out.values();
                    for (int i = 0; i < rows; i++) {
                        for (int j = 0; j < n; j++) {
                            expected[j] += 0.25 * x.get(i * stride + j);
                        }
                    }
                    KERNELS.sumRows(x.address, rows, stride, 0.25f, out.address, n);
                    out.check("sumRows of " + rows, j -> expected[j], 1e-6, 1e-6);
                }
            }
        }
    }

    @Test
    void multiplyRows() {
        for (int n : KernelsUnderTest.counts()) {
            for (int depth : new int[]{0, 1, 3, 4, 5, 9}) {
                int stride = n + 2;
                try (Arena arena = Arena.ofConfined()) {
                    NativeFloats a = NativeFloats.uniform(arena, 3 * depth + 1, -2, 2, n);
                    NativeFloats b = NativeFloats.uniform(arena, Math.max(1, depth * stride), -2, 2, n + 1);
                    NativeFloats out = NativeFloats.uniform(arena, n, -2, 2, n + 2);
                    double[] expected = out.values();
                    for (int k = 0; k < depth; k++) {
                        for (int j = 0; j < n; j++) {
                            expected[j] += (double) a.get(3 * k) * b.get(k * stride + j);
                        }
                    }
                    KERNELS.multiplyRows(a.address, 3, depth, b.address, stride, out.address, n);
                    out.check("multiplyRows of " + depth, j -> expected[j], 1e-6, 3e-6);
                }
            }
        }
    }
}
