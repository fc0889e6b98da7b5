// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** Estimation, against what KenLM's {@code lmplz -o 3} made of the same text. */
final class KneserNeyTest {
    @TempDir
    private Path folder;

    private static Estimation estimation(int order, long memory, int threads, Form form) {
        return new Estimation(order, memory, threads, null, form);
    }

    private Path text() throws IOException {
        return MadeText.write(folder, 1, 600, 500);
    }

    /** The lines of an ARPA file's n-grams: by their words probability and backoff. */
    private static Map<String, double[]> entries(List<String> lines) {
        Map<String, double[]> entries = new HashMap<>();
        for (String line : lines) {
            String[] columns = line.split("\t");
            if (columns.length > 1) {
                double backoff = columns.length > 2 ? Double.parseDouble(columns[2]) : 0;
                entries.put(columns[1], new double[]{Double.parseDouble(columns[0]), backoff});
            }
        }
        return entries;
    }

    private static List<String> golden() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                KneserNeyTest.class.getResourceAsStream("kenlm-order3.arpa.gz"))) {
            return new String(new GZIPInputStream(in).readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    @Test
    void givesWhatKenlmGives() throws IOException {
        Path out = folder.resolve("made.arpa");
        NgramFiles.estimate(text(), out, estimation(3, 1 << 26, 2, Form.FAST));
        List<String> lines = Files.readAllLines(out);
        assertThat(lines.subList(0, 6)).isEqualTo(golden().subList(0, 6));
        Map<String, double[]> ours = entries(lines);
        Map<String, double[]> wanted = entries(golden());
        assertThat(ours.keySet()).isEqualTo(wanted.keySet());
        wanted.forEach((words, values) -> {
            double[] own = Objects.requireNonNull(ours.get(words));
            assertThat(own[0]).as(words).isCloseTo(values[0], within(1e-6));
            assertThat(own[1]).as(words).isCloseTo(values[1], within(1e-6));
        });
    }

    /** The last n-grams of all count as often as they come in its counts of counts: here a word twice, after one other. */
    @Test
    void givesWhatKenlmGivesWhenTheLastWordCameTwice() throws IOException {
        Path text = text();
        Files.writeString(text, "w0 last\nw0 last\n", StandardOpenOption.APPEND);
        Path out = folder.resolve("made.arpa");
        NgramFiles.estimate(text, out, estimation(3, 1 << 26, 2, Form.FAST));
        Map<String, double[]> ours = entries(Files.readAllLines(out));
        Map.of("last", new double[]{-3.0107129, -0.09269587}, "w7", new double[]{-2.0680926, -0.30307692},
                "last </s>", new double[]{-0.5508391, 0}, "<unk>", new double[]{-3.175477, 0})
                .forEach((words, values) -> assertThat(Objects.requireNonNull(ours.get(words)))
                        .as(words).contains(values, within(1e-6)));
    }

    @Test
    void memoryAndThreadsChangeNothing() throws IOException {
        Path text = text();
        for (Form form : Form.values()) {
            byte[] wanted = null;
            for (int threads = 1; threads <= 3; threads++) {
                Path out = folder.resolve("m" + threads);
                NgramFiles.estimate(text, out, estimation(3, 1 << 26, threads, form));
                byte[] made = Files.readAllBytes(out);
                wanted = wanted == null ? made : wanted;
                assertThat(made).isEqualTo(wanted);
            }
        }
    }

    @Test
    void sortsInFilesWhatMemoryDoesNotHold() throws IOException {
        Path text = MadeText.write(folder, 5, 40_000, 3_000);
        Path wanted = folder.resolve("wanted.bin");
        Path made = folder.resolve("made.bin");
        NgramFiles.estimate(text, wanted, new Estimation(4, 1 << 28, 1, Discounts.FALLBACK, Form.FAST));
        try (Workspace workspace = new Workspace(made, 1 << 21); TokenIds tokens = new TokenIds(workspace)) {
            Vocabulary.Builder builder = new Vocabulary.Builder();
            tokens.read(text, builder, EstimationProgress.NONE);
            Vocabulary words = builder.build();
            Packing packing = new Packing(4, Packing.bitsFor(words.size()));
            try (RowSorter counted = tokens.grams(packing, workspace, EstimationProgress.NONE);
                    NgramRows model = new Estimator(workspace, words, 4, 2, new Smoothing.KneserNey(Discounts.FALLBACK),
                            Cutoffs.NONE, EstimationProgress.NONE).estimate(counted.sorted())) {
                assertThat(model.rows[4].isInMemory()).isFalse();
                FastModel.write(model, made, null, workspace, 1);
            }
        }
        assertThat(made).hasSameBinaryContentAs(wanted);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("."))).isEmpty();
        }
    }

    @Test
    void theProbabilitiesOfEveryHistorySumToOne() throws IOException {
        Path out = folder.resolve("made.bin");
        for (int order = 1; order <= 4; order++) {
            NgramFiles.estimate(text(), out, new Estimation(order, 1 << 26, 1, Discounts.FALLBACK, Form.FAST));
            try (NgramModel model = NgramModel.open(out); verbo.lm.State state = model.open()) {
                float[] row = new float[model.vocabularySize()];
                for (String word : List.of("w0", "w3", "w24", "nope", "w1", "w171", "w0", "w3")) {
                    state.advance(model.vocabulary().id(word));
                    state.logProbabilities(row);
                    double sum = 0;
                    for (float each : row) {
                        sum += Math.exp(each);
                    }
                    assertThat(sum).isCloseTo(1, within(1e-5));
                }
            }
        }
    }

    @Test
    void tooLittleTextIsRefusedWithTheFallbackOffered() throws IOException {
        Path text = Files.writeString(folder.resolve("small.txt"), "a b c\na b\n");
        Path out = folder.resolve("small.bin");
        assertThatThrownBy(() -> NgramFiles.estimate(text, out, estimation(2, 1 << 26, 1, Form.FAST)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("--discount-fallback");
        assertThat(out).doesNotExist();
        NgramFiles.estimate(text, out, new Estimation(2, 1 << 26, 1, Discounts.FALLBACK, Form.FAST));
        assertThat(out).exists();
    }

    @Test
    void badTextIsRefused() throws IOException {
        Path text = folder.resolve("bad.txt");
        Path out = folder.resolve("bad.bin");
        Files.writeString(text, " \n\n\0\n");
        assertThatThrownBy(() -> NgramFiles.estimate(text, out, estimation(2, 1 << 26, 1, Form.FAST)))
                .hasMessageContaining("there is no word in it");
        Files.write(text, new byte[]{'a', '\n', 'b', ' ', (byte) 0xC3, ' ', 'c', '\n'});
        assertThatThrownBy(() -> NgramFiles.estimate(text, out, estimation(2, 1 << 26, 1, Form.FAST)))
                .hasMessageContaining("line 2, byte 4: not UTF-8");
        Files.writeString(text, "a b\nc </s>\n");
        assertThatThrownBy(() -> NgramFiles.estimate(text, out, estimation(2, 1 << 26, 1, Form.FAST)))
                .hasMessageContaining("line 2, byte 6: the text has <s> or </s>");
        assertThat(out).doesNotExist();
    }

    @Test
    void unknownInATextIsAWordOfItsOwn() throws IOException {
        Path text = Files.writeString(folder.resolve("unk.txt"), "a <unk> b\n<unk> a\n<unk> c\n");
        Path out = folder.resolve("unk.arpa");
        NgramFiles.estimate(text, out, new Estimation(2, 1 << 26, 1, Discounts.FALLBACK, Form.FAST));
        try (NgramModel model = NgramFiles.open(out)) {
            Vocabulary words = model.vocabulary();
            assertThat(words.size()).isEqualTo(7);
            assertThat(words.id("<unk>")).isNotEqualTo(Vocabulary.UNKNOWN);
            assertThat(words.id("d")).isEqualTo(Vocabulary.UNKNOWN);
            assertThat(model.tokenizer().decode(model.tokenizer().encode("<unk> a"))).isEqualTo("<unk> a");
        }
    }

    /** The figures of KenLM on WikiText-2, where the data is. */
    @Test
    void wikitext() throws IOException {
        Path data = RealData.folder("wikitext-2");
        Path train = withoutBlankLines(data.resolve("train.txt"));
        Path test = withoutBlankLines(data.resolve("test.txt"));
        Path out = folder.resolve("wikitext.bin");
        NgramFiles.Estimated estimated = NgramFiles.estimate(train, out, estimation(3, 1 << 29, 2, Form.SMALL));
        assertThat(estimated.counts()).containsExactly(0, 33280, 619591, 1398959);
        try (NgramModel model = NgramModel.open(out)) {
            TextScore score = TextScore.of(model, test);
            assertThat(score.tokens()).isEqualTo(244_102);
            assertThat(score.unknown()).isZero();
            assertThat(score.perplexity()).isCloseTo(230.886, within(0.001));
        }
    }

    private Path withoutBlankLines(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return Files.write(folder.resolve(file.getFileName().toString()),
                    lines.filter(line -> !line.isBlank()).toList());
        }
    }
}
