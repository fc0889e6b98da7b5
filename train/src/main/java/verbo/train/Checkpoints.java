// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;
import verbo.text.IOConsumer;
import verbo.text.Json;

/**
 * The checkpoints of a run: {@code checkpoints/step-000250}, each laid out as on the hub, with {@code optimizer.safetensors}
 * and {@code state.json} beside. One is written under another name and renamed when all of it is on the disk, so a folder
 * of that name is whole. The run's own folder has the files of one of them, as hard links where the file system knows them.
 */
final class Checkpoints {
    static final String OPTIMIZER = "optimizer.safetensors";
    private static final String STATE = "state.json";
    private static final Pattern NAME = Pattern.compile("step-(\\d+)");

    /** A whole checkpoint. */
    record Checkpoint(Path folder, long step) {
        State state() throws IOException {
            State state = State.of(Json.read(folder.resolve(STATE)));
            if (state.step != step) {
                throw new FormatException(folder.resolve(STATE), "the step must be " + step);
            }
            return state;
        }
    }

    /**
     * Where a run was when it was saved, besides weights and optimizer.
     *
     * @param step
     *            steps taken
     * @param tokens
     *            training tokens seen
     * @param trainLoss
     *            of the last step's batch
     * @param validatedAt
     *            step of the last validation; 0 if there was none
     * @param validationLoss
     *            what it found; NaN if there was none
     * @param comparedLoss
     *            the same over as many tokens as at every other validation; NaN if there was none
     * @param bitsPerByte
     *            what it found; NaN if there was none
     * @param rateScale
     *            what the schedule's rate is multiplied by: 1 until a plateau
     * @param leastLoss
     *            the least compared loss of any validation; infinite if there was none
     * @param trainSeconds
     *            time spent on steps
     * @param seconds
     *            time spent altogether
     */
    record State(long step, long tokens, double trainLoss, long validatedAt, double validationLoss,
            double comparedLoss, double bitsPerByte, double rateScale, double leastLoss, double trainSeconds,
            double seconds) {
        static final State NONE = new State(0, 0, Double.NaN, 0, Double.NaN, Double.NaN, Double.NaN, 1,
                Double.POSITIVE_INFINITY, 0, 0);

        static State of(Map<String, Object> json) {
            return new State((long) number(json, "step"), (long) number(json, "tokens"), number(json, "trainLoss"),
                    json.containsKey("validatedAt") ? (long) number(json, "validatedAt") : 0,
                    number(json, "validationLoss"),
                    number(json, json.containsKey("comparedLoss") ? "comparedLoss" : "validationLoss"),
                    number(json, "bitsPerByte"),
                    json.containsKey("rateScale") ? number(json, "rateScale") : 1,
                    json.containsKey("leastLoss") ? number(json, "leastLoss") : Double.POSITIVE_INFINITY,
                    number(json, "trainSeconds"),
                    number(json, "seconds"));
        }

        private static double number(Map<String, Object> json, String name) {
            return json.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("step", step);
            json.put("tokens", tokens);
            put(json, "trainLoss", trainLoss);
            if (validatedAt > 0) {
                json.put("validatedAt", validatedAt);
                put(json, "validationLoss", validationLoss);
                put(json, "comparedLoss", comparedLoss);
                put(json, "bitsPerByte", bitsPerByte);
                put(json, "leastLoss", leastLoss);
            }
            put(json, "rateScale", rateScale);
            put(json, "trainSeconds", trainSeconds);
            put(json, "seconds", seconds);
            return json;
        }

        private static void put(Map<String, Object> json, String name, double value) {
            if (!Double.isNaN(value)) { // which JSON has no word for
                json.put(name, value);
            }
        }
    }

    private final Path run;
    private final Path folder;

    Checkpoints(Path run) {
        this.run = run;
        this.folder = run.resolve("checkpoints");
    }

    /** All whole ones, the first step first. */
    List<Checkpoint> all() throws IOException {
        List<Checkpoint> found = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                files.forEach(file -> {
                    Matcher name = NAME.matcher(file.getFileName().toString());
                    if (name.matches() && Files.exists(file.resolve(STATE))) {
                        found.add(new Checkpoint(file, Long.parseLong(name.group(1))));
                    }
                });
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
        found.sort(Comparator.comparingLong(Checkpoint::step));
        return found;
    }

    /** The last one. */
    Optional<Checkpoint> last() throws IOException {
        List<Checkpoint> all = all();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    }

