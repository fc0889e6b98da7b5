// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PretokenCacheTest {
    private static byte[] word(SplittableRandom random) {
        byte[] word = new byte[1 + random.nextInt(random.nextInt(10) == 0 ? PretokenCache.LONGEST : 26)];
        for (int i = 0; i < word.length; i++) {
            word[i] = (byte) (random.nextInt(4) == 0 ? 0 : random.nextInt(3)); // many are beginnings of others
        }
        return word;
    }

    private static int[] ids(byte[] word) {
        int[] ids = new int[word.length % 6];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = Arrays.hashCode(word) >>> (i == 1 ? 1 : 12); // some do not fit into a slot
        }
        return ids;
    }

    private static int[] look(PretokenCache cache, byte[] word, long limit) {
        byte[] text = Arrays.copyOf(word, word.length + PretokenEncoder.PADDING);
        Arrays.fill(text, word.length, text.length, (byte) 7);
        long found = cache.find(text, 0, word.length);
        if (found == -1) {
            cache.put(text, 0, word.length, ids(word), 0, ids(word).length, limit);
            return new int[]{-1};
        }
        int[] out = new int[PretokenCache.count(found) + 3];
        cache.copy(found, out, 0);
        return Arrays.copyOf(out, PretokenCache.count(found));
    }

    @Test
    void givesBackWhatWasPutIn() {
        PretokenCache cache = new PretokenCache();
        SplittableRandom random = new SplittableRandom(3);
        Map<String, Integer> seen = new HashMap<>();
        int again = 0;
        for (int i = 0; i < 300_000; i++) {
            byte[] word = word(random);
            int[] found = look(cache, word, Long.MAX_VALUE);
            if (found.length != 1 || found[0] != -1) {
                assertThat(found).isEqualTo(ids(word));
                assertThat(seen).containsKey(Arrays.toString(word));
                again++;
            }
            seen.put(Arrays.toString(word), i);
        }
        assertThat(again).isGreaterThan((300_000 - seen.size()) * 99 / 100);
    }

    @Test
    void keepsToItsMemory() {
        PretokenCache cache = new PretokenCache();
        SplittableRandom random = new SplittableRandom(4);
        long limit = 1 << 20;
        long most = 0;
        for (int i = 0; i < 300_000; i++) {
            byte[] word = word(random);
            int[] found = look(cache, word, limit);
            if (found.length != 1 || found[0] != -1) {
                assertThat(found).isEqualTo(ids(word));
            }
            most = Math.max(most, cache.bytes());
        }
        assertThat(most).isBetween(limit / 4, limit);
    }

    @Test
    void noWordIsTakenForALongOne() {
        PretokenCache cache = new PretokenCache();
        // the first has as its bytes what is kept of the second: its hash, and beside it a mark
        for (String word : new String[]{"Tn7MWQo,;@^YAm<v!\0\0\0\0\0\0\0", "msgaqewqzdfyjospdiavokwrwmbuzutei"}) {
            byte[] bytes = word.getBytes(StandardCharsets.US_ASCII);
            assertThat(look(cache, bytes, Long.MAX_VALUE)).containsExactly(-1);
            assertThat(look(cache, bytes, Long.MAX_VALUE)).isEqualTo(ids(bytes));
        }
    }
}
