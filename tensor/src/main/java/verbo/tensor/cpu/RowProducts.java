// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/**
 * Products between few rows of x and few of y, in tiles of {@link #X} by {@link #Y} rows: as many as keep their sums, or their
 * coefficients, in 16 registers. The numbers of rows are multiples of these, or one of x; callers fill up with rows of zeros.
 * Rows are {@code stride} bytes apart, and zeros follow their {@code width} elements up to a multiple of 64 bytes, which are
 * read and written too: so do those of rows that lie anywhere.
 */
interface RowProducts {
    int X = 2;
    int Y = 3;

    /** Those that go with the kernels of this process. */
    static RowProducts chosen() {
        return CpuEngine.kernels() instanceof ScalarKernels ? new ScalarRowProducts() : new VectorRowProducts();
    }

    /** {@code out[i · n + j] = x_i · y_j}. */
    void dots(long x, int m, long y, int n, long stride, int width, float[] out);

    /**
     * {@code xRows[i] += Σ_j g[i · n + j] y_j} and {@code yRows[j] += Σ_i g[i · n + j] x_i}, where xRows and yRows are the
     * addresses of rows that lie anywhere, some perhaps more than once.
     */
    void update(long x, long[] xRows, int m, long y, long[] yRows, int n, long stride, int width, float[] g);

    /** The mean of the rows at {@code rows[0..count)}. */
    void mean(long[] rows, int count, int width, long out);

    /** Adds x to each of the rows at {@code rows[0..count)}, some of which may be the same. */
    void addTo(long[] rows, int count, int width, long x);
}
