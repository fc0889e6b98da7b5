// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Character n-grams of words, with {@code <} before and {@code >} after the word (Bojanowski et al. 2017). Each n-gram has a
 * number of its own; fastText lets those of one hash value share a vector.
 */
final class Subwords {
    private Subwords() {}

    /** The n-grams of a word, in code points; not the word itself with its two brackets. */
    static List<String> of(String word, int shortest, int longest) {
        int[] characters = ("<" + word + ">").codePoints().toArray();
        List<String> ngrams = new ArrayList<>();
        for (int from = 0; from < characters.length; from++) {
            for (int length = shortest; length <= longest && from + length <= characters.length; length++) {
                boolean bracket = length == 1 && (from == 0 || from == characters.length - 1);
                if (!bracket && length < characters.length) {
                    ngrams.add(new String(characters, from, length));
                }
            }
        }
        return ngrams;
    }

    /**
     * For each word the rows whose mean is its vector: its own, then those of its n-grams, which are numbered from the number
     * of words on.
     *
     * @param numbers
     *            gets the n-grams and their rows
     */
    static int[][] rows(List<String> words, int shortest, int longest, Map<String, Integer> numbers) {
        int[][] rows = new int[words.size()][];
        Map<String, Integer> seen = new HashMap<>();
        for (int w = 0; w < rows.length; w++) {
            List<String> ngrams = of(words.get(w), shortest, longest);
            rows[w] = new int[1 + ngrams.size()];
            rows[w][0] = w;
            for (int i = 0; i < ngrams.size(); i++) {
                Integer number = seen.get(ngrams.get(i));
                if (number == null) {
                    number = words.size() + seen.size();
                    seen.put(ngrams.get(i), number);
                    numbers.put(ngrams.get(i), number);
                }
                rows[w][1 + i] = number;
            }
        }
        return rows;
    }
}
