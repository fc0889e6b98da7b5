// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import verbo.models.SkipGramConfig.Architecture;
import verbo.nn.Seeds;
import verbo.tensor.LogisticSteps;
import verbo.tensor.SharedRows;
import verbo.text.IndexedText;

/**
 * Word vectors: word2vec's skip-gram and continuous bag of words (Mikolov et al. 2013), with negative sampling or a
 * hierarchical softmax, and fastText's character n-grams (Bojanowski et al. 2017).
 *
 * <p>
 * Each word w has a row x_w, its vector, and a row y_w that says how likely it is beside others. With negative sampling, for
 * each word and neighbour (w, c) in the text and K words n drawn by chance, the loss is
 *
 * <pre>
 * -log σ(x_c · y_w) - Σ_n log σ(-x_c · y_n)
 * </pre>
 *
 * The K words are drawn once for w and all its neighbours, not for each of them (as Ji et al. 2016): the pairs of a window are
 * then a small matrix product. In the hierarchical softmax the y are decisions on the way to w in a binary tree. In CBOW the
 * mean of the neighbours' rows stands in place of x_c, and with n-grams the mean of the rows of a word and its n-grams does.
 */
public final class SkipGram implements AutoCloseable {
    private static final int LONGEST_SENTENCE = 10_000;

    private final SkipGramConfig config;
    private final IndexedText text;
    private final SharedRows x; // [words + n-grams, dimension]
    private final SharedRows y; // [words or inner nodes, dimension]
    private final int @Nullable [][] parts; // with n-grams: of each word, the rows of x whose mean is its vector
    private final Map<String, Integer> ngrams = new LinkedHashMap<>();
    private final @Nullable NegativeSampler sampler;
    private final @Nullable HuffmanTree tree;
    private final int[] keep; // of each word: is kept if 31 random bits are below

    /** A model of the text's words whose vectors are small random numbers. */
    public SkipGram(SkipGramConfig config, IndexedText text, long seed) {
        this.config = config;
        this.text = text;
        int words = text.vocabularySize();
        parts = config.longest() == 0
                ? null
                : Subwords.rows(words(text), config.shortest(), config.longest(), ngrams);
        sampler = config.negative() > 0 ? new NegativeSampler(words, text::count) : null;
        tree = config.negative() > 0 ? null : new HuffmanTree(words, text::count);
        keep = keep(config.sample(), text);
        x = SharedRows.of(words + ngrams.size(), config.dimension());
        y = SharedRows.of(words, config.dimension());
        float[] row = new float[config.dimension()];
        for (int r = 0; r < x.rows(); r++) {
            SplittableRandom random = new SplittableRandom(Seeds.derive(seed, r));
            for (int i = 0; i < row.length; i++) {
                row[i] = (float) (random.nextDouble() - 0.5) / row.length;
            }
            x.write(r, row);
        }
    }

    private static List<String> words(IndexedText text) {
        List<String> words = new ArrayList<>();
        for (int w = 0; w < text.vocabularySize(); w++) {
            words.add(text.word(w));
        }
        return words;
    }

    /** A word that makes up the share f of the text is kept with probability √(t/f) + t/f. */
    private static int[] keep(double t, IndexedText text) {
        int[] keep = new int[text.vocabularySize()];
        Arrays.fill(keep, Integer.MAX_VALUE);
        if (t > 0) {
            double total = 0;
            for (int w = 0; w < keep.length; w++) {
                total += text.count(w);
            }
            for (int w = 0; w < keep.length; w++) {
                double f = text.count(w) / total;
                keep[w] = (int) Math.min(Integer.MAX_VALUE, (Math.sqrt(t / f) + t / f) * 0x1p31);
            }
        }
        return keep;
    }

    /** What one thread learns with. Many may work at once; what they do to the same row at the same time may be lost. */
    public Learner learner() {
        return new Learner();
    }

    /** The vectors as they are now. */
    public WordVectors vectors() {
        float[][] rows = new float[text.vocabularySize()][config.dimension()];
        float[] part = new float[config.dimension()];
        for (int w = 0; w < rows.length; w++) {
            if (parts == null) {
                x.read(w, rows[w]);
            } else {
                for (int row : parts[w]) {
                    x.read(row, part);
                    for (int i = 0; i < part.length; i++) {
                        rows[w][i] += part[i] / parts[w].length;
                    }
                }
            }
        }
        return new WordVectors(words(text), rows);
    }

    /** The vectors of the character n-grams, of which those of unknown words are the means; none without n-grams. */
    public WordVectors ngrams() {
        float[][] rows = new float[ngrams.size()][config.dimension()];
        ngrams.forEach((ngram, row) -> x.read(row, rows[row - text.vocabularySize()]));
        return new WordVectors(new ArrayList<>(ngrams.keySet()), rows);
    }

