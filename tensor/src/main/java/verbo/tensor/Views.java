// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import org.jspecify.annotations.Nullable;

/** How views of the same memory are described. */
final class Views {
    private Views() {}

    /** The strides that give {@code to} over the memory of a tensor of shape {@code from}, or null where only a copy does. */
    static long @Nullable [] reshape(Shape from, long[] strides, Shape to) {
        long[] result = new long[to.rank()];
        if (from.size() == 0) {
            return to.contiguousStrides();
        }
        int i = 0;
        int j = 0;
        while (i < from.rank() || j < to.rank()) {
            // the next dimensions on both sides with the same number of elements
            int firstI = i;
            int firstJ = j;
            long a = i < from.rank() ? from.length(i++) : 1;
            long b = j < to.rank() ? to.length(j++) : 1;
            while (a != b) {
                if (a < b) {
                    a *= from.length(i++);
                } else {
                    b *= to.length(j++);
                }
            }
            // on the left they must lie together, apart from lengths of 1
            long stride = 1;
            long expected = -1;
            for (int k = i - 1; k >= firstI; k--) {
                if (from.length(k) == 1) {
                    continue;
                }
                if (expected < 0) {
                    stride = strides[k];
                } else if (strides[k] != expected) {
                    return null;
                }
                expected = strides[k] * from.length(k);
            }
            for (int k = j - 1; k >= firstJ; k--) {
                result[k] = stride;
                stride *= to.length(k);
            }
        }
        return result;
    }
}
