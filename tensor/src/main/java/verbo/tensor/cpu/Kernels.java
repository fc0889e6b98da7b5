// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import verbo.tensor.Binary;
import verbo.tensor.Engine;
import verbo.tensor.Unary;

/**
 * What one thread computes on contiguous memory: the inner loops of the CPU engine but for products, which are
 * {@link ProductKernels}. Two implementations exist, by vectors and
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

    // ---- updates

    void adamW(long parameter, long gradient, long mean, long variance, Engine.AdamW step, long n);

    void sgd(long parameter, long gradient, long velocity, float rate, float momentum, float decay, float scale,
            long n);
}
