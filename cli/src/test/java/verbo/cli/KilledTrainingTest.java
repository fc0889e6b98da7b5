// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.lm.LanguageModel;
import verbo.models.LanguageModels;
import verbo.tensor.Engine;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A training in a process of its own, killed at random moments and resumed: there is a model that loads every time, and the
 * numbers are those of a training that was left alone. A few kills here; more with {@code -Dverbo.kills=50}.
 */
final class KilledTrainingTest {
    private static final int STEPS = 120;
    private static final int KILLS = Integer.getInteger("verbo.kills", 3);

    @TempDir
    Path folder;

    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void writeRun() throws IOException {
        StringBuilder text = new StringBuilder();
        Random random = new Random(1);
        for (int i = 0; i < 4000; i++) {
            text.append((char) ('a' + (int) (26 * Math.pow(random.nextDouble(), 3))));
        }
        Files.writeString(folder.resolve("text.txt"), text);
        Files.writeString(folder.resolve("run.yaml"), """
                task: language-model
                data: text.txt
                tokenizer: {type: char}
                model: {layers: 2, heads: 2, width: 32, block: 16, dropout: 0.1}
                steps: 120
                batch: 4
                threads: 1
                evaluate: {every: 20}
                checkpoint: {every: 10, keep: 2}
                sample: {every: 50, tokens: 10}
                """);
    }

    @AfterEach
    void endWhatStillRuns() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process start(String... args) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC", "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED", "-cp", classPath(), Main.class.getName()));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).directory(folder.toFile())
                .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
        started.add(process);
        return process;
    }

    /** Surefire has our classes on the module path and the rest on the class path. */
    private static String classPath() {
        return Stream.of(System.getProperty("jdk.module.path"), System.getProperty("java.class.path"))
                .filter(path -> path != null && !path.isEmpty()).reduce((a, b) -> a + File.pathSeparator + b)
                .orElseThrow();
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    private void assertEnds(Process process, int code) throws Exception {
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(log()).isEqualTo(code);
    }

    private void assertSame(String run, String other) {
        for (String file : List.of("metrics.jsonl", "samples.jsonl", "model.safetensors",
                "checkpoints/step-000120/optimizer.safetensors")) {
            assertThat(folder.resolve(run).resolve(file)).as(file)
                    .hasSameBinaryContentAs(folder.resolve(other).resolve(file));
        }
    }

    /** Waits until the file is there, or so long; whether the process still runs. */
    private static boolean await(Process process, Path file) throws InterruptedException {
        while (process.isAlive() && !Files.exists(file)) {
            if (process.waitFor(5, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        return process.isAlive();
    }

    @Test
    void goesOnAsIfNothingHadHappened() throws Exception {
        long began = System.nanoTime();
        assertEnds(start("train", "run.yaml", "--set", "run=whole"), 0);
        long whole = (System.nanoTime() - began) / 1_000_000;
        Random random = new Random(7);
        int kills = 0;
        int saved = 0;
        for (int runs = 0; kills < KILLS; runs++) {
            String run = "killed-" + runs;
            Process process = start("train", "run.yaml", "--set", "run=" + run);
            await(process, folder.resolve(run).resolve("training.json"));
            while (kills < KILLS && livesUntil(random.nextInt(STEPS + 10), run, process, random, whole)) {
                process.destroyForcibly().waitFor();
                kills++;
                if (Files.exists(folder.resolve(run).resolve("model.safetensors"))) {
                    saved++;
                    try (Engine engine = Engine.cpu(1);
                            LanguageModel model = LanguageModels.open(engine, folder.resolve(run))) {
                        assertThat(model.contextLength()).isEqualTo(16);
                    }
                }
                process = start("resume", run);
            }
            assertEnds(process, 0);
            assertSame(run, "whole");
            try (Stream<Path> files = Files.list(folder.resolve(run).resolve("checkpoints"))) {
                assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.startsWith("."));
            }
        }
        assertThat(saved).as("kills after a checkpoint").isGreaterThanOrEqualTo(KILLS / 2);
    }

    /**
     * Waits until the run has taken so many steps and a little longer; if it has already, until any moment of its start.
     *
     * @return whether the process still lives
     */
    private boolean livesUntil(int step, String run, Process process, Random random, long whole) throws Exception {
        long moment = random.nextLong(steps(run) >= step ? whole : 20);
        while (process.isAlive() && steps(run) < step) {
            if (process.waitFor(1, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        return !process.waitFor(moment, TimeUnit.MILLISECONDS);
    }

    private long steps(String run) throws IOException {
        Path metrics = folder.resolve(run).resolve("metrics.jsonl");
        if (!Files.exists(metrics)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(metrics)) {
            return lines.count();
        }
    }

    @Test
    void endsTheStepAndSavesWhenAsked() throws Exception {
        Process process = start("train", "run.yaml", "--set", "run=asked", "--set", "checkpoint.every=100000");
        assertThat(await(process, folder.resolve("asked/metrics.jsonl"))).isTrue();
        while (steps("asked") == 0 && !process.waitFor(1, TimeUnit.MILLISECONDS)) {} // before that there is nothing to save
        process.destroy(); // SIGTERM
        assertEnds(process, 143);
        assertThat(log()).contains("and saved; go on with: verbo resume asked");
        assertThat(folder.resolve("asked/model.safetensors")).exists();
        assertEnds(start("resume", "asked", "--json"), 0);
        assertEnds(start("train", "run.yaml", "--set", "run=whole", "--set", "checkpoint.every=100000"), 0);
        assertSame("asked", "whole");
    }
}
