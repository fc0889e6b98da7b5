// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.jspecify.annotations.Nullable;

/**
 * How attention is computed: softmax(scale · QKᵀ + bias) V (Vaswani et al. 2017).
 *
 * @param scale
 *            what the products of queries and keys are multiplied by, usually 1/√(head dimension)
 * @param causal
 *            whether query i sees only the keys up to its own place; with fewer queries than keys the queries are the last
 * @param bias
 *            added to the scaled products before the softmax, shape {@code [batch or 1, heads or 1, queries or 1, keys]}, F32,
 *            contiguous; -infinity masks; it takes no gradient. Null for none
 */
public record Attention(float scale, boolean causal, @Nullable Tensor bias) {
    /** Causal attention with the usual scale for this head dimension. */
    public static Attention causal(int headDimension) {
        return new Attention((float) (1 / Math.sqrt(headDimension)), true, null);
    }

    /** Attention to every key with the usual scale for this head dimension. */
    public static Attention full(int headDimension) {
        return new Attention((float) (1 / Math.sqrt(headDimension)), false, null);
    }

    /** The same with an additive bias or mask. */
    public Attention withBias(Tensor added) {
        return new Attention(scale, causal, added);
    }
}