    /** The one with the least loss of those that were validated when saved; of equals the first. */
    Optional<Checkpoint> best() throws IOException {
        Checkpoint best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Checkpoint each : all()) {
            try {
                State state = each.state();
                if (state.validatedAt == state.step && state.comparedLoss < least) {
                    least = state.comparedLoss;
                    best = each;
                }
            } catch (FormatException e) {
                // nobody knows how good it was; a new one is not to fail for that
            }
        }
        return Optional.ofNullable(best);
    }

    /** Sets aside the folders named as checkpoints that are none, for want of a state: their steps could not be saved. */
    List<Path> setIncompleteAside() throws IOException {
        List<Path> aside = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.sorted().toList()) {
                    if (NAME.matcher(file.getFileName().toString()).matches() && !Files.exists(file.resolve(STATE))) {
                        aside.add(setAside(new Checkpoint(file, 0)));
                    }
                }
            }
        }
        return aside;
    }

    /** Renames a checkpoint that turned out to be damaged, so that another of the same step can take its place. */
    Path setAside(Checkpoint damaged) throws IOException {
        Path aside = folder.resolve("damaged-" + damaged.folder.getFileName());
        delete(aside);
        return Files.move(damaged.folder, aside, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Removes what a killed process left half written or half deleted. */
    void clean() throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(each -> each.getFileName().toString().startsWith(".")).toList()) {
                    delete(file);
                }
            }
        }
    }

    /**
     * Saves.
     *
     * @param state
     *            where the run is
     * @param writer
     *            writes everything but the state into a folder
     * @param keep
     *            how many of the last ones stay, besides the best
     * @param useBest
     *            whether the run's folder has the files of the best one, or of this one
     * @return the checkpoint's folder
     * @throws IOException
     *             if it could not be written whole; the ones before are as they were
     */
    Path save(State state, IOConsumer<Path> writer, int keep, boolean useBest) throws IOException {
        Path target = folder.resolve(String.format(java.util.Locale.ROOT, "step-%06d", state.step));
        Path temporary = folder.resolve(".writing-" + target.getFileName());
        try {
            Files.createDirectories(folder);
            delete(temporary);
            Files.createDirectory(temporary);
            writer.accept(temporary);
            Json.write(temporary.resolve(STATE), state.json());
            force(temporary);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            force(folder);
        } catch (IOException e) {
            deleteQuietly(temporary);
            throw new IOException("step " + state.step + " could not be saved: " + reason(e, temporary)
                    + last().map(good -> "; the last good checkpoint is " + good.folder).orElse(""), e);
        }
        publish(useBest);
        prune(keep);
        return target;
    }

    /** An I/O error in words, without the name of a file that is not there any more. */
    private static String reason(IOException e, Path temporary) {
        String reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.getMessage();
        if (reason == null) {
            return e.getClass().getSimpleName();
        }
        return reason.replace(temporary + "/", "");
    }

    /** Puts the files of the last checkpoint, or the best, into the run's folder, each in one move, the weights last. */
    void publish(boolean useBest) throws IOException {
        Optional<Checkpoint> best = useBest ? best() : Optional.empty();
        Path checkpoint = (best.isPresent() ? best : last()).orElseThrow().folder;
        for (String name : List.of("config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json",
                "model.safetensors")) {
            Path source = checkpoint.resolve(name);
            Path target = run.resolve(name);
            if (!Files.exists(source)) {
                continue;
            }
            Path temporary = run.resolve("." + name + ".tmp");
            Files.deleteIfExists(temporary);
            try {
                Files.createLink(temporary, source);
            } catch (UnsupportedOperationException | FileSystemException e) {
                Files.copy(source, temporary);
                force(temporary);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Files.deleteIfExists(temporary); // two links to one file: the move does nothing
        }
        force(run);
    }

    private void prune(int keep) throws IOException {
        List<Checkpoint> all = all();
        Set<Path> kept = new HashSet<>();
        all.subList(Math.max(0, all.size() - keep), all.size()).forEach(each -> kept.add(each.folder));
        best().ifPresent(best -> kept.add(best.folder));
        for (Checkpoint each : all) {
            if (!kept.contains(each.folder)) {
                // Renamed first, so that no half-deleted folder is taken for a checkpoint.
                Path doomed = folder.resolve(".deleting-" + each.folder.getFileName());
                delete(doomed);
                Files.move(each.folder, doomed, StandardCopyOption.ATOMIC_MOVE);
                delete(doomed);
            }
        }
    }

    private static void force(Path fileOrFolder) {
        try (FileChannel channel = FileChannel.open(fileOrFolder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows opens no folders; the rename is as durable there as it gets
        }
    }

    /** Deletes a file or a folder with all in it, if it is there. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void deleteQuietly(Path path) {
        try {
            delete(path);
        } catch (IOException e) {
            // what could not be written is what is to be told; the rest is removed by the next start
        }
    }
}
