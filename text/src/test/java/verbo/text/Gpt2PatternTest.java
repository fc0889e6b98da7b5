// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class Gpt2PatternTest {
    private static final Pattern REGEX = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private static List<String> words(String text) {
        char[] chars = text.toCharArray();
        List<String> words = new ArrayList<>();
        for (int start = 0; start < chars.length;) {
            int end = Gpt2Pattern.end(chars, start, chars.length);
            words.add(text.substring(start, end));
            start = end;
        }
        return words;
    }

    @Test
    void cutsAsGpt2Does() {
        assertThat(words("We're  here,\n\n it's 12½ o'clock!'ll  ")).containsExactly("We", "'re", " ", " here", ",",
                "\n\n", " it", "'s", " 12½", " o", "'", "clock", "!'", "ll", "  ");
        assertThat(words("'S 'T\t\tx")).containsExactly("'", "S", " '", "T", "\t", "\t", "x");
        assertThat(words("")).isEmpty();
    }

    @Test
    void equalsTheRegularExpressionOnRandomText() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 5000; i++) {
            // Java's engine sees a lone surrogate as a character of its own, as we do
            String text = RandomTexts.next(random);
            assertThat(words(text)).isEqualTo(REGEX.matcher(text).results().map(m -> m.group()).toList());
        }
    }

    @Test
    void classifiesEveryCharacterAsTheRegularExpression() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c == 0xD800) {
                c = 0xE000;
            }
            String text = "a" + Character.toString(c) + "1" + Character.toString(c) + "!";
            List<String> found = words(text);
            if (found.size() == 5 && Character.getType(c) == Character.UNASSIGNED) {
                continue; // the most there are, and all the same
            }
            List<String> expected = REGEX.matcher(text).results().map(m -> m.group()).toList();
            if (!found.equals(expected)) { // quicker than a million assertions
                assertThat(found).as("U+%04X", c).isEqualTo(expected);
            }
        }
    }
}
