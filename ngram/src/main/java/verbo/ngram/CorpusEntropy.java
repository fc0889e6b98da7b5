// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The entropy of a text by its own counts (Shannon, Prediction and Entropy of Printed English, 1951): of a word after the
 * {@code n - 1} words before it,
 *
 * <pre>
 * H(n) = -1/N &Sigma; c(h w) log2 (c(h w) / c(h))
 * </pre>
 *
 * over all n-grams {@code h w}, where the ends of sentences are words and sentences begin behind as many {@code <s>} as that
 * takes. It is the cross-entropy of the text under a model without smoothing of that very text: with longer contexts it goes to
 * nothing, as those of a finite text come once.
 *
 * @param tokens
 *            N, words and ends of sentences
 * @param words
 *            how many different words there are, without the end of a sentence
 * @param ngrams
 *            [order + 1] how many different n-grams of each length
 * @param bits
 *            [order + 1] H of each; the first is not used
 */
@SuppressWarnings("ArrayRecordComponent") // read only, and not compared
public record CorpusEntropy(long tokens, int words, long[] ngrams, double[] bits) {
    /**
     * Measures a text.
     *
     * @param estimation
     *            of which order, memory, threads, tokenizer and progress are looked at
     */
    public static CorpusEntropy of(Path text, NgramFiles.Estimation estimation) throws IOException {
        int order = estimation.order();
        long[] ngrams = new long[order + 1];
        double[] bits = new double[order + 1];
        Path folder = Files.createTempDirectory("verbo-entropy-");
        try (Workspace workspace = new Workspace(folder.resolve("counts"), estimation.memory());
                TokenIds tokens = new TokenIds(workspace)) {
            Vocabulary words = NgramFiles.read(text, tokens, estimation);
            for (int n = 1; n <= order; n++) {
                measure(n, words, tokens, workspace, estimation.progress(), ngrams, bits);
            }
            return new CorpusEntropy(tokens.size(), words.size() - Vocabulary.END - 1, ngrams, bits);
        } finally {
            Files.deleteIfExists(folder);
        }
    }

    private static void measure(int n, Vocabulary words, TokenIds tokens, Workspace workspace,
            EstimationProgress progress, long[] ngrams, double[] bits) throws IOException {
        int width = Packing.bitsFor(words.size());
        Packing packing = new Packing(n, width);
        Packing contexts = new Packing(Math.max(1, n - 1), width);
        long[] context = new long[contexts.longs];
        double sum = 0;
        try (RowSorter sorter = tokens.grams(packing, workspace, progress);
                RowCursor counted = sorter.sorted();
                RowSorter before = new RowSorter(workspace, tokens.size(), contexts.longs + 1, true, 0.5)) {
            while (counted.next()) {
                long times = counted.data[counted.at + packing.longs];
                double count = times;
                ngrams[n]++;
                sum -= count * Math.log(count);
                for (int field = 1; field < n; field++) {
                    contexts.set(context, 0, field - 1, packing.get(counted.data, counted.at, field));
                }
                before.add(context, 0, times);
            }
            try (RowCursor all = before.sorted()) {
                while (all.next()) {
                    double count = all.data[all.at + contexts.longs];
                    sum += count * Math.log(count);
                }
            }
        }
        bits[n] = sum / Math.log(2) / tokens.size();
    }
}
