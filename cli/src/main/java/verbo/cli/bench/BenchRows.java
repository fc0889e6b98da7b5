// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import verbo.cli.bench.KernelRow.Limit;
import verbo.models.GptConfig;
import verbo.tensor.Attention;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.tensor.Unary;

/** All rows of {@code verbo bench}, in the order in which they run. */
public final class BenchRows {
    /** Elements of a tensor beyond the cache: 128 MiB. */
    private static final int LARGE = 1 << 25;

    private static final int WIDTH = 1024;

    private BenchRows() {}

    /**
     * The rows.
     *
     * @param threads
     *            the most threads to measure with
     * @param text
     *            what recurrent models are trained on; null for random words
     */
    public static List<BenchRow> all(int threads, @Nullable Path text) {
        List<BenchRow> rows = new ArrayList<>();
        int[] counts = IntStream.of(1, threads).distinct().toArray();
        for (int t : counts) {
            rows.add(new LimitRow("fma-peak-t" + t, Limit.ARITHMETIC, t));
            rows.add(new LimitRow("memory-read-t" + t, Limit.MEMORY, t));
        }
        for (int t : counts) {
            for (Product product : Product.values()) {
                rows.add(gemm("gemm-" + product.label + "-768-t" + t, t, product, 768, 768, 768));
            }
        }
        for (TrainingRow.Preset preset : TrainingRow.Preset.values()) {
            for (int t : counts) {
                layers(rows, preset, t);
            }
        }
        for (int t : counts) {
            memoryRows(rows, t);
        }
        rows.add(attention(threads));
        for (TrainingRow.Preset preset : TrainingRow.Preset.values()) {
            rows.add(new TrainingRow(preset, threads));
        }
        for (int width : new int[]{200, 650}) {
            rows.add(new RecurrentTrainingRow(RecurrentCell.LSTM, width, threads, text));
            rows.add(new RecurrentTrainingRow(RecurrentCell.GRU, width, threads, text));
        }
        rows.add(new DecodingRow(threads));
        return rows;
    }

    /** How operands lie: A or B as it is (n) or transposed (t). */
    private enum Product {
        NN("nn"), NT("nt"), TN("tn");

        private final String label;

        Product(String label) {
            this.label = label;
        }
    }

    private static KernelRow gemm(String name, int threads, Product product, int m, int n, int k) {
        return new KernelRow(name, Limit.ARITHMETIC, threads, 2.0 * m * n * k, scope -> {
            Tensor a = product == Product.TN
                    ? scope.normal(0, 1, 1, k, m).transpose(0, 1)
                    : scope.normal(0, 1, 1, m, k);
            Tensor b = product == Product.NT
                    ? scope.normal(0, 1, 2, n, k).transpose(0, 1)
                    : scope.normal(0, 1, 2, k, n);
            Tensor out = scope.zeros(m, n);
            return engine -> engine.matmul(a, b, null, out, false);
        });
    }

    /** The products of a preset's linear layers: forward, and both gradients. */
    private static void layers(List<BenchRow> rows, TrainingRow.Preset preset, int threads) {
        GptConfig config = preset.config();
        int c = config.width();
        layer(rows, preset, "qkv", c, 3 * c, threads);
        layer(rows, preset, "proj", c, c, threads);
        layer(rows, preset, "up", c, 4 * c, threads);
        layer(rows, preset, "down", 4 * c, c, threads);
        String head = "gemm-" + preset.label() + "-head-";
        int v = config.vocabularySize();
        int tokens = preset.tokens();
        rows.add(gemm(head + "forward-t" + threads, threads, Product.NT, tokens, v, c));
        rows.add(gemm(head + "dx-t" + threads, threads, Product.NN, tokens, c, v));
        rows.add(gemm(head + "dw-t" + threads, threads, Product.TN, v, c, tokens));
    }

    private static void layer(List<BenchRow> rows, TrainingRow.Preset preset, String layer, int in, int out,
            int threads) {
        String name = "gemm-" + preset.label() + "-" + layer + "-";
        int tokens = preset.tokens();
        rows.add(gemm(name + "forward-t" + threads, threads, Product.NN, tokens, out, in));
        rows.add(gemm(name + "dx-t" + threads, threads, Product.NT, tokens, in, out));
        rows.add(gemm(name + "dw-t" + threads, threads, Product.TN, in, out, tokens));
    }

