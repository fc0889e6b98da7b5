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

    // of what two pieces are together only this much is asked: numbers of the first and last character's script (0 is
    // any), space, length
    private static final int SCRIPT = 12; // bits
    private static final int SCRIPTS = (1 << SCRIPT) - 1;
    private static final long SPACE = 1L << 2 * SCRIPT;
    private static final int LENGTH = 32;

    private final List<Character.UnicodeScript> scripts = new ArrayList<>(List.of(ANY)); // numbered as they come
    private final long[] shapes;
    private int size;

    PieceShapes(int capacity) {
        shapes = new long[capacity];
    }

    /** The next piece: one character, or what stands for an unknown one, which joins nothing. */
    void add(String character) {
        int script = character.isEmpty() ? 0 : number(script(character.codePointAt(0)));
        add(character.isEmpty() ? UNJOINABLE : 1, character.indexOf(SentencePiece.SPACE) >= 0, script, script);
    }

    /** The next piece: two others. */
    void add(int a, int b) {
        long left = shapes[a];
        long right = shapes[b];
        add((int) (left >> LENGTH) + (int) (right >> LENGTH), (left & SPACE) != 0,
                first(left) == 0 ? first(right) : first(left), last(right) == 0 ? last(left) : last(right));
    }

    private int number(Character.UnicodeScript script) {
        if (!scripts.contains(script)) {
            scripts.add(script);
        }
        return scripts.indexOf(script);
    }

    private void add(int length, boolean space, int first, int last) {
        shapes[size++] = (long) length << LENGTH | (space ? SPACE : 0) | last << SCRIPT | first;
    }

    private static int first(long shape) {
        return (int) shape & SCRIPTS;
    }

    private static int last(long shape) {
        return (int) shape >> SCRIPT & SCRIPTS;
    }

    boolean joins(int a, int b, int maximumLength) {
        long left = shapes[a];
        long right = shapes[b];
        return (right & SPACE) == 0 && (left >> LENGTH) + (right >> LENGTH) <= maximumLength
                && (last(left) == first(right) || last(left) == 0 || first(right) == 0);
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
