// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

/**
 * A place in a text: the tokens taken so far, and what a {@link LanguageModel} remembers of them. It gives the
 * probabilities of the next token.
 *
 * <p>
 * A fork shares what it has in common with its origin and goes its own way from there, so beams and samples over one
 * prompt are cheap; each is closed on its own. Used by one thread at a time, like its model.
 */
public interface State extends AutoCloseable {

    /** How many tokens it has taken. */
    int length();

    /**
     * Takes tokens. Many states at once advance faster by {@link LanguageModel#advance}.
     *
     * @throws IllegalArgumentException
     *             if a token is not in the vocabulary; nothing is taken then
     * @throws IllegalStateException
     *             if the state would hold more tokens than its model's context; nothing is taken then
     */
    void advance(int... tokens);

    /**
     * The natural logarithm of the probability that a token comes next, without working out the others where the model
     * can do so. Negative infinity for a token that cannot come.
     *
     * @throws IllegalArgumentException
     *             if the token is not in the vocabulary
     * @throws IllegalStateException
     *             if nothing was taken yet and the model does not {@linkplain LanguageModel#predictsFirstToken()
     *             predict} a first token
     */
    double logProbability(int token);

    /**
     * The natural logarithms of the probabilities of all tokens to come next.
     *
     * @param row
     *            [vocabulary], filled; the caller's
     * @throws IllegalArgumentException
     *             if the row is not as long as the vocabulary
     * @throws IllegalStateException
     *             as {@link #logProbability}
     */
    void logProbabilities(float[] row);

    /**
     * What was taken off the model's own scores (logits) to make them logarithms of probabilities that sum to one:
     * {@code ln Σ exp(logit)}. Adding it to a logarithm of a probability of this state gives the logit back; 0, as
     * here, for a model that works out probabilities directly. Hugging Face's repetition penalty depends on the sign
     * of a logit, which is what this is for.
     */
    default double logNormalizer() {
        return 0;
    }

    /** A state at the same place, which from here on lives apart from this one. Cheap: nothing is computed again. */
    State fork();

    /**
     * Goes back to the first tokens, as if the others had never been taken. A model that keeps no way back takes them
     * again.
     *
     * @param length
     *            how many tokens to keep, 0 to {@link #length()}
     * @throws IllegalArgumentException
     *             if there are not so many
     */
    void truncate(int length);

    /** Frees what the state holds. Closing twice does nothing; any other use of a closed state throws. */
    @Override
    void close();
}
