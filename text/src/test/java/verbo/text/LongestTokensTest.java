// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

class LongestTokensTest {
    private static final int LETTERS = 3;

    private final List<byte[]> strings = new ArrayList<>();
    private Merges merges = new Merges(new int[0], new int[0], new int[0]);

    /** A vocabulary of letters and what random merges make of them; shuffled, a token may come before what it is made of. */
    private LongestTokens random(long seed, int size, boolean shuffled) {
        SplittableRandom random = new SplittableRandom(seed);
        strings.clear();
        List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
        List<int[]> list = new ArrayList<>();
        while (list.size() < size) {
            int left = random.nextInt(Math.min(tokens.size(), 12));
            int right = random.nextInt(Math.min(tokens.size(), 12));
            String both = tokens.get(left) + tokens.get(right);
            if (!tokens.contains(both)) {
                tokens.add(both);
            } else if (list.stream().anyMatch(m -> m[0] == left && m[1] == right)) {
                size--; // there already
                continue;
            }
            list.add(new int[]{left, right, tokens.indexOf(both)});
        }
        if (shuffled) {
            Collections.shuffle(list, new Random(seed));
        }
        tokens.forEach(token -> strings.add(token.getBytes(StandardCharsets.US_ASCII)));
        merges = new Merges(list.stream().mapToInt(m -> m[0]).toArray(), list.stream().mapToInt(m -> m[1]).toArray(),
                list.stream().mapToInt(m -> m[2]).toArray());
        return requireNonNull(LongestTokens.of(merges, strings.toArray(byte[][]::new), false));
    }

    private int[] merged(byte[] word) {
        int[] symbols = new int[word.length];
        Arrays.setAll(symbols, i -> word[i] - 'a');
        return Arrays.copyOf(symbols, merges.apply(symbols, word.length, new Merges.Work()));
    }

    private static byte[] word(SplittableRandom random, int length) {
        byte[] word = new byte[length];
        int letters = 1 + random.nextInt(LETTERS);
        for (int i = 0; i < length; i++) {
            word[i] = (byte) ('a' + random.nextInt(letters));
        }
        return word;
    }

    @Test
    void findsWhatMergingLeaves() {
        for (int seed = 0; seed < 300; seed++) {
            LongestTokens longest = random(seed, 1 + seed % 40, seed % 2 == 1);
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < 60; i++) {
                byte[] word = word(random, 1 + random.nextInt(i < 50 ? 24 : 300));
                int[] ids = new int[word.length];
                assertThat(Arrays.copyOf(ids, longest.apply(word, 0, word.length, ids, false)))
                        .as("seed %d, %s", seed, new String(word, StandardCharsets.US_ASCII)).isEqualTo(merged(word));
            }
        }
    }

    @Test
    void whatIsNoSymbolStandsAlone() {
        LongestTokens longest = random(1, 20, false);
        int[] ids = new int[8];
        byte[] word = "ab?é-a".getBytes(StandardCharsets.UTF_8);
        int n = longest.apply(word, 0, word.length, ids, true);
        int[] ab = merged("ab".getBytes(StandardCharsets.US_ASCII));
        int[] all = Arrays.copyOf(ab, ab.length + 4);
        System.arraycopy(new int[]{-1 - 2, -1 - 3, -1 - 5, 0}, 0, all, ab.length, 4);
        assertThat(Arrays.copyOf(ids, n)).isEqualTo(all);
    }

    /** Were it quadratic, it would take hours. */
    @Test
    void timeIsLinearInTheLengthOfAWord() {
        for (boolean shuffled : new boolean[]{false, true}) {
            LongestTokens longest = random(7, 30, shuffled);
            for (byte[] word : List.of("a".repeat(4_000_000).getBytes(StandardCharsets.US_ASCII),
                    word(new SplittableRandom(9), 4_000_000))) {
                int[] ids = new int[word.length];
                int n = assertTimeoutPreemptively(Duration.ofSeconds(60),
                        () -> longest.apply(word, 0, word.length, ids, false));
                assertThat(n).isPositive();
            }
        }
    }
}
