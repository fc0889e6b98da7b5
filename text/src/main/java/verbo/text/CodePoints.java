// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

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
        return encode(text, EncodingOptions.PLAIN);
    }

    @Override
    public Encoding encode(String text, EncodingOptions options) {
        options.refuseDropout(this);
        int[] ids = encode(text);
        String[] tokens = new String[ids.length];
        int[] starts = new int[ids.length];
        int[] ends = new int[ids.length];
        int at = 0;
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = token(ids[i]);
            starts[i] = at;
            at += tokens[i].length();
            ends[i] = at;
        }
        Encoding whole = new Encoding(ids, tokens, starts, ends);
        return whole.cut(options);
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
    public boolean isSpecial(int id) {
        token(id);
        return false;
    }

    @Override
    public int byteLength(int id) {
        return Math.toIntExact(Utf8.length(token(id)));
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            @Override
            public String next(int id) {
                return token(id);
            }

            @Override
            public String end() {
                return "";
            }
        };
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
