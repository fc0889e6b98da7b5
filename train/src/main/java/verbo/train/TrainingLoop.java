// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import verbo.lm.GenerationOptions;
import verbo.lm.Generator;
import verbo.lm.LanguageModel;
import verbo.lm.Sampling;
import verbo.models.Safetensors;
import verbo.models.TrainableLanguageModel;
import verbo.nn.GradientClipping;
import verbo.nn.Optimizer;
import verbo.nn.Parameter;
import verbo.nn.Schedule;
import verbo.nn.Seeds;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Json;
import verbo.text.Tokenizer;

/**
 * Step after step: batch, loss, gradients, update; now and then a validation, a sample, a checkpoint. What happens at a step
 * depends on its number alone, never on where this process began.
 */
final class TrainingLoop {
    private static final double SECONDS_BETWEEN_PICTURES = 20;
    /** How much the time of the last step counts in the time left. */
    private static final double NEWS = 0.02;
    private static final int WARMING_UP = 10;

    private final RunConfiguration configuration;
    private final RunFolder folder;
    private final TrainableLanguageModel model;
    private final RunData data;
    private final Optimizer optimizer;
    private final @Nullable Tensor carried;
    private final MetricsFile metrics;
    private final MetricsFile timings;
    private final MetricsFile samples;
    private final LanguageModel speaker;
    private final TrainingListener listener;

    private final List<Parameter> parameters;
    private final Schedule schedule;
    private final Batches batches;
    private final Validation validation;
    private final int[] start; // of samples
    private final int[] ids;
    private final int[] targets;

    private Checkpoints.State state;
    private long savedAt;
    private boolean drawable = true;

    // The clock.
    private final long began = System.nanoTime();
    private final double secondsBefore;
    private double stepSeconds; // running mean
    private double checkSeconds;
    private double trainSecondsHere;
    private long tokensHere;
    private long stepsHere;
    private long pictureAt = began;

    TrainingLoop(RunConfiguration configuration, RunFolder folder, TrainableLanguageModel model, RunData data,
            Optimizer optimizer, @Nullable Tensor carried, MetricsFile metrics, MetricsFile timings,
            MetricsFile samples, LanguageModel speaker,
            Checkpoints.State from, TrainingListener listener) {
        this.configuration = configuration;
        this.folder = folder;
        this.model = model;
        this.data = data;
        this.optimizer = optimizer;
        this.carried = carried;
        this.metrics = metrics;
        this.timings = timings;
        this.samples = samples;
        this.speaker = speaker;
        this.listener = listener;
        this.state = from;
        this.savedAt = from.step();
        this.secondsBefore = from.seconds();
        this.parameters = model.parameters();
        RunConfiguration.Optimizer o = configuration.optimizer();
        this.schedule = switch (o.schedule()) {
            case "linear" -> new Schedule.Linear(o.rate(), o.minimumRate(), o.warmup(), configuration.steps());
            case "cosine" -> new Schedule.Cosine(o.rate(), o.minimumRate(), o.warmup(), configuration.steps());
            default -> new Schedule.Constant(o.rate(), o.warmup());
        };
        int block = model.contextLength();
        this.batches = data.trainBatches(block, seed(Training.BATCHES), carried == null ? 0 : configuration.batch());
        this.validation = new Validation(model, data.validation(),
                data.validationBatches(block, carried == null ? 0 : configuration.batch()), data.tokenizer(),
                configuration.batch());
        this.start = start(prompt(configuration.sample(), data.tokenizer()));
        this.ids = new int[configuration.batch() * block];
        this.targets = new int[configuration.batch() * block];
    }

    /** Throws if the text is too short for such a model, or the prompt of samples is none to the tokenizer. */
    static void check(RunConfiguration configuration, TrainableLanguageModel model, RunData data, boolean carries) {
        int streams = carries ? configuration.batch() : 0;
        data.trainBatches(model.contextLength(), 0, streams);
        data.validationBatches(model.contextLength(), streams);
        prompt(configuration.sample(), data.tokenizer());
    }

    private long seed(int place) {
        return Seeds.derive(configuration.seed(), place);
    }

