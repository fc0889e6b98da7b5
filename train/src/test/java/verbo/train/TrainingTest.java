// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import verbo.lm.LanguageModel;
import verbo.lm.Scoring;
import verbo.models.LanguageModels;
import verbo.tensor.Engine;
import verbo.text.Json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Small runs from end to end. */
final class TrainingTest {
    private static final List<String> SAME = List.of("metrics.jsonl", "samples.jsonl", "model.safetensors",
            "tokenizer.json", "config.json", "checkpoints/step-000012/optimizer.safetensors");

    @TempDir
    Path folder;

    @BeforeEach
    void writeText() throws IOException {
        StringBuilder text = new StringBuilder();
        Random random = new Random(1);
        String[] words = {"salt", "sea", "ship", "the", "a", "of", "north", "wind"};
        for (int i = 0; i < 600; i++) {
            text.append(words[random.nextInt(words.length)]).append(i % 9 == 8 ? "\n" : " ");
        }
        Files.writeString(folder.resolve("text.txt"), text);
    }

    private RunConfiguration configuration(String run, String... overrides) throws IOException {
        Path file = folder.resolve("run.yaml");
        Files.writeString(file, """
                task: language-model
                data: text.txt
                tokenizer: {type: char}
                model: {layers: 2, width: 16, block: 8}
                steps: 12
                batch: 3
                threads: 1
                optimizer: {rate: 1e-2, warmup: 3}
                evaluate: {every: 4}
                checkpoint: {every: 3}
                sample: {every: 5, tokens: 10}
                """);
        List<String> all = new ArrayList<>(List.of("run=" + folder.resolve(run)));
        all.addAll(List.of(overrides));
        return RunConfiguration.read(file, all);
    }

    private RunResult train(String run, String... overrides) throws IOException {
        try (Training training = Training.start(configuration(run, overrides), false, TrainingListener.NONE)) {
            return training.run();
        }
    }

    private RunResult resume(String run) throws IOException {
        try (Training training = Training.resume(folder.resolve(run), OptionalInt.empty(), TrainingListener.NONE)) {
            return training.run();
        }
    }

    /** Trains until the listener has heard of a step, then stops as a signal would. */
    private RunResult trainUntil(int last, String run, String... overrides) throws IOException {
        Training[] training = new Training[1];
        TrainingListener listener = new TrainingListener() {
            @Override
            public void step(Step step) {
                if (step.step() == last) {
                    training[0].stop();
                }
            }
        };
        try (Training started = Training.start(configuration(run, overrides), false, listener)) {
            training[0] = started;
            return started.run();
        }
    }

    private void assertSame(String run, String other) throws IOException {
        for (String file : SAME) {
            assertThat(folder.resolve(run).resolve(file)).as(file)
                    .hasSameBinaryContentAs(folder.resolve(other).resolve(file));
        }
    }

    @Test
    void anotherTextMayBeForValidation() throws IOException {
        Files.writeString(folder.resolve("other.txt"), "salt & the sea, a quite different text");
        train("run", "data={path: " + folder.resolve("text.txt") + ", validationPath: " + folder.resolve("other.txt")
                + "}");
        Map<String, Object> described = Json.read(folder.resolve("run/training.json"));
        assertThat(described.toString()).contains("bytes=" + Files.size(folder.resolve("text.txt")) + ",")
                .contains("bytes=38,").contains(RunData.GZIP);
        resume("run"); // finished: its result
        assertThatThrownBy(() -> train("both", "data.validation=0.2", "data.validationPath=x"))
                .hasMessageContaining("cannot both be given");
    }

