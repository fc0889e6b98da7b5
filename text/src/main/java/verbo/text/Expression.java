// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression as far as an {@link Automaton} can find its matches: no groups that are referred to, nothing that is
 * looked at but the next character.
 */
sealed interface Expression {
    /** One character of a set. */
    record One(IntPredicate set) implements Expression {}

    /** One after the other. */
    record Sequence(List<Expression> parts) implements Expression {}

    /** The first that leads to a match. */
    record Either(List<Expression> choices) implements Expression {}

    /** As often as possible, or, if reluctant, as seldom. */
    record Repeat(Expression one, int least, int most, boolean reluctant) implements Expression {}

    /**
     * Nothing, but only before certain characters.
     *
     * @param wanted
     *            whether the next character has to be of the set, or may not be
     * @param atEnd
     *            whether the end of the text is as good
     */
    record Look(IntPredicate set, boolean wanted, boolean atEnd) implements Expression {}

    /** No bound. */
    int ENDLESS = Integer.MAX_VALUE;

    /** A text. */
    static Expression literal(String text) {
        return new Sequence(text.codePoints().<Expression>mapToObj(c -> new One(other -> other == c)).toList());
    }

    /** Whether it can match nothing. */
    static boolean isNullable(Expression expression) {
        return switch (expression) {
            case One one -> false;
            case Look look -> true;
            case Sequence(List<Expression> parts) -> parts.stream().allMatch(Expression::isNullable);
            case Either(List<Expression> choices) -> choices.stream().anyMatch(Expression::isNullable);
            case Repeat repeat -> repeat.least == 0 || isNullable(repeat.one);
        };
    }

    /** Takes an expression of Java's apart, null if it has more to it than is known here. */
    static @Nullable Expression of(Pattern pattern) {
        Parser parser = new Parser(pattern);
        try {
            Expression whole = parser.either(0);
            return parser.at == parser.source.length() ? whole : null;
        } catch (Unknown e) {
            return null;
        }
    }

    /** An expression has something that is not known here. */
    final class Unknown extends Exception {
        private static final long serialVersionUID = 1;

        Unknown() {
            super(null, null, false, false);
        }
    }

    /** Reads what {@link Oniguruma} writes. */
    final class Parser {
        private static final int DEEPEST = 64;
        private static final int LARGEST = 1 << 20;
        private static final String SPECIAL = "*+?{";

        private final String source;
        private final Map<String, IntPredicate> sets = new HashMap<>();
        private int flags;
        private int at;

        private Parser(Pattern pattern) {
            source = pattern.pattern();
            flags = pattern.flags();
            takes(Oniguruma.BY_CHARACTERS);
        }

        private boolean comes(String what) {
            return source.startsWith(what, at);
        }

        private boolean takes(String what) {
            if (!comes(what)) {
                return false;
            }
            at += what.length();
            return true;
        }

        private void expect(String what) throws Unknown {
            if (!takes(what)) {
                throw new Unknown();
            }
        }

        private Expression either(int depth) throws Unknown {
            if (depth > DEEPEST) {
                throw new Unknown();
            }
            List<Expression> choices = new ArrayList<>();
            do {
                List<Expression> parts = new ArrayList<>();
                while (at < source.length() && !comes("|") && !comes(")")) {
                    parts.add(repeated(atom(depth)));
                }
                choices.add(new Sequence(parts));
            } while (takes("|"));
            return new Either(choices);
        }

        private Expression repeated(Expression one) throws Unknown {
            int least = 0;
            int most = ENDLESS;
            if (takes("?")) {
                most = 1;
            } else if (takes("+")) {
                least = 1;
            } else if (takes("{")) {
                least = number();
                most = !takes(",") ? least : comes("}") ? ENDLESS : number();
                expect("}");
            } else if (!takes("*")) {
                return one;
            }
            boolean reluctant = takes("?");
            boolean possessive = !reluctant && takes("+");
            if (most < least || isNullable(one) || (at < source.length() && SPECIAL.indexOf(source.charAt(at)) >= 0)) {
                throw new Unknown();
            }
            if (!possessive || least == most) {
                return new Repeat(one, least, most, reluctant);
            }
            if (!(one instanceof One(IntPredicate set))) {
                throw new Unknown();
            }
            // what is not given back ends before something else
            Look end = new Look(set, false, true);
            return most == ENDLESS
                    ? new Sequence(List.of(new Repeat(one, least, most, false), end))
                    : new Either(List.of(new Repeat(one, most, most, false),
                            new Sequence(List.of(new Repeat(one, least, most - 1, false), end))));
        }

