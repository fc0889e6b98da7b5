// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.jspecify.annotations.Nullable;

/** Layer normalisation and its relative without a mean. */
final class Normalization {
    private Normalization() {}

    static Tensor layerNorm(Tensor argument, Tensor factor, Tensor added, float epsilon) {
        requireWidth(argument, factor);
        requireWidth(argument, added);
        Tensor x = argument.floats();
        Tensor gain = factor.floats();
        Tensor bias = added.floats();
        Engine engine = x.engine();
        Tensor out = Scope.current().empty(DType.F32, x.shape());
        Tensor statistics = Scope.current().empty(DType.F32, (int) x.shape().rows(), 2);
        engine.layerNorm(x, gain, bias, epsilon, out, statistics);
        if (recording(x, gain, bias)) {
            out.recorded(
                    dOut -> engine.layerNormBackward(x, gain, statistics, dOut, x.into(), gain.into(), bias.into()),
                    x, gain, bias);
        }
        return out;
    }

    static Tensor rmsNorm(Tensor argument, Tensor factor, float epsilon) {
        requireWidth(argument, factor);
        Tensor x = argument.floats();
        Tensor gain = factor.floats();
        Engine engine = x.engine();
        Tensor out = Scope.current().empty(DType.F32, x.shape());
        Tensor statistics = Scope.current().empty(DType.F32, (int) x.shape().rows());
        engine.rmsNorm(x, gain, epsilon, out, statistics);
        if (recording(x, gain, null)) {
            out.recorded(dOut -> engine.rmsNormBackward(x, gain, statistics, dOut, x.into(), gain.into()), x, gain);
        }
        return out;
    }

    private static boolean recording(Tensor x, Tensor gain, @Nullable Tensor bias) {
        return Elementwise.recording(x) || Elementwise.recording(gain) || bias != null && Elementwise.recording(bias);
    }

    private static void requireWidth(Tensor x, Tensor weight) {
        if (weight.rank() != 1 || x.rank() < 1 || weight.length(0) != x.length(-1)) {
            throw new IllegalArgumentException(
                    "a normalisation of width " + weight.shape() + " cannot take " + x.shape());
        }
    }
}
