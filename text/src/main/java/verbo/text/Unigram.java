// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The unigram language model (Kudo 2018, arXiv:1804.10959): of all ways to write a piece that of the highest sum of log
 * probabilities, found by Viterbi's algorithm. A character that is no token costs ten more than the least probable one.
 */
final class Unigram implements TokenModel {
    private static final double UNKNOWN_PENALTY = 10;

    private final String[] tokens;
    private final double[] scores;
    private final int unknown; // -1 if there is none
    private final int[] byteIds; // empty without byte fallback
    private final double unknownScore;
    private final Map<String, Integer> ids;
    private final Trie trie = new Trie();

    /**
     * @param unknown
     *            the id of what is not in the vocabulary, -1 for none
     */
    Unigram(List<String> tokens, double[] scores, int unknown, boolean byteFallback) {
        this.tokens = tokens.toArray(String[]::new);
        this.scores = scores;
        this.unknown = unknown;
        ids = HashMap.newHashMap(scores.length);
        double least = Double.POSITIVE_INFINITY;
        for (int id = 0; id < scores.length; id++) {
            ids.put(this.tokens[id], id);
            trie.put(this.tokens[id], id);
            least = Math.min(least, scores[id]);
        }
        unknownScore = least - UNKNOWN_PENALTY;
        byteIds = byteFallback ? ByteTokens.ids(ids) : new int[0];
    }

    @Override
    public void tokenize(Normalized piece, TokenList out) {
        int length = piece.length();
        if (length == 0) {
            return;
        }
        double[] best = new double[length + 1];
        int[] begins = new int[length + 1];
        int[] which = new int[length + 1];
        Arrays.fill(begins, -1);
        char[] chars = piece.chars();
        int from = piece.from();
        for (int start = 0; start < length;) {
            int width = CharClass.next(chars, from + start, from + length) - from - start;
            double till = best[start];
            boolean single = false;
            int node = Trie.ROOT;
            for (int i = start; i < length; i++) {
                node = trie.child(node, chars[from + i]);
                if (node == Trie.NONE) {
                    break;
                }
                int id = trie.value(node);
                if (id != Trie.NONE) {
                    int end = i + 1;
                    double score = scores[id] + till;
                    if (begins[end] < 0 || score > best[end]) {
                        best[end] = score;
                        begins[end] = start;
                        which[end] = id;
                    }
                    single |= end - start == width;
                }
            }
            if (!single) {
                int end = start + width;
                double score = unknownScore + till;
                if (begins[end] < 0 || score > best[end]) {
                    best[end] = score;
                    begins[end] = start;
                    which[end] = unknown;
                }
            }
            start += width;
        }
        IntBuilder ends = new IntBuilder(16); // from the last token to the first; unknown ones in a row are one
        for (int end = length; end > 0; end = begins[end]) {
            boolean joins = which[end] == unknown && end < length && which[ends.get(ends.size() - 1)] == unknown
                    && unknown >= 0;
            if (!joins) {
                ends.add(end);
            }
        }
        int start = 0;
        for (int i = ends.size() - 1; i >= 0; i--) {
            int end = ends.get(i);
            emit(piece, start, end, which[end], out);
            start = end;
        }
    }

    private void emit(Normalized piece, int start, int end, int id, TokenList out) {
        int first = piece.start(start);
        int last = piece.end(end - 1);
        if (id != unknown) {
            out.add(id, null, first, last);
            return;
        }
        String text = piece.text(start, end);
        int known = ids.getOrDefault(text, -1);
        if (known < 0 && byteIds.length > 0) {
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                out.add(byteIds[b & 0xFF], null, first, last);
            }
            return;
        }
        if (known < 0 && unknown < 0) {
            throw TokenModel.outside(piece, start);
        }
        out.add(known < 0 ? unknown : known, text, first, last);
    }

    @Override
    public boolean ids(char[] piece, int length, PretokenEncoder.Work work) {
        double[] best = new double[length + 1];
        int[] begins = new int[length + 1];
        int[] which = new int[length + 1];
        Arrays.fill(begins, -1);
        for (int start = 0; start < length; start++) {
            double till = best[start];
            boolean single = false;
            int node = Trie.ROOT;
            for (int i = start; i < length; i++) {
                node = trie.child(node, piece[i]);
                if (node == Trie.NONE) {
                    break;
                }
                int id = trie.value(node);
                if (id != Trie.NONE) {
                    int end = i + 1;
                    double score = scores[id] + till;
                    if (begins[end] < 0 || score > best[end]) {
                        best[end] = score;
                        begins[end] = start;
                        which[end] = id;
                    }
                    single |= end == start + 1;
                }
            }
            if (!single) {
                int end = start + 1;
                double score = unknownScore + till;
                if (begins[end] < 0 || score > best[end]) {
                    best[end] = score;
                    begins[end] = start;
                    which[end] = unknown;
                }
            }
        }
        work.ensure(length);
        int n = 0; // from the last token to the first
        for (int end = length; end > 0;) {
            int begin = begins[end];
            if (which[end] == unknown) {
                while (begin > 0 && which[begin] == unknown) {
                    begin = begins[begin]; // unknown ones in a row are one
                }
                if (unknown < 0 || byteIds.length > 0 || ids.containsKey(new String(piece, begin, end - begin))) {
                    return false; // the rules for these are not for here
                }
            }
            work.word[n++] = which[end];
            end = begin;
        }
        work.count = n;
        for (int i = 0; i < n / 2; i++) {
            int swap = work.word[i];
            work.word[i] = work.word[n - 1 - i];
            work.word[n - 1 - i] = swap;
        }
        return true;
    }

    @Override
    public int size() {
        return tokens.length;
    }

    double score(int id) {
        return scores[id];
    }

    @Override
    public @Nullable String token(int id) {
        return id >= 0 && id < tokens.length ? tokens[id] : null;
    }

    @Override
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }
}