    /** Trains until all steps are taken or somebody asks to stop; saved in either case. */
    Checkpoints.State run(BooleanSupplier stop) throws IOException {
        long last = configuration.steps();
        for (long step = state.step() + 1; step <= last; step++) {
            long start = System.nanoTime();
            double rate = schedule.rate(step - 1) * state.rateScale();
            double loss = forwardAndBackward(step);
            double norm = GradientClipping.norm(parameters);
            requireFinite(step, "the loss", loss);
            requireFinite(step, "the gradient", norm);
            double clip = configuration.optimizer().clip();
            optimizer.step(rate, clip == 0 ? 1 : GradientClipping.scale(norm, clip));
            double took = tick(start);

            Validation.Result checked = configuration.evaluate().due(step, last) ? validate(step, last) : null;
            double compared = checked == null ? state.comparedLoss() : compared(checked, step, last);
            boolean better = checked != null && compared < state.leastLoss();
            state = new Checkpoints.State(step, state.tokens() + (long) ids.length * configuration.accumulate(), loss,
                    checked == null ? state.validatedAt() : step,
                    checked == null ? state.validationLoss() : checked.loss(), compared,
                    checked == null ? state.bitsPerByte() : checked.bitsPerByte(),
                    rateScale(checked != null && !better), better ? compared : state.leastLoss(),
                    state.trainSeconds() + took, seconds());
            report(step, loss, rate, norm, checked);
            if (configuration.sample().due(step, last)) {
                sample(step);
            }
            boolean stopping = stop.getAsBoolean();
            if (stopping || configuration.checkpoint().due(step, last)
                    || better && configuration.checkpoint().useBest()) {
                save();
            }
            if (stopping) {
                break;
            }
        }
        draw(true);
        return state;
    }

    /** The loss over as many tokens as at every other validation: the last one is over all of them. */
    private double compared(Validation.Result checked, long step, long last) {
        int tokens = configuration.evaluate().tokens();
        return step < last || validation.isAll(tokens) ? checked.loss() : validation.run(tokens).loss();
    }

    /** What the rate of the next step is multiplied by. */
    private double rateScale(boolean stuck) {
        return stuck && configuration.optimizer().schedule().equals("plateau")
                ? state.rateScale() / configuration.optimizer().divisor()
                : state.rateScale();
    }

    /** Gradients of all batches of a step, added up; the mean of their losses, in nats a token. */
    private double forwardAndBackward(long step) {
        int accumulate = configuration.accumulate();
        int block = batches.block();
        double loss = 0;
        for (int part = 0; part < accumulate; part++) {
            long batch = (step - 1) * accumulate + part;
            batches.fill(batch, ids, targets);
            if (carried != null && batches instanceof Batches.Streams streams && streams.begins(batch)) {
                for (int row = 0; row < configuration.batch(); row++) {
                    model.begin(carried, row);
                }
            }
            try (Scope scope = Scope.open(model.engine())) {
                Tensor mean = model.loss(scope.of(ids, configuration.batch(), block),
                        scope.of(targets, configuration.batch(), block), carried,
                        Seeds.derive(seed(Training.DROPOUT), batch), true);
                mean.backward(1f / accumulate);
                loss += mean.item();
            }
        }
        return loss / accumulate;
    }

    private void requireFinite(long step, String what, double number) throws IOException {
        if (Double.isFinite(number)) {
            return;
        }
        String good = folder.checkpoints().last().map(each -> "the last good checkpoint is " + each.folder())
                .orElse("there is no checkpoint yet");
        throw new IllegalStateException(what + " is not a finite number at step " + step + "; " + good
                + "; a lower optimizer.rate, a longer optimizer.warmup or an optimizer.clip may help");
    }

    private Validation.Result validate(long step, long last) throws IOException {
        long start = System.nanoTime();
        Validation.Result result = validation.run(step == last ? 0 : configuration.evaluate().tokens());
        checkSeconds = (System.nanoTime() - start) * 1e-9;
        requireFinite(step, "the validation loss", result.loss());
        listener.validated(step, result);
        return result;
    }

    private void report(long step, double loss, double rate, double norm, Validation.@Nullable Result checked)
            throws IOException {
        RunConfiguration.Metrics wanted = configuration.metrics();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put("loss", loss);
        line.put("rate", rate);
        if (wanted.gradientNorm()) {
            line.put("gradientNorm", norm);
        }
        if (checked != null) {
            line.put("validationLoss", checked.loss());
            line.put("validationTokens", checked.tokens());
            if (wanted.bitsPerByte() && checked.bytes() > 0) {
                line.put("bitsPerByte", checked.bitsPerByte());
            }
            if (wanted.perplexity() && Double.isFinite(checked.perplexity())) {
                line.put("perplexity", checked.perplexity());
            }
            draw(false);
            Map<String, Object> time = new LinkedHashMap<>();
            time.put("step", step);
            time.put("seconds", state.seconds());
            time.put("tokensPerSecond", tokensHere / trainSecondsHere);
            timings.write(time);
        }
        metrics.write(line);
        listener.step(new TrainingListener.Step(step, configuration.steps(), loss, tokensHere / trainSecondsHere,
                secondsLeft(step)));
    }

