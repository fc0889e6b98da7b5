// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import verbo.lm.Advance;
import verbo.lm.LanguageModel;
import verbo.lm.ScoringWindow;
import verbo.lm.State;
import verbo.lm.TokenScores;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/**
 * What every {@link LanguageModel} keeps. A model's test extends this and opens the model; a small one, for it is asked
 * some hundred times. A context of fewer than a thousand tokens is also tried to its end.
 */
public abstract class LanguageModelContract {

    private LanguageModel model;

    /** Opens the model to test; it is closed after each test. */
    protected abstract LanguageModel open() throws Exception;

    /** How far log probabilities may differ that are the same but come by another way, in nats. */
    protected double tolerance() {
        return 1e-5;
    }

    /** Tokens to try the model with, up to its context or 24. */
    protected int[] tokens() {
        Random random = new Random(7);
        return random.ints(Math.min(24, model.contextLength()), 0, model.vocabularySize()).toArray();
    }

    @BeforeEach
    final void openModel() throws Exception {
        model = open();
    }

    @AfterEach
    final void closeModel() {
        model.close();
        model.close();
    }

    private Offset<Double> close() {
        return within(tolerance());
    }

    private State at(int... tokens) {
        State state = model.open();
        if (tokens.length > 0) {
            state.advance(tokens);
        }
        return state;
    }

    private float[] row(State state) {
        float[] row = new float[model.vocabularySize()];
        state.logProbabilities(row);
        return row;
    }

