// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.util.Arrays;

/**
 * The values that the numbers of an order are written as: all there are, or so many that each stands for as many n-grams, as
 * the mean of theirs (Federico and Bertoldi, 2006), as KenLM quantizes.
 */
final class Codebook {
    private final int[] last; // the bits of the last value of each bin, ascending as unsigned
    private final int[] centres; // what stands for them

    private Codebook(int[] last, int[] centres) {
        this.last = last;
        this.centres = centres;
    }

    int size() {
        return centres.length;
    }

    int bits(int code) {
        return centres[code];
    }

    /** The number of a value's bin. */
    int code(float value) {
        int wanted = Float.floatToRawIntBits(value) ^ 0x80000000; // Arrays.binarySearch compares signed ints
        int at = Arrays.binarySearch(last, wanted);
        return at >= 0 ? at : Math.min(~at, last.length - 1);
    }

    /** Told the value of each n-gram. */
    interface Values {
        float of(long payload);
    }

    /**
     * Goes through the n-grams of an order.
     *
     * @param most
     *            how many codes at most
     */
    static Codebook of(NgramRows model, int n, Workspace workspace, Values values, int most) throws IOException {
        int longs = model.packings[n].longs;
        long[] key = new long[1];
        // equal values become one as the array fills, so few rows are kept in memory
        try (RowSorter sorter = new RowSorter(workspace, model.count(n), 2, true, 1)) {
            try (RowCursor rows = model.rows[n].read()) {
                while (rows.next()) {
                    key[0] = Float.floatToRawIntBits(values.of(rows.data[rows.at + longs])) & 0xFFFFFFFFL;
                    sorter.add(key, 0, 1);
                }
            }
            try (RowCursor sorted = sorter.sorted()) {
                return bins(sorted, model.count(n), most);
            }
        }
    }

    private static Codebook bins(RowCursor sorted, long total, int most) throws IOException {
        int[] last = new int[1 << 10];
        int[] centres = new int[1 << 10];
        int used = 0;
        long before = 0; // n-grams of the bins so far
        long inBin = 0;
        double sum = 0;
        int bits = 0;
        boolean more = sorted.next();
        while (more) {
            bits = (int) sorted.data[sorted.at];
            long count = sorted.data[sorted.at + 1];
            more = sorted.next();
            sum += count * (double) Float.intBitsToFloat(bits);
            inBin += count;
            boolean alone = bits == 0x80000000; // says that there is nothing, so it must stay what it is
            boolean nextAlone = more && (int) sorted.data[sorted.at] == 0x80000000;
            if (!more || alone || nextAlone || most == Integer.MAX_VALUE
                    || (double) (before + inBin) >= (double) total / (most - 1) * (used + 1)) {
                if (used == last.length) {
                    last = Arrays.copyOf(last, used * 2);
                    centres = Arrays.copyOf(centres, used * 2);
                }
                last[used] = bits ^ 0x80000000;
                centres[used++] = most == Integer.MAX_VALUE ? bits : Float.floatToRawIntBits((float) (sum / inBin));
                before += inBin;
                inBin = 0;
                sum = 0;
            }
        }
        return new Codebook(Arrays.copyOf(last, used), Arrays.copyOf(centres, used));
    }
}
