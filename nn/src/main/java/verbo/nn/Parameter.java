// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import verbo.tensor.Tensor;

/**
 * A tensor that training changes.
 *
 * @param name
 *            its name in the checkpoint, such as {@code transformer.h.0.ln_1.weight}
 * @param value
 *            its elements; of a parameter that is not frozen it is made to require a gradient
 * @param decays
 *            whether weight decay applies: to matrices and embeddings, not to biases and gains
 * @param frozen
 *            whether it stays as it is: it gets no gradient and no update
 */
public record Parameter(String name, Tensor value, boolean decays, boolean frozen) {
    public Parameter {
        if (!frozen) {
            value.requireGradient();
        }
    }
}