        private int number() throws Unknown {
            int from = at;
            while (at < source.length() && at < from + 6 && Character.isDigit(source.charAt(at))) {
                at++;
            }
            if (at == from) {
                throw new Unknown();
            }
            return Math.min(LARGEST, Integer.parseInt(source, from, at, 10));
        }

        private Expression atom(int depth) throws Unknown {
            return switch (source.charAt(at)) {
                case '(' -> group(depth);
                case '[' -> set(closing());
                case '\\' -> escape();
                case '.' -> set(at + 1);
                case '$' -> {
                    at++;
                    yield new Look(next -> next == '\n', true, true); // as Oniguruma has it
                }
                case '^', '*', '+', '?', '{' -> throw new Unknown();
                default -> character();
            };
        }

        private One character() throws Unknown {
            int c = source.codePointAt(at);
            if ((flags & Pattern.CASE_INSENSITIVE) != 0) {
                return set(at + Character.charCount(c));
            }
            at += Character.charCount(c);
            return new One(sets.computeIfAbsent("=" + c, key -> other -> other == c));
        }

        private Expression group(int depth) throws Unknown {
            int outer = flags;
            boolean ahead = takes("(?=");
            boolean not = !ahead && takes("(?!");
            if (!ahead && !not) {
                expect("(");
                if (takes("?")) {
                    boolean on = true;
                    while (!takes(":")) {
                        if (takes("-")) {
                            on = false;
                        } else {
                            int flag = takes("i") ? Pattern.CASE_INSENSITIVE : takes("s") ? Pattern.DOTALL : 0;
                            if (flag == 0) {
                                throw new Unknown();
                            }
                            flags = on ? flags | flag : flags & ~flag;
                        }
                    }
                }
            }
            Expression inside = either(depth + 1);
            expect(")");
            flags = outer;
            if (!ahead && !not) {
                return inside;
            }
            if (inside instanceof Either(List<Expression> choices) && choices.size() == 1
                    && choices.get(0) instanceof Sequence(List<Expression> parts) && parts.size() == 1
                    && parts.get(0) instanceof One(IntPredicate set)) {
                return new Look(set, ahead, not);
            }
            throw new Unknown();
        }

        /** Where the class that begins here ends. */
        private int closing() throws Unknown {
            int depth = 0;
            for (int i = at; i < source.length(); i++) {
                char c = source.charAt(i);
                if (c == '\\') {
                    i++;
                } else if (c == '[') {
                    depth++;
                } else if (c == ']' && --depth == 0) {
                    return i + 1;
                }
            }
            throw new Unknown();
        }

        private Expression escape() throws Unknown {
            if (at + 1 == source.length()) {
                throw new Unknown();
            }
            char c = source.charAt(at + 1);
            if ("dDsSwW".indexOf(c) >= 0) {
                return set(at + 2);
            }
            if (c == 'p' || c == 'P') {
                int close = source.startsWith("{", at + 2) ? source.indexOf('}', at) : -1;
                return set(close < 0 ? at + 3 : close + 1);
            }
            if (c == 'z') {
                at += 2;
                return new Look(next -> false, true, true);
            }
            if ("tnrfae".indexOf(c) >= 0) {
                return set(at + 2);
            }
            if (c == 'x' || (c == 'u' && !source.regionMatches(true, at + 2, "d", 0, 1))) { // no half of a character
                int close = source.startsWith("{", at + 2) ? source.indexOf('}', at) : -1;
                return set(close < 0 ? at + (c == 'x' ? 4 : 6) : close + 1);
            }
            if (c < 0x80 && Character.isLetterOrDigit(c)) {
                throw new Unknown();
            }
            at++;
            return character();
        }

        /** What Java takes for one character from here to there. */
        private One set(int end) throws Unknown {
            if (end > source.length()) {
                throw new Unknown();
            }
            String one = source.substring(at, end);
            at = end;
            int how = flags;
            return new One(sets.computeIfAbsent(how + one, key -> {
                Pattern pattern = Pattern.compile(one, how);
                return c -> pattern.matcher(Character.toString(c)).matches();
            }));
        }
    }
}
