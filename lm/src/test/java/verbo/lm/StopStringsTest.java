// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StopStringsTest {

    /** Takes pieces and returns what came out, with | behind each piece's part and ! where it stopped. */
    private static String run(List<String> stops, String... pieces) {
        StopStrings finder = new StopStrings(stops);
        StringBuilder out = new StringBuilder();
        for (String piece : pieces) {
            out.append(finder.append(piece)).append('|');
            if (finder.found()) {
                return out.append(finder.end()).append('!').toString();
            }
        }
        return out.append(finder.end()).toString();
    }

    @Test
    void withoutStopStringsTextPassesThrough() {
        assertThat(run(List.of(), "a", "", "b")).isEqualTo("a||b|");
    }

    @Test
    void whatMayBecomeAStopStringIsHeldBack() {
        assertThat(run(List.of("END"), "xE", "N", "D", "y")).isEqualTo("x|||!");
        assertThat(run(List.of("END"), "xE", "N", "E", "ND")).isEqualTo("x||EN||!");
        assertThat(run(List.of("END"), "xE", "N")).isEqualTo("x||EN");
        assertThat(run(List.of("aab"), "a", "a", "a", "b")).isEqualTo("||a||!");
    }

    @Test
    void theOneThatIsWholeFirstCounts() {
        assertThat(run(List.of("abcd", "bc"), "abcd")).isEqualTo("a|!");
        assertThat(run(List.of("abcd", "bc"), "a", "b", "c")).isEqualTo("||a|!");
        assertThat(run(List.of("b", "ab"), "ab")).isEqualTo("|!");
    }

    @Test
    void bordersOfPiecesDoNotMatter() {
        Random random = new Random(5);
        List<String> stops = List.of("aba", "bb", "caca");
        for (int round = 0; round < 2000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 12; i++) {
                text.append((char) ('a' + random.nextInt(3)));
            }
            String whole = text.toString();
            int end = Integer.MAX_VALUE;
            int cut = whole.length();
            for (String stop : stops) {
                int at = whole.indexOf(stop);
                if (at >= 0 && at + stop.length() < end) {
                    end = at + stop.length();
                    cut = at;
                }
            }
            StopStrings finder = new StopStrings(stops);
            StringBuilder out = new StringBuilder();
            for (int from = 0; from < whole.length() && !finder.found();) {
                int to = Math.min(whole.length(), from + random.nextInt(4));
                out.append(finder.append(whole.substring(from, to)));
                assertThat(whole.substring(0, cut)).as("never leaks").startsWith(out);
                from = to;
            }
            out.append(finder.end());
            assertThat(out.toString()).isEqualTo(whole.substring(0, cut));
            assertThat(finder.found()).isEqualTo(end != Integer.MAX_VALUE);
        }
    }
}
