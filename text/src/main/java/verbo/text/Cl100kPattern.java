// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * The pattern of OpenAI's cl100k (GPT-4), also Llama 3's and, with digits one by one, Qwen 2's:
 *
 * <pre>
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * </pre>
 */
final class Cl100kPattern {
    private Cl100kPattern() {}

    /** Where the word that begins at {@code from} ends. */
    static int end(char[] text, int from, int to, int digits) {
        int contraction = CharClass.contraction(text, from, to);
        if (contraction > 0) {
            return contraction;
        }
        int type = CharClass.at(text, from, to);
        int next = CharClass.next(text, from, to);
        if (CharClass.isLetter(type)) {
            return letters(text, next, to);
        }
        if (type == CharClass.NUMBER) {
            int end = next;
            for (int n = 1; n < digits && end < to && CharClass.at(text, end, to) == CharClass.NUMBER; n++) {
                end = CharClass.next(text, end, to);
            }
            return end;
        }
        char c = text[from];
        if (c != '\r' && c != '\n' && next < to && CharClass.isLetter(CharClass.at(text, next, to))) {
            return letters(text, next, to);
        }
        int start = c == ' ' ? next : from;
        if (start < to && isOther(CharClass.at(text, start, to))) {
            int end = start;
            while (end < to && isOther(CharClass.at(text, end, to))) {
                end = CharClass.next(text, end, to);
            }
            while (end < to && (text[end] == '\r' || text[end] == '\n')) {
                end++;
            }
            return end;
        }
        return CharClass.spaces(text, from, to);
    }

    /** The same as tiktoken has it: spaces that end a text are one word, whatever they are. */
    static int endOfTiktoken(char[] text, int from, int to) {
        if (CharClass.isSpace(text[from])) {
            int end = from + 1;
            while (end < to && CharClass.isSpace(text[end])) {
                end++;
            }
            if (end == to) {
                return to;
            }
        }
        return end(text, from, to, 3);
    }

    private static int letters(char[] text, int from, int to) {
        int end = from;
        while (end < to && CharClass.isLetter(CharClass.at(text, end, to))) {
            end = CharClass.next(text, end, to);
        }
        return end;
    }

    /** Neither space nor letter nor number; marks are such. */
    static boolean isOther(int type) {
        return type == CharClass.OTHER || type == CharClass.MARK;
    }

    /** The same in UTF-8. */
    static int end(byte[] utf8, int from, int to, int digits) {
        int first = CharClass.at(utf8, from);
        int type = first & 15;
        byte c = utf8[from];
        if (c >= 0 && type != CharClass.NUMBER && c != '\'' && c != '\r' && c != '\n') {
            int letters = CharClass.isLetter(type) ? from : from + 1;
            long not = CharClass.notLetter(CharClass.eight(utf8, letters));
            int end = letters + (Long.numberOfTrailingZeros(not) >> 3);
            if (end > letters && letters < to) {
                if (end >= to) {
                    return to;
                }
                byte stop = utf8[end];
                return end < letters + 8 && stop >= 0 ? end : CharClass.letters(utf8, end, to);
            }
        }
        int contraction = CharClass.contraction(utf8, from, to);
        if (contraction > 0) {
            return contraction;
        }
        int next = from + (first >> 4);
        if (CharClass.isLetter(type)) {
            return CharClass.letters(utf8, next, to);
        }
        if (type == CharClass.NUMBER) {
            int end = next;
            for (int n = 1; n < digits && end < to; n++) {
                int at = CharClass.at(utf8, end);
                if ((at & 15) != CharClass.NUMBER) {
                    break;
                }
                end += at >> 4;
            }
            return end;
        }
        if (c != '\r' && c != '\n' && next < to && CharClass.isLetter(CharClass.at(utf8, next) & 15)) {
            return CharClass.letters(utf8, next, to);
        }
        int start = c == ' ' ? next : from;
        int end = others(utf8, start, to);
        if (end > start) {
            while (end < to && (utf8[end] == '\r' || utf8[end] == '\n')) {
                end++;
            }
            return end;
        }
        return CharClass.spaces(utf8, from, to);
    }

    /** The same in UTF-8. */
    static int endOfTiktoken(byte[] utf8, int from, int to) {
        int at = CharClass.at(utf8, from);
        if ((at & 15) == CharClass.SPACE) {
            int end = from;
            while ((at & 15) == CharClass.SPACE) {
                end += at >> 4;
                if (end >= to) {
                    return to;
                }
                at = CharClass.at(utf8, end);
            }
        }
        return end(utf8, from, to, 3);
    }

    /** The end of a run of what is neither space nor letter nor number. */
    static int others(byte[] utf8, int from, int to) {
        int end = from;
        while (end < to) {
            int at = CharClass.at(utf8, end);
            if (!isOther(at & 15)) {
                break;
            }
            end += at >> 4;
        }
        return end;
    }
}
