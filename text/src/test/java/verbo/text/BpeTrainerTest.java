// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Merges against those of a trainer that counts all pairs anew each time. */
class BpeTrainerTest {
    private static final int SIZE = 40;

    /** A word in symbols, and its count. */
    private record Word(List<Integer> symbols, long count) {}

    /** A pair of symbols. */
    private record Pair(int left, int right) {}

    @Test
    void mergesAreThoseOfCountingAnew() {
        SplittableRandom random = new SplittableRandom(11);
        int compared = 0;
        for (int round = 0; round < 600; round++) {
            WordCounts counts = new WordCounts();
            int letters = 1 + random.nextInt(5);
            for (int word = random.nextInt(40); word >= 0; word--) {
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(12); i >= 0; i--) {
                    text.append((char) ('a' + random.nextInt(letters)));
                }
                counts.add(text.toString(), 1 + random.nextInt(9));
            }
            // at times letters are left out, and with them whole words
            int limit = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : letters;
            TrainingWords words = TrainingWords.codePoints(counts);
            TrainingWords start = words.characters(words.frequencies(), List.of("[UNK]"), limit, "", "");
            List<String> expected = anew(start);
            List<String> tokens = new ArrayList<>(start.vocabulary());
            for (String merge : expected) {
                tokens.add(merge.replace(" ", ""));
            }
            if (tokens.stream().distinct().count() < tokens.size()) {
                continue; // of what is made in two ways the library has counts of its own
            }
            compared++;
            BpeTrainer.Result learnt = new BpeTrainer(
                    new BpeTrainer.Options(SIZE, 0, Integer.MAX_VALUE, "", BpeTrainer.Style.HUGGING_FACE), start)
                    .train(Progress.NONE);
            assertThat(IntStream.range(0, learnt.merges().size()).mapToObj(r -> tokens.get(learnt.merges().left(r))
                    + " " + tokens.get(learnt.merges().right(r))).toList()).as("round " + round).isEqualTo(expected);
        }
        assertThat(compared).isGreaterThan(300);
    }

    private static List<String> anew(TrainingWords start) {
        List<String> tokens = new ArrayList<>(start.vocabulary());
        List<Word> words = new ArrayList<>();
        for (int word = 0; word < start.starts().length; word++) {
            int from = start.starts()[word];
            words.add(new Word(new ArrayList<>(Arrays.stream(start.symbols(), from, from + start.lengths()[word])
                    .boxed().toList()), start.counts()[word]));
        }
        List<String> merges = new ArrayList<>();
        while (tokens.size() < SIZE) {
            Map<Pair, Long> pairs = new HashMap<>();
            for (Word word : words) {
                for (int i = 0; i + 1 < word.symbols.size(); i++) {
                    pairs.merge(new Pair(word.symbols.get(i), word.symbols.get(i + 1)), word.count, Long::sum);
                }
            }
            if (pairs.isEmpty()) {
                break;
            }
            Pair best = pairs.keySet().stream().min(Comparator.comparingLong((Pair p) -> -pairs.getOrDefault(p, 0L))
                    .thenComparingInt(Pair::left).thenComparingInt(Pair::right)).orElseThrow();
            merges.add(tokens.get(best.left) + " " + tokens.get(best.right));
            for (Word word : words) {
                for (int i = 0; i + 1 < word.symbols.size(); i++) {
                    if (new Pair(word.symbols.get(i), word.symbols.get(i + 1)).equals(best)) {
                        word.symbols.set(i, tokens.size());
                        word.symbols.remove(/* index */ i + 1);
                    }
                }
            }
            tokens.add(tokens.get(best.left) + tokens.get(best.right));
        }
        return merges;
    }
}
