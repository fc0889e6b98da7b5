// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import verbo.tensor.cpu.AlignedRows;

/**
 * A matrix {@code [rows, width]} of F32 whose rows several threads read and update at once without locks (Hogwild: Niu et al.
 * 2011): a step touches few rows, so threads seldom meet, and where they do an update may be lost. It lies in this machine's
 * memory, each row on a cache line of its own, and starts as zeros.
 */
public interface SharedRows extends AutoCloseable {
    /**
     * A matrix of zeros.
     *
     * @throws IllegalArgumentException
     *             if there is not at least one row and one column
     */
    static SharedRows of(int rows, int width) {
        return new AlignedRows(rows, width);
    }

    /** How many rows. */
    int rows();

    /** How many columns. */
    int width();

    /** Copies a row to the first elements of an array. */
    void read(int row, float[] to);

    /** Sets a row to the first elements of an array. */
    void write(int row, float[] from);

    /** Gives the memory back; no thread may use it any more, and using it throws {@link IllegalStateException}. */
    @Override
    void close();
}
