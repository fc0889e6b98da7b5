// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import verbo.tensor.Engine;
import verbo.tensor.Tensor;

/** A Transformer that reads left to right: what scoring and generating need of every such family. */
interface CausalTransformer {
    Engine engine();

    int layers();

    /** Length of a layer's keys of one token, all heads together; of its values, too. */
    int keyWidth();

    /** Length of a token's last hidden vector. */
    int width();

    int contextLength();

    int vocabularySize();

    /** Last hidden vectors [batch, time, width] of whole sequences, ids [batch, time]. */
    Tensor hidden(Tensor ids);

    /** Last hidden vectors [tokens, width] of tokens of any sequences: their ids [tokens] and places [tokens]. */
    Tensor hidden(Tensor ids, Tensor places, SelfAttention attention);

    /** The output layer [width, vocabulary], a view that lies as the weights do. */
    Tensor output();
}