    @Test
    void whatIsHeldOutIsNamedAndHeldAgainstGzip() throws IOException {
        Files.createDirectory(folder.resolve("texts"));
        for (int i = 0; i < 10; i++) {
            Files.writeString(folder.resolve("texts/" + i + ".txt"), ("text " + i + " ").repeat(30));
        }
        RunResult result = train("run", "data=" + folder.resolve("texts"), "data.validation=0.2");
        List<String> names = Files.readAllLines(folder.resolve("run/data").resolve(RunData.VALIDATION_NAMES));
        assertThat(names).hasSize(2).allMatch(name -> name.matches(".*[0-9]\\.txt"));
        // 'text 0 ' and its repetition: some 30 bytes with gzip's head and tail
        assertThat(result.gzipBitsPerByte()).isBetween(8 * 25.0 / 210, 8 * 40.0 / 210);
        assertThat(resume("run").gzipBitsPerByte()).isEqualTo(result.gzipBitsPerByte());
    }

    @Test
    void learnsAndLeavesALoadableModel() throws IOException {
        RunResult result = train("run", "steps=150", "evaluate.every=50", "checkpoint.every=50");
        assertThat(result.finished()).isTrue();
        assertThat(result.steps()).isEqualTo(150);
        assertThat(result.validationLoss()).isBetween(0.3, 1.9);
        assertThat(result.bitsPerByte()).isCloseTo(result.validationLoss() / Math.log(2),
                org.assertj.core.data.Offset.offset(1e-12));
        assertThat(result.tokensPerSecond()).isPositive();
        Path run = folder.resolve("run");
        for (String file : List.of("training.json", "metrics.jsonl", "timings.jsonl", "samples.jsonl", "loss.svg",
                "loss.png", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
                "model.safetensors")) {
            assertThat(run.resolve(file)).as(file).isNotEmptyFile();
        }
        assertThat(Json.read(run.resolve("tokenizer_config.json"))).containsEntry("tokenizer_class",
                "PreTrainedTokenizerFast");
        List<MetricsFile.Line> lines = MetricsFile.read(run.resolve("metrics.jsonl"));
        assertThat(lines).hasSize(150);
        assertThat(lines.getFirst().loss()).isGreaterThan(2);
        assertThat(lines.getLast().validationLoss()).isEqualTo(result.validationLoss());
        assertThat(lines.stream().filter(line -> !Double.isNaN(line.validationLoss()))).hasSize(3);
        try (Engine engine = Engine.cpu(1); LanguageModel model = LanguageModels.open(engine, run)) {
            assertThat(Scoring.of(model, "the ship of the north ").total().perplexity()).isLessThan(8);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.dropout=0", "model.dropout=0.1", "accumulate=2", "data.documents=line",
            "checkpoint.use=best", "checkpoint={use: best, every: 7}", "model.family=lstm", "model.family=gru",
            "model.family=rnn",
            "model={family: nplm, width: 16, block: 8}"})
    void aResumedRunIsTheUninterruptedOneBitForBit(String setting) throws IOException {
        train("whole", setting);
        for (int stop : new int[]{1, 5, 6, 11}) {
            String run = "stopped-" + stop;
            RunResult stopped = trainUntil(stop, run, setting);
            assertThat(stopped.finished()).isFalse();
            assertThat(stopped.steps()).isEqualTo(stop);
            assertThat(resume(run).finished()).isTrue();
            assertSame(run, "whole");
        }
    }

    @Test
    void numbersDoNotDependOnThreads() throws IOException {
        train("one");
        train("two", "threads=2");
        assertSame("two", "one");
    }

    @Test
    void numbersAreTheSameWhenBlocksAreComputedAgain() throws IOException {
        train("kept", "model.dropout=0.1");
        train("again", "model.dropout=0.1", "recompute=true");
        assertSame("again", "kept");
        assertThatThrownBy(() -> train("recurrent", "model.family=gru", "recompute=true"))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("recompute is for Transformers");
    }

    @Test
    void whatCameAfterTheCheckpointIsTakenBack() throws IOException {
        train("whole");
        trainUntil(6, "killed");
        Path metrics = folder.resolve("killed/metrics.jsonl");
        Files.writeString(metrics, Files.readString(metrics) + "{\"step\":7,\"loss\":1}\n{\"step\":8,\"lo");
        resume("killed");
        assertSame("killed", "whole");
    }

