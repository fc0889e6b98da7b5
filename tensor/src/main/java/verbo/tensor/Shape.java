// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.Arrays;

/**
 * The lengths of a tensor's dimensions, outermost first. A scalar has rank 0. Where a dimension is named by an index, a
 * negative one counts from the end: -1 is the last.
 */
public final class Shape {
    private static final Shape SCALAR = new Shape(new int[0]);

    private final int[] lengths;
    private final long size;

    private Shape(int[] lengths) {
        this.lengths = lengths;
        boolean empty = false;
        for (int length : lengths) {
            if (length < 0) {
                throw new IllegalArgumentException("a dimension is negative: " + Arrays.toString(lengths));
            }
            empty |= length == 0;
        }
        this.size = empty ? 0 : product(lengths);
    }

    private static long product(int[] lengths) {
        long product = 1;
        for (int length : lengths) {
            if (product > Long.MAX_VALUE / length) {
                throw tooLarge(Arrays.toString(lengths));
            }
            product *= length;
        }
        return product;
    }

    private static IllegalArgumentException tooLarge(String lengths) {
        return new IllegalArgumentException("a tensor " + lengths + " is larger than any memory");
    }

    /** The bytes of as many elements of a type. */
    long bytes(DType dtype) {
        if (size > Long.MAX_VALUE / dtype.bytes()) {
            throw tooLarge(toString());
        }
        return size * dtype.bytes();
    }

    /** The shape with these lengths. */
    public static Shape of(int... lengths) {
        return lengths.length == 0 ? SCALAR : new Shape(lengths.clone());
    }

    /** How many dimensions there are. */
    public int rank() {
        return lengths.length;
    }

    /** The number of elements. */
    public long size() {
        return size;
    }

    /** The length of dimension {@code index}. */
    public int length(int index) {
        return lengths[dimension(index)];
    }

    /** All lengths, a copy. */
    public int[] lengths() {
        return lengths.clone();
    }

    /** {@code index} counted from the front, checked. */
    public int dimension(int index) {
        int dimension = index < 0 ? index + lengths.length : index;
        if (dimension < 0 || dimension >= lengths.length) {
            throw new IllegalArgumentException("no dimension " + index + " in shape " + this);
        }
        return dimension;
    }

    /** The same shape with dimension {@code index} of another length. */
    public Shape with(int index, int length) {
        int[] changed = lengths.clone();
        changed[dimension(index)] = length;
        return new Shape(changed);
    }

    /** The elements before the last dimension: the number of rows. 1 for a scalar. */
    public long rows() {
        long rows = 1;
        for (int i = 0; i < lengths.length - 1; i++) {
            rows *= lengths[i];
        }
        return rows;
    }

    /** The strides, in elements, of a tensor of this shape whose elements lie one after the other. */
    long[] contiguousStrides() {
        long[] strides = new long[lengths.length];
        long stride = 1;
        for (int i = lengths.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= lengths[i];
        }
        return strides;
    }

    /**
     * The shape that two operands take together: dimensions are aligned at the end, and one of length 1 (or one that is
     * not there) is repeated.
     *
     * @throws IllegalArgumentException
     *             when two lengths differ and neither is 1
     */
    public static Shape broadcast(Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        int[] lengths = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.length(-i) : 1;
            int y = i <= b.rank() ? b.length(-i) : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException("shapes " + a + " and " + b + " do not go together");
            }
            lengths[rank - i] = x == 1 ? y : x;
        }
        return new Shape(lengths);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(lengths, shape.lengths);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(lengths);
    }

    @Override
    public String toString() {
        return Arrays.toString(lengths);
    }
}
