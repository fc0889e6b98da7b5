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
import verbo.models.SkipGram;
import verbo.models.SkipGramConfig;
import verbo.models.SkipGramConfig.Architecture;
import verbo.text.IndexedText;

/** What one word of made text costs where word vectors are learnt from it, by one thread: 30,000 words, dimension 100. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH calls prepare first
public class SkipGramBenchmark {
    private static final int WORDS = 1 << 16;

    /** What predicts what. */
    @Param({"SKIP_GRAM", "CBOW"})
    private Architecture architecture;

    /** How many drawn words each true one is told from; 0 for a hierarchical softmax. */
    @Param({"5", "0"})
    private int negative;

    private SkipGram model;
    private SkipGram.Learner learner;
    private int from;
    private int length;

    /** Makes the text, in which a word is rarer the higher its number. */
    @Setup
    public void prepare() throws IOException {
        Path file = Files.createTempFile("verbo-skip-gram-", ".txt");
        SplittableRandom random = new SplittableRandom(1);
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < 40 * WORDS; i++) {
                out.append("w" + (int) Math.pow(30_000, random.nextDouble())).append(i % 20 == 19 ? '\n' : ' ');
            }
        }
        IndexedText text = IndexedText.read(file, 5, (done, total) -> {});
        Files.delete(file);
        length = text.ids().length;
        model = new SkipGram(new SkipGramConfig(architecture, 100, 5, negative, 1e-3, 3, 0), text, 1);
        learner = model.learner();
    }

    /** Frees the vectors. */
    @TearDown
    public void close() {
        learner.close();
        model.close();
    }

    /** Another stretch of the text each time. */
    @Benchmark
    @OperationsPerInvocation(WORDS)
    public double learn() {
        from = from + 2 * WORDS > length ? 0 : from + WORDS;
        learner.learn(from, from + WORDS, 0.025f, from);
        return learner.loss();
    }
}
