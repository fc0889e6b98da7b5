// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import verbo.lm.LanguageModel;
import verbo.models.LanguageModels;
import verbo.ngram.NgramFiles;

/** The option that names a model. */
final class ModelOption {
    @Option(names = "--model", required = true, paramLabel = "RUN",
            description = "A run's folder, one of its checkpoints, any folder laid out as on the Hugging Face hub, an n-gram model's file, or what 'interpolate' wrote.")
    private @Nullable Path path;

    Path path() {
        if (path == null) {
            throw new IllegalStateException("picocli asks for required options");
        }
        return path;
    }

    LanguageModel open(CommonOptions common) throws IOException {
        return open(path(), common);
    }

    /** Opens the model of a folder, explaining what is missing. */
    static LanguageModel open(Path folder, CommonOptions common) throws IOException {
        if (NgramFiles.isNgramModel(folder)) {
            return NgramFiles.open(folder); // needs no engine
        }
        if (!Files.isRegularFile(folder)) {
            check(folder);
        }
        return LanguageModels.open(common.engine(), folder);
    }

    /** Throws if there can be no model. */
    static void check(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "a model's folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new NotDirectoryException(folder.toString());
        }
        if (Files.exists(folder.resolve("training.json")) && !Files.exists(folder.resolve("model.safetensors"))) {
            throw new IllegalArgumentException(folder
                    + ": the run has no model yet; go on with '" + Main.called() + " resume " + folder + "'");
        }
        Path checkpoints = folder.resolve("checkpoints");
        if (!Files.exists(folder.resolve("config.json")) && Files.isDirectory(checkpoints)) {
            try (Stream<Path> all = Files.list(checkpoints)) {
                Path last = all.filter(each -> String.valueOf(each.getFileName()).startsWith("step-")
                        && Files.exists(each.resolve("config.json")))
                        .max(Comparator.comparingInt((Path each) -> each.toString().length())
                                .thenComparing(each -> each))
                        .orElse(null);
                if (last != null) {
                    throw new IllegalArgumentException(
                            folder + ": holds checkpoints and no model; give one of them: " + last);
                }
            }
        }
    }
}
