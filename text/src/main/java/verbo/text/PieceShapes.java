// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.List;

/**
 * What SentencePiece lets be a piece: {@code ▁} only at its beginning, letters of one script only (Kana count as Han; what
 * has no script of its own, such as digits and punctuation, is a script too), and not too long.
 */
final class PieceShapes {
    private static final int UNJOINABLE = 1 << 29;
    static final Character.UnicodeScript ANY = Character.UnicodeScript.INHERITED;

    /** Of what two pieces are together only this much is asked. */
    private record Shape(int length, boolean space, Character.UnicodeScript first, Character.UnicodeScript last) {}

    private final List<Shape> shapes;

    PieceShapes(int capacity) {
        shapes = new ArrayList<>(capacity);
    }

    /** The next piece: one character, or what stands for an unknown one, which joins nothing. */
    void add(String character) {
        Character.UnicodeScript script = character.isEmpty() ? ANY : script(character.codePointAt(0));
        shapes.add(new Shape(character.isEmpty() ? UNJOINABLE : 1, character.indexOf(SentencePiece.SPACE) >= 0, script,
                script));
    }

    /** The next piece: two others. */
    void add(int a, int b) {
        Shape left = shapes.get(a);
        Shape right = shapes.get(b);
        shapes.add(new Shape(left.length + right.length, left.space, left.first == ANY ? right.first : left.first,
                right.last == ANY ? left.last : right.last));
    }

    boolean joins(int a, int b, int maximumLength) {
        Shape left = shapes.get(a);
        Shape right = shapes.get(b);
        return !right.space && left.length + right.length <= maximumLength
                && (left.last == ANY || right.first == ANY || left.last == right.first);
    }

    /** A character's script, {@link #ANY} for what takes that of the character before it and for the space. */
    static Character.UnicodeScript script(int c) {
        if (c == SentencePiece.SPACE) {
            return ANY;
        }
        Character.UnicodeScript script = Character.UnicodeScript.of(c);
        return c == 'ー' || script == Character.UnicodeScript.HIRAGANA || script == Character.UnicodeScript.KATAKANA
                ? Character.UnicodeScript.HAN
                : script;
    }
}
