// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

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
 * The file is read into memory when it is opened, and checked. Beside its bytes this object keeps what it found for 32768 short
 * n-grams, 8 bytes and 8 for every three languages each (6.0 MB for 64 languages), for each of the threads that have used it at
 * once, and while a text is looked at it takes 8 bytes for each of its characters and 4 for each language. Any number of threads
 * may use one at once.
 */
public final class LanguageIdentifier {
    private static final int SHORT = IdentifierFile.END - 1; // letters of the n-grams whose sums are kept
    private static final int STRETCH = 64;
    private static final int ROWS = 15; // 2^15 of them

    private static final VarHandle PAIR = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private final IdentifierFile.Header header;
    private final int[] buckets;
    private final byte[] records;
    private final int shift;
    private final long bytes;
    private final int order;
    private final Lanes lanes;
    private final long[] weights; // of the header, for lanes
    private final Queue<Stretch> idle = new ConcurrentLinkedQueue<>(); // what texts were looked at with

    private LanguageIdentifier(IdentifierFile.Opened opened) {
        header = opened.header();
        buckets = opened.buckets();
        records = opened.records();
        shift = 64 - opened.bits();
        bytes = opened.bytes();
        order = header.order();
        lanes = Lanes.of(header.unseen().length, header.weights(), STRETCH * order);
        weights = lanes.fixed(header.weights());
    }

    /**
     * Opens a file that {@link IdentifierTrainer} wrote.
     *
     * @throws verbo.text.FormatException
     *             if it is none, or not whole
     */
    public static LanguageIdentifier open(Path file) throws IOException {
        return new LanguageIdentifier(IdentifierFile.open(file));
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

    /** Bytes of the file. */
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
        float[] scores = new float[header.unseen().length];
        Stretch spare = idle.poll();
        Stretch stretch = spare == null ? new Stretch(order, lanes) : spare;
        stretch.start = 0;
        for (int from = 0; from < letters.length(); from += STRETCH) {
            add(letters.symbols(), from, Math.min(letters.length(), from + STRETCH), stretch);
            lanes.empty(stretch.sums, scores);
        }
        idle.add(stretch);
        int predicted = letters.predicted();
        for (int l = 0; l < scores.length; l++) {
            scores[l] += predicted * header.unseen()[l];
        }
        return scores;
    }

    /** Look-ups that are under way. */
    private static final class Stretch {
        final long[] sums; // lanes
        final long[] hashes; // [symbols][order] of the n-grams that end at each, by length; of the longer ones mixed
        final int[] counts; // [symbols] how many of them there are: none is longer than its word
        final long[] rows; // [2^ROWS] of lanes: of the short ones, where their hashes say
        final int[] records; // [symbols] where the bucket of the longer ones begins
        final int[] ends;
        int start; // of the word the last stretch ended in, relative to this one
        @SuppressWarnings("UnusedVariable")
        int touched; // what is touched is used, for the compiler

        Stretch(int order, Lanes lanes) {
            sums = lanes.none();
            hashes = new long[STRETCH * order];
            counts = new int[STRETCH];
            rows = new long[lanes.longs() << ROWS];
            records = new int[STRETCH];
            ends = new int[STRETCH];
        }
    }

