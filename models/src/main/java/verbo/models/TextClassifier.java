// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import verbo.nn.Seeds;
import verbo.text.LabelledText;

/**
 * A feed-forward classifier of texts: the sum of the vectors of a text's words and n-grams over the root of how many they are,
 * through any number of hidden layers, to a softmax over the classes. With a mean for that sum it is, without a hidden layer,
 * fastText's (Joulin et al. 2017), with some the deep averaging network (Iyyer et al. 2015).
 *
 * <pre>
 * h_0 = sum_f c_f e_f / sqrt(sum_f c_f)             [dimension], over the text's features f: c = 1 for a word, 0.7 for a run
 *                                                   of words or characters
 * h_l = relu(W_l h_{l-1} + b_l)                     [hidden_l]
 * p   = softmax(W h)                                [classes]
 * </pre>
 *
 * A mean of n independent vectors shrinks with the root of n, and with it what a long text teaches; this sum does not. A text
 * has few features and a step touches few rows, so it learns text by text in plain loops and needs no engine. The root, how
 * much a run counts and how near zero words begin were found by cross-validation on the training texts of TREC and SST-2.
 */
public final class TextClassifier {
    private static final float WEIGHT_OF_RUN = 0.7f;
    private static final int MOST_NUMBERS = Integer.MAX_VALUE - 8; // the longest array

    /**
     * The shape of a classifier.
     *
     * @param dimension
     *            numbers in the vector of a feature
     * @param hidden
     *            the widths of the hidden layers; none for fastText's shape
     * @param words
     *            the longest run of words that is a feature
     * @param shortest
     *            the shortest run of characters
     * @param longest
     *            the longest run of characters; 0 for none
     */
    public record Config(int dimension, List<Integer> hidden, int words, int shortest, int longest) {
        /** Checks that each value is possible. */
        public Config {
            hidden = List.copyOf(hidden);
            for (int width : hidden) {
                checkWidth("a hidden layer", width);
            }
            checkWidth("a vector", dimension);
            new TextFeatures(words, shortest, longest);
        }

        private static void checkWidth(String what, int width) {
            if (width < 1 || width > 1 << 16) {
                throw new IllegalArgumentException(what + " must have from 1 to 65536 numbers, not " + width);
            }
        }

        TextFeatures features() {
            return new TextFeatures(words, shortest, longest);
        }
    }

    /** {@code W x + b}: weight {@code [out, in]}, bias {@code [out]}; without b, an empty one. */
    record Layer(int in, int out, float[] weight, float[] bias) {
        Layer(int in, int out, boolean biased) {
            this(in, out, new float[size(out, in, "ask for narrower layers")], new float[biased ? out : 0]);
        }

        private void forward(float[] x, float[] y) {
            for (int o = 0; o < out; o++) {
                y[o] = dot(weight, o * in, x, in) + (bias.length == 0 ? 0 : bias[o]);
            }
        }

        /**
         * Gives the gradient of x, then takes a step against that of the weights: so short where x is long that no output
         * moves by more than its gradient, or a text of a thousand words would throw the weights out.
         */
        private void backward(float[] x, float[] dy, float[] dx, float most) {
            float rate = Math.min(most, 1 / dot(x, 0, x, in));
            Arrays.fill(dx, 0, in, 0);
            for (int o = 0; o < out; o++) {
                float gradient = dy[o];
                if (gradient != 0) {
                    int row = o * in;
                    for (int i = 0; i < in; i++) {
                        dx[i] += gradient * weight[row + i];
                    }
                    for (int i = 0; i < in; i++) {
                        weight[row + i] -= rate * gradient * x[i];
                    }
                    if (bias.length > 0) {
                        bias[o] -= rate * gradient;
                    }
                }
            }
        }
    }

    /** The size of a matrix, in one array. */
    private static int size(int rows, int columns, String advice) {
        long size = (long) rows * columns;
        if (size > MOST_NUMBERS) {
            throw new IllegalArgumentException(rows + " vectors of " + columns + " numbers are more than the "
                    + MOST_NUMBERS + " numbers that can be held: " + advice);
        }
        return (int) size;
    }

    private final Config config;
    private final TextFeatures features;
    private final List<String> labels;
    private final FeatureTable table;
    private final float[] vectors; // [features, dimension]
    private final float[] weights; // [features]: how much each counts in a text
    private final List<Layer> layers; // the hidden ones, then that of the classes

