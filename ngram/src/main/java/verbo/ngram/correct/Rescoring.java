// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.correct;

import java.util.ArrayList;
import java.util.List;

/**
 * Chooses again among what a recogniser offers (n-best lists), with a language model's help: the text of the highest
 *
 * <pre>
 * score + lm * ln p(text) + word * number of words
 * </pre>
 *
 * @param lm
 *            how much the language model counts
 * @param word
 *            what a word more is worth, against a language model's liking for short texts
 */
public record Rescoring(double lm, double word) {
    /**
     * What a recogniser offers.
     *
     * @param score
     *            the recogniser's own; more is better
     * @param logProbability
     *            the language model's, in nats
     */
    public record Hypothesis(String text, double score, double logProbability) {
        private String[] words() {
            return text.isBlank() ? new String[0] : text.strip().split("\\s+");
        }
    }

    private static final double[] SCALES = {0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30,
            50};
    private static final double[] WORDS = {0, -0.5, 0.5, -1, 1, -2, 2, -4, 4, -8, 8};

    /** What a hypothesis is worth. */
    public double total(Hypothesis hypothesis) {
        return hypothesis.score + lm * hypothesis.logProbability + word * hypothesis.words().length;
    }

    /** The best of a list, the first of equal ones. */
    public Hypothesis best(List<Hypothesis> list) {
        Hypothesis best = list.getFirst();
        for (Hypothesis each : list) {
            best = total(each) > total(best) ? each : best;
        }
        return best;
    }

    /** The word error rate of the best of each list. */
    public double errorRate(List<List<Hypothesis>> lists, List<String> references) {
        if (lists.size() != references.size()) {
            throw new IllegalArgumentException(lists.size() + " lists and " + references.size() + " references");
        }
        long errors = 0;
        long words = 0;
        for (int i = 0; i < lists.size(); i++) {
            String[] right = new Hypothesis(references.get(i), 0, 0).words();
            errors += WordErrors.count(right, best(lists.get(i)).words());
            words += right.length;
        }
        return (double) errors / Math.max(1, words);
    }

    /** The weights of the lowest word error rate on held-out lists: a grid, and then halfway around its best. */
    public static Rescoring tune(List<List<Hypothesis>> lists, List<String> references) {
        Rescoring best = new Rescoring(0, 0);
        double least = best.errorRate(lists, references);
        List<Rescoring> tried = new ArrayList<>();
        for (double scale : SCALES) {
            for (double word : WORDS) {
                tried.add(new Rescoring(scale, word * Math.max(scale, 0.1)));
            }
        }
        for (int round = 0; round < 3; round++) {
            for (Rescoring each : tried) {
                double rate = each.errorRate(lists, references);
                if (rate < least) {
                    least = rate;
                    best = each;
                }
            }
            tried.clear();
            for (double scale : new double[]{0.8, 0.9, 1, 1.1, 1.25}) {
                for (double word : new double[]{-0.5, -0.2, 0, 0.2, 0.5}) {
                    tried.add(new Rescoring(best.lm * scale, best.word + word * Math.max(best.lm, 0.1)));
                }
            }
        }
        return best;
    }
}
