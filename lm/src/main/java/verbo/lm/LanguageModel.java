// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * The probability of a token given the tokens before it. Every model that reads left to right is one, from bigrams to
 * Transformers, so scoring, decoding and serving are written once, on top of this.
 *
 * <p>
 * A model opens {@linkplain State states}: a place in a text, with what the model remembers of it (an n-gram's history,
 * hidden vectors, a KV cache). Tokens are ids from 0 to {@link #vocabularySize()} - 1, probabilities are natural
 * logarithms (nats).
 *
 * <p>
 * A model and its states are used by one thread at a time unless its class says more. Closing a model frees its
 * weights; its states are closed first.
 */
public interface LanguageModel extends AutoCloseable {

    /**
     * The tokenizer that gives this model its ids, or null for a model that came without one and takes and gives ids
     * only.
     */
    @Nullable Tokenizer tokenizer();

    /** How many tokens the model knows; each row of probabilities is this long. At least the tokenizer's size. */
    int vocabularySize();

    /** The most tokens one state holds, at least 1; {@link Integer#MAX_VALUE} if there is no bound. */
    int contextLength();

    /** The tokens that end a text when generated, such as the end of text; empty if none does. A fresh array. */
    int[] endTokens();

    /**
     * The token that texts begin with. In generation an empty prompt stands for it, and it stays in front when the
     * oldest part of a full context is dropped. Empty for a model that has none.
     */
    default OptionalInt beginToken() {
        return OptionalInt.empty();
    }

    /**
     * Whether the model has a probability for the first token of a text, as n-grams have. Where it is false (a
     * Transformer), a state that has taken nothing gives no probabilities, scoring leaves the first token out, and
     * generation needs a prompt or a {@linkplain #beginToken() begin token}.
     */
    default boolean predictsFirstToken() {
        return false;
    }

    /** Opens a state that has taken nothing yet. */
    State open();

    /**
     * Advances many states, each by its own tokens, in as few passes over the weights as the model can. The result is
     * the same as advancing each alone. The states are this model's, each at most once in a batch (the forks of one
     * state are different states).
     *
     * <p>
     * Everything is checked before anything is advanced, see {@link Advance#check}. This implementation advances one
     * state after the other.
     *
     * @throws IllegalArgumentException
     *             if a token is not in the vocabulary, a state comes twice, or there are more rows than tokens
     * @throws IllegalStateException
     *             if a state would hold more than {@link #contextLength()} tokens, or is closed
     */
    default void advance(List<Advance> batch) {
        Advance.check(this, batch);
        for (Advance advance : batch) {
            State state = advance.state();
            int[] tokens = advance.tokens();
            float[][] rows = advance.rows();
            int first = tokens.length - rows.length;
            if (first > 0) {
                state.advance(rows.length == 0 ? tokens : Arrays.copyOf(tokens, first));
            }
            for (int row = 0; row < rows.length; row++) {
                state.advance(tokens[first + row]);
                state.logProbabilities(rows[row]);
            }
        }
    }

    /**
     * Scores a whole sequence, each token once, in the way that suits the model: a Transformer takes it in one pass.
     * Where the context is bounded, a longer sequence is covered by {@linkplain ScoringWindow#cover windows}, so that
     * a token has at least half a window before it, or all there is. The first token is left out unless the model
     * {@linkplain #predictsFirstToken() predicts} it.
     *
     * <p>
     * This implementation takes token by token.
     *
     * @param ids
     *            [tokens]
     * @throws IllegalArgumentException
     *             if a token is not in the vocabulary
     */
    default TokenScores score(int[] ids) {
        Advance.checkTokens(this, ids);
        double[] logProbabilities = new double[ids.length];
        Arrays.fill(logProbabilities, Double.NaN);
        for (ScoringWindow window : ScoringWindow.cover(ids.length, contextLength(), predictsFirstToken())) {
            try (State state = open()) {
                if (window.scored() > window.from()) {
                    state.advance(Arrays.copyOfRange(ids, window.from(), window.scored()));
                }
                for (int i = window.scored(); i < window.to(); i++) {
                    logProbabilities[i] = state.logProbability(ids[i]);
                    if (i + 1 < window.to()) {
                        state.advance(ids[i]);
                    }
                }
            }
        }
        return new TokenScores(ids, logProbabilities);
    }

    /**
     * As {@link #score(int[])}, for texts that take their time.
     *
     * @param progress
     *            told the tokens scored; by models that take a long text in parts
     */
    default TokenScores score(int[] ids, Progress progress) {
        return score(ids);
    }

    /** Frees what the model holds. Closing twice does nothing. */
    @Override
    void close();
}
