// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import verbo.text.Corpus;
import verbo.text.Tokenizer;
import verbo.text.TokenizerTrainer;

/**
 * Everything a run file says. The keys, their defaults and meanings are in {@link RunKey#ALL}.
 *
 * @param run
 *            the run's folder, or null to name it after the run file
 * @param name
 *            the run file's name without its ending
 * @param data
 *            the text
 * @param tokenizer
 *            which tokenizer, trained or read
 * @param model
 *            shape of a new model
 * @param init
 *            checkpoint to start from, or null
 * @param steps
 *            how many updates
 * @param batch
 *            sequences in a batch
 * @param accumulate
 *            batches in an update
 * @param recompute
 *            whether what is inside a block is computed again on the way back
 * @param seed
 *            decides everything that is drawn
 * @param threads
 *            how many threads compute; 0 is one a processor
 * @param optimizer
 *            how the weights move
 * @param evaluate
 *            when and on what the model is checked
 * @param checkpoint
 *            when the run is saved
 * @param sample
 *            what is generated on the way
 * @param metrics
 *            what is reported
 */
public record RunConfiguration(@Nullable Path run, String name, Data data, TokenizerChoice tokenizer, ModelShape model,
        @Nullable Path init, int steps, int batch, int accumulate, boolean recompute, long seed, int threads,
        Optimizer optimizer, Evaluation evaluate, Checkpointing checkpoint, Sample sample, Metrics metrics,
        Map<String, Object> values) {

    /**
     * The text.
     *
     * @param location
     *            where it is, resolved
     * @param options
     *            how files are taken apart
     * @param validation
     *            share kept for validation
     * @param test
     *            share kept for a last test
     * @param validationLocation
     *            another text that is for validation instead, resolved, or null
     */
    public record Data(String location, Corpus.Options options, double validation, double test,
            @Nullable String validationLocation) {}

    /**
     * The tokenizer.
     *
     * @param source
     *            its name, or where to read it from; null to train one
     * @param given
     *            whether the run file says anything of it
     * @param type
     *            what is trained
     * @param words
     *            whether a token a word and line end is trained instead, of text that comes cut into words
     * @param vocabulary
     *            how many tokens it has at most
     * @param minimumCount
     *            how often what becomes a token is seen at least
     * @param normalizer
     *            what is done to a text first, null for what is usual
     * @param preTokenizer
     *            how a text is cut into words, null for what is usual
     */
    public record TokenizerChoice(@Nullable String source, boolean given, TokenizerTrainer.Type type, boolean words,
            int vocabulary, long minimumCount, @Nullable String normalizer, @Nullable String preTokenizer) {
        private static TokenizerChoice of(Settings s) {
            String source = s.textOrNull("tokenizer.path");
            @Nullable String label = source != null && isLabel(source) ? source : null;
            String type = Objects.requireNonNullElseGet(label, () -> s.text("tokenizer.type"));
            boolean given = RunKey.ALL.stream().map(RunKey::name)
                    .anyMatch(key -> key.startsWith("tokenizer.") && s.has(key));
            boolean words = "words".equals(type);
            TokenizerChoice choice = new TokenizerChoice(label != null ? null : source, given,
                    TokenizerTrainer.Type.of(words ? "word" : type), words,
                    words && !s.has("tokenizer.vocabulary") ? Integer.MAX_VALUE : s.count("tokenizer.vocabulary"),
                    words && !s.has("tokenizer.minimumCount") ? 1 : s.whole("tokenizer.minimumCount"),
                    s.textOrNull("tokenizer.normalizer"), s.textOrNull("tokenizer.preTokenizer"));
            try {
                if (!words) { // whose own trainer has no such limits
                    choice.trainer(false);
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(s.source() + ": tokenizer: " + e.getMessage(), e);
            }
            return choice;
        }

        /** Whether {@code tokenizer: TEXT} names a type to train, not a tokenizer. */
        private static boolean isLabel(String text) {
            return RunKey.TOKENIZER_TYPES.contains(text);
        }

        /** What trains it, with a token that keeps documents apart or without. */
        TokenizerTrainer trainer(boolean separator) {
            List<String> special = new ArrayList<>(type.special());
            special.remove(Tokenizer.END_OF_TEXT);
            if (separator) {
                special.add(Tokenizer.END_OF_TEXT);
            }
            TokenizerTrainer trainer = TokenizerTrainer.of(type).vocabularySize(vocabulary).minimumCount(minimumCount)
                    .special(special).lines(false);
            if (normalizer != null) {
                trainer.normalizer(normalizer);
            }
            if (preTokenizer != null) {
                trainer.preTokenizer(preTokenizer);
            }
            return trainer.checked();
        }
    }

    /** The shape of a new model; what only other families have is left at its standard value. */
    public record ModelShape(String family, int layers, int heads, int width, int embedding, int block, int context,
            boolean direct, @Nullable Boolean tied, List<Integer> cutoffs, boolean bias,
            boolean scaleResiduals, double dropout,
            boolean lockedDropout, double wordDropout, double weightDropout) {}

    /** How the weights move, and the rate goes. */
    public record Optimizer(String type, String schedule, double divisor, double momentum, double rate,
            double minimumRate, int warmup, double decay, double beta1, double beta2, double epsilon, double clip) {}

    /** When the model is checked, and on how many tokens; 0 is all. */
    public record Evaluation(int every, int tokens) {
        boolean due(long step, long last) {
            return step == last || step % every == 0;
        }
    }

    /** When the run is saved, how many checkpoints are kept, and whether the run's folder has the best or the last. */
    public record Checkpointing(int every, int keep, boolean useBest) {
        boolean due(long step, long last) {
            return step == last || step % every == 0;
        }
    }

    /** What is generated on the way; {@code every} 0 is never. */
    public record Sample(int every, @Nullable String prompt, int tokens, double temperature) {
        boolean due(long step, long last) {
            return every > 0 && (step == last || step % every == 0);
        }
    }

    /** What is reported besides the loss. */
    public record Metrics(boolean bitsPerByte, boolean perplexity, boolean gradientNorm) {}

    /**
     * Reads a run file.
     *
     * @param file
     *            YAML
     * @param overrides
     *            {@code key=value} each; the value is YAML. A map or text takes the place of all that was there
     * @throws IllegalArgumentException
     *             if a key is unknown, or a value is not of its type; the message names file, line and key
     * @throws OverrideException
     *             if that is so of an override, which the message has
     * @throws verbo.text.FormatException
     *             if the file is no YAML map
     */
    public static RunConfiguration read(Path file, List<String> overrides) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        Settings settings = Settings.readYaml(file, overrides);
        if (settings.has("data.validation") && settings.has("data.validationPath")) {
            throw new IllegalArgumentException(settings.source()
                    + ": data.validation and data.validationPath cannot both be given: a share of the text is kept for "
                    + "validation, or another text is used");
        }
        String family = settings.text("model.family");
        for (RunKey key : RunKey.ALL) {
            if (!settings.has(key.name())) {
                continue;
            }
            if (!key.isOf(family)) {
                throw foreign(settings, key.name(), "the family " + family);
            }
            RunKey.Condition condition = key.condition();
            if (condition != null && !condition.values().contains(settings.text(condition.key()))) {
                throw foreign(settings, key.name(), condition.key() + " " + settings.text(condition.key()));
            }
        }
        checkTokenizer(settings);
        Path folder = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), file.toAbsolutePath());
        for (String key : List.of("data.path", "data.validationPath", "tokenizer.path", "init")) {
            String path = settings.textOrNull(key);
            if (path != null && !(key.equals("tokenizer.path")
                    && (TokenizerChoice.isLabel(path) || Tokenizer.names().contains(path)))) {
                settings.put(key, resolve(path, folder));
            }
        }
        String name = Objects.requireNonNull(file.getFileName()).toString().replaceFirst("\\.ya?ml$", "");
        RunConfiguration configuration = of(settings, name);
        if (configuration.init != null && !Files.exists(configuration.init.resolve("config.json"))) {
            if (!Files.exists(configuration.init)) { // said before a long text is read
                throw new NoSuchFileException(configuration.init.toString(), null, "the checkpoint to start from");
            }
            throw new IllegalArgumentException("init: " + configuration.init
                    + " is no checkpoint's folder: there is no config.json in it");
        }
        return configuration;
    }

    private static IllegalArgumentException foreign(Settings settings, String key, String of) {
        return new IllegalArgumentException(settings.source() + ": " + key + " is not of " + of
                + ": leave it out (--set " + key + "= does)");
    }

    /** Throws if something is said of training a tokenizer that is not trained, or not like that. */
    private static void checkTokenizer(Settings settings) {
        String path = settings.textOrNull("tokenizer.path");
        if (path != null && settings.has("tokenizer.type")) {
            throw new IllegalArgumentException(settings.source() + ": tokenizer.type is of a tokenizer that is trained,"
                    + " and tokenizer.path names one: leave one of them out");
        }
        for (String key : List.of("vocabulary", "minimumCount", "normalizer", "preTokenizer")) {
            String name = "tokenizer." + key;
            if (path != null && !TokenizerChoice.isLabel(path) && settings.has(name)) {
                throw foreign(settings, name, "a tokenizer that is named");
            }
        }
        String type = path != null ? path : settings.text("tokenizer.type");
        List<String> idle = switch (type) {
            case "words" -> List.of("tokenizer.normalizer", "tokenizer.preTokenizer");
            case "char" -> List.of("tokenizer.vocabulary", "tokenizer.minimumCount");
            case "unigram" -> List.of("tokenizer.minimumCount");
            default -> List.of();
        };
        for (String key : idle) {
            if (settings.has(key)) {
                throw foreign(settings, key, "tokenizer.type " + type);
            }
        }
    }

    /** Its values under their names, dotted ones as nested maps: what {@code training.json} holds. */
    Map<String, Object> nested() {
        Map<String, Object> nested = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            int dot = name.indexOf('.');
            if (dot < 0) {
                nested.put(name, value);
            } else {
                @SuppressWarnings("unchecked") // only this method puts maps here
                Map<String, Object> section = (Map<String, Object>) nested.computeIfAbsent(name.substring(0, dot),
                        key -> new LinkedHashMap<String, Object>());
                section.put(name.substring(dot + 1), value);
            }
        });
        return nested;
    }

    /** Reads what {@link #nested} gave {@code training.json}. */
    static RunConfiguration fromTraining(Path trainingJson) throws IOException {
        return of(Settings.readJson(trainingJson, "configuration"), "run");
    }

    /** A location that works from any folder: relative to the current one if it is there, else to the run file's. */
    private static String resolve(String location, Path folder) {
        if (location.startsWith(JdkSource.SCHEME)) {
            return location;
        }
        if (Path.of(location).isAbsolute()) {
            return location;
        }
        String here = Path.of("").toAbsolutePath() + "/" + location;
        String there = folder + "/" + location;
        return !isThere(here) && isThere(there) ? there : here;
    }

    /** Whether there is a file of that name, or one that matches it. */
    private static boolean isThere(String location) {
        try {
            if (!Files.exists(Path.of(location))) {
                Corpus.open(location, Corpus.Options.DEFAULT);
            }
            return true;
        } catch (IOException | IllegalArgumentException e) { // no such file, or no pattern
            return false;
        }
    }

    private static RunConfiguration of(Settings s, String name) {
        s.text("task");
        if (s.textOrNull("data.path") == null) {
            throw new IllegalArgumentException(s.source() + ": the key 'data' is missing: give the text to learn from, "
                    + "as data: PATH or --set data=PATH");
        }
        double validation = s.textOrNull("data.validationPath") == null ? s.real("data.validation") : 0;
        if (validation + s.real("data.test") >= 1) {
            throw new IllegalArgumentException(
                    s.source() + ": data.validation and data.test leave nothing to learn from");
        }
        String init = s.textOrNull("init");
        if (init != null) {
            for (String key : RunKey.ALL.stream().map(RunKey::name).filter(each -> each.startsWith("model."))
                    .map(each -> each.substring("model.".length())).toList()) {
                if (s.has("model." + key)) {
                    throw new IllegalArgumentException(s.source() + ": model." + key
                            + " cannot be given with init: the checkpoint has its own shape");
                }
            }
        }
        if (!s.has("model.layers")) {
            s.put("model.layers", s.text("model.family").equals("gpt") ? 4L : 2L);
        }
        ModelShape model = new ModelShape(s.text("model.family"), s.count("model.layers"), s.count("model.heads"),
                s.count("model.width"), s.has("model.embedding") ? s.count("model.embedding") : s.count("model.width"),
                s.count("model.block"), s.count("model.context"), s.yes("model.direct"),
                s.has("model.tied") ? s.yes("model.tied") : null, cutoffs(s), s.yes("model.bias"),
                s.yes("model.scaleResiduals"), s.real("model.dropout"), s.yes("model.lockedDropout"),
                s.real("model.wordDropout"),
                s.real("model.weightDropout"));
        if (init == null && model.family.equals("gpt") && model.width % model.heads != 0) {
            throw new IllegalArgumentException(s.source() + ": model.width " + model.width
                    + " must be a multiple of model.heads, " + model.heads);
        }
        if (!s.has("optimizer.minimumRate")) {
            s.put("optimizer.minimumRate", s.real("optimizer.rate") / 10);
        }
        if (!s.has("sample.every")) {
            s.put("sample.every", s.whole("evaluate.every"));
        }
        Optimizer optimizer = new Optimizer(s.text("optimizer.type"), s.text("optimizer.schedule"),
                s.real("optimizer.divisor"), s.real("optimizer.momentum"), s.real("optimizer.rate"),
                s.real("optimizer.minimumRate"),
                s.count("optimizer.warmup"), s.real("optimizer.decay"), s.real("optimizer.beta1"),
                s.real("optimizer.beta2"), s.real("optimizer.epsilon"), s.real("optimizer.clip"));
        if (optimizer.minimumRate > optimizer.rate) {
            throw new IllegalArgumentException(s.source() + ": optimizer.minimumRate " + optimizer.minimumRate
                    + " is above optimizer.rate " + optimizer.rate);
        }
        TokenizerChoice tokenizer = TokenizerChoice.of(s);
        return new RunConfiguration(pathOrNull(s, "run"), name,
                new Data(s.text("data.path"),
                        new Corpus.Options(s.textOrNull("data.include"), s.textOrNull("data.field"),
                                s.text("data.documents").equals("line")),
                        s.real("data.validation"), s.real("data.test"), s.textOrNull("data.validationPath")),
                tokenizer,
                model, pathOrNull(s, "init"), s.count("steps"), s.count("batch"), s.count("accumulate"),
                s.yes("recompute"),
                s.whole("seed"), s.count("threads"), optimizer,
                new Evaluation(s.count("evaluate.every"), s.count("evaluate.tokens")),
                new Checkpointing(s.count("checkpoint.every"), s.count("checkpoint.keep"),
                        s.text("checkpoint.use").equals("best")),
                new Sample(s.count("sample.every"), s.textOrNull("sample.prompt"), s.count("sample.tokens"),
                        s.real("sample.temperature")),
                new Metrics(s.yes("metrics.bitsPerByte"), s.yes("metrics.perplexity"),
                        s.yes("metrics.gradientNorm")),
                used(s, init != null, tokenizer));
    }

    /**
     * Every setting with its value, given or not: what {@code training.json} holds. Out of it stay those of models of other
     * families, or of any where {@code init} gives the model, and those of a tokenizer that is not trained, since some mean
     * something else when they are given.
     */
    private static Map<String, Object> used(Settings s, boolean begun, TokenizerChoice tokenizer) {
        Map<String, Object> used = s.all();
        String family = s.text("model.family");
        boolean trained = tokenizer.source == null && (!begun || tokenizer.given);
        for (RunKey key : RunKey.ALL) {
            String name = key.name();
            boolean ofModel = name.startsWith("model.") && (begun || !key.isOf(family));
            boolean ofTokenizer = name.startsWith("tokenizer.") && (!trained || tokenizer.words) && !s.has(name);
            if (ofModel || ofTokenizer) {
                used.remove(name);
            }
        }
        return used;
    }

    private static List<Integer> cutoffs(Settings s) {
        String text = s.textOrNull("model.cutoffs");
        if (text == null || text.isBlank()) {
            return List.of();
        }
        try {
            return Arrays.stream(text.split(",")).map(each -> Integer.valueOf(each.strip())).toList();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    s.source() + ": model.cutoffs must be whole numbers with commas between, not '" + text + "'", e);
        }
    }

    private static @Nullable Path pathOrNull(Settings settings, String key) {
        String path = settings.textOrNull(key);
        return path == null ? null : Path.of(path);
    }

    /** The same with another number of threads. */
    public RunConfiguration withThreads(int count) {
        return new RunConfiguration(run, name, data, tokenizer, model, init, steps, batch, accumulate, recompute, seed,
                count, optimizer, evaluate, checkpoint, sample, metrics, values);
    }
}
