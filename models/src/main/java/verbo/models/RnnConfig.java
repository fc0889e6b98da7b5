// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import verbo.nn.AdaptiveSoftmax;
import verbo.tensor.RecurrentCell;

/**
 * The shape of a recurrent language model.
 *
 * @param cell
 *            what its layers are made of
 * @param vocabularySize
 *            how many tokens it knows
 * @param embedding
 *            length of a token's vector
 * @param width
 *            units of a layer
 * @param layers
 *            how many layers there are
 * @param block
 *            steps of truncated backpropagation: how much of a text a training step reads
 * @param tiedEmbeddings
 *            whether the output layer is the token embedding; where the widths differ, a projection lies between
 * @param cutoffs
 *            where the clusters of an {@link AdaptiveSoftmax} begin; empty for a softmax over all tokens
 * @param dropout
 *            what is dropped in training
 * @param beginToken
 *            the token texts begin with, or null
 * @param endTokens
 *            the tokens that end a text
 */
public record RnnConfig(RecurrentCell cell, int vocabularySize, int embedding, int width, int layers, int block,
        boolean tiedEmbeddings, List<Integer> cutoffs, Dropout dropout, @Nullable Integer beginToken,
        List<Integer> endTokens) implements SequentialConfig {

    /**
     * What is dropped in training.
     *
     * @param layers
     *            share of what goes into, between and out of the layers
     * @param locked
     *            whether the same units are dropped at every step of a block (variational dropout)
     * @param words
     *            share of the words whose vectors are dropped wherever they stand
     * @param weights
     *            share of the hidden weights that is dropped
     */
    public record Dropout(double layers, boolean locked, double words, double weights) {
        /** Nothing. */
        public static final Dropout NONE = new Dropout(0, false, 0, 0);

        public Dropout {
            for (double share : new double[]{layers, words, weights}) {
                if (!(share >= 0 && share < 1)) {
                    throw new IllegalArgumentException("a share dropped is at least 0 and below 1, not " + share);
                }
            }
        }
    }

    public RnnConfig {
        require("vocabulary size", vocabularySize);
        require("width of the embedding", embedding);
        require("width", width);
        requireFits("width", (long) cell.gates() * width, width);
        require("number of layers", layers);
        require("block", block);
        cutoffs = List.copyOf(cutoffs);
        endTokens = List.copyOf(endTokens);
        AdaptiveSoftmax.requireRising(cutoffs, vocabularySize);
        requireTokens(vocabularySize, beginToken, endTokens);
    }

    /** A model with all else as it is without asking: an embedding as wide as the layers, not tied, nothing dropped. */
    public static RnnConfig of(RecurrentCell cell, int vocabularySize, int width, int layers, int block) {
        return new RnnConfig(cell, vocabularySize, width, width, layers, block, false, List.of(), Dropout.NONE, null,
                List.of());
    }

    static void require(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("the " + name + " is at least 1, not " + value);
        }
    }

    /** Whether the widest matrix that a value leads to still has a side that can be counted. */
    static void requireFits(String name, long side, int value) {
        if (side > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the " + name + " " + value + " is too large");
        }
    }

    static void requireTokens(int vocabularySize, @Nullable Integer begin, List<Integer> ends) {
        List<Integer> all = begin == null ? ends : new java.util.ArrayList<>(ends);
        if (begin != null) {
            all.add(begin);
        }
        for (int token : all) {
            if (token < 0 || token >= vocabularySize) {
                throw new IllegalArgumentException(
                        "the special token " + token + " is not in a vocabulary of " + vocabularySize);
            }
        }
    }

    /** The name of the cell, as {@code model.family} has it: rnn, lstm or gru. */
    String family() {
        return cell.name().toLowerCase(Locale.ROOT);
    }
}
