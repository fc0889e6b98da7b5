// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.tensor.Unary;

/**
 * The shape of a GPT, as GPT-2's {@code config.json} gives it.
 *
 * @param vocabularySize
 *            how many tokens it knows (vocab_size)
 * @param contextLength
 *            the most tokens it reads at once (n_positions)
 * @param width
 *            length of a token's vector (n_embd), a multiple of {@code heads}
 * @param layers
 *            how many blocks there are (n_layer)
 * @param heads
 *            attention heads of a block (n_head)
 * @param innerWidth
 *            width inside a block's feed-forward part, usually 4 · width (n_inner)
 * @param activation
 *            between its two layers (activation_function)
 * @param layerNormEpsilon
 *            added to variances (layer_norm_epsilon)
 * @param tiedEmbeddings
 *            whether the output layer is the token embedding (tie_word_embeddings)
 * @param bias
 *            whether linear layers and normalisations have biases; GPT-2 has, see {@link #withBias}
 * @param scaleAttention
 *            whether attention divides by the root of the head's width (scale_attn_weights)
 * @param scaleByLayer
 *            whether attention in layer n, from 1, divides by n as well (scale_attn_by_inverse_layer_idx)
 * @param embeddingDropout
 *            dropout of the embeddings (embd_pdrop)
 * @param attentionDropout
 *            dropout of the attention weights (attn_pdrop)
 * @param residualDropout
 *            dropout of what each part of a block adds (resid_pdrop)
 * @param initializerRange
 *            standard deviation of new weights (initializer_range)
 * @param beginToken
 *            the token texts begin with, or null (bos_token_id)
 * @param endTokens
 *            the tokens that end a text; empty for none (eos_token_id)
 */
public record GptConfig(int vocabularySize, int contextLength, int width, int layers, int heads, int innerWidth,
        Unary activation, double layerNormEpsilon, boolean tiedEmbeddings, boolean bias, boolean scaleAttention,
        boolean scaleByLayer, double embeddingDropout, double attentionDropout, double residualDropout,
        double initializerRange, @Nullable Integer beginToken, List<Integer> endTokens) {

    public GptConfig {
        requirePositive("vocabulary size", vocabularySize);
        requirePositive("context length", contextLength);
        requirePositive("width", width);
        RnnConfig.requireFits("width", 3L * width, width); // queries, keys and values side by side
        requirePositive("layers", layers);
        requirePositive("heads", heads);
        requirePositive("inner width", innerWidth);
        if (width % heads != 0) {
            throw new IllegalArgumentException(
                    "the width " + width + " is not a multiple of the number of heads, " + heads);
        }
        if (!(layerNormEpsilon >= 0)) {
            throw new IllegalArgumentException("the layer norm's epsilon is 0 or more, not " + layerNormEpsilon);
        }
        requireProbability("embedding dropout", embeddingDropout);
        requireProbability("attention dropout", attentionDropout);
        requireProbability("residual dropout", residualDropout);
        if (!(initializerRange >= 0)) {
            throw new IllegalArgumentException("the initializer range is 0 or more, not " + initializerRange);
        }
        endTokens = List.copyOf(endTokens);
        List<Integer> special = new ArrayList<>(endTokens);
        if (beginToken != null) {
            special.add(beginToken);
        }
        for (int token : special) {
            if (token < 0 || token >= vocabularySize) {
                throw new IllegalArgumentException(
                        "the special token " + token + " is not in a vocabulary of " + vocabularySize);
            }
        }
    }

    /** GPT-2's architecture in a size of one's own: no dropout, no special tokens. */
    public static GptConfig of(int vocabularySize, int contextLength, int width, int layers, int heads) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, 4 * width, Unary.GELU_TANH, 1e-5,
                true,
                true, true, false, 0, 0, 0, 0.02, null, List.of());
    }

    /** The same with the exact GELU, or another activation. */
    public GptConfig withActivation(Unary value) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, innerWidth, value, layerNormEpsilon,
                tiedEmbeddings, bias, scaleAttention, scaleByLayer, embeddingDropout, attentionDropout, residualDropout,
                initializerRange, beginToken, endTokens);
    }

    /** The same with another width inside the feed-forward parts. */
    public GptConfig withInnerWidth(int value) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, value, activation, layerNormEpsilon,
                tiedEmbeddings, bias, scaleAttention, scaleByLayer, embeddingDropout, attentionDropout, residualDropout,
                initializerRange, beginToken, endTokens);
    }

    /**
     * The same with or without biases. GPT-2's format always has them, so a model without writes zeros; a key of our own in
     * {@code config.json} ({@code "verbo": {"bias": false}}) says that they are none.
     */
    public GptConfig withBias(boolean value) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, innerWidth, activation,
                layerNormEpsilon, tiedEmbeddings, value, scaleAttention, scaleByLayer, embeddingDropout,
                attentionDropout, residualDropout, initializerRange, beginToken, endTokens);
    }

    /** The same with the output layer tied to the token embedding, or not. */
    public GptConfig withTiedEmbeddings(boolean value) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, innerWidth, activation,
                layerNormEpsilon, value, bias, scaleAttention, scaleByLayer, embeddingDropout, attentionDropout,
                residualDropout, initializerRange, beginToken, endTokens);
    }

    /** The same with the scales of attention that GPT-2's family knows. */
    public GptConfig withAttentionScale(boolean byWidth, boolean byLayer) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, innerWidth, activation,
                layerNormEpsilon, tiedEmbeddings, bias, byWidth, byLayer, embeddingDropout, attentionDropout,
                residualDropout, initializerRange, beginToken, endTokens);
    }

    /** The same with dropout of embeddings, attention weights and residuals. */
    public GptConfig withDropout(double embedding, double attention, double residual) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, innerWidth, activation,
                layerNormEpsilon, tiedEmbeddings, bias, scaleAttention, scaleByLayer, embedding, attention, residual,
                initializerRange, beginToken, endTokens);
    }

    /** The same with special tokens. */
    public GptConfig withSpecialTokens(@Nullable Integer begin, List<Integer> ends) {
        return new GptConfig(vocabularySize, contextLength, width, layers, heads, innerWidth, activation,
                layerNormEpsilon, tiedEmbeddings, bias, scaleAttention, scaleByLayer, embeddingDropout,
                attentionDropout, residualDropout, initializerRange, begin, ends);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("the " + name + " is at least 1, not " + value);
        }
    }

    private static void requireProbability(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException("the " + name + " is at least 0 and below 1, not " + value);
        }
    }
}
