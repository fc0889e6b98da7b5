// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * The pattern of OpenAI's o200k (GPT-4o, gpt-oss), also Llama 4's. Words are some capitals and then some small letters,
 * letters without case and marks counting as both, with what may stand before them and a contraction behind:
 *
 * <pre>
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 * \p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * </pre>
 */
final class O200kPattern {
    private O200kPattern() {}

    /** Where the word that begins at {@code from} ends. */
    static int end(char[] text, int from, int to) {
        int type = CharClass.at(text, from, to);
        int next = CharClass.next(text, from, to);
        char c = text[from];
        // with something before the word, which a mark may be too, then without
        if (type < CharClass.UPPER && type != CharClass.NUMBER && c != '\r' && c != '\n') {
            int end = smallEnding(text, next, to);
            if (end > 0) {
                return end;
            }
        }
        int end = smallEnding(text, from, to);
        if (end > 0) {
            return end;
        }
        if (type < CharClass.UPPER && type != CharClass.NUMBER && c != '\r' && c != '\n') {
            end = capitals(text, next, to);
            if (end > 0) {
                return end;
            }
        }
        end = capitals(text, from, to);
        if (end > 0) {
            return end;
        }
        if (type == CharClass.NUMBER) {
            end = next;
            for (int n = 1; n < 3 && end < to && CharClass.at(text, end, to) == CharClass.NUMBER; n++) {
                end = CharClass.next(text, end, to);
            }
            return end;
        }
        int start = c == ' ' ? next : from;
        if (start < to && Cl100kPattern.isOther(CharClass.at(text, start, to))) {
            end = start;
            while (end < to && Cl100kPattern.isOther(CharClass.at(text, end, to))) {
                end = CharClass.next(text, end, to);
            }
            while (end < to && (text[end] == '\r' || text[end] == '\n' || text[end] == '/')) {
                end++;
            }
            return end;
        }
        return CharClass.spaces(text, from, to);
    }

    private static boolean capital(int type) {
        return type == CharClass.UPPER || type == CharClass.CASELESS || type == CharClass.MARK;
    }

    private static boolean small(int type) {
        return type == CharClass.LOWER || type == CharClass.CASELESS || type == CharClass.MARK;
    }

    /** {@code [capital]*[small]+} and a contraction, or -1. */
    private static int smallEnding(char[] text, int from, int to) {
        int end = from;
        int afterBoth = -1; // behind the last capital that is also a small letter
        while (end < to) {
            int type = CharClass.at(text, end, to);
            if (!capital(type)) {
                break;
            }
            end = CharClass.next(text, end, to);
            if (type != CharClass.UPPER) {
                afterBoth = end;
            }
        }
        int smalls = end;
        while (smalls < to && small(CharClass.at(text, smalls, to))) {
            smalls = CharClass.next(text, smalls, to);
        }
        if (smalls > end) {
            return contracted(text, smalls, to);
        }
        // the capitals give one back: the last that is small too, and the small letters end behind it
        return afterBoth < 0 ? -1 : contracted(text, afterBoth, to);
    }

    /** {@code [capital]+[small]*} and a contraction, or -1; only where {@link #smallEnding} found nothing. */
    private static int capitals(char[] text, int from, int to) {
        int end = from;
        while (end < to && capital(CharClass.at(text, end, to))) {
            end = CharClass.next(text, end, to);
        }
        return end == from ? -1 : contracted(text, end, to);
    }

    private static int contracted(char[] text, int end, int to) {
        int contraction = CharClass.contraction(text, end, to);
        return contraction > 0 ? contraction : end;
    }

