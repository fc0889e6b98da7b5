// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2's way to write bytes as printable characters: the visible ones of Latin-1 stand for themselves, the other 68 are
 * U+0100 and following, in order, so that a space is {@code Ġ} and a line feed {@code Ċ}. See
 * <a href="https://github.com/openai/gpt-2/blob/master/src/encoder.py">encoder.py</a>.
 */
final class ByteLevel {
    private static final char[] CHARS = new char[256];
    private static final short[] BYTES = new short[256 + 68];

    static {
        Arrays.fill(BYTES, (short) -1);
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean visible = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            CHARS[b] = (char) (visible ? b : next++);
            BYTES[CHARS[b]] = (short) b;
        }
    }

    private ByteLevel() {}

    /** The character a byte is written as. */
    static char toChar(int b) {
        return CHARS[b & 0xFF];
    }

    /** The byte, 0 to 255, that a character is written for, -1 if it is not of this alphabet. */
    static int toByte(char c) {
        return c < BYTES.length ? BYTES[c] : -1;
    }

    /** The bytes as they are written. */
    static String toString(byte[] bytes) {
        char[] chars = new char[bytes.length];
        for (int i = 0; i < chars.length; i++) {
            chars[i] = toChar(bytes[i]);
        }
        return new String(chars);
    }

    /** The bytes a token stands for, null if it is not written in this alphabet. */
    static byte @Nullable [] toBytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            int b = toByte(token.charAt(i));
            if (b < 0) {
                return null;
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }
}
