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
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import verbo.text.AtomicFiles;

/**
 * The small form: a trie from the last word back, as KenLM's. The n-grams of an order lie in suffix order, bit-packed: the word
 * farthest back, the probability, the backoff weight, and where among the next order's those begin that end with this one;
 * those are searched by halves. Backoff weights repeat, as they come from a few counts, so each is a number in a table of those
 * there are, and no digit is lost.
 */
final class SmallModel extends NgramModel {
    private static final ValueLayout.OfInt INT = Vocabulary.INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = Vocabulary.LONG;
    private static final int SIGN = 0x80000000;
    private static final int UNIGRAM = 16; // probability, backoff, first child as a long
    private static final int PROBABILITY = 31;

    private final MemorySegment file;
    private final long unigrams;
    private final int order;
    private final int wordBits;
    private final int[] backoffBits; // [order + 1]
    private final int[] childBits;
    private final int[] recordBits;
    private final long[] backoffTables; // where each order's lies
    private final long[] records;

    SmallModel(ModelFile.Header header, Arena arena) {
        super(header, arena);
        file = header.file();
        unigrams = header.unigramsOffset();
        order = header.order();
        wordBits = Packing.bitsFor(header.vocabulary().size());
        backoffBits = new int[order + 1];
        childBits = new int[order + 1];
        recordBits = new int[order + 1];
        backoffTables = new long[order + 1];
        records = new long[order + 1];
        for (int n = 2; n <= order; n++) {
            int values = (int) header.tableSizes()[n];
            backoffTables[n] = header.tableOffsets()[n];
            records[n] = header.tableOffsets()[n] + ModelFile.align(4L * values);
            if (n < order) {
                backoffBits[n] = Packing.bitsFor(values);
                childBits[n] = bits(header.counts()[n + 1]);
            }
            recordBits[n] = wordBits + PROBABILITY + backoffBits[n] + childBits[n];
        }
        ready();
    }

    private static int bits(long largest) {
        return Math.max(1, 64 - Long.numberOfLeadingZeros(largest));
    }

    @Override
    public String form() {
        return "small";
    }

    /** Up to 57 bits from any bit on. */
    private long read(long base, long bit, int width) {
        return file.get(LONG, base + (bit >>> 3)) >>> (bit & 7) & (1L << width) - 1;
    }

    @Override
    public float score(History history, int word, History next) {
        long at = unigrams + (long) UNIGRAM * word;
        float score = file.get(FLOAT, at);
        float backoff = file.get(FLOAT, at + 4);
        int nextLength = 0;
        int matched = 1;
        int past = history.length;
        next.words[0] = word;
        if (order > 1) {
            next.backoffs[0] = backoff;
            if (Float.floatToRawIntBits(backoff) != SIGN) {
                nextLength = 1;
            }
        }
        long from = past == 0 ? 0 : file.get(LONG, at + 8);
        long to = past == 0 ? 0 : file.get(LONG, at + 8 + UNIGRAM);
        for (int i = 0; i < past && from < to; i++) {
            int n = i + 2;
            int before = history.words[i];
            long found = find(n, from, to, before);
            if (found < 0) {
                break;
            }
            matched = n;
            long record = found * recordBits[n] + wordBits;
            score = Float.intBitsToFloat((int) read(records[n], record, PROBABILITY) | SIGN);
            if (n == order) {
                break;
            }
            record += PROBABILITY;
            backoff = file.get(FLOAT, backoffTables[n] + 4 * read(records[n], record, backoffBits[n]));
            next.words[n - 1] = before;
            next.backoffs[n - 1] = backoff;
            if (Float.floatToRawIntBits(backoff) != SIGN) {
                nextLength = n;
            }
            record += backoffBits[n];
            from = read(records[n], record, childBits[n]);
            to = read(records[n], record + recordBits[n], childBits[n]);
        }
        next.length = nextLength;
        for (int i = matched - 1; i < past; i++) {
            score += history.backoffs[i];
        }
        return score;
    }

    private long find(int n, long first, long end, int word) {
        long from = first;
        long to = end;
        long base = records[n];
        int width = recordBits[n];
        while (from < to) {
            long middle = from + to >>> 1;
            int there = (int) read(base, middle * width, wordBits);
            if (there < word) {
                from = middle + 1;
            } else if (there > word) {
                to = middle;
            } else {
                return middle;
            }
        }
        return -1;
    }

