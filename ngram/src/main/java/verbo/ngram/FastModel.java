// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import verbo.text.AtomicFiles;

/**
 * The fast form: a hash table for each order, asked from unigrams up until an n-gram is not there, as KenLM's probing model.
 *
 * <p>
 * A table is made of buckets of a cache line each, in pairs. A bucket of n-grams shorter than the longest holds five:
 * fingerprints of 32 bits, then an int of 6 more bits of each and two flags, then probability and backoff of each. One of the
 * longest holds seven: fingerprints, probabilities, and a long of 8 more bits of each and eight flags. What does not fit goes
 * to the other bucket of the pair, then to the following pairs, and leaves a flag, chosen by three bits of its hash, in each
 * bucket it went by: an n-gram that is not in its bucket is looked for in another only if its flag stands there, so nearly
 * every question touches one cache line. An n-gram is told from others by its place and its fingerprint, some 60 bits of its
 * hash; that no two of a model are alike is seen when it is made, and another seed taken if so.
 *
 * <p>
 * A probability's sign is turned where no longer n-gram ends with this one, a backoff is -0.0 where none begins with it: what
 * need not be looked for.
 */
final class FastModel extends NgramModel {
    static final int BUCKET = 64;
    static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    static final long MIXER = 0xD6E8FEB86659FD93L;
    /** Buckets behind the last that an n-gram is at home in, so that none has to go round. */
    static final int SLACK = 64;
    private static final int MIDDLE = 5;
    private static final int LONGEST = 7;
    private static final double LOAD = 0.65;
    private static final ValueLayout.OfInt INT = Vocabulary.INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = Vocabulary.LONG;
    private static final int SIGN = 0x80000000;
    private static final long LOW = 0x7FFFFFFF7FFFFFFFL;

    final MemorySegment file;
    final long unigrams;
    final long[] offsets;
    final long[] buckets; // those that n-grams are at home in
    final int order;
    final long seed;

    FastModel(ModelFile.Header header, Arena arena) {
        super(header, arena);
        file = header.file();
        unigrams = header.unigramsOffset();
        offsets = header.tableOffsets();
        buckets = new long[order() + 1];
        for (int n = 2; n < buckets.length; n++) {
            buckets[n] = header.tableSizes()[n] - SLACK;
        }
        order = header.order();
        seed = header.seed();
        ready();
    }

    @Override
    public String form() {
        return "fast";
    }

    @Override
    NgramRows rows(Workspace workspace) throws IOException {
        return FastReader.read(this, workspace);
    }

    @Override
    public Scorer scorer() {
        return new FastScorer(this);
    }

    static long hash(long before, int word) {
        long h = before + (word + 1L) * MULTIPLIER;
        h = (h ^ h >>> 32) * MIXER;
        return h ^ h >>> 32;
    }

    private static int fingerprint(long hash) {
        int fingerprint = (int) hash;
        return fingerprint == 0 ? 1 : fingerprint; // 0 is an empty place
    }

    /** Of the two ints in a long those that are 0: their top bits. */
    private static long zeros(long ints) {
        return ~((ints & LOW) + LOW | ints | LOW);
    }

    @Override
    public float score(History history, int word, History next) {
        long at = unigrams + 8L * word;
        int bits = file.get(INT, at);
        float backoff = file.get(FLOAT, at + 4);
        int nextLength = 0;
        int matched = 1;
        int past = history.length;
        int[] pastWords = history.words;
        int[] words = next.words;
        float[] backoffs = next.backoffs;
        words[0] = word;
        if (order > 1) {
            backoffs[0] = backoff;
            if (Float.floatToRawIntBits(backoff) != SIGN) {
                nextLength = 1;
            }
        }
        long hash = hash(seed, word);
        for (int i = 0; i < past && bits < 0; i++) {
            int before = pastWords[i];
            hash = hash(hash, before);
            int n = i + 2;
            long bucket = bucket(offsets[n], buckets[n], hash);
            if (n == order) {
                long found = findLongest(bucket, hash);
                if (found != 0) {
                    bits = file.get(INT, found);
                    matched = n;
                }
                break;
            }
            long found = find(n, bucket, hash);
            if (found == 0) {
                break;
            }
            long values = file.get(LONG, found);
            bits = (int) values;
            backoff = Float.intBitsToFloat((int) (values >>> 32));
            matched = n;
            words[n - 1] = before;
            backoffs[n - 1] = backoff;
            if (Float.floatToRawIntBits(backoff) != SIGN) {
                nextLength = n;
            }
        }
        next.length = nextLength;
        float score = Float.intBitsToFloat(bits | SIGN);
        for (int i = matched - 1; i < past; i++) {
            score += history.backoffs[i];
        }
        return score;
    }

