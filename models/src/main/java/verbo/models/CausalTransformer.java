// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import verbo.tensor.Engine;
import verbo.tensor.Tensor;

/** A Transformer that reads left to right: what scoring and generating need of every such family. */
abstract class CausalTransformer {
    public abstract Engine engine();

    abstract int layers();

    /** Length of a layer's keys of one token, all heads together; of its values, too. */
    abstract int keyWidth();

    /** Length of a token's last hidden vector. */
    abstract int width();

    /** What it is, in one line. */
    public abstract String description();

    public abstract int contextLength();

    public abstract int vocabularySize();

    /** Last hidden vectors [batch, time, width] of whole sequences, ids [batch, time]. */
    abstract Tensor hidden(Tensor ids);

    /** Last hidden vectors [tokens, width] of tokens of any sequences: their ids [tokens] and places [tokens]. */
    abstract Tensor hidden(Tensor ids, Tensor places, SelfAttention attention);

    /** The output layer [width, vocabulary], a view that lies as the weights do. */
    abstract Tensor output();
}
