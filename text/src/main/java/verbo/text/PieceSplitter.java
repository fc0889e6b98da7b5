// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a text in UTF-8 into the pieces that the {@link PreTokenizer} of a byte-level vocabulary cuts it into: by rules one
 * after the other, each of which cuts the pieces of the one before.
 */
final class PieceSplitter implements PretokenEncoder.Splitter {
    private enum Drops {
        NOTHING, MATCHES, GAPS
    }

    /** Cuts around its matches: words by hand, which leave no gaps, or those of an automaton. */
    private record Rule(@Nullable WordPattern words, @Nullable Automaton matches, Drops drops) {
        /** Where the piece ends, {@code ~end} if it is dropped. */
        int end(byte[] utf8, int from, int to, Automaton.Walk walk) {
            if (matches == null) {
                return words == null ? to : words.end(utf8, from, to);
            }
            int end = matches.end(utf8, from, to, walk);
            return switch (drops) {
                case NOTHING -> Math.max(end, ~end);
                case MATCHES -> ~end;
                case GAPS -> end;
            };
        }

        boolean allowsCuts() {
            return matches == null || matches.allowsCuts();
        }

        boolean matchesLetters() {
            return matches == null || matches.matchesLetters();
        }
    }

    private final List<Rule> rules;
    private final boolean prefix;
    private final int[] ends; // of the piece of each rule that was found last
    private final Automaton.Walk walk;

    private PieceSplitter(List<Rule> rules, boolean prefix, int length) {
        this.rules = rules;
        this.prefix = prefix;
        ends = new int[rules.size()];
        walk = new Automaton.Walk(length);
    }

    /** A splitter for a pre-tokenizer that writes pieces as bytes, null if it does more than can be done here. */
    static @Nullable PieceSplitter of(@Nullable PreTokenizer preTokenizer) {
        List<Rule> rules = new ArrayList<>();
        boolean written = false;
        boolean prefix = false;
        List<PreTokenizer> parts = new ArrayList<>();
        flatten(preTokenizer, parts);
        for (PreTokenizer part : parts) {
            if (part instanceof PreTokenizer.Bytes(boolean space, boolean regex)) {
                if (written || (space && !rules.isEmpty())) {
                    return null;
                }
                if (regex) {
                    rules.add(new Rule(WordPattern.GPT2, null, Drops.NOTHING));
                }
                prefix = space;
                written = true;
            } else if (!add(part, written, rules)) {
                return null;
            }
        }
        return written ? new PieceSplitter(List.copyOf(rules), prefix, 0) : null;
    }

    private static void flatten(@Nullable PreTokenizer preTokenizer, List<PreTokenizer> parts) {
        if (preTokenizer instanceof PreTokenizer.Sequence(List<PreTokenizer> list)) {
            list.forEach(part -> flatten(part, parts));
        } else if (preTokenizer != null) {
            parts.add(preTokenizer);
        }
    }

    private static boolean add(PreTokenizer part, boolean written, List<Rule> rules) {
        return switch (part) {
            case PreTokenizer.Split(TextPattern pattern, PreTokenizer.Behavior behavior, boolean invert) ->
                add(pattern, behavior, invert, written, rules);
            case PreTokenizer.Digits(boolean individual) -> add(PreTokenizer.Digits.PATTERN,
                    individual ? PreTokenizer.Behavior.ISOLATED : PreTokenizer.Behavior.CONTIGUOUS, false, written,
                    rules);
            case PreTokenizer.Punctuation(PreTokenizer.Behavior behavior) ->
                add(PreTokenizer.Punctuation.PATTERN, behavior, false, written, rules);
            default -> false;
        };
    }

    private static boolean add(TextPattern pattern, PreTokenizer.Behavior behavior, boolean invert, boolean written,
            List<Rule> rules) {
        Drops drops = behavior != PreTokenizer.Behavior.REMOVED ? Drops.NOTHING : invert ? Drops.GAPS : Drops.MATCHES;
        if (pattern instanceof TextPattern.Regex(var source, var compiled, WordPattern words) && words != null
                && !written
                && (drops == Drops.GAPS || behavior == PreTokenizer.Behavior.ISOLATED)) {
            return rules.add(new Rule(words, null, Drops.NOTHING)); // there are no gaps
        }
        Expression expression = switch (pattern) {
            case TextPattern.Literal(String text) -> Expression.literal(text);
            case TextPattern.Regex regex -> Expression.of(regex.pattern());
            case TextPattern.Characters characters -> new Expression.One(characters.test()::test);
        };
        if (expression == null) {
            return false;
        }
        String name = pattern instanceof TextPattern.Regex regex ? regex.source() : "";
        Automaton matches = switch (behavior) {
            case REMOVED, ISOLATED -> Automaton.of(expression, name, written);
            case CONTIGUOUS -> Expression.isNullable(expression)
                    ? null
                    : Automaton.of(new Expression.Repeat(expression, 1, Expression.ENDLESS, false), name, written);
            case MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT -> null;
        };
        return matches != null && rules.add(new Rule(null, matches, drops));
    }

    /** Whether a space is put before texts that do not begin with one. */
    boolean prefix() {
        return prefix;
    }

    /** Whether a space between two small letters begins a piece wherever it stands. */
    boolean cutsAtSpaces() {
        return rules.stream().allMatch(Rule::allowsCuts) && rules.stream().anyMatch(Rule::matchesLetters);
    }

    @Override
    public PretokenEncoder.Splitter begin(int length) {
        WordPattern words = rules.size() == 1 ? rules.get(0).words : null;
        return words != null ? words : new PieceSplitter(rules, prefix, length);
    }

    @Override
    public int end(byte[] utf8, int from, int to) {
        int rule = ends.length - 1;
        while (rule >= 0 && ends[rule] <= from) {
            rule--;
        }
        int end = rule < 0 ? to : ends[rule];
        for (rule++; rule < ends.length; rule++) {
            int piece = rules.get(rule).end(utf8, from, end, walk);
            ends[rule] = Math.max(piece, ~piece);
            if (piece < 0) {
                return piece;
            }
            end = piece;
        }
        return end;
    }
}
