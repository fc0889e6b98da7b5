// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ids of {@link SentencePiece} by stretches of a text, each of which is encoded once: a space and what follows up to the next, or,
 * where spaces end words, what stands before a space and that. This is for models that have no piece and no rule of
 * normalisation that reaches across such a border.
 */
final class SentencePieceStretches implements PretokenEncoder.Model {
    private static final int[] NOWHERE = {};
    private static final int COMPLEX = ' '; // no character becomes that here

    private final SentencePiece.Options options;
    private final SentencePieceNormalizer normalizer;
    private final SentencePiece.Model model;
    private final BitSet later; // characters that rules of normalisation have behind others
    private final String userFirsts; // characters that begin user-defined pieces, which rules leave as they are but would change
    // by character what it becomes, the second unit in the higher half; COMPLEX where that takes more, 0 where not known
    private final int[][] becomes = new int[256][];
    private final boolean[] spaces = new boolean[128]; // what counts as a space
    private final boolean[] alone = new boolean[128]; // characters that are no part of any longer piece
    private final byte[] edges = new byte[1 << 16]; // by character, whether a cut may lie beside it: 0 not known, 1 yes, 2 no
    private final PretokenEncoder encoder;

    private SentencePieceStretches(SentencePiece.Options options, SentencePieceNormalizer normalizer,
            SentencePiece.Model model, BitSet later, Set<String> userDefined) {
        this.options = options;
        this.normalizer = normalizer;
        this.model = model;
        this.later = later;
        spaces[' '] = true;
        for (char c = 0; c < ' ' && options.removeExtraSpaces(); c++) {
            spaces[c] = " ".equals(normal(c));
        }
        userFirsts = userDefined.stream()
                .allMatch(p -> p.codePoints().allMatch(c -> normal(c).equals(Character.toString(c))))
                        ? ""
                        : userDefined.stream().map(p -> Character.toString(p.codePointAt(0)))
                                .collect(Collectors.joining());
        boolean beforeSpaces = !options.suffix() && IntStream.rangeClosed('a', 'z').allMatch(this::isEdge);
        encoder = new PretokenEncoder(this::end, beforeSpaces, this);
    }

