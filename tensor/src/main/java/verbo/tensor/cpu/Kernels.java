// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import verbo.tensor.Binary;
import verbo.tensor.Engine;
import verbo.tensor.Unary;

/**
 * What one thread computes on contiguous memory: the inner loops of the CPU engine. Two implementations exist, by vectors and
 * by plain Java; which one runs is chosen once, by {@link CpuEngine}. Arguments named by a tensor are addresses of F32
 * elements, {@code n} counts elements.
 */
interface Kernels {
    /** What the kernels are made of, for people. */
    String description();

    /** Multiply-adds that depend on nothing but their own predecessor, ten at a time; gives how many operations were done. */
    long multiplyAdds(int rounds);

    // ---- elementwise

    void fill(long out, float value, long n);

    /** {@code to += from}. */
    void add(long from, long to, long n);

    void unary(Unary op, long x, long out, long n);

    void unaryBackward(Unary op, long x, long out, long dOut, long dx, long n, boolean accumulate);

    /** A step of 0 repeats one element, a step of 1 walks. */
    void binary(Binary op, long a, int aStep, long b, int bStep, long out, long n);

    void affine(long x, float scale, float shift, long out, long n, boolean accumulate);

    void dropout(long x, float probability, long seed, long first, long out, long n, boolean accumulate);

    // ---- reductions

    float sum(long x, long n);

    double sumOfSquares(long x, long n);

    float max(long x, long n);

    float dot(long a, long b, long n);

    /** {@code y += factor · x}. */
    void addScaled(float factor, long x, long y, long n);

    /** {@code out[j] += Σ_i scale · x[i, j]} over rows that are {@code stride} elements apart. */
    void sumRows(long x, long rows, long stride, float scale, long out, long n);

    // ---- rows

    /** Of so many rows, one behind the other. */
    void layerNorm(long x, long gain, long bias, float epsilon, long out, long statistics, int n, long rows);

    /** The gradient of one row; adds the row's part to the gradients of gain and bias. */
    void layerNormBackward(long x, long gain, long statistics, long dOut, long dx, long dGain, long dBias, int n,
            boolean accumulate);

    /** Only the part of the gradients of gain and, where its address is not 0, bias. */
    void layerNormBackwardWeights(long x, float mean, float scale, long dOut, long dGain, long dBias, int n);

    void rmsNorm(long x, long gain, float epsilon, long out, long statistics, int n);

    void rmsNormBackward(long x, long gain, float scale, long dOut, long dx, int n, boolean accumulate);

    /** {@code out = exp(x · scale - shift)}, which is of 0 or less but for rounding; gives the sum. */
    float exp(long x, float scale, float shift, long out, int n);

    /** {@code out = exp(x - shift)}, which is of 0 or less; gives the greatest of another row of as many. */
    float expAndMax(long x, float shift, long out, long other, int n);

    /** {@code dx (+)= out · (dOut - dot)}. */
    void softmaxBackward(long out, long dOut, float dot, long dx, int n, boolean accumulate);

    /** {@code dx (+)= dOut - exp(out) · sum}. */
    void logSoftmaxBackward(long out, long dOut, float sum, long dx, int n, boolean accumulate);

    /** {@code dScores = p · (dp - delta) · scale}, in place in dp. */
    void attentionScoresBackward(long p, long dp, float delta, float scale, int n);

    // ---- matrix products

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

    // ---- updates

    void adamW(long parameter, long gradient, long mean, long variance, Engine.AdamW step, long n);

    void sgd(long parameter, long gradient, long velocity, float rate, float momentum, float decay, float scale,
            long n);
}
