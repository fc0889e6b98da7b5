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
    private Gpt2Pattern() {}

    /** Where the word that begins at {@code from} ends; {@code from} must lie before {@code to}. */
    static int end(char[] text, int from, int to) {
        char c = text[from];
        if (c == '\'') {
            int end = contraction(text, from, to);
            if (end > 0) {
                return end;
            }
        }
        if (CharClass.at(c) != CharClass.SPACE) {
            return runEnd(text, from, to);
        }
        if (c == ' ' && from + 1 < to && CharClass.at(text[from + 1]) != CharClass.SPACE) {
            return runEnd(text, from + 1, to);
        }
        int end = from + 1;
        while (end < to && CharClass.at(text[end]) == CharClass.SPACE) {
            end++;
        }
        // \s+(?!\S): the last space before a word is left to the word, or to itself
        return end < to && end - from > 1 ? end - 1 : end;
    }

    /** End of a run of letters, of numbers, or of what is neither nor a space. */
    private static int runEnd(char[] text, int from, int to) {
        int type = of(CharClass.at(text, from, to));
        int end = from;
        while (end < to && of(CharClass.at(text, end, to)) == type) {
            end = CharClass.next(text, end, to);
        }
        return end;
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
                if (type != CharClass.SPACE) {
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

    /** Letters as one, marks as any other character. */
    private static int of(int at) {
        int type = at & 15;
        return CharClass.isLetter(type) ? CharClass.UPPER : type == CharClass.MARK ? CharClass.OTHER : type;
    }

    private static int runEnd(byte[] utf8, int from, int to, int type) {
        if (type == CharClass.UPPER) {
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
