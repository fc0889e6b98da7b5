// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

class MergesTest {
    private static final int LETTERS = 3;

    /** Random merges of letters and of what they make; shuffled, a token may come before what it is made of. */
    private static List<int[]> random(long seed, int size, boolean shuffled) {
        SplittableRandom random = new SplittableRandom(seed);
        List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
        List<int[]> list = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int left = random.nextInt(Math.min(tokens.size(), 12));
            int right = random.nextInt(Math.min(tokens.size(), 12));
            String both = tokens.get(left) + tokens.get(right);
            if (!tokens.contains(both)) {
                tokens.add(both);
            }
            if (list.stream().noneMatch(m -> m[0] == left && m[1] == right)) {
                list.add(new int[]{left, right, tokens.indexOf(both)});
            }
        }
        if (shuffled) {
            Collections.shuffle(list, new Random(seed));
        }
        return list;
    }

    private static Merges merges(List<int[]> list) {
        return new Merges(list.stream().mapToInt(m -> m[0]).toArray(), list.stream().mapToInt(m -> m[1]).toArray(),
                list.stream().mapToInt(m -> m[2]).toArray());
    }

    /** As it is defined: again and again the pair of the lowest rank, the leftmost of equals. */
    private static List<Integer> merged(List<int[]> list, int[] word) {
        Map<List<Integer>, Integer> ranks = new HashMap<>();
        for (int r = 0; r < list.size(); r++) {
            ranks.put(List.of(list.get(r)[0], list.get(r)[1]), r);
        }
        List<Integer> symbols = new ArrayList<>(Arrays.stream(word).boxed().toList());
        while (true) {
            int best = -1;
            int lowest = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int rank = ranks.getOrDefault(List.of(symbols.get(i), symbols.get(i + 1)), Integer.MAX_VALUE);
                if (rank < lowest) {
                    lowest = rank;
                    best = i;
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, list.get(lowest)[2]);
            symbols.subList(best + 1, best + 2).clear();
        }
    }

    /** Symbols of words: random ones, runs of one symbol, and what repeats itself. */
    private static int[] word(SplittableRandom random, int length) {
        int[] word = new int[length];
        int letters = 1 + random.nextInt(LETTERS);
        int period = random.nextInt(3) == 0 ? 1 + random.nextInt(70) : length;
        for (int i = 0; i < length; i++) {
            word[i] = i >= period ? word[i - period] : random.nextInt(letters);
        }
        return word;
    }

    @Test
    void wordsOfAnyLengthAreMergedAsIsDefined() {
        Merges.Work work = new Merges.Work();
        for (int seed = 0; seed < 300; seed++) {
            List<int[]> list = random(seed, 1 + seed % 60, seed % 2 == 1);
            Merges merges = merges(list);
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < 30; i++) {
                int[] word = word(random, 1 + random.nextInt(i < 15 ? 24 : i < 28 ? 400 : 1500));
                int[] symbols = word.clone();
                int[] lengths = random.ints(word.length, 1, 4).toArray();
                int total = Arrays.stream(lengths).sum();
                int n = merges.apply(symbols, lengths, word.length, work);
                assertThat(Arrays.stream(symbols, 0, n).boxed().toList()).as("seed %d, %s", seed, Arrays.toString(word))
                        .isEqualTo(merged(list, word));
                assertThat(Arrays.stream(lengths, 0, n).sum()).isEqualTo(total);
            }
        }
    }

    @Test
    void wordsMergedTogetherAreAsMergedAlone() {
        MergeBatch batch = new MergeBatch(MergeBatch.WORDS);
        for (int seed = 0; seed < 300; seed++) {
            List<int[]> list = random(seed, 1 + seed % 60, seed % 2 == 1);
            Merges merges = merges(list);
            SplittableRandom random = new SplittableRandom(seed);
            batch.clear();
            List<int[]> words = new ArrayList<>();
            for (int i = random.nextInt(MergeBatch.WORDS + 1); i > 0; i--) {
                int[] word = word(random, 1 + random.nextInt(MergeBatch.SYMBOLS));
                int[] ranks = new int[word.length];
                for (int k = 0; k + 1 < word.length; k++) {
                    ranks[k] = merges.rank(word[k], word[k + 1]);
                }
                batch.add(word, 0, word.length, random.nextBoolean() ? ranks : null);
                words.add(word);
            }
            batch.run(merges);
            for (int i = 0; i < words.size(); i++) {
                int[] out = new int[MergeBatch.SYMBOLS];
                int n = batch.read(i, out, 0, null);
                assertThat(Arrays.stream(out, 0, n).boxed().toList()).as("seed %d, word %d", seed, i)
                        .isEqualTo(merged(list, words.get(i)));
            }
        }
    }

    /** Tokens longer than what is looked at in one go: of one letter, twice as long each. */
    @Test
    void tokensMayBeLongerThanAStretch() {
        List<int[]> list = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            list.add(new int[]{i == 0 ? 0 : i + 2, i == 0 ? 0 : i + 2, i + 3});
        }
        Merges merges = merges(list);
        for (int length : new int[]{61, 62, 63, 500, 4095, 4096, 20_000}) {
            int[] symbols = new int[length];
            int n = merges.apply(symbols, length, new Merges.Work());
            assertThat(Arrays.stream(symbols, 0, n).boxed().toList()).isEqualTo(merged(list, new int[length]));
        }
    }

    /** Were it quadratic, it would take hours. */
    @Test
    void timeIsLinearInTheLengthOfAWord() {
        for (boolean shuffled : new boolean[]{false, true}) {
            Merges merges = merges(random(7, 30, shuffled));
            for (int[] word : List.of(new int[4_000_000], word(new SplittableRandom(9), 4_000_000))) {
                int n = assertTimeoutPreemptively(Duration.ofSeconds(60),
                        () -> merges.apply(word, word.length, new Merges.Work()));
                assertThat(n).isPositive();
            }
        }
    }
}
