// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.List;
import org.junit.jupiter.api.Test;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class AdaptiveSoftmaxTest {
    private static final int WORDS = 23, WIDTH = 5;

    /** The loss is what the log-probabilities say, these sum to one, and the gradient is that of differences. */
    @Test
    void lossAndProbabilitiesAreOneDistribution() {
        try (Engine engine = Engine.cpu(2); Scope kept = Scope.lasting(engine)) {
            Parameter words = new Parameter("words", kept.normal(0, 1, 1, WORDS, WIDTH), true, false);
            Parameter bias = new Parameter("bias", kept.normal(0, 1, 2, WORDS), false, false);
            Parameter clusters = new Parameter("clusters", kept.normal(0, 1, 3, 3, WIDTH), true, false);
            AdaptiveSoftmax softmax = new AdaptiveSoftmax(words, bias, clusters, List.of(4, 9, 20));
            Tensor hidden = kept.normal(0, 1, 4, 6, WIDTH).requireGradient();
            int[] targets = {0, 3, 4, 22, -1, 9};
            double loss;
            try (Scope scope = Scope.open(engine)) {
                Tensor mean = softmax.loss(hidden, scope.of(targets, 6));
                mean.backward();
                loss = mean.item();
                float[] all = softmax.logProbabilities(hidden).toFloats();
                double expected = 0;
                for (int i = 0; i < 6; i++) {
                    double sum = 0;
                    for (int w = 0; w < WORDS; w++) {
                        sum += Math.exp(all[i * WORDS + w]);
                    }
                    assertThat(sum).isCloseTo(1, within(1e-5));
                    expected -= targets[i] < 0 ? 0 : all[i * WORDS + targets[i]];
                }
                assertThat(loss).isCloseTo(expected / 5, within(1e-5));
                Tensor column = scope.of(new int[]{0, 9, 3, 9, 4, 9, 22, 9, -1, 9, 9, 9}, 6, 2).select(1, 0);
                assertThat((double) softmax.loss(hidden, column).item()).isEqualTo(loss);
                assertThatThrownBy(() -> softmax.loss(hidden, scope.of(new int[]{0, 3, 4, 23, -1, 9}, 6)))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("target 23");
                assertThatThrownBy(() -> new AdaptiveSoftmax(words, bias, clusters, List.of(4)))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3 vectors");
                int[] chosen = {0, 3, 4, 22, 21, 9};
                float[] alone = softmax.logProbabilities(hidden, chosen);
                for (int i = 0; i < 6; i++) {
                    assertThat(alone[i]).isCloseTo(all[i * WORDS + chosen[i]], within(1e-5f));
                }
            }
            for (Tensor leaf : List.of(words.value(), bias.value(), clusters.value(), hidden)) {
                float[] values = leaf.toFloats();
                float[] gradient = java.util.Objects.requireNonNull(leaf.gradient()).toFloats();
                for (int i = 0; i < values.length; i += 3) {
                    double difference = (lossWith(softmax, hidden, leaf, values, i, 1 / 64f, targets)
                            - lossWith(softmax, hidden, leaf, values, i, -1 / 64f, targets)) * 32;
                    assertThat(difference).isCloseTo(gradient[i], within(3e-4));
                }
            }
        }
    }

    private static double lossWith(AdaptiveSoftmax softmax, Tensor hidden, Tensor leaf, float[] values, int i,
            float change, int[] targets) {
        float[] changed = values.clone();
        changed[i] += change;
        leaf.set(changed);
        try (Scope scope = Scope.open(hidden.engine())) {
            return softmax.loss(hidden, scope.of(targets, 6)).item();
        } finally {
            leaf.set(values);
        }
    }

    @Test
    void cutoffsRise() {
        assertThatThrownBy(() -> AdaptiveSoftmax.requireRising(List.of(5, 5), 10))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("[5, 5]");
        assertThatThrownBy(() -> AdaptiveSoftmax.requireRising(List.of(10), 10))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
