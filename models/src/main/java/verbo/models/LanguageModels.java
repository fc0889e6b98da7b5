// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import verbo.lm.LanguageModel;
import verbo.tensor.Engine;

/** Opens checkpoints for scoring and generating. */
public final class LanguageModels {
    private LanguageModels() {
    }

    /**
     * Opens a checkpoint. Its weights are read from the mapped file where they lie; closing the model unmaps it.
     *
     * @param folder
     *            holds {@code config.json} and {@code model.safetensors} (or its shards and their index); with a
     *            {@code tokenizer.json} the model takes and gives text
     * @throws verbo.text.FormatException
     *             as {@link Models#load}
     * @throws java.nio.file.NoSuchFileException
     *             if a file is missing
     */
    public static LanguageModel open(Engine engine, Path folder) throws IOException {
        throw new UnsupportedOperationException("not written yet: " + folder);
    }
}
