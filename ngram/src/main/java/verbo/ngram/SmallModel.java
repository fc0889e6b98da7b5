// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import verbo.text.AtomicFiles;

/**
 * The small form: a trie from the last word back, as KenLM's. The n-grams of an order lie in suffix order, bit-packed: the word
 * farthest back, the probability, the backoff weight, and where among the next order's those begin that end with this one.
 * Words are numbered by the hashes of their spellings, so that those of a range lie evenly, and a search goes where the word
 * should be; in a file with other numbers it finds it too, later. Backoff weights repeat, as they come from a few counts, so
 * each is a number in a table of those there are, and no digit is lost; unless the model is quantized, which gives
 * probabilities such a table too.
 */
final class SmallModel extends NgramModel {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = Vocabulary.LONG;
    private static final int SIGN = 0x80000000;
    static final int UNIGRAM = 16; // probability, backoff, first child as a long
    /** Bits of a probability that is written as it is. */
    private static final int PROBABILITY = 31;
    private static final int NUMBERS = 32;

    final MemorySegment file;
    final long unigrams;
    private final int order;
    private final int wordBits;
    final PackedOrder[] orders; // [order + 1]; the first two are not used

    SmallModel(ModelFile.Header header, Arena arena) {
        super(header, arena);
        file = header.file();
        unigrams = header.unigramsOffset();
        order = header.order();
        wordBits = Packing.bitsFor(header.vocabulary().size());
        orders = new PackedOrder[order + 1];
        for (int n = 2; n <= order; n++) {
            Layout layout = new Layout(order, n, wordBits, header.counts(), header.tableSizes()[n]);
            orders[n] = new PackedOrder(file, header.tableOffsets()[n], layout, header.vocabulary().size());
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
            PackedOrder grams = orders[n];
            long found = grams.find(from, to, grams.guess(from, to, before), before);
            if (found < 0) {
                break;
            }
            matched = n;
            score = Float.intBitsToFloat(grams.probability(found));
            if (n == order) {
                break;
            }
            backoff = grams.backoff(found);
            next.words[n - 1] = before;
            next.backoffs[n - 1] = backoff;
            if (Float.floatToRawIntBits(backoff) != SIGN) {
                nextLength = n;
            }
            from = grams.child(found);
            to = grams.child(found + 1);
        }
        next.length = nextLength;
        for (int i = matched - 1; i < past; i++) {
            score += history.backoffs[i];
        }
        return score;
    }

    @Override
    public Scorer scorer() {
        return new SmallScorer(this);
    }

    /**
     * What a record of an order is made of.
     *
     * @param backoffs
     *            how many values backoff weights have
     * @param probabilities
     *            how many values probabilities have; 0 if they are written as they are
     */
    record Layout(int order, int n, int wordBits, int backoffs, int probabilities, int childBits) {
        /** The size of the table that a header tells. */
        Layout(int order, int n, int wordBits, long[] counts, long size) {
            this(order, n, wordBits, (int) size, (int) (size >>> NUMBERS),
                    n == order ? 0 : SmallModel.bits(counts[n + 1]));
        }

        long size() {
            return (long) probabilities << NUMBERS | backoffs;
        }

        int probabilityBits() {
            return probabilities == 0 ? PROBABILITY : Packing.bitsFor(probabilities);
        }

        int backoffBits() {
            return n == order ? 0 : Packing.bitsFor(backoffs);
        }

        int bits() {
            return wordBits + probabilityBits() + backoffBits() + childBits;
        }

        /** Bytes of the tables of values. */
        long tables() {
            return ModelFile.align(4L * backoffs + 4L * probabilities);
        }

        /** Bytes of all: one record more, for where the last one's children end, and room to read a whole long. */
        long bytes(long count) {
            return tables() + ((count + 1) * bits() + 7) / 8 + 8;
        }
    }

    /** Bytes of the tables and records of an order, by the header; below 0 if it cannot be. */
    static long bytes(MemorySegment file, int order, int n, int vocabularySize) {
        long[] counts = new long[order + 1];
        for (int i = 1; i <= order; i++) {
            counts[i] = file.get(LONG, 128 + 24L * (i - 1));
        }
        long size = file.get(LONG, 128 + 24L * (n - 1) + 16);
        Layout record = new Layout(order, n, Packing.bitsFor(vocabularySize), counts, size);
        boolean possible = record.backoffs >= (n < order ? 1 : 0) && record.probabilities >= 0
                && record.probabilities <= 1 << 17 && counts[n] >= 0 && counts[n] < 1L << 50
                && record.backoffBits() <= 31 && record.childBits <= 57;
        return possible ? record.bytes(counts[n]) : -1;
    }

