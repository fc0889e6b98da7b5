// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.ngram.NgramFiles;
import verbo.tensor.Engine;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.Tokenizer;

/** Opens models of any kind for scoring and generating. */
public final class LanguageModels {
    private LanguageModels() {}

    /**
     * Opens a model. A checkpoint's weights are read from the mapped file where they lie; closing the model unmaps it.
     *
     * @param path
     *            a folder that holds {@code config.json} and {@code model.safetensors} (or its shards and their index); with a
     *            tokenizer in it ({@code tokenizer.json}, {@code vocab.json} and {@code merges.txt}, {@code tokenizer.model} or
     *            {@code vocab.txt}) the model takes and gives text. Or an n-gram model's file, or a {@link MixtureFile}
     * @throws FormatException
     *             as {@link Models#load}
     * @throws java.nio.file.NoSuchFileException
     *             if a file is missing
     */
    public static LanguageModel open(Engine engine, Path path) throws IOException {
        if (MixtureFile.is(path)) {
            return MixtureFile.open(engine, path);
        }
        return Files.isRegularFile(path) ? NgramFiles.open(path) : openFolder(engine, path);
    }

    private static LanguageModel openFolder(Engine engine, Path folder) throws IOException {
        Models.Family family = Models.family(folder);
        Tokenizer tokenizer = tokenizer(folder);
        return switch (family) {
            case GPT2 -> open(GptCheckpoint.map(engine, folder), tokenizer, folder);
            case SEQUENTIAL -> open(SequentialCheckpoint.open(engine, folder, true), tokenizer, folder);
        };
    }

    /**
     * Whether a model learnt each line as a text of its own ({@code data.documents: line}), as the {@code training.json} of its
     * run says.
     *
     * @param path
     *            of a run, or of one of its checkpoints; of other models, it says no
     */
    public static boolean readsLines(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        Path training = path.resolve("training.json");
        Path parent = path.toRealPath().getParent(); // wherever a link to a checkpoint lies
        if (!Files.exists(training) && parent != null && parent.endsWith("checkpoints")) {
            training = parent.resolveSibling("training.json");
        }
        return Files.exists(training) && Json.read(training).get("configuration") instanceof Map<?, ?> configuration
                && configuration.get("data") instanceof Map<?, ?> data && "line".equals(data.get("documents"));
    }

    /** The tokenizer that lies in a model's folder, in any known format; null if there is none. */
    public static @Nullable Tokenizer tokenizer(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return null;
        }
        try {
            return Tokenizer.load(folder);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static LanguageModel open(SequentialNetwork network, @Nullable Tokenizer tokenizer, Path folder)
            throws FormatException {
        try {
            return network.languageModel(tokenizer, network::close);
        } catch (IllegalArgumentException e) {
            network.close();
            throw new FormatException(folder, String.valueOf(e.getMessage()), e);
        }
    }

    private static LanguageModel open(Gpt gpt, @Nullable Tokenizer tokenizer, Path folder) throws FormatException {
        try {
            return new TransformerLanguageModel(gpt, tokenizer, gpt.config().beginToken(), gpt.config().endTokens(),
                    gpt::close);
        } catch (IllegalArgumentException e) {
            gpt.close();
            throw new FormatException(folder, String.valueOf(e.getMessage()), e);
        }
    }
}
