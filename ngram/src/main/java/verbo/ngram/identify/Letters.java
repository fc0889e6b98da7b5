// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A text as the models see it: its words, in small letters, each between a begin and an end. Digits, punctuation and
 * symbols only keep words apart. Holds one text at a time and is used again for the next.
 */
final class Letters {
    static final int BEGIN = 1;
    static final int END = 2;
    private static final char[] FOLDED = new char[1 << 16]; // the letter to read, 0 between words

    static {
        for (int c = 0; c < FOLDED.length; c++) {
            FOLDED[c] = (char) fold(c);
        }
    }

    private int[] symbols = new int[256];
    private int length;
    private int letters;
    private int words;

    private static int fold(int c) {
        int type = Character.getType(c);
        boolean mark = type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK;
        return Character.isLetter(c) || mark ? Character.toLowerCase(c) : 0;
    }

    /** Takes a text in place of the one before. */
    void read(CharSequence given) {
        CharSequence text = composed(given);
        int count = text.length();
        if (symbols.length < 2 * count + 3) { // a letter and a space become begin, letter, end
            symbols = new int[Math.max(2 * count + 3, 2 * symbols.length)];
        }
        int[] out = symbols;
        int at = 0;
        int found = 0;
        int begun = 0;
        boolean inside = false;
        for (int i = 0; i < count; i++) {
            char c = text.charAt(i);
            int letter;
            if (Character.isHighSurrogate(c) && i + 1 < count && Character.isLowSurrogate(text.charAt(i + 1))) {
                letter = fold(Character.toCodePoint(c, text.charAt(++i)));
            } else {
                letter = FOLDED[c];
            }
            if (letter != 0) {
                if (!inside) {
                    out[at++] = BEGIN;
                    inside = true;
                    begun++;
                }
                out[at++] = letter;
                found++;
            } else if (inside) {
                out[at++] = END;
                inside = false;
            }
        }
        if (inside) {
            out[at++] = END;
        }
        length = at;
        letters = found;
        words = begun;
    }

    /** Accents that are written behind their letters become one with them, as most texts have them. */
    private static CharSequence composed(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x300 && c < 0x370) {
                return Normalizer.normalize(text, Normalizer.Form.NFC);
            }
        }
        return text;
    }

    /** The text: {@link #BEGIN}, letters, {@link #END}, word after word. Longer than {@link #length()}. */
    int[] symbols() {
        return symbols;
    }

    int length() {
        return length;
    }

    /** How many letters there are. */
    int letters() {
        return letters;
    }

    /** How many letters and ends of words there are: what a model gives a probability each. */
    int predicted() {
        return letters + words;
    }

    /** Those words alone all of whose letters are wanted. */
    Letters words(IntPredicate wanted) {
        Letters chosen = new Letters();
        chosen.symbols = new int[symbols.length];
        int start = 0;
        boolean all = true;
        for (int i = 0; i < length; i++) {
            if (symbols[i] == BEGIN) {
                start = i;
                all = true;
            } else if (symbols[i] != END) {
                all = all && wanted.test(symbols[i]);
            } else if (all) {
                System.arraycopy(symbols, start, chosen.symbols, chosen.length, i + 1 - start);
                chosen.length += i + 1 - start;
                chosen.letters += i - 1 - start;
                chosen.words++;
            }
        }
        return chosen;
    }

    /** A copy of the text. */
    int[] copy() {
        return Arrays.copyOf(symbols, length);
    }
}
