// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import verbo.models.TextClassifier;
import verbo.text.LabelledText;

/**
 * How well a classifier does.
 *
 * @param labels
 *            the names of the classes, those of the classifier and of the texts
 * @param confusion
 *            {@code [class, predicted class]}: how many texts of a class were taken for each
 */
public record ClassificationReport(List<String> labels, int[][] confusion) {
    /**
     * A class by itself; a share of none is not a number.
     *
     * @param label
     *            its name
     * @param texts
     *            how many texts are of it
     * @param precision
     *            the share of those taken for it that are
     * @param recall
     *            the share of its texts taken for it
     */
    public record OfClass(String label, int texts, double precision, double recall) {
        /** The harmonic mean of both; 0 where nothing is right. */
        public double f1() {
            double sum = precision + recall;
            return sum > 0 ? 2 * precision * recall / sum : 0;
        }
    }

    /** Of a classifier on texts. */
    public static ClassificationReport of(TextClassifier classifier, List<LabelledText> texts) {
        TreeSet<String> names = new TreeSet<>(classifier.labels());
        texts.forEach(text -> names.add(text.label()));
        List<String> labels = new ArrayList<>(names);
        Map<String, Integer> numbers = new HashMap<>();
        labels.forEach(label -> numbers.put(label, numbers.size()));
        int[][] confusion = new int[labels.size()][labels.size()];
        for (LabelledText text : texts) {
            String predicted = classifier.labels().get(likeliest(classifier.probabilities(text.text())));
            confusion[numbers.getOrDefault(text.label(), 0)][numbers.getOrDefault(predicted, 0)]++;
        }
        return new ClassificationReport(labels, confusion);
    }

    /** The number of the class with the highest probability, the first of equals. */
    public static int likeliest(float[] probabilities) {
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            if (probabilities[i] > probabilities[best]) {
                best = i;
            }
        }
        return best;
    }

    /** How many texts. */
    public int texts() {
        return Arrays.stream(confusion).mapToInt(row -> Arrays.stream(row).sum()).sum();
    }

    /** The share of texts that were taken for what they are. */
    public double accuracy() {
        int right = 0;
        for (int c = 0; c < confusion.length; c++) {
            right += confusion[c][c];
        }
        return (double) right / texts();
    }

    /** The mean of the classes' F1, of those that have texts. */
    public double macroF1() {
        return classes().stream().filter(c -> c.texts() > 0).mapToDouble(OfClass::f1).average().orElse(Double.NaN);
    }

    /** Each class by itself. */
    public List<OfClass> classes() {
        List<OfClass> classes = new ArrayList<>();
        for (int c = 0; c < confusion.length; c++) {
            int texts = Arrays.stream(confusion[c]).sum();
            int predicted = 0;
            for (int[] row : confusion) {
                predicted += row[c];
            }
            classes.add(new OfClass(labels.get(c), texts, (double) confusion[c][c] / predicted,
                    (double) confusion[c][c] / texts));
        }
        return classes;
    }
}
