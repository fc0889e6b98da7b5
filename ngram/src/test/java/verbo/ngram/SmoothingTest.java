// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** The ways from counts to probabilities, by hand; what is left out; and that all of them still sum to 1. */
final class SmoothingTest {
    @TempDir
    private Path folder;

    private static Estimation estimation(int order, Smoothing smoothing, List<Long> prune, @Nullable Set<String> words,
            int size) {
        return new Estimation(order, 1 << 26, 2, smoothing, Form.SMALL, 0, prune, words, size, null,
                EstimationProgress.NONE);
    }

    private NgramModel model(String text, Estimation estimation) throws IOException {
        Path file = Files.writeString(folder.resolve("text.txt"), text);
        Path out = folder.resolve("model.bin");
        NgramFiles.estimate(file, out, estimation);
        return NgramModel.open(out);
    }

    private static double probability(NgramModel model, String context, String word) {
        History history = model.beginHistory();
        if (!context.startsWith("<s>")) {
            history = model.emptyHistory();
        }
        for (String each : context.replace("<s>", "").strip().split(" ")) {
            if (!each.isEmpty()) {
                History next = model.emptyHistory();
                model.score(history, model.vocabulary().id(each), next);
                history = next;
            }
        }
        int id = word.equals("</s>") ? Vocabulary.END : model.vocabulary().id(word);
        return Math.pow(10, model.score(history, id, model.emptyHistory()));
    }

    // a b, a b, a c: 9 tokens with the ends; a 3, b 2, c 1, </s> 3; words and <unk>: V = 5
    private static final String TEXT = "a b\na b\na c\n";

    @Test
    void wittenBell() throws IOException {
        try (NgramModel model = model(TEXT, estimation(2, new Smoothing.WittenBell(), List.of(), null, 0))) {
            double b = (2 + 4 / 5.0) / 13; // 4 words were seen
            assertThat(probability(model, "", "b")).isCloseTo(b, within(1e-6));
            assertThat(probability(model, "", "nope")).isCloseTo(4 / 5.0 / 13, within(1e-6));
            assertThat(probability(model, "a", "b")).isCloseTo((2 + 2 * b) / 5, within(1e-6));
            assertThat(probability(model, "a", "a")).isCloseTo(2 * (3 + 4 / 5.0) / 13 / 5, within(1e-6));
        }
    }

    @Test
    void absoluteDiscounting() throws IOException {
        Smoothing smoothing = new Smoothing.AbsoluteDiscounting(0.5);
        try (NgramModel model = model(TEXT, estimation(2, smoothing, List.of(), null, 0))) {
            double one = 1 / (1 + 2.0); // one word seen once, one seen twice
            double b = (2 - one) / 9 + one * 4 / 9 / 5;
            assertThat(probability(model, "", "b")).isCloseTo(b, within(1e-6));
            double two = 2 / (2 + 2 * 2.0); // of pairs, a c and c </s> once, a b and b </s> twice
            assertThat(probability(model, "a", "b")).isCloseTo((2 - two) / 3 + two * 2 / 3 * b, within(1e-6));
        }
        Path out = folder.resolve("none.bin");
        assertThatThrownBy(() -> NgramFiles.estimate(Files.writeString(folder.resolve("t"), "a b\n"), out,
                estimation(2, new Smoothing.AbsoluteDiscounting(Double.NaN), List.of(), null, 0)))
                .hasMessageContaining("--discount-fallback");
    }

    @Test
    void addK() throws IOException {
        try (NgramModel model = model(TEXT, estimation(2, new Smoothing.AddK(0.5), List.of(), null, 0))) {
            assertThat(probability(model, "", "b")).isCloseTo(2.5 / 11.5, within(1e-6));
            assertThat(probability(model, "", "nope")).isCloseTo(0.5 / 11.5, within(1e-6));
            assertThat(probability(model, "a", "b")).isCloseTo(2.5 / 5.5, within(1e-6));
            // what b and c leave, shared as the unigrams have it
            double left = (1 - 4.0 / 5.5) / (1 - 4.0 / 11.5);
            assertThat(probability(model, "a", "nope")).isCloseTo(left * 0.5 / 11.5, within(1e-6));
        }
    }

