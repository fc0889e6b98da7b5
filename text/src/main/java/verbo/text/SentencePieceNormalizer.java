// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** How a SentencePiece model's text is made ready: by the model's rules, and spaces become visible. */
final class SentencePieceNormalizer {
    private final SentencePiece.Options options;
    private final SentencePieceVocabulary vocabulary;

    SentencePieceNormalizer(SentencePiece.Options options, SentencePieceVocabulary vocabulary) {
        this.options = options;
        this.vocabulary = vocabulary;
    }

    /** A normalised text: which unit of the original each unit comes from; one more entry for its end. */
    record Text(char[] chars, int length, int[] origin) {}

    Text apply(String text, int from, int to, boolean prefix) {
        char[] out = new char[to - from + 16];
        int[] origin = new int[out.length + 1];
        int n = 0;
        char space = options.escapeSpaces() ? SentencePiece.SPACE : ' ';
        byte[] utf8 = options.map() == null ? new byte[0] : text.substring(from, to).getBytes(StandardCharsets.UTF_8);
        int byteAt = 0;
        int at = from;
        boolean remove = options.removeExtraSpaces();
        boolean begun = false;
        boolean afterSpace = remove;
        while (at < to) {
            // the next characters, normalised
            int units;
            int bytesTaken;
            String becomes;
            int user = vocabulary.userLength(text, at, to);
            if (user > 0) {
                units = user;
                becomes = text.substring(at, at + user);
                bytesTaken = Math.toIntExact(Utf8.length(becomes));
            } else {
                CharsMap map = options.map();
                CharsMap.Match match = map == null
                        ? CharsMap.Match.NONE
                        : map.match(utf8, byteAt, utf8.length, true);
                if (map != null && match.length() > 0) {
                    becomes = Utf8.decode(map.replacement(match.replacement()));
                    bytesTaken = match.length();
                    units = 0;
                    for (int b = byteAt; b < byteAt + bytesTaken;) {
                        int width = (utf8[b] & 0xFF) < 0x80 ? 1
                                : (utf8[b] & 0xE0) == 0xC0 ? 2
                                        : (utf8[b] & 0xF0) == 0xE0 ? 3 : 4;
                        b += width;
                        units += width == 4 ? 2 : 1;
                    }
                } else {
                    int c = text.codePointAt(at);
                    units = Character.charCount(c);
                    bytesTaken = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
                    becomes = text.substring(at, at + units);
                }
            }
            if (!begun) {
                if (remove && becomes.equals(" ")) { // at the very beginning
                    at += units;
                    byteAt += bytesTaken;
                    continue;
                }
                begun = true;
                if (prefix && !options.suffix()) {
                    origin[n] = at;
                    out[n++] = space;
                }
            }
            int skip = 0;
            while (afterSpace && skip < becomes.length() && becomes.charAt(skip) == ' ') {
                skip++;
            }
            if (n + becomes.length() + 2 > out.length) {
                out = Arrays.copyOf(out, 2 * (n + becomes.length()) + 2);
                origin = Arrays.copyOf(origin, out.length + 1);
            }
            for (int i = skip; i < becomes.length(); i++) {
                char c = becomes.charAt(i);
                origin[n] = at;
                out[n++] = c == ' ' ? space : c;
            }
            if (skip < becomes.length()) {
                afterSpace = becomes.endsWith(" ");
            }
            at += units;
            byteAt += bytesTaken;
            afterSpace &= remove;
        }
        int end = at;
        if (remove) {
            while (n > 0 && out[n - 1] == space) {
                end = origin[--n];
            }
        }
        if (begun && prefix && options.suffix()) {
            origin[n] = end;
            out[n++] = space;
        }
        origin[n] = end;
        return new Text(out, n, origin);
    }
}
