// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.Random;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import verbo.tensor.DType;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/** Matrix products in all transpositions, at every edge that blocking has, into matrices with gaps between their rows. */
class GemmKernelTest {
    private static final int[] LENGTHS = {1, 2, 3, 4, 5, 7, 8, 16, 17, 31, 33, 64, 65, 97, 130, 257, 300, 520};
    private static final CpuEngine ENGINE = new CpuEngine(2);
    private static final float OUTSIDE = 77;

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    /** The most multiplications of one product that take no noticeable time. */
    private static long most(long byVectors) {
        return KernelsUnderTest.emulated() ? byVectors / 8 : KernelsUnderTest.scalar() ? byVectors / 4 : byVectors;
    }

    private static float[] random(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    /** A matrix [rows, columns] that lies by rows or by columns, in a larger one. */
    private static Tensor matrix(Scope scope, float[] values, int rows, int columns, boolean transposed, int gap) {
        int r = transposed ? columns : rows;
        int c = transposed ? rows : columns;
        float[] laid = random((r + 1) * (c + gap), 9);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                int at = transposed ? (j + 1) * (c + gap) + gap / 2 + i : (i + 1) * (c + gap) + gap / 2 + j;
                laid[at] = values[i * columns + j];
            }
        }
        Tensor part = scope.of(laid, r + 1, c + gap).slice(0, 1, r + 1).slice(1, gap / 2, gap / 2 + c);
        return transposed ? part.transpose(0, 1) : part;
    }

    private static double[] product(float[] a, float[] b, int m, int n, int k) {
        double[] c = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int p = 0; p < k; p++) {
                double x = a[i * k + p];
                for (int j = 0; j < n; j++) {
                    c[i * n + j] += x * b[p * n + j];
                }
            }
        }
        return c;
    }

    private static void check(int m, int n, int k) {
        float[] left = random(m * k, 1);
        float[] right = random(k * n, 2);
        double[] expected = product(left, right, m, n, k);
        for (int gap : new int[]{0, 5}) {
            for (int transposition = 0; transposition < 4; transposition++) {
                boolean flipA = (transposition & 1) != 0;
                boolean flipB = (transposition & 2) != 0;
                try (Scope scope = Scope.open(ENGINE)) {
                    Tensor a = matrix(scope, left, m, k, flipA, gap);
                    Tensor b = matrix(scope, right, k, n, flipB, gap);
                    // all four of bias or none, added or replaced, over the eight cases of this shape
                    boolean accumulate = (transposition + gap) % 2 != 0;
                    boolean biased = (transposition == 1 || transposition == 2);
                    Tensor bias = biased ? scope.of(random(n, 3), n) : null;
                    check(scope, a, b, bias, expected, accumulate, gap,
                            m + " x " + n + " x " + k + (flipA ? " T" : " N")
                                    + (flipB ? "T" : "N") + (accumulate ? ", added" : "")
                                    + (bias != null ? ", bias" : "") + ", gap " + gap);
                }
            }
        }
    }

    private static void check(Scope scope, Tensor a, Tensor b, @Nullable Tensor bias, double[] expected,
            boolean accumulate,
            int gap, String name) {
        int m = a.length(0);
        int n = b.length(1);
        int width = n + gap;
        float[] before = random((m + 2) * width, 4);
        for (int i = 0; i < before.length; i++) {
            int column = i % width - gap / 2;
            if (i < width || i >= (m + 1) * width || column < 0 || column >= n) {
                before[i] = OUTSIDE;
            }
        }
        Tensor whole = scope.of(before, m + 2, width);
        Tensor out = whole.slice(0, 1, m + 1).slice(1, gap / 2, gap / 2 + n);
        ENGINE.matmul(a, b, bias, out, accumulate);
        float[] after = whole.toFloats();
        float[] added = bias == null ? new float[n] : bias.toFloats();
        double allowed = 2e-6 * Math.sqrt(a.length(1)) + 1e-6;
        for (int i = 0; i < after.length; i++) {
            int row = i / width - 1;
            int column = i % width - gap / 2;
            boolean inside = row >= 0 && row < m && column >= 0 && column < n;
            double exact = inside ? expected[row * n + column] + added[column] + (accumulate ? before[i] : 0) : OUTSIDE;
            if (!(Math.abs(after[i] - exact) <= (inside ? allowed : 0))) {
                fail("%s: element %d, %d is %s, not %s", name, row, column, after[i], exact);
            }
        }
    }

    @Test
    void everyCombinationOfSmallLengths() {
        int last = 17;
        for (int m : LENGTHS) {
            for (int n : LENGTHS) {
                for (int k : LENGTHS) {
                    if (m <= last && n <= last && k <= last) {
                        check(m, n, k);
                    }
                }
            }
        }
    }

    @Test
    void oneLengthAfterTheOther() {
        for (int length : LENGTHS) {
            for (int other : new int[]{1, 3, 4, 5, 33, 97}) {
                if ((long) length * other * other <= most(8_000_000)) {
                    check(length, other, other);
                    check(other, length, other);
                    check(other, other, length);
                }
            }
        }
    }

    @Test
    void someOfAllCombinations() {
        Random random = new Random(5);
        for (int i = 0; i < 60; i++) {
            int m = LENGTHS[random.nextInt(LENGTHS.length)];
            int n = LENGTHS[random.nextInt(LENGTHS.length)];
            int k = LENGTHS[random.nextInt(LENGTHS.length)];
            if ((long) m * n * k <= most(12_000_000)) {
                check(m, n, k);
            }
        }
    }

    @Test
    void moreThanABlockInEachDirection() {
        int[][] shapes = {{5, 3101, 7}, {3100, 5, 7}, {3, 3101, 9}, {4, 5, 1031}, {12, 1031, 1031}, {23, 731, 737},
                {1, 520, 1031},
                {97, 130, 520},
                {3079, 33, 5},
                {300, 300, 300}};
        for (int[] shape : shapes) {
            if ((long) shape[0] * shape[1] * shape[2] <= most(30_000_000)) {
                check(shape[0], shape[1], shape[2]);
            }
        }
    }

    @Test
    void batches() {
        int[][] shapes = {{1, 1, 1}, {3, 5, 7}, {5, 33, 17}, {65, 9, 31}, {1, 64, 33}, {130, 130, 130}};
        for (int[] shape : shapes) {
            int m = shape[0];
            int n = shape[1];
            int k = shape[2];
            if (6L * m * n * k > most(30_000_000)) {
                continue;
            }
            for (int transposition = 0; transposition < 4; transposition++) {
                boolean flipA = (transposition & 1) != 0;
                boolean flipB = (transposition & 2) != 0;
                try (Scope scope = Scope.open(ENGINE)) {
                    Tensor a = scope.of(random(2 * m * k, 1), flipA ? new int[]{2, 1, k, m} : new int[]{2, 1, m, k});
                    Tensor b = scope.of(random(3 * k * n, 2), flipB ? new int[]{3, n, k} : new int[]{3, k, n});
                    a = flipA ? a.transpose(-2, -1) : a;
                    b = flipB ? b.transpose(-2, -1) : b;
                    Tensor out = scope.empty(DType.F32, 2, 3, m, n);
                    ENGINE.matmul(a, b, null, out, false);
                    ENGINE.matmul(a, b, null, out, true);
                    for (int i = 0; i < 2; i++) {
                        for (int j = 0; j < 3; j++) {
                            double[] expected = product(a.select(0, i).toFloats(), b.select(0, j).toFloats(), m, n, k);
                            float[] actual = out.select(0, i).select(0, j).toFloats();
                            for (int p = 0; p < actual.length; p++) {
                                assertThat(Math.abs(actual[p] - 2 * expected[p]))
                                        .isLessThan(4e-6 * Math.sqrt(k) + 1e-6);
                            }
                        }
                    }
                }
            }
        }
    }

    /** More columns than are packed at a time by a thread alone, and no multiple of what 512-bit vectors compute at once. */
    @Test
    void biasIsAddedOnceToWhatIsThere() {
        try (Scope scope = Scope.open(ENGINE)) {
            float[] left = random(4 * 4, 1);
            float[] right = random(4 * 300, 2);
            check(scope, matrix(scope, left, 4, 4, false, 0), matrix(scope, right, 4, 300, false, 0),
                    scope.of(random(300, 3), 300), product(left, right, 4, 300, 4), true, 0, "added");
        }
    }

    @Test
    void severalThreadsOfTheCallerMultiplyAtOnce() throws InterruptedException {
        int m = KernelsUnderTest.scalar() || KernelsUnderTest.emulated() ? 97 : 3100;
        Thread[] threads = new Thread[3];
        Throwable[] failures = new Throwable[threads.length];
        for (int t = 0; t < threads.length; t++) {
            int index = t;
            threads[t] = new Thread(() -> {
                try {
                    for (int i = 0; i < 3; i++) {
                        check(m - index, 33 + index, 65);
                    }
                } catch (Throwable e) {
                    failures[index] = e;
                }
            });
            threads[t].start();
        }
        for (int t = 0; t < threads.length; t++) {
            threads[t].join();
        }
        assertThat(failures).containsOnlyNulls();
    }
}
