// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

import static java.util.Objects.requireNonNull;

/** Matrix products and their gradients: dA = dC·Bᵀ, dB = Aᵀ·dC. */
final class Products {
    private Products() {}

    static Tensor linear(Tensor argument, Tensor matrix, @Nullable Tensor added) {
        requireWeight(argument, matrix, added);
        Tensor x = argument.floats();
        Tensor weight = multipliable(matrix);
        Tensor bias = added == null ? null : added.floats();
        Engine engine = x.engine();
        Tensor rows = x.reshape((int) x.shape().rows(), x.length(-1)); // [rows, in]
        Tensor out = Scope.current().empty(DType.F32, x.shape().with(-1, weight.length(1)));
        engine.matmul(rows, weight, bias, out.reshape(rows.length(0), weight.length(1)), false);
        if (Elementwise.recording(x) || Elementwise.recording(weight) || bias != null && Elementwise.recording(bias)) {
            out.recorded(dOut -> {
                Tensor dRows = dOut.reshape(rows.length(0), weight.length(1)); // [rows, out]
                multiplyInto(dRows, weight.transpose(0, 1), rows.into());
                multiplyInto(rows.transpose(0, 1), dRows, weight.into());
                if (bias != null && bias.requiresGradient()) {
                    Elementwise.sumInto(dRows, 1, bias);
                }
            }, rows, weight, bias);
        }
        return out;
    }

    static Tensor matmul(Tensor left, Tensor right) {
        if (left.rank() < 2 || right.rank() < 2 || left.length(-1) != right.length(-2)) {
            throw new IllegalArgumentException(
                    "matrices " + left.shape() + " and " + right.shape() + " cannot be multiplied");
        }
        if (right.rank() == 2 && left.rank() > 2) {
            return linear(left, right, null); // one large product instead of many small ones
        }
        Tensor a = multipliable(left);
        Tensor b = multipliable(right);
        Engine engine = a.engine();
        int[] lengths = Shape.broadcast(batch(a), batch(b)).lengths();
        int rank = lengths.length;
        lengths = Arrays.copyOf(lengths, rank + 2);
        lengths[rank] = a.length(-2);
        lengths[rank + 1] = b.length(-1);
        Tensor out = Scope.current().empty(DType.F32, lengths);
        engine.matmul(a, b, null, out, false);
        if (Elementwise.recording(a) || Elementwise.recording(b)) {
            out.recorded(dOut -> {
                product(dOut, b.transpose(-2, -1), a);
                product(a.transpose(-2, -1), dOut, b);
            }, a, b);
        }
        return out;
    }

    /** Checks that a matrix takes rows of the length of x's, and a bias fits what it gives. */
    static void requireWeight(Tensor x, Tensor weight, @Nullable Tensor bias) {
        if (weight.rank() != 2 || x.rank() < 1 || x.length(-1) != weight.length(0)) {
            throw new IllegalArgumentException("a weight " + weight.shape() + " does not take an input " + x.shape());
        }
        if (bias != null && (bias.rank() != 1 || bias.length(0) != weight.length(1))) {
            throw new IllegalArgumentException("a bias " + bias.shape() + " does not fit a weight " + weight.shape());
        }
    }

    /** Adds x·y to the gradient of {@code to}, summed over the batches in which {@code to} was repeated. */
    private static void product(Tensor x, Tensor y, Tensor to) {
        if (!to.requiresGradient()) {
            return;
        }
        int[] lengths = Shape.broadcast(batch(x), batch(y)).lengths();
        int rank = lengths.length;
        lengths = Arrays.copyOf(lengths, rank + 2);
        lengths[rank] = x.length(-2);
        lengths[rank + 1] = y.length(-1);
        if (Shape.of(lengths).equals(to.shape())) {
            multiplyInto(x, y, to.into());
        } else {
            try (Scope temporary = Scope.open(to.engine())) {
                Tensor all = temporary.empty(DType.F32, lengths);
                to.engine().matmul(x, y, null, all, false);
                Elementwise.sumInto(all, 1, to);
            }
        }
    }

    /** Multiplies into a gradient, which may lie transposed. */
    static void multiplyInto(Tensor x, Tensor y, Engine.Gradient target) {
        Tensor into = target.into();
        if (into == null) {
            return;
        }
        if (into.stride(-1) == 1 || into.length(-1) == 1 && into.length(-2) == 1) {
            into.engine().matmul(x, y, null, into, target.accumulate());
        } else if (into.stride(-2) == 1) { // (x·y)ᵀ = yᵀ·xᵀ
            into.engine().matmul(y.transpose(-2, -1), x.transpose(-2, -1), null, into.transpose(-2, -1),
                    target.accumulate());
        } else {
            try (Scope temporary = Scope.open(into.engine())) {
                Tensor product = temporary.empty(DType.F32, into.shape());
                into.engine().matmul(x, y, null, product, false);
                into.engine().copy(product, requireNonNull(into), target.accumulate());
            }
        }
    }

    private static Shape batch(Tensor x) {
        return Shape.of(Arrays.copyOf(x.shape().lengths(), x.rank() - 2));
    }

    /** A tensor whose matrices lie by rows or by columns. */
    static Tensor multipliable(Tensor x) {
        return x.dtype() == DType.F32 && (x.stride(-1) == 1 || x.stride(-2) == 1) ? x : x.floats();
    }
}
