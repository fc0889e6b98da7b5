// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import verbo.text.Json;
import verbo.train.RunConfiguration;
import verbo.train.Training;
import verbo.train.TrainingListener;

import static org.assertj.core.api.Assertions.assertThat;

/** Every command on a small model it trained: what it prints, and what it says of mistakes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CommandsTest {
    @TempDir
    static Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private record Result(int code, String out, String err) {
        Map<String, Object> json() throws IOException {
            Path file = Files.createTempFile(folder, "out", ".json");
            Files.writeString(file, out);
            return Json.read(file);
        }
    }

    private Result run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine commandLine = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = Main.execute(commandLine, args);
        return new Result(code, out.toString(), err.toString());
    }

    private void assertFails(int code, String message, String... args) {
        Result result = run(args);
        assertThat(result.err).contains(message).hasLineCount(1).startsWith("verbo: ");
        assertThat(result.code).isEqualTo(code);
        assertThat(result.out).isEmpty();
    }

    private static String path(String name) {
        return folder.resolve(name).toString();
    }

    @BeforeAll
    void train() throws IOException {
        StringBuilder text = new StringBuilder();
        Random random = new Random(1);
        String[] words = {"salt", "sea", "ship", "the", "a", "of", "north", "wind"};
        for (int i = 0; i < 600; i++) {
            text.append(words[random.nextInt(words.length)]).append(i % 9 == 8 ? "\n" : " ");
        }
        Files.writeString(folder.resolve("text.txt"), text);
        Files.writeString(folder.resolve("run.yaml"), """
                task: language-model
                data: text.txt
                tokenizer: {type: char}
                model: {layers: 1, heads: 2, width: 16, block: 8}
                steps: 30
                batch: 4
                threads: 1
                evaluate: {every: 10}
                checkpoint: {every: 10}
                sample: {every: 30, tokens: 10}
                """);
        Result result = run("train", path("run.yaml"), "--set", "run=" + path("run"), "--json");
        assertThat(result.code).as(result.err).isZero();
        assertThat(result.json()).containsOnlyKeys("run", "steps", "trainLoss", "validationLoss", "bitsPerByte",
                "tokensPerSecond", "seconds").containsEntry("run", path("run")).containsEntry("steps", 30L);
        assertThat(result.err).contains("step 30", "bits/byte", "sample at step 30");
    }

    @Test
    void resumeOfAFinishedRunGivesItsObject() throws IOException {
        Result result = run("resume", path("run"), "--json", "--threads", "1");
        assertThat(result.code).isZero();
        assertThat(result.json()).containsEntry("steps", 30L).containsKeys("trainLoss", "validationLoss");
        assertThat(run("resume", path("run")).out).contains("validation loss", "bits/byte", "verbo generate --model");
    }

    @Test
    void trainSaysWhatIsWrong() throws IOException {
        assertFails(1, "holds a run already", "train", path("run.yaml"), "--set", "run=" + path("run"));
        assertFails(2, "--set lerning_rate=3: unknown key 'lerning_rate'; did you mean 'optimizer.rate'?", "train",
                path("run.yaml"), "--set", "lerning_rate=3");
        assertFails(2, "--set steps=few: steps must be a whole number, 1 or more, not 'few'", "train", path("run.yaml"),
                "--set", "steps=few");
        assertFails(2, "--set steps: must be key=value", "train", path("run.yaml"), "--set", "steps");
        assertFails(2, "model.layers must be a whole number, 1 or more, not a list", "train", path("run.yaml"), "--set",
                "model={layers: [1]}");
        Result none = run("train", path("none.yaml"));
        assertThat(none.code).isEqualTo(1);
        assertThat(none.err.strip()).isEqualTo("verbo: no such file: " + path("none.yaml"));
        assertFails(2, "--set steps=99999999999: steps must be a whole number from 1 to 2147483647, not", "train",
                path("run.yaml"), "--set", "steps=99999999999");
        assertFails(1, "no such file: " + path("none.txt"), "train", path("run.yaml"), "--set", "run=" + path("x"),
                "--set",
                "data=" + path("none.txt"));
        assertFails(2, "RUNFILE", "train");
        assertFails(2, "--threads must be from 1 to 1024, not 0", "train", path("run.yaml"), "--threads", "0");
        assertFails(1, "holds no run", "resume", folder.toString());
        assertFails(1, "no such file: " + path("nowhere"), "resume", path("nowhere"));
        Files.writeString(folder.resolve("empty.txt"), "");
        assertThat(
                run("train", path("run.yaml"), "--set", "run=" + path("y"), "--set", "data=" + path("empty.txt")).err)
                .contains("empty.txt");
        Files.writeString(folder.resolve("short.txt"), "abcd");
        Result tooShort = run("train", path("run.yaml"), "--set", "run=" + path("z"), "--set",
                "data=" + path("short.txt"));
        assertThat(tooShort.code).isEqualTo(1);
        assertThat(tooShort.err).contains("the training text is too short: 3 tokens, and 9 are needed");
    }

    @Test
    void generates() throws IOException {
        Result result = run("generate", "--model", path("run"), "--prompt", "the ", "--max-tokens", "5", "--seed", "1",
                "--json", "--threads", "1");
        assertThat(result.code).as(result.err).isZero();
        assertThat(result.err).isEmpty();
        assertThat(result.json()).containsOnlyKeys("text", "tokens", "finish", "tokensPerSecond")
                .containsEntry("tokens", 5L)
                .containsEntry("finish", "length");
        assertThat((String) result.json().get("text")).hasSize(5);

        assertThat(run("generate", "--model", path("run"), "--prompt", "the ", "--max-tokens", "3", "--temperature",
                "0").out)
                .startsWith("the ").hasSize("the ".length() + 3 + System.lineSeparator().length());
        assertThat(
                run("generate", "--model", path("run"), "--prompt", "the ", "--samples", "3", "--json", "--max-tokens",
                        "4", "--top-k", "3", "--top-p", "0.9", "--min-p", "0.01", "--repetition-penalty", "1.1").out)
                .hasLineCount(3);
        assertThat(
                run("generate", "--model", path("run"), "--prompt", "the ", "--beams", "4", "--n-best", "2", "--json",
                        "--max-tokens", "4", "--early-stopping", "never", "--length-penalty", "0.5").out)
                .hasLineCount(2)
                .contains("\"score\":");
        assertThat(run("generate", "--model", path("run"), "--prompt", "the ", "--beams", "2", "--json").out)
                .as("as many as fit into a context of 8").contains("\"tokens\":5");
        assertThat(run("generate", "--model", path("run"), "--ids", "1,2,3", "--max-tokens", "2", "--json").json())
                .containsKeys("text", "ids");
        assertThat(
                run("generate", "--model", path("run"), "--prompt", "the ", "--stop", "e", "--stop", " ", "--stop", "s",
                        "--max-tokens", "200", "--json", "--seed", "2").json())
                .containsEntry("finish", "stop");
    }

    @Test
    void whatTheHintSaysGeneratesFromTheBeginning() {
        System.setProperty("verbo.command", "./verbo");
        String hint;
        try {
            hint = run("resume", path("run")).out.strip();
        } finally {
            System.clearProperty("verbo.command");
        }
        assertThat(hint).endsWith("; try: ./verbo generate --model " + path("run"));
        Result begun = run("generate", "--model", path("run"), "--seed", "1", "--max-tokens", "5", "--json");
        assertThat(begun.code).as(begun.err).isZero();
        assertThat(run("generate", "--model", path("run"), "--prompt", "\n", "--seed", "1", "--max-tokens", "5",
                "--json").out.replaceFirst("\"tokensPerSecond.*", ""))
                .isEqualTo(begun.out.replaceFirst("\"tokensPerSecond.*", ""));
    }

    @Test
    void aFolderOfCheckpointsAloneIsNoModel() throws IOException {
        Path left = Files.createDirectories(folder.resolve("left/checkpoints/step-000030"));
        Files.copy(folder.resolve("run/config.json"), left.resolve("config.json"));
        assertThat(run("compare-models", path("left"), "--text", path("text.txt")).err)
                .startsWith("verbo: " + path("left") + ": holds checkpoints and no model");
        for (String command : List.of("generate", "score")) {
            assertFails(1, path("left") + ": holds checkpoints and no model; give one of them: " + left, command,
                    "--model", path("left"), command.equals("score") ? path("text.txt") : "--json");
        }
    }

    @Test
    void generateSaysWhatIsWrong() {
        assertFails(1, "U+00C9", "generate", "--model", path("run"), "--prompt", "É");
        assertFails(1, "token 99 at index 1 is not in the vocabulary", "generate", "--model", path("run"), "--ids",
                "1,99");
        assertFails(2, "--ids", "generate", "--model", path("run"), "--ids", "1,x");
        assertFails(2, "give one of them", "generate", "--model", path("run"), "--ids", "1", "--prompt", "a");
        assertFails(2, "temperature", "generate", "--model", path("run"), "--prompt", "a", "--temperature", "-1");
        assertFails(2, "top-p 1.5", "generate", "--model", path("run"), "--prompt", "a", "--top-p", "1.5");
        assertFails(2, "do not go with --beams", "generate", "--model", path("run"), "--beams", "2", "--top-k", "3");
        assertFails(2, "do not go with --beams", "generate", "--model", path("run"), "--beams", "2", "--seed", "3");
        assertFails(2, "beams 300000 must be from 1 to 1024", "generate", "--model", path("run"), "--prompt", "a",
                "--beams", "300000");
        assertFails(2, "are of --beams", "generate", "--model", path("run"), "--prompt", "a", "--n-best", "2");
        assertFails(2, "--n-best 3 is more than --beams 2", "generate", "--model", path("run"), "--beams", "2",
                "--n-best", "3");
        assertFails(1, "no such file: " + path("nowhere"), "generate", "--model", path("nowhere"), "--prompt", "a");
        assertFails(1, "not a binary n-gram model", "generate", "--model", path("text.txt"), "--prompt", "a");
        assertFails(2, "--model", "generate", "--prompt", "a");
    }

    @Test
    void scores() throws IOException {
        Files.writeString(folder.resolve("score.txt"), "the ship of the north wind");
        Result result = run("score", "--model", path("run"), path("score.txt"), "--json");
        assertThat(result.err).isEmpty();
        assertThat(result.json()).containsOnlyKeys("tokens", "nats", "perplexity", "perplexityWithoutUnknown",
                "unknown", "unknownRate", "bitsPerByte", "bitsPerCharacter").containsEntry("unknown", 0L)
                .containsEntry("tokens", 25L);
        double nats = (Double) Objects.requireNonNull(result.json().get("nats"));
        assertThat((Double) result.json().get("bitsPerByte")).isCloseTo(nats / Math.log(2) / 25,
                org.assertj.core.data.Offset.offset(1e-9));
        assertThat(run("score", "--model", path("run"), path("score.txt"), "--tokens").out).hasLineCount(26 + 3)
                .contains(" bits\n");
        assertThat(run("score", "--model", path("run"), path("score.txt"), "--tokens", "--json").out).hasLineCount(1)
                .contains("\"each\":[{\"id\":");
        assertThat(run("score", "--model", path("run"), "--ids", "1,2,3", "--json").json()).containsEntry("tokens", 2L);
    }

    @Test
    void aCheckpointIsScoredAsItsRun() throws IOException {
        assertThat(run("train", path("run.yaml"), "--set", "run=" + path("lines"), "--set", "data.documents=line").code)
                .isZero();
        Files.writeString(folder.resolve("lines.txt"), "the ship\nof the north\n");
        Map<String, Object> whole = run("score", "--model", path("lines"), path("lines.txt"), "--json").json();
        assertThat(run("score", "--model", path("lines/checkpoints/step-000030"), path("lines.txt"), "--json").json())
                .isEqualTo(whole);
        assertThat(run("score", "--model", path("lines"), path("lines.txt"), "--lines", "--json").json())
                .isEqualTo(whole);
        Files.createSymbolicLink(folder.resolve("best"), folder.resolve("lines/checkpoints/step-000030"));
        assertThat(run("score", "--model", path("best"), path("lines.txt"), "--json").json()).isEqualTo(whole);
        Files.writeString(folder.resolve("dos.txt"), "the ship\r\nof the north\r\n");
        assertThat(run("score", "--model", path("lines"), path("dos.txt"), "--json").json()).isEqualTo(whole);
        Files.writeString(folder.resolve("mac.txt"), "the ship\rof the north");
        assertFails(1, "U+000D", "score", "--model", path("lines"), path("mac.txt"));
    }

    @Test
    void aModelOfLinesIsComparedByTheTextsItLearntAndNotMixed() throws IOException {
        assertThat(run("train", path("run.yaml"), "--set", "run=" + path("ofLines"), "--set", "data.documents=line",
                "--set", "steps=5").code).isZero();
        Files.writeString(folder.resolve("compared.txt"), "the ship\n\n" + "of the north\n".repeat(5) + "wind");
        Map<String, Object> scored = run("score", "--model", path("ofLines"), path("compared.txt"), "--json").json();
        Map<String, Object> compared = run("compare-models", path("ofLines"), path("run"), "--text",
                path("compared.txt"), "--json").json();
        assertThat(compared).containsEntry("lines", 8L);
        List<?> models = (List<?>) Objects.requireNonNull(compared.get("models"));
        assertThat(((Map<?, ?>) models.getFirst()).get("tokens")).isEqualTo(scored.get("tokens"));
        assertThat((Double) ((Map<?, ?>) models.getFirst()).get("perplexity"))
                .isCloseTo((Double) scored.get("perplexity"), org.assertj.core.data.Offset.offset(1e-6));
        String why = path("ofLines") + ": learnt each line as a text of its own";
        assertFails(1, why, "interpolate", path("ofLines"), "--cache", "5", "--text", path("compared.txt"), "-o",
                path("mixed.json"));
        Files.writeString(folder.resolve("mixed.json"), "{\"mixture\": [{\"model\": \"ofLines\", \"weight\": 1}]}");
        assertFails(1, path("mixed.json") + ": " + why, "score", "--model", path("mixed.json"), path("compared.txt"));
        assertFails(1, path("nothing.txt") + ": nothing to score", "compare-models", path("run"), "--text",
                Files.writeString(folder.resolve("nothing.txt"), "").toString());
    }

    @Test
    void aTextThatIsTooLongForOneIsNamed() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path("long.txt"), "rw")) {
            file.setLength(3L << 30);
        }
        assertFails(1, path("long.txt") + ": is larger than 2 GiB",
                "score", "--model", path("run"), path("long.txt"));
    }

    @Test
    void scoreSaysWhatIsWrong() throws IOException {
        assertFails(1, "no such file: " + path("none.txt"), "score", "--model", path("run"), path("none.txt"));
        assertFails(2, "give a file", "score", "--model", path("run"));
        Files.writeString(folder.resolve("one.txt"), "t");
        assertFails(1, "one.txt: nothing to score", "score", "--model", path("run"), path("one.txt"));
        Files.writeString(folder.resolve("nothing.txt"), "");
        assertFails(1, "nothing to score", "score", "--model", path("run"), path("nothing.txt"));
        Files.write(folder.resolve("latin1.txt"), new byte[]{'t', 'h', (byte) 0xE9, 'e'});
        assertFails(1, folder + ": is a folder", "score", "--model", path("run"), folder.toString());
        assertFails(1, "not UTF-8 text, at byte 2", "score", "--model", path("run"), path("latin1.txt"));
        Files.writeString(folder.resolve("marked.txt"), "\uFEFFthe");
        assertThat(run("score", "--model", path("run"), path("marked.txt")).out).contains("2 tokens");
        Files.writeString(folder.resolve("foreign.txt"), "the x");
        assertFails(1, "foreign.txt: the character 'x'", "score", "--model", path("run"), path("foreign.txt"));
    }

    @Test
    void tellsOfMachineAndModel() throws IOException {
        assertThat(run("info", "--json").json()).containsKeys("verbo", "java", "kernels", "threads", "memoryBytes");
        Map<String, Object> info = run("info", path("run"), "--json", "--threads", "1").json();
        assertThat(info).containsEntry("layers", 1L).containsEntry("heads", 2L).containsEntry("width", 16L)
                .containsEntry("context", 8L).containsEntry("threads", 1L).containsKeys("parameters", "weightBytes",
                        "tokenizer");
        assertThat(run("info", path("run")).out).contains("GPT: 1 layer, 2 heads", "parameters", "kernels");
        assertFails(1, "no such file", "info", path("nowhere"));
    }

    @Test
    void aTruncatedModelIsOneLine() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("truncated"));
        for (String name : List.of("config.json", "tokenizer.json", "generation_config.json")) {
            Files.copy(folder.resolve("run").resolve(name), copy.resolve(name));
        }
        byte[] weights = Files.readAllBytes(folder.resolve("run/model.safetensors"));
        for (int length : new int[]{0, 7, 100, weights.length - 1}) {
            Files.write(copy.resolve("model.safetensors"), java.util.Arrays.copyOf(weights, length));
            assertFails(1, "model.safetensors", "generate", "--model", copy.toString(), "--prompt", "a");
        }
    }

    @Test
    void benchKnowsItsRows() {
        assertFails(2, "--only needs names", "bench", "--only", "", "--list");
        Result list = run("bench", "--list", "--json", "--only", "gemm-");
        assertThat(list.out).startsWith("[\"gemm-").hasLineCount(1).endsWith("\"]" + System.lineSeparator());
        assertFails(2, "no row's name begins with 'nothing-like-this'", "bench", "--only", "nothing-like-this");
        assertFails(2, "no row's name begins with 'no'", "bench", "--only", "no", "--list");
        assertFails(2, "the row encode-lines needs --tokenizer and --text", "bench", "--only", "encode");
        assertFails(2, "the row query-word needs --model and --text", "bench", "--only", "fma,query-word");
        assertThat(run("bench", "--list", "--only", "query").out).hasLineCount(2).contains("needs --model and --text");
        assertThat(run("bench", "--list").out).contains("gemm-nn-768-t1", "encode-whole").contains("needs --tokenizer");
        assertThat(run("bench", "--list", "--json", "--only", "encode").out.strip()).isEqualTo("[]"); // none can run
        assertThat(run("bench", "--list", "--tokenizer", "byte", "--text", path("text.txt"), "--only", "encode").out)
                .contains("encode-lines").doesNotContain("needs");
    }

    /** Measured here, as only this module may ask the JVM. Interpreted kernels put their vectors on the heap. */
    @Test
    void aTrainingStepAllocatesLessThanAMegabyteOfHeap() throws IOException {
        int steps = 2000;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] allocated = new long[steps + 1];
        TrainingListener listener = new TrainingListener() {
            @Override
            public void step(Step step) {
                allocated[(int) step.step()] = threads.getTotalThreadAllocatedBytes();
            }
        };
        List<String> settings = new ArrayList<>(List.of("run=" + path("memory"), "steps=" + steps, "sample.every=0",
                "evaluate.every=10000", "checkpoint.every=10000"));
        try (Training training = Training.start(RunConfiguration.read(folder.resolve("run.yaml"), settings), false,
                listener)) {
            training.run();
        }
        assertThat((allocated[steps - 1] - allocated[steps - 101]) / 100).isLessThan(1_000_000);
    }
}
