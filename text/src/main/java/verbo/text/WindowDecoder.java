// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/**
 * Decodes ids as they come with a tokenizer that can only decode several at once: the last few are decoded with and
 * without the new one, and the difference is what it adds.
 */
final class WindowDecoder implements Decoder {
    private static final String CUT = "\uFFFD";
    /** Bytes of a character that are still missing after so many ids never come. */
    private static final int LONGEST = 32;

    /** Decodes several ids at once. */
    interface Whole {
        String decode(int... ids);
    }

    private final Tokenizer tokenizer;
    private final Whole whole;
    private int[] window = new int[16];
    private int length;
    private int before; // of these, what was given out already
    private String given = "";

    WindowDecoder(Tokenizer tokenizer) {
        this(tokenizer, tokenizer::decode);
    }

    WindowDecoder(Tokenizer tokenizer, Whole whole) {
        this.tokenizer = tokenizer;
        this.whole = whole;
    }

    @Override
    public String next(int id) {
        tokenizer.token(id); // an id that does not exist must change nothing
        if (length == window.length) {
            window = Arrays.copyOf(window, length * 2);
        }
        window[length++] = id;
        String text = whole.decode(Arrays.copyOf(window, length));
        if (text.length() <= given.length() && !text.endsWith(CUT)) {
            if (length - before > LONGEST && window[length - 2] == id) {
                length--; // more of a token without a text change nothing
            }
            return "";
        }
        if (text.length() <= given.length() || (text.endsWith(CUT) && length - before < LONGEST)) {
            return "";
        }
        String more = text.substring(given.length());
        // two at least: what comes next may be left out for being like the last, which as the first looks another way
        int from = Math.min(before, Math.max(0, length - 2));
        String rest = whole.decode(Arrays.copyOfRange(window, from, length));
        // a space that only a beginning loses: what is before it must stay; so must what makes characters of bytes
        if (rest.isEmpty() || !(rest.endsWith(more) || more.endsWith(rest)) && length < 2 * LONGEST) {
            given = text;
        } else {
            System.arraycopy(window, from, window, 0, length - from);
            length -= from;
            given = rest;
        }
        before = length;
        return more;
    }

    @Override
    public String end() {
        String text = whole.decode(Arrays.copyOf(window, length));
        String more = text.length() > given.length() ? text.substring(given.length()) : "";
        length = 0;
        before = 0;
        given = "";
        return more;
    }
}
