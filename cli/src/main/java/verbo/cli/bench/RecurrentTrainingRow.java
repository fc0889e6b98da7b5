// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import verbo.models.Rnn;
import verbo.models.RnnConfig;
import verbo.nn.GradientClipping;
import verbo.nn.Parameter;
import verbo.nn.Sgd;
import verbo.tensor.Engine;
import verbo.tensor.MachineLimits;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Corpus;
import verbo.text.WordLevelTokenizer;

/**
 * Training steps of a recurrent model of two layers over words: batch 20, 35 steps, a softmax over all words, forward,
 * backward, clipping and SGD; the median step counts.
 *
 * @param text
 *            gives the words and their vocabulary; null for random ones of WikiText-2's number
 */
record RecurrentTrainingRow(RecurrentCell cell, int width, int threads, @Nullable Path text) implements BenchRow {
    private static final int VOCABULARY = 33_278, BATCH = 20, TIME = 35, LAYERS = 2;
    private static final double SECONDS = 12;
    private static final int STEPS = 12;

    @Override
    public String name() {
        return "train-" + cell.name().toLowerCase(Locale.ROOT) + "-" + width;
    }

    @Override
    public String unit() {
        return "tokens/s";
    }

    /** The words of the text, or random ones. */
    private int[] words(int[] vocabulary) {
        vocabulary[0] = VOCABULARY;
        if (text == null) {
            int[] words = new int[BATCH * 4000];
            Arrays.setAll(words, i -> (int) Math.unsignedMultiplyHigh(0x9E3779B97F4A7C15L * (i + 1), VOCABULARY));
            return words;
        }
        try {
            Corpus corpus = Corpus.open(text.toString(), Corpus.Options.DEFAULT);
            WordLevelTokenizer tokenizer = WordLevelTokenizer.train(corpus, Integer.MAX_VALUE, 1);
            vocabulary[0] = tokenizer.size();
            int[][] words = new int[1][];
            corpus.forEach(document -> words[0] = tokenizer.encode(document.text()));
            return words[0];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Result run() {
        int[] vocabulary = new int[1];
        int[] words = words(vocabulary);
        int part = words.length / BATCH;
        if (part <= TIME) {
            throw new IllegalArgumentException(
                    text + ": " + words.length + " words are too few for " + BATCH + " streams of " + TIME + " steps");
        }
        try (Engine engine = Engine.cpu(threads);
                Rnn model = Rnn.create(engine, RnnConfig.of(cell, vocabulary[0], width, LAYERS, TIME), 1);
                Sgd optimizer = new Sgd(engine, model.parameters(), 0, 0);
                Scope kept = Scope.lasting(engine);
                MachineLimits limits = new MachineLimits(engine)) {
            Tensor carried = model.carried(kept, BATCH);
            double[] times = new double[10_000];
            double most = 0;
            int steps = 0;
            long start = System.nanoTime();
            while (steps < 2 * STEPS || KernelRow.seconds(start) < SECONDS && steps < times.length) {
                most = Math.max(most, limits.arithmetic());
                int[] ids = new int[BATCH * TIME];
                int[] targets = new int[BATCH * TIME];
                int at = steps % ((part - 1) / TIME) * TIME;
                for (int row = 0; row < BATCH; row++) {
                    System.arraycopy(words, row * part + at, ids, row * TIME, TIME);
                    System.arraycopy(words, row * part + at + 1, targets, row * TIME, TIME);
                }
                long stepStart = System.nanoTime();
                step(engine, model, optimizer, carried, ids, targets);
                times[steps++] = KernelRow.seconds(stepStart);
            }
            double[] counted = Arrays.copyOfRange(times, steps / 2, steps); // the first half compiles and warms up
            Arrays.sort(counted);
            return new Result(BATCH * TIME / counted[counted.length / 2], most * 1e9 / operationsAToken(model));
        }
    }

    private void step(Engine engine, Rnn model, Sgd optimizer, Tensor carried, int[] ids, int[] targets) {
        try (Scope scope = Scope.open(engine)) {
            Tensor loss = model.loss(scope.of(ids, BATCH, TIME), scope.of(targets, BATCH, TIME), carried, 0, true);
            loss.backward();
            if (!Float.isFinite(loss.item())) {
                throw new IllegalStateException("the loss of " + name() + " is not a finite number");
            }
        }
        optimizer.step(1, GradientClipping.scale(GradientClipping.norm(model.parameters()), 5));
    }

    /** Multiplications and additions of a token's products, forward and backward: the bound of a step. */
    private static double operationsAToken(Rnn model) {
        double weights = 0;
        for (Parameter parameter : model.parameters()) {
            boolean multiplied = parameter.value().rank() == 2 && !parameter.name().startsWith("encoder");
            weights += multiplied ? parameter.value().size() : 0;
        }
        return 6 * weights;
    }
}