    @Override
    public void close() {
        x.close();
        y.close();
    }

    /** One thread's part in learning. */
    public final class Learner implements AutoCloseable {
        private final int[] sentence = new int[LONGEST_SENTENCE];
        private final LogisticSteps steps;
        private int[] inputs;
        private final int[] outputs;
        private final float[] labels;
        private int m;
        private int n;
        private int pairs;
        private long state;

        private Learner() {
            int neighbours = 2 * config.window();
            int each = tree == null ? 1 + config.negative() : Math.max(1, tree.longest());
            boolean ofMean = parts != null || config.architecture() == Architecture.CBOW;
            int most = parts != null && config.architecture() == Architecture.SKIP_GRAM ? neighbours * each : each;
            inputs = new int[neighbours];
            outputs = new int[most];
            labels = new float[most];
            steps = LogisticSteps.of(config.dimension(), ofMean ? 1 : neighbours, most);
        }

        /**
         * Learns from a part of the text.
         *
         * @param from
         *            the first of {@link IndexedText#ids}
         * @param to
         *            the last, exclusive
         * @param rate
         *            the learning rate
         * @param seed
         *            of everything that is drawn
         */
        public void learn(int from, int to, float rate, long seed) {
            state = seed;
            int[] ids = text.ids();
            int length = 0;
            for (int i = from; i < to; i++) {
                int id = ids[i];
                if (id == IndexedText.END || length == LONGEST_SENTENCE) {
                    sentence(length, rate);
                    length = 0;
                }
                if (id != IndexedText.END && (random() >>> 33) <= keep[id]) {
                    sentence[length++] = id;
                }
            }
            sentence(length, rate);
        }

        /** The loss of the last step, in nats for each pair of neighbours; not a number before there was one. */
        public double loss() {
            return pairs == 0 ? Double.NaN : steps.loss() / pairs;
        }

        private void sentence(int length, float rate) {
            for (int at = 0; at < length; at++) {
                int reach = 1 + (int) ((random() >>> 32) * config.window() >>> 32);
                int from = Math.max(0, at - reach);
                int to = Math.min(length, at + reach + 1);
                if (to - from > 1) {
                    m = 0;
                    n = 0;
                    pairs = config.architecture() == Architecture.CBOW ? 1 : to - from - 1;
                    if (config.architecture() == Architecture.CBOW) {
                        bagOfWords(from, at, to, rate);
                    } else if (parts == null) {
                        skipGram(from, at, to, rate);
                    } else {
                        skipGramOfParts(from, at, to, rate);
                    }
                }
            }
        }

        /** The neighbours are the inputs, as in word2vec's own program: it is the same set of pairs over the text. */
        private void skipGram(int from, int at, int to, float rate) {
            for (int i = from; i < to; i++) {
                if (i != at) {
                    inputs[m++] = sentence[i];
                }
            }
            addOutputs(sentence[at]);
            steps.step(x, inputs, m, y, outputs, labels, n, rate);
        }

        private void skipGramOfParts(int from, int at, int to, float rate) {
            addParts(sentence[at]);
            for (int i = from; i < to; i++) {
                if (i != at) {
                    addOutputs(sentence[i]);
                }
            }
            steps.stepOfMean(x, inputs, m, y, outputs, labels, n, rate);
        }

        private void bagOfWords(int from, int at, int to, float rate) {
            for (int i = from; i < to; i++) {
                if (i != at) {
                    addParts(sentence[i]);
                }
            }
            addOutputs(sentence[at]);
            steps.stepOfMean(x, inputs, m, y, outputs, labels, n, rate);
        }

        private void addParts(int word) {
            int count = parts == null ? 1 : parts[word].length;
            if (m + count > inputs.length) {
                inputs = Arrays.copyOf(inputs, 2 * (m + count));
            }
            if (parts == null) {
                inputs[m++] = word;
            } else {
                System.arraycopy(parts[word], 0, inputs, m, count);
                m += count;
            }
        }

        /** The word and some that are drawn, or the decisions on the way to it. */
        private void addOutputs(int word) {
            if (tree != null) {
                int[] nodes = tree.nodes(word);
                System.arraycopy(nodes, 0, outputs, n, nodes.length);
                System.arraycopy(tree.labels(word), 0, labels, n, nodes.length);
                n += nodes.length;
            } else if (sampler != null) {
                outputs[n] = word;
                labels[n++] = 1;
                for (int k = 0; k < config.negative(); k++) {
                    int drawn = sampler.draw(random());
                    if (drawn != word) {
                        outputs[n] = drawn;
                        labels[n++] = 0;
                    }
                }
            }
        }

        /** SplitMix64 (Steele et al. 2014). */
        private long random() {
            state += 0x9E3779B97F4A7C15L;
            long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            return z ^ (z >>> 31);
        }

        @Override
        public void close() {
            steps.close();
        }
    }
}
