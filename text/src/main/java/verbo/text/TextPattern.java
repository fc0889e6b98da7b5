// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a text is searched for, be it to replace it or to split there. */
sealed interface TextPattern {
    /** Told the parts of a text in order: matches, and what lies between them. */
    interface Sink {
        void part(int start, int end, boolean match);
    }

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
     *            as the file writes it, in Oniguruma's syntax
     * @param pattern
     *            as Java writes it
     * @param known
     *            the same by hand, if there is one
     */
    record Regex(String source, Pattern pattern, @Nullable WordPattern known) implements TextPattern {
        static Regex of(String source) {
            return new Regex(source, Oniguruma.compile(source), WordPattern.of(source));
        }

        @Override
        public void matches(Normalized text, Sink sink) {
            int length = text.length();
            int done = 0;
            if (length == 0) {
                sink.part(0, 0, false); // whatever matches nothing, the library does not look
                return;
            }
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
                for (int from = 0; from <= length && find(matcher, from);) {
                    int start = matcher.start();
                    int end = matcher.end();
                    if (start == end && start == matched) { // nothing is not found again where a match has ended
                        from += from < length ? Character.charCount(text.codePointAt(from)) : 1;
                        continue;
                    }
                    if (start > done) {
                        sink.part(done, start, false);
                    }
                    sink.part(start, end, true);
                    from = end;
                    done = end;
                    matched = end;
                }
            }
            if (done < length) {
                sink.part(done, length, false);
            }
        }

        private boolean find(Matcher matcher, int from) {
            try {
                return matcher.find(from);
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
}
