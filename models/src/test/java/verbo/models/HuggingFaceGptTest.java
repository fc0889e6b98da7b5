// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import verbo.lm.BeamSearch;
import verbo.lm.GenerationOptions;
import verbo.lm.Generator;
import verbo.lm.Hypothesis;
import verbo.lm.LanguageModel;
import verbo.lm.Sampling;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.JsonObject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** A GPT-2 that transformers wrote gives what transformers computed of it. */
class HuggingFaceGptTest {
    private static final double ABSOLUTE = 1e-4;

    private static JsonObject expected(Path folder) throws IOException {
        return JsonObject.read(folder.resolve("expected.json"));
    }

    private static double[] numbers(Object list) {
        return ((List<?>) list).stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray();
    }

    private static int[] ids(Object list) {
        return Arrays.stream(numbers(list)).mapToInt(value -> (int) value).toArray();
    }

    private static Object raw(JsonObject json, String key) {
        return Objects.requireNonNull(json.raw(key));
    }

    @Test
    void logitsAndLossAreEqual() throws IOException {
        Path folder = RealData.folder("checkpoints/gpt2");
        JsonObject expected = expected(folder);
        JsonObject wanted = Objects.requireNonNull(expected.object("logits"));
        int[] ids = ids(raw(expected, "ids"));
        try (Engine engine = Engine.cpu(2); Gpt gpt = GptCheckpoint.load(engine, folder)) {
            try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
                Tensor logits = gpt.logits(scope.of(ids, 1, ids.length));
                assertThat(logits.shape().lengths()).isEqualTo(ids(raw(wanted, "shape")));
                float[] values = logits.toFloats();
                assertEverySeventh(values, 0, numbers(raw(wanted, "first")));
                assertEverySeventh(values, values.length - gpt.vocabularySize(), numbers(raw(wanted, "last")));
                double sum = 0;
                double absolute = 0;
                for (float value : values) {
                    sum += value;
                    absolute += Math.abs(value);
                }
                assertThat(sum).isCloseTo(wanted.number("sum", Double.NaN), within(1e-2));
                assertThat(absolute).isCloseTo(wanted.number("abs", Double.NaN), within(1e-2));
            }
            try (Scope scope = Scope.open(engine)) {
                Tensor loss = gpt.loss(scope.of(Arrays.copyOf(ids, ids.length - 1), 1, ids.length - 1),
                        scope.of(Arrays.copyOfRange(ids, 1, ids.length), 1, ids.length - 1), 0, false);
                assertThat((double) loss.item()).isCloseTo(expected.number("loss", Double.NaN), within(ABSOLUTE));
            }
        }
        try (Engine engine = Engine.cpu(1); LanguageModel model = LanguageModels.open(engine, folder)) {
            assertThat(model.score(ids).nats() / (ids.length - 1)).isCloseTo(expected.number("loss", Double.NaN),
                    within(ABSOLUTE));
            assertThat(model.tokenizer()).isNull();
            assertThat(model.endTokens()).containsExactly(2);
            assertThat(model.beginToken()).hasValue(1);
        }
    }

    private static void assertEverySeventh(float[] values, int from, double[] expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) values[from + 7 * i]).isCloseTo(expected[i], within(ABSOLUTE));
        }
    }

    @Test
    void continuationsAreEqual() throws IOException {
        Path folder = RealData.folder("checkpoints/gpt2");
        JsonObject expected = expected(folder);
        int[] prompt = ids(raw(expected, "ids"));
        try (Engine engine = Engine.cpu(2); LanguageModel model = LanguageModels.open(engine, folder)) {
            List<?> greedy = (List<?>) raw(expected, "greedy");
            for (Object each : greedy) {
                int[] sequence = ids(each);
                assertThat(new Generator(model)
                        .generate(prompt,
                                GenerationOptions.DEFAULT.withMaxTokens(sequence.length).withSampling(Sampling.GREEDY))
                        .getFirst().ids()).isEqualTo(sequence);
            }
            List<?> beams = (List<?>) raw(expected, "beam");
            int length = ids(beams.getFirst()).length;
            List<Hypothesis> found = new BeamSearch(model).search(prompt, BeamSearch.Options.DEFAULT
                    .withBeams(beams.size()).withResults(beams.size()).withMaxTokens(length));
            for (int i = 0; i < beams.size(); i++) {
                assertThat(found.get(i).ids()).as("beam %d", i).isEqualTo(ids(beams.get(i)));
            }
        }
    }
}