    /** Where the bucket of an n-gram lies. */
    static long bucket(long table, long count, long hash) {
        return table + Math.unsignedMultiplyHigh(hash, count) * BUCKET;
    }

    /** Where the values of an n-gram shorter than the longest lie, 0 if it is not there. */
    long find(int n, long bucket, long hash) {
        long twice = both(fingerprint(hash));
        long third = file.get(LONG, bucket + 16);
        long same = zeros(file.get(LONG, bucket) ^ twice) >>> 31 | zeros(file.get(LONG, bucket + 8) ^ twice) >>> 29
                | (zeros(third ^ twice) & 0x80000000L) >>> 27;
        if (same != 0) {
            int slot = Long.numberOfTrailingZeros(same | same >>> 31);
            if ((third >>> 32 + 6 * slot & 63) == (hash >>> 32 & 63)) {
                return bucket + 24 + 8L * slot;
            }
        }
        // rare: it went to another bucket, or two fingerprints of a bucket are alike
        if ((third >>> 62 & 1 << (hash >>> 38 & 1)) == 0 && (same & same - 1) == 0) {
            return 0;
        }
        return search(n, bucket, hash);
    }

    /** The same of the longest. */
    long findLongest(long bucket, long hash) {
        int wanted = fingerprint(hash);
        long twice = both(wanted);
        long more = file.get(LONG, bucket + 56);
        long same = zeros(file.get(LONG, bucket) ^ twice) >>> 31 | zeros(file.get(LONG, bucket + 8) ^ twice) >>> 29
                | zeros(file.get(LONG, bucket + 16) ^ twice) >>> 27
                | (file.get(INT, bucket + 24) == wanted ? 1L << 6 : 0);
        if (same != 0) {
            int slot = Long.numberOfTrailingZeros(same | same >>> 31);
            if ((more >>> 8 * slot & 255) == (hash >>> 32 & 255)) {
                return bucket + 28 + 4L * slot;
            }
        }
        if ((more >>> 56 & 1 << (hash >>> 40 & 7)) == 0 && (same & same - 1) == 0) {
            return 0;
        }
        return search(order, bucket, hash);
    }

    private static long both(int half) {
        return (long) half << 32 | half & 0xFFFFFFFFL;
    }

    /** Slot by slot and bucket by bucket. */
    private long search(int n, long home, long hash) {
        int wanted = fingerprint(hash);
        boolean longest = n == order;
        int slots = longest ? LONGEST : MIDDLE;
        long bucket = home;
        for (long step = 0; step < buckets[n]; step++) {
            for (int slot = 0; slot < slots; slot++) {
                if (file.get(INT, bucket + 4L * slot) == wanted && isSame(file, longest, bucket, slot, hash)) {
                    return bucket + (longest ? 28 + 4L * slot : 24 + 8L * slot);
                }
            }
            boolean further = longest
                    ? (file.get(LONG, bucket + 56) >>> 56 & 1 << (hash >>> 40 & 7)) != 0
                    : (file.get(INT, bucket + 20) >>> 30 & 1 << (hash >>> 38 & 1)) != 0;
            if (!further) {
                return 0;
            }
            bucket = following(offsets[n], buckets[n] + SLACK, bucket, step);
        }
        return 0;
    }

    /** The rest of a fingerprint. */
    private static boolean isSame(MemorySegment file, boolean longest, long bucket, int slot, long hash) {
        return longest
                ? (file.get(LONG, bucket + 56) >>> 8 * slot & 255) == (hash >>> 32 & 255)
                : (file.get(INT, bucket + 20) >>> 6 * slot & 63) == (hash >>> 32 & 63);
    }

