// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The memory an estimation may use, and the folder beside its output where the rest goes. Blocks are used again, so that the
 * heap does not grow with garbage. The folder is made when the first file is needed and goes when the workspace is closed;
 * one that a killed process left is removed by the next that writes the same output.
 */
final class Workspace implements AutoCloseable {
    static final int BLOCK = 1 << 16; // longs

    private final Path target;
    private final ArrayDeque<long[]> free = new ArrayDeque<>();
    private final long bytes;
    private long blocksLeft;
    private @Nullable Path folder;
    private @Nullable FileChannel lock;
    private int files;

    /**
     * @param target
     *            the output; temporary files go to its folder
     * @param bytes
     *            what may be used
     */
    Workspace(Path target, long bytes) throws IOException {
        this.target = target.toAbsolutePath();
        this.bytes = bytes;
        this.blocksLeft = Math.max(4, bytes * 3 / 10 / (BLOCK * 8L));
        removeStale();
    }

    /** Longs that the two arrays of one sort may have together. */
    long sortLongs() {
        return Math.max(1 << 15, bytes * 4 / 10 / 8);
    }

    /** A block; null if all of the memory is used. */
    synchronized long @Nullable [] take() {
        long[] block = free.poll();
        if (block == null && blocksLeft > 0) {
            blocksLeft--;
            block = new long[BLOCK];
        }
        return block;
    }

    synchronized void give(long[] block) {
        free.push(block);
    }

    /** A new temporary file, removed with the folder if not before. */
    synchronized Path file() throws IOException {
        if (folder == null) {
            folder = Files.createDirectory(parent().resolve(prefix() + ProcessHandle.current().pid() + "-"
                    + Long.toHexString(System.nanoTime())));
            lock = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                lock.tryLock();
            } catch (IOException | OverlappingFileLockException e) {
                // a file system without locks: another estimation might remove this one's files, no more
            }
        }
        return folder.resolve("rows-" + ++files);
    }

    /** A full disk says just that; say what was being made. */
    IOException named(IOException e) {
        return new IOException(target + ": " + e.getMessage() + " (in a temporary file beside it)", e);
    }

    private Path parent() {
        return Objects.requireNonNull(target.getParent(), "a file, not the root");
    }

    private String prefix() {
        return "." + target.getFileName() + ".estimate-";
    }

    private void removeStale() throws IOException {
        if (!Files.isDirectory(parent())) {
            return; // writing the output will say so
        }
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent(),
                path -> path.getFileName().toString().startsWith(prefix()))) {
            for (Path stale : folders) {
                try (FileChannel channel = FileChannel.open(stale.resolve("lock"), StandardOpenOption.WRITE)) {
                    FileLock held = channel.tryLock();
                    if (held != null) {
                        remove(stale);
                    }
                } catch (IOException | OverlappingFileLockException e) {
                    // in use, or someone else's
                }
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    @Override
    public synchronized void close() {
        try {
            if (lock != null) {
                lock.close();
                lock = null;
            }
            if (folder != null) {
                remove(folder);
                folder = null;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