    private void assertSame(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int id = 0; id < expected.length; id++) {
            if (expected[id] != actual[id]) {
                assertThat((double) actual[id]).as("token %d", id).isCloseTo(expected[id], close());
            }
        }
    }

    private void assertAt(State state, int... tokens) {
        assertThat(state.length()).isEqualTo(tokens.length);
        if (tokens.length > 0 || model.predictsFirstToken()) {
            try (State fresh = at(tokens)) {
                assertSame(row(state), row(fresh));
            }
        }
    }

    @Test
    void theVocabularyCoversTheTokenizerAndTheEndTokens() {
        assertThat(model.vocabularySize()).isPositive();
        assertThat(model.contextLength()).isPositive();
        if (model.tokenizer() != null) {
            assertThat(model.tokenizer().size()).isLessThanOrEqualTo(model.vocabularySize());
        }
        for (int end : model.endTokens()) {
            assertThat(end).isBetween(0, model.vocabularySize() - 1);
        }
        int[] ends = model.endTokens();
        if (ends.length > 0) {
            ends[0] = -1;
            assertThat(model.endTokens()[0]).as("a fresh array").isNotNegative();
        }
    }

    @Test
    void probabilitiesSumToOneAndOneAloneIsTheSame() {
        int[] tokens = tokens();
        try (State state = model.open()) {
            for (int length = 0; length <= tokens.length; length++) {
                if (length > 0) {
                    state.advance(tokens[length - 1]);
                }
                if (length == 0 && !model.predictsFirstToken()) {
                    continue;
                }
                float[] row = row(state);
                double sum = 0;
                for (float value : row) {
                    assertThat(value).isNotNaN().isLessThanOrEqualTo((float) tolerance());
                    sum += Math.exp(value);
                }
                assertThat(sum).as("after %d tokens", length).isCloseTo(1, within(1e-4));
                for (int id : new int[]{0, row.length / 2, row.length - 1}) {
                    double one = state.logProbability(id);
                    if (one != row[id]) {
                        assertThat(one).isCloseTo(row[id], close());
                    }
                }
                assertThat(state.logNormalizer()).isFinite();
            }
        }
    }

    @Test
    void aModelThatPredictsNoFirstTokenSaysSo() {
        try (State state = model.open()) {
            assertThat(state.length()).isZero();
            if (!model.predictsFirstToken()) {
                assertThatThrownBy(() -> state.logProbability(0)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> row(state)).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void theOrderMattersNotHowManyAtOnce() {
        int[] tokens = tokens();
        try (State one = model.open(); State all = at(tokens)) {
            for (int token : tokens) {
                one.advance(token);
            }
            assertThat(one.length()).isEqualTo(tokens.length);
            assertSame(row(one), row(all));
        }
    }

    @Test
    void aBatchIsTheSameAsEachAlone() {
        int[] tokens = tokens();
        int size = tokens.length;
        List<State> states = new ArrayList<>();
        List<Advance> batch = new ArrayList<>();
        List<Integer> ends = new ArrayList<>();
        for (int before : new int[]{0, 1, size / 2}) {
            for (int count : new int[]{1, 2, size - before}) {
                if (count > 0 && before + count <= size) {
                    for (int rows : new int[]{0, 1, count}) {
                        State state = at(Arrays.copyOf(tokens, before));
                        states.add(state);
                        ends.add(before + count);
                        batch.add(new Advance(state, Arrays.copyOfRange(tokens, before, before + count),
                                new float[rows][model.vocabularySize()]));
                    }
                }
            }
        }
        model.advance(batch);
        for (int i = 0; i < batch.size(); i++) {
            assertAt(states.get(i), Arrays.copyOf(tokens, ends.get(i)));
            float[][] rows = batch.get(i).rows();
            for (int row = 0; row < rows.length; row++) {
                try (State fresh = at(Arrays.copyOf(tokens, ends.get(i) - rows.length + row + 1))) {
                    assertSame(rows[row], row(fresh));
                }
            }
        }
        states.forEach(State::close);
    }

    @Test
    void theCallersArraysMayBeUsedAgain() {
        int[] tokens = tokens();
        int[] buffer = {tokens[0]};
        float[][] rows = new float[1][model.vocabularySize()];
        try (State state = model.open()) {
            Advance step = new Advance(state, buffer, rows);
            for (int token : tokens) {
                buffer[0] = token;
                model.advance(List.of(step));
                Arrays.fill(rows[0], 7);
                buffer[0] = -1;
            }
            assertAt(state, tokens);
        }
    }

    @Test
    void forksGoTheirOwnWays() {
        int[] tokens = tokens();
        int half = tokens.length / 2;
        int[] prefix = Arrays.copyOf(tokens, half);
        State origin = at(prefix);
        State left = origin.fork();
        State right = origin.fork();
        assertAt(left, prefix);
        left.advance(tokens[half]);
        int[] other = Arrays.copyOf(prefix, half + 1);
        other[half] = (tokens[half] + 1) % model.vocabularySize();
        right.advance(other[half]);
        assertAt(left, Arrays.copyOf(tokens, half + 1));
        assertAt(right, other);
        assertAt(origin, prefix);
        origin.advance(tokens[half]);
        origin.close();
        assertAt(right, other);
        State child = right.fork();
        right.close();
        assertAt(child, other);
        child.truncate(half);
        assertAt(child, prefix);
        assertAt(left, Arrays.copyOf(tokens, half + 1));
        child.close();
        left.close();
    }

    /** As beams do: what a fork keeps must not grow with how often it was forked. */
    @Test
    void aTextGoesOnInForkAfterFork() {
        int length = Math.min(2000, model.contextLength());
        State state = model.open();
        for (int i = 0; i < length; i++) {
            State fork = state.fork();
            state.close();
            fork.advance(i % model.vocabularySize());
            state = fork;
        }
        assertThat(state.length()).isEqualTo(length);
        state.close();
    }

    @Test
    void forksAdvanceTogether() {
        int[] tokens = tokens();
        int half = tokens.length / 2;
        List<State> forks = new ArrayList<>();
        List<Advance> batch = new ArrayList<>();
        try (State origin = at(Arrays.copyOf(tokens, half))) {
            for (int i = 0; i < 5; i++) {
                State fork = origin.fork();
                forks.add(fork);
                batch.add(new Advance(fork, new int[]{i % model.vocabularySize()},
                        new float[1][model.vocabularySize()]));
            }
            model.advance(batch);
            for (int i = 0; i < forks.size(); i++) {
                int[] taken = Arrays.copyOf(tokens, half + 1);
                taken[half] = i % model.vocabularySize();
                assertAt(forks.get(i), taken);
                assertSame(batch.get(i).rows()[0], row(forks.get(i)));
            }
            assertAt(origin, Arrays.copyOf(tokens, half));
        }
        forks.forEach(State::close);
    }

    @Test
    void truncatingGoesBack() {
        int[] tokens = tokens();
        for (int length = 0; length <= tokens.length; length++) {
            try (State state = at(tokens)) {
                state.truncate(length);
                assertAt(state, Arrays.copyOf(tokens, length));
                if (length < tokens.length) {
                    state.advance(tokens[length]);
                    assertAt(state, Arrays.copyOf(tokens, length + 1));
                }
            }
        }
        try (State state = at(tokens)) {
            assertThatThrownBy(() -> state.truncate(tokens.length + 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> state.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
            assertAt(state, tokens);
        }
    }

    @Test
    void truncatingOneForkLeavesTheOther() {
        int[] tokens = tokens();
        try (State state = at(tokens); State fork = state.fork()) {
            state.truncate(tokens.length / 3);
            int other = (tokens[tokens.length / 3] + 1) % model.vocabularySize();
            state.advance(other);
            assertAt(fork, tokens);
        }
    }

    @Test
    void whatIsWrongIsRefusedAndChangesNothing() {
        int[] tokens = tokens();
        int beyond = model.vocabularySize();
        int[] prefix = Arrays.copyOf(tokens, tokens.length / 2);
        try (State state = at(prefix); State other = at(prefix)) {
            float[] row = new float[model.vocabularySize()];
            assertThatThrownBy(() -> state.advance(tokens[0], beyond)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(beyond));
            assertThatThrownBy(() -> state.advance(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> state.logProbability(beyond)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> state.logProbabilities(new float[beyond + 1]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> model.advance(List.of(new Advance(other, tokens[0]), new Advance(state, beyond))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(
                    () -> model.advance(List.of(new Advance(state, tokens[0]), new Advance(state, tokens[0]))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> model.advance(
                    List.of(new Advance(state, new int[]{tokens[0]}, new float[][]{row, row.clone()}))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(
                    () -> model.advance(List.of(new Advance(other, tokens[0]), new Advance(state, new int[0]))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> model.score(new int[]{tokens[0], beyond}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertAt(state, prefix);
            assertAt(other, prefix);
        }
    }

    @Test
    void theContextIsFilledToItsEndAndNotBeyond() {
        int context = model.contextLength();
        if (context >= 1000) {
            return;
        }
        int[] tokens = new Random(3).ints(context + 1, 0, model.vocabularySize()).toArray();
        int[] full = Arrays.copyOf(tokens, context);
        try (State state = at(Arrays.copyOf(tokens, context - 1))) {
            assertThatThrownBy(() -> state.advance(tokens[0], tokens[1])).isInstanceOf(IllegalStateException.class);
            assertThat(state.length()).isEqualTo(context - 1);
            state.advance(tokens[context - 1]);
            assertAt(state, full);
            assertThatThrownBy(() -> state.advance(tokens[context])).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> model.advance(List.of(new Advance(state, tokens[context]))))
                    .isInstanceOf(IllegalStateException.class);
            assertAt(state, full);
        }
    }

    @Test
    void closedIsClosed() {
        State state = at(tokens());
        state.close();
        state.close();
        assertThatThrownBy(() -> state.advance(0)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> state.logProbability(0)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(state::fork).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> model.advance(List.of(new Advance(state, 0)))).isInstanceOf(RuntimeException.class);
    }

    @Test
    void aSequenceScoresAsItsTokens() {
        int[] tokens = tokens();
        TokenScores scores = model.score(tokens);
        assertThat(scores.ids()).isEqualTo(tokens);
        assertThat(scores.scored(0)).isEqualTo(model.predictsFirstToken());
        try (State state = model.open()) {
            for (int i = 0; i < tokens.length; i++) {
                if (i > 0 || model.predictsFirstToken()) {
                    double expected = state.logProbability(tokens[i]);
                    if (expected != scores.logProbabilities()[i]) {
                        assertThat(scores.logProbabilities()[i]).as("token %d", i).isCloseTo(expected, close());
                    }
                }
                state.advance(tokens[i]);
            }
        }
        assertThat(model.score(new int[0]).size()).isZero();
        assertThat(model.score(new int[]{tokens[0]}).tokens()).isEqualTo(model.predictsFirstToken() ? 1 : 0);
    }

    @Test
    void aSequenceLongerThanTheContextScoresByWindows() {
        int context = model.contextLength();
        if (context >= 1000) {
            return;
        }
        for (int length : new int[]{context, context + 1, context + 2, 2 * context + 3}) {
            int[] tokens = new Random(length).ints(length, 0, model.vocabularySize()).toArray();
            TokenScores scores = model.score(tokens);
            for (ScoringWindow window : ScoringWindow.cover(length, context, model.predictsFirstToken())) {
                for (int i : new int[]{window.scored(), window.to() - 1}) {
                    try (State state = at(Arrays.copyOfRange(tokens, window.from(), i))) {
                        assertThat(scores.logProbabilities()[i]).as("token %d of %d", i, length)
                                .isCloseTo(state.logProbability(tokens[i]), close());
                    }
                }
            }
            assertThat(scores.tokens()).isEqualTo(model.predictsFirstToken() ? length : length - 1);
        }
    }
}
