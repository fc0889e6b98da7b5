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
import verbo.ngram.Vocabulary;

/**
 * What one question to an n-gram model costs, on one thread, words already turned into ids: the probability of each word of
 * a text and of each sentence's end.
 *
 * @param model
 *            the model's file
 * @param text
 *            a sentence a line
 */
public record QueryRow(Path model, Path text) implements BenchRow {
    private static final int ROUNDS = 15;

    @Override
    public String name() {
        return "query";
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
            double best = Double.POSITIVE_INFINITY;
            for (int round = 0; round < ROUNDS; round++) {
                long start = System.nanoTime();
                double sum = ask(opened, ids);
                double nanos = (double) (System.nanoTime() - start) / ids.length;
                if (Double.isNaN(sum)) {
                    throw new IllegalStateException(model + ": a probability is not a number");
                }
                best = Math.min(best, nanos);
            }
            return new Result(best, Double.NaN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double ask(NgramModel model, int[] ids) {
        History history = model.beginHistory();
        History next = model.emptyHistory();
        double sum = 0;
        for (int id : ids) {
            sum += model.score(history, id, next);
            if (id == Vocabulary.END) {
                model.begin(history);
            } else {
                History swap = history;
                history = next;
                next = swap;
            }
        }
        return sum;
    }
}
