// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import org.jspecify.annotations.Nullable;
import verbo.tensor.Tensor;

/**
 * {@code y = x · weight + bias}.
 *
 * @param weight
 *            [in, out]
 * @param bias
 *            [out], or null for none
 */
public record Linear(Parameter weight, @Nullable Parameter bias) {
    /** {@code x [.., in]} gives {@code [.., out]}. */
    public Tensor forward(Tensor x) {
        return x.linear(weight.value(), bias == null ? null : bias.value());
    }
}
