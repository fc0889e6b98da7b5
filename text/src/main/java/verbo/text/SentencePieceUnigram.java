// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The unigram model of SentencePiece. The library adds scores up over a whole text in single precision, from zero again where
 * the sum is further from it than {@link UnigramLattice#FURTHEST}. So which way to write a stretch is the best depends on the sum before it,
 * but only if others are nearly as good: what is best by itself has a mark, an id beyond the vocabulary that stands behind
 * the stretch's ids, of how large sums inside may be before their rounding could choose otherwise.
 */
final class SentencePieceUnigram implements SentencePiece.Model {
    private static final int MARKS = 64;
    /** The exponent that the lowest mark stands for, which no sum is small enough for. */
    private static final int LOWEST = -32;
    private final SentencePieceVocabulary vocabulary;
    private final UnigramLattice lattice;
    private final float[] steps; // by id, what it adds to the sum; of bytes that begin a character what an unknown one adds
    private final double largest; // of what is added
    private final AtomicReference<@Nullable Work> idle = new AtomicReference<>();

    SentencePieceUnigram(SentencePieceVocabulary vocabulary) {
        this.vocabulary = vocabulary;
        float unknownScore = vocabulary.lowest - (float) UnigramLattice.UNKNOWN_PENALTY;
        steps = vocabulary.scores.clone();
        // as release 0.2.3 of the library has it: hardly anything made of other pieces is better
        vocabulary.userDefined.forEach((piece, id) -> steps[id] = (float) (0.1 * (Utf8.length(piece) - 1)));
        double[] scores = new double[steps.length];
        double most = Math.abs(unknownScore);
        for (int id : vocabulary.made.values()) {
            scores[id] = steps[id];
            most = Math.max(most, Math.abs(scores[id]));
        }
        largest = most;
        lattice = new UnigramLattice(vocabulary.made, scores, unknownScore, vocabulary.unknown);
        if (vocabulary.unknown >= 0) {
            steps[vocabulary.unknown] = unknownScore;
        }
        for (int b = 0; b < vocabulary.byteIds.length; b++) {
            steps[vocabulary.byteIds[b]] = (b & 0xC0) == 0x80 ? -0f : unknownScore;
        }
    }

    /** What finding needs. */
    private static final class Work {
        final UnigramLattice.Path path = new UnigramLattice.Path();
        int[] ids = new int[64];
        final byte[] utf8 = new byte[4]; // of a character
    }

    private Work take() {
        Work work = idle.getAndSet(null);
        return work == null ? new Work() : work;
    }

    private void give(Work work) {
        if (work.path.isSmall()) {
            idle.set(work);
        }
    }

    @Override
    public void find(SentencePieceNormalizer.Text text, IntBuilder found) {
        Work work = take();
        lattice.find(text.chars(), 0, text.length(), 0, true, work.path);
        for (int piece = 0; piece < work.path.size(); piece++) {
            found.add(work.path.begin(piece));
            found.add(work.path.end(piece));
            found.add(work.path.id(piece));
        }
        give(work);
    }

    /**
     * Adds the ids of what is best of a stretch by itself, and its mark; of one too long to be kept only that. Each unknown character
     * has an id.
     */
    void ids(SentencePieceNormalizer.Text text, int bytes, PretokenEncoder.Work out) {
        int mark = bytes > PretokenCache.LONGEST ? 0 : MARKS - 1;
        if (mark > 0 && text.length() > 0) {
            Work work = take();
            lattice.find(text.chars(), 0, text.length(), 0, false, work.path);
            int size = written(text, work);
            out.add(work.ids, 0, size);
            mark = text.length() > longest(bytes)
                    ? 0
                    : Math.clamp((long) work.path.leeway() - LOWEST, 0, MARKS - 1);
            give(work);
        }
        out.add(vocabulary.size() + mark);
    }

    /** How long a normalised stretch of so many bytes is that anything is to be said of. */
    private static int longest(int bytes) {
        return 2 * bytes + 1;
    }

    /** Writes the ids of the way that was found, and returns how many there are. */
    private int written(SentencePieceNormalizer.Text text, Work work) {
        UnigramLattice.Path path = work.path;
        int[] bytes = vocabulary.byteIds;
        int most = path.size() * (bytes.length == 0 ? 1 : 4);
        if (work.ids.length < most) {
            work.ids = new int[most];
        }
        int[] ids = work.ids;
        int n = 0;
        for (int piece = 0; piece < path.size(); piece++) {
            int id = path.id(piece);
            if (id != vocabulary.unknown || bytes.length == 0) {
                ids[n++] = id;
                continue;
            }
            int end = Utf8.write(text.chars(), path.begin(piece), path.end(piece), work.utf8, 0);
            for (int i = 0; i < end; i++) {
                ids[n++] = bytes[work.utf8[i] & 0xFF];
            }
        }
        return n;
    }

    /** Normalises a stretch. */
    interface Stretch {
        SentencePieceNormalizer.Text normalized(byte[] utf8, int from, int to);
    }

    /** The ids of a text that has no special tokens. */
    int[] encode(String text, PretokenEncoder encoder, Stretch stretch) {
        Sum sum = new Sum(stretch, text.length() / 2 + 16);
        encoder.words(text, sum);
        give(sum.work);
        return Arrays.copyOf(sum.out, sum.count);
    }

    /** Adds up the scores of a text's stretches, as they come. */
    private final class Sum implements PretokenEncoder.WordSink {
        private final Stretch stretch;
        private final Work work = take();
        private int[] out;
        private int count;
        private float sum;

        Sum(Stretch stretch, int room) {
            this.stretch = stretch;
            out = new int[room];
        }

        @Override
        public void word(byte[] utf8, int start, int end, int[] ids, int size) {
            int mark = ids[size - 1] - vocabulary.size();
            double reach = Math.abs(sum) + largest * (longest(end - start) + 1); // of sums inside
            if (mark > 0 && reach < UnigramLattice.FURTHEST && Math.getExponent(reach) - 23 - LOWEST <= mark) {
                add(ids, size - 1);
                return;
            }
            SentencePieceNormalizer.Text text = stretch.normalized(utf8, start, end);
            if (text.length() > 0) {
                lattice.find(text.chars(), 0, text.length(), sum, true, work.path);
                int count = written(text, work);
                add(work.ids, count);
                sum = (float) work.path.sum();
            }
        }

        /** Adds ids and their scores; of unknown ones in a row one stays. */
        private void add(int[] ids, int size) {
            if (count + size > out.length) {
                out = Arrays.copyOf(out, Math.max(count + size, (int) Math.min(2L * out.length, 1 << 30)));
            }
            float to = sum;
            int n = count;
            for (int i = 0; i < size; i++) {
                int id = ids[i];
                to += steps[id];
                if (id != vocabulary.unknown || i == 0 || ids[i - 1] != id) {
                    out[n++] = id;
                }
            }
            sum = to;
            count = n;
        }
    }
}