    @Test
    void aRunWithoutACheckpointStartsOver() throws IOException {
        train("whole");
        Training.start(configuration("early"), false, TrainingListener.NONE).close();
        assertThat(resume("early").finished()).isTrue();
        assertSame("early", "whole");
    }

    @Test
    void aRunOfWordsWithoutACheckpointStartsOver() throws IOException {
        Files.writeString(folder.resolve("text.txt"), "seldom " + Files.readString(folder.resolve("text.txt")));
        String[] words = {"tokenizer=words", "model={family: lstm, width: 16, block: 8, cutoffs: \"6\"}"};
        train("whole", words);
        assertThat(Files.readString(folder.resolve("whole/tokenizer.json"))).contains("seldom");
        Training.start(configuration("early", words), false, TrainingListener.NONE).close();
        resume("early");
        assertSame("early", "whole");
    }

    @Test
    void aRunThatStartsFromACheckpointIsResumed() throws IOException {
        train("first", "steps=1");
        String[] from = {"model=", "tokenizer=", "init=" + folder.resolve("first")};
        train("whole", from);
        Training.start(configuration("early", from), false, TrainingListener.NONE).close();
        resume("early");
        assertSame("early", "whole");
        trainUntil(5, "stopped", from);
        resume("stopped");
        assertSame("stopped", "whole");
    }

    @Test
    void aFinishedRunGivesItsResultAgain() throws IOException {
        RunResult first = train("run");
        RunResult again = resume("run");
        assertThat(again).isEqualTo(first);
    }

    @Test
    void aRunThatWasKilledBehindItsLastCheckpointIsFinished() throws IOException {
        RunResult first = train("run");
        Path run = folder.resolve("run");
        byte[] weights = Files.readAllBytes(run.resolve("model.safetensors"));
        for (String file : List.of("model.safetensors", "config.json", "tokenizer.json", "loss.svg")) {
            Files.delete(run.resolve(file));
        }
        Files.copy(run.resolve("checkpoints/step-000009/model.safetensors"), run.resolve("model.safetensors"));
        assertThat(resume("run")).isEqualTo(first);
        assertThat(run.resolve("model.safetensors")).hasBinaryContent(weights);
        assertThat(run.resolve("loss.svg")).isNotEmptyFile();
        try (Engine engine = Engine.cpu(1); LanguageModel model = LanguageModels.open(engine, run)) {
            assertThat(model.tokenizer()).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"state.json", "model.safetensors", "tokenizer.json"})
    void aDamagedLastCheckpointIsMadeAnew(String file) throws IOException {
        train("whole");
        train("run");
        Files.writeString(folder.resolve("run/checkpoints/step-000012").resolve(file), "{");
        assertThat(resume("run").finished()).isTrue();
        assertSame("run", "whole");
        assertThat(folder.resolve("run/checkpoints/damaged-step-000012")).exists();
    }

