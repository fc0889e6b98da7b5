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
 * A table is made of buckets of a cache line each. One of n-grams shorter than the longest holds five: their fingerprints of
 * 32 bits, 6 more bits of each together in an int, then probability and backoff of each. One of the longest holds seven:
 * fingerprints, probabilities, and 9 more bits of each in a long. What does not fit goes to the next bucket. An n-gram is told
 * from others by its place and its fingerprint, some 60 bits of its hash; that no two of a model are alike is seen when it is
 * made, and another seed taken if so.
 *
 * <p>
 * A probability's sign is turned where no longer n-gram ends with this one, a backoff is -0.0 where none begins with it: what
 * need not be looked for.
 */
final class FastModel extends NgramModel {
    private static final int BUCKET = 64;
    private static final int MIDDLE = 5;
    private static final int LONGEST = 7;
    private static final double LOAD = 0.65;
    private static final ValueLayout.OfInt INT = Vocabulary.INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = Vocabulary.LONG;
    private static final int SIGN = 0x80000000;

    private final MemorySegment file;
    private final long unigrams;
    private final long[] offsets;
    private final long[] buckets;
    private final int order;
    private final long seed;

    FastModel(ModelFile.Header header, Arena arena) {
        super(header, arena);
        file = header.file();
        unigrams = header.unigramsOffset();
        offsets = header.tableOffsets();
        buckets = header.tableSizes();
        order = header.order();
        seed = header.seed();
        ready();
    }

    @Override
    public String form() {
        return "fast";
    }

    private static long hash(long before, int word) {
        long h = before + (word + 1L) * 0x9E3779B97F4A7C15L;
        h = (h ^ h >>> 32) * 0xD6E8FEB86659FD93L;
        return h ^ h >>> 32;
    }

    private static int fingerprint(long hash) {
        int fingerprint = (int) hash;
        return fingerprint == 0 ? 1 : fingerprint; // 0 is an empty place
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
            if (n == order) {
                long found = findLongest(offsets[n], buckets[n], hash);
                if (found >= 0) {
                    bits = file.get(INT, found);
                    matched = n;
                }
                break;
            }
            long found = find(offsets[n], buckets[n], hash);
            if (found < 0) {
                break;
            }
            bits = file.get(INT, found);
            backoff = file.get(FLOAT, found + 4);
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

    /** Where an n-gram's values lie, -1 if it is not there. */
    private long find(long table, long count, long hash) {
        int wanted = fingerprint(hash);
        long bucket = Math.unsignedMultiplyHigh(hash, count);
        while (true) {
            long at = table + bucket * BUCKET;
            for (int slot = 0; slot < MIDDLE; slot++) {
                int there = file.get(INT, at + 4L * slot);
                if (there == wanted && (file.get(INT, at + 20) >>> 6 * slot & 63) == (int) (hash >>> 32 & 63)) {
                    return at + 24 + 8L * slot;
                }
            }
            if (file.get(INT, at + 4L * (MIDDLE - 1)) == 0) {
                return -1;
            }
            if (++bucket == count) {
                bucket = 0;
            }
        }
    }

    private long findLongest(long table, long count, long hash) {
        int wanted = fingerprint(hash);
        long bucket = Math.unsignedMultiplyHigh(hash, count);
        while (true) {
            long at = table + bucket * BUCKET;
            for (int slot = 0; slot < LONGEST; slot++) {
                int there = file.get(INT, at + 4L * slot);
                if (there == wanted && (file.get(LONG, at + 56) >>> 9 * slot & 511) == (hash >>> 32 & 511)) {
                    return at + 28 + 4L * slot;
                }
            }
            if (file.get(INT, at + 4L * (LONGEST - 1)) == 0) {
                return -1;
            }
            if (++bucket == count) {
                bucket = 0;
            }
        }
    }

    private static long buckets(long count, boolean longest) {
        return (long) (count / (LOAD * (longest ? LONGEST : MIDDLE))) + 1;
    }

    /** Bytes of the file that a model will become. */
    static ModelFile.Layout layout(NgramRows model, byte @Nullable [] tokenizer) {
        int order = model.order;
        long[] counts = new long[order + 1];
        long[] sizes = new long[order + 1];
        long[] bytes = new long[order + 1];
        for (int n = 1; n <= order; n++) {
            counts[n] = model.count(n);
            if (n > 1) {
                sizes[n] = buckets(counts[n], n == order);
                bytes[n] = sizes[n] * BUCKET;
            }
        }
        return new ModelFile.Layout(ModelFile.FAST, order, model.vocabulary, counts, sizes, bytes, 8, tokenizer);
    }

    /** Writes a model. */
    static void write(NgramRows model, Path path, byte @Nullable [] tokenizer, int threads) throws IOException {
        ModelFile.Layout layout = layout(model, tokenizer);
        AtomicFiles.writeChannel(path, channel -> {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment file = channel.map(FileChannel.MapMode.READ_WRITE, 0, layout.length, arena);
                layout.writeWords(file, model.vocabulary, tokenizer);
                for (int id = 0; id < layout.vocabularySize; id++) {
                    long at = layout.unigramsOffset + 8L * id;
                    file.set(INT, at, bits(model.log10(model.probabilities[id]), model.extendsLeft(1, id)));
                    file.set(FLOAT, at + 4, model.log10Backoff(model.backoffs[id]));
                }
                boolean unique;
                do {
                    unique = fill(model, layout, file, threads);
                    if (!unique) {
                        layout.seed++;
                        for (int n = 2; n <= model.order; n++) {
                            file.asSlice(layout.tableOffsets[n], layout.tableSizes[n] * BUCKET).fill((byte) 0);
                        }
                    }
                } while (!unique);
                layout.writeHeader(file);
            }
        });
    }