    /**
     * What a model becomes.
     *
     * @param shapes
     *            [order + 1] of each order's records
     * @param backoffs
     *            [order + 1] the values that weights have; of the longest null
     * @param probabilities
     *            [order + 1] the same of probabilities, null if they are written as they are
     */
    private record Plan(ModelFile.Layout layout, Layout[] shapes, @Nullable Codebook[] backoffs,
            @Nullable Codebook[] probabilities) {}

    private static Plan plan(NgramRows model, byte @Nullable [] tokenizer, Workspace workspace, int quantize)
            throws IOException {
        int order = model.order;
        long[] counts = model.counts();
        long[] sizes = new long[order + 1];
        long[] bytes = new long[order + 1];
        @Nullable Codebook[] backoffs = new Codebook[order + 1];
        @Nullable Codebook[] probabilities = new Codebook[order + 1];
        Layout[] shapes = new Layout[order + 1];
        int wordBits = Packing.bitsFor(model.vocabulary.size());
        int most = quantize == 0 ? Integer.MAX_VALUE : 1 << quantize;
        for (int n = 2; n <= order; n++) {
            Codebook weights = n == order
                    ? null
                    : Codebook.of(model, n, workspace, payload -> model.log10Backoff(NgramRows.backoff(payload)), most);
            Codebook coded = quantize == 0
                    ? null
                    : Codebook.of(model, n, workspace, payload -> model.log10(NgramRows.probability(payload)), most);
            backoffs[n] = weights;
            probabilities[n] = coded;
            shapes[n] = new Layout(order, n, wordBits, weights == null ? 0 : weights.size(),
                    coded == null ? 0 : coded.size(), n < order ? bits(counts[n + 1]) : 0);
            sizes[n] = shapes[n].size();
            bytes[n] = shapes[n].bytes(counts[n]);
        }
        return new Plan(new ModelFile.Layout(ModelFile.SMALL, order, model.vocabulary, counts, sizes, bytes, UNIGRAM,
                tokenizer), shapes, backoffs, probabilities);
    }

    /** How many bytes a model will take, whatever the numbers of its words. */
    static long length(NgramRows model, byte @Nullable [] tokenizer, Workspace workspace, int quantize)
            throws IOException {
        return plan(model, tokenizer, workspace, quantize).layout.length;
    }

    /**
     * Writes a model, whose place it takes.
     *
     * @param quantize
     *            bits of a probability and of a backoff weight; 0 to keep every digit
     */
    static void write(NgramRows rows, Path path, byte @Nullable [] tokenizer, Workspace workspace, int quantize)
            throws IOException {
        try (NgramRows model = rows.numberedByHash(workspace)) {
            writeNumbered(model, path, tokenizer, workspace, quantize);
        }
    }

    private static void writeNumbered(NgramRows model, Path path, byte @Nullable [] tokenizer, Workspace workspace,
            int quantize) throws IOException {
        Plan plan = plan(model, tokenizer, workspace, quantize);
        ModelFile.Layout layout = plan.layout;
        AtomicFiles.writeChannel(path, channel -> {
            try (FileWindow file = new FileWindow(channel, layout.length);
                    FileWindow parents = new FileWindow(channel, layout.length)) {
                layout.writeWords(file, model.vocabulary, tokenizer);
                long[] firstChildren = new long[layout.vocabularySize + 1];
                for (int n = 2; n <= model.order; n++) {
                    write(model, layout, file, parents, n, plan.shapes, plan.backoffs[n], plan.probabilities[n],
                            firstChildren);
                }
                for (int id = 0; id <= layout.vocabularySize; id++) {
                    long at = layout.unigramsOffset + (long) UNIGRAM * id;
                    if (id < layout.vocabularySize) {
                        float probability = model.log10(model.probabilities[id]);
                        file.setInt(at, Float.floatToRawIntBits(probability) | SIGN);
                        file.setFloat(at + 4, model.log10Backoff(model.backoffs[id]));
                    }
                    file.setLong(at + 8, firstChildren[id]);
                }
                layout.writeHeader(file);
            }
        });
    }

