// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.correct;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import verbo.ngram.Vocabulary;

/**
 * Finds the words of a vocabulary within one or two edits of a word. Two words so near become the same when as many letters
 * are taken out of each, so every word is kept under the hashes of what is left of it then (symmetric deletion, as SymSpell
 * does it), and what is found is measured.
 */
final class NearWords {
    private static final int LONGEST = 40; // letters; longer words are no words

    /** A word of the vocabulary and how many edits it is away. */
    record Near(int word, int distance) {}

    private final int distance;
    private final int[][] letters; // [vocabulary], empty for what is not to be found
    private final long[] index; // hash in the high 36 bits, word in the low 28, sorted

    NearWords(Vocabulary vocabulary, int distance) {
        if (distance < 1 || distance > 2) {
            throw new IllegalArgumentException("a distance of " + distance + " edits: it must be 1 or 2");
        }
        this.distance = distance;
        letters = new int[vocabulary.size()][];
        long[] entries = new long[1 << 16];
        int count = 0;
        Set<Long> hashes = new HashSet<>();
        for (int word = 0; word < letters.length; word++) {
            int[] own = word <= Vocabulary.END ? new int[0] : vocabulary.word(word).codePoints().toArray();
            letters[word] = own.length > LONGEST || !isWord(own) ? new int[0] : own;
            if (letters[word].length == 0) {
                continue;
            }
            hashes.clear();
            deletions(letters[word], distance, hashes);
            for (long hash : hashes) {
                if (count == entries.length) {
                    entries = Arrays.copyOf(entries, 2 * count);
                }
                entries[count++] = hash << 28 | word;
            }
        }
        index = Arrays.copyOf(entries, count);
        Arrays.parallelSort(index);
    }

    /** Whether it is made of letters, but for hyphens and apostrophes inside. */
    static boolean isWord(int[] letters) {
        for (int i = 0; i < letters.length; i++) {
            boolean inside = i > 0 && i < letters.length - 1;
            int c = letters[i];
            if (!Character.isLetter(c) && !(inside && (c == '-' || c == '\'' || c == '’'))) {
                return false;
            }
        }
        return letters.length > 0;
    }

    private static void deletions(int[] word, int left, Set<Long> hashes) {
        hashes.add(Arrays.hashCode(word) * 0x9E3779B97F4A7C15L >>> 28);
        if (left > 0 && word.length > 0) {
            int[] shorter = Arrays.copyOf(word, word.length - 1);
            for (int i = word.length - 1; i >= 0; i--) {
                deletions(shorter, left - 1, hashes);
                if (i > 0) {
                    shorter[i - 1] = word[i];
                }
            }
        }
    }

    /** The words within the distance of a word, itself included where the vocabulary has it, in the order of their ids. */
    List<Near> find(int[] word) {
        if (word.length > LONGEST || !isWord(word)) {
            return List.of();
        }
        Set<Long> hashes = new HashSet<>();
        deletions(word, distance, hashes);
        Set<Integer> found = new HashSet<>();
        for (long hash : hashes) {
            int at = Arrays.binarySearch(index, hash << 28);
            for (at = at < 0 ? -at - 1 : at; at < index.length && index[at] >>> 28 == hash; at++) {
                found.add((int) (index[at] & (1 << 28) - 1));
            }
        }
        List<Near> near = new ArrayList<>();
        for (int candidate : found.stream().sorted().toList()) {
            int edits = edits(word, letters[candidate]);
            if (edits <= distance) {
                near.add(new Near(candidate, edits));
            }
        }
        return near;
    }

    /** How many letters are to be put in, taken out, replaced, or swapped with the next (Damerau, 1964). */
    static int edits(int[] one, int[] other) {
        int[] before = new int[other.length + 1];
        int[] last = IntStream.rangeClosed(0, other.length).toArray();
        int[] row = new int[other.length + 1];
        for (int i = 1; i <= one.length; i++) {
            row[0] = i;
            for (int j = 1; j <= other.length; j++) {
                int replaced = last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
            int[] swap = before;
            before = last;
            last = row;
            row = swap;
        }
        return last[other.length];
    }
}
