// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The mean negative log-probability of targets under a softmax, in nats. */
final class CrossEntropy {
    /** Logits up to this many are kept for the way back (256 MiB); of more, a block of rows at a time is computed again. */
    private static final long KEPT = 1L << 26;

    private CrossEntropy() {}

    static Tensor ofLogits(Tensor argument, Tensor targets) {
        Tensor logits = argument.contiguous();
        int classes = logits.length(-1);
        int rows = requireTargets(logits, targets);
        Engine engine = logits.engine();
        Scope scope = Scope.current();
        Tensor work = scope.empty(DType.F32, rows, classes);
        engine.copy(logits.reshape(rows, classes), work, false);
        Tensor losses = scope.empty(DType.F32, rows);
        Tensor sums = scope.empty(DType.F32, rows);
        engine.crossEntropy(work, targets.reshape(rows), losses, sums);
        float scale = 1f / counted(targets);
        Tensor out = mean(losses, scale);
        if (Elementwise.recording(logits)) {
            out.recorded(dOut -> {
                engine.crossEntropyBackward(work, targets.reshape(rows), sums, scale * dOut.item());
                Elementwise.pass(work.reshape(logits.shape().lengths()), logits);
            });
        }
        return out;
    }

    static Tensor ofLinear(Tensor argument, Tensor weight, @Nullable Tensor bias, Tensor targets) {
        return ofLinear(argument, weight, bias, targets, KEPT);
    }

    /** The same, keeping up to this many logits. */
    static Tensor ofLinear(Tensor argument, Tensor matrix, @Nullable Tensor added, Tensor targets, long most) {
        Products.requireWeight(argument, matrix, added);
        Tensor x = argument.contiguous();
        Tensor weight = Products.multipliable(matrix);
        Tensor bias = added == null ? null : added.contiguous();
        int rows = requireTargets(x, targets);
        int classes = weight.length(1);
        Engine engine = x.engine();
        Scope scope = Scope.current();
        Tensor hidden = x.reshape(rows, x.length(-1)); // [rows, width]
        Tensor flat = targets.reshape(rows);
        Tensor losses = scope.empty(DType.F32, rows);
        Tensor sums = scope.empty(DType.F32, rows);
        float scale = 1f / counted(targets);
        boolean recording = Elementwise.recording(x) || Elementwise.recording(weight)
                || bias != null && Elementwise.recording(bias);
        int block = (int) Math.max(1, Math.min(rows, most / classes));
        boolean keep = recording && block == rows;
        List<Tensor> kept = new ArrayList<>(1);
        for (int from = 0; from < rows; from += block) {
            int to = Math.min(rows, from + block);
            if (keep) {
                kept.add(logits(scope, hidden, weight, bias, flat, losses, sums, from, to));
            } else {
                try (Scope temporary = Scope.open(engine)) {
                    logits(temporary, hidden, weight, bias, flat, losses, sums, from, to);
                }
            }
        }
        Tensor out = mean(losses, scale);
        if (recording) {
            out.recorded(dOut -> {
                float upstream = scale * dOut.item();
                for (int from = 0; from < rows; from += block) {
                    int to = Math.min(rows, from + block);
                    try (Scope temporary = Scope.open(engine)) {
                        Tensor dLogits = keep ? kept.getFirst()
                                : logits(temporary, hidden, weight, bias, flat, losses, sums, from, to);
                        engine.crossEntropyBackward(dLogits, flat.slice(0, from, to), sums.slice(0, from, to),
                                upstream);
                        Tensor part = hidden.slice(0, from, to);
                        Products.multiplyInto(dLogits, weight.transpose(0, 1), part.into());
                        Products.multiplyInto(part.transpose(0, 1), dLogits, weight.into());
                        if (bias != null && bias.requiresGradient()) {
                            Elementwise.sumInto(dLogits, 1, bias);
                        }
                    }
                }
            });
        }
        return out;
    }

    /** Losses of some rows; gives what {@link Engine#crossEntropy} leaves for the way back. */
    private static Tensor logits(Scope scope, Tensor hidden, Tensor weight, @Nullable Tensor bias, Tensor targets,
            Tensor losses, Tensor sums, int from, int to) {
        Tensor logits = scope.empty(DType.F32, to - from, weight.length(1)); // [block, classes]
        Engine engine = hidden.engine();
        engine.matmul(hidden.slice(0, from, to), weight, bias, logits, false);
        engine.crossEntropy(logits, targets.slice(0, from, to), losses.slice(0, from, to), sums.slice(0, from, to));
        return logits;
    }

    private static Tensor mean(Tensor losses, float scale) {
        Tensor out = Scope.current().empty(DType.F32, Shape.of());
        losses.engine().sum(losses, scale, out.reshape(1), false);
        return out;
    }

    private static int requireTargets(Tensor x, Tensor targets) {
        if (targets.dtype() != DType.I32 || targets.size() != x.shape().rows() || !targets.isContiguous()) {
            throw new IllegalArgumentException(
                    "targets " + targets + " do not go with the " + x.shape().rows() + " rows of " + x.shape());
        }
        return (int) x.shape().rows();
    }

    private static int counted(Tensor targets) {
        int[] values = new int[(int) targets.size()];
        targets.engine().read(targets, java.lang.foreign.MemorySegment.ofArray(values));
        int count = 0;
        for (int value : values) {
            count += value >= 0 ? 1 : 0;
        }
        if (count == 0) {
            throw new IllegalArgumentException("a cross-entropy needs at least one target that is not negative");
        }
        return count;
    }
}
