// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import verbo.ngram.History;
import verbo.ngram.NgramFiles;
import verbo.ngram.NgramModel;
import verbo.ngram.Scorer;
import verbo.ngram.Vocabulary;

/**
 * What one question to an n-gram model costs, on one thread, words already turned into ids: the probability of each word of
 * a text and of each sentence's end.
 *
 * @param model
 *            the model's file
 * @param text
 *            a sentence a line
 * @param single
 *            whether word by word, as a decoder asks, and not as running text
 */
public record QueryRow(Path model, Path text, boolean single) implements BenchRow {
    private static final int ROUNDS = 15;

    @Override
    public String name() {
        return single ? "query-word" : "query";
    }

    @Override
    public String unit() {
        return "ns";
    }

    @Override
    public Result run() {
        try (NgramModel opened = NgramFiles.open(model)) {
            String sentences = Files.readString(text);
            int[] ids = opened.tokenizer().encode(sentences.endsWith("\n") ? sentences : sentences + "\n");
            if (ids.length == 0) {
                throw new IllegalArgumentException(text + ": nothing to ask: the text is empty");
            }
            Scorer scorer = opened.scorer();
            float[] scores = new float[ids.length];
            double best = Double.POSITIVE_INFINITY;
            for (int round = 0; round < ROUNDS; round++) {
                long start = System.nanoTime();
                if (single) {
                    ask(opened, ids, scores);
                } else {
                    scorer.begin();
                    scorer.score(ids, 0, ids.length, scores);
                }
                best = Math.min(best, (double) (System.nanoTime() - start) / ids.length);
            }
            for (float score : scores) {
                if (Float.isNaN(score)) {
                    throw new IllegalStateException(model + ": a probability is not a number");
                }
            }
            return new Result(best, Double.NaN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void ask(NgramModel model, int[] ids, float[] scores) {
        History history = model.beginHistory();
        History next = model.emptyHistory();
        for (int i = 0; i < ids.length; i++) {
            scores[i] = model.score(history, ids[i], next);
            if (ids[i] == Vocabulary.END) {
                model.begin(history);
            } else {
                History swap = history;
                history = next;
                next = swap;
            }
        }
    }
}
