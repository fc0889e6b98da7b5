// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * One state's part in a batched {@link LanguageModel#advance}: the tokens it takes, and where the probabilities go.
 *
 * <p>
 * The arrays are the caller's and may be used again for the next step; the model keeps neither.
 *
 * @param state
 *            the state that takes the tokens
 * @param tokens
 *            [tokens], at least one
 * @param rows
 *            [rows][vocabulary], filled with the natural logarithms of the probabilities of the next token, as they are
 *            after each of the last {@code rows.length} tokens; the last row is after the last token. Empty where none
 *            are wanted.
 */
public record Advance(State state, int[] tokens, float[][] rows) {

    private static final float[][] NO_ROWS = {};

    /** Takes tokens without asking for probabilities. */
    public Advance(State state, int... tokens) {
        this(state, tokens, NO_ROWS);
    }

    /**
     * Checks a batch as {@link LanguageModel#advance} promises, for models that write their own.
     *
     * @throws IllegalArgumentException
     *             if a token is not in the vocabulary, a state comes twice, there are no tokens, more rows than tokens,
     *             or a row that is not as long as the vocabulary
     * @throws IllegalStateException
     *             if a state would hold more tokens than the context
     */
    public static void check(LanguageModel model, List<Advance> batch) {
        Set<State> states = batch.size() < 2 ? Set.of() : Collections.newSetFromMap(new IdentityHashMap<>());
        int context = model.contextLength();
        for (Advance advance : batch) {
            if (batch.size() > 1 && !states.add(advance.state)) {
                throw new IllegalArgumentException("a state comes twice in one batch: fork it first");
            }
            int[] tokens = advance.tokens;
            if (tokens.length == 0) {
                throw new IllegalArgumentException("no tokens to advance a state by");
            }
            checkTokens(model, tokens);
            if (advance.rows.length > tokens.length) {
                throw new IllegalArgumentException(
                        advance.rows.length + " rows wanted of " + tokens.length + " tokens");
            }
            for (float[] row : advance.rows) {
                checkRow(model, row);
            }
            if (tokens.length > context - advance.state.length()) {
                throw new IllegalStateException("the context holds " + context + " tokens: " + advance.state.length()
                        + " taken and " + tokens.length + " more do not fit");
            }
        }
    }

    /**
     * Checks that tokens are in a model's vocabulary.
     *
     * @throws IllegalArgumentException
     *             if one is not; the message names it and its index
     */
    public static void checkTokens(LanguageModel model, int... tokens) {
        int size = model.vocabularySize();
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || tokens[i] >= size) {
                throw new IllegalArgumentException("token " + tokens[i] + " at index " + i
                        + " is not in the vocabulary: ids run from 0 to " + (size - 1));
            }
        }
    }

    /**
     * Checks that a row of probabilities is as long as a model's vocabulary.
     *
     * @throws IllegalArgumentException
     *             if it is not
     */
    public static void checkRow(LanguageModel model, float[] row) {
        if (row.length != model.vocabularySize()) {
            throw new IllegalArgumentException("a row of " + row.length + " for a vocabulary of "
                    + model.vocabularySize() + " tokens");
        }
    }
}
