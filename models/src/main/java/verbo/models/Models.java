// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import verbo.tensor.Engine;
import verbo.text.JsonObject;

/** Opens checkpoints laid out as on the Hugging Face hub, whatever their family. */
public final class Models {
    private Models() {}

    /**
     * Loads a checkpoint to train it further: its weights are copied into memory of the engine. For scoring and generating
     * only, {@link LanguageModels#open} needs less.
     *
     * @param folder
     *            holds {@code config.json} and {@code model.safetensors} (or its shards and their index)
     * @throws verbo.text.FormatException
     *             if a file is malformed, or the family or one of its settings is not supported; the message names the
     *             file, and the key or tensor
     * @throws java.nio.file.NoSuchFileException
     *             if a file is missing
     */
    public static TrainableLanguageModel load(Engine engine, Path folder) throws IOException {
        return switch (family(folder)) {
            case GPT2 -> GptCheckpoint.load(engine, folder);
            case SEQUENTIAL -> SequentialCheckpoint.open(engine, folder, false);
        };
    }

    /** The families there are. */
    enum Family {
        GPT2,
        /** Recurrent models and the neural probabilistic one. */
        SEQUENTIAL
    }

    /** The family a folder's {@code config.json} names. */
    static Family family(Path folder) throws IOException {
        JsonObject config = JsonObject.read(folder.resolve("config.json"));
        String type = config.requiredString("model_type");
        return switch (type) {
            case "gpt2" -> Family.GPT2;
            case "rnn", "lstm", "gru", "nplm" -> Family.SEQUENTIAL;
            default -> throw config.error("model_type",
                    "\"" + type + "\" is not supported; gpt2, rnn, lstm, gru and nplm are");
        };
    }
}
