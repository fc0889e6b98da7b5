// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.List;
import verbo.tensor.Tensor;

/**
 * Keeps the gradient of all parameters together from being longer than a limit (Pascanu et al. 2013). The factor goes into
 * the optimizer's own pass over the gradients, so clipping reads memory once and writes none.
 */
public final class GradientClipping {
    private GradientClipping() {}

    /**
     * The length of the gradient of all parameters together. Summed in the order of the parameters, so it repeats bit for
     * bit. Not finite where a gradient is not.
     */
    public static double norm(List<Parameter> parameters) {
        double squares = 0;
        for (Parameter parameter : parameters) {
            Tensor gradient = parameter.frozen() ? null : parameter.value().gradient();
            if (gradient != null) {
                squares += gradient.engine().sumOfSquares(gradient);
            }
        }
        return Math.sqrt(squares);
    }

    /** What to multiply a gradient of this length by so that it is no longer than {@code limit}, as PyTorch does. */
    public static double scale(double norm, double limit) {
        return Math.min(1, limit / (norm + 1e-6));
    }
}
