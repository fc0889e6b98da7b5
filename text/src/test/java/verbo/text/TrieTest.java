// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TrieTest {
    private static String text(SplittableRandom random, int characters, int most) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(most); n > 0; n--) {
            text.append((char) (random.nextBoolean() ? random.nextInt(4) : random.nextInt(characters)));
        }
        return text.toString();
    }

    @Test
    void findsWhatWasPutInAndNothingElse() {
        SplittableRandom random = new SplittableRandom(5);
        for (int characters : new int[]{1, 3, 200, 5000, 1 << 16}) {
            for (int size : new int[]{0, 1, 10, 20_000}) {
                Map<String, Integer> texts = new HashMap<>();
                for (int i = 0; i < size; i++) {
                    texts.put(text(random, characters, 9), i);
                }
                Trie trie = new Trie(texts);
                texts.remove("");
                assertThat(trie.isEmpty()).isEqualTo(texts.isEmpty());
                texts.forEach((text, value) -> assertThat(trie.get(text.toCharArray(), 0, text.length()))
                        .isEqualTo(value));
                for (int i = 0; i < 2000; i++) {
                    String other = text(random, 1 << 16, 9) + text(random, characters, 5);
                    assertThat(trie.get(other.toCharArray(), 0, other.length()))
                            .isEqualTo(texts.getOrDefault(other, Trie.NONE));
                }
            }
        }
    }

    @Test
    void refusesNumbersThatAreTooLarge() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Trie(Map.of("a", Integer.MAX_VALUE)))
                .withMessageContaining("a vocabulary cannot have");
    }
}
