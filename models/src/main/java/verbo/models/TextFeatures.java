// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.Arrays;

/**
 * What a text is made of, as numbers of 64 bits: its words, runs of words and, if wanted, runs of characters in its words. Each
 * is the hash value of what it stands for, and which of them have a row is kept in a table; with 64 bits no two of a text
 * collection's are likely ever to be the same (fastText lets them share two million rows).
 *
 * @param words
 *            the longest run of words, at least 1
 * @param shortest
 *            the shortest run of characters
 * @param longest
 *            the longest run of characters; 0 for none
 */
record TextFeatures(int words, int shortest, int longest) {
    private static final long BASIS = 0xCBF29CE484222325L;
    private static final long PRIME = 0x100000001B3L;
    private static final long CHARACTERS = 0x5DEECE66DL;

    TextFeatures {
        if (words < 1 || words > 10) {
            throw new IllegalArgumentException("runs of words must be from 1 to 10 words long, not " + words);
        }
        if (longest < 0 || longest > 20 || longest > 0 && (shortest < 1 || shortest > longest)) {
            throw new IllegalArgumentException(
                    "runs of characters must be from 1 to 20 characters long and the shortest"
                            + " not longer than the longest, not " + shortest + " to " + longest);
        }
    }

    /** The feature that a word is. */
    static long ofWord(String word) {
        return mix(hash(BASIS, word, 0, word.length()));
    }

    private static long hash(long start, String text, int from, int to) {
        long hash = start;
        for (int i = from; i < to; i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return hash;
    }

    /** Makes every bit depend on all (SplitMix64's finaliser). */
    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** All features of a text, words first; the words of a text are apart by white space. */
    long[] of(String text) {
        long[] features = new long[16];
        int count = 0;
        int[] starts = new int[16]; // of words
        for (int from = 0; from < text.length();) {
            if (isSpace(text.charAt(from))) {
                from++;
                continue;
            }
            int to = from;
            while (to < text.length() && !isSpace(text.charAt(to))) {
                to++;
            }
            if (count == features.length) {
                features = Arrays.copyOf(features, 2 * count);
                starts = Arrays.copyOf(starts, 2 * count);
            }
            starts[count] = from;
            features[count++] = mix(hash(BASIS, text, from, to));
            from = to;
        }
        int wordCount = count;
        for (int first = 0; first < wordCount; first++) {
            long run = features[first];
            for (int length = 2; length <= words && first + length <= wordCount; length++) {
                run = mix(run * PRIME + features[first + length - 1]);
                if (count == features.length) {
                    features = Arrays.copyOf(features, 2 * count);
                }
                features[count++] = run;
            }
        }
        for (int word = 0; longest > 0 && word < wordCount; word++) {
            int end = starts[word];
            while (end < text.length() && !isSpace(text.charAt(end))) {
                end++;
            }
            for (String run : Subwords.of(text.substring(starts[word], end), shortest, longest)) {
                if (count == features.length) {
                    features = Arrays.copyOf(features, 2 * count);
                }
                features[count++] = mix(hash(CHARACTERS, run, 0, run.length()));
            }
        }
        return Arrays.copyOf(features, count);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r' || c == 0;
    }
}
