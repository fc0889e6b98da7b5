// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class CheckpointsTest {
    private static final List<String> FILES = List.of("config.json", "generation_config.json", "tokenizer.json",
            "optimizer.safetensors", "model.safetensors");

    @TempDir
    Path run;

    private static Checkpoints.State state(long step, double validationLoss) {
        return new Checkpoints.State(step, step * 100, 2, Double.isNaN(validationLoss) ? 0 : step, validationLoss,
                validationLoss, Double.isNaN(validationLoss) ? Double.NaN : 1, 1, Double.POSITIVE_INFINITY, 3, 4);
    }

    private void save(long step, double validationLoss, boolean useBest) throws IOException {
        new Checkpoints(run).save(state(step, validationLoss), to -> {
            for (String file : FILES) {
                Files.writeString(to.resolve(file), file + " of " + step);
            }
        }, 2, useBest);
    }

    private List<Long> steps() throws IOException {
        return new Checkpoints(run).all().stream().map(Checkpoints.Checkpoint::step).toList();
    }

    @Test
    void keepsTheLastOnesAndTheBest() throws IOException {
        save(10, 1.5, false);
        assertThat(steps()).containsExactly(10L);
        save(20, 1.2, false);
        save(30, 1.3, false);
        save(40, 1.4, false);
        save(1_000_000, Double.NaN, false);
        assertThat(steps()).containsExactly(20L, 40L, 1_000_000L);
        assertThat(new Checkpoints(run).best().orElseThrow().step()).isEqualTo(20);
        assertThat(run.resolve("model.safetensors")).hasContent("model.safetensors of 1000000");
        assertThat(new Checkpoints(run).last().orElseThrow().state()).isEqualTo(state(1_000_000, Double.NaN));
        try (var files = Files.walk(run)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.startsWith("."));
        }
    }

    @Test
    void theFolderCanHaveTheBest() throws IOException {
        save(10, 1.5, true);
        save(20, 1.2, true);
        save(30, 1.3, true);
        assertThat(run.resolve("model.safetensors")).hasContent("model.safetensors of 20");
        assertThat(run.resolve("optimizer.safetensors")).doesNotExist();
    }

    @Test
    void theBestIsToldByLossesOverAsManyTokens() throws IOException {
        Checkpoints checkpoints = new Checkpoints(run);
        checkpoints.save(state(10, 1.2), to -> {}, 2, true);
        checkpoints.save(new Checkpoints.State(20, 2000, 2, 20, 1.1, 1.3, 1, 1, 1.2, 3, 4), to -> {}, 2, true);
        assertThat(checkpoints.best().orElseThrow().step()).isEqualTo(10);
        Path old = run.resolve("checkpoints/step-000010/state.json"); // of one that did not tell them apart
        Files.writeString(old, Files.readString(old).replaceFirst("\"comparedLoss\":[^,]*,", ""));
        assertThat(checkpoints.all().getFirst().state()).isEqualTo(state(10, 1.2));
    }

    @Test
    void aFailureAtAnyFileLeavesTheLastGoodOne() throws IOException {
        save(10, 1.5, false);
        for (String bad : FILES) {
            assertThatThrownBy(() -> new Checkpoints(run).save(state(20, 1.1), to -> {
                for (String file : FILES) {
                    Files.writeString(to.resolve(file), "half");
                    if (file.equals(bad)) {
                        throw new IOException(to.resolve(file) + ": No space left on device");
                    }
                }
            }, 2, false)).isInstanceOf(IOException.class).message().isEqualTo("step 20 could not be saved: " + bad
                    + ": No space left on device; the last good checkpoint is "
                    + run.resolve("checkpoints/step-000010"));
            assertThat(steps()).containsExactly(10L);
            assertThat(run.resolve("model.safetensors")).hasContent("model.safetensors of 10");
            try (var files = Files.list(run.resolve("checkpoints"))) {
                assertThat(files).hasSize(1);
            }
        }
    }

    @Test
    void aCheckpointWithoutAStateIsSetAsideAndItsStepSavedAnew() throws IOException {
        save(10, 1.5, false);
        save(20, 1.4, false);
        Files.delete(run.resolve("checkpoints/step-000020/state.json"));
        assertThat(new Checkpoints(run).setIncompleteAside())
                .containsExactly(run.resolve("checkpoints/damaged-step-000020"));
        assertThat(run.resolve("checkpoints/damaged-step-000020/model.safetensors")).exists();
        save(20, 1.4, false);
        assertThat(steps()).containsExactly(10L, 20L);
    }

    @Test
    void aStateThatIsNoneIsNotTheBestAndStopsNoOther() throws IOException {
        save(10, 1.1, false);
        save(20, 1.5, false);
        Path state = run.resolve("checkpoints/step-000010/state.json");
        for (String damaged : new String[]{"{", "{\"step\": \"x\"}", "{\"step\": 20}"}) {
            Files.writeString(state, damaged);
            Checkpoints checkpoints = new Checkpoints(run);
            assertThat(checkpoints.best().orElseThrow().step()).isEqualTo(20);
            assertThatThrownBy(() -> checkpoints.all().getFirst().state()).isInstanceOf(FormatException.class)
                    .hasMessageContaining(state.toString());
        }
        save(30, 1.6, false);
        assertThat(steps()).containsExactly(20L, 30L);
    }

    @Test
    void whatAKilledProcessLeftIsNotTakenForACheckpoint() throws IOException {
        save(10, 1.5, false);
        Path half = Files.createDirectories(run.resolve("checkpoints/.writing-step-000020"));
        Files.writeString(half.resolve("model.safetensors"), "half");
        Files.createDirectories(run.resolve("checkpoints/.deleting-step-000005"));
        assertThat(steps()).containsExactly(10L);
        save(20, 1.4, false);
        assertThat(steps()).containsExactly(10L, 20L);
        new Checkpoints(run).clean();
        try (var files = Files.list(run.resolve("checkpoints"))) {
            assertThat(files).hasSize(2);
        }
    }
}
