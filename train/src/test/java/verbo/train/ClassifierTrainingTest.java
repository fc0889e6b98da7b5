// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.models.TextClassifier;
import verbo.text.FormatException;
import verbo.text.LabelledText;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class ClassifierTrainingTest {
    @TempDir
    private Path folder;

    private static TextClassifier train(List<LabelledText> texts, long seed) {
        TextClassifier classifier = TextClassifier.create(new TextClassifier.Config(10, List.of(), 2, 3, 0), texts, 1,
                null, seed);
        new ClassifierTraining(classifier, texts, new ClassifierTraining.Options(6, 0.7, 0.3, 0, 0, seed))
                .run((done, total, loss) -> {});
        return classifier;
    }

    @Test
    void questionsAreClassified() throws IOException {
        String data = System.getenv("VERBO_DATA");
        assumeTrue(data != null, "VERBO_DATA is not set");
        Path sets = Path.of(String.valueOf(data), "sentence-classification");
        assumeTrue(Files.isDirectory(sets), sets + " is missing");
        List<LabelledText> texts = LabelledText.read(sets.resolve("TREC.train.all"));
        List<LabelledText> test = LabelledText.read(sets.resolve("TREC.test.all"));
        TextClassifier classifier = train(texts, 1);
        assertThat(ClassificationReport.of(classifier, test).accuracy()).isGreaterThan(0.88);
        String text = test.getFirst().text();
        assertThat(train(texts, 1).probabilities(text)).isEqualTo(classifier.probabilities(text));
    }

    @Test
    void longTextsAreLearntFromAsWell() {
        SplittableRandom random = new SplittableRandom(5);
        List<LabelledText> texts = new ArrayList<>();
        for (int t = 0; t < 200; t++) {
            int label = t % 2;
            StringBuilder text = new StringBuilder();
            for (int word = 0; word < 2000; word++) {
                int side = random.nextDouble() < 0.6 ? label : 1 - label;
                text.append("w").append(2 * (int) (500 * Math.pow(random.nextDouble(), 8)) + side).append(' ');
            }
            texts.add(new LabelledText("c" + label, text.toString()));
        }
        TextClassifier classifier = train(texts.subList(0, 150), 1);
        assertThat(classifier.probabilities(texts.getFirst().text())[0]).isBetween(0f, 1f);
        assertThat(ClassificationReport.of(classifier, texts.subList(150, 200)).accuracy()).isEqualTo(1);
    }

    @Test
    void reports() {
        ClassificationReport report = new ClassificationReport(List.of("a", "b", "c"),
                new int[][]{{3, 1, 0}, {1, 4, 0}, {1, 0, 0}});
        assertThat(report.texts()).isEqualTo(10);
        assertThat(report.accuracy()).isEqualTo(0.7);
        ClassificationReport.OfClass a = report.classes().getFirst();
        assertThat(a.precision()).isEqualTo(0.6);
        assertThat(a.recall()).isEqualTo(0.75);
        assertThat(a.f1()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(report.classes().get(2).precision()).isNaN();
        assertThat(report.macroF1()).isCloseTo((2 / 3.0 + 0.8 + 0) / 3, within(1e-12));
    }

    @Test
    void labelledTextsAreRead() throws IOException {
        Path file = folder.resolve("texts");
        Files.write(file, "1 good film\n\n__label__0\tbad caf\u00e9\r\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(LabelledText.read(file)).containsExactly(new LabelledText("1", "good film"),
                new LabelledText("0", "bad caf\uFFFD"));
        Files.writeString(file, "\uFEFF1 good film");
        assertThat(LabelledText.read(file)).containsExactly(new LabelledText("1", "good film"));
        for (String wrong : new String[]{"a b\nlabel", "a b\n__label__ text", "a b\n__label__x __label__y text"}) {
            Files.writeString(file, wrong);
            assertThatThrownBy(() -> LabelledText.read(file)).isInstanceOf(FormatException.class)
                    .hasMessageContaining("line 2");
        }
        for (String wrong : new String[]{"a b\ngood film __label__x", "a b\n\uFEFFx\t__label__x"}) {
            Files.writeString(file, wrong);
            assertThatThrownBy(() -> LabelledText.read(file)).isInstanceOf(FormatException.class)
                    .hasMessageContaining("line 2 has a label that is not first; put __label__ and its name before");
        }
        Files.writeString(file, "a b\n__label__x good __label__y");
        assertThatThrownBy(() -> LabelledText.read(file)).hasMessageContaining("line 2 has several labels");
        String longest = "\u5E02".repeat(65_535 / 3);
        Files.writeString(file, longest + " good");
        assertThat(LabelledText.read(file).getFirst().label()).isEqualTo(longest);
        Files.writeString(file, "a b\n__label__" + longest + "x good");
        assertThatThrownBy(() -> LabelledText.read(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("line 2 has a label longer than 65535 bytes");
        Files.writeString(file, "\n \n");
        assertThatThrownBy(() -> LabelledText.read(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("no lines");
    }
}
