// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.Tensor;
import verbo.text.Tokenizer;

/** GPT-2. Only its outside yet. */
public final class Gpt implements TrainableLanguageModel {
    private Gpt() {
    }

    /** A new model with weights drawn as GPT-2's were. The same seed gives the same weights. */
    public static Gpt create(Engine engine, GptConfig config, long seed) {
        throw new UnsupportedOperationException("not written yet");
    }

    /** The shape. */
    public GptConfig config() {
        throw new UnsupportedOperationException("not written yet");
    }

    /** Logits {@code [batch, time, vocabulary]} of the token after each place of {@code ids [batch, time]} (I32). */
    public Tensor logits(Tensor ids) {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public Engine engine() {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public List<Parameter> parameters() {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public int contextLength() {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public int vocabularySize() {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public Tensor loss(Tensor ids, Tensor targets, long dropoutSeed, boolean training) {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public LanguageModel languageModel(@Nullable Tokenizer tokenizer) {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public void save(Path folder) {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public String description() {
        throw new UnsupportedOperationException("not written yet");
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("not written yet");
    }
}