    /** After the first bucket the other of its pair, then the pairs that follow. */
    private static long following(long table, long count, long bucket, long step) {
        long place = (bucket - table) / BUCKET;
        long next = step == 0 ? place ^ 1 : step == 1 ? (place | 1) + 1 : place + 1;
        return table + (next >= count ? 0 : next) * BUCKET;
    }

    /** How many n-grams a bucket holds. */
    int slots(int n) {
        return n == order ? LONGEST : MIDDLE;
    }

    /** The low bits of the hash of an n-gram, as far as its bucket tells them, 38 or 40; 0 where there is none. */
    long lowBits(int n, long place, int slot) {
        long bucket = offsets[n] + place * BUCKET;
        int fingerprint = file.get(INT, bucket + 4L * slot);
        if (fingerprint == 0) {
            return 0;
        }
        long more = n == order
                ? file.get(LONG, bucket + 56) >>> 8 * slot & 255
                : file.get(INT, bucket + 20) >>> 6 * slot & 63;
        return more << 32 | fingerprint & 0xFFFFFFFFL;
    }

    /** Where the numbers of an n-gram lie. */
    long values(int n, long place, int slot) {
        return offsets[n] + place * BUCKET + (n == order ? 28 + 4L * slot : 24 + 8L * slot);
    }

    /** The numbers that lie somewhere, as {@link NgramRows} keeps them. */
    long payload(int n, long at) {
        float backoff = n == order ? NgramRows.NO_EXTENSION : file.get(FLOAT, at + 4);
        return NgramRows.payload(probability(file.get(INT, at)), backoff);
    }

    static float probability(int bits) {
        return Float.intBitsToFloat(bits | SIGN);
    }

    /** Whether an n-gram went by a bucket. */
    boolean isFull(int n, long place) {
        long bucket = offsets[n] + place * BUCKET;
        return n == order ? file.get(LONG, bucket + 56) >>> 56 != 0 : file.get(INT, bucket + 20) >>> 30 != 0;
    }

    private static long buckets(long count, boolean longest) {
        return ((long) (count / (LOAD * 2 * (longest ? LONGEST : MIDDLE)))) * 2 + 2 + SLACK;
    }

    /** Bytes of a table; below 0 if there is none of that size. */
    static long bytes(long size) {
        return size <= SLACK || size > Long.MAX_VALUE / BUCKET ? -1 : size * BUCKET;
    }

    /** Where everything of the file that a model will become lies. */
    static ModelFile.Layout layout(long[] counts, Vocabulary vocabulary, byte @Nullable [] tokenizer) {
        int order = counts.length - 1;
        long[] sizes = new long[order + 1];
        long[] bytes = new long[order + 1];
        for (int n = 2; n <= order; n++) {
            sizes[n] = buckets(counts[n], n == order);
            bytes[n] = sizes[n] * BUCKET;
        }
        return new ModelFile.Layout(ModelFile.FAST, order, vocabulary, counts, sizes, bytes, 8, tokenizer);
    }

    /** Writes a model. */
    static void write(NgramRows model, Path path, byte @Nullable [] tokenizer, Workspace workspace, int threads)
            throws IOException {
        ModelFile.Layout layout = layout(model.counts(), model.vocabulary, tokenizer);
        AtomicFiles.writeChannel(path, channel -> {
            try (FileWindow file = new FileWindow(channel, layout.length)) {
                layout.writeWords(file, model.vocabulary, tokenizer);
                for (int id = 0; id < layout.vocabularySize; id++) {
                    long at = layout.unigramsOffset + 8L * id;
                    file.setInt(at, bits(model.log10(model.probabilities[id]), model.extendsLeft(1, id)));
                    file.setFloat(at + 4, model.log10Backoff(model.backoffs[id]));
                }
                while (!fill(model, layout, channel, workspace, threads)) {
                    layout.seed++;
                    for (int n = 2; n <= model.order; n++) {
                        file.clear(layout.tableOffsets[n], layout.tableSizes[n] * BUCKET);
                    }
                }
                layout.writeHeader(file);
            }
        });
    }

    private static int bits(float log10, boolean extendsLeft) {
        int bits = Float.floatToRawIntBits(log10);
        return extendsLeft ? bits | SIGN : bits & ~SIGN;
    }

