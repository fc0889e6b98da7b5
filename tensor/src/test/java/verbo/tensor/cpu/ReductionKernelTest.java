// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static verbo.tensor.cpu.KernelsUnderTest.KERNELS;
import static verbo.tensor.cpu.KernelsUnderTest.PRODUCTS;

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
    void expAndMax() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats other = NativeFloats.uniform(arena, n, -5, -1, n);
                NativeFloats x = NativeFloats.uniform(arena, n, -5, 2, n + 1);
                NativeFloats out = NativeFloats.uniform(arena, n, -5, 5, n + 2);
                for (int i = 0; i < n; i = i < 70 ? i + 1 : 2 * i) {
                    float hidden = other.get(i);
                    other.set(i, 3);
                    assertThat(KERNELS.expAndMax(x.address, 2.5f, out.address, other.address, n))
                            .as("max of %s at %s", n, i).isEqualTo(3);
                    out.check("exponentials", j -> Math.exp(x.get(j) - 2.5), 1e-6, 0);
                    other.set(i, Float.NaN);
                    assertThat(KERNELS.expAndMax(x.address, 2.5f, out.address, other.address, n))
                            .as("NaN at %s of %s", i, n).isNaN();
                    other.set(i, hidden);
                }
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
                for (int m : new int[]{1, 2, 3, 6}) {
                    int stride = n + 2;
                    try (Arena arena = Arena.ofConfined()) {
                        NativeFloats a = NativeFloats.uniform(arena, 3 * depth + 5 * m, -2, 2, n);
                        NativeFloats b = NativeFloats.uniform(arena, Math.max(1, depth * stride), -2, 2, n + 1);
                        NativeFloats out = NativeFloats.uniform(arena, m * (n + 1), -2, 2, n + 2);
                        double[] expected = out.values();
                        for (int i = 0; i < m; i++) {
                            for (int k = 0; k < depth; k++) {
                                for (int j = 0; j < n; j++) {
                                    expected[i * (n + 1) + j] += (double) a.get(5 * i + 3 * k) * b.get(k * stride + j);
                                }
                            }
                        }
                        PRODUCTS.multiplyRows(a.address, 5, 3, m, depth, b.address, stride, out.address, n + 1, n);
                        out.check("multiplyRows of " + m + " by " + depth, j -> expected[j], 1e-6, 4e-6);
                    }
                }
            }
        }
    }

    @Test
    void dots() {
        for (int n : KernelsUnderTest.counts()) {
            for (int count : new int[]{1, 2, 5}) {
                for (int m : new int[]{1, 3, 4, 9}) {
                    try (Arena arena = Arena.ofConfined()) {
                        NativeFloats a = NativeFloats.uniform(arena, Math.max(1, m * n), -2, 2, n);
                        NativeFloats b = NativeFloats.uniform(arena, count * (n + 2), -2, 2, n + 1);
                        NativeFloats bias = NativeFloats.uniform(arena, count, -2, 2, n + 2);
                        NativeFloats out = NativeFloats.uniform(arena, m * (count + 1), -2, 2, n + 3);
                        double[] before = out.values();
                        float[] rows = new float[m * n];
                        for (int i = 0; i < rows.length; i++) {
                            rows[i] = a.get(i);
                        }
                        double[] products = new double[before.length];
                        double[] expected = new double[before.length];
                        double most = 0;
                        for (int i = 0; i < m; i++) {
                            for (int j = 0; j < count; j++) {
                                double sum = 0;
                                for (int k = 0; k < n; k++) {
                                    sum += (double) rows[i * n + k] * b.get(j * (n + 2) + k);
                                }
                                products[i * (count + 1) + j] = sum;
                                most = Math.max(most, Math.abs(sum));
                            }
                        }
                        for (boolean accumulate : new boolean[]{true, false}) {
                            for (boolean biased : new boolean[]{true, false}) {
                                double[] kept = out.values();
                                PRODUCTS.dots(rows, m, b.address, n + 2, count, n,
                                        biased ? bias.address : 0, out.address, count + 1, accumulate);
                                for (int i = 0; i < expected.length; i++) {
                                    int j = i % (count + 1);
                                    expected[i] = j == count
                                            ? kept[i] // what lies between rows stays
                                            : products[i] + (biased ? bias.get(j) : 0) + (accumulate ? kept[i] : 0);
                                }
                                out.check("dots of " + m + " by " + count, i -> expected[i], 1e-6,
                                        1e-6 * (4 + most + n));
                            }
                        }
                    }
                }
            }
        }
    }
}
