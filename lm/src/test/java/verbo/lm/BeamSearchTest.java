// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import verbo.lm.testkit.PieceTokenizer;
import verbo.lm.testkit.TableModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class BeamSearchTest {

    private static final BeamSearch.Options OPTIONS = BeamSearch.Options.DEFAULT;

    private static int[][] ids(List<Hypothesis> hypotheses) {
        return hypotheses.stream().map(Hypothesis::ids).toArray(int[][]::new);
    }

    @Test
    void enoughBeamsFindTheMostProbableOfAll() {
        TableModel model = TableModel.of(4, TableModel.hashed(21));
        List<Hypothesis> found = new BeamSearch(model).search(new int[]{1},
                OPTIONS.withBeams(64).withResults(64).withMaxTokens(3).withLengthPenalty(0));
        assertThat(found).hasSize(64);
        for (int i = 0; i < 64; i++) {
            Hypothesis hypothesis = found.get(i);
            double sum = 0;
            try (State state = model.open()) {
                state.advance(1);
                for (int id : hypothesis.ids()) {
                    sum += state.logProbability(id);
                    state.advance(id);
                }
            }
            assertThat((double) hypothesis.score()).isCloseTo(sum, within(1e-5));
            assertThat(i == 0 || found.get(i - 1).score() >= hypothesis.score()).isTrue();
            assertThat(hypothesis.finish()).isEqualTo(FinishReason.LENGTH);
        }
        assertThat(found.stream().map(h -> Arrays.toString(h.ids())).distinct()).hasSize(64);
        assertThat(model.openStates).isZero();
    }

    @Test
    void beamsAdvanceAsOneBatchAndThePromptIsTakenOnce() {
        TableModel model = TableModel.of(30, TableModel.hashed(3));
        new BeamSearch(model).search(new int[]{1, 2, 3, 4, 5}, OPTIONS.withBeams(3).withMaxTokens(6));
        assertThat(model.passes).isEqualTo(6);
        assertThat(model.tokensTaken).isEqualTo(5 + 3 * 5);
        assertThat(model.openStates).isZero();
    }

    @Test
    void goesOnFromAStateAndLeavesItAsItIs() {
        TableModel model = TableModel.of(30, TableModel.hashed(4));
        int[] prompt = {7, 8, 9};
        BeamSearch.Options options = OPTIONS.withResults(4).withMaxTokens(5);
        try (State state = model.open()) {
            state.advance(prompt);
            double before = state.logProbability(3);
            BeamSearch search = new BeamSearch(model);
            assertThat(ids(search.search(state, prompt, options))).isDeepEqualTo(ids(search.search(prompt, options)));
            assertThat(state.length()).isEqualTo(3);
            assertThat(state.logProbability(3)).isEqualTo(before);
            assertThat(model.openStates).isEqualTo(1);
        }
    }

    @Test
    void theTextHasNeitherPromptNorEndToken() {
        TableModel model = new TableModel(5, 100, new int[]{4}, false, PieceTokenizer.characters("abcd."),
                (before, last, token) -> token == last + 1 ? 9 : 0);
        Hypothesis best = new BeamSearch(model).search("ab", OPTIONS.withMaxTokens(20)).getFirst();
        assertThat(best.text()).isEqualTo("cd");
        assertThat(best.ids()).containsExactly(2, 3, 4);
        assertThat(best.finish()).isEqualTo(FinishReason.END);
    }

    @Test
    void whatIsImpossibleIsNotReturned() {
        TableModel model = TableModel.of(3, (before, last, token) -> token == 1 ? Float.NEGATIVE_INFINITY : 0);
        List<Hypothesis> found = new BeamSearch(model).search(new int[]{0},
                OPTIONS.withBeams(4).withResults(4).withMaxTokens(1));
        assertThat(ids(found)).isDeepEqualTo(new int[][]{{0}, {2}});
    }

    @Test
    void beamsThatAreOutStayOutAndThoseThatAreInStayInWhateverTheLengthPenalty() {
        TableModel one = TableModel.of(1, (before, last, token) -> 0);
        BeamSearch.Options four = OPTIONS.withBeams(4).withResults(4).withMaxTokens(10);
        assertThat(ids(new BeamSearch(one).search(new int[]{0}, four))).isDeepEqualTo(new int[][]{new int[10]});
        TableModel many = TableModel.of(30, TableModel.hashed(5));
        for (double penalty : new double[]{-4, -40}) {
            List<Hypothesis> found = new BeamSearch(many).search(new int[]{0},
                    four.withMaxTokens(300).withLengthPenalty(penalty));
            assertThat(found).hasSize(4).allMatch(hypothesis -> Float.isFinite(hypothesis.score()));
        }
    }

    @Test
    void whatIsWrongIsRefused() {
        TableModel model = new TableModel(5, 8, new int[0], false, null, TableModel.hashed(1));
        BeamSearch search = new BeamSearch(model);
        assertThat(search.search(new int[]{1, 2}, OPTIONS.withMaxTokens(7))).hasSize(1);
        assertThatThrownBy(() -> search.search(new int[]{1, 2}, OPTIONS.withMaxTokens(8)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("context of 9");
        assertThatThrownBy(() -> search.search(new int[]{5}, OPTIONS)).hasMessageContaining("token 5");
        assertThatThrownBy(() -> search.search(new int[0], OPTIONS)).hasMessageContaining("empty");
        assertThatThrownBy(() -> search.search("a", OPTIONS)).hasMessageContaining("ids");
        assertThatThrownBy(() -> search.search(new int[]{1, 2}, OPTIONS.withMaxTokens(Integer.MAX_VALUE)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("context of 2147483648");
        try (State state = model.open()) {
            state.advance(1);
            assertThatThrownBy(() -> search.search(state, new int[]{5},
                    OPTIONS.withMaxTokens(2).withRepetitionPenalty(2))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("token 5");
        }
        assertThatThrownBy(() -> OPTIONS.withBeams(0)).hasMessageContaining("beams");
        assertThatThrownBy(() -> OPTIONS.withResults(5)).hasMessageContaining("results");
        assertThatThrownBy(() -> OPTIONS.withMaxTokens(0)).hasMessageContaining("max tokens");
        assertThatThrownBy(() -> OPTIONS.withRepetitionPenalty(-1)).hasMessageContaining("repetition penalty");
        TableModel broken = TableModel.of(5, (before, last, token) -> Float.NaN);
        assertThatThrownBy(() -> new BeamSearch(broken).search(new int[]{1}, OPTIONS.withMaxTokens(2)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("NaN");
        assertThat(model.openStates + broken.openStates).isZero();
    }
}
