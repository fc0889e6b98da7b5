// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import verbo.tensor.Attention;
import verbo.tensor.Tensor;

/** How the tokens of a pass attend: within whole sequences, or to a cache of what came before as well. */
interface SelfAttention {
    /**
     * Attends in one layer.
     *
     * @param layer
     *            which, from 0
     * @param headWidth
     *            length d of a head's vectors
     * @param q
     *            queries [.., heads · d]
     * @param k
     *            keys [.., kvHeads · d]
     * @param v
     *            values [.., kvHeads · d]
     * @return [.., heads · d]
     */
    Tensor attend(int layer, Attention options, int headWidth, Tensor q, Tensor k, Tensor v);
}
