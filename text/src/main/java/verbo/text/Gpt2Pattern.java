// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * GPT-2's pattern, which cuts a text into the words that byte-pair merges never cross:
 *
 * <pre>
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * </pre>
 *
 * with Unicode's letters, numbers and white space. Written out by hand: a backtracking regular expression takes ten
 * times as long, and a long run of spaces takes it the square of its length.
 */
final class Gpt2Pattern {
    private static final byte OTHER = 0;
    private static final byte LETTER = 1;
    private static final byte NUMBER = 2;
    private static final byte SPACE = 3;

    /** Classes of the basic plane; beyond it lie no spaces. */
    private static final byte[] CLASSES = new byte[0x10000];

    static {
        for (int c = 0; c < CLASSES.length; c++) {
            boolean space = (c >= 9 && c <= 13) || c == 0x85 || Character.isSpaceChar(c);
            CLASSES[c] = space ? SPACE : classOf(c);
        }
    }

    private Gpt2Pattern() {}

    private static byte classOf(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER, Character.LOWERCASE_LETTER, Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER, Character.OTHER_LETTER ->
                LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            default -> OTHER;
        };
    }

    /** Where the word that begins at {@code from} ends; {@code from} must lie before {@code to}. */
    static int end(char[] text, int from, int to) {
        char c = text[from];
        if (c == '\'') {
            int end = contraction(text, from, to);
            if (end > 0) {
                return end;
            }
        }
        byte type = CLASSES[c];
        if (type == SPACE) {
            if (c == ' ' && from + 1 < to && CLASSES[text[from + 1]] != SPACE) {
                return runEnd(text, from + 1, to);
            }
            int end = from + 1;
            while (end < to && CLASSES[text[end]] == SPACE) {
                end++;
            }
            // \s+(?!\S): the last space before a word is left to the word, or to itself
            return end < to && end - from > 1 ? end - 1 : end;
        }
        return runEnd(text, from, to);
    }

    /** End of a run of letters, of numbers, or of what is neither nor a space. */
    private static int runEnd(char[] text, int from, int to) {
        char c = text[from];
        if (Character.isSurrogate(c)) {
            return runEndBeyond(text, from, to, typeAt(text, from, to));
        }
        byte type = CLASSES[c];
        int i = from + 1;
        while (i < to && CLASSES[text[i]] == type) {
            if (type == OTHER && Character.isSurrogate(text[i])) {
                return runEndBeyond(text, i, to, type);
            }
            i++;
        }
        // a surrogate's own class is OTHER, its pair's may be this one
        return i < to && Character.isHighSurrogate(text[i]) ? runEndBeyond(text, i, to, type) : i;
    }

    /** The same where characters of two units are about. */
    private static int runEndBeyond(char[] text, int from, int to, byte type) {
        int i = from;
        while (i < to && typeAt(text, i, to) == type) {
            i += Character.isHighSurrogate(text[i]) && i + 1 < to && Character.isLowSurrogate(text[i + 1]) ? 2 : 1;
        }
        return i;
    }

    private static byte typeAt(char[] text, int i, int to) {
        char c = text[i];
        if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(text[i + 1])) {
            return classOf(Character.toCodePoint(c, text[i + 1]));
        }
        return CLASSES[c]; // a lone surrogate is neither letter nor number
    }

    private static int contraction(char[] text, int from, int to) {
        if (from + 1 >= to) {
            return -1;
        }
        char a = text[from + 1];
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return from + 2;
        }
        if (from + 2 < to) {
            char b = text[from + 2];
            if ((b == 'e' && (a == 'r' || a == 'v')) || (a == 'l' && b == 'l')) {
                return from + 3;
            }
        }
        return -1;
    }

    /** The same in UTF-8. */
    static int end(byte[] utf8, int from, int to) {
        byte c = utf8[from];
        if (c == '\'') {
            int end = contraction(utf8, from, to);
            if (end > 0) {
                return end;
            }
        }
        int letters = c == ' ' ? from + 1 : from;
        long not = CharClass.notLetter(CharClass.eight(utf8, letters));
        int found = Long.numberOfTrailingZeros(not) >> 3;
        if (found > 0 && letters < to) {
            int end = letters + found;
            return end >= to ? to : found < 8 && utf8[end] >= 0 ? end : CharClass.letters(utf8, end, to);
        }
        int at = CharClass.at(utf8, from);
        if ((at & 15) == CharClass.SPACE) {
            if (c == ' ' && from + 1 < to) {
                int type = of(CharClass.at(utf8, from + 1));
                if (type != SPACE) {
                    return runEnd(utf8, from + 1, to, type);
                }
            }
            int end = from;
            int last = from;
            while (end < to) {
                at = CharClass.at(utf8, end);
                if ((at & 15) != CharClass.SPACE) {
                    break;
                }
                last = end;
                end += at >> 4;
            }
            return end < to && last > from ? last : end;
        }
        return runEnd(utf8, from, to, of(at));
    }

    private static int of(int at) {
        int type = at & 15;
        return CharClass.isLetter(type) ? LETTER
                : type == CharClass.NUMBER ? NUMBER : type == CharClass.SPACE ? SPACE : OTHER;
    }

    private static int runEnd(byte[] utf8, int from, int to, int type) {
        if (type == LETTER) {
            return CharClass.letters(utf8, from, to);
        }
        int end = from;
        while (end < to) {
            int at = CharClass.at(utf8, end);
            if (of(at) != type) {
                break;
            }
            end += at >> 4;
        }
        return end;
    }

    static int contraction(byte[] utf8, int from, int to) {
        if (from + 1 >= to) {
            return -1;
        }
        byte a = utf8[from + 1];
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return from + 2;
        }
        if (from + 2 < to) {
            byte b = utf8[from + 2];
            if ((b == 'e' && (a == 'r' || a == 'v')) || (a == 'l' && b == 'l')) {
                return from + 3;
            }
        }
        return -1;
    }
}
