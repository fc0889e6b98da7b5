// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Random numbers: that they are distributed as they should be, repeat, and have nothing to do with each other. */
class DrawsTest {
    private static final CpuEngine ENGINE = new CpuEngine(2);
    private static final int N = 200_000;

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private static float[] normal(long seed, int n) {
        try (Scope scope = Scope.open(ENGINE)) {
            return scope.normal(0, 1, seed, n).toFloats();
        }
    }

    @Test
    void normalDrawsHaveTheMomentsOfTheNormalDistribution() {
        for (long seed : new long[]{0, 1, 42, -1, Long.MIN_VALUE}) {
            double[] moments = new double[5];
            for (float x : normal(seed, N)) {
                double power = 1;
                for (int i = 0; i < 5; i++) {
                    moments[i] += power / N;
                    power *= x;
                }
            }
            // five standard errors: √(var x^k / n)
            double error = 5 / Math.sqrt(N);
            assertThat(moments[1]).isCloseTo(0, within(error));
            assertThat(moments[2]).isCloseTo(1, within(error * Math.sqrt(2)));
            assertThat(moments[3]).isCloseTo(0, within(error * Math.sqrt(15)));
            assertThat(moments[4]).isCloseTo(3, within(error * Math.sqrt(96)));
        }
    }

    @Test
    void normalDrawsHaveTheKnownQuantiles() {
        float[] sorted = normal(7, N);
        Arrays.sort(sorted);
        double[][] quantiles = {{0.001, -3.090232306167813}, {0.01, -2.326347874040841}, {0.025, -1.959963984540054},
                {0.1, -1.2815515655446004}, {0.25, -0.6744897501960817}, {0.5, 0}, {0.75, 0.6744897501960817},
                {0.9, 1.2815515655446004}, {0.975, 1.959963984540054}, {0.99, 2.326347874040841},
                {0.999, 3.090232306167813}};
        for (double[] quantile : quantiles) {
            double p = quantile[0];
            int at = Arrays.binarySearch(sorted, (float) quantile[1]);
            double below = (at < 0 ? -at - 1 : at) / (double) N;
            assertThat(below).as("share below %s", quantile[1]).isCloseTo(p, within(5 * Math.sqrt(p * (1 - p) / N)));
        }
        assertThat(sorted[0]).isBetween(-6.5f, -4f);
        assertThat(sorted[N - 1]).isBetween(4f, 6.5f);
        assertThat(sorted[N / 2]).isCloseTo(0, within(0.01f));
    }

    @Test
    void meanAndDeviationAreApplied() {
        try (Scope scope = Scope.open(ENGINE)) {
            float[] plain = normal(3, 1000);
            float[] moved = scope.normal(-2, 0.02f, 3, 1000).toFloats();
            for (int i = 0; i < plain.length; i++) {
                assertThat(moved[i]).isCloseTo(-2 + 0.02f * plain[i], within(1e-6f));
            }
        }
    }

    @Test
    void aSeedAlwaysGivesTheSame() {
        assertThat(normal(5, 70_001)).isEqualTo(normal(5, 70_001));
        assertThat(Arrays.copyOf(normal(5, 70_001), 17)).isEqualTo(normal(5, 17)); // an element's draw is its own
        // models made from a seed today are made from it tomorrow: the hash and the exact inverse of the normal distribution,
        // computed elsewhere
        assertThat(Draws.bits(Draws.key(42), 0)).isEqualTo(-1647743292);
        assertThat(normal(42, 4)).containsExactly(
                new float[]{-0.7299521479267574f, -0.5576719537053105f, 0.7719066671343907f, 0.37906110527617265f},
                within(1e-8f));
    }

    private static double correlation(float[] a, float[] b, int shift) {
        double sum = 0;
        int n = a.length - shift;
        for (int i = 0; i < n; i++) {
            sum += a[i] * b[i + shift];
        }
        return sum / n;
    }

    @Test
    void neighbouringSeedsAndPlacesHaveNothingInCommon() {
        int n = 100_000;
        double error = 5 / Math.sqrt(n);
        for (long seed : new long[]{0, 1, 2, 1000, -5, 1L << 40}) {
            float[] here = normal(seed, n);
            for (long other : new long[]{seed + 1, seed + 2, -seed - 1, seed ^ 1L << 32, seed ^ 1L << 63}) {
                float[] there = normal(other, n);
                for (int shift = 0; shift < 4; shift++) {
                    assertThat(correlation(here, there, shift)).as("seeds %s and %s", seed, other).isCloseTo(0,
                            within(error));
                }
            }
            for (int shift : new int[]{1, 2, 3, 64, 256, 4096}) {
                assertThat(correlation(here, here, shift)).as("seed %s, %s apart", seed, shift).isCloseTo(0,
                        within(error));
            }
        }
    }

    @Test
    void drawsGoOnBeyondFourBillion() {
        long key = Draws.key(9);
        long border = 1L << 32;
        int same = 0;
        double sum = 0;
        int n = 10_000;
        for (int i = 0; i < n; i++) {
            same += Draws.bits(key, i) == Draws.bits(key, border + i) ? 1 : 0;
            sum += Draws.normal(key, border + i) * Draws.normal(key, i);
        }
        assertThat(same).isLessThan(3);
        assertThat(sum / n).isCloseTo(0, within(5 / Math.sqrt(n)));
    }

    @Test
    void dropoutDropsItsShare() {
        try (Scope scope = Scope.open(ENGINE)) {
            float[] ones = new float[N];
            Arrays.fill(ones, 1);
            Tensor x = scope.of(ones, N);
            for (float p : new float[]{0.01f, 0.1f, 0.5f, 0.9f}) {
                int dropped = 0;
                for (float value : x.dropout(p, 11).toFloats()) {
                    dropped += value == 0 ? 1 : 0;
                }
                assertThat(dropped / (double) N).isCloseTo(p, within(5 * Math.sqrt(p * (1 - p) / N)));
            }
            assertThat(x.dropout(0.5f, 1).toFloats()).isEqualTo(x.dropout(0.5f, 1).toFloats());
            float[] one = x.dropout(0.5f, 1).toFloats();
            float[] other = x.dropout(0.5f, 2).toFloats();
            int both = 0;
            for (int i = 0; i < N; i++) {
                both += one[i] == 0 && other[i] == 0 ? 1 : 0;
            }
            assertThat(both / (double) N).isCloseTo(0.25, within(5 * Math.sqrt(0.1875 / N)));
        }
    }
}
