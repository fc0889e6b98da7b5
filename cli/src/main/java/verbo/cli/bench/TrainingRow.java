// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.util.Arrays;
import java.util.List;
import verbo.models.Gpt;
import verbo.models.GptConfig;
import verbo.nn.AdamW;
import verbo.nn.GradientClipping;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.MachineLimits;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/** Training steps of a GPT on random tokens: forward, backward, clipping and AdamW; the median step counts. */
record TrainingRow(Preset preset, int threads) implements BenchRow {
    /** Of small steps, thousands are needed until all code has its last compilation. */
    private static final double WARM_UP_SECONDS = 12;
    private static final double SECONDS = 8;
    private static final int STEPS = 5;
    /** Steps between two measurements of the limit. */
    private static final double TURN_SECONDS = 0.5;

    /** Shapes that others are measured with too. */
    @SuppressWarnings("ImmutableEnumChecker") // a configuration is a record of values
    enum Preset {
        /** nanoGPT's configuration for a CPU. */
        CHAR("char", GptConfig.of(65, 64, 128, 4, 4).withBias(false), 12),
        /** A small character model. */
        SMALL("small", GptConfig.of(65, 256, 384, 6, 6).withBias(false), 16),
        /** The smallest GPT-2. */
        GPT2("gpt2-124m", GptConfig.of(50257, 64, 768, 12, 12), 4);

        private final String label;
        private final GptConfig config;
        private final int batch;

        Preset(String label, GptConfig config, int batch) {
            this.label = label;
            this.config = config;
            this.batch = batch;
        }

        String label() {
            return label;
        }

        GptConfig config() {
            return config;
        }

        int tokens() {
            return batch * config.contextLength();
        }
    }

    @Override
    public String name() {
        return "train-" + preset.label;
    }

    @Override
    public String unit() {
        return "tokens/s";
    }

    @Override
    public Result run() {
        GptConfig config = preset.config;
        int t = config.contextLength();
        try (Engine engine = Engine.cpu(threads);
                Gpt model = Gpt.create(engine, config, 1);
                AdamW optimizer = new AdamW(engine, model.parameters(), new AdamW.Options(0.9, 0.99, 1e-8, 0.1));
                MachineLimits limits = new MachineLimits(engine)) {
            int[] ids = new int[preset.tokens()];
            int[] targets = new int[preset.tokens()];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = Math.floorMod(i * 0x9E3779B1, config.vocabularySize());
                targets[i] = Math.floorMod((i + 1) * 0x9E3779B1, config.vocabularySize());
            }
            for (long start = System.nanoTime(); KernelRow.seconds(start) < WARM_UP_SECONDS;) {
                step(engine, model, optimizer, ids, targets, t);
            }
            double[] times = new double[100_000];
            double most = 0;
            int steps = 0;
            for (long start = System.nanoTime(); steps < STEPS || KernelRow.seconds(start) < SECONDS;) {
                most = Math.max(most, limits.arithmetic());
                for (long turn = System.nanoTime(); steps < times.length && KernelRow.seconds(turn) < TURN_SECONDS;) {
                    long stepStart = System.nanoTime();
                    step(engine, model, optimizer, ids, targets, t);
                    times[steps++] = KernelRow.seconds(stepStart);
                }
            }
            double[] counted = Arrays.copyOf(times, steps);
            Arrays.sort(counted);
            double seconds = counted[counted.length / 2];
            return new Result(ids.length / seconds, most * 1e9 / operationsAToken(model));
        }
    }

    private void step(Engine engine, Gpt model, AdamW optimizer, int[] ids, int[] targets, int t) {
        List<Parameter> parameters = model.parameters();
        try (Scope scope = Scope.open(engine)) {
            Tensor loss = model.loss(scope.of(ids, preset.batch, t), scope.of(targets, preset.batch, t), 0, true);
            loss.backward();
            if (!Float.isFinite(loss.item())) {
                throw new IllegalStateException("the loss of " + name() + " is not a finite number");
            }
        }
        optimizer.step(1e-4, GradientClipping.scale(GradientClipping.norm(parameters), 1));
    }

    /** Multiplications and additions of a token's products, forward and backward: the bound of a step. */
    private double operationsAToken(Gpt model) {
        GptConfig config = preset.config;
        double weights = 0;
        for (Parameter parameter : model.parameters()) {
            boolean multiplied = parameter.value().rank() == 2 && !parameter.name().endsWith("wpe.weight");
            weights += multiplied ? parameter.value().size() : 0;
        }
        double attention = 2.0 * config.layers() * config.contextLength() * config.width() / 2; // products of a token
        return 6 * (weights + attention);
    }
}
