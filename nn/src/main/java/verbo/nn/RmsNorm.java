// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import verbo.tensor.Tensor;

/**
 * Root-mean-square normalisation (Zhang and Sennrich 2019).
 *
 * @param gain
 *            [width]
 * @param epsilon
 *            added to the mean of squares
 */
public record RmsNorm(Parameter gain, float epsilon) {
    /** {@code x [.., width]} gives {@code [.., width]}. */
    public Tensor forward(Tensor x) {
        return x.rmsNorm(gain.value(), epsilon);
    }
}
