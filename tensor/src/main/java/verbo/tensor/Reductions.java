// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.Arrays;

import static java.util.Objects.requireNonNull;

/** Operations that bring many elements together: sums, maxima and softmax. */
final class Reductions {
    private Reductions() {}

    /** {@code scale} times the sum of all elements, a scalar. */
    static Tensor sum(Tensor argument, float scale) {
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, Shape.of());
        int[] ones = new int[x.rank()];
        Arrays.fill(ones, 1);
        x.engine().sum(x, scale, out.reshape(ones), false);
        recordSum(x, scale, out, out.reshape(ones));
        return out;
    }

    /** {@code scale} times the sum over one dimension, which stays with length 1. */
    static Tensor sum(Tensor argument, int dimension, float scale) {
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, x.shape().with(dimension, 1));
        x.engine().sum(x, scale, out, false);
        recordSum(x, scale, out, out);
        return out;
    }

    private static void recordSum(Tensor x, float scale, Tensor out, Tensor aligned) {
        if (Elementwise.recording(x)) {
            out.recorded(dOut -> {
                Engine engine = x.engine();
                Tensor dx = x.intoSum();
                try (Scope temporary = Scope.open(engine)) {
                    Tensor scaled = temporary.empty(DType.F32, aligned.shape());
                    engine.affine(dOut, scale, 0, scaled.reshape(dOut.shape().lengths()), false);
                    engine.binary(Binary.ADD, dx, scaled, dx);
                }
            }, x);
        }
    }

    static Tensor max(Tensor argument) {
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, x.shape().with(-1, 1));
        x.engine().max(x, out);
        if (Elementwise.recording(x)) {
            out.recorded(dOut -> {
                Engine.Gradient dx = x.into();
                x.engine().maxBackward(x, out, dOut, requireNonNull(dx.into()), dx.accumulate());
            }, x);
        }
        return out;
    }

    static Tensor softmax(Tensor argument, boolean log) {
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, x.shape());
        x.engine().softmax(x, log, out);
        if (Elementwise.recording(x)) {
            out.recorded(dOut -> {
                Engine.Gradient dx = x.into();
                x.engine().softmaxBackward(out, log, dOut, requireNonNull(dx.into()), dx.accumulate());
            }, x);
        }
        return out;
    }
}
