// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.List;

import static java.util.Objects.requireNonNull;

/** Operations that treat every element alike. */
final class Elementwise {
    private Elementwise() {}

    /** A copy in row order; as F32 what is not I32. */
    static Tensor copy(Tensor x) {
        return copy(x, x.dtype() == DType.I32 ? DType.I32 : DType.F32);
    }

    static Tensor copy(Tensor x, DType type) {
        Tensor out = Scope.current().empty(type, x.shape());
        x.engine().copy(x, out, false);
        if (recording(x)) {
            out.recorded(dOut -> pass(dOut, x), x);
        }
        return out;
    }

    static Tensor unary(Unary op, Tensor argument) {
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, x.shape());
        x.engine().unary(op, x, out);
        if (recording(x)) {
            out.recorded(dOut -> {
                Engine.Gradient dx = x.into();
                x.engine().unaryBackward(op, x, out, dOut, requireNonNull(dx.into()), dx.accumulate());
            }, x);
        }
        return out;
    }

    static Tensor affine(Tensor argument, float scale, float shift) {
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, x.shape());
        x.engine().affine(x, scale, shift, out, false);
        if (recording(x)) {
            out.recorded(dOut -> {
                Engine.Gradient dx = x.into();
                x.engine().affine(dOut, scale, 0, requireNonNull(dx.into()), dx.accumulate());
            }, x);
        }
        return out;
    }

    static Tensor dropout(Tensor argument, float probability, long seed) {
        requireProbability(probability);
        Tensor x = argument.floats();
        Tensor out = Scope.current().empty(DType.F32, x.shape());
        x.engine().dropout(x, probability, seed, out, false);
        if (recording(x)) {
            out.recorded(dOut -> {
                Engine.Gradient dx = x.into();
                x.engine().dropout(dOut, probability, seed, requireNonNull(dx.into()), dx.accumulate());
            }, x);
        }
        return out;
    }

    static void requireProbability(float dropout) {
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("a dropout probability is at least 0 and below 1, not " + dropout);
        }
    }

    static Tensor binary(Binary op, Tensor left, Tensor right) {
        Tensor a = floats(left);
        Tensor b = floats(right);
        Engine engine = a.engine();
        Tensor out = Scope.current().empty(DType.F32, Shape.broadcast(a.shape(), b.shape()));
        engine.binary(op, a, b, out);
        if (recording(a) || recording(b)) {
            out.recorded(dOut -> {
                if (a.requiresGradient()) {
                    switch (op) {
                        case ADD, SUBTRACT -> pass(dOut, a);
                        case MULTIPLY -> pass(Binary.MULTIPLY, dOut, b, 1, a);
                        case DIVIDE -> pass(Binary.DIVIDE, dOut, b, 1, a);
                    }
                }
                if (b.requiresGradient()) {
                    switch (op) {
                        case ADD -> pass(dOut, b);
                        case SUBTRACT -> sumInto(dOut, -1, b);
                        case MULTIPLY -> pass(Binary.MULTIPLY, dOut, a, 1, b);
                        case DIVIDE -> { // d(a/b)/db = -(a/b)/b
                            try (Scope temporary = Scope.open(engine)) {
                                Tensor product = temporary.empty(DType.F32, out.shape());
                                engine.binary(Binary.MULTIPLY, dOut, out, product);
                                pass(Binary.DIVIDE, product, b, -1, b);
                            }
                        }
                    }
                }
            }, a, b);
        }
        return out;
    }

    static Tensor concat(int dimension, List<Tensor> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("there are no tensors to put together");
        }
        Tensor first = parts.getFirst();
        int at = first.shape().dimension(dimension);
        int length = 0;
        for (Tensor part : parts) {
            if (part.rank() != first.rank() || !part.shape().with(at, 1).equals(first.shape().with(at, 1))) {
                throw new IllegalArgumentException(
                        "tensors " + first.shape() + " and " + part.shape() + " cannot be put together in dimension "
                                + at);
            }
            if ((part.dtype() == DType.I32) != (first.dtype() == DType.I32)) {
                throw new IllegalArgumentException("tensors of " + first.dtype() + " and " + part.dtype()
                        + " cannot be put together");
            }
            length += part.length(at);
        }
        Tensor out = Scope.current().empty(first.dtype() == DType.I32 ? DType.I32 : DType.F32,
                first.shape().with(at, length));
        boolean recording = false;
        int from = 0;
        for (Tensor part : parts) {
            first.engine().copy(part, out.slice(at, from, from + part.length(at)), false);
            from += part.length(at);
            recording |= recording(part);
        }
        if (recording) {
            out.recorded(dOut -> {
                int start = 0;
                for (Tensor part : parts) {
                    int end = start + part.length(at);
                    if (part.requiresGradient()) {
                        pass(dOut.slice(at, start, end), part);
                    }
                    start = end;
                }
            }, parts.toArray(Tensor[]::new));
        }
        return out;
    }

    /** A tensor of F32 with any strides. */
    private static Tensor floats(Tensor x) {
        return x.dtype() == DType.F32 ? x : copy(x, DType.F32);
    }

    /** Whether an operation on x must be recorded. */
    static boolean recording(Tensor x) {
        return x.requiresGradient() && !Tape.off();
    }

    /** Passes a gradient on unchanged, summed over what was broadcast. */
    static void pass(Tensor dOut, Tensor to) {
        if (dOut.shape().equals(to.shape())) {
            Engine.Gradient target = to.into();
            to.engine().copy(dOut, requireNonNull(target.into()), target.accumulate());
        } else {
            sumInto(dOut, 1, to);
        }
    }

    /** Passes {@code scale · (dOut op other)} on. */
    private static void pass(Binary op, Tensor dOut, Tensor other, float scale, Tensor to) {
        try (Scope temporary = Scope.open(to.engine())) {
            Tensor product = temporary.empty(DType.F32, dOut.shape());
            to.engine().binary(op, dOut, other, product);
            sumInto(product, scale, to);
        }
    }

    /** Adds {@code scale · dOut} to the gradient of {@code to}, summed over the dimensions that were broadcast. */
    static void sumInto(Tensor dOut, float scale, Tensor to) {
        int[] aligned = new int[dOut.rank()];
        java.util.Arrays.fill(aligned, 1);
        for (int i = 1; i <= to.rank(); i++) {
            aligned[dOut.rank() - i] = to.length(-i);
        }
        Engine engine = to.engine();
        Engine.Gradient target = to.into();
        Tensor into = requireNonNull(target.into());
        if (into.isContiguous()) {
            engine.sum(dOut, scale, into.reshape(aligned), target.accumulate());
        } else {
            try (Scope temporary = Scope.open(engine)) {
                Tensor sums = temporary.empty(DType.F32, Shape.of(aligned));
                engine.sum(dOut, scale, sums, false);
                engine.copy(sums.reshape(to.shape().lengths()), into, target.accumulate());
            }
        }
    }
}
