// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.Arrays;
import java.util.StringTokenizer;
import java.util.stream.LongStream;

/**
 * What a text is made of, as numbers of 64 bits: its words, runs of words and, if wanted, runs of characters in its words. Each
 * is the hash value of what it stands for, and which of them have a row is kept in a table; with 64 bits no two of a text
 * collection's are likely ever to be the same (fastText lets them share two million rows). Those of words are positive, those of
 * runs negative.
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
    private static final long BEGIN = 1;
    private static final long END = 2;
    private static final String SPACES = " \t\n\u000B\f\r\0";

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
        return mix(hash(BASIS, word)) & Long.MAX_VALUE;
    }

    static boolean isWord(long feature) {
        return feature >= 0;
    }

    private static long ofRun(long hash) {
        return hash | Long.MIN_VALUE;
    }

    private static long hash(long start, String text) {
        long hash = start;
        for (int i = 0; i < text.length(); i++) {
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

    /**
     * All features of a text, words first; the words of a text are apart by white space. Runs see where the text begins and
     * ends: which word is the first is often telling.
     */
    long[] of(String text) {
        long[] around = words(text);
        int count = around.length - 2;
        if (count == 0) {
            return new long[0];
        }
        int total = count;
        for (int length = 2; length <= Math.min(words, around.length); length++) {
            total += around.length - length + 1;
        }
        long[] features = Arrays.copyOfRange(around, 1, 1 + total);
        int at = count;
        for (int first = 0; first < around.length; first++) {
            long run = around[first];
            for (int next = first + 1; next < Math.min(first + words, around.length); next++) {
                run = mix(run * PRIME + around[next]);
                features[at++] = ofRun(run);
            }
        }
        return longest == 0 ? features : withCharacters(features, text);
    }

    /** The words of a text between two marks. */
    private static long[] words(String text) {
        long[] words = new long[text.length() / 2 + 3];
        words[0] = BEGIN;
        int count = 1;
        long hash = BASIS;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!isSpace(c)) {
                hash = (hash ^ c) * PRIME;
                if (i + 1 == text.length() || isSpace(text.charAt(i + 1))) {
                    words[count++] = mix(hash) & Long.MAX_VALUE;
                    hash = BASIS;
                }
            }
        }
        words[count++] = END;
        return Arrays.copyOf(words, count);
    }

    private static boolean isSpace(char c) {
        return c <= ' ' && (c == ' ' || c >= '\t' && c <= '\r' || c == 0);
    }

    private long[] withCharacters(long[] features, String text) {
        LongStream.Builder all = LongStream.builder();
        Arrays.stream(features).forEach(all);
        StringTokenizer words = new StringTokenizer(text, SPACES);
        while (words.hasMoreTokens()) {
            for (String run : Subwords.of(words.nextToken(), shortest, longest)) {
                all.add(ofRun(mix(hash(CHARACTERS, run))));
            }
        }
        return all.build().toArray();
    }
}
