// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** What Java's own UTF-8 does not offer: where bytes are malformed, where a character is cut, how long a text is. */
final class Utf8 {
    private Utf8() {
    }

    /** The index of the first byte that is not part of well-formed UTF-8, -1 if there is none. */
    static int firstMalformed(byte[] bytes, int from, int to) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes, from, to - from);
        CharBuffer out = CharBuffer.allocate(8192);
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            if (result.isOverflow()) {
                out.clear();
            } else {
                return result.isError() ? in.position() : -1;
            }
        }
    }

    /**
     * How many of the bytes end in a whole character or in bytes that can never become one; what lies behind is the
     * beginning of a character that the next bytes may complete.
     */
    static int wholeLength(byte[] bytes, int length) {
        for (int back = 1; back <= 3 && back <= length; back++) {
            int b = bytes[length - back] & 0xFF;
            if (b < 0x80) {
                return length;
            }
            if (b >= 0xC0) {
                int need = b >= 0xF5 || b < 0xC2 ? 1 : b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                boolean open = need > back && (back == 1 || secondFits(b, bytes[length - back + 1] & 0xFF));
                return open ? length - back : length;
            }
        }
        return length;
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
}