    /** The same in UTF-8. */
    static int end(byte[] utf8, int from, int to) {
        int first = CharClass.at(utf8, from);
        int type = first & 15;
        byte c = utf8[from];
        boolean leads = type < CharClass.UPPER && type != CharClass.NUMBER && c != '\r' && c != '\n';
        if (c >= 0 && (leads || type >= CharClass.UPPER)) {
            // most words: what may lead, a capital, small letters of ASCII
            int letters = leads ? from + 1 : from;
            long eight = CharClass.eight(utf8, letters);
            byte one = (byte) eight;
            int capital = one >= 'A' && one <= 'Z' ? 1 : 0;
            int smalls = Long.numberOfTrailingZeros(CharClass.notSmall(eight) >>> 8 * capital) >> 3;
            if (smalls > 0 && letters + capital < to) {
                int end = letters + Math.min(capital + smalls, 8);
                if (end >= to) {
                    return to;
                }
                byte stop = utf8[end];
                return capital + smalls < 8 && stop >= 0 && stop != '\''
                        ? end
                        : contracted(utf8, smalls(utf8, end, to), to);
            }
        }
        int next = from + (first >> 4);
        int end;
        // with something before the word, which a mark may be too, then without
        boolean within = leads && next < to && mayBeLetter(utf8[next]);
        boolean without = mayBeLetter(c);
        if (within) {
            end = smallEnding(utf8, next, to);
            if (end > 0) {
                return end;
            }
        }
        if (without) {
            end = smallEnding(utf8, from, to);
            if (end > 0) {
                return end;
            }
        }
        if (within) {
            end = capitals(utf8, next, to);
            if (end > 0) {
                return end;
            }
        }
        if (without) {
            end = capitals(utf8, from, to);
            if (end > 0) {
                return end;
            }
        }
        if (type == CharClass.NUMBER) {
            end = next;
            for (int n = 1; n < 3 && end < to; n++) {
                int at = CharClass.at(utf8, end);
                if ((at & 15) != CharClass.NUMBER) {
                    break;
                }
                end += at >> 4;
            }
            return end;
        }
        int start = c == ' ' ? next : from;
        end = Cl100kPattern.others(utf8, start, to);
        if (end > start) {
            while (end < to && (utf8[end] == '\r' || utf8[end] == '\n' || utf8[end] == '/')) {
                end++;
            }
            return end;
        }
        return CharClass.spaces(utf8, from, to);
    }

    private static int smallEnding(byte[] utf8, int from, int to) {
        int end = from;
        int afterBoth = -1;
        while (end < to) {
            int at = CharClass.at(utf8, end);
            if (!capital(at & 15)) {
                break;
            }
            end += at >> 4;
            if ((at & 15) != CharClass.UPPER) {
                afterBoth = end;
            }
        }
        int smalls = smalls(utf8, end, to);
        if (smalls > end) {
            return contracted(utf8, smalls, to);
        }
        return afterBoth < 0 ? -1 : contracted(utf8, afterBoth, to);
    }

    /** The end of a run of small letters. */
    private static int smalls(byte[] utf8, int from, int to) {
        int end = from;
        while (end < to) {
            if (utf8[end] >= 0) {
                int more = Long.numberOfTrailingZeros(CharClass.notSmall(CharClass.eight(utf8, end))) >> 3;
                end += more;
                if (more == 0) {
                    break;
                }
            } else {
                int at = CharClass.at(utf8, end);
                if (!small(at & 15)) {
                    break;
                }
                end += at >> 4;
            }
        }
        return Math.min(end, to);
    }

    /** Whether a letter or a mark may begin with this byte. */
    private static boolean mayBeLetter(byte b) {
        return b < 0 || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z');
    }

    private static int capitals(byte[] utf8, int from, int to) {
        int end = from;
        while (end < to) {
            int at = CharClass.at(utf8, end);
            if (!capital(at & 15)) {
                break;
            }
            end += at >> 4;
        }
        return end == from ? -1 : contracted(utf8, end, to);
    }

    private static int contracted(byte[] utf8, int end, int to) {
        int contraction = CharClass.contraction(utf8, end, to);
        return contraction > 0 ? contraction : end;
    }
}
