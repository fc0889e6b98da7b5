// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import verbo.tensor.Attention;
import verbo.tensor.DType;
import verbo.tensor.Tensor;
import verbo.tensor.Unary;

/** What a Transformer does besides matrix products, on tensors that stay in the cache: 256 tokens, 768 wide. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH calls prepare first
public class RowBenchmark {
    private static final int TOKENS = 256;
    private static final int WIDTH = 768;
    private static final int HEADS = 12;

    private Tensor x;
    private Tensor out;
    private Tensor gain;
    private Tensor statistics;
    private Tensor heads;
    private Tensor attended;
    private Tensor sums;

    /** Makes the tensors. */
    @Setup
    public void prepare(EngineState state) {
        x = state.scope.normal(0, 1, 1, TOKENS, WIDTH);
        out = state.scope.zeros(TOKENS, WIDTH);
        gain = state.scope.normal(1, 0.1f, 2, WIDTH);
        statistics = state.scope.empty(DType.F32, TOKENS, 2);
        heads = x.reshape(1, TOKENS, HEADS, WIDTH / HEADS).transpose(1, 2);
        attended = out.reshape(1, TOKENS, HEADS, WIDTH / HEADS).transpose(1, 2);
        sums = state.scope.zeros(1, HEADS, TOKENS);
    }

    /** GELU in its tanh form. */
    @Benchmark
    public void gelu(EngineState state) {
        state.engine.unary(Unary.GELU_TANH, x, out);
    }

    /** Layer normalisation. */
    @Benchmark
    public void layerNorm(EngineState state) {
        state.engine.layerNorm(x, gain, gain, 1e-5f, out, statistics);
    }

    /** Softmax of each row. */
    @Benchmark
    public void softmax(EngineState state) {
        state.engine.softmax(x, false, out);
    }

    /** Causal attention of twelve heads. */
    @Benchmark
    public void attention(EngineState state) {
        state.engine.attention(Attention.causal(WIDTH / HEADS), heads, heads, heads, attended, sums);
    }
}
