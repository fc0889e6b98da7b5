// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import verbo.models.TextClassifier.Config;
import verbo.text.LabelledText;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class TextClassifierTest {
    private static final List<LabelledText> TEXTS = List.of(new LabelledText("sea", "salt water and wind"),
            new LabelledText("land", "stone and dry sand"), new LabelledText("air", "wind and birds"));

    private static TextClassifier classifier(List<Integer> hidden) {
        return TextClassifier.create(new Config(5, hidden, 2, 3, 4), TEXTS, 1, null, 3);
    }

    /** All parameters, one array behind the other. */
    private static List<float[]> parameters(TextClassifier classifier) {
        List<float[]> all = new ArrayList<>();
        all.add(classifier.vectors());
        classifier.layers().forEach(layer -> {
            all.add(layer.weight());
            all.add(layer.bias());
        });
        return all;
    }

    /** The loss in double precision, from the formula of the class. */
    private static double loss(TextClassifier classifier, int[] rows, int label, double smoothing) {
        int d = classifier.config().dimension();
        double[] h = new double[d];
        double[] weights = Arrays.stream(rows).mapToDouble(row -> classifier.isWord(row) ? 1 : 0.7f).toArray();
        for (int r = 0; r < rows.length; r++) {
            for (int i = 0; i < d; i++) {
                h[i] += weights[r] * classifier.vectors()[rows[r] * d + i] / Math.sqrt(Arrays.stream(weights).sum());
            }
        }
        for (int l = 0; l < classifier.layers().size(); l++) {
            TextClassifier.Layer layer = classifier.layers().get(l);
            double[] next = new double[layer.out()];
            for (int o = 0; o < next.length; o++) {
                next[o] = layer.bias().length == 0 ? 0 : layer.bias()[o];
                for (int i = 0; i < h.length; i++) {
                    next[o] += layer.weight()[o * h.length + i] * h[i];
                }
                next[o] = l < classifier.layers().size() - 1 ? Math.max(0, next[o]) : next[o];
            }
            h = next;
        }
        return Math.log(Arrays.stream(h).map(Math::exp).sum()) - (1 - smoothing) * h[label]
                - smoothing * Arrays.stream(h).average().orElseThrow();
    }

    @Test
    void stepsAreThoseOfTheGradient() {
        for (List<Integer> hidden : List.of(List.<Integer>of(), List.of(4), List.of(6, 3))) {
            TextClassifier classifier = classifier(hidden);
            for (float[] values : parameters(classifier)) {
                for (int i = 0; i < values.length; i++) {
                    values[i] += (float) (0.4 * GoldenNumbers.hashed(values.length, i) + 0.05);
                }
            }
            int[] rows = classifier.rows("salt water water wind");
            List<float[]> before = parameters(classifier).stream().map(float[]::clone).toList();
            List<double[]> gradients = new ArrayList<>();
            for (float[] values : parameters(classifier)) {
                double[] gradient = new double[values.length];
                for (int i = 0; i < values.length; i++) {
                    float value = values[i];
                    values[i] = value + 1e-3f;
                    double above = loss(classifier, rows, 1, 0.3);
                    double step = values[i];
                    values[i] = value - 1e-3f;
                    gradient[i] = (above - loss(classifier, rows, 1, 0.3)) / (step - values[i]);
                    values[i] = value;
                }
                gradients.add(gradient);
            }
            double expected = loss(classifier, rows, 1, 0);
            assertThat(classifier.learner().learn(rows, 1, 0.5f, 0.3f)).isCloseTo(expected, within(1e-5));
            List<float[]> after = parameters(classifier);
            for (int p = 0; p < after.size(); p++) {
                for (int i = 0; i < after.get(p).length; i++) {
                    assertThat((double) after.get(p)[i]).as("hidden " + hidden + ", parameter " + p + "[" + i + "]")
                            .isCloseTo(before.get(p)[i] - 0.5 * gradients.get(p)[i], within(2e-6));
                }
            }
        }
    }

    @Test
    void learnsAndIsReadAsWritten() throws IOException {
        TextClassifier classifier = classifier(List.of(8));
        TextClassifier.Learner learner = classifier.learner();
        for (int step = 0; step < 600; step++) {
            LabelledText text = TEXTS.get(step % 3);
            learner.learn(classifier.rows(text.text()),
                    Objects.requireNonNull(classifier.labelNumbers().get(text.label())), 0.2f, 0);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TextClassifierFile.write(classifier, out);
        TextClassifier read = TextClassifierFile.read(Path.of("c"), new ByteArrayInputStream(out.toByteArray()),
                out.size());
        assertThat(read.labels()).containsExactly("air", "land", "sea");
        for (LabelledText text : TEXTS) {
            float[] p = read.probabilities(text.text());
            assertThat(p).isEqualTo(classifier.probabilities(text.text()));
            assertThat(p[read.labels().indexOf(text.label())]).isGreaterThan(0.9f);
        }
        assertThat(read.probabilities("nothing known here")).hasSize(3);
    }

    @Test
    void beginsWithGivenVectors() {
        WordVectors vectors = new WordVectors(List.of("wind", "other"), new float[][]{{1, 2, 3}, {4, 5, 6}});
        TextClassifier classifier = TextClassifier.create(new Config(3, List.of(), 1, 3, 0), TEXTS, 1, vectors, 1);
        int row = classifier.rows("wind")[0];
        assertThat(Arrays.copyOfRange(classifier.vectors(), 3 * row, 3 * row + 3)).containsExactly(1, 2, 3);
        assertThatThrownBy(() -> TextClassifier.create(new Config(4, List.of(), 1, 3, 0), TEXTS, 1, vectors, 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3 numbers");
    }

    @Test
    void featuresAreWordsRunsAndCharacters() {
        assertThat(new TextFeatures(1, 3, 0).of(" a  b\ta ")).containsExactly(TextFeatures.ofWord("a"),
                TextFeatures.ofWord("b"), TextFeatures.ofWord("a"));
        assertThat(new TextFeatures(3, 3, 0).of("a b c d")).hasSize(4 + 5 + 4).doesNotHaveDuplicates();
        assertThat(new TextFeatures(2, 3, 3).of("sea sea")).hasSize(2 + 3 + 2 * 3);
        assertThat(new TextFeatures(2, 3, 0).of("a b")[3]).isNotEqualTo(new TextFeatures(2, 3, 0).of("b a")[3]);
        assertThat(new TextFeatures(5, 3, 5).of("")).isEmpty();
        assertThat(Arrays.stream(new TextFeatures(2, 3, 3).of("sea sea")).filter(TextFeatures::isWord)).hasSize(2);
    }

    @Test
    void whatIsWrongIsSaid() {
        assertThatThrownBy(
                () -> TextClassifier.create(new Config(3, List.of(), 1, 3, 0), TEXTS.subList(0, 1), 1, null, 1))
                .hasMessageContaining("all texts have the label 'sea'");
        assertThatThrownBy(() -> TextClassifier.create(new Config(3, List.of(), 1, 3, 0), TEXTS, 9, null, 1))
                .hasMessageContaining("no word occurs 9 times");
        assertThatThrownBy(() -> TextClassifier.create(new Config(3, List.of(), 1, 3, 0), List.of(), 1, null, 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no texts");
        String words = IntStream.range(0, 1 << 15).mapToObj(Integer::toString).collect(Collectors.joining(" "));
        assertThatThrownBy(() -> TextClassifier.create(new Config(1 << 16, List.of(), 1, 3, 0),
                List.of(new LabelledText("a", words), new LabelledText("b", "x")), 1, null, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("32769 vectors of 65536 numbers are more than").hasMessageContaining("ask for");
        assertThatThrownBy(() -> TextClassifier.create(new Config(1 << 16, List.of(1 << 16), 1, 3, 0), TEXTS, 1, null,
                1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("narrower layers");
        assertThatThrownBy(() -> new Config(0, List.of(), 1, 3, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Config(1, List.of(0), 1, 3, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Config(1, List.of(), 0, 3, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
