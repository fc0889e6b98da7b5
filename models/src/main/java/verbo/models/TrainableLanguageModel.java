// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Tokenizer;

/**
 * A language model that learns: what a training loop needs of every family. The loop opens a scope a step, takes the
 * {@link #loss}, runs it backward and lets an optimizer change the {@link #parameters}.
 */
public interface TrainableLanguageModel extends AutoCloseable {
    /** The engine that holds the weights and computes. */
    Engine engine();

    /** All parameters in a fixed order, each once, under the names they have in a checkpoint. */
    List<Parameter> parameters();

    /** The most tokens that are read at once. */
    int contextLength();

    /** How many tokens the model knows. */
    int vocabularySize();

    /**
     * The mean loss, in nats a token, of predicting each target from the ids up to its place. The caller has opened the
     * scope that takes it.
     *
     * @param ids
     *            [batch, time] (I32), time at most the context length
     * @param targets
     *            [batch, time] (I32): the ids one place on; negative ones do not count
     * @param dropoutSeed
     *            decides what dropout drops; another one each step
     * @param training
     *            whether dropout drops at all
     */
    Tensor loss(Tensor ids, Tensor targets, long dropoutSeed, boolean training);

    /**
     * Memory for what the model carries of a text from one block to the next, at the beginning of {@code batch} texts; null
     * for a model that reads every block for itself.
     *
     * @param lasting
     *            takes it
     * @return [.., batch, ..]
     */
    default @Nullable Tensor carried(Scope lasting, int batch) {
        return null;
    }

    /** Puts one of the texts of {@link #carried} back to its beginning. */
    default void begin(Tensor carried, int row) {}

    /**
     * The loss of blocks that go on where those before ended: as the other one, with what {@code carried} says of what was
     * before, which is replaced by what is carried on. No gradient reaches the blocks before.
     *
     * @param carried
     *            what {@link #carried} gave for as many texts; null for texts that begin here
     */
    default Tensor loss(Tensor ids, Tensor targets, @Nullable Tensor carried, long dropoutSeed, boolean training) {
        return loss(ids, targets, dropoutSeed, training);
    }

    /**
     * Whether training keeps only what goes into each block of layers and computes the rest again on the way back: the same
     * numbers in less memory, for the time of the blocks' forward pass once more.
     *
     * @throws IllegalArgumentException
     *             where blocks are asked for and the family has none
     */
    default void recompute(boolean blocks) {
        if (blocks) {
            throw new IllegalArgumentException("recompute is for Transformers: this model keeps what it computed");
        }
    }

    /**
     * This model for scoring and generating. It reads the weights as they are at that moment, so it can be kept and used
     * between training steps; closing it frees its caches and leaves this model open.
     *
     * @param tokenizer
     *            what gives the model its ids, or null for ids only
     */
    LanguageModel languageModel(@Nullable Tokenizer tokenizer);

    /**
     * Writes {@code config.json}, for a GPT {@code generation_config.json}, and {@code model.safetensors} into a folder, which
     * is made where it is missing. Each file is replaced atomically, the weights last.
     */
    void save(Path folder) throws IOException;

    /** What it is, in one line: {@code GPT: 4 layers, 4 heads, 128 wide, context 64, vocabulary 65: 804,096 parameters}. */
    String description();

    /** How many numbers the parameters are in all; what the model ties together counts once. */
    default long parameterCount() {
        long count = 0;
        for (Parameter parameter : parameters()) {
            count += parameter.value().size();
        }
        return count;
    }

    /** Frees the weights. Closing twice does nothing. */
    @Override
    void close();
}