    /** Writes a model. */
    static void write(NgramRows model, Path path, byte @Nullable [] tokenizer) throws IOException {
        int order = model.order;
        long[] counts = new long[order + 1];
        long[] sizes = new long[order + 1];
        long[] bytes = new long[order + 1];
        int[][] values = new int[order + 1][];
        int wordBits = Packing.bitsFor(model.vocabulary.size());
        for (int n = 1; n <= order; n++) {
            counts[n] = model.count(n);
        }
        for (int n = 2; n <= order; n++) {
            int[] each = n == order ? new int[0] : backoffs(model, n);
            values[n] = each;
            sizes[n] = each.length;
            long width = (long) wordBits + PROBABILITY
                    + (n < order ? Packing.bitsFor(each.length) + bits(counts[n + 1]) : 0);
            // one record more, for where the last one's children end, and room to read a whole long
            bytes[n] = ModelFile.align(4L * each.length) + ((counts[n] + 1) * width + 7) / 8 + 8;
        }

        ModelFile.Layout layout = new ModelFile.Layout(ModelFile.SMALL, order, model.vocabulary, counts, sizes, bytes,
                UNIGRAM, tokenizer);
        AtomicFiles.writeChannel(path, channel -> {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment file = channel.map(FileChannel.MapMode.READ_WRITE, 0, layout.length, arena);
                layout.writeWords(file, model.vocabulary, tokenizer);
                long[] firstChildren = new long[layout.vocabularySize + 1];
                if (order > 1) {
                    for (int n = 2; n <= order; n++) {
                        write(model, layout, file, n, values, firstChildren);
                    }
                }
                for (int id = 0; id <= layout.vocabularySize; id++) {
                    long at = layout.unigramsOffset + (long) UNIGRAM * id;
                    if (id < layout.vocabularySize) {
                        float probability = model.log10(model.probabilities[id]);
                        file.set(INT, at, Float.floatToRawIntBits(probability) | SIGN);
                        file.set(FLOAT, at + 4, model.log10Backoff(model.backoffs[id]));
                    }
                    file.set(LONG, at + 8, firstChildren[id]);
                }
                layout.writeHeader(file);
            }
        });
    }

    /** The backoff weights that an order has, as bits of floats in the order of those as integers. */
    private static int[] backoffs(NgramRows model, int n) throws IOException {
        int[] table = new int[1 << 12];
        int used = 0;
        boolean zero = false;
        int longs = model.packings[n].longs;
        try (RowCursor rows = model.rows[n].read()) {
            while (rows.next()) {
                int bits = value(model, rows.data[rows.at + longs]);
                if (bits == 0) {
                    zero = true;
                    continue;
                }
                int mask = table.length - 1;
                int at = bits * 0x9E3779B1 >>> 7 & mask;
                while (table[at] != 0 && table[at] != bits) {
                    at = at + 1 & mask;
                }
                if (table[at] == 0) {
                    table[at] = bits;
                    if (++used * 2 > table.length) {
                        table = grow(table);
                    }
                }
            }
        }
        int[] values = new int[used + (zero ? 1 : 0)];
        int count = 0;
        for (int bits : table) {
            if (bits != 0) {
                values[count++] = bits;
            }
        }
        Arrays.sort(values);
        return values;
    }

    private static int[] grow(int[] table) {
        int[] larger = new int[table.length * 2];
        int mask = larger.length - 1;
        for (int bits : table) {
            if (bits != 0) {
                int at = bits * 0x9E3779B1 >>> 7 & mask;
                while (larger[at] != 0) {
                    at = at + 1 & mask;
                }
                larger[at] = bits;
            }
        }
        return larger;
    }

    private static int value(NgramRows model, long payload) {
        return Float.floatToRawIntBits(model.log10Backoff(NgramRows.backoff(payload)));
    }

    private static void write(NgramRows model, ModelFile.Layout layout, MemorySegment file, int n, int[][] values,
            long[] unigramChildren) throws IOException {
        int order = model.order;
        Packing packing = model.packings[n];
        int wordBits = packing.bits;
        int backoffBits = n < order ? Packing.bitsFor(values[n].length) : 0;
        int childBits = n < order ? bits(layout.counts[n + 1]) : 0;
        int width = wordBits + PROBABILITY + backoffBits + childBits;
        long table = layout.tableOffsets[n];
        for (int i = 0; i < values[n].length; i++) {
            file.set(INT, table + 4L * i, values[n][i]);
        }
        long base = table + ModelFile.align(4L * values[n].length);
        // where the parents' pointers lie: in the unigrams, or at the end of the records of the order before
        long parentBase = 0;
        int parentWidth = 0;
        int pointer = 0;
        if (n > 2) {
            int parentBackoff = Packing.bitsFor(values[n - 1].length);
            int pointerBits = bits(layout.counts[n]);
            parentBase = layout.tableOffsets[n - 1] + ModelFile.align(4L * values[n - 1].length);
            parentWidth = wordBits + PROBABILITY + parentBackoff + pointerBits;
            pointer = parentWidth - pointerBits;
        }
        long parent = -1;
        long index = 0;
        try (RowCursor rows = model.rows[n].read();
                RowCursor parents = n == 2 ? RowCursor.of(new long[0], 0, 1) : model.rows[n - 1].read()) {
            long[] prefix = new long[packing.longs];
            while (rows.next()) {
                long[] data = rows.data;
                int at = rows.at;
                if (n == 2) {
                    int word = packing.get(data, at, 0);
                    while (parent < word) {
                        unigramChildren[(int) ++parent] = index;
                    }
                } else {
                    Packing shorter = model.packings[n - 1];
                    shorter.copyPrefix(data, at, prefix, 0);
                    while (parent < 0 || RowSort.compare(parents.data, parents.at, prefix, 0, shorter.longs) != 0) {
                        if (!parents.next()) {
                            throw new IllegalStateException("an n-gram without its suffix");
                        }
                        parent++;
                        put(file, parentBase, parent * parentWidth + pointer, index);
                    }
                }
                long payload = data[at + packing.longs];
                long bit = index * width;
                put(file, base, bit, packing.get(data, at, n - 1));
                int probability = Float.floatToRawIntBits(model.log10(NgramRows.probability(payload)));
                put(file, base, bit + wordBits, probability & ~SIGN);
                if (n < order) {
                    put(file, base, bit + wordBits + PROBABILITY,
                            Arrays.binarySearch(values[n], value(model, payload)));
                }
                index++;
            }
        }
        long parents = n == 2 ? layout.vocabularySize : layout.counts[n - 1];
        while (parent < parents) {
            parent++;
            if (n == 2) {
                unigramChildren[(int) parent] = index;
            } else {
                put(file, parentBase, parent * parentWidth + pointer, index);
            }
        }
    }

    private static void put(MemorySegment file, long base, long bit, long value) {
        long at = base + (bit >>> 3);
        file.set(LONG, at, file.get(LONG, at) | value << (bit & 7));
    }
}
