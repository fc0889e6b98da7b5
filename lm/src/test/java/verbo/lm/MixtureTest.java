// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.List;
import org.junit.jupiter.api.Test;
import verbo.lm.testkit.TableModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class MixtureTest {
    private static final int[] TEXT = {0, 1, 0, 0, 2, 0, 1, 0, 0, 0};

    private static LanguageModel model(double... probabilities) {
        return new TableModel(probabilities.length, Integer.MAX_VALUE, new int[0], true, null,
                (before, last, token) -> (float) Math.log(probabilities[token]));
    }

    private static Mixture mixture(LanguageModel... models) {
        double[] weights = new double[models.length];
        java.util.Arrays.fill(weights, 1);
        return new Mixture(List.of(models).stream().map(Mixture.Part::new).toList(), weights, null, 3);
    }

    @Test
    void theWeightsAreThoseOfTheGreatestLikelihood() {
        // d/dw of 7 ln(0.2 + 0.7 w) + 2 ln(0.5 - 0.4 w) + ln(0.3 - 0.3 w) is zero there
        Mixture tuned = mixture(model(0.9, 0.1, 1e-9), model(0.2, 0.5, 0.3)).tuned(TEXT);
        double w = tuned.weights()[0];
        assertThat(7 * 0.7 / (0.2 + 0.7 * w) - 2 * 0.4 / (0.5 - 0.4 * w) - 0.3 / (0.3 - 0.3 * w)).isCloseTo(0,
                within(1e-3));
        for (double other : new double[]{w - 0.05, w + 0.05}) {
            Mixture moved = new Mixture(List.of(new Mixture.Part(model(0.9, 0.1, 1e-9)),
                    new Mixture.Part(model(0.2, 0.5, 0.3))), new double[]{other, 1 - other}, null, 3);
            assertThat(moved.score(TEXT).nats()).isGreaterThan(tuned.score(TEXT).nats());
        }
    }

    @Test
    void tuningIsNeverWorseThanTheBestModel() {
        LanguageModel one = model(0.6, 0.2, 0.2);
        LanguageModel other = model(0.1, 0.2, 0.7);
        double best = Math.min(one.score(TEXT).nats(), other.score(TEXT).nats());
        assertThat(mixture(one, other).tuned(TEXT).score(TEXT).nats()).isLessThanOrEqualTo(best + 1e-3);
    }

    @Test
    void whatAModelLacksHasNoProbabilityUnderIt() {
        Mixture mixture = new Mixture(List.of(new Mixture.Part(model(0.5, 0.5), new int[]{0, 1, -1}, 0),
                new Mixture.Part(model(0.4, 0.6), new int[]{0, -1, 1}, 0)), new double[]{1, 3}, null, 3);
        try (State state = mixture.open()) {
            assertThat(Math.exp(state.logProbability(0))).isCloseTo(0.125 + 0.3, within(1e-6));
            assertThat(Math.exp(state.logProbability(1))).isCloseTo(0.125, within(1e-6));
            assertThat(Math.exp(state.logProbability(2))).isCloseTo(0.45, within(1e-6));
        }
        assertThat(mixture.score(new int[]{0, 1, 2}).logProbabilities()).containsExactly(
                new double[]{Math.log(0.425), Math.log(0.125), Math.log(0.45)}, within(1e-6));
    }

    @Test
    void aCacheExpectsWhatItSaw() {
        CacheModel cached = new CacheModel(model(0.2, 0.5, 0.3), 0.4, 3);
        try (State state = cached.open()) {
            assertThat(Math.exp(state.logProbability(0))).isCloseTo(0.2, within(1e-6));
            state.advance(2, 0, 0, 1); // it looks back three
            assertThat(Math.exp(state.logProbability(0))).isCloseTo(0.6 * 0.2 + 0.4 * 2 / 3, within(1e-6));
            assertThat(Math.exp(state.logProbability(2))).isCloseTo(0.6 * 0.3, within(1e-6));
        }
        int[] repeating = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0};
        assertThat(cached.tuned(repeating).score(repeating).nats()).isLessThan(cached.score(repeating).nats());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> mixture(model(0.5, 0.5), model(0.2, 0.5, 0.3)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("share a tokenizer");
        assertThatThrownBy(() -> new Mixture(List.of(new Mixture.Part(model(1, 0, 0))), new double[]{-1}, null, 3))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("negative");
        assertThatThrownBy(() -> new CacheModel(model(1, 0), 1, 5)).isInstanceOf(IllegalArgumentException.class);
    }
}
