// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/**
 * A queue of longs from 0 up, the smallest first, that takes next to linear time as long as nothing is added that is smaller
 * than what came out last (Ahuja, Mehlhorn, Orlin and Tarjan 1990, with digits of four bits); what is smaller goes to an
 * ordinary heap. Merging a word adds pairs of higher ranks than the one just merged, but for vocabularies made in an unusual
 * way.
 */
final class RadixHeap {
    private static final int DIGITS = 16;
    private static final int VALUES = 16;
    private static final long[] NONE = {};

    // by the highest digit that differs from the last that came out, and its value
    private final long[][] buckets = new long[DIGITS * VALUES][];
    private final int[] sizes = new int[DIGITS * VALUES];
    private final int[] values = new int[DIGITS]; // a bit for each bucket that is not empty
    private int digits; // a bit for each digit that has one
    private int same; // how many are the last itself
    private long last;
    private final LongHeap early = new LongHeap(16);

    RadixHeap() {
        Arrays.fill(buckets, NONE);
    }

    /** Makes it as if new, once it is empty; large buffers are given back. */
    void clear() {
        last = 0;
        for (int b = 0; b < buckets.length; b++) {
            if (buckets[b].length > 1 << 10) {
                buckets[b] = NONE;
            }
        }
    }

    boolean isEmpty() {
        return digits == 0 && same == 0 && early.isEmpty();
    }

    void add(long value) {
        if (value < last) {
            early.add(value);
        } else {
            put(value);
        }
    }

    private void put(long value) {
        long differs = value ^ last;
        if (differs == 0) {
            same++;
            return;
        }
        int digit = 63 - Long.numberOfLeadingZeros(differs) >> 2;
        int of = (int) (value >>> 4 * digit) & VALUES - 1;
        int b = digit * VALUES + of;
        long[] bucket = buckets[b];
        int size = sizes[b];
        if (size == bucket.length) {
            bucket = Arrays.copyOf(bucket, Math.max(16, size * 2));
            buckets[b] = bucket;
        }
        bucket[size] = value;
        sizes[b] = size + 1;
        values[digit] |= 1 << of;
        digits |= 1 << digit;
    }

    long poll() {
        if (!early.isEmpty()) {
            return early.poll();
        }
        if (same > 0) {
            same--;
            return last;
        }
        int digit = Integer.numberOfTrailingZeros(digits);
        int b = digit * VALUES + Integer.numberOfTrailingZeros(values[digit]);
        values[digit] &= values[digit] - 1;
        if (values[digit] == 0) {
            digits &= ~(1 << digit);
        }
        long[] bucket = buckets[b];
        int size = sizes[b];
        sizes[b] = 0;
        long least = bucket[0];
        for (int i = 1; i < size; i++) {
            least = Math.min(least, bucket[i]);
        }
        last = least;
        for (int i = 0; i < size; i++) {
            put(bucket[i]); // to a lower digit's
        }
        same--;
        return least;
    }
}
