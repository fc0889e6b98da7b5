// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import verbo.nn.AdamW;
import verbo.nn.GradientClipping;
import verbo.nn.Parameter;
import verbo.nn.Schedule;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.tensor.Unary;
import verbo.text.JsonObject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Training step for step as PyTorch does it: gpt_golden.json, which benchmarks/peers/gpt_golden.py wrote. */
class GptGoldenTest {
    private static final double RELATIVE = 1e-4;

    record Case(Map<?, ?> all, Map<?, ?> one) {
        int integer(Map<?, ?> from, String key) {
            return ((Number) Objects.requireNonNull(from.get(key))).intValue();
        }

        double number(String key) {
            return ((Number) Objects.requireNonNull(all.get(key))).doubleValue();
        }

        boolean is(String key) {
            return (Boolean) Objects.requireNonNull(one.get(key));
        }

        double[] numbers(Object list) {
            return ((List<?>) list).stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray();
        }

        /** A part of this case. */
        Object part(String key) {
            return Objects.requireNonNull(one.get(key));
        }

        @Override
        public String toString() {
            return (String) part("name");
        }
    }

    static Stream<Case> cases() throws IOException {
        try (InputStream in = Objects.requireNonNull(GptGoldenTest.class.getResourceAsStream("gpt_golden.json"))) {
            JsonObject json = JsonObject.parse(Path.of("gpt_golden.json"), in.readAllBytes());
            Map<String, Object> all = new LinkedHashMap<>();
            json.keys().forEach(key -> all.put(key, Objects.requireNonNull(json.raw(key))));
            List<Case> cases = new ArrayList<>();
            for (Object one : (List<?>) Objects.requireNonNull(all.get("cases"))) {
                cases.add(new Case(all, (Map<?, ?>) one));
            }
            return cases.stream();
        }
    }

    private static GptConfig config(Case golden) {
        Unary activation = switch ((String) golden.part("activation")) {
            case "gelu_new" -> Unary.GELU_TANH;
            case "gelu" -> Unary.GELU;
            default -> Unary.RELU;
        };
        return GptConfig
                .of(golden.integer(golden.one, "vocab"), golden.integer(golden.one, "context"),
                        golden.integer(golden.one, "width"), golden.integer(golden.one, "layers"),
                        golden.integer(golden.one, "heads"))
                .withInnerWidth(golden.integer(golden.one, "inner")).withActivation(activation)
                .withBias(golden.is("bias")).withTiedEmbeddings(golden.is("tied"))
                .withAttentionScale(true, golden.is("by_layer"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void trainsAsPyTorchDoes(Case golden) {
        try (Engine engine = Engine.cpu(2); Gpt gpt = Gpt.create(engine, config(golden), 1)) {
            Map<?, ?> gradients = (Map<?, ?>) golden.part("gradients");
            Map<?, ?> changes = (Map<?, ?>) golden.part("changes");
            List<Parameter> parameters = gpt.parameters();
            assertThat(parameters.stream().map(Parameter::name).toList())
                    .isEqualTo(new ArrayList<Object>(gradients.keySet()));
            Map<String, float[]> start = new LinkedHashMap<>();
            for (int i = 0; i < parameters.size(); i++) {
                Parameter parameter = parameters.get(i);
                boolean gain = parameter.name().contains("ln_") && parameter.name().endsWith("weight");
                float[] values = GoldenNumbers.weights(i, (int) parameter.value().size(), gain ? 1 : 0);
                parameter.value().set(values);
                start.put(parameter.name(), values);
                assertThat(parameter.decays()).as(parameter.name()).isEqualTo(parameter.value().rank() > 1);
            }
            double[] losses = golden.numbers(golden.part("losses"));
            double[] norms = golden.numbers(golden.part("norms"));
            Schedule schedule = new Schedule.Cosine(golden.number("rate"), golden.number("lowest"),
                    (long) golden.number("warmup"), (long) golden.number("steps"));
            try (AdamW optimizer = new AdamW(engine, parameters, new AdamW.Options(golden.number("beta1"),
                    golden.number("beta2"), golden.number("epsilon"), golden.number("decay")))) {
                for (int step = 0; step < losses.length; step++) {
                    try (Scope scope = Scope.open(engine)) {
                        Tensor loss = loss(gpt, scope, golden, step);
                        assertThat((double) loss.item()).as("loss of step %d", step).isCloseTo(losses[step],
                                within(RELATIVE * losses[step]));
                        loss.backward();
                    }
                    if (step == 0) {
                        for (Parameter parameter : parameters) {
                            Tensor gradient = Objects.requireNonNull(parameter.value().gradient());
                            assertSummary("gradient of " + parameter.name(), gpt, parameter, gradient.toFloats(),
                                    golden.numbers(Objects.requireNonNull(gradients.get(parameter.name()))), RELATIVE);
                        }
                    }
                    double norm = GradientClipping.norm(parameters);
                    assertThat(norm).as("gradient norm of step %d", step).isCloseTo(norms[step],
                            within(RELATIVE * norms[step]));
                    optimizer.step(schedule.rate(step), GradientClipping.scale(norm, golden.number("clip")));
                }
                assertThat(optimizer.steps()).isEqualTo(losses.length);
            }
            for (Parameter parameter : parameters) {
                float[] change = parameter.value().toFloats();
                float[] before = Objects.requireNonNull(start.get(parameter.name()));
                for (int i = 0; i < change.length; i++) {
                    change[i] -= before[i];
                }
                assertSummary("change of " + parameter.name(), gpt, parameter, change,
                        golden.numbers(Objects.requireNonNull(changes.get(parameter.name()))), RELATIVE);
            }
        }
    }

    private static Tensor loss(Gpt gpt, Scope scope, Case golden, int step) {
        int batch = (int) golden.number("batch");
        int time = (int) golden.number("time");
        int[] ids = new int[batch * time];
        int[] targets = new int[batch * time];
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t <= time; t++) {
                int id = (int) ((GoldenNumbers.hashed(500 + step, b * (time + 1) + t) + 0.5) * gpt.vocabularySize());
                if (t < time) {
                    ids[b * time + t] = id;
                }
                if (t > 0) {
                    targets[b * time + t - 1] = id;
                }
            }
        }
        targets[time + 4] = -100;
        return gpt.loss(scope.of(ids, batch, time), scope.of(targets, batch, time), 0, true);
    }

    /** Length and two projections of values; the keys' biases are left out, whose gradient is zero but for rounding. */
    private static void assertSummary(String what, Gpt gpt, Parameter parameter, float[] values, double[] expected,
            double relative) {
        int c = gpt.config().width();
        double squares = 0;
        double first = 0;
        double second = 0;
        for (int i = 0; i < values.length; i++) {
            if (parameter.name().endsWith("c_attn.bias") && i >= c && i < 2 * c) {
                continue;
            }
            squares += (double) values[i] * values[i];
            first += values[i] * GoldenNumbers.hashed(1001, i);
            second += values[i] * GoldenNumbers.hashed(1002, i);
        }
        double allowed = relative * expected[0];
        assertThat(Math.sqrt(squares)).as(what + ": length").isCloseTo(expected[0], within(allowed));
        assertThat(first).as(what + ": first projection").isCloseTo(expected[1], within(allowed));
        assertThat(second).as(what + ": second projection").isCloseTo(expected[2], within(allowed));
    }
}