    @Test
    void maximumLikelihood() throws IOException {
        try (NgramModel model = model(TEXT, estimation(2, new Smoothing.MaximumLikelihood(), List.of(), null, 0))) {
            assertThat(probability(model, "", "b")).isCloseTo(2 / 9.0, within(1e-6));
            assertThat(probability(model, "a", "b")).isCloseTo(2 / 3.0, within(1e-6));
            assertThat(probability(model, "<s>", "a")).isCloseTo(1, within(1e-6));
            assertThat(probability(model, "a", "a")).isLessThan(1e-90);
        }
    }

    @Test
    void stupidBackoff() throws IOException {
        try (NgramModel model = model(TEXT, estimation(2, new Smoothing.StupidBackoff(0.4), List.of(), null, 0))) {
            assertThat(probability(model, "a", "b")).isCloseTo(2 / 3.0, within(1e-6));
            assertThat(probability(model, "a", "a")).isCloseTo(0.4 * 3 / 9, within(1e-6));
            assertThat(probability(model, "a", "nope")).isCloseTo(0.4 * 0.4 / 9, within(1e-6));
        }
    }

    private static void sumsToOne(NgramModel model) {
        History history = model.beginHistory();
        History next = model.emptyHistory();
        History ignored = model.emptyHistory();
        for (String word : List.of("w0", "w3", "w24", "nope", "w1", "w171", "w0", "w3", "w0")) {
            double sum = 0;
            for (int id = 0; id < model.vocabularySize(); id++) {
                sum += id == Vocabulary.BEGIN ? 0 : Math.pow(10, model.score(history, id, ignored));
            }
            assertThat(sum).isCloseTo(1, within(2e-5));
            model.score(history, model.vocabulary().id(word), next);
            History swap = history;
            history = next;
            next = swap;
        }
    }

    @Test
    void allSumToOneWhateverIsLeftOut() throws IOException {
        String text = MadeText.of(1, 600, 500);
        for (Smoothing smoothing : List.of(new Smoothing.KneserNey(Discounts.FALLBACK), new Smoothing.WittenBell(),
                new Smoothing.AbsoluteDiscounting(0.5), new Smoothing.AddK(0.1))) {
            try (NgramModel all = model(text, estimation(3, smoothing, List.of(), null, 0))) {
                sumsToOne(all);
            }
            try (NgramModel pruned = model(text, estimation(3, smoothing, List.of(0L, 1L), null, 0))) {
                sumsToOne(pruned);
            }
            try (NgramModel few = model(text, estimation(3, smoothing, List.of(1L, 1L, 2L), null, 0))) {
                sumsToOne(few);
                assertThat(few.vocabulary().id("w0")).isNotZero();
            }
            try (NgramModel words = model(text, estimation(3, smoothing, List.of(), Set.of("w0", "w3", "w1"), 0))) {
                sumsToOne(words);
                assertThat(words.vocabularySize()).isEqualTo(6);
            }
            try (NgramModel words = model(text, estimation(3, smoothing, List.of(), null, 20))) {
                sumsToOne(words);
                assertThat(words.vocabularySize()).isEqualTo(23);
            }
        }
    }

    /** What {@code lmplz -o 3 --prune 1 1 2} says of the same text. */
    @Test
    void prunesAsKenlm() throws IOException {
        Path text = MadeText.write(folder, 1, 600, 500);
        Path out = folder.resolve("pruned.arpa");
        NgramFiles.Estimated estimated = NgramFiles.estimate(text, out,
                estimation(3, Smoothing.KNESER_NEY, List.of(1L, 1L, 2L), null, 0));
        assertThat(estimated.counts()).containsExactly(0, 428, 454, 39);
        try (NgramModel model = NgramFiles.open(out)) {
            assertThat(Math.log10(probability(model, "", "nope"))).isCloseTo(-3.0972414, within(1e-5));
            assertThat(Math.log10(probability(model, "<s>", "w0"))).isCloseTo(-1.077932, within(1e-5));
        }
    }