    private void sample(long step) throws IOException {
        RunConfiguration.Sample wanted = configuration.sample();
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(wanted.tokens())
                .withSeed(Seeds.derive(seed(Training.SAMPLES), step))
                .withSampling(Sampling.DEFAULT.withTemperature(wanted.temperature()));
        String prompt = wanted.prompt();
        String text = new Generator(speaker).generate(start, options).getFirst().text();
        if (text != null) {
            String whole = prompt == null ? text : prompt + text;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("step", step);
            line.put("text", whole);
            samples.write(line);
            listener.sampled(step, whole);
        }
    }

    /** The prompt of samples; empty where it is not given, or there are no samples. */
    private static int[] prompt(RunConfiguration.Sample sample, Tokenizer tokenizer) {
        String prompt = sample.prompt();
        try {
            return sample.every() == 0 || prompt == null ? new int[0] : tokenizer.encode(prompt);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("sample.prompt cannot be encoded: " + e.getMessage(), e);
        }
    }

    /**
     * What a sample goes on from: the prompt or, where it is not given or is nothing to the tokenizer, what a text begins
     * after, or the text's own first token.
     */
    private int[] start(int[] prompt) {
        int[] start = prompt.length > 0 ? prompt : Generator.beginning(speaker);
        return start.length > 0 ? start : new int[]{data.train().get(0)};
    }

    private void save() throws IOException {
        if (savedAt == state.step()) {
            return;
        }
        for (Parameter parameter : parameters) {
            requireFinite(state.step(), "the sum of the squares of " + parameter.name(),
                    model.engine().sumOfSquares(parameter.value()));
        }
        // What a checkpoint's step said must not be lost when the checkpoint is there.
        metrics.force();
        samples.force();
        RunConfiguration.Checkpointing c = configuration.checkpoint();
        Path saved = folder.checkpoints().save(state, to -> {
            model.save(to);
            data.tokenizer().save(to.resolve("tokenizer.json"));
            // Without it transformers 5 takes every tokenizer beside a GPT-2 for GPT-2's own, and drops spaces of others.
            Json.write(to.resolve("tokenizer_config.json"), Map.of("tokenizer_class", "PreTrainedTokenizerFast"));
            Map<String, Tensor> learnt = new LinkedHashMap<>(optimizer.state());
            if (carried != null) {
                learnt.put(Training.CARRIED, carried);
            }
            Safetensors.write(to.resolve(Checkpoints.OPTIMIZER), learnt, Map.of("format", "pt"));
        }, c.keep(), c.useBest());
        savedAt = state.step();
        listener.saved(state.step(), saved);
    }

    /** Draws the loss curve, if it is time; a machine that cannot draw trains all the same. */
    private void draw(boolean always) {
        if (drawable && (always || (System.nanoTime() - pictureAt) * 1e-9 > SECONDS_BETWEEN_PICTURES)) {
            pictureAt = System.nanoTime();
            drawable = draw(folder, listener);
        }
    }

    /** Draws the loss curve; whether that could be done. */
    static boolean draw(RunFolder folder, TrainingListener listener) {
        try {
            LossCurve.draw(folder.path().getFileName().toString(), MetricsFile.read(folder.metrics()), folder.path());
            return true;
        } catch (IOException | RuntimeException | LinkageError e) {
            listener.message("the loss curve cannot be drawn (" + e + "); its numbers are in " + folder.metrics());
            return false;
        }
    }

    // ---- the clock

    private double seconds() {
        return secondsBefore + (System.nanoTime() - began) * 1e-9;
    }

    private double tick(long start) {
        double took = (System.nanoTime() - start) * 1e-9;
        trainSecondsHere += took;
        tokensHere += (long) ids.length * configuration.accumulate();
        // The first steps run before the kernels are compiled: they say little of those to come.
        stepSeconds = ++stepsHere <= WARMING_UP ? took : stepSeconds + NEWS * (took - stepSeconds);
        return took;
    }

    private OptionalDouble secondsLeft(long step) {
        long left = configuration.steps() - step;
        long checks = (left + configuration.evaluate().every() - 1) / configuration.evaluate().every();
        return stepsHere < WARMING_UP
                ? OptionalDouble.empty()
                : OptionalDouble.of(left * stepSeconds + checks * checkSeconds);
    }
}
