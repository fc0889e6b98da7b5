// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.Map;

/** The tokens {@code <0x00>} to {@code <0xFF>}, which spell what a vocabulary has no other token for. */
final class ByteTokens {
    private static final String DIGITS = "0123456789ABCDEF";

    private ByteTokens() {}

    static String of(int b) {
        return "<0x" + DIGITS.charAt(b >> 4) + DIGITS.charAt(b & 15) + ">";
    }

    /** The byte a token stands for, -1 if it is none of these. */
    static int value(String token) {
        if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
            return -1;
        }
        int high = Character.digit(token.charAt(3), 16);
        int low = Character.digit(token.charAt(4), 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    /** Their ids; empty if one of them is missing, for then none is of use. */
    static int[] ids(Map<String, Integer> vocabulary) {
        int[] ids = new int[256];
        Arrays.setAll(ids, b -> vocabulary.getOrDefault(of(b), -1));
        return Arrays.stream(ids).allMatch(id -> id >= 0) ? ids : new int[0];
    }
}