    TextClassifier(Config config, List<String> labels, FeatureTable table, float[] vectors, List<Layer> layers) {
        this.config = config;
        this.features = config.features();
        this.labels = List.copyOf(labels);
        this.table = table;
        this.vectors = vectors;
        this.layers = layers;
        long[] known = table.features();
        weights = new float[known.length];
        for (int row = 0; row < known.length; row++) {
            weights[row] = TextFeatures.isWord(known[row]) ? 1 : WEIGHT_OF_RUN;
        }
    }

    /**
     * A classifier that has learnt nothing yet.
     *
     * @param texts
     *            whose labels and features it knows
     * @param minimum
     *            features that occur less often are left out
     * @param learned
     *            word vectors to begin with, of the configuration's dimension; or null
     * @throws IllegalArgumentException
     *             if there are fewer than two labels, no feature is left, or there are more than memory can hold
     */
    public static TextClassifier create(Config config, List<LabelledText> texts, int minimum,
            @Nullable WordVectors learned, long seed) {
        TreeSet<String> names = new TreeSet<>();
        texts.forEach(text -> names.add(text.label()));
        if (names.isEmpty()) {
            throw new IllegalArgumentException("there are no texts to learn from");
        }
        if (names.size() < 2) {
            throw new IllegalArgumentException("all texts have the label '" + names.first()
                    + "'; there must be two or more to tell apart");
        }
        if (learned != null && learned.dimension() != config.dimension()) {
            throw new IllegalArgumentException("word vectors of " + learned.dimension()
                    + " numbers for a classifier with vectors of " + config.dimension());
        }
        FeatureTable table = FeatureTable.of(config.features(), texts, minimum);
        if (table.size() == 0) {
            throw new IllegalArgumentException(
                    "no word occurs " + minimum + " times, so there is nothing to learn from: ask"
                            + " for fewer");
        }
        int d = config.dimension();
        float[] vectors = initialVectors(table.features(), d, seed);
        if (learned != null) {
            for (int w = 0; w < learned.size(); w++) {
                int row = table.row(TextFeatures.ofWord(learned.word(w)));
                if (row >= 0) {
                    System.arraycopy(learned.vector(w), 0, vectors, row * d, d);
                }
            }
        }
        List<Layer> layers = new ArrayList<>();
        int width = d;
        for (int hidden : config.hidden()) {
            Layer layer = new Layer(width, hidden, true);
            SplittableRandom own = new SplittableRandom(Seeds.derive(seed, layers.size()));
            double deviation = Math.sqrt(2.0 / width); // He et al. 2015
            for (int i = 0; i < layer.weight().length; i++) {
                layer.weight()[i] = (float) (own.nextGaussian() * deviation);
            }
            layers.add(layer);
            width = hidden;
        }
        layers.add(new Layer(width, names.size(), false));
        return new TextClassifier(config, new ArrayList<>(names), table, vectors, layers);
    }

    /** Words begin at random near zero, runs, of which most are rare, at zero. */
    private static float[] initialVectors(long[] features, int dimension, long seed) {
        float[] vectors = new float[size(features.length, dimension,
                "ask for a lower dimension, or for fewer features by a higher minimum or shorter runs")];
        SplittableRandom random = new SplittableRandom(seed);
        for (int row = 0; row < features.length; row++) {
            if (TextFeatures.isWord(features[row])) {
                for (int i = row * dimension; i < (row + 1) * dimension; i++) {
                    vectors[i] = (float) ((random.nextDouble() * 2 - 1) / (3 * dimension));
                }
            }
        }
        return vectors;
    }

    /** The shape. */
    public Config config() {
        return config;
    }

    /** The names of the classes, in the order of their probabilities. */
    public List<String> labels() {
        return labels;
    }

    /** How many words and n-grams have a vector. */
    public int featureCount() {
        return table.size();
    }

    FeatureTable table() {
        return table;
    }

    float[] vectors() {
        return vectors;
    }

    List<Layer> layers() {
        return layers;
    }

    /** The rows of a text's features, without those that have none. */
    public int[] rows(String text) {
        return table.rows(features.of(text));
    }

