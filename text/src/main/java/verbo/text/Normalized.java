// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text on its way through normalisation, each of whose units still knows which part of the original it comes from: the
 * {@code NormalizedString} of Hugging Face's {@code tokenizers}, in UTF-16 units. A slice shares the arrays of what it was
 * cut from; a change makes new ones.
 */
final class Normalized {
    private static final long LEAST_LIMIT = 1 << 20;

    private char[] chars;
    private int from;
    private int to;
    // where in the original each unit begins and ends; null while nothing was changed: then unit i is original i
    private int[] starts = {};
    private int[] ends = {};
    private boolean identity;
    /** Where in the original this begins: what is put before the first unit stands there. */
    private int base;

    /** How long the original is: rules that double a text again and again are not followed forever. */
    private int whole;

    private Normalized(char[] chars, int from, int to) {
        this.chars = chars;
        this.from = from;
        this.to = to;
    }

    static Normalized of(String text) {
        Normalized normalized = new Normalized(text.toCharArray(), 0, text.length());
        normalized.identity = true;
        normalized.whole = text.length();
        return normalized;
    }

    int length() {
        return to - from;
    }

    boolean isEmpty() {
        return from == to;
    }

    char charAt(int index) {
        return chars[from + index];
    }

    int codePointAt(int index) {
        return Character.codePointAt(chars, from + index, to);
    }

    String text() {
        return new String(chars, from, to - from);
    }

    String text(int start, int end) {
        return new String(chars, from + start, end - start);
    }

    char[] chars() {
        return chars;
    }

    int from() {
        return from;
    }

    /** Where in the original this begins. */
    int base() {
        return base;
    }

    /** Where in the original the unit's character begins. */
    int start(int index) {
        int i = from + index;
        if (!identity) {
            return starts[i];
        }
        return Character.isLowSurrogate(chars[i]) && i > from && Character.isHighSurrogate(chars[i - 1]) ? i - 1 : i;
    }

    /** Where in the original the unit's character ends. */
    int end(int index) {
        int i = from + index;
        if (!identity) {
            return ends[i];
        }
        return Character.isHighSurrogate(chars[i]) && i + 1 < to && Character.isLowSurrogate(chars[i + 1])
                ? i + 2
                : i + 1;
    }

    Normalized slice(int start, int end) {
        Normalized slice = new Normalized(chars, from + start, from + end);
        slice.starts = starts;
        slice.ends = ends;
        slice.identity = identity;
        slice.whole = whole;
        slice.base = start < end ? start(start) : base;
        return slice;
    }

    /** A text being made from this one. */
    final class Change {
        private char[] newChars;
        private int[] newStarts;
        private int[] newEnds;
        private int size;
        private int at; // the next unit of the old text
        private final long limit = LEAST_LIMIT + 64L * whole;

        Change(int capacity) {
            newChars = new char[Math.max(16, capacity)];
            newStarts = new int[newChars.length];
            newEnds = new int[newChars.length];
        }

        /** Takes over the next characters as they are, up to a unit. */
        void keepTo(int end) {
            ensure(end - at);
            while (at < end) {
                newChars[size] = charAt(at);
                newStarts[size] = start(at);
                newEnds[size++] = end(at);
                at++;
            }
        }

        /** Leaves out the next characters. */
        void skip(int characters) {
            for (int i = 0; i < characters && at < length(); i++) {
                at += Character.charCount(codePointAt(at));
            }
        }

        void skipTo(int end) {
            at = end;
        }

        /**
         * One character of the new text.
         *
         * @param change
         *            1 if it is new, 0 if it stands for the next one of the old text, -n if it stands for that and the n
         *            after it
         */
        void put(int codePoint, int change) {
            int start;
            int end;
            if (change > 0) {
                start = at == 0 ? base : start(at - 1);
                end = at == 0 ? base : end(at - 1);
            } else {
                int unit = Math.min(at, length() - 1);
                start = start(unit);
                end = end(unit);
                skip(1 - change);
            }
            put(codePoint, start, end);
        }

        private void put(int codePoint, int start, int end) {
            ensure(2);
            int units = Character.toChars(codePoint, newChars, size);
            for (int i = 0; i < units; i++) {
                newStarts[size] = start;
                newEnds[size++] = end;
            }
        }

        private void ensure(int more) {
            if (size + more > newChars.length) {
                if (size + more > limit) {
                    throw new IllegalArgumentException("the tokenizer's normaliser makes a text of " + whole
                            + " characters more than " + limit + " long");
                }
                int capacity = Math.max(size + more, size + (size >> 1));
                newChars = Arrays.copyOf(newChars, capacity);
                newStarts = Arrays.copyOf(newStarts, capacity);
                newEnds = Arrays.copyOf(newEnds, capacity);
            }
        }

        /** Makes the new text the text. */
        void finish() {
            chars = newChars;
            starts = newStarts;
            ends = newEnds;
            from = 0;
            to = size;
            identity = false;
        }
    }

    Change change() {
        return new Change(length() + 8);
    }

    /** Puts a text before this one, which becomes part of the first character; an empty text stays empty. */
    void prepend(String text) {
        if (isEmpty()) {
            return;
        }
        Change change = new Change(length() + text.length());
        int start = start(0);
        int end = end(0);
        text.codePoints().forEach(c -> change.put(c, start, end));
        change.keepTo(length());
        change.finish();
    }

    /** Which characters to keep. */
    interface CharacterTest {
        boolean test(int codePoint);
    }

    /** What a character becomes. */
    interface CharacterMap {
        int apply(int codePoint);
    }

    void filter(CharacterTest keep) {
        int i = 0;
        while (i < length() && keep.test(codePointAt(i))) {
            i += Character.charCount(codePointAt(i));
        }
        if (i == length()) {
            return;
        }
        Change change = change();
        change.keepTo(i);
        while (i < length()) {
            int c = codePointAt(i);
            int next = i + Character.charCount(c);
            if (keep.test(c)) {
                change.keepTo(next);
            } else {
                change.skipTo(next);
            }
            i = next;
        }
        change.finish();
    }

    void map(CharacterMap map) {
        int i = 0;
        while (i < length() && map.apply(codePointAt(i)) == codePointAt(i)) {
            i += Character.charCount(codePointAt(i));
        }
        if (i == length()) {
            return;
        }
        Change change = change();
        change.keepTo(i);
        while (i < length()) {
            int c = codePointAt(i);
            change.put(map.apply(c), 0);
            i += Character.charCount(c);
        }
        change.finish();
    }

    /** Puts a text in the place of every match; it belongs to the last character of what it replaces. */
    void replace(TextPattern pattern, String content) {
        List<int[]> matches = new ArrayList<>();
        pattern.matches(this, (start, end, match) -> {
            if (match) {
                matches.add(new int[]{start, end});
            }
        });
        if (matches.isEmpty()) {
            return;
        }
        Change change = change();
        for (int[] match : matches) {
            change.keepTo(match[0]);
            change.skipTo(match[1]);
            content.codePoints().forEach(c -> change.put(c, 1));
        }
        change.keepTo(length());
        change.finish();
    }
}