    private static int bits(float log10, boolean extendsLeft) {
        int bits = Float.floatToRawIntBits(log10);
        return extendsLeft ? bits | SIGN : bits & ~SIGN;
    }

    private static boolean fill(NgramRows model, ModelFile.Layout layout, MemorySegment file, int threads)
            throws IOException {
        boolean[] clash = new boolean[model.order + 1];
        List<Callable<@Nullable Void>> tasks = new ArrayList<>();
        for (int n = model.order; n >= 2; n--) {
            int each = n;
            tasks.add(() -> {
                clash[each] = !fillTable(model, layout, file, each);
                return null;
            });
        }
        KneserNey.run(tasks, threads);
        for (boolean each : clash) {
            if (each) {
                return false;
            }
        }
        return true;
    }

    private static boolean fillTable(NgramRows model, ModelFile.Layout layout, MemorySegment file, int n)
            throws IOException {
        Packing packing = model.packings[n];
        long table = layout.tableOffsets[n];
        long count = layout.tableSizes[n];
        boolean longest = n == model.order;
        int slots = longest ? LONGEST : MIDDLE;
        try (RowCursor rows = model.rows[n].read()) {
            for (long index = 0; rows.next(); index++) {
                long hash = layout.seed;
                for (int field = 0; field < n; field++) {
                    hash = hash(hash, packing.get(rows.data, rows.at, field));
                }
                int wanted = fingerprint(hash);
                long bucket = Math.unsignedMultiplyHigh(hash, count);
                long at;
                int slot = 0;
                while (true) {
                    at = table + bucket * BUCKET;
                    int there = file.get(INT, at + 4L * slot);
                    if (there == 0) {
                        break;
                    }
                    if (there == wanted) {
                        boolean same = longest
                                ? (file.get(LONG, at + 56) >>> 9 * slot & 511) == (hash >>> 32 & 511)
                                : (file.get(INT, at + 20) >>> 6 * slot & 63) == (int) (hash >>> 32 & 63);
                        if (same) {
                            return false;
                        }
                    }
                    if (++slot == slots) {
                        slot = 0;
                        bucket = bucket + 1 == count ? 0 : bucket + 1;
                    }
                }
                long payload = rows.data[rows.at + packing.longs];
                file.set(INT, at + 4L * slot, wanted);
                int bits = bits(model.log10(NgramRows.probability(payload)), model.extendsLeft(n, index));
                if (longest) {
                    file.set(LONG, at + 56, file.get(LONG, at + 56) | (hash >>> 32 & 511) << 9 * slot);
                    file.set(INT, at + 28 + 4L * slot, bits);
                } else {
                    file.set(INT, at + 20, file.get(INT, at + 20) | (int) (hash >>> 32 & 63) << 6 * slot);
                    file.set(INT, at + 24 + 8L * slot, bits);
                    file.set(FLOAT, at + 28 + 8L * slot, model.log10Backoff(NgramRows.backoff(payload)));
                }
            }
        }
        return true;
    }
}
