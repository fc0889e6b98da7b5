// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import verbo.tensor.LogisticSteps;
import verbo.tensor.SharedRows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** Steps against the loss of the papers, its gradient by finite differences, in double precision. */
class LogisticStepsKernelTest {
    private static final double RATE = 0.5;

    private static double[][] random(SplittableRandom random, int rows, int width) {
        double[][] values = new double[rows][width];
        for (double[] row : values) {
            for (int i = 0; i < width; i++) {
                row[i] = (float) random.nextDouble(-1, 1);
            }
        }
        return values;
    }

    private static SharedRows matrix(double[][] values) {
        SharedRows rows = SharedRows.of(values.length, values[0].length);
        for (int r = 0; r < values.length; r++) {
            float[] row = new float[values[r].length];
            for (int i = 0; i < row.length; i++) {
                row[i] = (float) values[r][i];
            }
            rows.write(r, row);
        }
        return rows;
    }

    /** The loss with the rows of x themselves as inputs, or with their mean as the only one. */
    private static double loss(double[][] x, int[] inputs, int m, double[][] y, int[] outputs, float[] labels, int n,
            boolean mean) {
        int width = x[0].length;
        double loss = 0;
        for (int i = 0; i < (mean ? 1 : m); i++) {
            double[] input = new double[width];
            for (int k = 0; k < m; k++) {
                for (int c = 0; c < width && (mean || k == i); c++) {
                    input[c] += x[inputs[k]][c] / (mean ? m : 1);
                }
            }
            for (int j = 0; j < n; j++) {
                double z = 0;
                for (int c = 0; c < width; c++) {
                    z += input[c] * y[outputs[j]][c];
                }
                loss -= labels[j] * Math.log(1 / (1 + Math.exp(-z)))
                        + (1 - labels[j]) * Math.log(1 / (1 + Math.exp(z)));
            }
        }
        return loss;
    }

    private interface Loss {
        double value();
    }

    private static double derivative(double[] row, int i, Loss loss) {
        double before = row[i];
        row[i] = before + 1e-5;
        double above = loss.value();
        row[i] = before - 1e-5;
        double below = loss.value();
        row[i] = before;
        return (above - below) / 2e-5;
    }

    private static void check(String what, SharedRows now, double[][] before, double factor, Loss loss) {
        float[] row = new float[now.width()];
        for (int r = 0; r < before.length; r++) {
            now.read(r, row);
            for (int i = 0; i < row.length; i++) {
                double expected = before[r][i] - RATE * factor * derivative(before[r], i, loss);
                assertThat((double) row[i]).as(what + " row " + r + " column " + i).isCloseTo(expected, within(2e-5));
            }
        }
    }

    @Test
    void stepsAreThoseOfTheGradient() {
        SplittableRandom random = new SplittableRandom(1);
        for (int width : new int[]{1, 3, 7, 8, 16, 17, 100}) {
            LogisticSteps steps = LogisticSteps.of(width, 10, 11); // for all, whatever is left of the last step
            for (int m : new int[]{1, 5, 2, 40, 1, 3, 10}) {
                for (int n : new int[]{1, 2, 3, 4, 6, 11}) {
                    boolean mean = m > 10 || (m + n) % 2 == 0;
                    double[][] x = random(random, 6, width);
                    double[][] y = random(random, 7, width);
                    int[] inputs = random.ints(m, 0, x.length).toArray(); // some come twice
                    int[] outputs = random.ints(n, 0, y.length).toArray();
                    float[] labels = new float[n];
                    labels[random.nextInt(n)] = 1;
                    String what = "width " + width + ", " + m + " by " + n + (mean ? " of the mean" : "");
                    try (SharedRows xRows = matrix(x); SharedRows yRows = matrix(y)) {
                        if (mean) {
                            steps.stepOfMean(xRows, inputs, m, yRows, outputs, labels, n, (float) RATE);
                        } else {
                            steps.step(xRows, inputs, m, yRows, outputs, labels, n, (float) RATE);
                        }
                        Loss loss = () -> loss(x, inputs, m, y, outputs, labels, n, mean);
                        assertThat(steps.loss()).as(what).isCloseTo(loss.value(), within(1e-4 * (1 + loss.value())));
                        check(what + ": x", xRows, x, mean ? m : 1, loss);
                        check(what + ": y", yRows, y, 1, loss);
                    }
                }
            }
            steps.close();
        }
    }

    @Test
    void farBeyondTheTableTheSigmoidIsZeroOrOne() {
        try (SharedRows x = matrix(new double[][]{{30}});
                SharedRows y = matrix(new double[][]{{30}, {-30}});
                LogisticSteps steps = LogisticSteps.of(1, 1, 2)) {
            steps.step(x, new int[]{0}, 1, y, new int[]{0, 1}, new float[]{0, 1}, 2, 1);
            float[] row = new float[1];
            x.read(0, row);
            assertThat(row[0]).isCloseTo(30 - 30 - 30, within(1e-4f));
            y.read(1, row);
            assertThat(row[0]).isCloseTo(0, within(1e-4f));
        }
    }

    @Test
    void wrongWidthsAndRowsAreRefused() {
        try (SharedRows x = SharedRows.of(2, 4); LogisticSteps steps = LogisticSteps.of(3, 1, 1)) {
            assertThatThrownBy(() -> steps.step(x, new int[]{0}, 1, x, new int[]{0}, new float[]{1}, 1, 1))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("width 4 in steps of width 3");
            assertThatThrownBy(() -> steps.stepOfMean(x, new int[0], 0, x, new int[]{0}, new float[]{1}, 1, 1))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no rows");
            assertThatThrownBy(() -> x.read(2, new float[4])).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> SharedRows.of(0, 4)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void afterTheyAreClosedNothingIsTouched() {
        try (SharedRows x = SharedRows.of(2, 3)) {
            LogisticSteps steps = LogisticSteps.of(3, 1, 1);
            steps.close();
            assertThatThrownBy(() -> steps.step(x, new int[1], 1, x, new int[1], new float[]{1}, 1, 1))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("given back");
            assertThatThrownBy(() -> steps.stepOfMean(x, new int[1], 1, x, new int[1], new float[]{1}, 1, 1))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void withoutARateTheLossIsThereAndNothingChanges() {
        try (SharedRows x = SharedRows.of(1, 1);
                SharedRows y = SharedRows.of(1, 1);
                LogisticSteps steps = LogisticSteps.of(1, 1, 1)) {
            x.write(0, new float[]{2});
            y.write(0, new float[]{0});
            steps.step(x, new int[1], 1, y, new int[1], new float[]{1}, 1, 0);
            assertThat(steps.loss()).isCloseTo(Math.log(2), within(1e-6));
            float[] row = new float[1];
            y.read(0, row);
            assertThat(row).containsExactly(0);
        }
    }
}
