// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/**
 * What one thread does for a product of matrices: the register kernel, the packing of its panels, and loops for few rows, which
 * are read where they lie. Matrices in memory are addresses of F32 elements.
 */
interface ProductKernels {
    /** Those that go with some kernels. */
    static ProductKernels of(Kernels kernels) {
        return kernels instanceof ScalarKernels ? ScalarProductKernels.INSTANCE : new VectorProductKernels(kernels);
    }

    /** Rows of the register kernel. */
    int mr();

    /** Columns of the register kernel. */
    int nr();

    /**
     * {@code out[rows, columns] (+)= Σ_k a[k, :]ᵀ · b[k, :] (+ bias)} of packed panels: {@code mr} elements of A, then of the next
     * k; {@code nr} elements of B, then of the next k. Of these the first rows and columns count.
     *
     * @param tile
     *            room for {@code mr × nr} elements
     * @param bias
     *            address of an element a column, or 0
     * @param out
     *            address of rows that are {@code stride} elements apart
     */
    void tile(int rows, int columns, int depth, float[] a, int aFrom, float[] b, int bFrom, float[] tile, long bias,
            long out, long stride, boolean accumulate);

    /**
     * Packs the first {@code count} elements of {@code depth} rows, {@code width} to a panel row, zeros after them. More than
     * {@code width} elements make several panels, one after the other.
     */
    void packRows(long b, long stride, int depth, int count, int width, float[] into, int at);

    /**
     * Packs {@code count} rows of {@code depth} elements, transposed, {@code width} to a panel row, zeros after them. More than
     * {@code width} rows make several panels, one after the other.
     */
    void packColumns(long b, long stride, int depth, int count, int width, float[] into, int at);

    /**
     * {@code out[i, j] (+)= a[i, :] · b[j, :] (+ bias[j])} for {@code m} rows of a, which are few and lie without gaps, and
     * {@code count} of b, reading b once. A bias of 0 is none.
     */
    void dots(float[] a, int m, long b, long stride, int count, int n, long bias, long out, long outStride,
            boolean accumulate);

    /**
     * {@code out[i, 0..n) += Σ_k a[i, k] · b[k, 0..n)} for {@code m} rows of a, which are few, and whose elements are
     * {@code aStep} apart, reading b once.
     */
    void multiplyRows(long a, long aStride, long aStep, int m, int depth, long b, long stride, long out, long outStride,
            int n);
}