    @Test
    void entropyPruningKeepsWhatMatters() throws IOException {
        Path text = MadeText.write(folder, 1, 600, 500);
        Path whole = folder.resolve("whole.arpa");
        NgramFiles.estimate(text, whole, estimation(3, Smoothing.KNESER_NEY, List.of(), null, 0));
        long last = Long.MAX_VALUE;
        double perplexity = 0;
        for (double threshold : new double[]{0, 1e-6, 1e-5, 1e-4}) {
            Path out = folder.resolve("pruned.bin");
            long[] counts = NgramFiles.prune(whole, out, threshold, Form.SMALL, 0, 1 << 26, 2);
            long total = counts[2] + counts[3];
            assertThat(total).isLessThan(last);
            last = total;
            try (NgramModel model = NgramModel.open(out)) {
                sumsToOne(model);
                double now = TextScore.of(model, text).perplexity();
                assertThat(now).isGreaterThanOrEqualTo(perplexity - 1e-3);
                perplexity = now;
            }
        }
    }

    @Test
    void aCountsFileGivesTheSameModel() throws IOException {
        Path text = MadeText.write(folder, 1, 600, 500);
        Estimation estimation = estimation(3, Smoothing.KNESER_NEY, List.of(), null, 0);
        Path wanted = folder.resolve("wanted.bin");
        NgramFiles.estimate(text, wanted, estimation);
        Path counts = folder.resolve("all.counts");
        NgramFiles.count(text, counts, estimation);
        Path made = folder.resolve("made.bin");
        NgramFiles.estimate(List.of(counts), made, estimation);
        assertThat(made).hasSameBinaryContentAs(wanted);
        // in two parts, the words of the second in another order
        List<String> lines = Files.readAllLines(text);
        List<Path> parts = List.of(folder.resolve("1.counts"), folder.resolve("2.counts"));
        for (int i = 0; i < 2; i++) {
            Path part = Files.write(folder.resolve("part.txt"), lines.subList(300 * i, 300 * i + 300));
            NgramFiles.count(part, parts.get(i), estimation);
        }
        NgramFiles.estimate(parts, made, estimation);
        assertThat(made).hasSameBinaryContentAs(wanted);
        byte[] bytes = Files.readAllBytes(counts);
        byte[] swapped = bytes.clone();
        System.arraycopy(bytes, bytes.length - 20, swapped, bytes.length - 40, 20);
        System.arraycopy(bytes, bytes.length - 40, swapped, bytes.length - 20, 20);
        Path bad = Files.write(folder.resolve("bad.counts"), swapped);
        assertThatThrownBy(() -> NgramFiles.estimate(List.of(bad), made, estimation))
                .hasMessageContaining("not sorted");
        Files.write(bad, java.util.Arrays.copyOf(bytes, bytes.length - 3));
        assertThatThrownBy(() -> NgramFiles.estimate(List.of(bad), made, estimation)).hasMessageContaining("cut short");
        Files.write(bad, new byte[]{1, 2, 3});
        assertThatThrownBy(() -> NgramFiles.estimate(List.of(bad), made, estimation)).hasMessageContaining("VERBOCNT");
    }

    @Test
    void aSmallModelBecomesAnyOther() throws IOException {
        Path text = MadeText.write(folder, 1, 600, 500);
        Path arpa = folder.resolve("made.arpa");
        Path small = folder.resolve("small.bin");
        Path fast = folder.resolve("fast.bin");
        Estimation estimation = estimation(3, Smoothing.KNESER_NEY, List.of(), null, 0);
        NgramFiles.estimate(text, arpa, estimation);
        NgramFiles.estimate(text, small, estimation);
        Path again = folder.resolve("again.arpa");
        NgramFiles.convert(small, again, Form.FAST, 1 << 26, 1);
        assertThat(sections(again)).isEqualTo(sections(arpa)); // words have other numbers
        NgramFiles.convert(small, fast, Form.FAST, 1 << 26, 1);
        try (NgramModel one = NgramModel.open(small); NgramModel other = NgramModel.open(fast)) {
            assertThat(TextScore.of(other, text)).isEqualTo(TextScore.of(one, text));
        }
        Path back = folder.resolve("back.bin");
        NgramFiles.convert(fast, back, Form.SMALL, 1 << 26, 1);
        assertThat(back).hasSameBinaryContentAs(small);
    }

