// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

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
        StringTokenizer tokens = new StringTokenizer(text, SPACES);
        int count = tokens.countTokens();
        if (count == 0) {
            return new long[0];
        }
        String[] spellings = new String[count];
        long[] around = new long[count + 2]; // the words between two marks
        around[0] = BEGIN;
        around[count + 1] = END;
        LongStream.Builder features = LongStream.builder();
        for (int w = 0; w < count; w++) {
            spellings[w] = tokens.nextToken();
            around[w + 1] = ofWord(spellings[w]);
            features.add(around[w + 1]);
        }
        for (int first = 0; first < around.length; first++) {
            long run = around[first];
            for (int next = first + 1; next < Math.min(first + words, around.length); next++) {
                run = mix(run * PRIME + around[next]);
                features.add(ofRun(run));
            }
        }
        for (String spelling : longest == 0 ? new String[0] : spellings) {
            for (String run : Subwords.of(spelling, shortest, longest)) {
                features.add(ofRun(mix(hash(CHARACTERS, run))));
            }
        }
        return features.build().toArray();
    }
}
