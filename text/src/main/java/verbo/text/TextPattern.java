// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** What a text is searched for, be it to replace it or to split there. */
sealed interface TextPattern {
    /** Told the parts of a text in order: matches, and what lies between them. */
    interface Sink {
        void part(int start, int end, boolean match);
    }

    /** Oniguruma's {@code \w}. */
    String WORD = "[\\w\u00b2\u00b3\u00b9\u00bc-\u00be&&[^\u200c\u200d]]";

    /** What Oniguruma means by a letter behind a backslash, where Java means something else. */
    Map<Character, String> OWN = Map.of('w', WORD, 'W', "[^" + WORD + "]", 'b',
            "(?:(?<=" + WORD + ")(?!" + WORD + ")|(?<!" + WORD + ")(?=" + WORD + "))");

    /** What is between {@code [:} and {@code :]} in a class, as Java writes it. */
    Map<String, String> POSIX = Map.ofEntries(Map.entry("alnum", "\\p{IsAlphabetic}\\p{Nd}"),
            Map.entry("alpha", "\\p{IsAlphabetic}"), Map.entry("ascii", "\\x00-\\x7F"),
            Map.entry("blank", "\\t\\p{Zs}"), Map.entry("cntrl", "\\p{Cc}\\p{Cf}\\p{Cn}\\p{Co}"),
            Map.entry("digit", "\\p{Nd}"), Map.entry("lower", "\\p{IsLowercase}"),
            Map.entry("punct", "\\p{P}\\p{S}"), Map.entry("space", "\\s"),
            Map.entry("upper", "\\p{IsUppercase}"), Map.entry("word", WORD),
            Map.entry("xdigit", "0-9A-Fa-f"));

    /** Finds the parts; together they cover the text. A match of nothing is a part too. */
    void matches(Normalized text, Sink sink);

    /** Every occurrence of a text. */
    record Literal(String content) implements TextPattern {
        @Override
        public void matches(Normalized text, Sink sink) {
            int done = 0;
            int length = text.length();
            if (!content.isEmpty()) {
                char first = content.charAt(0);
                for (int i = 0; i + content.length() <= length;) {
                    if (text.charAt(i) != first || !isAt(text, i)) {
                        i++;
                        continue;
                    }
                    if (i > done) {
                        sink.part(done, i, false);
                    }
                    done = i + content.length();
                    sink.part(i, done, true);
                    i = done;
                }
            }
            if (done < length || length == 0) {
                sink.part(done, length, false);
            }
        }

        private boolean isAt(Normalized text, int at) {
            for (int k = 1; k < content.length(); k++) {
                if (text.charAt(at + k) != content.charAt(k)) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * Every match of a regular expression.
     *
     * @param source
     *            as the file writes it
     * @param pattern
     *            as Java writes it
     * @param known
     *            the same by hand, if there is one
     */
    record Regex(String source, Pattern pattern, @Nullable WordPattern known) implements TextPattern {
        static Regex of(String source) {
            return new Regex(source, compile(source), WordPattern.of(source));
        }

        @Override
        public void matches(Normalized text, Sink sink) {
            int length = text.length();
            int done = 0;
            if (known != null) {
                char[] chars = text.chars();
                int from = text.from();
                for (int at = 0; at < length;) {
                    int end = known.end(chars, from + at, from + length) - from;
                    sink.part(at, end, true);
                    at = end;
                }
                done = length;
            } else {
                int matched = -1; // where the last match ended
                Matcher matcher = pattern.matcher(new Bounded(text.text(), source));
                while (find(matcher)) {
                    int start = matcher.start();
                    int end = matcher.end();
                    if (start == end && start == matched) {
                        continue; // nothing is not found again where a match has ended
                    }
                    if (start > done) {
                        sink.part(done, start, false);
                    }
                    sink.part(start, end, true);
                    done = end;
                    matched = end;
                }
            }
            if (done < length || length == 0) {
                sink.part(done, length, false);
            }
        }

        private boolean find(Matcher matcher) {
            try {
                return matcher.find();
            } catch (StackOverflowError e) {
                throw new IllegalArgumentException("the text is too long for the tokenizer's pattern " + source, e);
            }
        }
    }

    /**
     * A text that is looked at only so often: an expression of a file that was made to run forever, or by mistake does, ends
     * with an error.
     */
    final class Bounded implements CharSequence {
        private static final long LOOKS = 100_000_000;
        private static final long LOOKS_A_CHARACTER = 1000;

        private final String text;
        private final String source;
        private long left;

        Bounded(String text, String source) {
            this.text = text;
            this.source = source;
            left = LOOKS + LOOKS_A_CHARACTER * text.length();
        }

        @Override
        public char charAt(int index) {
            if (--left < 0) {
                throw new IllegalArgumentException("the tokenizer's pattern takes too long on this text: " + source);
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Every character of a kind is a match of its own. */
    record Characters(Normalized.CharacterTest test) implements TextPattern {
        @Override
        public void matches(Normalized text, Sink sink) {
            int length = text.length();
            int done = 0;
            for (int i = 0; i < length;) {
                int c = text.codePointAt(i);
                int next = i + Character.charCount(c);
                if (test.test(c)) {
                    if (i > done) {
                        sink.part(done, i, false);
                    }
                    sink.part(i, next, true);
                    done = next;
                }
                i = next;
            }
            if (done < length || length == 0) {
                sink.part(done, length, false);
            }
        }
    }

    /**
     * Compiles an expression that was written for Oniguruma or Rust: classes mean Unicode's, and scripts may be named
     * without {@code Is}.
     *
     * @throws PatternSyntaxException
     *             if it is malformed
     */
    static Pattern compile(String source) {
        StringBuilder java = new StringBuilder();
        for (int i = 0; i < source.length(); i++) {
            char c = source.charAt(i);
            int named = source.startsWith("[:", i) ? source.indexOf(":]", i) : -1;
            String posix = named < 0 ? null : POSIX.get(source.substring(i + 2, named).replace("^", ""));
            if (posix != null) {
                java.append(source.charAt(i + 2) == '^' ? "[^" : "[").append(posix).append(']');
                i = named + 1;
                continue;
            }
            if (c != '\\' || i + 1 >= source.length()) {
                java.append(c);
                continue;
            }
            char next = source.charAt(i + 1);
            String own = OWN.get(next);
            if (own != null && !(next == 'b' && source.indexOf('[') >= 0)) {
                java.append(own);
                i++;
                continue;
            }
            int close = next == 'p' || next == 'P' ? source.indexOf('}', i) : -1;
            if (close > 0 && i + 2 < source.length() && source.charAt(i + 2) == '{') {
                String name = source.substring(i + 3, close);
                boolean negated = name.startsWith("^");
                String plain = negated ? name.substring(1) : name;
                boolean script = plain.length() > 2 && !plain.startsWith("Is") && isScript(plain);
                java.append('\\').append(negated ? 'P' : next).append('{').append(script ? "Is" : "").append(plain)
                        .append('}');
                i = close;
            } else {
                java.append(c).append(next);
                i++;
            }
        }
        return Pattern.compile(java.toString(), Pattern.UNICODE_CHARACTER_CLASS);
    }

    private static boolean isScript(String name) {
        try {
            Character.UnicodeScript.forName(name);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