    private static boolean fill(NgramRows model, ModelFile.Layout layout, FileChannel channel, Workspace workspace,
            int threads) throws IOException {
        boolean[] clash = new boolean[model.order + 1];
        List<Callable<@Nullable Void>> tasks = new ArrayList<>();
        double share = 1.0 / Math.max(1, Math.min(threads, model.order - 1));
        for (int n = model.order; n >= 2; n--) {
            int each = n;
            tasks.add(() -> {
                clash[each] = !fillTable(model, layout, channel, workspace, share, each);
                return null;
            });
        }
        Estimator.run(tasks, threads);
        for (boolean each : clash) {
            if (each) {
                return false;
            }
        }
        return true;
    }

    /** In the order of their hashes, so that the table is written from its beginning to its end. */
    private static boolean fillTable(NgramRows model, ModelFile.Layout layout, FileChannel channel, Workspace workspace,
            double share, int n) throws IOException {
        Packing packing = model.packings[n];
        try (RowSorter sorter = new RowSorter(workspace, model.count(n), 2, false, share)) {
            try (RowCursor rows = model.rows[n].read()) {
                for (long index = 0; rows.next(); index++) {
                    long hash = layout.seed;
                    for (int field = 0; field < n; field++) {
                        hash = hash(hash, packing.get(rows.data, rows.at, field));
                    }
                    long payload = rows.data[rows.at + packing.longs];
                    int bits = bits(model.log10(NgramRows.probability(payload)), model.extendsLeft(n, index));
                    int to = sorter.slot();
                    long[] row = sorter.array();
                    row[to] = hash;
                    row[to + 1] = (long) bits << 32
                            | Float.floatToRawIntBits(model.log10Backoff(NgramRows.backoff(payload))) & 0xFFFFFFFFL;
                }
            }
            try (RowCursor sorted = sorter.sorted(); FileWindow file = new FileWindow(channel, layout.length)) {
                return fillTable(sorted, layout, file, n);
            }
        }
    }

    private static boolean fillTable(RowCursor rows, ModelFile.Layout layout, FileWindow file, int n)
            throws IOException {
        long table = layout.tableOffsets[n];
        long count = layout.tableSizes[n];
        boolean longest = n == layout.order;
        int slots = longest ? LONGEST : MIDDLE;
        while (rows.next()) {
            long hash = rows.data[rows.at];
            long values = rows.data[rows.at + 1];
            int wanted = fingerprint(hash);
            long bucket = bucket(table, count - SLACK, hash);
            int slot = 0;
            for (long step = 0;; slot = 0, step++) {
                for (; slot < slots; slot++) {
                    int there = file.getInt(bucket + 4L * slot);
                    if (there == 0) {
                        break;
                    }
                    if (there == wanted && (longest
                            ? (file.getLong(bucket + 56) >>> 8 * slot & 255) == (hash >>> 32 & 255)
                            : (file.getInt(bucket + 20) >>> 6 * slot & 63) == (hash >>> 32 & 63))) {
                        return false;
                    }
                }
                if (slot < slots) {
                    break;
                }
                if (longest) {
                    file.setLong(bucket + 56, file.getLong(bucket + 56) | 1L << 56 + (hash >>> 40 & 7));
                } else {
                    file.setInt(bucket + 20, file.getInt(bucket + 20) | 1 << 30 + (hash >>> 38 & 1));
                }
                long next = following(table, count, bucket, step);
                if (next < bucket - BUCKET) {
                    return false; // out of room at the end
                }
                bucket = next;
            }
            file.setInt(bucket + 4L * slot, wanted);
            if (longest) {
                file.setLong(bucket + 56, file.getLong(bucket + 56) | (hash >>> 32 & 255) << 8 * slot);
                file.setInt(bucket + 28 + 4L * slot, (int) (values >>> 32));
            } else {
                file.setInt(bucket + 20, file.getInt(bucket + 20) | (int) (hash >>> 32 & 63) << 6 * slot);
                file.setInt(bucket + 24 + 8L * slot, (int) (values >>> 32));
                file.setInt(bucket + 28 + 8L * slot, (int) values);
            }
        }
        return true;
    }
}
