// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.models.Gpt;
import verbo.models.GptConfig;
import verbo.models.Models;
import verbo.models.Nplm;
import verbo.models.NplmConfig;
import verbo.models.Rnn;
import verbo.models.RnnConfig;
import verbo.models.Safetensors;
import verbo.models.TrainableLanguageModel;
import verbo.nn.AdamW;
import verbo.nn.AdaptiveSoftmax;
import verbo.nn.Optimizer;
import verbo.nn.Seeds;
import verbo.nn.Sgd;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.Tokenizer;
import verbo.text.WordLevelTokenizer;

/**
 * The training of a language model, from its first step or from its last checkpoint to its end. It is a function of the run
 * file and the text: a run that was stopped or killed and resumed gives the same numbers, bit for bit, as one that was not.
 *
 * <p>
 * A run's folder is laid out as a checkpoint on the Hugging Face hub, whose weights are those of the last (or best)
 * checkpoint, with {@code training.json} (every setting, what the text was, versions), {@code metrics.jsonl} (an object a
 * step: {@code step}, {@code loss} in nats a token, {@code rate}, {@code gradientNorm}, and after a validation
 * {@code validationLoss}, {@code validationTokens}, {@code bitsPerByte}, {@code perplexity}), {@code timings.jsonl} (what
 * depends on the clock), {@code samples.jsonl}, the loss curve, and {@code checkpoints/}.
 */
public final class Training implements AutoCloseable {
    /** Places of the seed, each with draws of its own. */
    static final int WEIGHTS = 0, BATCHES = 1, DROPOUT = 2, SAMPLES = 3;

    /** The name, beside the optimizer's state, of what a model carries on. */
    static final String CARRIED = "carried";

    private final RunFolder folder;
    private final RunConfiguration configuration;
    private final TrainingListener listener;
    private final Engine engine;
    private volatile boolean stop;
    private volatile boolean stepping;

    private Training(RunFolder folder, RunConfiguration configuration, TrainingListener listener) {
        this.folder = folder;
        this.configuration = configuration;
        this.listener = listener;
        this.engine = configuration.threads() == 0 ? Engine.cpu() : Engine.cpu(configuration.threads());
    }

