// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import verbo.models.TextClassifier;
import verbo.text.LabelledText;

/**
 * Trains a classifier by stochastic gradient descent, a text a step, in an order drawn anew for each epoch. Labels are smoothed,
 * and part of a text's features may be left out each time ("word dropout", Iyyer et al. 2015). One thread: the same seed
 * gives the same classifier.
 */
public final class ClassifierTraining {
    /**
     * How to train.
     *
     * @param epochs
     *            how often each text is learnt from
     * @param rate
     *            the learning rate at the beginning; it falls to zero in a straight line
     * @param smoothing
     *            the share of a label's probability that is spread over all classes
     * @param dropout
     *            the probability with which a run of words or characters is left out
     * @param wordDropout
     *            the probability with which a word is
     * @param seed
     *            of everything that is drawn
     */
    public record Options(int epochs, double rate, double smoothing, double dropout, double wordDropout, long seed) {
        /** Checks that each value is possible. */
        public Options {
            if (epochs < 1) {
                throw new IllegalArgumentException("at least 1 epoch is needed, not " + epochs);
            }
            if (!(rate > 0 && rate <= 100)) {
                throw new IllegalArgumentException("the learning rate must be above 0 and at most 100, not " + rate);
            }
            checkShare("the smoothing of labels", smoothing);
            checkShare("the dropout", dropout);
            checkShare("the dropout of words", wordDropout);
        }

        private static void checkShare(String what, double share) {
            if (!(share >= 0 && share < 1)) {
                throw new IllegalArgumentException(what + " must be from 0 to below 1, not " + share);
            }
        }
    }

    /** Told now and then how far the training is. */
    public interface Listener {
        /**
         * @param texts
         *            learnt from, times epochs
         * @param total
         *            how many there are
         * @param loss
         *            the mean in this epoch, in nats a text
         */
        void progress(long texts, long total, double loss);
    }

    private static final int BETWEEN_REPORTS = 1000; // texts

    private final TextClassifier classifier;
    private final Options options;
    private final int[][] rows;
    private final int[] labels;
    private volatile boolean stopped;

    /** A training on these texts, all of whose labels the classifier has. */
    public ClassifierTraining(TextClassifier classifier, List<LabelledText> texts, Options options) {
        this.classifier = classifier;
        this.options = options;
        rows = new int[texts.size()][];
        labels = new int[texts.size()];
        Map<String, Integer> numbers = classifier.labelNumbers();
        for (int t = 0; t < rows.length; t++) {
            rows[t] = classifier.rows(texts.get(t).text());
            Integer number = numbers.get(texts.get(t).label());
            if (number == null) {
                throw new IllegalArgumentException("the classifier has no label '" + texts.get(t).label() + "'");
            }
            labels[t] = number;
        }
    }

    /** Makes {@link #run} return soon; true, since it does. */
    public boolean stop() {
        stopped = true;
        return true;
    }

    /** Trains to the end, or until stopped; gives the mean loss in the last epoch, in nats a text. */
    public double run(Listener listener) {
        SplittableRandom random = new SplittableRandom(options.seed());
        TextClassifier.Learner learner = classifier.learner();
        int[] order = new int[rows.length];
        Arrays.setAll(order, i -> i);
        long total = (long) order.length * options.epochs();
        long step = 0;
        double loss = 0;
        for (int epoch = 0; epoch < options.epochs() && !stopped; epoch++) {
            loss = 0;
            for (int i = order.length - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                int text = order[i];
                order[i] = order[other];
                order[other] = text;
            }
            for (int i = 0; i < order.length && !stopped; i++) {
                float rate = (float) (options.rate() * (1 - (double) step / total));
                loss += learner.learn(kept(rows[order[i]], random), labels[order[i]], rate,
                        (float) options.smoothing());
                step++;
                if (step % BETWEEN_REPORTS == 0) {
                    listener.progress(step, total, loss / (i + 1));
                }
            }
            loss /= order.length;
        }
        return loss;
    }

    /** Those features that are not left out; all of them rather than none. */
    private int[] kept(int[] features, SplittableRandom random) {
        if (options.dropout() == 0 && options.wordDropout() == 0) {
            return features;
        }
        int[] kept = new int[features.length];
        int count = 0;
        for (int feature : features) {
            if (random.nextDouble() >= (classifier.isWord(feature) ? options.wordDropout() : options.dropout())) {
                kept[count++] = feature;
            }
        }
        return count == 0 ? features : Arrays.copyOf(kept, count);
    }
}
