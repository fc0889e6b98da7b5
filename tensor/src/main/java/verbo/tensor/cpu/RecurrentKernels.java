// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/**
 * What recurrent cells do with the products of a step, element by element. Arguments named by a tensor are addresses of rows
 * of {@code n} units; strides count elements. States, and the gradients that are carried, are rows {@code width} apart; of the
 * gates that are kept, each is {@code width} elements behind the one before, and rows are four times as far apart.
 */
interface RecurrentKernels {
    /** {@code out = σ(x + p + bias)}, or the tanh of it; an address of 0 is no bias. */
    void activate(boolean tanh, long x, long xStride, long p, long pStride, long bias, long out, long outStride,
            int rows, int n);

    /** {@code cell = f·before + i·g}, {@code hidden = o·tanh(cell)} of gates i, f, g, o. */
    void lstm(long gates, long before, long cell, long hidden, int width, int rows, int n);

    /**
     * Gradients of what the gates were made of, and of the cell before in {@code carriedCell}; {@code carried} is set to 0.
     * Both held what later steps passed back.
     */
    void lstmBackward(long gates, long before, long cell, long dHidden, long dCell, long carried, long carriedCell,
            long dGates, int width, int rows, int n);

    /** {@code q = p + bias}, {@code n = tanh(x + r·q)}, {@code hidden = n + z·(before - n)}; n and q join the gates r, z. */
    void gru(long x, long xStride, long p, long pStride, long bias, long gates, long before, long hidden, int width,
            int rows, int n);

    /** Gradients of the gates' inputs and of the product; {@code carried} holds what goes straight to the state before. */
    void gruBackward(long gates, long before, long dHidden, long carried, long dx, long dProduct, int width, int rows,
            int n);

    /** Gradient of what the tanh was taken of; {@code carried} is set to 0. */
    void rnnBackward(long hidden, long dHidden, long carried, long dx, int width, int rows, int n);
}
