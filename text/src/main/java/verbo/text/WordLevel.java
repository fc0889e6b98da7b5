// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import org.jspecify.annotations.Nullable;

/** Every piece is a token, and what is not in the vocabulary is the unknown one. */
record WordLevel(Vocabulary vocabulary, String unknown) implements TokenModel {
    @Override
    public void tokenize(Normalized piece, TokenList out) {
        if (piece.isEmpty()) {
            return;
        }
        String text = piece.text();
        int id = vocabulary.id(text);
        int start = piece.start(0);
        int end = piece.end(piece.length() - 1);
        if (id >= 0) {
            out.add(id, null, start, end);
            return;
        }
        int none = vocabulary.id(unknown);
        if (none < 0) {
            throw new IllegalArgumentException("the word \"" + text + "\" at index " + start
                    + " is not in the tokenizer's vocabulary, which has no token \"" + unknown + "\" for such");
        }
        out.add(none, null, start, end);
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    @Override
    public @Nullable String token(int id) {
        return vocabulary.token(id);
    }

    @Override
    public int id(String token) {
        return vocabulary.id(token);
    }
}
