// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import verbo.tensor.SharedRows;

/** Rows on cache lines of their own, with zeros from a row's last element to the end of its last line. */
public final class AlignedRows implements SharedRows {
    private static final int LINE = 64;

    private final Memory memory = new Memory();
    private final Memory.Block block;
    private final int rows;
    private final int width;
    private final long stride;
    private boolean closed;

    /** All zeros. */
    public AlignedRows(int rows, int width) {
        if (rows < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "a matrix of " + rows + " rows and " + width + " columns has no element");
        }
        this.rows = rows;
        this.width = width;
        this.stride = stride(width);
        this.block = memory.allocate(rows * stride);
        MemorySegment.ofAddress(block.address()).reinterpret(rows * stride).fill((byte) 0);
    }

    /** Bytes from a row to the next. */
    static long stride(int width) {
        return (4L * width + LINE - 1) / LINE * LINE;
    }

    long address(int row) {
        if (closed) {
            throw new IllegalStateException("these rows were given back: they cannot be used any more");
        }
        return block.address() + java.util.Objects.checkIndex(row, rows) * stride;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public void read(int row, float[] to) {
        MemorySegment.copy(Memory.ALL, Memory.FLOAT, address(row), to, 0, width);
    }

    @Override
    public void write(int row, float[] from) {
        long to = address(row);
        MemorySegment.copy(from, 0, Memory.ALL, Memory.FLOAT, to, width);
        Memory.ALL.asSlice(to + 4L * width, stride - 4L * width).fill((byte) 0);
    }

    @Override
    public void close() {
        closed = true;
        memory.free(block);
        memory.close();
    }
}
