// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A run's folder, locked against a second trainer. */
final class RunFolder implements AutoCloseable {
    private static final String LOCK = ".lock";
    /** What a run writes, in the order in which it is deleted: what says that here is a run goes last. */
    private static final List<String> OWN = List.of("model.safetensors", "checkpoints", "data", "metrics.jsonl",
            "timings.jsonl", "samples.jsonl", "loss.svg", "loss.png", "generation_config.json", "config.json",
            "tokenizer_config.json", "tokenizer.json", "training.json");
    /** Where the text of a new run is prepared while the one it takes the place of is still there. */
    private static final String NEXT_DATA = ".data";
    /** Where its checkpoints are on their way out. */
    private static final String OLD_CHECKPOINTS = ".old";

    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;
    private volatile boolean replaces;

    private RunFolder(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /** Opens the folder of a run that is there. */
    static RunFolder open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.exists(path.resolve("training.json"))) {
            throw new IllegalArgumentException(
                    path + ": holds no run (there is no training.json in it); start one with 'verbo train RUNFILE'");
        }
        RunFolder folder = tryLock(path);
        if (folder == null) {
            throw locked(path);
        }
        folder.clean();
        return folder;
    }

    /**
     * Makes the folder of a new run.
     *
     * @param wanted
     *            where, or null for {@code runs/NAME} or the first of {@code runs/NAME-2}, ... that is free
     * @param overwrite
     *            whether a run that is there may be deleted, which {@link #replace} does
     */
    static RunFolder create(@Nullable Path wanted, String name, boolean overwrite) throws IOException {
        for (int number = 1;; number++) {
            Path path = wanted != null ? wanted : Path.of("runs", number == 1 ? name : name + "-" + number);
            boolean fixed = wanted != null || overwrite;
            RunFolder folder = create(path);
            if (folder == null && fixed) {
                throw locked(path);
            }
            if (folder == null) {
                continue;
            }
            try {
                if (fixed || !folder.isTaken() && !folder.isForeign()) {
                    folder.take(overwrite);
                    return folder;
                }
            } catch (IOException | RuntimeException e) {
                folder.close();
                throw e;
            }
            folder.close();
        }
    }

    private static @Nullable RunFolder create(Path path) throws IOException {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new NotDirectoryException(path.toString());
        }
        Files.createDirectories(path);
        return tryLock(path);
    }

    private static @Nullable RunFolder tryLock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null; // held by this very process
        }
        if (lock == null) {
            channel.close();
            return null;
        }
        try {
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) { // a full disk says just that
            channel.close();
            throw new IOException(path + ": " + e.getMessage(), e);
        }
        return new RunFolder(path, channel, lock);
    }

    private static IllegalStateException locked(Path path) throws IOException {
        String process = Files.readString(path.resolve(LOCK)).strip();
        return new IllegalStateException(path + ": the run is being trained" + (process.isEmpty()
                ? " by another process"
                : " by process " + process));
    }

    private boolean isTaken() throws IOException {
        return !checkpoints().all().isEmpty() || hasModel();
    }

    /** Whether there is something that was learnt, be its checkpoints there or not. */
    boolean hasModel() {
        return Files.exists(path.resolve("model.safetensors"));
    }

    /** Whether there is something here, but no run, nor what is left of one killed while it wrote its first file. */
    private boolean isForeign() throws IOException {
        if (Files.exists(training())) {
            return false;
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString())
                    .anyMatch(name -> !name.equals(LOCK) && !name.startsWith(".training.json."));
        }
    }

    private void take(boolean overwrite) throws IOException {
        if (isForeign()) {
            throw new IllegalArgumentException(path
                    + ": the folder holds something that is not a run; give another with --set run=FOLDER");
        }
        clean();
        replaces = isTaken();
        if (replaces && !overwrite) {
            throw new IllegalArgumentException(path + ": holds a run already, " + checkpoints().last()
                    .map(last -> "saved at step " + last.step() + "; go on with it by 'verbo resume " + path + "', ")
                    .orElse("whose checkpoints are gone; ")
                    + "start it anew with --overwrite, or give another folder with --set run=FOLDER");
        }
        if (!replaces) {
            for (String name : OWN) {
                Checkpoints.delete(path.resolve(name));
            }
        }
    }

    /** Deletes what a process left behind that was killed while one run took another's place. */
    private void clean() throws IOException {
        Checkpoints.delete(path.resolve(NEXT_DATA));
        Checkpoints.delete(path.resolve(OLD_CHECKPOINTS));
    }

    /** Whether there still is a run that another is to take the place of. */
    boolean replaces() {
        return replaces;
    }

    /** Where the ids of a new run's text are made: where they stay, unless those of another run are there. */
    Path dataToPrepare() {
        return replaces ? path.resolve(NEXT_DATA) : data();
    }

    /**
     * Takes the model of the run that is to be overwritten away, if there is one, so that nothing goes on with it while the new
     * one is described over it.
     */
    void retire() throws IOException {
        if (replaces) {
            Path checkpoints = path.resolve("checkpoints");
            if (Files.exists(checkpoints)) {
                Files.move(checkpoints, path.resolve(OLD_CHECKPOINTS), StandardCopyOption.ATOMIC_MOVE);
            }
            Checkpoints.delete(path.resolve("model.safetensors"));
        }
    }

    /** Deletes what is left of the run that was retired, and has what was prepared take its place. */
    void replace() throws IOException {
        if (replaces) {
            replaces = false;
            Checkpoints.delete(path.resolve(OLD_CHECKPOINTS));
            for (String name : OWN) {
                if (!name.equals("training.json")) {
                    Checkpoints.delete(path.resolve(name));
                }
            }
            Files.move(path.resolve(NEXT_DATA), data(), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    Path path() {
        return path;
    }

    Path training() {
        return path.resolve("training.json");
    }

    Path metrics() {
        return path.resolve("metrics.jsonl");
    }

    Path timings() {
        return path.resolve("timings.jsonl");
    }

    Path samples() {
        return path.resolve("samples.jsonl");
    }

    /** Where the text's ids are kept. */
    Path data() {
        return path.resolve("data");
    }

    Checkpoints checkpoints() {
        return new Checkpoints(path);
    }

    @Override
    public void close() throws IOException {
        try (channel; lock) {
            if (Files.exists(training())) { // else the folder may be somebody else's
                Checkpoints.delete(path.resolve(NEXT_DATA));
            }
        }
    }
}
