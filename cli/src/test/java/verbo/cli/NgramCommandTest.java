// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.lm.LanguageModel;
import verbo.models.Gpt;
import verbo.models.GptConfig;
import verbo.tensor.Engine;
import verbo.text.CharacterTokenizer;
import verbo.text.Tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The commands on n-gram models, and on mixtures of them: what they print, and what they say of mistakes. */
final class NgramCommandTest {
    @TempDir
    static Path folder;

    private static Path text;
    private static Path model;
    private static Path other;

    @BeforeAll
    static void train() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        String[] words = {"salt", "sea", "ship", "the", "a", "of", "north", "wind"};
        StringBuilder made = new StringBuilder();
        for (int i = 0; i < 3997; i++) {
            made.append(words[(int) (words.length * Math.pow(random.nextDouble(), 2))])
                    .append(i % 7 == 6 ? "\n" : " ");
        }
        text = Files.writeString(folder.resolve("text.txt"), made);
        model = folder.resolve("model.bin");
        other = folder.resolve("other.bin");
        assertThat(ngram("train", "--order", 3, "--text", text, "--out", model, "--discount-fallback", "--json").json())
                .containsOnlyKeys("model", "ngrams", "bytes", "seconds").containsEntry("bytes", Files.size(model));
        ngram("train", "--order", 1, "--text", text, "--out", other, "--smoothing", "witten-bell");
    }

    private static Ran ngram(Object... args) {
        Object[] all = new Object[args.length + 1];
        all[0] = "ngram";
        System.arraycopy(args, 0, all, 1, args.length);
        return Ran.well(all);
    }

    private static double number(Map<String, Object> json, String key) {
        return ((Number) Objects.requireNonNull(json.get(key), key)).doubleValue();
    }

    @Test
    void aModelGoesFromAnyFormToAnyOther() throws IOException {
        Path arpa = folder.resolve("m.arpa.gz");
        Path small = folder.resolve("small.bin");
        Path again = folder.resolve("again.bin");
        ngram("convert", model, arpa);
        assertThat(ngram("size", arpa, "--json").json()).containsEntry("fastBytes", Files.size(model));
        ngram("convert", arpa, small, "--form", "small");
        assertThat(ngram("size", model, "--json").json()).containsEntry("smallBytes", Files.size(small));
        ngram("convert", small, again);
        assertThat(again).hasSize(Files.size(model));
        ngram("convert", again, small, "--form", "small"); // numbers of words are those of the first small one
        ngram("convert", small, folder.resolve("more.bin"));
        assertThat(folder.resolve("more.bin")).hasSameBinaryContentAs(again);
        assertThat(ngram("info", small, "--json").json()).containsEntry("order", 3L).containsEntry("form", "small")
                .containsEntry("vocabulary", 11L);
        assertThat(ngram("info", small).out()).containsPattern("file +0\\.0 MiB");
        Map<String, Object> one = Ran.well("score", "--model", model, text, "--json").json();
        assertThat(Ran.well("score", "--model", small, text, "--json").json()).isEqualTo(one);
        assertThat(one).containsKeys("perplexityWithoutUnknown", "bitsPerWord", "bitsPerByte", "unknownRate");
        assertThat(Ran.well("score", "--model", model, text, "--tokens").out()).contains(" bits\n");
        Ran.badly(2, "--quantize must be 2 to 16", "ngram", "size", model, "--quantize", "40");
        Ran.badly(2, "--quantize is for --form small", "ngram", "convert", model, again, "--quantize", "8");
        Ran.badly(1, "no such file", "ngram", "convert", folder.resolve("none.arpa"), again);
        Ran.badly(1, "its folder does not exist", "ngram", "convert", model, folder.resolve("no/where.bin"));
    }

    @Test
    void countsPrunesAndMeasures() throws IOException {
        Path counts = folder.resolve("text.counts");
        Path made = folder.resolve("made.bin");
        assertThat(ngram("count", "--order", 3, "--text", text, "--out", counts, "--json").json())
                .containsKeys("ngrams", "seconds");
        Map<String, Object> sizes = ngram("size", counts, "--json").json();
        ngram("train", "--order", 3, "--counts", counts, "--out", made, "--discount-fallback", "--form", "small");
        assertThat(sizes).containsEntry("smallBytes", Files.size(made));
        ngram("train", "--order", 3, "--counts", counts, "--out", made, "--discount-fallback");
        assertThat(sizes).containsEntry("fastBytes", Files.size(made));
        assertThat(made).hasSameBinaryContentAs(model);
        Path pruned = folder.resolve("pruned.bin");
        ngram("prune", model, pruned, "--threshold", "1e-3");
        assertThat(pruned).isNotEmptyFile();
        assertThat(Files.size(pruned)).isLessThan(Files.size(model));
        Map<String, Object> entropy = ngram("entropy", "--text", text, "--json").json();
        assertThat(entropy).containsEntry("vocabulary", 8L);
        assertThat(entropy.get("orders")).asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST).hasSize(3);
        assertThat(ngram("entropy", "--text", text).out()).contains("bits/token with 0 before it");
    }

    @Test
    void trainSaysWhatIsWrong() throws IOException {
        Path out = folder.resolve("wrong.bin");
        Ran.badly(2, "give --text or --counts", "ngram", "train", "--order", 2, "--out", out);
        Ran.badly(2, "--order", "ngram", "train", "--text", text, "--out", out);
        Ran.badly(2, "no amount of memory", "ngram", "train", "--order", 2, "--text", text, "--out", out, "--memory",
                "much");
        Ran.badly(2, "an order of 0", "ngram", "train", "--order", 0, "--text", text, "--out", out);
        Ran.badly(2, "not descend", "ngram", "train", "--order", 2, "--text", text, "--out", out, "--prune", "3", "1");
        Ran.badly(2, "an order of 0", "ngram", "count", "--order", 0, "--text", text, "--out", out);
        Ran.badly(2, "an order of 0", "ngram", "entropy", "--order", 0, "--text", text);
        Ran.badly(2, "'--text=FILE'", "ngram", "entropy");
        Ran.badly(2, "'--text=FILE'", "ngram", "count", "--order", 2, "--out", out);
        Ran.badly(2, "k = -1.0", "ngram", "train", "--order", 2, "--text", text, "--out", out, "--smoothing", "add-k",
                "--k", "-1");
        Ran.badly(2, "--threshold must be 0 to 1", "ngram", "prune", model, out, "--threshold", "-1");
        Ran.badly(2, "verbo: --smoothing must be kneser-ney, absolute, witten-bell, add-k, maximum-likelihood or"
                + " stupid-backoff, not foo (see", "ngram", "train", "--order", 2, "--text", text, "--out", out,
                "--smoothing", "foo");
        Ran.badly(2, "no command 'trian'; did you mean 'train'?", "ngram", "trian", "x");
        Path none = Files.writeString(folder.resolve("empty.txt"), "\n\n");
        Ran.badly(1, "no word", "ngram", "train", "--order", 2, "--text", none, "--out", out);
        Path tiny = Files.writeString(folder.resolve("tiny.txt"), "a b\n");
        Ran.badly(1, "--discount-fallback", "ngram", "train", "--order", 2, "--text", tiny, "--out", out);
        Path latin = Files.write(folder.resolve("latin1.txt"), new byte[]{'a', ' ', (byte) 0xE9, '\n'});
        Ran.badly(1, "UTF-8", "ngram", "train", "--order", 2, "--text", latin, "--out", out);
        Ran.badly(1, latin + ": not UTF-8 text, at byte 2", "ngram", "train", "--order", 2, "--text", text, "--out",
                out,
                "--vocab", latin);
        Ran.badly(1, "is a folder", "ngram", "train", "--order", 2, "--text", text, "--out", folder);
        assertThat(out).doesNotExist();
        Path mine = Files.writeString(folder.resolve("mine.txt"), "a b\n");
        Path link = Files.createSymbolicLink(folder.resolve("link.txt"), mine);
        for (Object[] call : new Object[][]{
                {"ngram", "train", "--order", 2, "--text", mine, "--out", link, "--smoothing", "witten-bell"},
                {"ngram", "train", "--order", 2, "--text", text, "--vocab", mine, "--out", mine},
                {"ngram", "train", "--order", 2, "--counts", mine, "--out", mine},
                {"ngram", "count", "--order", 2, "--text", mine, "--out", folder.resolve("./mine.txt")},
                {"ngram", "convert", mine, mine}, {"interpolate", model, "--cache", 2, "--text", mine, "-o", mine}}) {
            Ran.badly(1, ": is read from, and would be written over", call);
        }
        assertThat(mine).hasContent("a b\n");
    }

    @Test
    void aByteOrderMarkIsNoPartOfAVocabularysFirstWord() throws IOException {
        Path vocabulary = Files.writeString(folder.resolve("vocabulary.txt"), "\uFEFFsea wind\n");
        Path out = folder.resolve("chosen.bin");
        ngram("train", "--order", 1, "--text", text, "--out", out, "--smoothing", "witten-bell", "--vocab", vocabulary);
        assertThat(ngram("info", out, "--json").json()).containsEntry("vocabulary", 5L); // and <unk>, <s>, </s>
    }

    @Test
    void badModelsAreOneLine() throws IOException {
        byte[] whole = Files.readAllBytes(model);
        Path bad = folder.resolve("bad.bin");
        for (int length : new int[]{0, 7, 4000, whole.length - 1}) {
            Files.write(bad, Arrays.copyOf(whole, length));
            Ran.badly(1, "bad.bin", "score", "--model", bad, text);
        }
        Path arpa = folder.resolve("bad.arpa");
        String head = "\\data\\\nngram 1=4\n\n\\1-grams:\n-1\t<unk>\n0\t<s>\n-1\t</s>\n";
        for (List<String> each : List.of(List.of(head + "\n\\end\\\n", "3"), List.of(head + "0.5\ta\n\\end\\\n", "0.5"),
                List.of(head + "-1\ta\n-1\ta\n\\end\\\n", "a"), List.of(head + "-1\ta\n", "bad.arpa"),
                List.of("no model", "bad.arpa"))) {
            Files.writeString(arpa, each.get(0));
            Ran.badly(1, each.get(1), "ngram", "convert", arpa, bad);
        }
    }

    @Test
    void comparesModels() throws IOException {
        Map<String, Object> json = Ran.well("compare-models", model, other, "--text", text, "--json").json();
        assertThat(json).containsOnlyKeys("lines", "models");
        List<?> models = (List<?>) Objects.requireNonNull(json.get("models"));
        Map<?, ?> first = (Map<?, ?>) models.getFirst();
        double alone = number(Ran.well("score", "--model", model, text, "--json").json(), "bitsPerByte");
        assertThat((Double) first.get("bitsPerByte")).isCloseTo(alone, within(1e-6));
        List<?> interval = (List<?>) Objects.requireNonNull(first.get("interval"));
        assertThat(alone).isBetween((Double) interval.get(0), (Double) interval.get(1));
        assertThat((Double) first.get("moreThanBest")).isZero();
        assertThat(Ran.well("compare-models", model, other, "--text", text).out()).contains("bits/byte", "best", "+");
        Path strange = Files.writeString(folder.resolve("strange.txt"), "the zebra of the sea\nthe wind\n");
        assertThat(Ran.well("compare-models", model, "--text", strange).out()).contains("* 11.11% of tokens unknown",
                "reads words as unknown");
        String words = "1 unknown words (11.11% of tokens), perplexity without them ";
        assertThat(Ran.well("score", "--model", model, strange).out()).contains(words);
        assertThat(Ran.well("score", "--model", model, strange, "--tokens").out()).contains(words);
        assertThat(Ran.well("score", "--model", model, strange, "--json").json()).containsEntry("unknown", 1L)
                .containsEntry("unknownRate", 1.0 / 9);
        Ran.badly(2, "--samples must be 40 or more", "compare-models", model, "--text", text, "--samples", 3);
        Ran.badly(2, "--text", "compare-models", model);
        Ran.badly(1, "no such file", "compare-models", folder.resolve("none"), "--text", text);
        Ran.badly(1, "no such file", "compare-models", model, "--text", folder.resolve("none"));
    }

    /** What only stands for the ends of lines is a word of no text, whichever way it is read. */
    @Test
    void endsOfSentencesAsWordsAreRefused() throws IOException {
        String where = "the text has <s> or </s> as a word";
        for (String word : new String[]{"<s>", "</s>"}) {
            Path marked = Files.writeString(folder.resolve("marked.txt"), "the sea\nthe " + word + " ship\n");
            Ran.badly(1, marked + ": line 2, byte 12: " + where, "score", "--model", model, marked);
            Ran.badly(1, marked + ": line 2, character 4: " + where, "score", "--model", model, marked, "--tokens");
            Ran.badly(1, model + ": " + marked + ": line 2, character 4: " + where, "compare-models", model, "--text",
                    marked);
            Path lists = Files.writeString(folder.resolve("marked-lists.txt"), "a\t-1\n" + word + " a\t-2\n");
            Ran.badly(1, lists + ": line 2: line 1, character 0: " + where, "rescore", "--model", model, lists);
        }
    }

    @Test
    void foldersInPlaceOfFilesAreNamed() throws IOException {
        Path out = folder.resolve("of-a-folder.bin");
        Path lists = Files.writeString(folder.resolve("one-list.txt"), "the sea\t-1\n");
        for (Object[] call : new Object[][]{{"score", "--model", model, folder},
                {"score", "--model", model, folder, "--tokens"},
                {"rescore", "--model", model, folder}, {"rescore", "--model", model, lists, "--tune", folder},
                {"correct", "eval", "--model", model, "--text", folder},
                {"ngram", "train", "--order", 2, "--text", folder, "--out", out},
                {"ngram", "train", "--order", 2, "--text", folder, "--out", out, "--tokenizer", "char"},
                {"ngram", "count", "--order", 2, "--text", folder, "--out", out},
                {"ngram", "entropy", "--text", folder}}) {
            Ran.badly(1, "verbo: " + folder + ": is a folder; a text file is needed", call);
        }
        for (Object[] call : new Object[][]{{"ngram", "train", "--order", 2, "--counts", folder, "--out", out},
                {"ngram", "convert", folder, out}, {"ngram", "size", folder},
                {"ngram", "prune", folder, out, "--threshold", "1e-8"}, {"ngram", "info", folder},
                {"identify", "--model", folder, "x"}, {"correct", "--model", folder, "x"}}) {
            Ran.badly(1, "verbo: " + folder + ": is a folder; a file is needed", call);
        }
        Path named = Files.createDirectories(folder.resolve("folder.arpa"));
        Ran.badly(1, "verbo: " + named + ": is a folder; a file is needed", "ngram", "convert", named, out);
    }

    @Test
    void mixturesTakeAModelsPlace() throws IOException {
        Path mixture = folder.resolve("both.json");
        Map<String, Object> json = Ran.well("interpolate", model, other, "--cache", 50, "--text", text, "-o", mixture,
                "--json").json();
        assertThat(json).containsOnlyKeys("model", "mixture", "cacheWeight");
        assertThat((List<?>) Objects.requireNonNull(json.get("mixture"))).hasSize(2);
        assertThat(Ran.well("score", "--model", mixture, text, "--json").json()).containsKey("bitsPerByte");
        assertThat(Ran.well("info", mixture).out()).contains("mixture");
        Ran.badly(1, "is a folder", "interpolate", model, other, "--text", text, "-o", folder);
        Path letters = folder.resolve("letters.bin");
        ngram("train", "--order", 2, "--text", text, "--out", letters, "--tokenizer", "char", "--smoothing",
                "witten-bell");
        Ran.badly(1, model + ", " + letters + ": models of different tokens", "interpolate", model, letters, "--text",
                text, "-o", mixture);
        Ran.badly(1, letters + ": its words are the tokens of a tokenizer", "correct", "--model", letters, "the shipp");
        Ran.badly(2, "more than one model", "interpolate", model, "--text", text, "-o", mixture);
        Ran.badly(2, "--cache must be 1 or more", "interpolate", model, "--cache", "-1", "--text", text, "-o", mixture);
        Path bad = folder.resolve("bad.json");
        for (List<String> each : List.of(List.of("{}", "no list 'mixture'"), List.of("{\"mixture\": [", "bad.json"),
                List.of("{\"mixture\": [{\"model\": \"model.bin\"}]}", "needs a 'model' and a 'weight'"),
                List.of("{\"mixture\": [{\"model\": \"none.bin\", \"weight\": 1}]}", "no such file"),
                List.of("{\"mixture\": [{\"model\": \"bad.json\", \"weight\": 1}]}", "more than 8 deep"))) {
            Files.writeString(bad, each.get(0));
            Ran.badly(1, each.get(1), "score", "--model", bad, text);
        }
    }

    @Test
    void corrects() throws IOException {
        assertThat(Ran.well("correct", "--model", model, "the shipp of the sea").out())
                .startsWith("the ship of the sea");
        assertThat(Ran.well("correct", "--model", model, "the shipp", "--json").json())
                .containsEntry("text", "the shipp")
                .containsEntry("corrected", "the ship");
        Path letter = Files.writeString(folder.resolve("letter.txt"), "the wimd\n\nsalt\n");
        assertThat(Ran.well("correct", "--model", model, letter).out()).isEqualTo("the wind\n\nsalt\n");
        assertThat(Ran.well("correct", "eval", "--model", model, "--text", text, "--sentences", 30, "--json").json())
                .containsEntry("sentences", 30L)
                .containsKeys("accuracyInContext", "accuracyMostFrequent", "wordErrorRateAfter");
        Ran.badly(2, "--model", "correct", "text");
        Ran.badly(2, "give a text", "correct", "--model", model);
        Ran.badly(2, "an error rate of 2", "correct", "--model", model, "--error-rate", "2", "a");
        Ran.badly(2, "--distance must be 1 or 2, not 3", "correct", "--model", model, "--distance", "3", "a");
        Ran.badly(2, "--distance must be 1 or 2, not 0", "correct", "eval", "--model", model, "--distance", "0",
                "--text", text);
        Ran.badly(2, "a beam of 0", "correct", "--model", model, "--beam", "0", "a");
        Ran.badly(1, "no such file: lettre.txt (a text", "correct", "--model", model, "lettre.txt");
        Ran.badly(1, folder + ": is a folder", "correct", "--model", model, folder);
        assumeTrue(Files.exists(Path.of("/dev/null")));
        assertThat(Ran.well("correct", "--model", model, "/dev/null").out()).isEmpty(); // as a pipe, no regular file
        Ran.badly(1, "no such file", "correct", "--model", folder.resolve("none"), "a");
        Path empty = Files.writeString(folder.resolve("nothing.txt"), "\n");
        Ran.badly(1, "nothing.txt", "correct", "eval", "--model", model, "--text", empty);
    }

    @Test
    void rescores() throws IOException {
        Path lists = Files.writeString(folder.resolve("lists.txt"),
                "the see\t-1\nthe sea\t-1.5\n\n-3\tthe wind\n-2.9\tthee wind\n");
        assertThat(Ran.well("rescore", "--model", model, lists).out()).isEqualTo("the sea\nthe wind\n");
        assertThat(Ran.well("rescore", "--model", model, lists, "--lm-weight", "0").out())
                .isEqualTo("the see\nthee wind\n");
        assertThat(Ran.well("rescore", "--model", model, lists, "--json").out()).hasLineCount(2).contains("\"total\":");
        Path right = Files.writeString(folder.resolve("right.txt"), "the sea\nthe wind\n");
        assertThat(Ran.well("rescore", "--model", model, lists, "--tune", right, "--json").json())
                .containsEntry("wordErrorRateBefore", 0.5).containsEntry("wordErrorRateAfter", 0.0);
        Files.writeString(right, "the sea\n");
        Ran.badly(1, "1 lines for 2 lists", "rescore", "--model", model, lists, "--tune", right);
        Path none = Files.writeString(folder.resolve("noscore.txt"), "the sea\n");
        Ran.badly(1, "line 1: no score", "rescore", "--model", model, none);
        Ran.badly(1, "no lists", "rescore", "--model", model, Files.writeString(folder.resolve("no.txt"), "\n"));
        Ran.badly(2, "--model", "rescore", lists);
        Ran.badly(2, "must be finite numbers, not NaN", "rescore", "--model", model, lists, "--lm-weight", "NaN");
        Ran.badly(2, "must be finite numbers, not -Inf", "rescore", "--model", model, lists, "--word-bonus=-Infinity");
    }

    @Test
    void rescoresWithTheFirstTokenOfEachText() throws IOException {
        Path lists = Files.writeString(folder.resolve("short.txt"), "a\t-1\nb\t-1\n");
        Tokenizer tokenizer = CharacterTokenizer.of("ab", true);
        GptConfig config = GptConfig.of(tokenizer.size(), 8, 4, 1, 1);
        Path path = folder.resolve("gpt");
        try (Engine engine = Engine.cpu(1); Gpt gpt = Gpt.create(engine, config, 1)) {
            gpt.save(path);
            tokenizer.save(path.resolve("tokenizer.json"));
            Map<String, Object> best = Ran.well("rescore", "--model", path, lists, "--json").json();
            int separator = tokenizer.separator().orElseThrow();
            try (LanguageModel opened = gpt.languageModel(tokenizer)) {
                double[] logs = Stream.of("a", "b").mapToDouble(
                        text -> opened.score(new int[]{separator, tokenizer.id(text)}).logProbabilities()[1]).toArray();
                assertThat(best.get("text")).isEqualTo(logs[0] >= logs[1] ? "a" : "b");
                assertThat(number(best, "logProbability")).isCloseTo(Math.max(logs[0], logs[1]), within(1e-6));
            }
            Files.writeString(lists, "a\t-1\nx\t-1\n");
            Ran.badly(1, lists + ": line 2: the character 'x'", "rescore", "--model", path, lists);
            CharacterTokenizer.of("abc", false).save(path.resolve("tokenizer.json"));
        }
        Ran.badly(1, "no token that texts begin with", "rescore", "--model", path, lists);
    }
}