    private static void write(NgramRows model, ModelFile.Layout layout, FileWindow file, FileWindow parents, int n,
            Layout[] shapes, @Nullable Codebook backoffs, @Nullable Codebook probabilities, long[] unigramChildren)
            throws IOException {
        Packing packing = model.packings[n];
        Layout shape = shapes[n];
        int width = shape.bits();
        long table = layout.tableOffsets[n];
        for (int i = 0; i < shape.backoffs; i++) {
            file.setInt(table + 4L * i, Objects.requireNonNull(backoffs).bits(i));
        }
        for (int i = 0; i < shape.probabilities; i++) {
            file.setInt(table + 4L * (shape.backoffs + i), Objects.requireNonNull(probabilities).bits(i));
        }
        long base = table + shape.tables();
        // where the parents' pointers lie: in the unigrams, or at the end of the records of the order before
        Layout parentShape = n == 2 ? shape : shapes[n - 1];
        long parentBase = n == 2 ? 0 : layout.tableOffsets[n - 1] + parentShape.tables();
        int parentWidth = parentShape.bits();
        int pointer = parentWidth - parentShape.childBits;
        long parent = -1;
        long index = 0;
        try (NgramRows.Suffixes grams = model.suffixes(n)) {
            while (grams.next()) {
                while (parent < grams.shorterIndex()) {
                    parent++;
                    if (n == 2) {
                        unigramChildren[(int) parent] = index;
                    } else {
                        put(parents, parentBase, parent * parentWidth + pointer, index);
                    }
                }
                long bit = index * width;
                put(file, base, bit, packing.get(grams.data(), grams.at(), n - 1));
                float probability = model.log10(NgramRows.probability(grams.payload()));
                put(file, base, bit + shape.wordBits, probabilities == null
                        ? Float.floatToRawIntBits(probability) & ~SIGN
                        : probabilities.code(probability));
                if (backoffs != null) {
                    put(file, base, bit + shape.wordBits + shape.probabilityBits(),
                            backoffs.code(model.log10Backoff(NgramRows.backoff(grams.payload()))));
                }
                index++;
            }
        }
        long all = n == 2 ? layout.vocabularySize : layout.counts[n - 1];
        while (parent < all) {
            parent++;
            if (n == 2) {
                unigramChildren[(int) parent] = index;
            } else {
                put(parents, parentBase, parent * parentWidth + pointer, index);
            }
        }
    }

    private static void put(FileWindow file, long base, long bit, long value) {
        long at = base + (bit >>> 3);
        file.setLong(at, file.getLong(at) | value << (bit & 7));
    }

    @Override
    NgramRows rows(Workspace workspace) throws IOException {
        int size = vocabularySize();
        Packing[] packings = Estimator.packings(order, wordBits);
        float[] probabilities = new float[size];
        float[] backoffs = new float[size];
        for (int id = 0; id < size; id++) {
            probabilities[id] = file.get(FLOAT, unigrams + (long) UNIGRAM * id);
            backoffs[id] = file.get(FLOAT, unigrams + (long) UNIGRAM * id + 4);
        }
        RowStore[] rows = new RowStore[order + 1];
        for (int n = 2; n <= order; n++) {
            rows[n] = rows(n, packings, rows, workspace);
        }
        NgramRows model = new NgramRows(vocabulary(), order, packings, probabilities, backoffs, rows, new long[order][],
                true);
        model.markExtensions();
        return model;
    }

    private RowStore rows(int n, Packing[] packings, RowStore[] before, Workspace workspace) throws IOException {
        Packing packing = packings[n];
        RowStore rows = new RowStore(workspace, packing.longs + 1);
        long[] row = new long[packing.longs];
        long index = 0;
        try (RowCursor parents = n == 2 ? RowCursor.of(row, 0, 1) : before[n - 1].read()) {
            long all = n == 2 ? vocabularySize() : count(n - 1);
            for (long parent = 0; parent < all; parent++) {
                long end;
                if (n == 2) {
                    packing.set(row, 0, 0, (int) parent);
                    end = file.get(LONG, unigrams + UNIGRAM * (parent + 1) + 8);
                } else {
                    if (!parents.next()) {
                        throw new IllegalStateException("fewer n-grams than counted");
                    }
                    for (int field = 0; field < n - 1; field++) {
                        packing.set(row, 0, field, packings[n - 1].get(parents.data, parents.at, field));
                    }
                    end = orders[n - 1].child(parent + 1);
                }
                for (; index < end; index++) {
                    packing.set(row, 0, n - 1, orders[n].word(index));
                    float probability = Float.intBitsToFloat(orders[n].probability(index));
                    float backoff = n == order ? NgramRows.NO_EXTENSION : orders[n].backoff(index);
                    rows.add(row, 0, NgramRows.payload(probability, backoff));
                }
            }
        }
        rows.finish();
        return rows;
    }
}
