// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Files that are either the old one or the new one, whole, whatever happens while they are written: a temporary file in
 * the same folder, flushed to the disk, then renamed over the target, then the folder flushed. A failure (a full disk,
 * an exception of the writer) removes the temporary file and leaves the old one as it was. What a killed process left
 * behind is removed by the next write of the same file.
 *
 * <p>
 * Symbolic links are followed, to a file that is still to be made too. A file that is replaced hands its permissions
 * on. What is there and is no regular file (a device, a pipe, standard output by its name in {@code /dev} or
 * {@code /proc}) cannot be replaced so, and is refused, untouched.
 */
public final class AtomicFiles {
    private static final long STALE_AFTER_MILLIS = 5_000;
    private static final int MOST_LINKS = 40; // as Linux has it
    private static final int MOST_OF_NAME = 50; // characters, of four bytes each at most: names may have 255

    private AtomicFiles() {}

    /**
     * Writes a file through a buffered stream.
     *
     * @param target
     *            the file to write or replace; its folder must exist
     * @param writer
     *            writes the content; need not flush or close
     */
    public static void write(Path target, IOConsumer<OutputStream> writer) throws IOException {
        writeChannel(target, channel -> {
            // not closed here: closing would close the channel, which is still to be forced to the disk
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
            writer.accept(out);
            out.flush();
        });
    }

    /**
     * Writes a file through a channel opened for reading and writing, so that a header can be filled in last and the
     * file mapped.
     *
     * @param target
     *            as in {@link #write}
     * @param writer
     *            writes the content; need not force or close
     */
    public static void writeChannel(Path target, IOConsumer<FileChannel> writer) throws IOException {
        Path real = resolved(target);
        Path folder = Objects.requireNonNull(real.getParent(), "a file, not the root");
        String name = Objects.requireNonNull(real.getFileName()).toString();
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(target.toString(), null, "its folder does not exist");
        }
        if (Files.isDirectory(real)) {
            throw new FileSystemException(target.toString(), null, "is a folder, so no file can be written there");
        }
        removeStale(folder, name);
        // processes of two machines or containers may have the same number
        Path temporary = folder.resolve(prefix(name) + UUID.randomUUID() + ".tmp");
        boolean done = false;
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                keepPermissions(real, temporary);
                // the lock tells other processes that this temporary file is still being written
                FileLock lock = lock(channel);
                try {
                    writer.accept(channel);
                    channel.force(true);
                } finally {
                    if (lock != null) {
                        lock.release();
                    }
                }
            }
            try {
                Files.move(temporary, real, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, real, StandardCopyOption.REPLACE_EXISTING);
            }
            done = true;
            forceFolder(folder);
        } catch (IOException e) {
            throw named(target, temporary, e);
        } finally {
            if (!done) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    /**
     * Where symbolic links lead, to a file or to where one can be made.
     *
     * @throws FileSystemException
     *             if what is there is no regular file or folder, or links lead back to themselves
     */
    public static Path resolved(Path target) throws IOException {
        Path real = target.toAbsolutePath();
        boolean open = false; // a file that a process has open, by its name in /proc
        for (int links = 0; Files.isSymbolicLink(real); links++) {
            if (links == MOST_LINKS) {
                throw new FileSystemLoopException(target.toString());
            }
            open |= Objects.requireNonNull(real.getParent()).toRealPath().startsWith("/proc");
            real = real.resolveSibling(Files.readSymbolicLink(real));
        }
        if (open || (Files.exists(real) && !Files.isRegularFile(real) && !Files.isDirectory(real))) {
            throw new FileSystemException(target.toString(), null, "is no regular file; give another place");
        }
        return real;
    }

    /** Gives a new file the permissions of the one that it is to replace, before anything is in it. */
    private static void keepPermissions(Path old, Path made) throws IOException {
        PosixFileAttributeView of = Files.getFileAttributeView(old, PosixFileAttributeView.class);
        if (of != null && Files.exists(old)) {
            Set<PosixFilePermission> permissions = of.readAttributes().permissions();
            if (!permissions.equals(Files.getPosixFilePermissions(made))) { // not all file systems let them be changed
                Files.setPosixFilePermissions(made, permissions);
            }
        }
    }

    /** What the names of a file's temporary ones begin with. */
    private static String prefix(String name) {
        int characters = Math.min(MOST_OF_NAME, name.codePointCount(0, name.length()));
        return "." + name.substring(0, name.offsetByCodePoints(0, characters)) + ".";
    }

    /** A full disk says just that; say where. And a user knows the target, not our temporary file. */
    private static IOException named(Path target, Path temporary, IOException e) {
        String message = String.valueOf(e.getMessage());
        boolean ours = e instanceof FileSystemException f && temporary.toString().equals(f.getFile());
        if (e.getClass() == IOException.class && !message.contains(target.toString())) {
            return new IOException(target + ": " + message, e);
        }
        if (ours && e instanceof FileSystemException f) {
            String reason = f.getReason() != null ? f.getReason()
                    : "cannot be written (" + e.getClass().getSimpleName()
                            + ")";
            return new FileSystemException(target.toString(), null, reason);
        }
        return e;
    }

    private static @Nullable FileLock lock(FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (IOException | OverlappingFileLockException e) {
            return null; // a file system without locks: nothing is lost but the removal of stale files
        }
    }

    private static void removeStale(Path folder, String name) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, file -> {
            String other = file.getFileName().toString();
            return other.startsWith(prefix(name)) && other.endsWith(".tmp");
        })) {
            for (Path file : files) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    long age = System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis();
                    FileLock lock = age < STALE_AFTER_MILLIS ? null : lock(channel);
                    if (lock != null) {
                        Files.deleteIfExists(file);
                        lock.release();
                    }
                } catch (IOException e) {
                    // someone else's: leave it
                }
            }
        }
    }

    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows opens no folders; the rename is as durable there as it gets
        }
    }
}