    /** Whether a row is a word's, not a run's of words or characters. */
    public boolean isWord(int row) {
        return weights[row] == 1;
    }

    /** The probability of each class for a text. */
    public float[] probabilities(String text) {
        return new Learner().forward(rows(text));
    }

    /** What learns, one text after the other. */
    public Learner learner() {
        return new Learner();
    }

    /** The number of each label. */
    public Map<String, Integer> labelNumbers() {
        Map<String, Integer> numbers = new HashMap<>();
        labels.forEach(label -> numbers.put(label, numbers.size()));
        return numbers;
    }

    private static float dot(float[] weight, int at, float[] x, int n) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) { // four sums: an addition waits for the one before
            a += weight[at + i] * x[i];
            b += weight[at + i + 1] * x[i + 1];
            c += weight[at + i + 2] * x[i + 2];
            d += weight[at + i + 3] * x[i + 3];
        }
        for (; i < n; i++) {
            a += weight[at + i] * x[i];
        }
        return a + b + (c + d);
    }

    /** Values between the layers, and the steps of learning. Not for several threads at once. */
    public final class Learner {
        private final float[][] values = new float[layers.size() + 1][]; // h_0, h_1, ..., the probabilities
        private final float[][] gradients = new float[layers.size() + 1][];
        private float scale; // one over the root of the last text's weights

        private Learner() {
            for (int l = 0; l <= layers.size(); l++) {
                values[l] = new float[l == 0 ? config.dimension() : layers.get(l - 1).out()];
                gradients[l] = new float[values[l].length];
            }
        }

        /** The probabilities of the classes; the array is used again. */
        float[] forward(int[] rows) {
            int d = config.dimension();
            float[] text = values[0];
            Arrays.fill(text, 0);
            float count = 0;
            for (int row : rows) {
                int at = row * d;
                float weight = weights[row];
                count += weight;
                for (int i = 0; i < d; i++) {
                    text[i] += weight * vectors[at + i];
                }
            }
            scale = rows.length == 0 ? 0 : (float) (1 / Math.sqrt(count));
            for (int i = 0; i < d; i++) {
                text[i] *= scale;
            }
            for (int l = 0; l < layers.size(); l++) {
                float[] y = values[l + 1];
                layers.get(l).forward(values[l], y);
                if (l < layers.size() - 1) {
                    for (int i = 0; i < y.length; i++) {
                        y[i] = Math.max(0, y[i]);
                    }
                } else {
                    softmax(y);
                }
            }
            return values[layers.size()];
        }

        /**
         * Takes a step of gradient descent on the cross-entropy.
         *
         * @param rows
         *            of a text's features
         * @param label
         *            the number of its class
         * @param rate
         *            the step is so many times the gradient
         * @param smoothing
         *            the share of probability that the target gives to all classes alike, from 0 on (Szegedy et al. 2016)
         * @return the loss before, in nats, of the label alone
         */
        public double learn(int[] rows, int label, float rate, float smoothing) {
            float[] p = forward(rows);
            double loss = -Math.log(Math.max(1e-30, p[label]));
            float[] gradient = gradients[layers.size()];
            for (int c = 0; c < p.length; c++) {
                gradient[c] = p[c] - smoothing / p.length;
            }
            gradient[label] -= 1 - smoothing;
            for (int l = layers.size() - 1; l >= 0; l--) {
                layers.get(l).backward(values[l], gradients[l + 1], gradients[l], rate);
                if (l > 0) {
                    for (int i = 0; i < values[l].length; i++) {
                        gradients[l][i] = values[l][i] > 0 ? gradients[l][i] : 0;
                    }
                }
            }
            int d = config.dimension();
            float[] change = gradients[0];
            for (int i = 0; i < d; i++) {
                change[i] *= rate * scale;
            }
            for (int row : rows) {
                int at = row * d;
                float weight = weights[row];
                for (int i = 0; i < d; i++) {
                    vectors[at + i] -= weight * change[i];
                }
            }
            return loss;
        }

        private static void softmax(float[] x) {
            float most = x[0];
            for (float v : x) {
                most = Math.max(most, v);
            }
            float sum = 0;
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) Math.exp(x[i] - most);
                sum += x[i];
            }
            for (int i = 0; i < x.length; i++) {
                x[i] /= sum;
            }
        }
    }
}
