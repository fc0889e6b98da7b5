// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Arrays;

/**
 * The letters of one language: a character n-gram model by interpolated Kneser-Ney smoothing (Chen and Goodman, 1999) with
 * one discount {@code D} an order,
 *
 * <pre>
 * p(c | h) = max(count(h c) - D, 0) / count(h) + b(h) p(c | h'),    b(h) = D types(h) / count(h)
 * </pre>
 *
 * where {@code h'} is the context {@code h} without its first letter and {@code types(h)} how many letters came after it. Below
 * the highest order an n-gram counts once for every letter it came after, unless a word begins with it. The probability of a
 * letter without context mixes with a constant for letters never seen.
 *
 * <p>
 * The logarithm of a word's probability is a sum over all n-grams in it: an n-gram {@code h c} weighs
 * {@code ln p(c | h) - ln p(c | h') - ln b(h)}, and as the context of another letter {@code ln b} of itself. So what a language
 * never had costs nothing to look up, and the models of all languages are one table of weights.
 */
final class CharacterModel {
    private static final int NONE = -1;

    private final int order;
    private final NgramIndex index = new NgramIndex();
    private int[] counts = new int[1024];
    private int[] prefixes = new int[1024]; // the n-gram without its last letter, NONE for a single one
    private int[] suffixes = new int[1024]; // without its first
    private byte[] lengths = new byte[1024];
    private boolean[] begins = new boolean[1024]; // whether it begins a word
    private double[] weights = {};
    private double unseen;

    CharacterModel(int order) {
        this.order = order;
    }

    /** Counts a text. */
    void count(int[] symbols) {
        int[] before = new int[order + 1]; // the n-grams that end at the symbol before, by length
        int[] here = new int[order + 1];
        int possible = 0;
        for (int i = 0; i < symbols.length; i++) {
            int symbol = symbols[i];
            int most = symbol == Letters.BEGIN ? 1 : Math.min(order, possible + 1);
            long hash = NgramHash.EMPTY;
            for (int n = 1; n <= most; n++) {
                hash = NgramHash.grow(hash, symbols[i - n + 1]);
                int number = index.add(hash);
                if (number == counts.length) {
                    counts = Arrays.copyOf(counts, 2 * number);
                    prefixes = Arrays.copyOf(prefixes, 2 * number);
                    suffixes = Arrays.copyOf(suffixes, 2 * number);
                    lengths = Arrays.copyOf(lengths, 2 * number);
                    begins = Arrays.copyOf(begins, 2 * number);
                }
                if (counts[number]++ == 0) {
                    prefixes[number] = n == 1 ? NONE : before[n - 1];
                    suffixes[number] = n == 1 ? NONE : here[n - 1];
                    lengths[number] = (byte) n;
                    begins[number] = symbols[i - n + 1] == Letters.BEGIN;
                    if (symbol == Letters.BEGIN) {
                        prefixes[number] = number; // a context only: nothing comes before it
                    }
                }
                here[n] = number;
            }
            int[] swap = before;
            before = here;
            here = swap;
            possible = symbol == Letters.BEGIN ? 1 : possible + 1;
        }
    }

    /**
     * Works out the weights of what was counted.
     *
     * @param unknown
     *            the probability of each letter that was never seen, given that one comes
     */
    void estimate(double unknown) {
        int size = index.size();
        int[] smoothed = Arrays.copyOf(counts, size);
        for (int g = 0; g < size; g++) {
            if (lengths[g] < order && !begins[g]) {
                smoothed[g] = 0;
            }
        }
        for (int g = 0; g < size; g++) {
            if (suffixes[g] != NONE && !begins[suffixes[g]]) {
                smoothed[suffixes[g]]++;
            }
        }
        double[] discounts = discounts(smoothed);
        int[] totals = new int[size];
        int[] types = new int[size];
        int total = 0;
        int single = 0;
        for (int g = 0; g < size; g++) {
            if (prefixes[g] == NONE) {
                total += smoothed[g];
                single++;
            } else if (prefixes[g] != g) {
                totals[prefixes[g]] += smoothed[g];
                types[prefixes[g]]++;
            }
        }
        weights = new double[size];
        double[] probabilities = new double[size];
        double left = single == 0 ? 1 : discounts[1] * single / total;
        unseen = Math.log(left * unknown);
        for (int g = 0; g < size; g++) { // what an n-gram builds on was numbered before it
            int prefix = prefixes[g];
            double discounted = smoothed[g] - discounts[lengths[g]];
            if (prefix == NONE) {
                probabilities[g] = discounted / total + left * unknown;
                weights[g] += Math.log(probabilities[g]) - unseen;
            } else if (prefix != g) {
                double lower = probabilities[suffixes[g]];
                double share = discounts[lengths[g]] * types[prefix] / totals[prefix];
                probabilities[g] = discounted / totals[prefix] + share * lower;
                weights[g] += Math.log(probabilities[g] / lower) - Math.log(share);
            }
            if (types[g] > 0) {
                weights[g] += Math.log(discounts[lengths[g] + 1] * types[g] / totals[g]);
            }
        }
    }

    /** By order, {@code n1 / (n1 + 2 n2)} of the n-grams that count once and twice; within bounds, as a text may be tiny. */
    private double[] discounts(int[] smoothed) {
        int[] once = new int[order + 1];
        int[] twice = new int[order + 1];
        for (int g = 0; g < smoothed.length; g++) {
            once[lengths[g]] += smoothed[g] == 1 ? 1 : 0;
            twice[lengths[g]] += smoothed[g] == 2 ? 1 : 0;
        }
        double[] discounts = new double[order + 2];
        for (int n = 1; n <= order; n++) {
            discounts[n] = Math.clamp((once[n] + 1.0) / (once[n] + 2.0 * twice[n] + 1.5), 0.3, 0.9);
        }
        return discounts;
    }

    /** The n-grams there are. */
    NgramIndex ngrams() {
        return index;
    }

    /** How many letters an n-gram has. */
    int length(int ngram) {
        return lengths[ngram];
    }

    /** The hash of its last {@code letters} letters, or of all. */
    long end(int ngram, int letters) {
        int end = ngram;
        while (lengths[end] > letters) {
            end = suffixes[end];
        }
        return index.hash(end);
    }

    int count(int ngram) {
        return counts[ngram];
    }

    /** What an n-gram adds to the natural logarithm of a text's probability, beside {@link #unseen()} for each letter. */
    double weight(int ngram) {
        return weights[ngram];
    }

    /** The natural logarithm of the probability of a letter never seen. */
    double unseen() {
        return unseen;
    }
}
