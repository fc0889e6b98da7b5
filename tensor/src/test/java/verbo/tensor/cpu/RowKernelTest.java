// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static verbo.tensor.cpu.KernelsUnderTest.KERNELS;

/** Normalisations and softmax, a row at a time. */
class RowKernelTest {
    private static final float EPSILON = 1e-3f;

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static double meanOfSquares(double[] values, double centre) {
        double sum = 0;
        for (double value : values) {
            sum += (value - centre) * (value - centre);
        }
        return sum / values.length;
    }

    @Test
    void layerNorm() {
        for (int n : KernelsUnderTest.counts()) {
            if (n == 0) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -1, 5, n);
                NativeFloats gain = NativeFloats.uniform(arena, n, 0.5, 2, n + 1);
                NativeFloats bias = NativeFloats.uniform(arena, n, -1, 1, n + 2);
                NativeFloats out = new NativeFloats(arena, n);
                NativeFloats statistics = new NativeFloats(arena, 2);
                double mean = mean(x.values());
                double scale = 1 / Math.sqrt(meanOfSquares(x.values(), mean) + EPSILON);
                KERNELS.layerNorm(x.address, gain.address, bias.address, EPSILON, out.address, statistics.address, n,
                        1);
                out.check("layerNorm", i -> (x.get(i) - mean) * scale * gain.get(i) + bias.get(i), 5e-6,
                        n == 1 ? 1e-4 : 5e-6);
                statistics.check("statistics", i -> i == 0 ? mean : scale, 2e-6, 1e-6);
            }
        }
    }

    /** Rows together are, bit for bit, what they are one at a time: results must not depend on how work is cut. */
    @Test
    void layerNormOfSeveralRows() {
        for (int n : KernelsUnderTest.counts()) {
            if (n == 0) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, 3 * n, -1, 5, n);
                NativeFloats gain = NativeFloats.uniform(arena, n, 0.5, 2, n + 1);
                NativeFloats one = new NativeFloats(arena, 3 * n);
                NativeFloats statistics = new NativeFloats(arena, 6);
                for (int row = 0; row < 3; row++) {
                    KERNELS.layerNorm(x.address + 4L * n * row, gain.address, gain.address, EPSILON,
                            one.address + 4L * n * row, statistics.address + 8L * row, n, 1);
                }
                NativeFloats together = new NativeFloats(arena, 3 * n);
                NativeFloats same = new NativeFloats(arena, 6);
                KERNELS.layerNorm(x.address, gain.address, gain.address, EPSILON, together.address, same.address, n, 3);
                together.check("layerNorm of three rows", one::get, 0, 0);
                same.check("statistics", statistics::get, 0, 0);
            }
        }
    }

    @Test
    void layerNormBackward() {
        for (int n : KernelsUnderTest.counts()) {
            if (n == 0) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -1, 5, n);
                NativeFloats gain = NativeFloats.uniform(arena, n, 0.5, 2, n + 1);
                NativeFloats dOut = NativeFloats.uniform(arena, n, -1, 1, n + 2);
                NativeFloats dx = NativeFloats.uniform(arena, n, -1, 1, n + 3);
                NativeFloats statistics = new NativeFloats(arena, 2, i -> i == 0 ? 1.9f : 0.7f);
                NativeFloats dGain = NativeFloats.uniform(arena, n, -1, 1, n + 4);
                NativeFloats dBias = NativeFloats.uniform(arena, n, -1, 1, n + 5);
                double[] before = dx.values();
                double[] gains = dGain.values();
                double[] biases = dBias.values();
                double[] g = new double[n];
                double[] gx = new double[n];
                for (int i = 0; i < n; i++) {
                    g[i] = (double) dOut.get(i) * gain.get(i);
                    gx[i] = g[i] * (x.get(i) - 1.9f) * 0.7f;
                }
                double meanG = mean(g);
                double meanGx = mean(gx);
                double[] expected = new double[n];
                for (int i = 0; i < n; i++) {
                    expected[i] = 0.7f * (g[i] - meanG - (x.get(i) - 1.9f) * 0.7f * meanGx);
                }
                KERNELS.layerNormBackward(x.address, gain.address, statistics.address, dOut.address, dx.address,
                        dGain.address, dBias.address, n, true);
                dx.check("layerNormBackward, added", i -> before[i] + expected[i], 1e-5, 5e-6);
                KERNELS.layerNormBackward(x.address, gain.address, statistics.address, dOut.address, dx.address,
                        dGain.address, dBias.address, n, false);
                dx.check("layerNormBackward", i -> expected[i], 1e-5, 5e-6);
                dGain.check("dGain, twice", i -> gains[i] + 2 * (x.get(i) - 1.9f) * 0.7f * dOut.get(i), 1e-6, 2e-6);
                dBias.check("dBias, twice", i -> biases[i] + 2 * dOut.get(i), 1e-6, 1e-6);
            }
        }
    }

    @Test
    void layerNormBackwardWeights() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -1, 5, n);
                NativeFloats dOut = NativeFloats.uniform(arena, n, -1, 1, n + 2);
                NativeFloats dGain = NativeFloats.uniform(arena, n, -1, 1, n + 3);
                NativeFloats dBias = NativeFloats.uniform(arena, n, -1, 1, n + 4);
                double[] gain = dGain.values();
                double[] bias = dBias.values();
                KERNELS.layerNormBackwardWeights(x.address, 1.9f, 0.7f, dOut.address, dGain.address, dBias.address, n);
                dGain.check("dGain", i -> gain[i] + (x.get(i) - 1.9f) * 0.7f * dOut.get(i), 1e-6, 1e-6);
                dBias.check("dBias", i -> bias[i] + dOut.get(i), 1e-6, 1e-6);
                KERNELS.layerNormBackwardWeights(x.address, 1.9f, 0.7f, dOut.address, dGain.address, 0, n);
                dGain.check("dGain alone", i -> gain[i] + 2 * (x.get(i) - 1.9f) * 0.7f * dOut.get(i), 1e-6, 2e-6);
            }
        }
    }

    @Test
    void rmsNorm() {
        for (int n : KernelsUnderTest.counts()) {
            if (n == 0) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -1, 5, n);
                NativeFloats gain = NativeFloats.uniform(arena, n, 0.5, 2, n + 1);
                NativeFloats out = new NativeFloats(arena, n);
                NativeFloats statistics = new NativeFloats(arena, 1);
                double scale = 1 / Math.sqrt(meanOfSquares(x.values(), 0) + EPSILON);
                KERNELS.rmsNorm(x.address, gain.address, EPSILON, out.address, statistics.address, n);
                out.check("rmsNorm", i -> x.get(i) * scale * gain.get(i), 2e-6, 1e-7);
                statistics.check("statistics", i -> scale, 2e-6, 0);
            }
        }
    }

    @Test
    void rmsNormBackward() {
        for (int n : KernelsUnderTest.counts()) {
            if (n == 0) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -1, 5, n);
                NativeFloats gain = NativeFloats.uniform(arena, n, 0.5, 2, n + 1);
                NativeFloats dOut = NativeFloats.uniform(arena, n, -1, 1, n + 2);
                NativeFloats dx = NativeFloats.uniform(arena, n, -1, 1, n + 3);
                double[] before = dx.values();
                double product = 0;
                for (int i = 0; i < n; i++) {
                    product += (double) dOut.get(i) * gain.get(i) * x.get(i) * 0.7f;
                }
                double[] expected = new double[n];
                for (int i = 0; i < n; i++) {
                    expected[i] = 0.7f * ((double) dOut.get(i) * gain.get(i) - x.get(i) * 0.7f * product / n);
                }
                KERNELS.rmsNormBackward(x.address, gain.address, 0.7f, dOut.address, dx.address, n, true);
                dx.check("rmsNormBackward, added", i -> before[i] + expected[i], 1e-5, 5e-6);
                KERNELS.rmsNormBackward(x.address, gain.address, 0.7f, dOut.address, dx.address, n, false);
                dx.check("rmsNormBackward", i -> expected[i], 1e-5, 5e-6);
            }
        }
    }

    @Test
    void expAndItsSum() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -9, 9, n);
                NativeFloats out = new NativeFloats(arena, n);
                double[] expected = new double[n];
                double total = 0;
                for (int i = 0; i < n; i++) {
                    expected[i] = Math.exp(0.5 * x.get(i) - 4.5);
                    total += expected[i];
                }
                double sum = KERNELS.exp(x.address, 0.5f, 4.5f, out.address, n);
                out.check("exp", i -> expected[i], 2e-6, 0);
                assertThat(sum).isCloseTo(total, within(2e-6 * total));
            }
        }
    }

    @Test
    void softmaxBackward() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats p = NativeFloats.uniform(arena, n, 0, 1, n);
                NativeFloats dOut = NativeFloats.uniform(arena, n, -1, 1, n + 1);
                NativeFloats dx = NativeFloats.uniform(arena, n, -1, 1, n + 2);
                double[] before = dx.values();
                KERNELS.softmaxBackward(p.address, dOut.address, 0.3f, dx.address, n, true);
                dx.check("softmaxBackward, added", i -> before[i] + p.get(i) * (dOut.get(i) - 0.3), 1e-6, 1e-6);
                KERNELS.softmaxBackward(p.address, dOut.address, 0.3f, dx.address, n, false);
                dx.check("softmaxBackward", i -> p.get(i) * (dOut.get(i) - 0.3), 1e-6, 1e-6);
            }
        }
    }

    @Test
    void logSoftmaxBackward() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats y = NativeFloats.uniform(arena, n, -9, 0, n);
                NativeFloats dOut = NativeFloats.uniform(arena, n, -1, 1, n + 1);
                NativeFloats dx = NativeFloats.uniform(arena, n, -1, 1, n + 2);
                double[] before = dx.values();
                KERNELS.logSoftmaxBackward(y.address, dOut.address, 0.3f, dx.address, n, true);
                dx.check("logSoftmaxBackward, added", i -> before[i] + dOut.get(i) - 0.3 * Math.exp(y.get(i)), 1e-6,
                        1e-6);
                KERNELS.logSoftmaxBackward(y.address, dOut.address, 0.3f, dx.address, n, false);
                dx.check("logSoftmaxBackward", i -> dOut.get(i) - 0.3 * Math.exp(y.get(i)), 1e-6, 1e-6);
            }
        }
    }

    @Test
    void attentionScoresBackward() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats p = NativeFloats.uniform(arena, n, 0, 1, n);
                NativeFloats dp = NativeFloats.uniform(arena, n, -1, 1, n + 1);
                double[] before = dp.values();
                KERNELS.attentionScoresBackward(p.address, dp.address, 0.3f, 0.25f, n);
                dp.check("attentionScoresBackward", i -> p.get(i) * (before[i] - 0.3) * 0.25, 1e-6, 1e-6);
            }
        }
    }
}
