// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a normalised text into the pieces that no token crosses; a part of {@code tokenizer.json}. Each record has the name
 * and the fields of its {@code type} there.
 */
sealed interface PreTokenizer {
    /** The pieces, without empty ones, in order. */
    void split(Normalized text, List<Normalized> out);

    /** The types there are. */
    String KNOWN = "ByteLevel, BertPreTokenizer, Whitespace, WhitespaceSplit, Metaspace, Punctuation, Digits,"
            + " CharDelimiterSplit, Split, FixedLength, UnicodeScripts, Sequence";

    /** What becomes of a match. */
    enum Behavior {
        REMOVED, ISOLATED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS;

        void split(Normalized text, TextPattern pattern, boolean invert, List<Normalized> out) {
            if (this == ISOLATED) {
                pattern.matches(text, (start, end, match) -> add(text, start, end, out));
                return;
            }
            IntBuilder parts = new IntBuilder(64); // start, end, whether a match
            pattern.matches(text, (start, end, match) -> {
                parts.add(start);
                parts.add(end);
                parts.add(match != invert ? 1 : 0);
            });
            int count = parts.size() / 3;
            boolean[] begins = new boolean[count]; // whether the part begins a piece
            for (int i = 0; i < count; i++) {
                boolean match = parts.get(3 * i + 2) == 1;
                boolean before = i > 0 && parts.get(3 * i - 1) == 1;
                switch (this) {
                    case REMOVED -> {
                        if (!match) {
                            add(text, parts.get(3 * i), parts.get(3 * i + 1), out);
                        }
                    }
                    case CONTIGUOUS -> begins[i] = match != before;
                    case MERGED_WITH_PREVIOUS -> begins[i] = !match || before;
                    default -> begins[i] = true;
                }
            }
            if (this == REMOVED) {
                return;
            }
            if (this == MERGED_WITH_NEXT) {
                // from the end: a match goes to what follows it, unless that is a match
                boolean after = false;
                for (int i = count - 1; i >= 0; i--) {
                    boolean match = parts.get(3 * i + 2) == 1;
                    if (match && !after && i + 1 < count) {
                        begins[i + 1] = false;
                    }
                    after = match;
                }
            }
            for (int i = 0; i < count;) {
                int start = parts.get(3 * i);
                int end = parts.get(3 * i + 1);
                for (i++; i < count && !begins[i]; i++) {
                    end = parts.get(3 * i + 1);
                }
                add(text, start, end, out);
            }
        }
    }

    private static void add(Normalized text, int start, int end, List<Normalized> out) {
        if (start < end) {
            out.add(text.slice(start, end));
        }
    }

    /** GPT-2's words, written as bytes. */
    record Bytes(boolean addPrefixSpace, boolean useRegex) implements PreTokenizer {
        private static final TextPattern WORDS = TextPattern.Regex.of(WordPattern.GPT2.regex());

        @Override
        public void split(Normalized text, List<Normalized> out) {
            if (addPrefixSpace && !text.isEmpty() && text.charAt(0) != ' ') {
                text.prepend(" ");
            }
            int first = out.size();
            if (useRegex) {
                Behavior.ISOLATED.split(text, WORDS, false, out);
            } else {
                add(text, 0, text.length(), out);
            }
            Normalizer bytes = new Normalizer.Bytes();
            for (int i = first; i < out.size(); i++) {
                bytes.apply(out.get(i));
            }
        }
    }

    /** White space ends words, punctuation is by itself. */
    record Bert() implements PreTokenizer {
        private static final TextPattern SPACE = new TextPattern.Characters(CharClass::isSpace);

        @Override
        public void split(Normalized text, List<Normalized> out) {
            List<Normalized> words = new ArrayList<>();
            Behavior.REMOVED.split(text, SPACE, false, words);
            for (Normalized word : words) {
                Behavior.ISOLATED.split(word, Punctuation.PATTERN, false, out);
            }
        }
    }

    /** {@code \w+|[^\w\s]+}. */
    record Whitespace() implements PreTokenizer {
        private static final String SOURCE = "\\w+|[^\\w\\s]+";
        private static final TextPattern WORDS = new TextPattern.Regex(SOURCE,
                Pattern.compile(SOURCE, Pattern.UNICODE_CHARACTER_CLASS), null); // Rust's classes are Java's

