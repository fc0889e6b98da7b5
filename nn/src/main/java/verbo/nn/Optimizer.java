// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.Map;
import verbo.tensor.Tensor;

/** Changes parameters by their gradients, step by step, and may remember something of the steps before. */
public sealed interface Optimizer extends AutoCloseable permits AdamW, Sgd {
    /**
     * Updates every parameter that is not frozen and has a gradient, and clears the gradients.
     *
     * @param rate
     *            the learning rate of this step
     * @param gradientScale
     *            what gradients are multiplied by first: 1, or less for clipping, see {@link GradientClipping}
     */
    void step(double rate, double gradientScale);

    /** How many steps were taken. */
    long steps();

    /**
     * What is remembered, by the name of the parameter and of the part as PyTorch calls it:
     * {@code transformer.wte.weight.exp_avg}. In the order of the parameters; each of its parameter's shape.
     */
    Map<String, Tensor> state();

    /** Goes on after so many steps, once {@link #state()} was filled from a checkpoint. */
    void resume(long steps);

    /** Gives the memory of the state back. The parameters stay. */
    @Override
    void close();
}