    /** Null if a text cannot be cut so. */
    static @Nullable SentencePieceStretches of(SentencePieceVocabulary vocabulary, SentencePiece.Options options,
            SentencePieceNormalizer normalizer, SentencePiece.Model model) {
        BitSet later = options.map() == null ? new BitSet() : options.map().later();
        Integer space = vocabulary.made.get(String.valueOf(SentencePiece.SPACE)); // unknown ones would be one with others
        if (!options.escapeSpaces() || space == null || vocabulary.types[space] == SentencePiece.Type.UNUSED
                || later == null
                || !(model instanceof SentencePieceBpe || model instanceof SentencePieceUnigram)
                || (model instanceof SentencePieceUnigram && vocabulary.unknown < 0)) {
            return null;
        }
        SentencePieceStretches stretches = new SentencePieceStretches(options, normalizer, model, later,
                vocabulary.userDefined.keySet());
        if (vocabulary.userDefined.keySet().stream().anyMatch(stretches::hasControlSpace)) {
            return null; // it is a space in a text, but not in that piece
        }
        for (int c = 0; c < ' '; c++) {
            stretches.alone[c] = options.algorithm() == SentencePiece.Algorithm.BPE && options.byteFallback()
                    && options.map() == null && !stretches.spaces[c];
        }
        for (String piece : vocabulary.made.keySet()) {
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

    @Override
    public void ids(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
        if (model instanceof SentencePieceUnigram unigram) {
            unigram.ids(normalized(utf8, from, to), to - from, work);
        } else if (model instanceof SentencePieceBpe bpe) {
            bpe.ids(normalized(utf8, from, to), work);
        }
    }

    @Override
    public void ids(byte[] utf8, NewWords words, PretokenEncoder.Work work) {
        if (model instanceof SentencePieceBpe bpe && bpe.onlyMerges() && normalize(utf8, words, work)) {
            bpe.ids(work.bytes, work.forms, words, work);
        } else {
            PretokenEncoder.Model.super.ids(utf8, words, work);
        }
    }

    /** Puts the normalised forms of stretches in a row, to be merged together; whether none of them is empty. */
    private boolean normalize(byte[] utf8, NewWords words, PretokenEncoder.Work work) {
        work.forms.clear();
        int at = 0;
        for (int w = 0; w < words.size(); w++) {
            SentencePieceNormalizer.Text form = normalized(utf8, words.start(w), words.end(w));
            if (form.length() == 0) {
                return false;
            }
            work.ensureForms(at, 3 * form.length());
            int end = Utf8.write(form.chars(), 0, form.length(), work.bytes, at);
            work.forms.add(at, end);
            at = end;
        }
        return true;
    }

    /** A stretch, normalised. */
    private SentencePieceNormalizer.Text normalized(byte[] utf8, int from, int to) {
        int begin = from;
        int end = to;
        // of several spaces one is kept
        while (options.removeExtraSpaces() && options.suffix() && end > begin && isSpace(utf8[end - 1])) {
            end--;
        }
        while (options.removeExtraSpaces() && !options.suffix() && begin < end && isSpace(utf8[begin])) {
            begin++;
        }
        boolean space = end - begin < to - from;
        char[] out = new char[2 * (end - begin) + 1];
        int n = 0;
        if (space && !options.suffix()) {
            out[n++] = SentencePiece.SPACE;
        }
        for (int at = begin; at < end;) {
            int c = utf8[at];
            if (c >= 0) {
                at++;
            } else {
                c = Utf8.codePointAt(utf8, at);
                at += c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            }
            int made = becomes(c);
            if (made == COMPLEX) {
                String text = new String(utf8, begin, end - begin, StandardCharsets.UTF_8);
                return normalizer.apply(text, 0, text.length(), space);
            }
            out[n++] = (char) made;
            if (made >>> 16 != 0) {
                out[n++] = (char) (made >>> 16);
            }
        }
        if (space && options.suffix()) {
            out[n++] = SentencePiece.SPACE;
        }
        return new SentencePieceNormalizer.Text(out, n, NOWHERE);
    }

    private int becomes(int c) {
        if (c > 0xFFFF) {
            return complete(c);
        }
        int[] page = becomes[c >> 8];
        if (page == null) {
            page = new int[256];
            becomes[c >> 8] = page; // every thread would write the same
        }
        int known = page[c & 0xFF];
        if (known == 0) {
            known = complete(c);
            page[c & 0xFF] = known;
        }
        return known;
    }

    private int complete(int c) {
        if (c == ' ' && normal(c).equals(" ") && !options.removeExtraSpaces()) {
            return SentencePiece.SPACE;
        }
        String made = normal(c);
        boolean simple = (made.length() == 1 || made.length() == 2) && made.indexOf(' ') < 0 && made.indexOf(0) < 0
                && (!options.removeExtraSpaces() || made.indexOf(SentencePiece.SPACE) < 0) && !later.get(c)
                && userFirsts.indexOf(c) < 0;
        return simple ? made.charAt(0) | (made.length() == 2 ? made.charAt(1) << 16 : 0) : COMPLEX;
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

    private boolean hasControlSpace(String piece) {
        return piece.chars().anyMatch(c -> c != ' ' && isSpace(c));
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
        if (model instanceof SentencePieceUnigram unigram) {
            String whole = !prefix ? part : options.suffix() ? part + " " : " " + part;
            return unigram.encode(whole, encoder, this::normalized);
        }
        return options.suffix()
                ? encoder.encode(prefix ? part + " " : part)
                : encoder.encode(part, prefix);
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
            if (at >= to || ((space == 0 || isEdge(Utf8.codePointBefore(utf8, space)))
                    && isEdge(Utf8.codePointAt(utf8, at)))) {
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
            if (at >= to) {
                return at;
            }
            if (alone[utf8[at]]) {
                if (isEdge(Utf8.codePointBefore(utf8, at))) {
                    return at;
                }
                at++; // at a stretch's end a space would be left out
                continue;
            }
            int behind = at;
            while (behind < to && isSpace(utf8[behind])) {
                behind++;
            }
            if (isEdge(Utf8.codePointBefore(utf8, at)) && (behind >= to || isEdge(Utf8.codePointAt(utf8, behind)))) {
                return at;
            }
            at = behind;
        }
    }
}