        @Override
        public void split(Normalized text, List<Normalized> out) {
            Behavior.REMOVED.split(text, WORDS, true, out);
        }
    }

    /** What lies between white space. */
    record WhitespaceSplit() implements PreTokenizer {
        @Override
        public void split(Normalized text, List<Normalized> out) {
            Behavior.REMOVED.split(text, Bert.SPACE, false, out);
        }
    }

    /** SentencePiece's way: spaces become a visible character, which begins words. */
    record Metaspace(String replacement, Scheme prependScheme, boolean split) implements PreTokenizer {
        /** Where one is put before the text. */
        enum Scheme {
            ALWAYS, FIRST, NEVER
        }

        @Override
        public void split(Normalized text, List<Normalized> out) {
            text.replace(new TextPattern.Literal(" "), replacement);
            boolean has = !text.isEmpty() && text.codePointAt(0) == replacement.codePointAt(0);
            if (!has && (prependScheme == Scheme.ALWAYS || (prependScheme == Scheme.FIRST && text.base() == 0))) {
                text.prepend(replacement);
            }
            if (split) {
                Behavior.MERGED_WITH_NEXT.split(text, new TextPattern.Literal(replacement), false, out);
            } else {
                add(text, 0, text.length(), out);
            }
        }
    }

    /** Every punctuation character is a match. */
    record Punctuation(Behavior behavior) implements PreTokenizer {
        static final TextPattern PATTERN = new TextPattern.Characters(UnicodeEight::isPunctuation);

        @Override
        public void split(Normalized text, List<Normalized> out) {
            behavior.split(text, PATTERN, false, out);
        }
    }

    /** Numbers by themselves, or even their digits. */
    record Digits(boolean individualDigits) implements PreTokenizer {
        static final TextPattern PATTERN = new TextPattern.Characters(UnicodeEight::isNumber);

        @Override
        public void split(Normalized text, List<Normalized> out) {
            (individualDigits ? Behavior.ISOLATED : Behavior.CONTIGUOUS).split(text, PATTERN, false, out);
        }
    }

    /** At a text or a regular expression. */
    record Split(TextPattern pattern, Behavior behavior, boolean invert) implements PreTokenizer {
        @Override
        public void split(Normalized text, List<Normalized> out) {
            behavior.split(text, pattern, invert, out);
        }
    }

    /** So many characters each. */
    record FixedLength(int length) implements PreTokenizer {
        @Override
        public void split(Normalized text, List<Normalized> out) {
            for (int start = 0; start < text.length();) {
                int end = start;
                for (int n = 0; n < length && end < text.length(); n++) {
                    end += Character.charCount(text.codePointAt(end));
                }
                add(text, start, end, out);
                start = end;
            }
        }
    }

    /** Where the script changes; Hiragana and Katakana count as Han. Spaces before the first character go. */
    record UnicodeScripts() implements PreTokenizer {
        @Override
        public void split(Normalized text, List<Normalized> out) {
            int start = text.length();
            Character.@Nullable UnicodeScript last = null;
            for (int i = 0; i < text.length();) {
                int c = text.codePointAt(i);
                Character.UnicodeScript script = of(c);
                if (c != ' ' && script != Character.UnicodeScript.UNKNOWN) { // those go with what is before them
                    if (script != last) {
                        add(text, start, i, out);
                        start = i;
                    }
                    last = script;
                }
                i += Character.charCount(c);
            }
            add(text, start, text.length(), out);
        }

        private static Character.UnicodeScript of(int c) {
            Character.UnicodeScript script = UnicodeEight.script(c);
            return c == 'ー' || script == Character.UnicodeScript.HIRAGANA || script == Character.UnicodeScript.KATAKANA
                    ? Character.UnicodeScript.HAN
                    : script;
        }
    }

    /** One after the other. */
    record Sequence(List<PreTokenizer> pretokenizers) implements PreTokenizer {
        @Override
        public void split(Normalized text, List<Normalized> out) {
            List<Normalized> pieces = List.of(text);
            for (PreTokenizer one : pretokenizers) {
                List<Normalized> next = new ArrayList<>();
                for (Normalized piece : pieces) {
                    one.split(piece, next);
                }
                pieces = next;
            }
            out.addAll(pieces);
        }
    }
}
