// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

/**
 * How n-grams lie in longs: fields of equal width from the most significant bit down, as many to a long as fit whole. So
 * n-grams sort by their fields when their longs sort as unsigned numbers.
 *
 * <p>
 * In <em>suffix order</em> the first field is the last word, then come the words before it, nearest first: n-grams that end
 * alike stand together, and the n-gram without its first word is the leading fields. In <em>context order</em> the context
 * comes first, its last word first, and the last word stands at the end: n-grams of one context stand together.
 */
final class Packing {
    final int order;
    final int bits;
    final int perLong;
    final int longs;
    private final long mask;
    private final int[] longOf;
    private final int[] shiftOf;
    private final long[] used; // the bits of each long that fields lie on

    /**
     * @param order
     *            how many fields
     * @param bits
     *            bits of a field, 1 to 32
     */
    Packing(int order, int bits) {
        this.order = order;
        this.bits = bits;
        perLong = 64 / bits;
        longs = (order + perLong - 1) / perLong;
        mask = (1L << bits) - 1;
        longOf = new int[order];
        shiftOf = new int[order];
        used = new long[longs];
        for (int field = 0; field < order; field++) {
            longOf[field] = field / perLong;
            shiftOf[field] = 64 - bits * (field % perLong + 1);
            used[longOf[field]] |= mask << shiftOf[field];
        }
    }

    /** Bits to tell so many ids apart. */
    static int bitsFor(int ids) {
        return Math.max(1, 32 - Integer.numberOfLeadingZeros(Math.max(1, ids - 1)));
    }

    int get(long[] row, int at, int field) {
        return (int) (row[at + longOf[field]] >>> shiftOf[field] & mask);
    }

    void set(long[] row, int at, int field, int id) {
        int i = at + longOf[field];
        row[i] = row[i] & ~(mask << shiftOf[field]) | (long) id << shiftOf[field];
    }

    /** Moves every field one place down, the last out, and puts an id in front. */
    void push(long[] row, int id) {
        long carry = id;
        int last = 64 - perLong * bits;
        for (int i = 0; i < longs; i++) {
            long value = row[i];
            row[i] = (value >>> bits | carry << 64 - bits) & used[i];
            carry = value >>> last & mask;
        }
    }

    /** How many leading fields two n-grams have in common. */
    int common(long[] left, int l, long[] right, int r) {
        for (int i = 0; i < longs; i++) {
            long difference = left[l + i] ^ right[r + i];
            if (difference != 0) {
                return Math.min(order, i * perLong + Long.numberOfLeadingZeros(difference) / bits);
            }
        }
        return order;
    }

    /** The first field becomes the last: suffix order to context order. */
    void toContext(long[] suffix, int s, long[] context, int c) {
        long first = suffix[s] >>> 64 - bits;
        int low = 64 - perLong * bits;
        for (int i = 0; i < longs; i++) {
            long next = i + 1 < longs ? suffix[s + i + 1] >>> 64 - bits : 0;
            context[c + i] = (suffix[s + i] << bits & (i + 1 < longs ? -1L << low + bits : -1L)) | next << low;
        }
        // the last long has its place for the first field still empty
        context[c + longs - 1] &= used[longs - 1];
        set(context, c, order - 1, (int) first);
    }

    /** The last field becomes the first: context order to suffix order. */
    void toSuffix(long[] context, int c, long[] suffix, int s) {
        long carry = get(context, c, order - 1);
        int last = 64 - perLong * bits;
        for (int i = 0; i < longs; i++) {
            long value = context[c + i];
            suffix[s + i] = (value >>> bits | carry << 64 - bits) & used[i];
            carry = value >>> last & mask;
        }
    }

    /** The leading fields of a longer n-gram, in this packing, which has fewer fields of the same width. */
    void copyPrefix(long[] longer, int l, long[] prefix, int p) {
        for (int i = 0; i < longs; i++) {
            prefix[p + i] = longer[l + i] & used[i];
        }
    }
}
