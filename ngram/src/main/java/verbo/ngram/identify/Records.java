// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Arrays;

/**
 * The n-grams of a file, as {@link IdentifierFile} lays them out.
 *
 * @param bits
 *            there are 2^bits buckets
 * @param starts
 *            [2^bits + 1] of the buckets in the bytes
 */
record Records(int ngrams, int bits, int[] starts, byte[] bytes) {
    private static final int HEAD = 3; // bytes of a record before its pairs

    /** Lays out a table, less as much of it as the file's bound asks for. */
    static Records of(WeightTable table, CharacterModel[] models, IdentifierFile.Header header, long most) {
        boolean[] dropped = new boolean[table.weight.length];
        int bits = bits(table.index.size());
        long size = 0;
        for (int g = 0; g < table.index.size(); g++) {
            size += HEAD + 2L * (table.starts[g + 1] - table.starts[g]);
        }
        long over = IdentifierFile.length(header, bits, size) - most;
        if (over > 0) {
            over -= drop(table, models, dropped, over);
        }
        if (over > 0) {
            throw new IllegalArgumentException("the model takes " + (most + over) + " bytes even without the longest"
                    + " n-grams that came once: allow it more than " + most + ", or a lower order than " + table.order);
        }
        return lay(table, header.weights(), dropped, bits);
    }

    /** Enough for four n-grams to a bucket. */
    private static int bits(int ngrams) {
        return Math.max(1, 32 - Integer.numberOfLeadingZeros(Math.max(1, ngrams / 4)));
    }

    /** Leaves out the longest n-grams that came once, the least weights first. Gives the bytes saved. */
    private static long drop(WeightTable table, CharacterModel[] models, boolean[] dropped, long over) {
        long[] candidates = new long[table.weight.length]; // weight in the high bits, entry in the low
        int count = 0;
        for (int g = 0; g < table.index.size(); g++) {
            for (int e = table.starts[g]; e < table.starts[g + 1]; e++) {
                CharacterModel model = models[table.language[e]];
                int ngram = model.ngrams().find(table.index.hash(g));
                if (model.length(ngram) == table.order && model.count(ngram) == 1) {
                    candidates[count++] = (long) Float.floatToIntBits(Math.abs(table.weight[e])) << 32 | e;
                }
            }
        }
        Arrays.sort(candidates, 0, count);
        int[] left = new int[table.index.size()];
        int[] owner = new int[table.weight.length];
        for (int g = 0; g < left.length; g++) {
            left[g] = table.starts[g + 1] - table.starts[g];
            Arrays.fill(owner, table.starts[g], table.starts[g + 1], g);
        }
        long saved = 0;
        for (int i = 0; i < count && saved < over; i++) {
            int entry = (int) candidates[i];
            dropped[entry] = true;
            saved += 2 + (--left[owner[entry]] == 0 ? HEAD : 0);
        }
        return saved;
    }

    private static Records lay(WeightTable table, float[] weights, boolean[] dropped, int bits) {
        int size = table.index.size();
        int[] starts = new int[(1 << bits) + 1];
        int[] kept = new int[size];
        int ngrams = 0;
        for (int g = 0; g < size; g++) {
            for (int e = table.starts[g]; e < table.starts[g + 1]; e++) {
                kept[g] += dropped[e] ? 0 : 1;
            }
            if (kept[g] > 0) {
                ngrams++;
                starts[bucket(table.ends[g], bits) + 1] += HEAD + 2 * kept[g];
            }
        }
        for (int b = 0; b < starts.length - 1; b++) {
            starts[b + 1] += starts[b];
        }
        byte[] bytes = new byte[starts[starts.length - 1]];
        int[] next = starts.clone();
        // an n-gram has a higher number than its end, so it lies behind it
        for (int g = 0; g < size; g++) {
            if (kept[g] == 0) {
                continue;
            }
            long hash = table.index.hash(g);
            int bucket = bucket(table.ends[g], bits);
            int at = next[bucket];
            short fingerprint = (short) IdentifierFile.mix(hash);
            bytes[at++] = (byte) fingerprint;
            bytes[at++] = (byte) (fingerprint >> 8);
            bytes[at++] = (byte) kept[g];
            for (int e = table.starts[g]; e < table.starts[g + 1]; e++) {
                if (!dropped[e]) {
                    bytes[at++] = (byte) table.language[e];
                    bytes[at++] = (byte) nearest(weights, table.weight[e]);
                }
            }
            next[bucket] = at;
        }
        return new Records(ngrams, bits, starts, bytes);
    }

    private static int bucket(long hash, int bits) {
        return (int) (IdentifierFile.mix(hash) >>> 64 - bits);
    }

    /** 256 values that stand for all: each the mean of those it is nearest to (Lloyd, 1982). */
    static float[] codebook(float[] values) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        float[] book = new float[256];
        float least = sorted[0];
        float most = sorted[sorted.length - 1];
        for (int i = 0; i < 256; i++) {
            book[i] = least + (most - least) * (i + 0.5f) / 256;
        }
        double[] sums = new double[256];
        int[] counts = new int[256];
        for (int round = 0; round < 12; round++) {
            Arrays.fill(sums, 0);
            Arrays.fill(counts, 0);
            int at = 0;
            for (float value : sorted) {
                while (at < 255 && value > (book[at] + book[at + 1]) / 2) {
                    at++;
                }
                sums[at] += value;
                counts[at]++;
            }
            for (int i = 0; i < 256; i++) {
                if (counts[i] > 0) {
                    book[i] = (float) (sums[i] / counts[i]);
                }
            }
            Arrays.sort(book);
        }
        return book;
    }

    private static int nearest(float[] book, float value) {
        int at = Arrays.binarySearch(book, value);
        if (at >= 0) {
            return at;
        }
        int above = -at - 1;
        return above == 256 || above > 0 && value - book[above - 1] <= book[above] - value ? above - 1 : above;
    }
}
