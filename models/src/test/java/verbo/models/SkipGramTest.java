// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.models.SkipGramConfig.Architecture;
import verbo.text.IndexedText;
import verbo.text.Progress;

import static org.assertj.core.api.Assertions.assertThat;

class SkipGramTest {
    @TempDir
    private Path folder;

    @Test
    void theWidestWindowsAreLearntFrom() throws IOException {
        Path file = Files.writeString(folder.resolve("text.txt"), "the salt sea and the salt wind\n".repeat(3));
        IndexedText text = IndexedText.read(file, 1, Progress.NONE);
        for (Architecture architecture : Architecture.values()) {
            SkipGramConfig config = new SkipGramConfig(architecture, 2, 1000, 600, 0, 2, 3);
            try (SkipGram model = new SkipGram(config, text, 1); SkipGram.Learner learner = model.learner()) {
                learner.learn(0, text.ids().length, 0.01f, 1);
                assertThat(learner.loss()).isFinite().isPositive();
            }
        }
    }
}
