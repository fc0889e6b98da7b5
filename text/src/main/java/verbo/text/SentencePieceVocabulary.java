// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The pieces of a SentencePiece model by their ids. */
final class SentencePieceVocabulary {
    final List<String> pieces;
    final float[] scores;
    final SentencePiece.Type[] types;
    /** The lowest id of each piece. */
    final Map<String, Integer> ids;
    /** What may be made of a text: normal and user-defined pieces, and unused ones as steps on the way of merging. */
    final Map<String, Integer> made = new HashMap<>();
    final Map<String, Integer> userDefined = new HashMap<>();
    private final Trie users;
    /** The id of what is no piece, -1 if there is none. */
    final int unknown;
    /** Ids of bytes, for characters that are no piece; empty if those are unknown. */
    final int[] byteIds;
    /** The lowest score of a normal piece. */
    final float lowest;

    SentencePieceVocabulary(List<String> pieces, float[] scores, SentencePiece.Type[] types,
            SentencePiece.Options options) {
        this.pieces = pieces;
        this.scores = scores;
        this.types = types;
        ids = HashMap.newHashMap(pieces.size());
        int unknownId = -1;
        float least = Float.MAX_VALUE;
        for (int id = 0; id < scores.length; id++) {
            String piece = pieces.get(id);
            ids.putIfAbsent(piece, id);
            switch (types[id]) {
                case NORMAL -> {
                    least = Math.min(least, scores[id]);
                    made.put(piece, id);
                }
                case UNUSED -> {
                    if (options.algorithm() == SentencePiece.Algorithm.BPE) {
                        made.put(piece, id);
                    }
                }
                case USER_DEFINED -> {
                    made.put(piece, id);
                    userDefined.put(piece, id);
                }
                case UNKNOWN -> unknownId = unknownId < 0 ? id : unknownId;
                case CONTROL, BYTE -> {
                    if (options.separateSpaces() && options.algorithm() == SentencePiece.Algorithm.BPE) {
                        made.put(piece, id); // llama.cpp makes no difference
                    }
                }
            }
        }
        made.remove("");
        userDefined.remove("");
        users = new Trie(userDefined);
        unknown = unknownId;
        lowest = least;
        byteIds = options.byteFallback() ? ByteTokens.ids(ids) : new int[0];
    }

    int size() {
        return scores.length;
    }

    /** How long the longest user-defined piece at a place is, 0 if there is none. */
    int userLength(CharSequence text, int at, int to) {
        int length = 0;
        long node = users.root();
        for (int i = at; !userDefined.isEmpty() && i < to; i++) {
            node = users.child(node, text.charAt(i));
            if (node == Trie.NOWHERE) {
                break;
            }
            if (Trie.value(node) != Trie.NONE) {
                length = i + 1 - at;
            }
        }
        return length;
    }
}
