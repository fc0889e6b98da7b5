// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.nn.Initialization;
import verbo.nn.Parameter;
import verbo.nn.Seeds;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Tokenizer;

/**
 * A network that reads a text token after token and carries what it remembers in a vector of fixed length: recurrent ones, and
 * those that see the last few tokens. What scoring, generating and training need of each such family.
 */
abstract class SequentialNetwork implements TrainableLanguageModel {
    private final SequentialConfig config;
    private final Scope scope;
    private final ParameterSource source;
    private final @Nullable Safetensors file;
    private final List<Parameter> parameters = new ArrayList<>();

    /**
     * Of parameters from a source.
     *
     * @param scope
     *            holds them; closed with this network
     * @param file
     *            closed after the scope, or null
     */
    SequentialNetwork(SequentialConfig config, Scope scope, ParameterSource source, @Nullable Safetensors file) {
        this.config = config;
        this.scope = scope;
        this.source = source;
        this.file = file;
    }

    /** Makes a network of parameters. */
    interface Maker<N extends SequentialNetwork> {
        N make(Scope scope, ParameterSource source) throws IOException;
    }

    static <N extends SequentialNetwork> N create(Engine engine, long seed, Maker<N> maker) {
        Scope scope = Scope.lasting(engine);
        int[] drawn = {0};
        try {
            return maker.make(scope, (name, initial, decays, lengths) -> {
                Tensor value = scope.empty(DType.F32, lengths);
                initial.fill(value, Seeds.derive(seed, drawn[0]++));
                return new Parameter(name, value, decays, false);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is read
        }
    }

    final Parameter take(String name, Initialization initial, int... lengths) throws IOException {
        Parameter parameter = source.parameter(name, initial, lengths.length > 1, lengths);
        parameters.add(parameter);
        return parameter;
    }

    // ---- what a family gives

    /** Lengths of what is carried of so many texts: [.., batch, ..]. */
    abstract int[] carriedLengths(int batch);

    /** Fills what is carried at the beginning of a text. */
    void begin(Tensor carried) {
        engine().fill(carried, 0);
    }

    /**
     * The last hidden vectors [time, batch, width] of ids [time, batch].
     *
     * @param carried
     *            of the texts before, which is replaced by what is carried on; null for texts that begin here
     */
    abstract Tensor hidden(Tensor ids, @Nullable Tensor carried, Dropout dropout);

    /** The mean loss of targets [n] after hidden vectors [n, width]. */
    abstract Tensor loss(Tensor hidden, Tensor targets);

    /** Logits [n, vocabulary] after hidden vectors [n, width]; null where there are none but of parts of the vocabulary. */
    abstract @Nullable Tensor logits(Tensor hidden);

    /** Log-probabilities [n, vocabulary] after hidden vectors [n, width]. */
    Tensor logProbabilities(Tensor hidden) {
        return Objects.requireNonNull(logits(hidden)).logSoftmax(); // [n, vocabulary]
    }

    /** Those of {@code targets} [n] alone, in nats. */
    float[] logProbabilities(Tensor hidden, int[] targets) {
        Tensor all = logProbabilities(hidden); // [n, vocabulary]
        float[] value = new float[1];
        float[] found = new float[targets.length];
        for (int i = 0; i < targets.length; i++) {
            engine().read(all.select(0, i).slice(0, targets[i], targets[i] + 1), MemorySegment.ofArray(value));
            found[i] = value[0];
        }
        return found;
    }

    @Override
    public final LanguageModel languageModel(@Nullable Tokenizer tokenizer) {
        return languageModel(tokenizer, () -> {});
    }

    final LanguageModel languageModel(@Nullable Tokenizer tokenizer, Runnable onClose) {
        return new SequentialLanguageModel(this, tokenizer, onClose);
    }

    // ---- what training needs

    @Override
    public final Tensor carried(Scope lasting, int batch) {
        Tensor carried = lasting.zeros(carriedLengths(batch));
        begin(carried);
        return carried;
    }

    @Override
    public final void begin(Tensor carried, int row) {
        Tensor one = carried.slice(1, row, row + 1);
        try (NoGradient _ = NoGradient.open(); Scope temporary = Scope.open(engine())) {
            Tensor fresh = temporary.empty(DType.F32, one.shape().lengths());
            begin(fresh);
            engine().copy(fresh, one, false);
        }
    }

    @Override
    public final Tensor loss(Tensor ids, Tensor targets, @Nullable Tensor carried, long dropoutSeed,
            boolean training) {
        if (!ids.shape().equals(targets.shape())) {
            throw new IllegalArgumentException(
                    "targets " + targets.shape() + " for ids " + ids.shape() + ": each id has one");
        }
        Tensor hidden = hidden(timeFirst(ids), carried, training ? new Dropout(dropoutSeed, true) : Dropout.NONE);
        int rows = hidden.length(0) * hidden.length(1);
        return loss(hidden.reshape(rows, hidden.length(2)), timeFirst(targets).reshape(rows)); // []
    }

    @Override
    public final Tensor loss(Tensor ids, Tensor targets, long dropoutSeed, boolean training) {
        return loss(ids, targets, null, dropoutSeed, training);
    }

    /** Ids [batch, time] as [time, batch]. */
    private static Tensor timeFirst(Tensor ids) {
        int batch = ids.length(0);
        int time = ids.length(1);
        int[] from = ids.toInts();
        int[] to = new int[from.length];
        for (int i = 0; i < from.length; i++) {
            to[i % time * batch + i / time] = from[i];
        }
        return Scope.current().of(to, time, batch);
    }

    // ---- what it is

    /** The shape. */
    SequentialConfig config() {
        return config;
    }

    @Override
    public final int contextLength() {
        return config.block();
    }

    @Override
    public final int vocabularySize() {
        return config.vocabularySize();
    }

    @Override
    public final void save(Path folder) throws IOException {
        SequentialCheckpoint.save(this, folder);
    }

    @Override
    public final Engine engine() {
        return scope.engine();
    }

    @Override
    public final List<Parameter> parameters() {
        return List.copyOf(parameters);
    }

    @Override
    public final String toString() {
        return description();
    }

    @Override
    public final void close() {
        scope.close();
        if (file != null) {
            file.close();
        }
    }
}
