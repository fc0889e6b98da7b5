// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The patterns written out by hand cut as the regular expressions do that they stand for, in both forms. */
class WordPatternTest {
    private static List<String> units(WordPattern pattern, String text) {
        char[] chars = text.toCharArray();
        List<String> words = new ArrayList<>();
        for (int start = 0; start < chars.length;) {
            int end = pattern.end(chars, start, chars.length);
            words.add(text.substring(start, end));
            start = end;
        }
        return words;
    }

    private static List<String> utf8(WordPattern pattern, String text, String behind) {
        byte[] bytes = (text + behind).getBytes(StandardCharsets.UTF_8);
        int to = text.getBytes(StandardCharsets.UTF_8).length;
        byte[] padded = Arrays.copyOf(bytes, bytes.length + PretokenEncoder.PADDING);
        List<String> words = new ArrayList<>();
        for (int start = 0; start < to;) {
            int end = pattern.end(padded, start, to);
            words.add(new String(padded, start, end - start, StandardCharsets.UTF_8));
            start = end;
        }
        return words;
    }

    @ParameterizedTest
    @EnumSource
    void cutsAsTheRegularExpression(WordPattern pattern) {
        Pattern regex = Oniguruma.compile(pattern.regex());
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 20000; i++) {
            String text = RandomTexts.wellFormed(RandomTexts.next(random));
            List<String> expected = regex.matcher(text).results().map(m -> m.group()).toList();
            assertThat(units(pattern, text)).as(text).isEqualTo(expected);
            assertThat(utf8(pattern, text, "")).as(text).isEqualTo(expected);
            assertThat(utf8(pattern, text, "ab'll  1")).as("%s and what is not part of it", text).isEqualTo(expected);
        }
    }

    /** Where long texts are taken in pieces. */
    @ParameterizedTest
    @EnumSource
    void aSpaceBetweenSmallLettersBeginsAWord(WordPattern pattern) {
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 20000; i++) {
            String first = RandomTexts.wellFormed(RandomTexts.next(random)) + "a";
            String second = " b" + RandomTexts.wellFormed(RandomTexts.next(random));
            List<String> expected = utf8(pattern, first, "");
            expected.addAll(utf8(pattern, second, ""));
            assertThat(utf8(pattern, first + second, "")).as(first + second).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void classifiesEveryCharacterAsTheRegularExpression(WordPattern pattern) {
        Pattern regex = Oniguruma.compile(pattern.regex());
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if ((c >= 0xD800 && c < 0xE000) || Character.getType(c) == Character.UNASSIGNED) {
                continue;
            }
            String one = Character.toString(c);
            String text = "a" + one + "1" + one + "! " + one + "\n" + one + one;
            List<String> expected = regex.matcher(text).results().map(m -> m.group()).toList();
            if (!units(pattern, text).equals(expected) || !utf8(pattern, text, "").equals(expected)) {
                assertThat(units(pattern, text)).as("U+%04X", c).isEqualTo(expected);
                assertThat(utf8(pattern, text, "")).as("U+%04X", c).isEqualTo(expected);
            }
        }
    }
}
