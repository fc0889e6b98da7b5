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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import verbo.tensor.Tensor;

/** Square matrix products in the three ways in which training needs them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH calls prepare first
public class GemmBenchmark {
    /** Rows, columns and inner dimension. */
    @Param({"128", "768"})
    public int size;

    private Tensor a;
    private Tensor b;
    private Tensor out;

    /** Makes the matrices. */
    @Setup
    public void prepare(EngineState state) {
        a = state.scope.normal(0, 1, 1, size, size);
        b = state.scope.normal(0, 1, 2, size, size);
        out = state.scope.zeros(size, size);
    }

    /** A·B, as a linear layer forward. */
    @Benchmark
    public void nn(EngineState state) {
        state.engine.matmul(a, b, null, out, false);
    }

    /** A·Bᵀ, as the gradient of its input. */
    @Benchmark
    public void nt(EngineState state) {
        state.engine.matmul(a, b.transpose(0, 1), null, out, false);
    }

    /** Aᵀ·B, as the gradient of its weight. */
    @Benchmark
    public void tn(EngineState state) {
        state.engine.matmul(a.transpose(0, 1), b, null, out, false);
    }
}
