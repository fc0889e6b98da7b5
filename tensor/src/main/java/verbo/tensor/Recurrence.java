// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.jspecify.annotations.Nullable;

import static java.util.Objects.requireNonNull;

/**
 * A recurrent layer over a whole sequence. The steps are one kernel of the engine, forward and backward; the gradient of the
 * weight, which every step shares, is one product after the steps.
 */
final class Recurrence {
    private Recurrence() {}

    static Tensor run(Tensor argument, RecurrentCell cell, boolean backwards, Tensor matrix, @Nullable Tensor added,
            @Nullable Tensor first) {
        int width = matrix.rank() == 2 ? matrix.length(0) : 0;
        int wide = cell.gates() * width;
        if (width == 0 || matrix.length(1) != wide || argument.rank() != 3 || argument.length(2) != wide) {
            throw new IllegalArgumentException("a recurrent layer " + cell + " takes an input [time, batch, "
                    + cell.gates() + " · width] and a weight [width, " + cell.gates() + " · width], not "
                    + argument.shape() + " and " + matrix.shape());
        }
        int time = argument.length(0);
        int batch = argument.length(1);
        if (time == 0 || batch == 0) {
            throw new IllegalArgumentException("a recurrent layer needs at least one step of one sequence, not "
                    + argument.shape());
        }
        if (added != null && (added.rank() != 1 || added.length(0) != wide)) {
            throw new IllegalArgumentException("a bias " + added.shape() + " does not fit a weight " + matrix.shape());
        }
        Shape carried = Shape.of(cell.states(), batch, width);
        if (first != null && !first.shape().equals(carried)) {
            throw new IllegalArgumentException(
                    "the states before the first step are " + carried + ", not " + first.shape());
        }
        Tensor x = argument.floats();
        Tensor weight = Products.multipliable(matrix);
        Tensor bias = added == null ? null : added.floats();
        Engine engine = x.engine();
        Scope scope = Scope.current();
        Tensor initial = first == null ? scope.zeros(carried.lengths()) : first.floats();
        Tensor states = scope.empty(DType.F32, cell.states(), time, batch, width);
        Tensor gates = scope.empty(DType.F32, time, batch, cell.kept() * width);
        engine.recurrence(cell, backwards, x, weight, bias, initial, states, gates);
        if (Elementwise.recording(x) || Elementwise.recording(weight) || bias != null && Elementwise.recording(bias)
                || Elementwise.recording(initial)) {
            states.recorded(dStates -> {
                try (Scope temporary = Scope.open(engine)) {
                    Engine.Gradient target = x.into();
                    boolean direct = target.into() != null && !target.accumulate()
                            && requireNonNull(target.into()).isContiguous();
                    Tensor dx = direct ? requireNonNull(target.into()) : temporary.empty(DType.F32, x.shape());
                    Tensor dProduct = cell == RecurrentCell.GRU ? temporary.empty(DType.F32, x.shape()) : dx;
                    Tensor dInitial = temporary.empty(DType.F32, carried);
                    engine.recurrenceBackward(cell, backwards, weight, initial, states, gates, dStates, dx, dProduct,
                            dInitial);
                    if (!direct && target.into() != null) {
                        engine.copy(dx, target.into(), target.accumulate());
                    }
                    weightGradient(backwards, first == null ? null : initial, states.select(0, 0), dProduct, weight);
                    if (bias != null && bias.requiresGradient()) {
                        Elementwise.sumInto(dProduct.reshape(time * batch, wide), 1, bias);
                    }
                    if (initial.requiresGradient()) {
                        Elementwise.pass(dInitial, initial);
                    }
                }
            }, x, weight, bias, initial);
        }
        return states;
    }

    /** Every step's product took the output of the step before: all of them in one product, and the first one's. */
    private static void weightGradient(boolean backwards, @Nullable Tensor initial, Tensor outputs, Tensor dProduct,
            Tensor weight) {
        int time = outputs.length(0);
        int batch = outputs.length(1);
        int width = outputs.length(2);
        int wide = dProduct.length(2);
        if (time > 1) {
            Tensor before = backwards ? outputs.slice(0, 1, time) : outputs.slice(0, 0, time - 1);
            Tensor after = backwards ? dProduct.slice(0, 0, time - 1) : dProduct.slice(0, 1, time);
            Products.multiplyInto(before.reshape((time - 1) * batch, width).transpose(0, 1),
                    after.reshape((time - 1) * batch, wide), weight.into());
        }
        if (initial != null) {
            Products.multiplyInto(initial.select(0, 0).transpose(0, 1), dProduct.select(0, backwards ? time - 1 : 0),
                    weight.into());
        } else if (time == 1 && weight.requiresGradient()) {
            weight.intoSum(); // nothing came before: the gradient is zero, and there
        }
    }
}
