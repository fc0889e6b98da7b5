// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import verbo.tensor.cpu.LogisticRowSteps;

/**
 * Steps of stochastic gradient descent on the loss of word2vec (Mikolov et al. 2013), the logistic loss of every pair of m
 * inputs x and n outputs y:
 *
 * <pre>
 * L = -Σ_i Σ_j [ label_j log σ(x_i · y_j) + (1 - label_j) log σ(-x_i · y_j) ]
 * </pre>
 *
 * All rows take their step from the values before it, so the pairs of a step are two small matrix products instead of many
 * single ones (Ji et al. 2016). One thread's own; the matrices may be shared.
 */
public interface LogisticSteps extends AutoCloseable {
    /**
     * Steps on rows of this width.
     *
     * @param inputs
     *            at most so many inputs in a step
     * @param outputs
     *            at most so many outputs in a step
     */
    static LogisticSteps of(int width, int inputs, int outputs) {
        return new LogisticRowSteps(width, inputs, outputs);
    }

    /**
     * {@code row -= rate · ∂L/∂row} for the rows {@code inputs[0..m)} of x and {@code outputs[0..n)} of y. A row named twice
     * takes both steps.
     */
    void step(SharedRows x, int[] inputs, int m, SharedRows y, int[] outputs, float[] labels, int n, float rate);

    /**
     * The same where the only input is the mean of the rows {@code inputs[0..m)} of x, of which there is at least one. Each of them takes the whole step of
     * the mean, not its m-th part, as word2vec and fastText have it.
     */
    void stepOfMean(SharedRows x, int[] inputs, int m, SharedRows y, int[] outputs, float[] labels, int n,
            float rate);

    /** L at the last step, before it, in nats. */
    double loss();

    @Override
    void close();
}
