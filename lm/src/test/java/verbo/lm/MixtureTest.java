// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import verbo.lm.testkit.TableModel;
import verbo.text.Progress;

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
    void aCacheLooksBackBeyondTheModelsWindow() {
        LanguageModel bounded = new TableModel(3, 2, new int[0], true, null, (before, last, token) -> token);
        LanguageModel unbounded = new TableModel(3, 99, new int[0], true, null, (before, last, token) -> token);
        for (int size : new int[]{1, 4, 100}) {
            TokenScores scores = new CacheModel(bounded, 0.4, size).score(TEXT);
            try (State state = new CacheModel(unbounded, 0.4, size).open()) {
                for (int i = 0; i < TEXT.length; i++) {
                    assertThat(scores.logProbabilities()[i]).isCloseTo(state.logProbability(TEXT[i]), within(1e-9));
                    state.advance(TEXT[i]);
                }
            }
            assertThat(new CacheModel(bounded, 0, size).score(TEXT).nats()).isEqualTo(bounded.score(TEXT).nats());
        }
    }

    @Test
    void aRefusedTokenIsTakenByNoModel() {
        TableModel one = TableModel.of(2, TableModel.hashed(1));
        TableModel other = TableModel.of(1, TableModel.hashed(2));
        Mixture mixture = new Mixture(
                List.of(new Mixture.Part(one), new Mixture.Part(other, new int[]{0, -1}, -1)), new double[]{1, 1},
                null, 2);
        try (State state = mixture.open()) {
            assertThatThrownBy(() -> state.advance(0, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(state.length()).isZero();
            assertThat(one.tokensTaken).isZero();
        }
    }

    @Test
    void whereOneStateCannotBeOpenedNoneStays() {
        TableModel one = TableModel.of(1, TableModel.hashed(1));
        AtomicInteger left = new AtomicInteger(1);
        LanguageModel failing = (LanguageModel) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[]{LanguageModel.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "vocabularySize" -> 1;
                    case "open" -> {
                        if (left.getAndDecrement() == 0) {
                            throw new IllegalStateException("no memory");
                        }
                        yield one.open();
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        Mixture mixture = new Mixture(List.of(new Mixture.Part(one), new Mixture.Part(failing)), new double[]{1, 1},
                null, 1);
        mixture.open().close();
        assertThat(one.openStates).isZero();
        assertThatThrownBy(mixture::open).isInstanceOf(IllegalStateException.class);
        assertThat(one.openStates).isZero();
    }

    @Test
    void progressIsOfTheWholeText() {
        LanguageModel half = new TableModel(3, 9, new int[0], true, null, TableModel.hashed(1));
        List<Long> told = new ArrayList<>();
        LanguageModel telling = (LanguageModel) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[]{LanguageModel.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("score") && arguments.length == 2) {
                        ((Progress) arguments[1]).update(TEXT.length, TEXT.length);
                    }
                    return method.invoke(half, arguments);
                });
        new CacheModel(mixture(telling, telling), 0.1, 3).score(TEXT, (done, total) -> {
            assertThat(total).isEqualTo(TEXT.length);
            told.add(done);
        });
        assertThat(told).containsExactly(5L, 10L);
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
