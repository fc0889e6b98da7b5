// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import org.jspecify.annotations.Nullable;

/** Turns a piece of normalised text into tokens; a part of {@code tokenizer.json}. */
sealed interface TokenModel permits Bpe, WordPiece, Unigram, WordLevel {
    /** The types there are. */
    String KNOWN = "BPE, WordPiece, Unigram, WordLevel";

    /**
     * Adds a piece's tokens.
     *
     * @throws IllegalArgumentException
     *             if the vocabulary cannot express the piece
     */
    void tokenize(Normalized piece, TokenList out);

    /**
     * Adds the ids of a piece to {@code work}.
     *
     * @return false if it takes {@link #tokenize} to tell
     */
    default boolean ids(char[] piece, int length, PretokenEncoder.Work work) {
        return false;
    }

    /** One more than the highest id. */
    int size();

    /** The token of an id, null if there is none. */
    @Nullable String token(int id);

    /** The id of a token, -1 if there is none. */
    int id(String token);

    /** Says which character no token stands for. */
    static IllegalArgumentException outside(Normalized piece, int index) {
        return CharacterTokenizer.outside(piece.codePointAt(index), piece.start(index));
    }
}
