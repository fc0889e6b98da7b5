// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A SentencePiece model as the {@code tokenizer.json} that Hugging Face's converter makes of it. */
final class SentencePieceJson {
    private SentencePieceJson() {}

    static String write(List<String> pieces, float[] scores, SentencePiece.Type[] types,
            SentencePiece.Options options, int unknown) {
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
            normalizers.add(TokenizerJson.object("type", "Strip", "strip_left", true, "strip_right", true));
            normalizers.add(TokenizerJson.object("type", "Replace", "pattern", TokenizerJson.object("Regex", " {2,}"),
                    "content", " "));
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
        return JsonObject.write(TokenizerJson.object("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", added, "normalizer",
                TokenizerJson.object("type", "Sequence", "normalizers", normalizers), "pre_tokenizer", null,
                "post_processor", null, "decoder",
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
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < scores.length; id++) {
            ids.putIfAbsent(pieces.get(id), id);
        }
        record Merge(int id, int left, int right, String pair) {}
        List<Merge> merges = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
            String piece = pieces.get(id);
            if (types[id] != SentencePiece.Type.NORMAL) {
                continue;
            }
            for (int cut = 1; cut < piece.length(); cut++) {
                Integer left = ids.get(piece.substring(0, cut));
                Integer right = ids.get(piece.substring(cut));
                if (left != null && right != null && types[left] == SentencePiece.Type.NORMAL
                        && types[right] == SentencePiece.Type.NORMAL && !piece.contains(" ")) {
                    merges.add(new Merge(id, left, right, piece.substring(0, cut) + " " + piece.substring(cut)));
                }
            }
        }
        merges.sort(Comparator.comparingDouble((Merge m) -> -scores[m.id()]).thenComparingInt(Merge::left)
                .thenComparingInt(Merge::right));
        return new ArrayList<>(merges.stream().map(Merge::pair).toList());
    }
}
