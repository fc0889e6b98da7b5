// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.util.Arrays;
import java.util.List;
import verbo.lm.Advance;
import verbo.lm.LanguageModel;
import verbo.lm.State;
import verbo.models.Gpt;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.MachineLimits;

/**
 * One stream of tokens from a GPT-2 of 124 million random weights, each of which is read once a token. The median token is
 * compared with the median of the memory's speed just before each.
 */
record DecodingRow(int threads) implements BenchRow {
    private static final int TOKENS = 48;
    private static final int ROUNDS = 6;

    @Override
    public String name() {
        return "decode-gpt2-124m";
    }

    @Override
    public String unit() {
        return "tokens/s";
    }

    @Override
    public Result run() {
        try (Engine engine = Engine.cpu(threads);
                Gpt gpt = Gpt.create(engine, TrainingRow.Preset.GPT2.config(), 1);
                LanguageModel model = gpt.languageModel(null);
                MachineLimits limits = new MachineLimits(engine)) {
            double bytes = 0;
            for (Parameter parameter : gpt.parameters()) {
                bytes += parameter.name().endsWith("wpe.weight") ? 0 : 4.0 * parameter.value().size();
            }
            float[] row = new float[model.vocabularySize()];
            double[] seconds = new double[TOKENS];
            double[] limit = new double[TOKENS];
            int token = 1;
            for (int round = 0; round < ROUNDS; round++) { // the last one counts: those before are compiled and warm up
                try (State state = model.open()) {
                    for (int i = 0; i < TOKENS; i++) {
                        limit[i] = limits.memory();
                        long start = System.nanoTime();
                        model.advance(List.of(new Advance(state, new int[]{token}, new float[][]{row})));
                        seconds[i] = KernelRow.seconds(start);
                        token = (token * 31 + 7) % model.vocabularySize();
                    }
                }
            }
            Arrays.sort(seconds);
            Arrays.sort(limit);
            return new Result(1 / seconds[TOKENS / 2], limit[TOKENS / 2] * 1e9 / bytes);
        }
    }
}