    /** The lines of an ARPA file, those of each section sorted. */
    private static List<String> sections(Path arpa) throws IOException {
        List<String> lines = new ArrayList<>();
        int from = 0;
        for (String line : Files.readAllLines(arpa)) {
            lines.add(line);
            if (line.startsWith("\\")) {
                from = lines.size();
            } else if (line.isEmpty()) {
                Collections.sort(lines.subList(from, lines.size()));
            }
        }
        return lines;
    }

    /** The fast form keeps hashes, of which the n-grams are found again; so small a memory that they are sorted in files. */
    @Test
    void aFastModelOfManyNgramsBecomesItsArpaFile() throws IOException {
        Path text = MadeText.write(folder, 3, 4000, 3000);
        Path arpa = folder.resolve("made.arpa");
        Path fast = folder.resolve("fast.bin");
        Estimation estimation = estimation(4, Smoothing.KNESER_NEY, List.of(), null, 0);
        NgramFiles.estimate(text, arpa, estimation);
        NgramFiles.convert(arpa, fast, Form.FAST, 1 << 24, 1);
        Path again = folder.resolve("again.arpa");
        NgramFiles.convert(fast, again, Form.FAST, 1 << 23, 1);
        assertThat(again).hasSameTextualContentAs(arpa);
    }

    @Test
    void quantizedModelsAreSmallerAndNearlyAsGood() throws IOException {
        Path text = MadeText.write(folder, 1, 600, 500);
        Path arpa = folder.resolve("made.arpa");
        NgramFiles.estimate(text, arpa, estimation(3, Smoothing.KNESER_NEY, List.of(), null, 0));
        Path out = folder.resolve("q.bin");
        double exact;
        try (NgramModel model = NgramFiles.open(arpa)) {
            exact = TextScore.of(model, text).perplexity();
        }
        long last = Long.MAX_VALUE;
        for (int bits : new int[]{0, 8, 5}) {
            NgramFiles.convert(arpa, out, Form.SMALL, bits, 1 << 26, 1);
            try (NgramModel model = NgramModel.open(out)) {
                model.verify();
                assertThat(model.bytes()).isLessThan(last);
                last = model.bytes();
                assertThat(TextScore.of(model, text).perplexity()).isCloseTo(exact,
                        within(bits == 0 ? 1e-3 : exact * (bits == 8 ? 0.01 : 0.1)));
            }
        }
    }

    @Test
    void tokensOfATokenizerAreWords() throws IOException {
        Path text = Files.writeString(folder.resolve("t.txt"), "ab ba\nba \\u b\n\nab ab <s>\n");
        for (String tokenizer : List.of("char", "byte")) {
            Path out = folder.resolve(tokenizer + ".bin");
            NgramFiles.estimate(text, out, new Estimation(3, 1 << 26, 2, new Smoothing.WittenBell(), Form.FAST, 0,
                    List.of(), null, 0, tokenizer, EstimationProgress.NONE));
            try (NgramModel model = NgramModel.open(out)) {
                assertThat(model.isSubword()).isTrue();
                String line = "ba \\u <s>\nab\n";
                int[] ids = model.tokenizer().encode(line);
                assertThat(ids).doesNotContain(Vocabulary.UNKNOWN).hasSize(line.length());
                assertThat(model.tokenizer().decode(ids)).isEqualTo(line);
                TextScore score = TextScore.of(model, text);
                assertThat(score.bytes()).isEqualTo(Files.size(text));
                assertThat(score.tokens()).isEqualTo(Files.size(text));
                assertThat(score.unknown()).isZero();
            }
        }
    }
}
