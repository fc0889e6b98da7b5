// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The ids of a stretch: all of a pipeline's steps, or, if nothing about it is unusual, only the model's. */
final class StretchModel implements PretokenEncoder.Model {
    private final Pipeline pipeline;
    private final StretchPlan plan;
    private final TokenModel model;
    private final @Nullable Plain plain;
    private final @Nullable ClipWords clip;

    StretchModel(Pipeline pipeline, StretchPlan plan) {
        this.pipeline = pipeline;
        this.plan = plan;
        model = pipeline.parts().model();
        SingleCharacters characters = new SingleCharacters(plan.cuts(), plan.edges());
        plain = Plain.of(plan, characters);
        clip = ClipWords.of(plan.normalizer(), plan.preTokenizer(), model, characters);
    }

    @Override
    public void ids(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
        if (clip != null) {
            if (clip.ids(utf8, from, to, work)) {
                return;
            }
            work.count = 0;
        }
        if (plain != null) {
            int length = plain.read(utf8, from, to, work);
            if (length > 0 && model.ids(work.chars, length, work)) {
                return;
            }
            work.count = 0;
        }
        all(utf8, from, to, work);
    }

    private void all(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
        TokenList found = new TokenList(null, work.merges);
        pipeline.tokenize(new String(utf8, from, to - from, StandardCharsets.UTF_8), plan, found);
        for (int i = 0; i < found.size(); i++) {
            work.add(found.ids.get(i));
        }
    }

    @Override
    public void ids(byte[] utf8, NewWords stretches, PretokenEncoder.Work work) {
        if (plain != null && clip == null && model instanceof Bpe bpe) {
            merge(utf8, stretches, plain, bpe, work);
        } else {
            PretokenEncoder.Model.super.ids(utf8, stretches, work);
        }
    }

    /** Finds the ids of stretches that are merged side by side, where they may be. */
    private void merge(byte[] utf8, NewWords stretches, Plain plain, Bpe bpe, PretokenEncoder.Work work) {
        MergeBatch batch = work.merges.batch();
        batch.clear();
        for (int w = 0; w < stretches.size(); w++) {
            int from = stretches.start(w);
            int to = stretches.end(w);
            int length = plain.read(utf8, from, to, work);
            int symbols = length > 0 ? bpe.symbols(work.chars, length, work) : -1;
            if (symbols >= 0 && bpe.merges().isShort(symbols)) {
                batch.owner(w);
                batch.add(work.word, 0, symbols, null);
                if (batch.isFull()) {
                    batch.finish(bpe.merges(), stretches);
                }
                continue;
            }
            batch.finish(bpe.merges(), stretches);
            work.count = 0;
            if (symbols >= 0) {
                work.count = bpe.merges().apply(work.word, symbols, work.merges);
            } else {
                all(utf8, from, to, work);
            }
            batch.clear();
            stretches.put(w, work.word, work.count);
        }
        batch.finish(bpe.merges(), stretches);
    }

    /** Stretches that are one piece, each character of which a normaliser changes by itself. */
    private static final class Plain {
        private final StretchPlan.Cuts cuts;
        private final boolean space; // whether one is put before the piece
        private final boolean every; // whether all characters stay, but spaces become visible
        private final StretchEdges edges;
        private final boolean mergesSpaces; // whether a piece may begin with several
        private final SingleCharacters characters;

        private Plain(StretchPlan plan, SingleCharacters characters, boolean space) {
            cuts = plan.cuts();
            this.space = space;
            every = plan.keepsCharacters();
            edges = plan.edges();
            mergesSpaces = plan.preTokenizer() instanceof PreTokenizer.Metaspace && edges.mergesSpaces();
            this.characters = characters;
        }

        static @Nullable Plain of(StretchPlan plan, SingleCharacters characters) {
            PreTokenizer preTokenizer = plan.preTokenizer();
            if (plan.cuts() == StretchPlan.Cuts.SPACES) {
                boolean spaced = preTokenizer instanceof PreTokenizer.Sequence(List<PreTokenizer> two)
                        && two.size() == 2
                        && two.get(0) instanceof PreTokenizer.WhitespaceSplit
                        && two.get(1) instanceof PreTokenizer.Metaspace m && m.replacement().equals("\u2581")
                        && m.prependScheme() == PreTokenizer.Metaspace.Scheme.ALWAYS && m.split();
                return spaced || preTokenizer instanceof PreTokenizer.WhitespaceSplit
                        ? new Plain(plan, characters, spaced)
                        : null;
            }
            if (plan.cuts() == StretchPlan.Cuts.WORDS && !(preTokenizer instanceof PreTokenizer.Bert)) {
                return null; // what comes behind it may cut a word again
            }
            return new Plain(plan, characters, false);
        }

        /** Writes the piece to {@code work.chars} and returns its length; 0 if it is not plain. */
        int read(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
            int n = 0;
            if (work.chars.length < to - from + 1) {
                work.chars = new char[to - from + 1];
            }
            char[] chars = work.chars;
            if (space) {
                chars[n++] = SentencePiece.SPACE;
            }
            int at = from;
            int before = 0;
            if (cuts == StretchPlan.Cuts.BEFORE_SPACES && edges.isAsSpace(utf8[at])
                    && !(utf8[at] == '\r' && utf8[at + 1] == '\n')) {
                chars[n++] = SentencePiece.SPACE;
                at++;
                while (mergesSpaces && at < to && edges.isAsSpace(utf8[at])) {
                    at++;
                }
            }
            while (at < to) {
                int c = Utf8.codePointAt(utf8, at);
                int size = Utf8.size(utf8[at]);
                at += size;
                if (every) {
                    n += Character.toChars(c == ' ' ? SentencePiece.SPACE : c, chars, n);
                    continue;
                }
                String becomes = characters.becomes(c);
                if (becomes == null || (cuts == StretchPlan.Cuts.WORDS && Stretches.isSingle(c) && size < to - from)
                        || characters.join(before, c)) {
                    return 0;
                }
                before = c;
                if (n + becomes.length() + to - at > chars.length) {
                    chars = Arrays.copyOf(chars, n + becomes.length() + 2 * (to - at));
                    work.chars = chars;
                }
                becomes.getChars(0, becomes.length(), chars, n);
                n += becomes.length();
            }
            return n;
        }
    }
}
