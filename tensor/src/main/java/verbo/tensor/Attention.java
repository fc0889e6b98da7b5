// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.jspecify.annotations.Nullable;

/**
 * How attention is computed: softmax(scale · QKᵀ + bias) V (Vaswani et al. 2017).
 *
 * @param scale
 *            what the products of queries and keys are multiplied by, usually 1/√(head dimension); positive and finite
 * @param causal
 *            whether query i sees only the keys up to its own place; with fewer queries than keys the queries are the last
 * @param bias
 *            added to the scaled products before the softmax, shape {@code [batch or 1, heads or 1, queries or 1, keys]}, F32,
 *            contiguous; -infinity masks; it takes no gradient. Null for none
 * @param dropout
 *            the probability with which each weight of the softmax is dropped (the rest is scaled by 1/(1-p)): weight
 *            {@code [b, h, query, key]} by the draw that {@link Tensor#dropout} makes for it in a tensor of that shape
 * @param seed
 *            what the draws are of
 */
public record Attention(float scale, boolean causal, @Nullable Tensor bias, float dropout, long seed) {
    public Attention {
        if (!(scale > 0 && scale < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the scale of attention is positive and finite, not " + scale);
        }
        Elementwise.requireProbability(dropout);
    }

    /** Without dropout. */
    public Attention(float scale, boolean causal, @Nullable Tensor bias) {
        this(scale, causal, bias, 0, 0);
    }

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
        return new Attention(scale, causal, added, dropout, seed);
    }

    /** The same with weights dropped. */
    public Attention withDropout(float probability, long draws) {
        return new Attention(scale, causal, bias, probability, draws);
    }
}
