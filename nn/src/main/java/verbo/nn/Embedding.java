// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import verbo.tensor.Tensor;

/**
 * A vector for each id.
 *
 * @param weight
 *            [vocabulary, width]
 */
public record Embedding(Parameter weight) {
    /** {@code ids [..]} (I32) give {@code [.., width]}. */
    public Tensor forward(Tensor ids) {
        return weight.value().embedding(ids);
    }
}
