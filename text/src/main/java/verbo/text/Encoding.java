// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a tokenizer found in a text; the arrays have one entry a token.
 *
 * @param ids
 *            token ids
 * @param tokens
 *            the tokens as the vocabulary writes them; some formats give an unknown token's own text
 * @param starts
 *            where in the text each token begins, in UTF-16 units; 0 for what was not in the text
 * @param ends
 *            where it ends, exclusive. A token that holds only part of a character's bytes has the offsets of the whole
 *            character.
 * @param words
 *            which word of the text each token is part of, counted from 0, -1 for none
 * @param types
 *            which of a pair's texts it belongs to, as the model is told: 0 or 1
 * @param special
 *            whether it was put there by the tokenizer and not found in the text
 * @param attention
 *            whether a model should look at it; padding is not to be looked at
 * @param overflowing
 *            the other windows of a text that was cut because it was too long, in order
 */
public record Encoding(int[] ids, String[] tokens, int[] starts, int[] ends, int[] words, int[] types,
        boolean[] special, boolean[] attention, List<Encoding> overflowing) {
    private static final int[] NONE = {};

    /** Tokens that are all in the text and each a word by itself. */
    public Encoding(int[] ids, String[] tokens, int[] starts, int[] ends) {
        this(ids, tokens, starts, ends, upTo(ids.length), new int[ids.length], new boolean[ids.length],
                all(ids.length), List.of());
    }

    /** Tokens that are the text, one behind the other; what a lone surrogate became is one unit too. */
    static Encoding inARow(int[] ids, String[] tokens) {
        int[] starts = new int[ids.length];
        int[] ends = new int[ids.length];
        for (int i = 0, at = 0; i < ids.length; i++) {
            starts[i] = at;
            at += tokens[i].length();
            ends[i] = at;
        }
        return new Encoding(ids, tokens, starts, ends);
    }

    /** Counts the tokens. */
    public int length() {
        return ids.length;
    }

    static Encoding empty() {
        return new Encoding(NONE, new String[0], NONE, NONE);
    }

    static Encoding specials(int[] ids, String[] tokens, int type) {
        int n = ids.length;
        return new Encoding(ids, tokens, new int[n], new int[n], filled(n, -1), filled(n, type), all(n), all(n),
                List.of());
    }

    private static int[] upTo(int n) {
        int[] values = new int[n];
        Arrays.setAll(values, i -> i);
        return values;
    }

    private static int[] filled(int n, int value) {
        int[] values = new int[n];
        Arrays.fill(values, value);
        return values;
    }

    private static boolean[] all(int n) {
        boolean[] values = new boolean[n];
        Arrays.fill(values, true);
        return values;
    }

    Encoding withType(int type) {
        return new Encoding(ids, tokens, starts, ends, words, filled(ids.length, type), special, attention,
                overflowing);
    }

    Encoding withOverflowing(List<Encoding> windows) {
        return new Encoding(ids, tokens, starts, ends, words, types, special, attention, List.copyOf(windows));
    }

    /** Some of the tokens, without overflow. */
    Encoding slice(int from, int to) {
        return new Encoding(Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(tokens, from, to),
                Arrays.copyOfRange(starts, from, to), Arrays.copyOfRange(ends, from, to),
                Arrays.copyOfRange(words, from, to), Arrays.copyOfRange(types, from, to),
                Arrays.copyOfRange(special, from, to), Arrays.copyOfRange(attention, from, to), List.of());
    }

    /** The tokens of all, one behind the other. */
    static Encoding join(List<Encoding> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        int n = parts.stream().mapToInt(Encoding::length).sum();
        Encoding joined = new Encoding(new int[n], new String[n], new int[n], new int[n], new int[n], new int[n],
                new boolean[n], new boolean[n], List.of());
        int at = 0;
        for (Encoding part : parts) {
            int length = part.length();
            System.arraycopy(part.ids, 0, joined.ids, at, length);
            System.arraycopy(part.tokens, 0, joined.tokens, at, length);
            System.arraycopy(part.starts, 0, joined.starts, at, length);
            System.arraycopy(part.ends, 0, joined.ends, at, length);
            System.arraycopy(part.words, 0, joined.words, at, length);
            System.arraycopy(part.types, 0, joined.types, at, length);
            System.arraycopy(part.special, 0, joined.special, at, length);
            System.arraycopy(part.attention, 0, joined.attention, at, length);
            at += length;
        }
        return joined;
    }

    /** In windows, if there are to be any. */
    Encoding cut(EncodingOptions options) {
        if (options.maxLength().isEmpty()) {
            return this;
        }
        List<Encoding> windows = windows(options.maxLength().getAsInt(), options.stride(), true);
        return windows.get(0).withOverflowing(windows.subList(1, windows.size()));
    }

    /** Cuts into windows of so many tokens at most that share {@code stride} with their neighbours. */
    List<Encoding> windows(int length, int stride, boolean fromTheLeft) {
        if (length >= length()) {
            return List.of(this);
        }
        if (length == 0) {
            return List.of(empty(), this);
        }
        if (stride >= length) {
            throw new IllegalArgumentException("windows of " + length
                    + " tokens of the text, without those added, cannot share " + stride);
        }
        List<Encoding> windows = new ArrayList<>();
        int step = length - stride;
        if (fromTheLeft) {
            for (int start = 0;; start += step) {
                int stop = Math.min(start + length, length());
                windows.add(slice(start, stop));
                if (stop == length()) {
                    return windows;
                }
            }
        }
        for (int stop = length();; stop -= step) {
            int start = Math.max(0, stop - length);
            windows.add(slice(start, stop));
            if (start == 0) {
                return windows;
            }
        }
    }

    /**
     * The offsets in code points: a start and an end for each token.
     *
     * @param text
     *            the text that was encoded; of two, one of them: what is given of the other's tokens has no meaning
     */
    public int[][] codePointOffsets(String text) {
        return offsets(text, false);
    }

    /**
     * The offsets in UTF-8 bytes: a start and an end for each token.
     *
     * @param text
     *            the text that was encoded, of fewer than 2^31 bytes; of two, one of them, as above
     */
    public int[][] byteOffsets(String text) {
        return offsets(text, true);
    }

    private int[][] offsets(String text, boolean bytes) {
        int[] places = new int[text.length() + 1];
        int count = 0;
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            int units = Character.charCount(c);
            for (int k = 0; k < units; k++) {
                places[i + k] = count;
            }
            i += units;
            int size = !bytes || c < 0x80 || (c >= 0xD800 && c < 0xE000) ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            count = Math.addExact(count, size);
        }
        places[text.length()] = count;
        int[][] offsets = new int[ids.length][];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = new int[]{places[Math.min(starts[i], text.length())],
                    places[Math.min(ends[i], text.length())]};
        }
        return offsets;
    }
}
