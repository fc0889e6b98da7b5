// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.train.OverrideException;
import verbo.train.RunConfiguration;
import verbo.train.Training;

/** {@code verbo train}. */
@Command(name = "train", description = "Train a model as a run file says.")
final class TrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUNFILE", description = "A YAML file; docs/run-file.md tells of its keys.")
    private @Nullable Path runFile;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
            description = "Give a key of the run file another value, as in optimizer.rate=1e-4 or data=FILE.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = "--overwrite",
            description = "Delete the run that is in the folder already, as soon as the new one can begin.")
    private boolean overwrite;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        List<String> all = new ArrayList<>(overrides);
        common.threads().ifPresent(threads -> all.add("threads=" + threads));
        if (runFile == null) {
            throw common.wrong("a run file is needed");
        }
        RunConfiguration configuration = configuration(runFile, all);
        TrainingDisplay display = new TrainingDisplay(common.err(), Screen.error());
        try (Training training = Training.start(configuration, overwrite, display)) {
            return TrainingCommand.run(training, display, common);
        }
    }

    private RunConfiguration configuration(Path file, List<String> settings) throws IOException {
        try {
            return RunConfiguration.read(file, settings);
        } catch (OverrideException e) {
            throw common.wrong(String.valueOf(e.getMessage()));
        }
    }
}