    /** Bytes are those that cross the memory bus: what is written without being read is read first by the processor. */
    private static void memoryRows(List<BenchRow> rows, int threads) {
        double once = 4.0 * LARGE;
        rows.add(new KernelRow("add-t" + threads, Limit.MEMORY, threads, 4 * once, scope -> {
            Tensor a = large(scope);
            Tensor b = large(scope);
            Tensor out = large(scope);
            return engine -> engine.binary(verbo.tensor.Binary.ADD, a, b, out);
        }));
        rows.add(new KernelRow("accumulate-t" + threads, Limit.MEMORY, threads, 3 * once, scope -> {
            Tensor a = large(scope);
            Tensor out = large(scope);
            return engine -> engine.copy(a, out, true);
        }));
        rows.add(new KernelRow("gelu-t" + threads, Limit.MEMORY, threads, 3 * once, scope -> {
            Tensor a = large(scope);
            Tensor out = large(scope);
            return engine -> engine.unary(Unary.GELU_TANH, a, out);
        }));
        rows.add(new KernelRow("gelu-backward-t" + threads, Limit.MEMORY, threads, 4 * once, scope -> {
            Tensor a = large(scope);
            Tensor g = large(scope);
            Tensor out = large(scope);
            return engine -> engine.unaryBackward(Unary.GELU_TANH, a, a, g, out, false);
        }));
        rows.add(new KernelRow("layernorm-t" + threads, Limit.MEMORY, threads, 3 * once, scope -> {
            Tensor a = large(scope);
            Tensor out = large(scope);
            Tensor gain = scope.normal(1, 0.1f, 1, WIDTH);
            Tensor statistics = scope.empty(DType.F32, LARGE / WIDTH, 2);
            return engine -> engine.layerNorm(a, gain, gain, 1e-5f, out, statistics);
        }));
        rows.add(new KernelRow("layernorm-backward-t" + threads, Limit.MEMORY, threads, 4 * once, scope -> {
            Tensor a = large(scope);
            Tensor g = large(scope);
            Tensor out = large(scope);
            Tensor gain = scope.normal(1, 0.1f, 1, WIDTH);
            Tensor dGain = scope.zeros(WIDTH);
            Tensor dBias = scope.zeros(WIDTH);
            Tensor statistics = scope.empty(DType.F32, LARGE / WIDTH, 2);
            return engine -> engine.layerNormBackward(a, gain, statistics, g, new Engine.Gradient(out, false),
                    new Engine.Gradient(dGain, false), new Engine.Gradient(dBias, false));
        }));
        rows.add(new KernelRow("rmsnorm-t" + threads, Limit.MEMORY, threads, 3 * once, scope -> {
            Tensor a = large(scope);
            Tensor out = large(scope);
            Tensor gain = scope.normal(1, 0.1f, 1, WIDTH);
            Tensor statistics = scope.empty(DType.F32, LARGE / WIDTH);
            return engine -> engine.rmsNorm(a, gain, 1e-5f, out, statistics);
        }));
        rows.add(new KernelRow("softmax-t" + threads, Limit.MEMORY, threads, 3 * once, scope -> {
            Tensor a = large(scope);
            Tensor out = large(scope);
            return engine -> engine.softmax(a, false, out);
        }));
        rows.add(new KernelRow("adamw-t" + threads, Limit.MEMORY, threads, 7 * once, scope -> {
            Tensor p = large(scope);
            Tensor g = large(scope);
            Tensor m = large(scope);
            Tensor v = large(scope);
            engineFill(v);
            Engine.AdamW step = new Engine.AdamW(1e-3f, 0.9f, 0.99f, 1e-8f, 0.1f, 10, 1);
            return engine -> engine.adamW(p, g, m, v, step);
        }));
    }

    private static Tensor large(Scope scope) {
        Tensor tensor = scope.empty(DType.F32, LARGE / WIDTH, WIDTH);
        engineFill(tensor);
        return tensor;
    }

    private static void engineFill(Tensor tensor) {
        tensor.engine().fill(tensor, 0.5f);
    }

    private static KernelRow attention(int threads) {
        int b = 4;
        int h = 12;
        int t = 1024;
        int d = 64;
        double operations = 4.0 * b * h * t * t * d / 2; // half of the scores are in the future
        return new KernelRow("attention-causal-1024-t" + threads, Limit.ARITHMETIC, threads, operations, scope -> {
            Tensor q = scope.normal(0, 1, 1, b, h, t, d);
            Tensor k = scope.normal(0, 1, 2, b, h, t, d);
            Tensor v = scope.normal(0, 1, 3, b, h, t, d);
            Tensor out = scope.zeros(b, h, t, d);
            Tensor sums = scope.zeros(b, h, t);
            return engine -> engine.attention(Attention.causal(d), q, k, v, out, sums);
        });
    }
}
