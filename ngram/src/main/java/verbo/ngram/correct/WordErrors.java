// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.correct;

/** The word error rate: how many words are to be put in, taken out or replaced to make the right text, by its length. */
public final class WordErrors {
    private WordErrors() {}

    /** How many words differ in the best alignment (Levenshtein, 1966). */
    public static int count(String[] right, String[] given) {
        int[] last = new int[given.length + 1];
        for (int j = 0; j < last.length; j++) {
            last[j] = j;
        }
        for (int i = 1; i <= right.length; i++) {
            int diagonal = last[0];
            last[0] = i;
            for (int j = 1; j <= given.length; j++) {
                int replaced = diagonal + (right[i - 1].equals(given[j - 1]) ? 0 : 1);
                diagonal = last[j];
                last[j] = Math.min(replaced, Math.min(last[j], last[j - 1]) + 1);
            }
        }
        return last[given.length];
    }
}