    /**
     * Makes a new run. Nothing is trained yet; the folder is locked until this is closed.
     *
     * @param overwrite
     *            whether a run that is in the folder is deleted, once the new one's text is read and its model made
     * @throws IllegalArgumentException
     *             if there is a run in the folder, and it is not to be overwritten
     * @throws IllegalStateException
     *             if another process trains in that folder
     */
    public static Training start(RunConfiguration configuration, boolean overwrite, TrainingListener listener)
            throws IOException {
        RunFolder folder = RunFolder.create(configuration.run(), configuration.name(), overwrite);
        try {
            if (folder.replaces()) {
                requireElsewhere(configuration.init(), folder.path());
            }
            Training training = new Training(folder, configuration, listener);
            if (!folder.replaces()) {
                // First of all, so that a run that is killed at once can be started over by resume.
                training.describe(Map.of());
            }
            return training;
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /** Throws if a run would begin with weights of the one that it is to overwrite, which a kill could leave it without. */
    private static void requireElsewhere(@Nullable Path init, Path run) throws IOException {
        if (init != null && init.toRealPath().startsWith(run.toRealPath())) {
            throw new IllegalArgumentException("init: " + init + " lies in the run that is to be overwritten;"
                    + " give the new one a folder of its own (--set run=FOLDER)");
        }
    }

    /**
     * Opens a run to go on with it from its last checkpoint, or from the start where there is none.
     *
     * @param threads
     *            how many threads compute; empty: as the run file says
     * @throws java.nio.file.NoSuchFileException
     *             if there is no run
     * @throws IllegalStateException
     *             if another process trains in that folder
     */
    public static Training resume(Path run, OptionalInt threads, TrainingListener listener) throws IOException {
        RunFolder folder = RunFolder.open(run);
        try {
            RunConfiguration configuration = RunConfiguration.fromTraining(folder.training());
            folder.checkpoints().clean();
            for (Path aside : folder.checkpoints().setIncompleteAside()) {
                listener.message("a checkpoint is damaged (it has no state.json) and set aside as " + aside);
            }
            return new Training(folder,
                    threads.isPresent() ? configuration.withThreads(threads.getAsInt()) : configuration, listener);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /** The run's folder. */
    public Path folder() {
        return folder.path();
    }

    /**
     * Asks {@link #run} to finish the step it is at, save and return. From any thread.
     *
     * @return whether there is a step to finish; while the text is still being prepared nothing is lost by ending the process
     *         at once
     */
    public boolean stop() {
        stop = true;
        return stepping;
    }

    /** Whether a run that this one is to overwrite is still there, untouched. */
    public boolean replaces() {
        return folder.replaces();
    }

    /**
     * Trains until all steps are taken or {@link #stop} is called. Of a run that is finished, what a kill at its end left
     * undone is done (the model's files, the curve), and its result given; a damaged last checkpoint is made anew.
     *
     * @throws IOException
     *             if something cannot be read or written, such as a checkpoint on a full disk; the last good one stays
     * @throws IllegalArgumentException
     *             if the text cannot be learnt from: it is too short, or has characters outside the tokenizer's
     *             vocabulary
     * @throws IllegalStateException
     *             if the loss is not finite any more; the message names the step and the last good checkpoint. Or if
     *             the folder has a model and no checkpoint to go on from
     */
    public RunResult run() throws IOException {
        try (Learner learner = learner()) {
            if (learner.state.step() >= configuration.steps()) {
                // What a process that was killed behind its last checkpoint did not come to.
                folder.checkpoints().publish(configuration.checkpoint().useBest());
                TrainingLoop.draw(folder, listener);
                return result(learner.state);
            }
            try (RunData data = reopen(learner.tokenizer)) {
                return train(learner, data);
            }
        }
    }

    /** As the last checkpoint that is not damaged has it, or new. */
    private Learner learner() throws IOException {
        if (!folder.replaces()) {
            for (Checkpoints.Checkpoint checkpoint : folder.checkpoints().all().reversed()) {
                Learner learner = restore(checkpoint);
                if (learner != null) {
                    return learner;
                }
            }
            if (folder.hasModel()) {
                throw new IllegalStateException(folder.path() + ": there is a model, but no checkpoint to go on from; "
                        + "'verbo train RUNFILE --overwrite' starts the run anew");
            }
        }
        return begin();
    }

    /** Reads the text and makes the first weights; nothing is wrong with either when a run that is overwritten goes. */
    private Learner begin() throws IOException {
        Learner learner;
        Map<String, Object> described;
        try (RunData data = RunData.prepare(configuration, folder.dataToPrepare(), engine.threads(), listener)) {
            learner = learner(create(data.tokenizer()), data.tokenizer(), Checkpoints.State.NONE);
            described = data.describe();
            try {
                TrainingLoop.check(configuration, learner.model, data, learner.carried != null);
            } catch (RuntimeException e) {
                learner.close();
                throw e;
            }
        }
        try {
            folder.retire();
            describe(described);
            folder.replace();
            return learner;
        } catch (IOException e) {
            learner.close();
            throw e;
        }
    }

    /** What a checkpoint holds: everything that changes while training. */
    private record Learner(TrainableLanguageModel model, Optimizer optimizer, Scope scope, @Nullable Tensor carried,
            Tokenizer tokenizer, Checkpoints.State state) implements AutoCloseable {
        @Override
        public void close() {
            scope.close();
            optimizer.close();
            model.close();
        }
    }

    private Learner learner(TrainableLanguageModel model, Tokenizer tokenizer, Checkpoints.State state) {
        if ((long) configuration.batch() * model.contextLength() > Integer.MAX_VALUE) {
            model.close();
            throw new IllegalArgumentException("batch " + configuration.batch() + " is too large: with "
                    + model.contextLength() + " tokens a sequence it is more than " + Integer.MAX_VALUE + " tokens");
        }
        model.recompute(configuration.recompute());
        RunConfiguration.Optimizer o = configuration.optimizer();
        Optimizer optimizer = o.type().equals("sgd")
                ? new Sgd(engine, model.parameters(), o.momentum(), o.decay())
                : new AdamW(engine, model.parameters(),
                        new AdamW.Options(o.beta1(), o.beta2(), o.epsilon(), o.decay()));
        Scope scope = Scope.lasting(engine);
        boolean lines = configuration.data().options().lines();
        Tensor carried = lines ? null : model.carried(scope, configuration.batch());
        return new Learner(model, optimizer, scope, carried, tokenizer, state);
    }

    /** Reads a checkpoint; null if it is damaged, and then it is set aside. */
    private @Nullable Learner restore(Checkpoints.Checkpoint checkpoint) throws IOException {
        Learner learner = null;
        try {
            Tokenizer tokenizer = Tokenizer.load(checkpoint.folder());
            Checkpoints.State state = checkpoint.state();
            learner = learner(Models.load(engine, checkpoint.folder()), tokenizer, state);
            if (checkpoint.step() >= configuration.steps()) {
                return learner; // which learns no more
            }
            try (Safetensors file = Safetensors.open(checkpoint.folder().resolve(Checkpoints.OPTIMIZER))) {
                for (Map.Entry<String, Tensor> part : learner.optimizer.state().entrySet()) {
                    file.read(part.getKey(), part.getValue());
                }
                if (learner.carried != null) {
                    file.read(CARRIED, learner.carried);
                }
            }
            learner.optimizer.resume(checkpoint.step());
            return learner;
        } catch (FormatException | NoSuchFileException e) {
            if (learner != null) {
                learner.close();
            }
            listener.message("a checkpoint is damaged (" + e.getMessage() + ") and set aside as "
                    + folder.checkpoints().setAside(checkpoint));
            return null;
        }
    }

    private RunData reopen(Tokenizer tokenizer) throws IOException {
        Map<String, Object> described = Json.read(folder.training());
        RunData data = described.get("data") instanceof Map<?, ?> texts
                ? RunData.reopen(texts, folder.data(), tokenizer, configuration.data().options().lines())
                : null;
        return data != null ? data : prepareAgain(described);
    }

    /** The ids are gone: make them anew, from a text that must be the same. */
    private RunData prepareAgain(Map<String, Object> described) throws IOException {
        RunData data = RunData.prepare(configuration, folder.data(), engine.threads(), listener);
        if (!data.isAsDescribed(described.get("data"))) {
            data.close();
            throw new IOException(folder.path() + ": the text at " + configuration.data().location()
                    + " is not the one this run was begun with, so it cannot go on");
        }
        return data;
    }

    private TrainableLanguageModel create(Tokenizer tokenizer) throws IOException {
        Path init = configuration.init();
        if (init != null) {
            TrainableLanguageModel model = Models.load(engine, init);
            if (tokenizer.size() > model.vocabularySize()) {
                model.close();
                throw new IllegalArgumentException("the tokenizer has " + tokenizer.size() + " tokens, the model at "
                        + init + " only " + model.vocabularySize());
            }
            return model;
        }
        RunConfiguration.ModelShape shape = configuration.model();
        long seed = Seeds.derive(configuration.seed(), WEIGHTS);
        OptionalInt separator = tokenizer.separator();
        Integer begin = separator.isPresent() ? (Integer) separator.getAsInt() : null;
        // A word-level text has an end of line at every line: there it ends nothing, unless lines are texts of their own.
        List<Integer> ends = begin == null
                || tokenizer instanceof WordLevelTokenizer && !configuration.data().options().lines()
                        ? List.of()
                        : List.of(begin);
        requireCutoffs(shape.cutoffs(), tokenizer.size());
        return switch (shape.family()) {
            case "gpt" -> Gpt.create(engine, gpt(shape, tokenizer.size(), begin, ends), shape.scaleResiduals(),
                    seed);
            case "nplm" -> Nplm.create(engine, new NplmConfig(tokenizer.size(), shape.context(), shape.embedding(),
                    shape.width(), shape.direct(), Boolean.TRUE.equals(shape.tied()), shape.block(), shape.dropout(),
                    begin, ends), seed);
            default -> Rnn.create(engine, new RnnConfig(
                    RecurrentCell.valueOf(shape.family().toUpperCase(Locale.ROOT)), tokenizer.size(),
                    shape.embedding(), shape.width(), shape.layers(), shape.block(),
                    Boolean.TRUE.equals(shape.tied()), shape.cutoffs(), new RnnConfig.Dropout(shape.dropout(),
                            shape.lockedDropout(), shape.wordDropout(), shape.weightDropout()),
                    begin, ends), seed);
        };
    }

    private static void requireCutoffs(List<Integer> cutoffs, int vocabulary) {
        try {
            AdaptiveSoftmax.requireRising(cutoffs, vocabulary);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("model.cutoffs: " + e.getMessage() + "; lower them or leave some out",
                    e);
        }
    }

    private static GptConfig gpt(RunConfiguration.ModelShape shape, int vocabulary, @Nullable Integer begin,
            List<Integer> ends) {
        GptConfig config = GptConfig.of(vocabulary, shape.block(), shape.width(), shape.layers(), shape.heads())
                .withBias(shape.bias()).withDropout(shape.dropout(), shape.dropout(), shape.dropout())
                .withTiedEmbeddings(!Boolean.FALSE.equals(shape.tied()));
        return begin == null ? config : config.withSpecialTokens(begin, ends);
    }

    /** Writes {@code training.json}. */
    private void describe(Map<String, Object> data) throws IOException {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("verbo", version());
        described.put("java", Runtime.version().toString());
        described.put("engine", engine.description());
        described.put("data", data);
        described.put("configuration", configuration.nested());
        Json.write(folder.training(), described);
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Training.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        return properties.getProperty("version", "unknown");
    }

    private RunResult train(Learner learner, RunData data) throws IOException {
        long from = learner.state.step();
        TrainableLanguageModel model = learner.model;
        if (from > 0 && !Files.exists(folder.metrics())) {
            listener.message(folder.metrics() + " is gone; it begins anew after step " + from);
        }
        try (MetricsFile metrics = MetricsFile.open(folder.metrics(), from);
                MetricsFile timings = MetricsFile.open(folder.timings(), from);
                MetricsFile samples = MetricsFile.open(folder.samples(), from);
                LanguageModel speaker = model.languageModel(data.tokenizer())) {
            listener.started(new TrainingListener.Started(folder.path(), model.description(), engine.description(),
                    model.parameterCount(), data.train().length(), data.validation().length(), from,
                    configuration.steps()));
            TrainingLoop loop = new TrainingLoop(configuration, folder, model, data, learner.optimizer,
                    learner.carried, metrics,
                    timings, samples, speaker, learner.state, listener);
            stepping = true;
            return result(loop.run(() -> stop));
        }
    }

    private RunResult result(Checkpoints.State state) throws IOException {
        return new RunResult(folder.path(), state.step() >= configuration.steps(), state.step(), state.trainLoss(),
                state.validationLoss(), state.bitsPerByte(),
                validation(Json.read(folder.training())).get(RunData.GZIP) instanceof Double gzip ? gzip : Double.NaN,
                state.tokens() / state.trainSeconds(), state.seconds());
    }

    /** What {@code training.json} says of the validation text. */
    private static Map<?, ?> validation(Map<String, Object> described) {
        return described.get("data") instanceof Map<?, ?> data && data.get("validation") instanceof Map<?, ?> validation
                ? validation
                : Map.of();
    }

    @Override
    public void close() throws IOException {
        try {
            if (configuration.threads() != 0) {
                engine.close();
            }
        } finally {
            folder.close();
        }
    }
}
