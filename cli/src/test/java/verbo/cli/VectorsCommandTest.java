// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import verbo.text.Json;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code vectors} and {@code classify}: what they print, and what they say of mistakes. */
final class VectorsCommandTest {
    @TempDir
    static Path folder;

    private record Result(int code, String out, String err) {
        Map<String, Object> json() throws IOException {
            return Json.read(Files.writeString(folder.resolve("out.json"), out));
        }
    }

    private static Result run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = Main.execute(commandLine, args);
        return new Result(code, out.toString(), err.toString());
    }

    private static void assertFails(int code, String message, String... args) {
        Result result = run(args);
        assertThat(result.err).contains(message).hasLineCount(1).startsWith("verbo: ");
        assertThat(result.code).isEqualTo(code);
        assertThat(result.out).isEmpty();
    }

    private static String path(String name) {
        return folder.resolve(name).toString();
    }

    @BeforeAll
    static void train() throws IOException {
        StringBuilder text = new StringBuilder();
        StringBuilder labelled = new StringBuilder();
        SplittableRandom random = new SplittableRandom(1);
        String[][] topics = {{"salt", "sea", "ship", "wave"}, {"stone", "hill", "dry", "sand"}};
        for (int line = 0; line < 1500; line++) {
            int topic = random.nextInt(2);
            labelled.append(topic == 0 ? "__label__water" : "__label__land");
            for (int i = 0; i < 6; i++) {
                String word = topics[topic][random.nextInt(4)];
                text.append(word).append(' ');
                labelled.append(' ').append(word);
            }
            text.append('\n');
            labelled.append('\n');
        }
        Files.writeString(folder.resolve("text.txt"), text);
        Files.writeString(folder.resolve("labelled.txt"), labelled);
        Result result = run("vectors", "train", "--text", path("text.txt"), "--out", path("v.vec"), "--dimension", "10",
                "--rate", "0.1", "--epochs", "10", "--min-ngram", "2", "--max-ngram", "3", "--json");
        assertThat(result.code).as(result.err).isZero();
        assertThat(result.json()).containsOnlyKeys("words", "vocabulary", "seconds", "wordsPerSecond")
                .containsEntry("words", 90_000L).containsEntry("vocabulary", 8L);
        result = run("classify", "train", "--text", path("labelled.txt"), "--out", path("c"), "--json");
        assertThat(result.code).as(result.err).isZero();
        assertThat(result.json()).containsEntry("texts", 1500L).containsEntry("classes", 2L);
    }

    @Test
    void looksIntoVectors() throws IOException {
        Result result = run("vectors", "neighbours", "sea", "--vectors", path("v.vec"), "--count", "3");
        assertThat(result.out).hasLineCount(3).contains("salt", "ship", "wave");
        assertThat(run("vectors", "neighbours", "seas", "--vectors", path("v.vec"), "--count", "1").out)
                .containsAnyOf("salt", "sea", "ship", "wave");
        assertThat(run("vectors", "analogy", "sea", "ship", "hill", "--vectors", path("v.vec"), "--json").json())
                .containsKey("neighbours");
        assertFails(1, "no vector for 'Qqq' among the 8 words", "vectors", "neighbours", "Qqq", "--vectors",
                path("v.vec"));
        assertFails(1, "no such file: " + path("none"), "vectors", "neighbours", "sea", "--vectors", path("none"));
        assertFails(1, "is no file of word vectors", "vectors", "neighbours", "sea", "--vectors", path("labelled.txt"));
    }

    @Test
    void evaluatesVectors() throws IOException {
        Files.writeString(folder.resolve("pairs.txt"), "sea\tship\t9\nhill\tsand\t8\nsea\thill\t1\nship\tdry\t2\n");
        Files.writeString(folder.resolve("questions.txt"), ": first\nsea ship hill sand\nsea ship hill aunt\n");
        Map<String, Object> json = run("vectors", "eval", path("pairs.txt"), path("questions.txt"), "--vectors",
                path("v.vec"), "--json").json();
        assertThat(Objects.requireNonNull(json.get("similarities")).toString()).contains("pairs=4", "unknown=0")
                .containsPattern("spearman=(0\\.|1\\.0)"); // threads learn without locks
        assertThat(Objects.requireNonNull(json.get("analogies")).toString()).contains("section=total", "questions=1",
                "unknown=1");
        assertThat(run("vectors", "eval", path("pairs.txt"), "--vectors", path("v.vec")).out).contains("Spearman");
        assertThat(run("vectors", "eval", "--vectors", path("v.vec"),
                Files.writeString(folder.resolve("strange.txt"), "aunt\tuncle\t9\n").toString()).out)
                .contains("Spearman none of 0 pairs (1 unknown)");
        Files.createDirectory(folder.resolve("no-lists"));
        assertFails(1, "words.txt: has no pairs", "vectors", "eval", "--vectors", path("v.vec"),
                Files.writeString(folder.resolve("words.txt"), "two words\n").toString());
        for (String wrong : new String[]{"0", "-1"}) {
            assertFails(2, "--restrict must be 1 or more, not " + wrong, "vectors", "eval", path("questions.txt"),
                    "--vectors", path("v.vec"), "--restrict", wrong);
        }
        assertFails(1, "no-lists: no .txt file", "vectors", "eval", path("no-lists"), "--vectors", path("v.vec"));
    }

    @Test
    void drawsVectors() throws IOException {
        for (String method : new String[]{"pca", "tsne"}) {
            for (String picture : new String[]{"p.svg", "p.png"}) {
                Result result = run("vectors", "project", "--vectors", path("v.vec"), "--out", path(picture),
                        "--method",
                        method, "--one-hot", "--perplexity", "2", "--json");
                assertThat(result.code).as(result.err).isZero();
                assertThat(Objects.requireNonNull(result.json().get("words")).toString()).contains("word=sea");
                assertThat(folder.resolve(picture)).isNotEmptyFile();
            }
        }
        assertThat(Files.readString(folder.resolve("p.svg"))).contains("<svg", "</svg>");
        assertFails(2, "--perplexity must be 1 or more, not NaN", "vectors", "project", "--vectors", path("v.vec"),
                "--out", path("n.svg"), "--method", "tsne", "--perplexity", "NaN");
        assertFails(2, "must end in .svg or .png", "vectors", "project", "--vectors", path("v.vec"), "--out",
                path("p.gif"));
    }

    @Test
    void threadsMayBeNamedEverywhere() {
        for (String[] command : new String[][]{{"vectors", "neighbours", "sea", "--vectors", path("v.vec")},
                {"vectors", "analogy", "sea", "ship", "hill", "--vectors", path("v.vec")},
                {"vectors", "project", "--vectors", path("v.vec"), "--out", path("t.svg")},
                {"classify", "eval", path("labelled.txt"), "--model", path("c")},
                {"classify", "predict", "salt wave", "--model", path("c")}}) {
            String[] all = Arrays.copyOf(command, command.length + 2);
            all[command.length] = "--threads";
            all[command.length + 1] = "1";
            Result result = run(all);
            assertThat(result.code).as(result.err).isZero();
            all[command.length + 1] = "0";
            assertFails(2, "--threads must be from 1 to 1024, not 0", all);
        }
    }

    @Test
    void classifies() throws IOException {
        Map<String, Object> report = run("classify", "eval", path("labelled.txt"), "--model", path("c"), "--json")
                .json();
        assertThat(report).containsEntry("accuracy", 1.0).containsEntry("macroF1", 1.0).containsKeys("classes",
                "confusion");
        assertThat(run("classify", "eval", path("labelled.txt"), "--model", path("c")).out).contains("accuracy 1.0000",
                "precision", "land");
        assertThat(run("classify", "predict", "salt wave", "dry hill", "--model", path("c")).out).hasLineCount(2)
                .startsWith("water").contains("land");
        assertThat(run("classify", "predict", "sea", "--model", path("c"), "--json").json())
                .containsEntry("label", "water").containsKey("probabilities");
        assertThat(run("classify", "train", "--text", path("labelled.txt"), "--out", path("h"), "--hidden", "8,4",
                "--vectors", path("v.vec")).code).isZero();
        assertThat(run("classify", "eval", path("labelled.txt"), "--model", path("h"), "--json").json())
                .containsEntry("accuracy", 1.0);
        assertFails(1, "is no classifier", "classify", "eval", path("labelled.txt"), "--model", path("v.vec"));
        assertFails(1, "line 1 has several labels", "classify", "train", "--out", path("x"), "--text",
                Files.writeString(folder.resolve("two"), "__label__a __label__b c").toString());
        for (String[] wrong : new String[][]{{"--epochs", "0"}, {"--rate", "-1"}, {"--dropout", "2"},
                {"--min-count", "0"}, {"--dimension", "0"}, {"--hidden", "8,0"},
                {"--min-ngram", "9", "--max-ngram", "3"},
                {"--word-ngrams", "0"}}) {
            String[] call = {"classify", "train", "--text", path("nowhere.txt"), "--out", path("x")};
            String[] all = Arrays.copyOf(call, call.length + wrong.length);
            System.arraycopy(wrong, 0, all, call.length, wrong.length);
            assertFails(2, "not", all);
        }
        assertFails(2, "--format must be text, binary or glove, not foo", "vectors", "train", "--text",
                path("nowhere.txt"),
                "--out", path("x"), "--format", "foo");
        assertThat(run("info", path("c"), "--json").json()).containsEntry("model", "text classifier")
                .containsEntry("classes", 2L);
        assertThat(run("info", path("v.vec"), "--json").json()).containsEntry("model", "word vectors")
                .containsEntry("words", 8L);
        assertFails(1, "is no n-gram model, mixture, classifier or file of word vectors", "info",
                path("labelled.txt"));
        assertFails(2, "--model", "classify", "predict", "sea");
    }

    @Test
    void aDashIsStandardInput() {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream("salt wave\ndry hill\n".getBytes(StandardCharsets.UTF_8)));
        try {
            assertThat(run("classify", "predict", "-", "--model", path("c")).out).hasLineCount(2).startsWith("water")
                    .contains("land");
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void ngramsOfATrainingBeforeAreNotThoseOfTheNext() {
        Object[] call = {"vectors", "train", "--text", path("text.txt"), "--out", path("again.vec"), "--dimension", 4,
                "--epochs", 1, "--max-ngram"};
        for (int longest : new int[]{3, 0}) {
            Object[] all = Arrays.copyOf(call, call.length + 1);
            all[call.length] = longest;
            Ran.well(all);
            assertThat(Files.exists(folder.resolve("again.vec.ngrams"))).isEqualTo(longest > 0);
        }
    }

    @Test
    void whatIsNotFiniteDoesNotReplaceWhatWasThere() throws IOException {
        Path old = Files.writeString(folder.resolve("old.vec"), "1 1\na 1\n");
        Path ngrams = Files.writeString(folder.resolve("old.vec.ngrams"), "1 1\na 1\n");
        Result result = run("vectors", "train", "--text", path("text.txt"), "--out", old.toString(), "--dimension",
                "20", "--rate", "10", "--epochs", "3", "--deterministic");
        assertThat(result.code).isEqualTo(1);
        assertThat(result.err).contains("verbo: the vectors are not finite any more: lower --rate");
        assertThat(old).hasContent("1 1\na 1\n");
        assertThat(ngrams).hasContent("1 1\na 1\n");
    }

    @Test
    void packedVectorsAreReadBack() {
        Ran.well("vectors", "train", "--text", path("text.txt"), "--out", path("p.vec.gz"), "--dimension", 4,
                "--epochs",
                1, "--max-ngram", 3);
        assertThat(run("vectors", "neighbours", "sea", "--vectors", path("p.vec.gz")).out).hasLineCount(7);
        assertThat(run("vectors", "neighbours", "seas", "--vectors", path("p.vec.gz")).out).hasLineCount(8);
    }

    @Test
    void whereToWriteIsLookedAtFirst() throws IOException {
        Path text = Files.writeString(folder.resolve("mine.txt"), "no label\n");
        Path ngrams = Files.writeString(folder.resolve("mine.ngrams"), "no word\n");
        // None of these gets as far as to look into what it is given.
        assertFails(1, folder + ": is a folder", "vectors", "train", "--text", path("none"), "--out",
                folder.toString());
        assertFails(1, folder + ": is a folder", "classify", "train", "--text", path("none"), "--out",
                folder.toString());
        assertFails(1, "its folder does not exist", "vectors", "project", "--vectors", path("none"), "--out",
                path("no/p.svg"));
        assertFails(1, "its folder does not exist", "inspect", "gradients", "--model", path("none"), "--out",
                path("no/p.svg"), path("none"));
        String over = ": is read from, and would be written over; give another name";
        assertFails(1, text + over, "vectors", "train", "--text", text.toString(), "--out", text.toString());
        assertFails(1, ngrams + over, "vectors", "train", "--text", ngrams.toString(), "--out", path("mine"));
        assertFails(1, text + over, "classify", "train", "--text", text.toString(), "--out", text.toString());
        assertFails(1, path("v.vec") + over, "classify", "train", "--text", text.toString(), "--out", path("v.vec"),
                "--vectors", path("v.vec"));
        assertThat(text).hasContent("no label\n");
    }

    @Test
    void trainSaysWhatIsWrong() throws IOException {
        assertFails(1, "no such file: " + path("none"), "vectors", "train", "--text", path("none"), "--out", path("x"));
        assertFails(1, "has no words", "vectors", "train", "--out", path("x"), "--text",
                Files.writeString(folder.resolve("empty"), "").toString());
        assertFails(1, "so the vocabulary is empty", "vectors", "train", "--text", path("text.txt"), "--out", path("x"),
                "--min-count", "100000");
        assertFails(1, "folder does not exist", "vectors", "train", "--text", path("text.txt"), "--out", path("no/x"));
        assertFails(2, "dimension must be from 1", "vectors", "train", "--text", path("text.txt"), "--out", path("x"),
                "--dimension", "0");
        assertFails(2, "--negative must be 1 or more", "vectors", "train", "--text", path("text.txt"), "--out",
                path("x"), "--negative", "0");
        assertFails(2, "at least 1 epoch", "vectors", "train", "--text", path("text.txt"), "--out", path("x"),
                "--epochs", "0");
        assertFails(2, "threads must be from 1 to 1024, not 5000", "vectors", "train", "--text", path("text.txt"),
                "--out", path("x"), "--threads", "5000");
        assertFails(2, "--architecture must be", "vectors", "train", "--text", path("text.txt"), "--out", path("x"),
                "--architecture", "glove");
        assertThat(folder.resolve("x")).doesNotExist();
    }
}