    /**
     * Adds the n-grams that end in a stretch of text. Nearly all the time goes into waiting for memory, so each step is done for
     * the whole stretch before the next one: then the processor waits for many places at once.
     */
    private void add(int[] symbols, int from, int to, Stretch stretch) {
        int start = from + stretch.start;
        for (int i = from, at = 0; i < to; i++, at += order) {
            start = symbols[i] == Letters.BEGIN ? i : start;
            int count = Math.min(order, i - start + 1);
            long hash = NgramHash.EMPTY;
            for (int n = 0; n < count; n++) {
                hash = NgramHash.grow(hash, symbols[i - n]);
                stretch.hashes[at + n] = n < SHORT ? hash : IdentifierFile.mix(hash);
            }
            stretch.counts[i - from] = count;
        }
        stretch.start = start - to;
        for (int i = 0; i < to - from; i++) {
            if (stretch.counts[i] > SHORT) {
                int bucket = (int) (stretch.hashes[i * order + SHORT] >>> shift);
                stretch.records[i] = buckets[bucket];
                stretch.ends[i] = buckets[bucket + 1];
            } else {
                stretch.ends[i] = stretch.records[i] = 0;
            }
        }
        int sum = 0;
        for (int i = 0; i < to - from; i++) {
            int record = stretch.records[i];
            sum += record == stretch.ends[i] ? 0 : records[record];
        }
        long[] rows = stretch.rows;
        int longs = lanes.longs();
        long touched = 0;
        for (int i = 0; i < to - from; i++) {
            int row = longs * slot(stretch.hashes[i * order + Math.min(SHORT, stretch.counts[i]) - 1]);
            touched += rows[row] + rows[row + longs / 2] + rows[row + longs - 1];
        }
        stretch.touched = sum + (int) touched;
        for (int i = 0; i < to - from; i++) {
            int row = row(stretch, i * order, Math.min(SHORT, stretch.counts[i]));
            Lanes.add(rows, row, stretch.sums);
            if ((rows[row] & WHOLE) == 0) {
                continue; // what is not there is no end of anything longer either
            }
            int record = stretch.records[i];
            for (int at = i * order + SHORT; at < i * order + stretch.counts[i]; at++) {
                record = find((short) stretch.hashes[at], record, stretch.ends[i]);
                if (record < 0) {
                    break;
                }
                record = add(record, stretch.sums, 0);
            }
        }
    }

    private static final long WHOLE = 1;

    /**
     * Where the row is of the longest of {@code count} n-grams of the same end: lanes with the sum over all of them. Most
     * languages have the short ones, and texts have few of them again and again, so rows are kept until another n-gram has the
     * same slot. The first long of one is the hash of its n-gram, but for the last bit, {@link #WHOLE}: whether some language
     * has the n-gram itself, so that longer ones are worth looking up.
     */
    private int row(Stretch stretch, int at, int count) {
        long hash = stretch.hashes[at + count - 1];
        long[] rows = stretch.rows;
        int row = lanes.longs() * slot(hash);
        return (rows[row] | WHOLE) == (hash | WHOLE) ? row : fill(stretch, at, count, row);
    }

    private int fill(Stretch stretch, int at, int count, int row) {
        long hash = stretch.hashes[at + count - 1];
        long[] rows = stretch.rows;
        boolean whole = true;
        if (count == 1) {
            Arrays.fill(rows, row, row + lanes.longs(), 0);
        } else {
            int shorter = row(stretch, at, count - 1);
            whole = (rows[shorter] & WHOLE) != 0;
            System.arraycopy(rows, shorter, rows, row, lanes.longs());
        }
        rows[row] = hash & ~WHOLE;
        if (whole) {
            int record = find(hash);
            if (record >= 0) {
                add(record, rows, row);
                rows[row] |= WHOLE;
            }
        }
        return row;
    }

    private static int slot(long hash) {
        return (int) (IdentifierFile.mix(hash) >>> 64 - ROWS);
    }

    /** Adds an n-gram's weights to the languages that have it; gives where the next one's record begins. */
    private int add(int record, long[] sums, int row) {
        int end = record + 3 + 2 * (records[record + 2] & 0xFF);
        for (int pair = record + 3; pair < end; pair += 2) {
            int both = (short) PAIR.get(records, pair);
            Lanes.add(weights[both >> 8 & 0xFF], both & 0xFF, sums, row);
        }
        return end;
    }

    /** Where the record of a short n-gram begins, -1 if no language has it. */
    private int find(long hash) {
        long mixed = IdentifierFile.mix(hash);
        int bucket = (int) (mixed >>> shift);
        return find((short) mixed, buckets[bucket], buckets[bucket + 1]);
    }

    /** Where in a bucket an n-gram's record begins, -1 if it has none. */
    private int find(short fingerprint, int from, int end) {
        for (int at = from; at < end;) {
            if ((short) PAIR.get(records, at) == fingerprint) {
                return at;
            }
            at += 3 + 2 * (records[at + 2] & 0xFF);
        }
        return -1;
    }

    private boolean has(long hash, int language) {
        int record = find(hash);
        int pairs = record < 0 ? 0 : records[record + 2] & 0xFF;
        for (int i = 0; i < pairs; i++) {
            if ((records[record + 3 + 2 * i] & 0xFF) == language) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "language identification, " + header.languages().size() + " languages, " + order + "-grams of letters";
    }
}
