// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A SentencePiece model as the {@code tokenizer.json} that Hugging Face's converter makes of it, in which unused pieces of a
 * unigram model are used.
 */
final class SentencePieceJson {
    private SentencePieceJson() {}

    static String write(SentencePieceVocabulary vocabulary, SentencePiece.Options options) {
        String other = options.suffix() ? "whose words end with their space"
                : options.algorithm() == SentencePiece.Algorithm.WORD ? "of words"
                        : !options.escapeSpaces() ? "whose pieces have spaces"
                                : options.back() != null ? "with rules for decoding" : "";
        if (!other.isEmpty()) {
            throw new IllegalArgumentException("a SentencePiece model " + other
                    + " cannot be a tokenizer.json: it would give other ids or texts");
        }
        SentencePiece.Type[] types = vocabulary.types;
        List<String> pieces = vocabulary.pieces;
        float[] scores = vocabulary.scores;
        int unknown = vocabulary.unknown;
        List<@Nullable Object> added = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
            boolean special = types[id] == SentencePiece.Type.CONTROL || types[id] == SentencePiece.Type.UNKNOWN;
            if ((special || types[id] == SentencePiece.Type.USER_DEFINED) && !pieces.get(id).isEmpty()) {
                added.add(TokenizerJson.object(new AddedToken(id, pieces.get(id), special, false)));
            }
        }
        String space = String.valueOf(SentencePiece.SPACE);
        List<@Nullable Object> normalizers = new ArrayList<>();
        if (options.map() != null) {
            normalizers.add(TokenizerJson.object("type", "Precompiled", "precompiled_charsmap",
                    Base64.getEncoder().encodeToString(options.map().bytes())));
        }
        if (options.removeExtraSpaces()) {
            normalizers.add(TokenizerJson.object("type", "Replace", "pattern", TokenizerJson.object("Regex", " {2,}"),
                    "content", " "));
            // not Strip, which takes tabs and line ends too; behind the other, so that there is one space at most
            normalizers.add(TokenizerJson.object("type", "Replace", "pattern",
                    TokenizerJson.object("Regex", "\\A | \\z"), "content", ""));
        }
        if (options.dummyPrefix()) {
            normalizers.add(TokenizerJson.object("type", "Prepend", "prepend", space));
        }
        normalizers.add(TokenizerJson.object("type", "Replace", "pattern", TokenizerJson.object("String", " "),
                "content", space));
        Map<String, @Nullable Object> model = options.algorithm() == SentencePiece.Algorithm.UNIGRAM
                ? unigram(pieces, scores, options, unknown)
                : bpe(pieces, scores, types, options, unknown);
        List<@Nullable Object> decoders = new ArrayList<>(List.of(
                TokenizerJson.object("type", "Replace", "pattern", TokenizerJson.object("String", space), "content",
                        " "),
                TokenizerJson.object("type", "ByteFallback"), TokenizerJson.object("type", "Fuse")));
        if (options.dummyPrefix()) {
            decoders.add(TokenizerJson.object("type", "Strip", "content", " ", "start", 1, "stop", 0));
        }
        return Json.indented(TokenizerJson.object("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", added, "normalizer",
                TokenizerJson.object("type", "Sequence", "normalizers", normalizers), "pre_tokenizer", null,
                "post_processor", TokenizerFile.around(options.before(), options.after(), pieces), "decoder",
                TokenizerJson.object("type", "Sequence", "decoders", decoders), "model", model));
    }

    private static Map<String, @Nullable Object> unigram(List<String> pieces, float[] scores,
            SentencePiece.Options options, int unknown) {
        List<@Nullable Object> vocab = new ArrayList<>(pieces.size());
        for (int id = 0; id < scores.length; id++) {
            vocab.add(List.of(pieces.get(id), (double) scores[id]));
        }
        return TokenizerJson.object("type", "Unigram", "unk_id", unknown < 0 ? null : unknown, "vocab", vocab,
                "byte_fallback", options.byteFallback());
    }

    /** Every way to make a piece of two others is a merge; the order is that of the scores. */
    private static Map<String, @Nullable Object> bpe(List<String> pieces, float[] scores, SentencePiece.Type[] types,
            SentencePiece.Options options, int unknown) {
        Map<String, @Nullable Object> vocab = TokenizerJson.object();
        for (int id = 0; id < scores.length; id++) {
            vocab.putIfAbsent(pieces.get(id), id);
        }
        return TokenizerJson.object("type", "BPE", "dropout", null, "unk_token",
                unknown < 0 ? null : pieces.get(unknown), "continuing_subword_prefix", null, "end_of_word_suffix",
                null, "fuse_unk", true, "byte_fallback", options.byteFallback(), "ignore_merges", false, "vocab", vocab,
                "merges", merges(pieces, scores, types));
    }

    /** The merges of the pieces that are made of others. */
    static List<@Nullable Object> merges(List<String> pieces, float[] scores, SentencePiece.Type[] types) {
        Spellings ids = new Spellings(pieces);
        record Merge(int id, int left, int right) {}
        List<Merge> merges = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
            String piece = pieces.get(id);
            if (types[id] != SentencePiece.Type.NORMAL || piece.indexOf(' ') >= 0) {
                continue;
            }
            ids.spell(piece);
            for (int cut = 1; cut < piece.length(); cut++) {
                int left = ids.find(0, cut);
                int right = left < 0 ? -1 : ids.find(cut, piece.length());
                if (right >= 0 && types[left] == SentencePiece.Type.NORMAL
                        && types[right] == SentencePiece.Type.NORMAL) {
                    merges.add(new Merge(id, left, right));
                }
            }
        }
        merges.sort(Comparator.comparingDouble((Merge m) -> -scores[m.id()]).thenComparingInt(Merge::left)
                .thenComparingInt(Merge::right));
        List<@Nullable Object> pairs = new ArrayList<>(merges.size());
        for (Merge merge : merges) {
            pairs.add(pieces.get(merge.left()) + " " + pieces.get(merge.right()));
        }
        return pairs;
    }

    /** Finds pieces that are parts of another without making strings of these: by a polynomial of their units. */
    private static final class Spellings {
        private static final long BASE = 0x9E3779B97F4A7C15L;

        private final List<String> pieces;
        private final long[] polynomials; // by id
        private final int[] table; // the first id of a text, plus one
        private String piece = "";
        private long[] sums = new long[64]; // of the piece's first units
        private long[] powers = new long[64];

        Spellings(List<String> pieces) {
            this.pieces = pieces;
            polynomials = new long[pieces.size()];
            table = new int[Integer.highestOneBit(Math.max(8, pieces.size())) * 4];
            for (int id = 0; id < polynomials.length; id++) {
                spell(pieces.get(id));
                int length = piece.length();
                polynomials[id] = sums[length];
                int slot = slot(0, length, sums[length]);
                if (table[slot] == 0) {
                    table[slot] = id + 1;
                }
            }
        }

        /** Parts of this piece are asked for from now on. */
        void spell(String text) {
            piece = text;
            int length = text.length();
            if (length >= sums.length) {
                sums = new long[2 * length];
                powers = new long[2 * length];
            }
            powers[0] = 1;
            for (int i = 0; i < length; i++) {
                sums[i + 1] = sums[i] * BASE + text.charAt(i) + 1;
                powers[i + 1] = powers[i] * BASE;
            }
        }

        /** The first piece that is spelled so, -1 if there is none. */
        int find(int from, int to) {
            return table[slot(from, to, sums[to] - sums[from] * powers[to - from])] - 1;
        }

        private int slot(int from, int to, long polynomial) {
            int mask = table.length - 1;
            int slot = (int) (polynomial * BASE >>> 32) & mask;
            while (table[slot] != 0) {
                int id = table[slot] - 1;
                if (polynomials[id] == polynomial && pieces.get(id).length() == to - from
                        && pieces.get(id).regionMatches(0, piece, from, to - from)) {
                    break;
                }
                slot = (slot + 1) & mask;
            }
            return slot;
        }
    }
}
