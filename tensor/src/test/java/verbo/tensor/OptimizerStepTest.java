// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The engine's updates of whole parameters, of one element and of more than one part, against double precision. */
class OptimizerStepTest {
    private static final Engine ENGINE = Engine.cpu(2);
    private static final int[] SIZES = {1, 7, 16384, 16421, 50_003};

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private static float[] gradient(int n, int step) {
        Random random = new Random(31L * n + step);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void check(String name, Tensor actual, double[] exact) {
        float[] values = actual.toFloats();
        for (int i = 0; i < values.length; i++) {
            if (!(Math.abs(values[i] - exact[i]) <= 3e-6 * (1 + Math.abs(exact[i])))) {
                assertThat((double) values[i]).as("%s, element %s of %s", name, i, values.length).isEqualTo(exact[i]);
            }
        }
    }

    @Test
    void adamW() {
        for (int n : SIZES) {
            try (Scope scope = Scope.open(ENGINE)) {
                Tensor parameter = scope.normal(0, 1, 5, n);
                Tensor mean = scope.zeros(n);
                Tensor variance = scope.zeros(n);
                double[] p = doubles(parameter);
                double[] m = new double[n];
                double[] v = new double[n];
                for (int step = 1; step <= 6; step++) {
                    float[] g = gradient(n, step);
                    for (int i = 0; i < n; i++) { // Loshchilov and Hutter 2019, algorithm 2
                        double scaled = 0.25 * g[i];
                        m[i] = 0.9 * m[i] + 0.1 * scaled;
                        v[i] = 0.95 * v[i] + 0.05 * scaled * scaled;
                        p[i] -= 0.03 * 0.1 * p[i];
                        p[i] -= 0.03 * (m[i] / (1 - Math.pow(0.9, step)))
                                / (Math.sqrt(v[i] / (1 - Math.pow(0.95, step))) + 1e-8);
                    }
                    ENGINE.adamW(parameter, scope.of(g, n), mean, variance,
                            new Engine.AdamW(0.03f, 0.9f, 0.95f, 1e-8f, 0.1f, step, 0.25f));
                    check("parameter after step " + step, parameter, p);
                }
                check("mean", mean, m);
                check("variance", variance, v);
            }
        }
    }

    @Test
    void adamWLateInTraining() {
        try (Scope scope = Scope.open(ENGINE)) { // where the corrections have gone to one
            Tensor parameter = scope.of(new float[]{1}, 1);
            Tensor mean = scope.of(new float[]{0.5f}, 1);
            Tensor variance = scope.of(new float[]{0.25f}, 1);
            ENGINE.adamW(parameter, scope.of(new float[]{0.5f}, 1), mean, variance,
                    new Engine.AdamW(0.1f, 0.9f, 0.999f, 0, 0, 10_000_000_000L, 1));
            assertThat(parameter.item()).isCloseTo(0.9f, within(1e-6f));
        }
    }

    @Test
    void sgd() {
        for (int n : SIZES) {
            for (boolean momentum : new boolean[]{false, true}) {
                try (Scope scope = Scope.open(ENGINE)) {
                    Tensor parameter = scope.normal(0, 1, 5, n);
                    Tensor velocity = momentum ? scope.zeros(n) : null;
                    double[] p = doubles(parameter);
                    double[] v = new double[n];
                    for (int step = 1; step <= 6; step++) {
                        float[] g = gradient(n, step);
                        for (int i = 0; i < n; i++) {
                            v[i] = (momentum ? 0.9 * v[i] : 0) + 0.25 * g[i] + 0.01 * p[i];
                            p[i] -= 0.1 * v[i];
                        }
                        ENGINE.sgd(parameter, scope.of(g, n), velocity, 0.1f, 0.9f, 0.01f, 0.25f);
                        check("parameter after step " + step, parameter, p);
                    }
                }
            }
        }
    }

    @Test
    void sumOfSquares() {
        for (int n : SIZES) {
            try (Scope scope = Scope.open(ENGINE)) {
                float[] values = gradient(n, 0);
                double exact = 0;
                for (float value : values) {
                    exact += (double) value * value;
                }
                assertThat(ENGINE.sumOfSquares(scope.of(values, n))).isCloseTo(exact, within(1e-6 * exact));
            }
        }
    }

    private static double[] doubles(Tensor x) {
        float[] values = x.toFloats();
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