    @Test
    void aModelWithoutCheckpointsIsNotTrainedAnewUnasked() throws IOException {
        train("run");
        byte[] weights = Files.readAllBytes(folder.resolve("run/model.safetensors"));
        Checkpoints.delete(folder.resolve("run/checkpoints"));
        assertThatThrownBy(() -> train("run")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "holds a run already, whose checkpoints are gone; start it anew with --overwrite");
        assertThatThrownBy(() -> resume("run")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is a model, but no checkpoint to go on from");
        assertThat(folder.resolve("run/model.safetensors")).hasBinaryContent(weights);
    }

    @Test
    void aRunIsOverwrittenByOneThatCanBegin() throws IOException {
        train("whole", "data.test=0.1");
        train("run", "data.test=0.1");
        List<String> wrong = List.of("data=" + folder.resolve("typo.txt"), "tokenizer=" + folder.resolve("none"),
                "sample.prompt=\u00e9", "model.block=5000", "batch=2000000000", "init=" + folder.resolve("whole"));
        Files.writeString(folder.resolve("foreign.txt"), "quite another text, with bcdfgjklmpvyz ".repeat(20));
        for (String setting : wrong) {
            assertThatThrownBy(() -> overwrite("data=" + folder.resolve("foreign.txt"), "model=", setting))
                    .as(setting).isInstanceOfAny(IllegalArgumentException.class, IOException.class);
            assertSame("run", "whole");
            for (String file : List.of("data/test.txt", "loss.svg", "checkpoints/step-000012/state.json")) {
                assertThat(folder.resolve("run").resolve(file)).exists();
            }
            assertThat(folder.resolve("run/data/test.txt")).hasSameTextualContentAs(
                    folder.resolve("whole/data/test.txt"));
            assertThat(folder.resolve("run/.data")).doesNotExist();
        }
        assertThat(resume("run").steps()).isEqualTo(12);
        // its own text may be what the new one learns from
        RunResult result = overwrite("data=" + folder.resolve("run/data/test.txt"), "data.validation=0.3", "steps=2");
        assertThat(result.steps()).isEqualTo(2);
        assertThat(folder.resolve("run/data/test.txt")).doesNotExist();
        assertThat(folder.resolve("run/checkpoints/step-000012")).doesNotExist();
        assertThat(resume("run").steps()).isEqualTo(2);
    }

    private RunResult overwrite(String... settings) throws IOException {
        try (Training training = Training.start(configuration("run", settings), true, TrainingListener.NONE)) {
            assertThat(training.replaces()).isTrue();
            return training.run();
        }
    }

    @Test
    void whatIsKilledBeforeAnOverwriteLeavesTheRun() throws IOException {
        train("whole");
        trainUntil(6, "run");
        Training.start(configuration("run", "steps=3"), true, TrainingListener.NONE).close();
        Files.createDirectories(folder.resolve("run/.data"));
        resume("run");
        assertSame("run", "whole");
        assertThat(folder.resolve("run/.data")).doesNotExist();
    }

    @Test
    void aFullDiskSaysWhichRunItIs() throws IOException {
        Path full = Path.of("/dev/full"); // every write to it fails
        assumeTrue(Files.exists(full), "no /dev/full");
        Path run = Files.createDirectory(folder.resolve("full"));
        Path lock = Files.createSymbolicLink(run.resolve(".lock"), full);
        assertThatThrownBy(() -> RunFolder.create(run, "full", false)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(run + ": ").hasMessageContaining("No space left");
        Files.delete(lock);
    }

    @Test
    void aNameWhoseRunIsBeingTrainedIsNotOverwrittenElsewhere() throws IOException {
        String name = "overwritten-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
        Path runs = Path.of("runs");
        boolean made = !Files.exists(runs);
        try (RunFolder first = RunFolder.create(null, name, false)) {
            try (RunFolder second = RunFolder.create(null, name, false)) {
                assertThat(second.path()).isEqualTo(runs.resolve(name + "-2"));
            }
            assertThatThrownBy(() -> RunFolder.create(null, name, true)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(first.path() + ": the run is being trained");
        } finally {
            Checkpoints.delete(runs.resolve(name));
            Checkpoints.delete(runs.resolve(name + "-2"));
            if (made) {
                Files.delete(runs);
            }
        }
    }

    @Test
    void theBestIsSavedWhenItIsFound() throws IOException {
        train("run", "checkpoint={use: best, every: 100}", "evaluate.every=2", "steps=40", "optimizer.rate=3",
                "optimizer.minimumRate=3", "optimizer.warmup=20");
        MetricsFile.Line best = MetricsFile.read(folder.resolve("run/metrics.jsonl")).stream()
                .filter(line -> !Double.isNaN(line.validationLoss()))
                .min(java.util.Comparator.comparingDouble(MetricsFile.Line::validationLoss)).orElseThrow();
        assertThat(best.step()).isLessThan(40);
        assertThat(folder.resolve("run/model.safetensors")).hasSameBinaryContentAs(folder
                .resolve(String.format(java.util.Locale.ROOT, "run/checkpoints/step-%06d/model.safetensors",
                        best.step())));
    }

    @Test
    void theLastValidationIsComparedOverAsManyTokens() throws IOException {
        train("run", "checkpoint={use: best, every: 100}", "evaluate.tokens=40", "data.validation=0.5",
                "optimizer.rate=0", "optimizer.minimumRate=0");
        List<MetricsFile.Line> lines = MetricsFile.read(folder.resolve("run/metrics.jsonl"));
        List<Checkpoints.Checkpoint> saved = new Checkpoints(folder.resolve("run")).all();
        assertThat(saved.stream().map(Checkpoints.Checkpoint::step)).containsExactly(4L, 12L);
        Checkpoints.State last = saved.getLast().state();
        assertThat(last.validationLoss()).isEqualTo(lines.getLast().validationLoss())
                .isNotEqualTo(last.comparedLoss());
        assertThat(last.comparedLoss()).isEqualTo(lines.get(3).validationLoss());
        assertThat(new Checkpoints(folder.resolve("run")).best().orElseThrow().step()).isEqualTo(4);
    }

    @Test
    void aDamagedCheckpointIsLeftAside() throws IOException {
        train("whole");
        trainUntil(6, "damaged");
        Path weights = folder.resolve("damaged/checkpoints/step-000006/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(resume("damaged").finished()).isTrue();
        assertSame("damaged", "whole");
    }

    @Test
    void theTextMayHaveChangedSince() throws IOException {
        train("whole");
        trainUntil(6, "run");
        Files.writeString(folder.resolve("text.txt"), "something else");
        assertThat(resume("run").finished()).isTrue();
        assertSame("run", "whole");
    }

    @Test
    void withoutItsIdsTheTextIsReadAgain() throws IOException {
        train("whole");
        trainUntil(6, "run");
        Checkpoints.delete(folder.resolve("run/data"));
        assertThat(resume("run").finished()).isTrue();
        assertSame("run", "whole");
    }

    @Test
    void withoutItsIdsAChangedTextIsRefused() throws IOException {
        trainUntil(6, "run");
        Checkpoints.delete(folder.resolve("run/data"));
        Files.writeString(folder.resolve("text.txt"),
                Files.readString(folder.resolve("text.txt")).replace("sea", "sky"));
        assertThatThrownBy(() -> resume("run")).hasMessageContaining("is not the one this run was begun with");
        Files.delete(folder.resolve("text.txt"));
        assertThatThrownBy(() -> resume("run")).isInstanceOf(java.nio.file.NoSuchFileException.class);
        assertThat(folder.resolve("run/checkpoints/step-000006")).exists();
    }

    @Test
    void twoTrainersDoNotShareARun() throws IOException {
        try (Training training = Training.start(configuration("run"), false, TrainingListener.NONE)) {
            assertThat(training.folder()).isEqualTo(folder.resolve("run"));
            assertThatThrownBy(() -> train("run")).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is being trained by process " + ProcessHandle.current().pid());
            assertThatThrownBy(() -> resume("run")).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aRunIsOnlyOverwrittenWhenAsked() throws IOException {
        train("run");
        assertThatThrownBy(() -> train("run")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("holds a run already, saved at step 12", "--overwrite");
        Files.writeString(folder.resolve("run/notes.txt"), "mine");
        try (Training training = Training.start(configuration("run", "steps=3"), true, TrainingListener.NONE)) {
            assertThat(training.run().steps()).isEqualTo(3);
        }
        assertThat(folder.resolve("run/notes.txt")).exists();
        assertThat(folder.resolve("run/checkpoints/step-000012")).doesNotExist();
        Files.createDirectory(folder.resolve("killed"));
        Files.createFile(folder.resolve("killed/.training.json.1-1.tmp"));
        assertThat(train("killed", "steps=1").steps()).isEqualTo(1);
        Files.createDirectory(folder.resolve("other"));
        Files.writeString(folder.resolve("other/file"), "");
        assertThatThrownBy(() -> train("other")).hasMessageContaining("not a run");
        assertThatThrownBy(() -> resume("other")).hasMessageContaining("holds no run");
        assertThatThrownBy(() -> resume("nowhere")).hasMessageContaining("nowhere");
    }

    @Test
    void startsFromACheckpoint() throws IOException {
        train("first", "steps=60");
        RunResult second = train("second", "model=", "init=" + folder.resolve("first"), "steps=1", "optimizer.rate=0",
                "optimizer.minimumRate=0");
        List<MetricsFile.Line> lines = MetricsFile.read(folder.resolve("first/metrics.jsonl"));
        assertThat(second.validationLoss()).isEqualTo(lines.getLast().validationLoss());
        Files.writeString(folder.resolve("text.txt"), Files.readString(folder.resolve("text.txt")) + "\u00e9");
        assertThatThrownBy(() -> train("third", "model=", "init=" + folder.resolve("first"), "steps=1"))
                .hasMessageContaining("the tokenizer has 17 tokens, the model at ");
        assertThatThrownBy(() -> train("fourth", "model=", "init=" + folder.resolve("first"), "tokenizer=", "steps=1"))
                .hasMessageContaining("U+00E9");
    }

    @Test
    void aCheckpointWithoutATokenizerIsToldWhich() throws IOException {
        train("first", "steps=1");
        Path tokenizer = Files.move(folder.resolve("first/tokenizer.json"), folder.resolve("own.json"));
        String[] from = {"model=", "init=" + folder.resolve("first"), "tokenizer=", "steps=1"};
        assertThatThrownBy(() -> train("second", from)).isInstanceOf(IllegalArgumentException.class).hasMessage("init: "
                + folder.resolve("first")
                + " has no tokenizer: name the one it was trained with (tokenizer: NAME|PATH)");
        from[2] = "tokenizer=" + tokenizer;
        assertThat(train("third", from).steps()).isEqualTo(1);
        from[2] = "tokenizer=char";
        assertThat(train("fourth", from).steps()).isEqualTo(1);
    }

    @Test
    void cutoffsThatDoNotFitAreNamedByTheirKey() {
        assertThatThrownBy(() -> train("run", "tokenizer=words",
                "model={family: lstm, width: 16, block: 8, cutoffs: \"2, 4000\"}"))
                .hasMessageStartingWith("model.cutoffs: cutoffs rise from 1 to below the vocabulary's size, ")
                .hasMessageEndingWith(": not [2, 4000]; lower them or leave some out");
    }

    @Test
    void metricsThatAreGoneAreSaidToBe() throws IOException {
        trainUntil(6, "run");
        Files.delete(folder.resolve("run/metrics.jsonl"));
        List<String> messages = new ArrayList<>();
        TrainingListener listener = new TrainingListener() {
            @Override
            public void message(String line) {
                messages.add(line);
            }
        };
        try (Training training = Training.resume(folder.resolve("run"), OptionalInt.empty(), listener)) {
            training.run();
        }
        assertThat(messages).contains(folder.resolve("run/metrics.jsonl") + " is gone; it begins anew after step 6");
    }

    @Test
    void aPromptThatCannotBeEncodedIsSaidBeforeTheFirstStep() throws IOException {
        assertThatThrownBy(() -> train("run", "sample.prompt=\u00e9")).hasMessageContaining("sample.prompt")
                .hasMessageContaining("U+00E9");
        assertThat(folder.resolve("run/metrics.jsonl")).doesNotExist();
        train("none", "sample.prompt=\u00e9", "sample.every=0", "steps=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpe", "byte-bpe", "wordpiece", "unigram", "sentencepiece-bpe", "word", "char", "words"})
    void everyTokenizerCanBeTrained(String type) throws IOException {
        String tokenizer = "tokenizer={type: " + type + (type.equals("char") ? "}" : ", vocabulary: 300}");
        RunResult file = train("file", tokenizer, "steps=5");
        assertThat(folder.resolve("file/samples.jsonl")).isNotEmptyFile();
        RunResult lines = train("lines", tokenizer, "steps=5", "data.documents=line");
        // The bytes are the text's own, whatever the tokens add to it or leave out; of the file all but the first word's.
        assertThat(bytes(file)).isBetween(validationBytes("file") - 9.0, validationBytes("file"));
        assertThat(bytes(lines)).isCloseTo(validationBytes("lines"), within(1e-6));
    }

    private static double bytes(RunResult result) throws IOException {
        Map<?, ?> last = Json.parse(result.run(), Files.readAllLines(result.run().resolve("metrics.jsonl")).getLast());
        long tokens = last.get("validationTokens") instanceof Number count ? count.longValue() : 0;
        return result.validationLoss() * tokens / Math.log(2) / result.bitsPerByte();
    }

    private double validationBytes(String run) throws IOException {
        Matcher bytes = Pattern.compile("\"validation\": *\\{[^}]*\"bytes\": *([0-9]+)")
                .matcher(Files.readString(folder.resolve(run).resolve("training.json")));
        assertThat(bytes.find()).isTrue();
        return Integer.parseInt(bytes.group(1));
    }

    @Test
    void aLossThatIsNotFiniteStopsTheRun() throws IOException {
        String[] tooFast = {"optimizer.rate=1e30", "optimizer.minimumRate=1e30", "optimizer.warmup=0",
                "checkpoint.every=1", "evaluate.every=100", "sample.every=0"};
        assertThatThrownBy(() -> train("run", tooFast)).isInstanceOf(IllegalStateException.class)
                .message()
                .matches("the (loss|gradient) is not a finite number at step \\d+; .*the last good checkpoint "
                        + "is .*step-\\d+; .*");
        String[] validated = Arrays.copyOf(tooFast, tooFast.length + 1);
        validated[tooFast.length] = "evaluate.every=1";
        assertThatThrownBy(() -> train("validated", validated)).isInstanceOf(IllegalStateException.class)
                .message()
                .startsWith("the validation loss is not a finite number at step 1; there is no checkpoint yet; ");
        assertThat(folder.resolve("validated/model.safetensors")).doesNotExist();
    }

    @Test
    void whatARunBeginsWithIsNotOverwritten() throws IOException {
        train("first", "steps=1");
        RunConfiguration again = configuration("first", "model=", "init=" + folder.resolve("first"), "steps=1");
        assertThatThrownBy(() -> Training.start(again, true, TrainingListener.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "init: " + folder.resolve("first") + " lies in the run that is to be overwritten");
        assertThat(folder.resolve("first/model.safetensors")).exists();
        assertThatThrownBy(() -> configuration("second", "model=", "init=" + folder.resolve("first/model.safetensors")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no config.json");
    }

    @Test
    void aTextThatIsTooShortIsNamed() throws IOException {
        Files.writeString(folder.resolve("text.txt"), "abcdefg");
        assertThatThrownBy(() -> train("a")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the training text is too short: 6 tokens, and 9 are needed");
        Files.writeString(folder.resolve("text.txt"), "");
        assertThatThrownBy(() -> train("b")).message().contains("text.txt").doesNotContain("\n");
        Files.delete(folder.resolve("text.txt"));
        assertThatThrownBy(() -> train("c")).isInstanceOf(java.nio.file.NoSuchFileException.class);
        Files.writeString(folder.resolve("text.txt"), "abc");
        assertThatThrownBy(() -> train("e", "batch=2000000000"))
                .hasMessage(
                        "batch 2000000000 is too large: with 8 tokens a sequence it is more than 2147483647 tokens");
        assertThatThrownBy(() -> train("d", "tokenizer=" + folder)).hasMessageContaining("tokenizer.json");
    }

    @Test
    void checksOnPartOfTheTextWhenAsked() throws IOException {
        train("run", "evaluate.tokens=40", "data.validation=0.5");
        List<String> lines = Files.readAllLines(folder.resolve("run/metrics.jsonl"));
        assertThat(lines.get(3)).contains("\"validationTokens\":40");
        Map<String, Object> last = Json.parse(folder, lines.getLast());
        assertThat((Long) last.get("validationTokens")).isGreaterThan(1000);
    }
}
