// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import verbo.train.Training;

/** {@code verbo resume}. */
@Command(name = "resume", description = "Go on with a training that was stopped.")
final class ResumeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "The run's folder.")
    private @Nullable Path run;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (run == null) {
            throw common.wrong("a run is needed");
        }
        TrainingDisplay display = new TrainingDisplay(common.err(), Screen.error());
        try (Training training = Training.resume(run, common.threads(), display)) {
            return TrainingCommand.run(training, display, common);
        }
    }
}
