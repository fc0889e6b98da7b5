// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which characters a normaliser leaves visible, so that a space next to one stays what it is. */
final class StretchEdges {
    private static final byte YES = 1;
    private static final byte NO = 2;

    final @Nullable Normalizer normalizer;
    private final byte[] known = new byte[CharClass.PLACES];
    private final long spaces; // bits of characters that are as spaces

    StretchEdges(@Nullable Normalizer normalizer) {
        this.normalizer = normalizer;
        String space = normalized(" ");
        String line = normalized("\r\n"); // of which one space may be left
        boolean lineIsSpace = line.equals(space) || line.equals(space.repeat(2));
        spaces = Stream.of(' ', '\t', '\n', '\r').filter(c -> c == ' ' || (normalized(c.toString()).equals(space)
                && !isWithinLiteral(normalizer, c.toString()) && (c != '\r' || lineIsSpace)))
                .mapToLong(c -> 1L << c).sum();
    }

    /** Whether a character, or a byte of UTF-8, becomes what a space becomes. */
    boolean isAsSpace(int c) {
        return c > 0 && c <= ' ' && (spaces >>> c & 1) != 0;
    }

    /** Whether a text is looked for that has another in it. */
    private static boolean isWithinLiteral(@Nullable Normalizer normalizer, String text) {
        return switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> list) ->
                list.stream().anyMatch(n -> isWithinLiteral(n, text));
            case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                from.contains(text) && !from.equals(text);
            case null, default -> false;
        };
    }

    String normalized(String text) {
        return Normalizer.applied(normalizer, text).text();
    }

    boolean stay(int c) {
        int place = CharClass.place(c);
        if (place < 0) {
            return false;
        }
        byte is = known[place];
        if (is == 0) {
            is = find(c) ? YES : NO;
            known[place] = is;
        }
        return is == YES;
    }

    private boolean find(int c) {
        if (c == '\t' || c == '\n' || c == '\r') {
            return leavesControl((char) c);
        }
        if (c > 0xFFFF ? CharsMap.joins(c) : !isVisible((char) c)) {
            return false;
        }
        String written = Character.toString(c);
        if (written.chars().anyMatch(half -> isOfLiteral(normalizer, (char) half))) {
            return false;
        }
        String text = normalized(written);
        return !text.isEmpty() && !isInvisible(text.charAt(0)) && !isInvisible(text.charAt(text.length() - 1));
    }

    /** Whether a character is seen by itself. */
    private static boolean isVisible(char c) {
        int type = Character.getType(c);
        // U+0D4E and formats are in one cluster with what follows, marks with what is before
        return !(isInvisible(c) || c == 0xD4E || type == Character.CONTROL || type == Character.FORMAT
                || type == Character.UNASSIGNED || type == Character.PRIVATE_USE || type == Character.SURROGATE
                || CharClass.at(c) == CharClass.MARK);
    }

    /** Whether a tab or the end of a line is left as it is, whatever stands beside it. */
    private boolean leavesControl(char c) {
        String space = normalized(" ");
        return !isOfLiteral(normalizer, c) && normalized("a " + c + " " + c + c + " a")
                .equals("a" + space + c + space + c + c + space + "a") && normalized("\r\n").equals("\r\n");
    }

    /** Whether of several characters that are as spaces the same is left as of one. */
    boolean mergesSpaces() {
        List<String> all = IntStream.rangeClosed(1, ' ').filter(this::isAsSpace).mapToObj(Character::toString)
                .toList();
        return all.stream().allMatch(a -> all.stream().allMatch(b -> isSpace(normalized(a + b))))
                && isSpace(normalized("   "));
    }

    static boolean isSpace(String text) {
        return text.equals(" ") || text.equals("\u2581");
    }

    /** Whether a character is of a text that is replaced, so that more than itself counts. */
    static boolean isOfLiteral(@Nullable Normalizer normalizer, char c) {
        return switch (normalizer) {
            case Normalizer.Replace(TextPattern.Literal(String from), String to) -> from.indexOf(c) >= 0;
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().anyMatch(n -> isOfLiteral(n, c));
            case null, default -> false;
        };
    }

    static boolean isInvisible(char c) {
        return CharClass.isSpace(c) || c == SentencePiece.SPACE;
    }
}
