// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.jspecify.annotations.Nullable;

/** Attention with its gradient: the softmax is computed again on the way back instead of being kept. */
final class AttentionProduct {
    private AttentionProduct() {}

    static Tensor attention(Tensor queries, Tensor keys, Tensor values, Attention options) {
        if (queries.rank() != 4 || keys.rank() != 4 || !values.shape().equals(keys.shape())
                || queries.length(0) != keys.length(0) || queries.length(3) != keys.length(3)
                || keys.length(1) == 0 || queries.length(1) % keys.length(1) != 0) {
            throw new IllegalArgumentException(
                    "attention needs queries [batch, heads, queries, d] and keys and values [batch,"
                            + " kvHeads, keys, d] with heads a multiple of kvHeads, not " + queries.shape() + ", "
                            + keys.shape()
                            + " and " + values.shape());
        }
        if (keys.length(2) == 0 || keys.length(3) == 0) {
            throw new IllegalArgumentException(
                    "attention needs at least one key and a head of at least one element, not keys " + keys.shape());
        }
        if (options.causal() && queries.length(2) > keys.length(2)) {
            throw new IllegalArgumentException("causal attention has at least as many keys as queries, not "
                    + keys.length(2) + " for " + queries.length(2));
        }
        requireBias(queries, keys, options.bias());
        Tensor q = dense(queries);
        Tensor k = dense(keys);
        Tensor v = dense(values);
        Engine engine = q.engine();
        int b = q.length(0);
        int h = q.length(1);
        int t = q.length(2);
        Tensor out = Scope.current().empty(DType.F32, b, t, h, q.length(3));
        Tensor logSums = Scope.current().empty(DType.F32, b, h, t);
        engine.attention(options, q, k, v, out.transpose(1, 2), logSums);
        if (Elementwise.recording(q) || Elementwise.recording(k) || Elementwise.recording(v)) {
            out.recorded(dOut -> {
                try (Scope temporary = Scope.open(engine)) {
                    engine.attentionBackward(options, q, k, v, out.transpose(1, 2), logSums, dOut.transpose(1, 2),
                            wanted(q, temporary), wanted(k, temporary), wanted(v, temporary));
                }
            }, q, k, v);
        }
        return out.transpose(1, 2);
    }

    private static void requireBias(Tensor queries, Tensor keys, @Nullable Tensor bias) {
        if (bias == null) {
            return;
        }
        if (Elementwise.recording(bias)) {
            throw new IllegalArgumentException("the bias of attention takes no gradient: " + bias
                    + " requires one or was computed from what does; add Scope.copy of it");
        }
        boolean fits = bias.rank() == 4 && bias.length(3) == keys.length(2);
        for (int i = 0; fits && i < 3; i++) {
            fits = bias.length(i) == 1 || bias.length(i) == queries.length(i);
        }
        if (!fits || bias.dtype() != DType.F32 || !bias.isContiguous()) {
            throw new IllegalArgumentException("the bias of attention of " + queries.shape() + " to " + keys.shape()
                    + " is [batch or 1, heads or 1, queries or 1, keys], contiguous, of F32, not " + bias);
        }
    }

    /** Where a gradient is added: a place that is thrown away where none is wanted. */
    private static Tensor wanted(Tensor x, Scope temporary) {
        return x.requiresGradient() ? x.intoSum() : temporary.zeros(x.shape().lengths());
    }

    private static Tensor dense(Tensor x) {
        return x.dtype() == DType.F32 && x.stride(-1) == 1 ? x : x.floats();
    }
}
