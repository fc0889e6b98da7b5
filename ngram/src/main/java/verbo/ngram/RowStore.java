// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of longs, written once and read in the same order as often as wanted: in the workspace's blocks while there are any,
 * the rest in a temporary file.
 */
final class RowStore implements AutoCloseable {
    private static final int BUFFER = 1 << 15; // longs read or written at once

    final int stride;
    private final Workspace workspace;
    private final int perBlock; // rows
    private final boolean fileOnly;
    private final List<long[]> blocks = new ArrayList<>();
    private long[] current = {};
    private int used; // longs of the current block
    private long count;
    private long inMemory; // rows in blocks
    private @Nullable Path file;
    private @Nullable FileChannel channel;
    private @Nullable ByteBuffer buffer;

    RowStore(Workspace workspace, int stride) {
        this(workspace, stride, false);
    }

    /** With {@code fileOnly} the blocks are left to others. */
    RowStore(Workspace workspace, int stride, boolean fileOnly) {
        this.fileOnly = fileOnly;
        this.workspace = workspace;
        this.stride = stride;
        this.perBlock = Workspace.BLOCK / stride;
    }

    /** The rows of a cursor, which is closed. */
    static RowStore of(Workspace workspace, int stride, RowCursor rows) throws IOException {
        RowStore store = new RowStore(workspace, stride);
        try (rows) {
            while (rows.next()) {
                store.add(rows.data, rows.at, rows.data[rows.at + stride - 1]);
            }
        }
        store.finish();
        return store;
    }

    long count() {
        return count;
    }

    /** Whether every row is in memory, so that {@link #set} works. */
    boolean isInMemory() {
        return file == null;
    }

    /** Appends a row that has its last long apart. */
    void add(long[] key, int at, long payload) throws IOException {
        long[] row = current;
        if (file != null || used == perBlock * stride || blocks.isEmpty()) {
            if (file != null || !nextBlock()) {
                write(key, at, payload);
                return;
            }
            row = current;
        }
        int to = used;
        for (int i = 0; i < stride - 1; i++) {
            row[to + i] = key[at + i];
        }
        row[to + stride - 1] = payload;
        used = to + stride;
        count++;
        inMemory++;
    }

    private boolean nextBlock() {
        long[] block = fileOnly ? null : workspace.take();
        if (block == null) {
            return false;
        }
        blocks.add(block);
        current = block;
        used = 0;
        return true;
    }

    private void write(long[] key, int at, long payload) throws IOException {
        ByteBuffer out = buffer;
        if (out == null) {
            file = workspace.file();
            channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            out = ByteBuffer.allocateDirect(BUFFER * 8).order(ByteOrder.nativeOrder());
            buffer = out;
        }
        if (out.remaining() < stride * 8) {
            flush();
        }
        for (int i = 0; i < stride - 1; i++) {
            out.putLong(key[at + i]);
        }
        out.putLong(payload);
        count++;
    }

    private void flush() throws IOException {
        if (buffer != null && channel != null) {
            buffer.flip();
            try {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            } catch (IOException e) {
                throw workspace.named(e);
            }
            buffer.clear();
        }
    }

    /** No more rows come. */
    void finish() throws IOException {
        flush();
        buffer = null;
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    /** The last long of a row in memory. */
    void set(long row, long payload) {
        blocks.get((int) (row / perBlock))[(int) (row % perBlock) * stride + stride - 1] = payload;
    }

    /** Reads all rows from the first. */
    RowCursor read() throws IOException {
        return new Reader();
    }

    /** Frees blocks and file. */
    @Override
    public void close() throws IOException {
        finish();
        for (long[] block : blocks) {
            workspace.give(block);
        }
        blocks.clear();
        current = new long[0];
        if (file != null) {
            Files.deleteIfExists(file);
        }
        count = 0;
        inMemory = 0;
    }

    private final class Reader extends RowCursor {
        private long left = inMemory; // rows in blocks to come
        private long fileLeft = count - inMemory;
        private int block = -1;
        private int end;
        private @Nullable FileChannel in;
        private @Nullable ByteBuffer bytes;

        @Override
        boolean next() throws IOException {
            at += stride;
            return at < end || refill();
        }

        private boolean refill() throws IOException {
            if (left > 0) {
                block++;
                data = blocks.get(block);
                int rows = (int) Math.min(left, perBlock);
                left -= rows;
                at = 0;
                end = rows * stride;
                return true;
            }
            Path path = file;
            if (fileLeft == 0 || path == null) {
                close();
                return false;
            }
            FileChannel source = in;
            ByteBuffer raw = bytes;
            if (source == null || raw == null) {
                source = FileChannel.open(path, StandardOpenOption.READ);
                in = source;
                raw = ByteBuffer.allocateDirect(BUFFER * 8).order(ByteOrder.nativeOrder());
                bytes = raw;
                data = new long[BUFFER];
            }
            int rows = (int) Math.min(fileLeft, BUFFER / stride);
            raw.clear().limit(rows * stride * 8);
            while (raw.hasRemaining()) {
                if (source.read(raw) < 0) {
                    throw new EOFException(path + ": a temporary file was cut short");
                }
            }
            raw.flip();
            raw.asLongBuffer().get(data, 0, rows * stride);
            fileLeft -= rows;
            at = 0;
            end = rows * stride;
            return true;
        }

        @Override
        public void close() throws IOException {
            if (in != null) {
                in.close();
                in = null;
                bytes = null;
            }
        }
    }
}
