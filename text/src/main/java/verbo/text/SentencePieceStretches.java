// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ids of {@link SentencePiece} by stretches of a text, each a space and what follows up to the next (or what is before a space and that), which are encoded once:
 * where no piece has a space behind another character and no rule of normalisation reaches across one.
 *
 * <p>
 * The library adds up a unigram model's scores over a whole text in single precision. So that rounding cannot have chosen
 * otherwise than within a stretch alone, each has a mark, an id beyond the vocabulary, of how far the best way to write it was
 * ahead; where that is too little for the sum, the whole text is to be looked at.
 */
final class SentencePieceStretches {
    private static final int MARKS = 64;

    private final SentencePiece pieces;
    private final SentencePiece.Options options;
    private final boolean[] spaces = new boolean[128]; // what counts as a space
    private final boolean[] alone = new boolean[128]; // characters that are no part of any longer piece
    private final byte[] edges = new byte[1 << 16]; // by character, whether a cut may lie beside it: 0 not known, 1 yes, 2 no
    private final PretokenEncoder encoder;

    private SentencePieceStretches(SentencePiece pieces, SentencePiece.Options options) {
        this.pieces = pieces;
        this.options = options;
        spaces[' '] = true;
        for (char c = 0; c < ' ' && options.removeExtraSpaces(); c++) {
            spaces[c] = " ".equals(normal(c));
        }
        encoder = new PretokenEncoder(this::end, this::ids);
    }

    private void ids(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
        int begin = from;
        int end = to;
        // of several spaces one is kept
        while (options.removeExtraSpaces() && options.suffix() && end > begin && isSpace(utf8[end - 1])) {
            end--;
        }
        while (options.removeExtraSpaces() && !options.suffix() && begin < end && isSpace(utf8[begin])) {
            begin++;
        }
        pieces.stretch(new String(utf8, begin, end - begin, StandardCharsets.UTF_8), end - begin < to - from, work);
    }

    /** Null if a text cannot be cut so. */
    static @Nullable SentencePieceStretches of(SentencePiece pieces, SentencePiece.Options options, List<String> made) {
        if (!options.escapeSpaces() || pieces.id(String.valueOf(SentencePiece.SPACE)) < 0
                || (options.algorithm() != SentencePiece.Algorithm.BPE
                        && options.algorithm() != SentencePiece.Algorithm.UNIGRAM)
                || (options.map() != null && !options.map().keepsToSpaces())) {
            return null;
        }
        SentencePieceStretches stretches = new SentencePieceStretches(pieces, options);
        for (int c = 0; c < ' '; c++) {
            stretches.alone[c] = options.algorithm() == SentencePiece.Algorithm.BPE && options.byteFallback()
                    && options.map() == null && !stretches.spaces[c];
        }
        for (String piece : made) {
            for (int i = 0; i < piece.length(); i++) {
                char c = piece.charAt(i);
                int beside = options.suffix() ? i + 1 : i - 1; // nothing but a space may stand there
                if (c == ' ' || (c == SentencePiece.SPACE && beside >= 0 && beside < piece.length()
                        && piece.charAt(beside) != SentencePiece.SPACE)) {
                    return null;
                }
                if (c < 128 && piece.length() > 1) {
                    stretches.alone[c] = false;
                }
            }
        }
        return stretches;
    }

    /** What a character becomes by itself. */
    private String normal(int c) {
        return options.map() == null ? Character.toString(c) : options.map().applied(Character.toString(c));
    }

    /** Whether a character stays something that is no space. */
    private boolean isEdge(int c) {
        if (c > 0xFFFF) {
            return edge(c);
        }
        if (edges[c] == 0) {
            edges[c] = (byte) (edge(c) ? 1 : 2);
        }
        return edges[c] == 1;
    }

    private boolean edge(int c) {
        String normal = normal(c);
        return !normal.isEmpty() && normal.indexOf(' ') < 0 && normal.indexOf(SentencePiece.SPACE) < 0;
    }

    private boolean isSpace(int c) {
        return c >= 0 && c < 128 && spaces[c];
    }

    /** The ids of a text, null if it takes the whole. */
    int @Nullable [] encode(String text, boolean prefix) {
        int from = 0;
        int to = text.length();
        if (options.removeExtraSpaces()) {
            while (from < to && isSpace(text.charAt(from))) {
                from++;
            }
            while (to > from && isSpace(text.charAt(to - 1))) {
                to--;
            }
            if (from < to && !(isEdge(text.codePointAt(from)) && isEdge(text.codePointBefore(to)))) {
                return null;
            }
        }
        if (from == to) {
            return new int[0];
        }
        String part = text.substring(from, to);
        int[] ids = options.suffix()
                ? encoder.encode(prefix ? part + " " : part)
                : encoder.encode(part, prefix);
        return options.algorithm() == SentencePiece.Algorithm.UNIGRAM ? unmarked(ids) : ids;
    }

    private int end(byte[] utf8, int from, int to) {
        return options.suffix() ? behindSpaces(utf8, from, to) : beforeSpaces(utf8, from, to);
    }

    private int behindSpaces(byte[] utf8, int from, int to) {
        int at = from;
        while (true) {
            while (at < to && !isSpace(utf8[at])) {
                at++;
            }
            int space = at;
            while (at < to && isSpace(utf8[at])) {
                at++;
            }
            if (at >= to || ((space == 0 || isEdge(Stretches.before(utf8, space)))
                    && isEdge(Stretches.code(utf8, at)))) {
                return at;
            }
        }
    }

    private int beforeSpaces(byte[] utf8, int from, int to) {
        int at = from;
        while (at < to && isSpace(utf8[at])) {
            at++;
        }
        if (at == from && utf8[at] >= 0 && alone[utf8[at]]) {
            return at + 1;
        }
        while (true) {
            while (at < to && !(utf8[at] >= 0 && (spaces[utf8[at]] || alone[utf8[at]]))) {
                at++;
            }
            if (at >= to || (alone[utf8[at]] && at > from)) {
                return at;
            }
            int behind = at;
            while (behind < to && isSpace(utf8[behind])) {
                behind++;
            }
            if (isEdge(Stretches.before(utf8, at)) && (behind >= to || isEdge(Stretches.code(utf8, behind)))) {
                return at;
            }
            at = behind;
        }
    }

    /** The mark of a stretch whose best way is ahead by so much at the least. */
    static int mark(double ahead, int length) {
        double each = ahead / (2 * (length + 2));
        return each <= 0 ? 0 : Math.clamp(Math.getExponent(each) + MARKS - 16, 0, MARKS - 1);
    }

    private int @Nullable [] unmarked(int[] ids) {
        int size = pieces.size();
        int least = MARKS - 1;
        int n = 0;
        double sum = 0;
        for (int id : ids) {
            if (id >= size) {
                least = Math.min(least, id - size);
            } else {
                ids[n++] = id;
                sum += Math.abs(pieces.cost(id));
            }
        }
        if (least == 0 || Math.scalb(1f, least - MARKS + 16) <= Math.ulp((float) sum)) {
            return null;
        }
        return Arrays.copyOf(ids, n);
    }
}
