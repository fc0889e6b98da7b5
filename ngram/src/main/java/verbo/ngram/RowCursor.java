// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;

/** Reads rows of longs one after the other. The current one lies in {@link #data} from {@link #at} on. */
abstract class RowCursor implements AutoCloseable {
    long[] data = {};
    int at;

    /** Goes to the next row, the first at first; false behind the last. */
    abstract boolean next() throws IOException;

    @Override
    public void close() throws IOException {}

    /** Rows that lie in an array. */
    static RowCursor of(long[] rows, int count, int stride) {
        return new RowCursor() {
            private final int end = count * stride;
            {
                data = rows;
                at = -stride;
            }

            @Override
            boolean next() {
                at += stride;
                return at < end;
            }
        };
    }
}
