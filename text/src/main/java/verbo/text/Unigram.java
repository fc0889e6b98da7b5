// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The unigram language model (Kudo 2018, arXiv:1804.10959): of all ways to write a piece that of the highest sum of log
 * probabilities. A character that is no token costs ten more than the least probable one.
 */
final class Unigram implements TokenModel {
    private final String[] tokens;
    private final int unknown; // -1 if there is none
    private final int[] byteIds; // empty without byte fallback
    private final Map<String, Integer> ids;
    private final UnigramLattice lattice;
    private final AtomicReference<UnigramLattice.@Nullable Path> idle = new AtomicReference<>();

    /**
     * @param unknown
     *            the id of what is not in the vocabulary, -1 for none
     */
    Unigram(List<String> tokens, double[] scores, int unknown, boolean byteFallback) {
        this.tokens = tokens.toArray(String[]::new);
        this.unknown = unknown;
        ids = HashMap.newHashMap(scores.length);
        double least = Double.POSITIVE_INFINITY;
        for (int id = 0; id < scores.length; id++) {
            ids.put(this.tokens[id], id);
            least = Math.min(least, scores[id]);
        }
        lattice = new UnigramLattice(ids, scores, least - UnigramLattice.UNKNOWN_PENALTY, unknown);
        byteIds = byteFallback ? ByteTokens.ids(ids) : new int[0];
    }

    private UnigramLattice.Path path(char[] text, int from, int to) {
        UnigramLattice.Path path = idle.getAndSet(null);
        path = path == null ? new UnigramLattice.Path() : path;
        lattice.find(text, from, to, 0, false, path);
        return path;
    }

    private void give(UnigramLattice.Path path) {
        if (path.isSmall()) {
            idle.set(path);
        }
    }

    @Override
    public void tokenize(Normalized piece, TokenList out) {
        UnigramLattice.Path path = path(piece.chars(), piece.from(), piece.from() + piece.length());
        for (int t = 0; t < path.size();) {
            int last = lastUnknown(path, t);
            emit(piece, path.begin(t), path.end(last), path.id(t), out);
            t = last + 1;
        }
        give(path);
    }

    /** The last of the unknown tokens in a row that begin with one, which are one; the token itself if it is not unknown. */
    private int lastUnknown(UnigramLattice.Path path, int token) {
        int last = token;
        while (unknown >= 0 && path.id(token) == unknown && last + 1 < path.size() && path.id(last + 1) == unknown) {
            last++;
        }
        return last;
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
        UnigramLattice.Path path = path(piece, 0, length);
        boolean done = true;
        for (int t = 0; t < path.size() && done; t++) {
            int id = path.id(t);
            if (id == unknown) {
                int begin = path.begin(t);
                t = lastUnknown(path, t);
                // the rules for these are not for here
                done = unknown >= 0 && byteIds.length == 0
                        && !ids.containsKey(new String(piece, begin, path.end(t) - begin));
            }
            work.add(id);
        }
        give(path);
        return done;
    }

    @Override
    public int size() {
        return tokens.length;
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
