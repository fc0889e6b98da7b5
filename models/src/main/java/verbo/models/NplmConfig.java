// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a neural probabilistic language model.
 *
 * @param vocabularySize
 *            how many tokens it knows
 * @param context
 *            how many tokens before it a token is predicted from: n - 1
 * @param embedding
 *            length of a token's vector
 * @param width
 *            units of the hidden layer
 * @param direct
 *            whether the vectors also lead straight to the output
 * @param tiedEmbeddings
 *            whether the output layer is the token embedding, behind a projection to its width
 * @param block
 *            how much of a text a row of a training batch has
 * @param dropout
 *            share of the hidden units that is dropped in training
 * @param beginToken
 *            the token texts begin with, which stands for what is before them; or null, then it is token 0
 * @param endTokens
 *            the tokens that end a text
 */
public record NplmConfig(int vocabularySize, int context, int embedding, int width, boolean direct,
        boolean tiedEmbeddings, int block, double dropout, @Nullable Integer beginToken, List<Integer> endTokens)
        implements
            SequentialConfig {

    public NplmConfig {
        RnnConfig.require("vocabulary size", vocabularySize);
        RnnConfig.require("context", context);
        RnnConfig.require("width of the embedding", embedding);
        RnnConfig.requireFits("width of the embedding", (long) context * embedding, embedding);
        RnnConfig.require("width", width);
        RnnConfig.require("block", block);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("a share dropped is at least 0 and below 1, not " + dropout);
        }
        endTokens = List.copyOf(endTokens);
        RnnConfig.requireTokens(vocabularySize, beginToken, endTokens);
    }
}
