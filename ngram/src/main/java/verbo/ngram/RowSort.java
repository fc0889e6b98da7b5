// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

/** Sorts rows of longs by their leading ones, as unsigned numbers: radix sort from the least digit, which is stable. */
final class RowSort {
    private static final int DIGIT = 11;
    private static final int SMALL = 48;

    private RowSort() {}

    /**
     * Sorts.
     *
     * @param rows
     *            [count * stride]
     * @param spare
     *            as long; what is in it is lost
     * @param stride
     *            longs of a row
     * @param keys
     *            how many of them, from the first, are compared
     * @return the array that holds the sorted rows, one of the two
     */
    static long[] sort(long[] rows, long[] spare, int count, int stride, int keys) {
        if (count < SMALL) {
            insertion(rows, count, stride, keys);
            return rows;
        }
        long[] from = rows;
        long[] to = spare;
        int[] starts = new int[1 << DIGIT];
        for (int key = keys - 1; key >= 0; key--) {
            long varying = 0;
            long first = from[key];
            for (int i = key, end = count * stride; i < end; i += stride) {
                varying |= from[i] ^ first;
            }
            int shift = 0;
            while (shift < 64 && varying >>> shift != 0) {
                shift += Long.numberOfTrailingZeros(varying >>> shift);
                int width = Math.min(DIGIT, 64 - shift);
                pass(from, to, count, stride, key, shift, width, starts);
                long[] swap = from;
                from = to;
                to = swap;
                shift += width;
            }
        }
        return from;
    }

    private static void pass(long[] from, long[] to, int count, int stride, int key, int shift, int width,
            int[] starts) {
        int mask = (1 << width) - 1;
        java.util.Arrays.fill(starts, 0);
        int end = count * stride;
        for (int i = key; i < end; i += stride) {
            starts[(int) (from[i] >>> shift) & mask]++;
        }
        int at = 0;
        for (int digit = 0; digit <= mask; digit++) {
            int size = starts[digit];
            starts[digit] = at;
            at += size * stride;
        }
        switch (stride) {
            case 1 -> {
                for (int i = 0; i < end; i++) {
                    long value = from[i];
                    to[starts[(int) (value >>> shift) & mask]++] = value;
                }
            }
            case 2 -> {
                for (int i = 0; i < end; i += 2) {
                    int digit = (int) (from[i + key] >>> shift) & mask;
                    int target = starts[digit];
                    starts[digit] = target + 2;
                    to[target] = from[i];
                    to[target + 1] = from[i + 1];
                }
            }
            case 3 -> {
                for (int i = 0; i < end; i += 3) {
                    int digit = (int) (from[i + key] >>> shift) & mask;
                    int target = starts[digit];
                    starts[digit] = target + 3;
                    to[target] = from[i];
                    to[target + 1] = from[i + 1];
                    to[target + 2] = from[i + 2];
                }
            }
            default -> {
                for (int i = 0; i < end; i += stride) {
                    int digit = (int) (from[i + key] >>> shift) & mask;
                    int target = starts[digit];
                    starts[digit] = target + stride;
                    System.arraycopy(from, i, to, target, stride);
                }
            }
        }
    }

    private static void insertion(long[] rows, int count, int stride, int keys) {
        long[] row = new long[stride];
        for (int i = 1; i < count; i++) {
            System.arraycopy(rows, i * stride, row, 0, stride);
            int at = i;
            while (at > 0 && compare(row, 0, rows, (at - 1) * stride, keys) < 0) {
                System.arraycopy(rows, (at - 1) * stride, rows, at * stride, stride);
                at--;
            }
            System.arraycopy(row, 0, rows, at * stride, stride);
        }
    }

    static int compare(long[] left, int l, long[] right, int r, int keys) {
        for (int i = 0; i < keys; i++) {
            int order = Long.compareUnsigned(left[l + i], right[r + i]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }
}
