// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Unicode's classes as the patterns of byte-pair encodings use them, looked up by table in the basic plane. */
final class CharClass {
    static final int OTHER = 0;
    static final int SPACE = 1;
    static final int NUMBER = 2;
    static final int MARK = 3;
    /** Letters from here up. */
    static final int UPPER = 4;
    static final int LOWER = 5;
    /** Modifier letters and those without case. */
    static final int CASELESS = 6;

    private static final byte[] CLASSES = new byte[0x10000];
    private static final int PICTURES = 0x1F000;
    private static final int PICTURES_END = 0x1FB00;
    /** Of a table of the characters of the basic plane and, behind them, pictures. */
    static final int PLACES = CLASSES.length + PICTURES_END - PICTURES;

    static {
        for (int c = 0; c < CLASSES.length; c++) {
            CLASSES[c] = (byte) ofCodePoint(c);
        }
    }

    private CharClass() {}

    /** A character's place in a table of so many {@link #PLACES}, -1 if it has none. */
    static int place(int c) {
        return c < CLASSES.length ? c
                : c >= PICTURES && c < PICTURES_END ? c - PICTURES + CLASSES.length : -1;
    }

    private static int ofCodePoint(int c) {
        if ((c >= 9 && c <= 13) || c == 0x85 || Character.isSpaceChar(c)) {
            return SPACE;
        }
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> UPPER;
            case Character.LOWERCASE_LETTER -> LOWER;
            case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> CASELESS;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK -> MARK;
            default -> OTHER;
        };
    }

    /** The class of the character that begins at {@code i}. */
    static int at(char[] text, int i, int to) {
        char c = text[i];
        if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(text[i + 1])) {
            return ofCodePoint(Character.toCodePoint(c, text[i + 1]));
        }
        return CLASSES[c];
    }

    /** The class of a unit. */
    static int at(char c) {
        return CLASSES[c];
    }

    /** Class and length in bytes of the character that begins at {@code i} of well-formed UTF-8: {@code length << 4 | class}. */
    static int at(byte[] utf8, int i) {
        int c = utf8[i];
        return c >= 0 ? 1 << 4 | CLASSES[c] : beyondAscii(utf8, i, c);
    }

    private static int beyondAscii(byte[] utf8, int i, int first) {
        if (first < (byte) 0xE0) {
            return 2 << 4 | CLASSES[(first & 0x1F) << 6 | (utf8[i + 1] & 0x3F)];
        }
        int two = (utf8[i + 1] & 0x3F) << 6 | (utf8[i + 2] & 0x3F);
        return first < (byte) 0xF0
                ? 3 << 4 | CLASSES[(first & 0x0F) << 12 | two]
                : 4 << 4 | ofCodePoint((first & 7) << 18 | two << 6 | (utf8[i + 3] & 0x3F));
    }

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EIGHT = 0x0101010101010101L;
    private static final long HIGH = 0x8080808080808080L;

    /** The next eight bytes, the first the lowest. */
    static long eight(byte[] bytes, int i) {
        return (long) LONGS.get(bytes, i);
    }

    /** Of eight bytes the highest bits of those that are not a-z. */
    static long notSmall(long eight) {
        long low = eight & ~HIGH;
        return ~((low + (0x80 - 'a') * EIGHT) & ~(low + (0x80 - 'z' - 1) * EIGHT) & ~eight) & HIGH;
    }

    /** Of eight bytes the highest bits of those that are neither a-z nor A-Z. */
    static long notLetter(long eight) {
        return notSmall(eight | 0x2020202020202020L);
    }

    /** The end of a run of letters; 8 readable bytes lie behind {@code to}. */
    static int letters(byte[] utf8, int from, int to) {
        int end = from;
        while (end < to) {
            if (utf8[end] >= 0) {
                int more = Long.numberOfTrailingZeros(notLetter(eight(utf8, end))) >> 3;
                end += more;
                if (more == 0) {
                    break;
                }
            } else {
                int at = at(utf8, end);
                if (!isLetter(at & 15)) {
                    break;
                }
                end += at >> 4;
            }
        }
        return Math.min(end, to);
    }

    /** Where the character that begins at {@code i} ends. */
    static int next(char[] text, int i, int to) {
        return Character.isHighSurrogate(text[i]) && i + 1 < to && Character.isLowSurrogate(text[i + 1])
                ? i + 2
                : i + 1;
    }

    /** Whether a unit is white space; none beyond the basic plane is. */
    static boolean isWhite(char c) {
        return CLASSES[c] == SPACE;
    }

    static boolean isLetter(int type) {
        return type >= UPPER;
    }

    /** {@code \s} of a code point. */
    static boolean isSpace(int c) {
        return c < CLASSES.length ? CLASSES[c] == SPACE : false;
    }

    /** End of {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)} at {@code from}, or -1. */
    static int contraction(char[] text, int from, int to) {
        if (from + 1 >= to || text[from] != '\'') {
            return -1;
        }
        int a = folded(text[from + 1]);
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return from + 2;
        }
        if (from + 2 < to) {
            int b = folded(text[from + 2]);
            if ((b == 'e' && (a == 'r' || a == 'v')) || (a == 'l' && b == 'l')) {
                return from + 3;
            }
        }
        return -1;
    }

    /** The same in UTF-8. */
    static int contraction(byte[] utf8, int from, int to) {
        if (from + 1 >= to || utf8[from] != '\'') {
            return -1;
        }
        int a = utf8[from + 1] | 0x20;
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return from + 2;
        }
        if (from + 2 < to) {
            if (utf8[from + 1] == (byte) 0xC5 && utf8[from + 2] == (byte) 0xBF) { // ſ
                return from + 3;
            }
            int b = utf8[from + 2] | 0x20;
            if ((b == 'e' && (a == 'r' || a == 'v')) || (a == 'l' && b == 'l')) {
                return from + 3;
            }
        }
        return -1;
    }

    private static int folded(char c) {
        return c == 'ſ' ? 's' : c >= 'A' && c <= 'Z' ? c + 32 : c;
    }

    /**
     * End of a run of spaces that begins at {@code from}: {@code \s*[\r\n]+|\s+(?!\S)|\s+}.
     */
    static int spaces(char[] text, int from, int to) {
        int end = from;
        int afterLine = -1;
        while (end < to && CLASSES[text[end]] == SPACE) {
            char c = text[end++];
            if (c == '\r' || c == '\n') {
                afterLine = end;
            }
        }
        if (afterLine > 0) {
            return afterLine;
        }
        return end < to && end - from > 1 ? end - 1 : end;
    }

    /** The same in UTF-8. */
    static int spaces(byte[] utf8, int from, int to) {
        int end = from;
        int last = from; // where the last space begins
        int afterLine = -1;
        while (end < to) {
            int at = at(utf8, end);
            if ((at & 15) != SPACE) {
                break;
            }
            byte c = utf8[end];
            last = end;
            end += at >> 4;
            if (c == '\r' || c == '\n') {
                afterLine = end;
            }
        }
        if (afterLine > 0) {
            return afterLine;
        }
        return end < to && last > from ? last : end;
    }
}
