// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The mean negative log-probability of targets under a softmax, in nats. */
final class CrossEntropy {
    /** Logits up to this many are kept for the way back (256 MiB); more are computed again. */
    private static final long KEPT = 1L << 26;

    /** Logits computed at a time (4 MiB): they stay in the cache until all is done with them. */
    private static final int PART = 1 << 20;

    private CrossEntropy() {}

    static Tensor ofLogits(Tensor argument, Tensor targets) {
        Tensor logits = argument.floats();
        int classes = logits.length(-1);
        int rows = requireTargets(logits, targets);
        Engine engine = logits.engine();
        Scope scope = Scope.current();
        Tensor work = scope.empty(DType.F32, rows, classes);
        engine.copy(logits.reshape(rows, classes), work, false);
        Tensor losses = scope.empty(DType.F32, rows);
        Tensor sums = scope.empty(DType.F32, rows);
        engine.crossEntropy(work, targets.reshape(rows), losses, sums);
        float scale = 1f / counted(targets, classes);
        Tensor out = mean(losses, scale);
        if (Elementwise.recording(logits)) {
            out.recorded(dOut -> {
                engine.crossEntropyBackward(work, targets.reshape(rows), sums, scale * dOut.item());
                Elementwise.pass(work.reshape(logits.shape().lengths()), logits);
            }, logits);
        }
        return out;
    }

    static Tensor ofLinear(Tensor argument, Tensor weight, @Nullable Tensor bias, Tensor targets) {
        return ofLinear(argument, weight, bias, targets, KEPT);
    }

    /** The same, keeping up to {@code most} logits. */
    static Tensor ofLinear(Tensor argument, Tensor matrix, @Nullable Tensor added, Tensor targets, long most) {
        Products.requireWeight(argument, matrix, added);
        Tensor x = argument.floats();
        Tensor weight = Products.multipliable(matrix);
        Tensor bias = added == null ? null : added.floats();
        int rows = requireTargets(x, targets);
        int classes = weight.length(1);
        Engine engine = x.engine();
        Scope scope = Scope.current();
        Tensor hidden = x.reshape(rows, x.length(-1)); // [rows, width]
        Tensor flat = targets.reshape(rows);
        float scale = 1f / counted(targets, classes);
        boolean recording = Elementwise.recording(x) || Elementwise.recording(weight)
                || bias != null && Elementwise.recording(bias);
        boolean keep = recording && (long) rows * classes <= most;
        int wanted = PART / Math.max(1, rows) / 64 * 64;
        int width = Math.clamp(wanted, 256, Math.max(256, classes));
        int parts = (classes + width - 1) / width;
        Tensor maxima = scope.empty(DType.F32, parts, rows);
        Tensor sums = scope.empty(DType.F32, parts, rows);
        Tensor chosen = scope.empty(DType.F32, rows);
        Tensor losses = scope.empty(DType.F32, rows);
        List<Tensor> kept = new ArrayList<>(keep ? parts : 0);
        for (int part = 0; part < parts; part++) {
            int from = part * width;
            int to = Math.min(classes, from + width);
            try (Scope temporary = Scope.open(engine)) {
                Tensor logits = (keep ? scope : temporary).empty(DType.F32, rows, to - from); // [rows, part]
                engine.matmul(hidden, weight.slice(1, from, to), bias == null ? null : bias.slice(0, from, to), logits,
                        false);
                engine.crossEntropyPart(logits, from, flat, maxima.select(0, part), sums.select(0, part), chosen);
                if (keep) {
                    kept.add(logits);
                }
            }
        }
        engine.crossEntropyOfParts(maxima, sums, chosen, flat, losses);
        Tensor out = mean(losses, scale);
        if (recording) {
            out.recorded(dOut -> {
                float upstream = scale * dOut.item();
                Engine.Gradient dHidden = hidden.into();
                Engine.Gradient dWeight = weight.into();
                Engine.Gradient dBias = bias == null ? Engine.Gradient.NONE : bias.into();
                for (int part = 0; part < parts; part++) {
                    int from = part * width;
                    int to = Math.min(classes, from + width);
                    Tensor columns = weight.slice(1, from, to); // [width, part]
                    try (Scope temporary = Scope.open(engine)) {
                        Tensor dLogits = keep ? kept.get(part) : temporary.empty(DType.F32, rows, to - from);
                        if (!keep) {
                            engine.matmul(hidden, columns, bias == null ? null : bias.slice(0, from, to), dLogits,
                                    false);
                            engine.crossEntropyPart(dLogits, from, flat, temporary.empty(DType.F32, rows),
                                    temporary.empty(DType.F32, rows), temporary.empty(DType.F32, rows));
                        }
                        engine.crossEntropyPartBackward(dLogits, from, flat, sums.select(0, part), upstream);
                        Products.multiplyInto(dLogits, columns.transpose(0, 1),
                                new Engine.Gradient(dHidden.into(), dHidden.accumulate() || part > 0));
                        Products.multiplyInto(hidden.transpose(0, 1), dLogits, part(dWeight, 1, from, to));
                        Tensor biases = part(dBias, 0, from, to).into();
                        if (biases != null) {
                            engine.sum(dLogits, 1, biases.reshape(1, to - from), dBias.accumulate());
                        }
                    }
                }
            }, hidden, weight, bias);
        }
        return out;
    }

    private static Engine.Gradient part(Engine.Gradient whole, int dimension, int from, int to) {
        Tensor into = whole.into();
        return into == null ? whole : new Engine.Gradient(into.slice(dimension, from, to), whole.accumulate());
    }

    private static Tensor mean(Tensor losses, float scale) {
        Tensor out = Scope.current().empty(DType.F32, Shape.of());
        losses.engine().sum(losses, scale, out.reshape(1), false);
        return out;
    }

    private static int requireTargets(Tensor x, Tensor targets) {
        if (targets.dtype() != DType.I32 || targets.size() != x.shape().rows()
                || targets.rank() == x.rank() - 1 && !targets.shape().equals(rowsOf(x))) { // else they are in a row
            throw new IllegalArgumentException(
                    "targets " + targets + " do not go with the " + x.shape().rows() + " rows of " + x.shape());
        }
        if (!targets.isContiguous()) {
            throw new IllegalArgumentException("targets " + targets.shape() + " of " + x.shape()
                    + " with gaps between their elements: make them contiguous first");
        }
        return (int) x.shape().rows();
    }

    private static Shape rowsOf(Tensor x) {
        return Shape.of(Arrays.copyOf(x.shape().lengths(), x.rank() - 1));
    }

    private static int counted(Tensor targets, int classes) {
        int[] values = targets.toInts();
        int count = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] >= classes) {
                throw new IllegalArgumentException(
                        "target " + values[i] + " at place " + i + " is outside " + classes + " classes");
            }
            count += values[i] >= 0 ? 1 : 0;
        }
        if (count == 0) {
            throw new IllegalArgumentException("a cross-entropy needs at least one target that is not negative");
        }
        return count;
    }
}
