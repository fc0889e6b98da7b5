// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.OptionalInt;

/** A token a code point, whose id is its number in Unicode: no vocabulary to learn, none that lacks a character. */
final class CodePoints implements Tokenizer {
    @Override
    public int size() {
        return Character.MAX_CODE_POINT + 1;
    }

    @Override
    public int[] encode(String text) {
        return Utf8.wellFormed(text).codePoints().toArray();
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        int[] ids = encode(text);
        return Encoding.inARow(ids, Arrays.stream(ids).mapToObj(this::token).toArray(String[]::new));
    }

    @Override
    public String token(int id) {
        if (!Character.isValidCodePoint(id) || (id >= Character.MIN_SURROGATE && id <= Character.MAX_SURROGATE)) {
            throw new IllegalArgumentException("no character has the id " + id);
        }
        return Character.toString(id);
    }

    @Override
    public int id(String token) {
        return !token.isEmpty() && token.length() == Character.charCount(token.codePointAt(0))
                ? token.codePointAt(0)
                : -1;
    }

    @Override
    public int byteLength(int id) {
        return Math.toIntExact(Utf8.length(token(id)));
    }

    @Override
    public Decoder decoder() {
        return this::token;
    }

    @Override
    public OptionalInt separator() {
        return OptionalInt.empty();
    }

    @Override
    public String json() {
        throw new IllegalArgumentException("the built-in characters have no tokenizer.json: the file would name a"
                + " million characters; train a tokenizer of characters instead");
    }

    @Override
    public String toString() {
        return "all characters, " + size() + " ids";
    }
}
