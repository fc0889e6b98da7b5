// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/**
 * A queue of longs from 0 up, the smallest first, that takes next to linear time as long as nothing is added that is smaller
 * than what came out last (Ahuja, Mehlhorn, Orlin and Tarjan 1990); what is smaller goes to an ordinary heap. Merging a word
 * adds pairs of higher ranks than the one just merged, but for vocabularies made in an unusual way.
 */
final class RadixHeap {
    private static final long[] NONE = {};

    private final long[][] buckets = new long[65][]; // by the highest bit that differs from the last
    private final int[] sizes = new int[65];
    private long nonEmpty; // a bit for each bucket but the first
    private long last;
    private final LongHeap early = new LongHeap(16);

    RadixHeap() {
        Arrays.fill(buckets, NONE);
    }

    /** Makes it as if new, once it is empty; large buffers are given back. */
    void clear() {
        last = 0;
        for (int b = 0; b < buckets.length; b++) {
            if (buckets[b].length > 1 << 12) {
                buckets[b] = NONE;
            }
        }
    }

    boolean isEmpty() {
        return nonEmpty == 0 && sizes[0] == 0 && early.isEmpty();
    }

    void add(long value) {
        if (value < last) {
            early.add(value);
        } else {
            put(value);
        }
    }

    private void put(long value) {
        int b = 64 - Long.numberOfLeadingZeros(value ^ last);
        if (sizes[b] == buckets[b].length) {
            buckets[b] = Arrays.copyOf(buckets[b], Math.max(16, sizes[b] * 2));
        }
        buckets[b][sizes[b]++] = value;
        if (b > 0) {
            nonEmpty |= 1L << b - 1;
        }
    }

    long poll() {
        if (!early.isEmpty()) {
            return early.poll();
        }
        if (sizes[0] > 0) {
            sizes[0]--;
            return last;
        }
        int b = Long.numberOfTrailingZeros(nonEmpty) + 1;
        long[] values = buckets[b];
        int size = sizes[b];
        long least = values[0];
        for (int i = 1; i < size; i++) {
            least = Math.min(least, values[i]);
        }
        last = least;
        sizes[b] = 0;
        nonEmpty &= nonEmpty - 1;
        for (int i = 0; i < size; i++) {
            put(values[i]); // to a lower bucket
        }
        sizes[0]--;
        return least;
    }
}
