// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import verbo.tensor.GradientCheck.Input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static verbo.tensor.GradientCheck.normal;

/** Recurrent layers against their formulas step by step, and their gradients against differences. */
class RecurrenceTest {
    private static final Engine ENGINE = Engine.cpu(2);

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private static NaiveTensor sigmoid(NaiveTensor x) {
        return x.map(v -> 1 / (1 + Math.exp(-v)));
    }

    /** The textbook's layer: x [t, b, gates · h], weight [h, gates · h], bias, initial [states, b, h]. */
    private static NaiveTensor layer(RecurrentCell cell, boolean backwards, NaiveTensor x, NaiveTensor weight,
            NaiveTensor bias, NaiveTensor initial) {
        int time = x.lengths()[0];
        int h = weight.lengths()[0];
        NaiveTensor hidden = initial.select(0, 0);
        NaiveTensor c = initial.select(0, cell.states() - 1);
        int batch = hidden.lengths()[0];
        NaiveTensor[] outputs = new NaiveTensor[time];
        NaiveTensor[] cells = new NaiveTensor[time];
        for (int s = 0; s < time; s++) {
            int t = backwards ? time - 1 - s : s;
            NaiveTensor in = x.select(0, t);
            NaiveTensor product = hidden.matmul(weight).add(bias);
            switch (cell) {
                case RNN -> hidden = in.add(product).map(Math::tanh);
                case LSTM -> {
                    NaiveTensor all = in.add(product);
                    NaiveTensor i = sigmoid(all.slice(1, 0, h));
                    NaiveTensor f = sigmoid(all.slice(1, h, 2 * h));
                    NaiveTensor g = all.slice(1, 2 * h, 3 * h).map(Math::tanh);
                    NaiveTensor o = sigmoid(all.slice(1, 3 * h, 4 * h));
                    c = f.multiply(c).add(i.multiply(g));
                    hidden = o.multiply(c.map(Math::tanh));
                }
                case GRU -> {
                    NaiveTensor r = sigmoid(in.slice(1, 0, h).add(product.slice(1, 0, h)));
                    NaiveTensor z = sigmoid(in.slice(1, h, 2 * h).add(product.slice(1, h, 2 * h)));
                    NaiveTensor n = in.slice(1, 2 * h, 3 * h).add(r.multiply(product.slice(1, 2 * h, 3 * h)))
                            .map(Math::tanh);
                    hidden = z.map(v -> 1 - v).multiply(n).add(z.multiply(hidden));
                }
            }
            outputs[t] = hidden.reshape(1, batch, h);
            cells[t] = c.reshape(1, batch, h);
        }
        NaiveTensor all = NaiveTensor.concat(0, outputs).reshape(1, time, batch, h);
        return cell == RecurrentCell.LSTM
                ? NaiveTensor.concat(0, all, NaiveTensor.concat(0, cells).reshape(1, time, batch, h))
                : all;
    }

    private static void check(RecurrentCell cell, boolean backwards, int time, int batch, int h) {
        int wide = cell.gates() * h;
        Input weight = normal(12, h, wide).map(v -> v / (float) Math.sqrt(h));
        new GradientCheck(ENGINE, cell + " of " + time + " steps, " + batch + " rows, " + h + " units" + backwards,
                x -> x[0].recurrence(cell, backwards, x[1], x[2], x[3]),
                x -> layer(cell, backwards, x[0], x[1], x[2], x[3]),
                normal(11, time, batch, wide), weight, normal(13, wide).map(v -> v / 4),
                normal(14, cell.states(), batch, h)).within(3e-5).run();
    }

    @ParameterizedTest
    @EnumSource(RecurrentCell.class)
    void valuesAndGradients(RecurrentCell cell) {
        check(cell, false, 1, 1, 1);
        check(cell, false, 1, 3, 5);
        check(cell, false, 3, 2, 3);
        check(cell, false, 4, 5, 7);
        check(cell, false, 2, 7, 37);
        check(cell, true, 1, 2, 3);
        check(cell, true, 3, 3, 5);
        check(cell, true, 2, 4, 33);
    }

    @ParameterizedTest
    @EnumSource(RecurrentCell.class)
    void aWeightThatLiesAcrossAndNothingElse(RecurrentCell cell) {
        int h = 19;
        int wide = cell.gates() * h;
        NaiveTensor noBias = NaiveTensor.of(new float[wide], wide);
        NaiveTensor noState = NaiveTensor.of(new float[cell.states() * 3 * h], cell.states(), 3, h);
        for (int time : new int[]{1, 3}) {
            new GradientCheck(ENGINE, cell + " across",
                    x -> x[0].recurrence(cell, false, x[1].transpose(0, 1), null, null),
                    x -> layer(cell, false, x[0], x[1].transpose(0, 1), noBias, noState), normal(21, time, 3, wide),
                    normal(22, wide, h).map(v -> v / 4)).within(3e-5).run();
        }
    }

    /** Depths and widths of several blocks, and more rows than a panel: by any number of threads the same bits. */
    @ParameterizedTest
    @EnumSource(RecurrentCell.class)
    void theSameByAnyNumberOfThreads(RecurrentCell cell) {
        int h = 301;
        float[][][] all = new float[3][][];
        for (int threads = 1; threads <= 3; threads++) {
            try (Engine engine = Engine.cpu(threads); Scope kept = Scope.lasting(engine)) {
                Tensor weight = kept.normal(0, 0.06f, 1, h, cell.gates() * h).requireGradient();
                Tensor x = kept.normal(0, 1, 2, 6, 21, cell.gates() * h).requireGradient();
                try (Scope step = Scope.open(engine)) {
                    Tensor states = x.recurrence(cell, false, weight, null, null);
                    states.square().sum().backward();
                    all[threads - 1] = new float[][]{states.toFloats(), GradientCheck.gradient(weight),
                            GradientCheck.gradient(x)};
                }
            }
        }
        assertThat(all[1]).isDeepEqualTo(all[0]);
        assertThat(all[2]).isDeepEqualTo(all[0]);
    }

    @Test
    void shapesThatDoNotFit() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.zeros(3, 2, 20);
            assertThatThrownBy(() -> x.recurrence(RecurrentCell.LSTM, false, scope.zeros(4, 16), null, null))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("[time, batch, 4 · width]");
            assertThatThrownBy(() -> x.recurrence(RecurrentCell.LSTM, false, scope.zeros(5, 20), scope.zeros(5), null))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("bias");
            assertThatThrownBy(
                    () -> x.recurrence(RecurrentCell.LSTM, false, scope.zeros(5, 20), null, scope.zeros(1, 2, 5)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("before the first step");
            assertThatThrownBy(() -> scope.zeros(0, 2, 5).recurrence(RecurrentCell.RNN, false, scope.zeros(5, 5), null,
                    null)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("at least one step");
        }
    }
}
