// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import verbo.tensor.Engine;
import verbo.tensor.Scope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class OptimizerTest {
    private final Engine engine = Engine.cpu(1);
    private final Scope scope = Scope.lasting(engine);

    @AfterEach
    void close() {
        scope.close();
        engine.close();
    }

    /** A parameter of two values whose gradient is what it is. */
    private Parameter parameter(String name, boolean decays, boolean frozen, float... values) {
        return new Parameter(name, scope.of(values, values.length), decays, frozen);
    }

    /** Gives each value its own as gradient: the loss is half the sum of squares. */
    private void backward(Parameter parameter) {
        try (Scope _ = Scope.open(engine)) {
            parameter.value().square().sum().multiply(0.5f).backward();
        }
    }

    @Test
    void adamWStepsAsItsPaperSays() {
        AdamW.Options options = new AdamW.Options(0.9, 0.99, 1e-8, 0.1);
        Parameter decaying = parameter("w", true, false, 0.5f, -2);
        Parameter staying = parameter("b", false, false, 0.5f, -2);
        double[][] expected = {{0.5, -2}, {0.5, -2}};
        double[][] mean = new double[2][2];
        double[][] variance = new double[2][2];
        try (AdamW optimizer = new AdamW(engine, List.of(decaying, staying), options)) {
            for (int step = 1; step <= 5; step++) {
                backward(decaying);
                backward(staying);
                double rate = 0.01 * step;
                double scale = 0.5;
                optimizer.step(rate, scale);
                for (int p = 0; p < 2; p++) {
                    for (int i = 0; i < 2; i++) {
                        double gradient = expected[p][i] * scale;
                        mean[p][i] = 0.9 * mean[p][i] + 0.1 * gradient;
                        variance[p][i] = 0.99 * variance[p][i] + 0.01 * gradient * gradient;
                        expected[p][i] -= rate * (p == 0 ? 0.1 : 0) * expected[p][i];
                        expected[p][i] -= rate * (mean[p][i] / (1 - Math.pow(0.9, step)))
                                / (Math.sqrt(variance[p][i] / (1 - Math.pow(0.99, step))) + 1e-8);
                    }
                }
                assertThat(decaying.value().gradient()).isNull();
            }
            for (int i = 0; i < 2; i++) {
                assertThat((double) decaying.value().toFloats()[i]).isCloseTo(expected[0][i], within(1e-6));
                assertThat((double) staying.value().toFloats()[i]).isCloseTo(expected[1][i], within(1e-6));
            }
            assertThat(optimizer.steps()).isEqualTo(5);
            assertThat(optimizer.state().keySet()).containsExactly("w.exp_avg", "w.exp_avg_sq", "b.exp_avg",
                    "b.exp_avg_sq");
            assertThat((double) Objects.requireNonNull(optimizer.state().get("b.exp_avg")).toFloats()[1])
                    .isCloseTo(mean[1][1], within(1e-6));
        }
    }

    @Test
    void anOptimizerGoesOnFromItsStateBitForBit() {
        for (boolean adam : new boolean[]{true, false}) {
            Parameter whole = parameter("w", true, false, 0.5f, -2);
            Parameter first = parameter("w", true, false, 0.5f, -2);
            try (Optimizer all = optimizer(adam, whole); Optimizer before = optimizer(adam, first)) {
                for (int step = 0; step < 7; step++) {
                    backward(whole);
                    all.step(0.1, 1);
                    if (step < 4) {
                        backward(first);
                        before.step(0.1, 1);
                    }
                }
                Parameter second = parameter("w", true, false, first.value().toFloats());
                try (Optimizer after = optimizer(adam, second)) {
                    before.state().forEach((name, tensor) -> Objects.requireNonNull(after.state().get(name))
                            .set(tensor.toFloats()));
                    after.resume(before.steps());
                    for (int step = 4; step < 7; step++) {
                        backward(second);
                        after.step(0.1, 1);
                    }
                    assertThat(second.value().toFloats()).isEqualTo(whole.value().toFloats());
                    assertThat(after.steps()).isEqualTo(all.steps());
                }
            }
        }
    }

    private Optimizer optimizer(boolean adam, Parameter parameter) {
        return adam
                ? new AdamW(engine, List.of(parameter), AdamW.Options.DEFAULT)
                : new Sgd(engine, List.of(parameter), 0.9, 0.1);
    }

    @Test
    void sgdStepsWithMomentumAndDecay() {
        Parameter parameter = parameter("w", true, false, 1, -2);
        double[] expected = {1, -2};
        double[] velocity = new double[2];
        try (Sgd optimizer = new Sgd(engine, List.of(parameter), 0.5, 0.1)) {
            for (int step = 0; step < 3; step++) {
                backward(parameter);
                optimizer.step(0.1, 0.5);
                for (int i = 0; i < 2; i++) {
                    velocity[i] = 0.5 * velocity[i] + 0.5 * expected[i] + 0.1 * expected[i];
                    expected[i] -= 0.1 * velocity[i];
                }
            }
            assertThat(optimizer.state().keySet()).containsExactly("w.momentum_buffer");
        }
        try (Sgd plain = new Sgd(engine, List.of(parameter), 0, 0)) {
            backward(parameter);
            plain.step(0.1, 1);
            assertThat(plain.state()).isEmpty();
        }
        for (int i = 0; i < 2; i++) {
            assertThat((double) parameter.value().toFloats()[i]).isCloseTo(expected[i] * 0.9, within(1e-6));
        }
    }

    @Test
    void whatIsFrozenStays() {
        Parameter frozen = parameter("f", true, true, 1, 2);
        Parameter free = parameter("w", true, false, 1, 2);
        try (AdamW optimizer = new AdamW(engine, List.of(frozen, free), AdamW.Options.DEFAULT);
                Scope _ = Scope.open(engine)) {
            frozen.value().multiply(free.value()).sum().backward();
            assertThat(frozen.value().gradient()).isNull();
            optimizer.step(0.1, 1);
            assertThat(optimizer.state()).containsOnlyKeys("w.exp_avg", "w.exp_avg_sq");
        }
        assertThat(frozen.value().toFloats()).containsExactly(1, 2);
        assertThat(free.value().toFloats()[0]).isLessThan(1);
    }

    @Test
    void theNormIsOfAllGradientsTogether() {
        Parameter one = parameter("a", true, false, 3);
        Parameter two = parameter("b", true, false, 4, 0);
        Parameter without = parameter("c", true, false, 100);
        backward(one);
        backward(two);
        assertThat(GradientClipping.norm(List.of(one, two, without))).isCloseTo(5, within(1e-6));
        assertThat(GradientClipping.scale(5, 1)).isCloseTo(0.2, within(1e-6));
        assertThat(GradientClipping.scale(0.5, 1)).isEqualTo(1);
        assertThat(GradientClipping.scale(0, 1)).isEqualTo(1);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new AdamW.Options(1, 0.9, 1e-8, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("beta1");
        assertThatThrownBy(() -> new AdamW.Options(0.9, 0.99999999, 1e-8, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("beta2");
        assertThatThrownBy(() -> new AdamW.Options(0.9, 0.9, 1e-8, -1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("weight decay");
        assertThatThrownBy(() -> new Sgd(engine, List.of(), -1, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("momentum");
    }
}
