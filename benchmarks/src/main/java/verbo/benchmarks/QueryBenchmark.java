// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.benchmarks;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import verbo.ngram.Discounts;
import verbo.ngram.History;
import verbo.ngram.NgramFiles;
import verbo.ngram.NgramModel;
import verbo.ngram.Scorer;

/** What one word's probability costs under a 4-gram model of two million words of made text, many times what caches hold. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH calls prepare first
public class QueryBenchmark {
    private static final int WORDS = 1 << 16;

    /** How the model is laid out. */
    @Param({"FAST", "SMALL"})
    private NgramFiles.Form form;

    private NgramModel model;
    private Scorer scorer;
    private int[] ids;
    private float[] scores;

    /** Estimates the model of one half of the text's lines; the other half is asked. */
    @Setup
    public void prepare() throws IOException {
        Path folder = Files.createTempDirectory("verbo-query-");
        Path text = folder.resolve("text.txt");
        Path file = folder.resolve("model.bin");
        StringBuilder asked = new StringBuilder();
        SplittableRandom random = new SplittableRandom(1);
        try (BufferedWriter out = Files.newBufferedWriter(text)) {
            for (int line = 0; line < 200_000; line++) {
                StringBuilder sentence = new StringBuilder();
                int topic = random.nextInt(500);
                for (int i = 0; i < 20; i++) { // a word is rarer the higher its number, and likely in its topic
                    double u = random.nextDouble();
                    int word = (int) Math.pow(30_000, u);
                    sentence.append(random.nextInt(3) == 0 ? "t" + topic + "_" + word % 40 : "w" + word).append(' ');
                }
                if (line % 2 == 0) {
                    out.append(sentence).append('\n');
                } else if (line < WORDS / 10) {
                    asked.append(sentence).append('\n');
                }
            }
        }
        NgramFiles.estimate(text, file,
                new NgramFiles.Estimation(4, 1L << 29, 2, Discounts.FALLBACK, form));
        model = NgramModel.open(file);
        ids = java.util.Arrays.copyOf(model.tokenizer().encode(asked.toString()), WORDS);
        scores = new float[WORDS];
        scorer = model.scorer();
        Files.delete(text);
        Files.delete(file); // the mapping outlives the name
        Files.delete(folder);
    }

    /** Unmaps the model. */
    @TearDown
    public void close() {
        model.close();
    }

    /** Running text, a block of words at a time. */
    @Benchmark
    @OperationsPerInvocation(WORDS)
    public float[] running() {
        scorer.begin();
        scorer.score(ids, 0, WORDS, scores);
        return scores;
    }

    /** Word by word, as a decoder asks. */
    @Benchmark
    @OperationsPerInvocation(WORDS)
    public float[] wordByWord() {
        History history = model.beginHistory();
        History next = model.emptyHistory();
        for (int i = 0; i < WORDS; i++) {
            scores[i] = model.score(history, ids[i], next);
            History swap = history;
            history = next;
            next = swap;
        }
        return scores;
    }
}
