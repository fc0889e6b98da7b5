// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import verbo.tensor.Tensor;

/**
 * Layer normalisation (Ba et al. 2016).
 *
 * @param gain
 *            [width]
 * @param bias
 *            [width]
 * @param epsilon
 *            added to the variance
 */
public record LayerNorm(Parameter gain, Parameter bias, float epsilon) {
    /** {@code x [.., width]} gives {@code [.., width]}. */
    public Tensor forward(Tensor x) {
        return x.layerNorm(gain.value(), bias.value(), epsilon);
    }
}
