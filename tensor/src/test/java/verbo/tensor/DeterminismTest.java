// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Results are the same, bit for bit, for any number of threads and in every run. */
class DeterminismTest {

    @Test
    void trainingDoesNotDependOnTheNumberOfThreads() {
        int[][] shapes = {{2, 37, 3, 16, 1009}, {4, 64, 4, 8, 65}, {1, 5, 1, 4, 7}};
        for (int[] s : shapes) {
            float[][] one = train(1, s[0], s[1], s[2], s[3], s[4]);
            for (float[] parameter : one) {
                for (float value : parameter) {
                    assertThat(value).isFinite();
                }
            }
            for (int threads : new int[]{1, 2, 3, 5}) {
                float[][] several = train(threads, s[0], s[1], s[2], s[3], s[4]);
                for (int i = 0; i < one.length; i++) {
                    assertThat(several[i]).as("parameter %s with %s threads", i, threads).isEqualTo(one[i]);
                }
            }
        }
    }

    private static float[][] train(int threads, int b, int t, int h, int d, int classes) {
        try (Engine engine = Engine.cpu(threads); Training training = new Training(engine, b, t, h, d, classes)) {
            assertThat(engine.threads()).isEqualTo(threads);
            for (int step = 1; step <= 3; step++) {
                training.step(step);
            }
            return training.values();
        }
    }

    @Test
    void everyOperationDoesNotDependOnTheNumberOfThreads() {
        float[][] one = operations(1);
        for (int threads : new int[]{2, 3, 5}) {
            float[][] several = operations(threads);
            for (int i = 0; i < one.length; i++) {
                assertThat(several[i]).as("operation %s with %s threads", i, threads).isEqualTo(one[i]);
            }
        }
    }

    private static float[][] operations(int threads) {
        try (Engine engine = Engine.cpu(threads); Scope scope = Scope.open(engine)) {
            Tensor x = scope.normal(0, 1, 1, 301, 257);
            Tensor y = scope.normal(1, 1, 2, 257);
            Tensor few = scope.normal(0, 1, 3, 2, 301);
            Tensor wide = scope.normal(0, 1, 4, 3, 301);
            return new float[][]{x.toFloats(), x.add(y).toFloats(), x.transpose(0, 1).contiguous().toFloats(),
                    x.sum().toFloats(), x.sum(0).toFloats(), x.sum(1).toFloats(), x.max().toFloats(),
                    x.softmax().toFloats(), x.rmsNorm(y, 1e-5f).toFloats(), x.dropout(0.4f, 7).toFloats(),
                    x.matmul(x.transpose(0, 1)).toFloats(), x.transpose(0, 1).matmul(x).toFloats(),
                    few.matmul(x).toFloats(), wide.matmul(x).toFloats(),
                    few.transpose(0, 1).matmul(wide.slice(0, 0, 2)).toFloats(),
                    {(float) engine.sumOfSquares(x)}};
        }
    }
}
