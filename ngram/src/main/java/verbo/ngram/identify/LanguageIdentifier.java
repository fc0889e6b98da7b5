// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells which language a text is in: the one whose character n-gram model gives it the highest probability, all languages
 * being as likely before the text is seen (Dunning, 1994, with the smoothing of {@link IdentifierTrainer}).
 *
 * <p>
 * A text is {@linkplain Identification#UNKNOWN unknown} if it has no letters, or if they are far less likely, even in the
 * best language, than those of the texts in it that training left out. A language the model was not trained on is told by that
 * only where it is not like one of those it was trained on, and the text not too short.
 *
 * <p>
 * The file is mapped, so what is shared by all processes that use it is the file's size at most, and checked once when it is
 * opened. Beside it this object keeps what it found for up to 16384 short n-grams, 48 bytes and 4 a language each (5 MB for
 * 64 languages), and while a text is looked at it takes 8 bytes for each of its characters and 4 for each language. Any number
 * of threads may use one at once.
 */
public final class LanguageIdentifier implements AutoCloseable {
    private static final int SHORT = 3; // letters of the n-grams whose sums are kept
    private static final int STRETCH = 64;
    private static final int ROWS = 14; // 2^14 of them at most

    private final IdentifierFile.Header header;
    private final Arena arena;
    private final MemorySegment buckets;
    private final MemorySegment records;
    private final int shift;
    private final long bytes;
    private final int order;
    private final int width; // languages, up to a multiple of eight
    private final float[] weights;
    private final @Nullable Row[] rows = new Row[1 << ROWS];

    private LanguageIdentifier(IdentifierFile.Opened opened, Arena arena) {
        header = opened.header();
        this.arena = arena;
        buckets = opened.buckets();
        records = opened.records();
        shift = 64 - opened.bits();
        bytes = opened.bytes();
        order = header.order();
        width = header.unseen().length + 7 & -8;
        weights = header.weights();
    }

    /**
     * Opens a file that {@link IdentifierTrainer} wrote.
     *
     * @throws verbo.text.FormatException
     *             if it is none, or not whole
     */
    public static LanguageIdentifier open(Path file) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new LanguageIdentifier(IdentifierFile.open(file, arena), arena);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Whether a file says of itself that it is a model of language identification. */
    public static boolean isModel(Path file) throws IOException {
        return IdentifierFile.is(file);
    }

    /** The languages it knows. */
    public List<String> languages() {
        return header.languages();
    }

    /** The length of the longest n-grams, in letters. */
    public int order() {
        return order;
    }

    /** Bytes of the file, which are mapped. */
    public long bytes() {
        return bytes;
    }

    /** The most probable language of a text. */
    public Identification identify(CharSequence text) {
        Letters letters = new Letters();
        letters.read(text);
        float[] scores = scores(letters);
        int best = 0;
        for (int l = 1; l < scores.length; l++) {
            best = scores[l] > scores[best] ? l : best;
        }
        if (letters.letters() == 0 || !isLike(scores[best], letters, best)) {
            return Identification.NONE;
        }
        return new Identification(header.languages().get(best),
                Math.exp(header.certainty().logProbability(scores, letters.letters(), best)));
    }

    /** All languages with their probabilities, which sum to one, the most probable first; none for an unknown text. */
    public List<Identification> ranking(CharSequence text) {
        Letters letters = new Letters();
        letters.read(text);
        float[] scores = scores(letters);
        List<Identification> ranking = new ArrayList<>(scores.length);
        boolean known = false;
        for (int l = 0; l < scores.length; l++) {
            known |= letters.letters() > 0 && isLike(scores[l], letters, l);
            ranking.add(new Identification(header.languages().get(l),
                    Math.exp(header.certainty().logProbability(scores, letters.letters(), l))));
        }
        ranking.sort(Comparator.comparingDouble(Identification::probability).reversed());
        return known ? ranking : List.of();
    }

    private boolean isLike(float score, Letters letters, int language) {
        if (header.likeness().accepts(score, letters.predicted(), header.mean()[language])) {
            return true;
        }
        // names and quotations in another script cost so much that they must not decide
        Letters own = letters.words(symbol -> has(NgramHash.grow(NgramHash.EMPTY, symbol), language));
        return 3 * own.letters() >= letters.letters() && own.letters() < letters.letters()
                && header.likeness().accepts(scores(own)[language], own.predicted(), header.mean()[language]);
    }

    /** The natural logarithm of the text's probability in each language, [languages]. */
    float[] scores(Letters letters) {
        float[] scores = new float[width];
        Stretch stretch = new Stretch(Math.min(STRETCH, letters.length()), order);
        for (int from = 0; from < letters.length(); from += STRETCH) {
            add(letters.symbols(), from, Math.min(letters.length(), from + STRETCH), stretch, scores);
        }
        int predicted = letters.predicted();
        float[] sums = new float[header.unseen().length];
        for (int l = 0; l < sums.length; l++) {
            sums[l] = scores[l] + predicted * header.unseen()[l];
        }
        return sums;
    }

    /** Look-ups that are under way. */
    private static final class Stretch {
        final long[] hashes; // [symbols][order] of the n-grams that end at each, by length
        final int[] counts; // [symbols] how many of them there are: none is longer than its word
        final int[] records; // [symbols][order] where the bucket of each begins, for the longer ones
        final int[] ends;
        final short[] first; // the first fingerprint there
        int start; // of the word the last stretch ended in, relative to this one

        Stretch(int symbols, int order) {
            hashes = new long[symbols * order];
            counts = new int[symbols];
            records = new int[symbols * order];
            ends = new int[symbols * order];
            first = new short[symbols * order];
        }
    }

    /**
     * Adds the n-grams that end in a stretch of text. Nearly all the time goes into waiting for memory, so each step is done for
     * the whole stretch before the next one: then the processor waits for many places at once.
     */
    private void add(int[] symbols, int from, int to, Stretch stretch, float[] scores) {
        int start = from + stretch.start;
        for (int i = from, at = 0; i < to; i++, at += order) {
            start = symbols[i] == Letters.BEGIN ? i : start;
            int count = Math.min(order, i - start + 1);
            long hash = NgramHash.EMPTY;
            for (int n = 0; n < count; n++) {
                hash = NgramHash.grow(hash, symbols[i - n]);
                stretch.hashes[at + n] = hash;
            }
            stretch.counts[i - from] = count;
        }
        stretch.start = start - to;
        for (int i = 0; i < to - from; i++) {
            for (int at = i * order + SHORT; at < i * order + stretch.counts[i]; at++) {
                long bucket = 4 * (IdentifierFile.mix(stretch.hashes[at]) >>> shift);
                stretch.records[at] = buckets.get(IdentifierFile.INT, bucket);
                stretch.ends[at] = buckets.get(IdentifierFile.INT, bucket + 4);
            }
        }
        for (int i = 0; i < to - from; i++) {
            for (int at = i * order + SHORT; at < i * order + stretch.counts[i]; at++) {
                int record = stretch.records[at];
                stretch.first[at] = record < stretch.ends[at] ? records.get(IdentifierFile.SHORT, record) : 0;
            }
        }
        for (int i = 0; i < to - from; i++) {
            Row row = row(stretch.hashes, i * order, Math.min(SHORT, stretch.counts[i]));
            add(row.weights, scores);
            if (!row.whole) {
                stretch.counts[i] = 0; // what is not there is no end of anything longer either
            }
        }
        for (int i = 0; i < to - from; i++) {
            for (int at = i * order + SHORT; at < i * order + stretch.counts[i]; at++) {
                short fingerprint = (short) IdentifierFile.mix(stretch.hashes[at]);
                int record = stretch.records[at];
                if (stretch.first[at] != fingerprint || record == stretch.ends[at]) {
                    record = find(fingerprint, record, stretch.ends[at]);
                }
                if (record < 0) {
                    break;
                }
                add(record, scores);
            }
        }
    }

    /** Eight at a time: a loop over so few is not made fast by itself. */
    private static void add(float[] row, float[] scores) {
        for (int l = 0; l + 7 < scores.length; l += 8) {
            scores[l] += row[l];
            scores[l + 1] += row[l + 1];
            scores[l + 2] += row[l + 2];
            scores[l + 3] += row[l + 3];
            scores[l + 4] += row[l + 4];
            scores[l + 5] += row[l + 5];
            scores[l + 6] += row[l + 6];
            scores[l + 7] += row[l + 7];
        }
    }

    /**
     * The sum over the n-grams that end where a short one ends, itself included. Most languages have the short ones, and texts
     * have few of them again and again.
     *
     * @param weights
     *            [languages, and more up to a multiple of eight]
     * @param whole
     *            whether some language has the n-gram itself, so that longer ones are worth looking up
     */
    private record Row(long hash, float[] weights, boolean whole) {}

    /** The row of the longest of {@code count} n-grams of the same end. */
    private Row row(long[] hashes, int at, int count) {
        long hash = hashes[at + count - 1];
        int slot = (int) (IdentifierFile.mix(hash) >>> 64 - ROWS);
        Row row = rows[slot]; // of several threads that fill a slot, any may win: its content is a function of the hash
        if (row == null || row.hash != hash) {
            boolean whole = true;
            float[] weights = new float[width];
            if (count > 1) {
                Row shorter = row(hashes, at, count - 1);
                weights = shorter.weights.clone();
                whole = shorter.whole;
            }
            row = new Row(hash, weights, whole && add(hash, weights));
            rows[slot] = row;
        }
        return row;
    }

    /** Adds an n-gram's weights to the languages that have it. False if none has. */
    private boolean add(long hash, float[] scores) {
        long mixed = IdentifierFile.mix(hash);
        long bucket = 4 * (mixed >>> shift);
        int record = find((short) mixed, buckets.get(IdentifierFile.INT, bucket),
                buckets.get(IdentifierFile.INT, bucket + 4));
        if (record >= 0) {
            add(record, scores);
        }
        return record >= 0;
    }

    private void add(int record, float[] scores) {
        int end = record + 3 + 2 * (records.get(ValueLayout.JAVA_BYTE, record + 2) & 0xFF);
        for (int pair = record + 3; pair < end; pair += 2) {
            int both = records.get(IdentifierFile.SHORT, pair);
            scores[both & 0xFF] += weights[both >> 8 & 0xFF];
        }
    }

    /** Where in a bucket an n-gram's record begins, -1 if it has none. */
    private int find(short fingerprint, int from, int end) {
        for (int at = from; at < end;) {
            if (records.get(IdentifierFile.SHORT, at) == fingerprint) {
                return at;
            }
            at += 3 + 2 * (records.get(ValueLayout.JAVA_BYTE, at + 2) & 0xFF);
        }
        return -1;
    }

    private boolean has(long hash, int language) {
        float[] weights = new float[width];
        return add(hash, weights) && weights[language] != 0;
    }

    /** Unmaps the file. Closing twice does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "language identification, " + header.languages().size() + " languages, " + order + "-grams of letters";
    }
}
