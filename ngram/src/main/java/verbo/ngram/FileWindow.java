// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file that is being written, mapped; it moves to where it is asked for. So a file larger than memory is filled
 * in without more than a window of it counting as ours, as long as the places asked for lie near each other.
 */
final class FileWindow implements AutoCloseable {
    private static final long SIZE = 8L << 20;
    private static final int ZEROS = 1 << 20; // written at once
    private static final long BEFORE = 256L << 10; // kept behind the place that is asked for

    private final FileChannel channel;
    private final long length;
    private MemorySegment window = MemorySegment.NULL;
    private long start;
    private long end;
    private @Nullable Arena arena;

    /**
     * @param length
     *            of the whole file, which grows to it
     * @throws IOException
     *             if there is no room for it
     */
    FileWindow(FileChannel channel, long length) throws IOException {
        this.channel = channel;
        this.length = length;
        reserve();
    }

    /** Writes zeros as far as the file is to reach: a disk that is full when a mapped page is first written ends the JVM. */
    private void reserve() throws IOException {
        long size = channel.size();
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZEROS, Math.max(0, length - size)));
        while (size < length) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), length - size));
            size += channel.write(zeros, size);
        }
    }

    /** The offset in the window of some bytes of the file. */
    private long at(long offset, int bytes) {
        if (offset < start || offset + bytes > end) {
            move(offset);
        }
        return offset - start;
    }

    private void move(long offset) {
        close();
        start = Math.max(0, offset - BEFORE) & -4096L;
        end = Math.min(length, start + SIZE);
        Arena next = Arena.ofConfined();
        arena = next;
        try {
            window = channel.map(FileChannel.MapMode.READ_WRITE, start, end - start, next);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    int getInt(long offset) {
        long at = at(offset, 4); // may move the window
        return window.get(Vocabulary.INT, at);
    }

    long getLong(long offset) {
        long at = at(offset, 8);
        return window.get(Vocabulary.LONG, at);
    }

    void setInt(long offset, int value) {
        long at = at(offset, 4);
        window.set(Vocabulary.INT, at, value);
    }

    void setLong(long offset, long value) {
        long at = at(offset, 8);
        window.set(Vocabulary.LONG, at, value);
    }

    void setFloat(long offset, float value) {
        setInt(offset, Float.floatToRawIntBits(value));
    }

    /** Copies to the file. */
    void set(long offset, MemorySegment bytes) {
        for (long done = 0; done < bytes.byteSize();) {
            long to = at(offset + done, 1);
            long part = Math.min(bytes.byteSize() - done, window.byteSize() - to);
            MemorySegment.copy(bytes, done, window, to, part);
            done += part;
        }
    }

    /** Puts zeros. */
    void clear(long offset, long bytes) {
        for (long done = 0; done < bytes;) {
            long to = at(offset + done, 1);
            long part = Math.min(bytes - done, window.byteSize() - to);
            window.asSlice(to, part).fill((byte) 0);
            done += part;
        }
    }

    /** The CRC-32C of a part of the file. */
    long checksum(long from, long to) {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        for (long done = from; done < to;) {
            long at = at(done, 1);
            long part = Math.min(to - done, window.byteSize() - at);
            crc.update(window.asSlice(at, part).asByteBuffer());
            done += part;
        }
        return crc.getValue();
    }

    @Override
    public void close() {
        start = 0;
        end = 0;
        window = MemorySegment.NULL;
        if (arena != null) {
            arena.close();
            arena = null;
        }
    }
}
