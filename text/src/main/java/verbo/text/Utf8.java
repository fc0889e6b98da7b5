// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;

/** What Java's own UTF-8 does not offer: where bytes are malformed, where a character is cut, how long a text is. */
final class Utf8 {
    private Utf8() {}

    /** The index of the first byte that is not part of well-formed UTF-8, -1 if there is none. */
    static int firstMalformed(byte[] bytes, int from, int to) {
        for (int i = from; i < to;) {
            if (bytes[i] >= 0) {
                i += i + 8 <= to && isAscii(bytes, i) ? 8 : 1;
                continue;
            }
            int have = wholeOrBeginning(bytes, i, to);
            if (have < 2 || have < lengthFrom(bytes[i] & 0xFF)) {
                return i;
            }
            i += have;
        }
        return -1;
    }

    /** How many bytes from one on are a character or the longest beginning of one; 1 of what begins none. */
    private static int wholeOrBeginning(byte[] bytes, int i, int to) {
        int first = bytes[i] & 0xFF;
        int need = lengthFrom(first);
        int have = 1;
        while (have < need && i + have < to && continues(first, have, bytes[i + have] & 0xFF)) {
            have++;
        }
        return have;
    }

    /** UTF-16 units of well-formed bytes. */
    static int units(byte[] bytes, int from, int to) {
        int units = 0;
        for (int i = from; i < to;) {
            int b = bytes[i];
            int length = b < 0 ? lengthFrom(b & 0xFF) : i + 8 <= to && isAscii(bytes, i) ? 8 : 1;
            units += b >= 0 ? length : length == 4 ? 2 : 1;
            i += length;
        }
        return units;
    }

    /** The character that ends at a place of well-formed bytes. */
    static int codePointBefore(byte[] utf8, int to) {
        int at = to - 1;
        while ((utf8[at] & 0xC0) == 0x80) {
            at--;
        }
        return codePointAt(utf8, at);
    }

    /** The character that begins at a place of well-formed bytes. */
    static int codePointAt(byte[] utf8, int at) {
        int first = utf8[at];
        if (first >= 0) {
            return first;
        }
        if (first < (byte) 0xE0) {
            return (first & 0x1F) << 6 | (utf8[at + 1] & 0x3F);
        }
        int two = (utf8[at + 1] & 0x3F) << 6 | (utf8[at + 2] & 0x3F);
        return first < (byte) 0xF0
                ? (first & 0x0F) << 12 | two
                : (first & 7) << 18 | two << 6 | (utf8[at + 3] & 0x3F);
    }

    /** Bytes of the character that begins with one. */
    static int size(byte first) {
        return first >= 0 ? 1 : first < (byte) 0xE0 ? 2 : first < (byte) 0xF0 ? 3 : 4;
    }

    private static boolean isAscii(byte[] bytes, int i) {
        return (CharClass.eight(bytes, i) & 0x8080808080808080L) == 0;
    }

    /**
     * How many of the bytes end in a whole character or in bytes that can never become one; what lies behind is the
     * beginning of a character that the next bytes may complete.
     */
    static int wholeLength(byte[] bytes, int length) {
        for (int back = 1; back <= 3 && back <= length; back++) {
            int first = bytes[length - back] & 0xFF;
            if ((first & 0xC0) != 0x80) {
                boolean open = lengthFrom(first) > back
                        && (back == 1 || secondFits(first, bytes[length - back + 1] & 0xFF));
                return open ? length - back : length;
            }
        }
        return length;
    }

    /**
     * The text of bytes that may be malformed. Every longest beginning of a character that is not completed becomes one
     * U+FFFD, and so does every other stray byte: the Unicode standard's recommendation (and Rust's, so Hugging Face's),
     * from which Java's own decoder strays at times.
     */
    static String decode(byte[] bytes, int from, int to) {
        String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        StringBuilder exact = new StringBuilder(text.length());
        for (int i = from; i < to;) {
            int have = wholeOrBeginning(bytes, i, to);
            if (bytes[i] >= 0 || (have > 1 && have == lengthFrom(bytes[i] & 0xFF))) {
                exact.append(new String(bytes, i, have, StandardCharsets.UTF_8));
            } else {
                exact.append('\uFFFD');
            }
            i += have;
        }
        return exact.toString();
    }

    /** The text of all the bytes. */
    static String decode(byte[] bytes) {
        return decode(bytes, 0, bytes.length);
    }

    /** The text with {@code '?'} for every lone surrogate, which is no character; of the same length. */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isHighSurrogate(c) && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    i++;
                } else {
                    char[] chars = text.toCharArray();
                    for (int k = i; k < chars.length; k++) {
                        if (Character.isHighSurrogate(chars[k]) && k + 1 < chars.length
                                && Character.isLowSurrogate(chars[k + 1])) {
                            k++;
                        } else if (Character.isSurrogate(chars[k])) {
                            chars[k] = '?';
                        }
                    }
                    return new String(chars);
                }
            }
        }
        return text;
    }

    /** How many bytes a character has that begins so; 1 for a byte that begins none. */
    private static int lengthFrom(int first) {
        return first < 0xC2 || first > 0xF4 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    }

    private static boolean continues(int first, int index, int b) {
        return (b & 0xC0) == 0x80 && (index > 1 || secondFits(first, b));
    }

    /** Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte. */
    private static boolean secondFits(int first, int second) {
        return switch (first) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second < 0xA0;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second < 0x90;
            default -> true;
        };
    }

    /** UTF-8 bytes of a text, a lone surrogate counting as the {@code '?'} it is written as. */
    static long length(CharSequence text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (Character.isHighSurrogate(c) && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else {
                bytes++;
            }
        }
        return bytes;
    }

    /** Writes text[from..to), which has no lone surrogates, to {@code out} from {@code place} on; returns where that ends. */
    static int write(char[] text, int from, int to, byte[] out, int place) {
        int at = place;
        for (int i = from; i < to; i++) {
            char c = text[i];
            if (c < 0x80) {
                out[at++] = (byte) c;
                continue;
            }
            if (c < 0x800) {
                out[at++] = (byte) (0xC0 | c >> 6);
            } else {
                if (!Character.isSurrogate(c)) {
                    out[at++] = (byte) (0xE0 | c >> 12);
                    out[at++] = (byte) (0x80 | c >> 6 & 0x3F);
                } else {
                    int code = Character.toCodePoint(c, text[++i]);
                    out[at++] = (byte) (0xF0 | code >> 18);
                    out[at++] = (byte) (0x80 | code >> 12 & 0x3F);
                    out[at++] = (byte) (0x80 | code >> 6 & 0x3F);
                    c = (char) code; // its low bits follow
                }
            }
            out[at++] = (byte) (0x80 | c & 0x3F);
        }
        return at;
    }

    /** Compares as UTF-8 sorts: by code point. */
    static int compare(String a, String b) {
        for (int i = 0; i < Math.min(a.length(), b.length()); i++) {
            if (a.charAt(i) != b.charAt(i)) {
                return compare(a.charAt(i), b.charAt(i));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** Compares the first units in which two strings differ. */
    static int compare(char a, char b) {
        if (Character.isSurrogate(a) != Character.isSurrogate(b)) {
            // halves of what lies beyond the units that are greater than they
            return Character.isSurrogate(a) ? 1 : -1;
        }
        return Character.compare(a, b);
    }
}
