// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** An automaton finds what {@code java.util.regex} finds. */
class AutomatonTest {
    private static final List<String> ATOMS = List.of("a", "b", "ab", "'s", ".", " ", "\\s", "\\S", "\\p{L}", "\\p{Lu}",
            "\\p{N}", "[^\\s\\p{L}]", "[a-c\\d]", "[^\\r\\n\\p{L}\\p{N}]", "[b😀]", "\\n", "é", "\\w", "[[:punct:]]",
            "k",
            "[\\p{L}&&[^a]]", "\\u0020");
    private static final List<String> QUANTIFIERS = List.of("", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "??",
            "*?",
            "+?", "?+", "*+", "++");
    private static final List<String> LOOKS = List.of("(?!\\S)", "(?=\\s)", "$", "\\z", "(?!a)", "(?=[ab])");
    private static final List<String> PARTS = List.of("a", "a", "b", "ab", "c", "A", "K", "k", "\u212a", "ſ", "'s",
            "'S",
            " ", " ", "  ", "\n", "\r\n", "\u00a0", "1", "23", "²", "é", "É", "!", "...", "😀", "中文", "नि", "\u0000");

    private static String expression(Random random, int depth) {
        StringBuilder text = new StringBuilder();
        int choices = 1 + random.nextInt(3);
        for (int c = 0; c < choices; c++) {
            text.append(c == 0 ? "" : "|");
            for (int i = random.nextInt(4); i >= 0; i--) {
                int kind = random.nextInt(10);
                if (kind == 0) {
                    text.append(LOOKS.get(random.nextInt(LOOKS.size())));
                    continue;
                }
                String atom = kind < 3 && depth > 0
                        ? List.of("(", "(?:", "(?i:").get(random.nextInt(3)) + expression(random, depth - 1) + ")"
                        : ATOMS.get(random.nextInt(ATOMS.size()));
                text.append(atom).append(QUANTIFIERS.get(random.nextInt(QUANTIFIERS.size())));
            }
        }
        return text.toString();
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i >= 0; i--) {
            text.append(PARTS.get(random.nextInt(PARTS.size())));
        }
        return text.toString();
    }

    private static @Nullable Automaton found(Pattern pattern) {
        Expression expression = Expression.of(pattern);
        return expression == null ? null : Automaton.of(expression, pattern.pattern(), false);
    }

    private static Automaton automaton(String source) {
        return Objects.requireNonNull(found(Oniguruma.compile(source)), source);
    }

    /** Where the parts end in UTF-8, matches positive and what lies between them negative. */
    private static List<Integer> parts(Automaton automaton, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int to = utf8.length;
        Automaton.Walk walk = new Automaton.Walk(to);
        byte[] padded = Arrays.copyOf(utf8, to + PretokenEncoder.PADDING);
        Arrays.fill(padded, to, padded.length, (byte) 'a');
        List<Integer> parts = new ArrayList<>();
        for (int at = 0; at < to;) {
            int end = automaton.end(padded, at, to, walk);
            parts.add(end < 0 ? -~end : end);
            at = Math.max(end, ~end);
        }
        return parts;
    }

    private static List<Integer> expected(String source, String text) {
        List<Integer> parts = new ArrayList<>();
        int done = 0;
        Matcher matcher = Oniguruma.compile(source).matcher(text);
        while (matcher.find()) {
            if (matcher.start() > done) {
                parts.add(-(int) Utf8.length(text.substring(0, matcher.start())));
            }
            done = matcher.end();
            parts.add((int) Utf8.length(text.substring(0, done)));
        }
        if (done < text.length()) {
            parts.add(-(int) Utf8.length(text));
        }
        return parts;
    }

    @Test
    void findsWhatJavaFinds() {
        int taken = 0;
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            String source = expression(random, 2);
            Automaton automaton = found(Oniguruma.compile(source));
            if (automaton == null) {
                continue;
            }
            taken++;
            for (int i = 0; i < 10; i++) {
                String text = text(random);
                assertThat(parts(automaton, text)).as("%s on %s", source, text).isEqualTo(expected(source, text));
            }
        }
        assertThat(taken).isGreaterThan(600);
    }

    @Test
    void takesThePatternsOfGgufAndOfWordsByHand() {
        List<String> sources = new ArrayList<>();
        GgufPreTokenizer.names().forEach(
                name -> sources.addAll(Objects.requireNonNull(GgufPreTokenizer.of(name)).patterns()));
        List<String> refused = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(7);
        Random parts = new Random(7);
        for (String source : sources.stream().distinct().toList()) {
            Automaton automaton = found(Oniguruma.compile(source));
            if (automaton == null) {
                refused.add(source);
                continue;
            }
            for (int i = 0; i < 60; i++) {
                String text = i % 2 == 0 ? text(parts) : Utf8.wellFormed(RandomTexts.next(random));
                assertThat(parts(automaton, text)).as("%s on %s", source, text).isEqualTo(expected(source, text));
            }
        }
        assertThat(refused).containsExactlyInAnyOrder("\\d{1,3}(?=(?:\\d{3})*\\b)", "(?=(\\d{3})+(?!\\d))",
                "[^\\p{N}]*\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a*", "(a|b?)", "(?=a)", "a(?<=a)b", "\\bab", "(a)\\1", "(?>a+)b", "(ab)++", "^a", "\\Aa",
            "(?x: a)", "(a?)+b", "a{5000}", "((a{99}){99}){99}", "(?=ab)a", "\\Ra", "(?<n>a)"})
    void leavesTheRestToJava(String source) {
        assertThat(found(Oniguruma.compile(source))).isNull();
    }

    @Test
    void manyStatesAreNotKept() {
        String source = "(?:a|b)*a(?:a|b){11}c|b";
        Automaton automaton = automaton(source);
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) {
            StringBuilder text = new StringBuilder();
            for (int k = 0; k < 600; k++) {
                text.append("ab".charAt(random.nextInt(2)));
            }
            text.append(i % 2 == 0 ? "c" : "");
            assertThat(parts(automaton, text.toString())).isEqualTo(expected(source, text.toString()));
        }
    }

    @Test
    void newClassesOfCharactersFindRoom() {
        StringBuilder source = new StringBuilder("a+");
        StringBuilder text = new StringBuilder();
        for (int c = 0x4E00; c < 0x4E00 + 300; c++) {
            source.append('|').append((char) c).append('a');
            text.append((char) c).append(c % 3 == 0 ? "b" : "aa");
        }
        assertThat(parts(automaton(source.toString()), text.toString()))
                .isEqualTo(expected(source.toString(), text.toString()));
    }

    @Test
    void whatIsInVainIsNotRepeated() {
        String spaces = " ".repeat(1_000_000) + "x";
        assertThat(parts(automaton("\\s+$"), spaces)).containsExactly(-1_000_001);
        assertThat(parts(automaton("[a-z]+1"), "a".repeat(1_000_000))).containsExactly(-1_000_000);
    }

    @Test
    void aPatternMadeToRunForeverEnds() {
        Automaton automaton = automaton("a(?:ba)*c");
        assertThatThrownBy(() -> parts(automaton, "ab".repeat(150_000))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("takes too long").hasMessageContaining("a(?:ba)*c");
    }

    @Test
    void spacesBetweenLettersAreCutWhereNothingGoesOverThem() {
        for (String source : List.of(" ?\\p{L}+|\\p{N}", "\\p{N}{1,3}", "[^\\r\\n\\p{L}]?\\p{L}+|\\s+", "\\s+$")) {
            assertThat(automaton(source).allowsCuts()).as(source).isTrue();
        }
        for (String source : List.of("\\p{L}+(?: \\p{L}+)*", "[a-z]+ ?", "[a-z]+$", "\\S+(?!\\s)", "[^1]+", "o b")) {
            assertThat(automaton(source).allowsCuts()).as(source).isFalse();
        }
        assertThat(automaton(" ?\\p{L}+|\\p{N}").matchesLetters()).isTrue();
        assertThat(automaton("\\p{N}{1,3}").matchesLetters()).isFalse();
        assertThat(automaton("[a-y]").matchesLetters()).isFalse();
    }

    @Test
    void aPatternIsTakenFromJavaAsItsFlagsSay() {
        Automaton folded = found(Pattern.compile("é|k", Pattern.CASE_INSENSITIVE));
        assertThat(parts(Objects.requireNonNull(folded), "ÉéK\u212a")).containsExactly(-2, 4, 5, -8);
        Automaton points = found(Pattern.compile("\\x{1F600}|[\\x41-\\u0042]"));
        assertThat(parts(Objects.requireNonNull(points), "aA😀")).containsExactly(-1, 2, 6);
    }
}
