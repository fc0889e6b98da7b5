// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Merging by ranks gives the same before and after there is a list of merges, for one word and for several. */
class RankMergesTest {
    private static final String LETTERS = "abcé中";

    private static String word(Random random, int most) {
        StringBuilder word = new StringBuilder();
        for (int i = random.nextInt(most); i >= 0; i--) {
            word.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return word.toString();
    }

    /** As it is defined: again and again the two neighbours that make the token of the lowest rank, the leftmost of equals. */
    private static List<Integer> merged(List<String> tokens, int[] ranks, List<String> symbols) {
        List<String> row = new ArrayList<>(symbols);
        while (true) {
            int best = -1;
            int lowest = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < row.size(); i++) {
                int id = tokens.indexOf(row.get(i) + row.get(i + 1));
                if (id >= 0 && ranks[id] >= 0 && ranks[id] < lowest) {
                    best = i;
                    lowest = ranks[id];
                }
            }
            if (best < 0) {
                return row.stream().map(tokens::indexOf).toList();
            }
            row.set(best, row.get(best) + row.remove(best + 1));
        }
    }

    /** What the bytes of a text are as characters of one byte each, or the text itself. */
    private static String form(String text, boolean characters) {
        return characters ? text : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Test
    void givesWhatItIsDefinedToGiveByBytesAndByAList() {
        int lists = 0;
        for (int n = 0; n < 150; n++) {
            Random random = new Random(n);
            boolean characters = n % 2 == 0;
            List<String> tokens = new ArrayList<>(form(LETTERS, characters).chars().mapToObj(Character::toString)
                    .distinct().toList());
            int alone = tokens.size();
            for (int i = 0; i < 30; i++) {
                String token = form(word(random, 6), characters);
                if (!tokens.contains(token)) {
                    tokens.add(token);
                }
            }
            byte[] @Nullable [] strings = tokens.stream().map(t -> t.getBytes(characters
                    ? StandardCharsets.UTF_8
                    : StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);
            int[] ranks = new int[tokens.size()];
            for (int id = 0; id < ranks.length; id++) {
                // of characters some share a rank, and some tokens are not made of others
                ranks[id] = characters && random.nextInt(6) == 0 ? random.nextInt(4) - 1 : id;
            }
            RankMerges merges = new RankMerges(strings, strings.length, ranks, characters, false);
            for (boolean prepared : new boolean[]{false, true}) {
                if (prepared) {
                    lists += merges.prepare() ? 1 : 0;
                }
                PretokenEncoder.Work work = new PretokenEncoder.Work();
                NewWords words = new NewWords(40);
                StringBuilder text = new StringBuilder();
                List<List<Integer>> expected = new ArrayList<>();
                for (int w = 0; w < 40; w++) {
                    String word = word(random, w == 0 ? 90 : 14);
                    int from = text.toString().getBytes(StandardCharsets.UTF_8).length;
                    text.append(word);
                    words.add(from, text.toString().getBytes(StandardCharsets.UTF_8).length);
                    expected.add(merged(tokens, ranks, form(word, characters).chars().mapToObj(Character::toString)
                            .toList()));
                }
                byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
                byte[] padded = Arrays.copyOf(bytes, bytes.length + PretokenEncoder.PADDING);
                merges.apply(padded, words, work);
                for (int w = 0; w < 40; w++) {
                    int[] out = new int[words.end(w) - words.start(w)];
                    int count = merges.apply(padded, words.start(w), words.end(w), out, work.merges);
                    assertThat(Arrays.stream(out, 0, count).boxed().toList()).as("%s, %d, %s", tokens, n, prepared)
                            .isEqualTo(expected.get(w));
                    assertThat(Arrays.stream(words.ids(), words.place(w), words.place(w) + words.count(w)).boxed()
                            .toList()).isEqualTo(expected.get(w));
                }
            }
            assertThat(alone).isLessThan(tokens.size());
        }
        assertThat(lists).isGreaterThan(50);
    }
}
