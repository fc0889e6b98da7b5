// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import verbo.nn.BidirectionalEncoder;
import verbo.nn.Parameter;
import verbo.nn.RecurrentLayer;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.JsonObject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Recurrent models as PyTorch computes them: recurrent_golden.json, which benchmarks/peers/recurrent_golden.py wrote. */
class RecurrentGoldenTest {
    private static final double CLOSE = 1e-5;
    private static final int VOCABULARY = 7, EMBEDDING = 3, WIDTH = 4, LAYERS = 2, TIME = 5, BATCH = 2;

    record Case(RecurrentCell cell, Map<?, ?> golden) {
        double[] numbers(String key) {
            return RecurrentGoldenTest.numbers(Objects.requireNonNull(golden.get(key)));
        }

        @Override
        public String toString() {
            return cell.toString();
        }
    }

    private static double[] numbers(Object list) {
        return ((List<?>) list).stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray();
    }

    static Stream<Case> cases() throws IOException {
        try (InputStream in = Objects
                .requireNonNull(RecurrentGoldenTest.class.getResourceAsStream("recurrent_golden.json"))) {
            JsonObject json = JsonObject.parse(Path.of("recurrent_golden.json"), in.readAllBytes());
            List<Case> cases = new ArrayList<>();
            for (Object one : (List<?>) Objects.requireNonNull(json.raw("cases"))) {
                Map<?, ?> golden = (Map<?, ?>) one;
                cases.add(new Case(
                        RecurrentCell.valueOf(
                                ((String) Objects.requireNonNull(golden.get("cell"))).toUpperCase(Locale.ROOT)),
                        golden));
            }
            return cases.stream();
        }
    }

    private static void fill(Tensor tensor, int stream) {
        float[] values = new float[(int) tensor.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * GoldenNumbers.hashed(stream, i));
        }
        tensor.set(values);
    }

    private static void assertClose(String what, Tensor actual, double[] expected) {
        float[] values = actual.toFloats();
        assertThat(values).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            assertThat((double) values[i]).as("%s, number %d", what, i).isCloseTo(expected[i], within(CLOSE));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aModelsLossGradientsAndStates(Case golden) {
        RnnConfig config = new RnnConfig(golden.cell, VOCABULARY, EMBEDDING, WIDTH, LAYERS, TIME, false, List.of(),
                RnnConfig.Dropout.NONE, null, List.of());
        try (Engine engine = Engine.cpu(2);
                Rnn rnn = Rnn.create(engine, config, 1);
                Scope kept = Scope.lasting(engine)) {
            for (int k = 0; k < rnn.parameters().size(); k++) {
                fill(rnn.parameters().get(k).value(), k);
            }
            Tensor carried = rnn.carried(kept, BATCH);
            fill(carried, 50);
            int[] ids = new int[BATCH * TIME];
            int[] targets = new int[BATCH * TIME];
            for (int b = 0; b < BATCH; b++) {
                for (int t = 0; t < TIME; t++) {
                    ids[b * TIME + t] = (3 * t + 2 * b) % VOCABULARY;
                    targets[b * TIME + t] = (5 * t + b + 1) % VOCABULARY;
                }
            }
            try (Scope step = Scope.open(engine)) {
                Tensor loss = rnn.loss(step.of(ids, BATCH, TIME), step.of(targets, BATCH, TIME), carried, 0, true);
                loss.backward();
                assertThat((double) loss.item())
                        .isCloseTo(((Number) Objects.requireNonNull(golden.golden.get("loss"))).doubleValue(),
                                within(CLOSE));
            }
            assertClose("carried", carried, golden.numbers("carried"));
            Map<?, ?> gradients = (Map<?, ?>) Objects.requireNonNull(golden.golden.get("gradients"));
            assertThat(rnn.parameters()).hasSameSizeAs(gradients.keySet());
            for (Parameter parameter : rnn.parameters()) {
                assertClose("gradient of " + parameter.name(), Objects.requireNonNull(parameter.value().gradient()),
                        numbers(Objects.requireNonNull(gradients.get(parameter.name()))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gatesAndCells(Case golden) {
        if (golden.cell == RecurrentCell.RNN) {
            return; // it has none
        }
        int gates = golden.cell.gates();
        int states = golden.cell.states();
        try (Engine engine = Engine.cpu(2); Scope scope = Scope.open(engine)) {
            Tensor[] weights = {scope.zeros(VOCABULARY, EMBEDDING), scope.zeros(gates * WIDTH, EMBEDDING),
                    scope.zeros(gates * WIDTH, WIDTH), scope.zeros(gates * WIDTH), scope.zeros(gates * WIDTH)};
            for (int k = 0; k < weights.length; k++) {
                fill(weights[k], k);
            }
            Tensor carried = scope.zeros(LAYERS, states, BATCH, WIDTH);
            fill(carried, 50);
            int[] ids = new int[TIME * BATCH];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = (3 * (i / BATCH) + 2 * (i % BATCH)) % VOCABULARY;
            }
            Tensor x = weights[0].embedding(scope.of(ids, TIME, BATCH)).linear(weights[1].transpose(0, 1), weights[3]);
            Tensor all = scope.empty(DType.F32, states, TIME, BATCH, WIDTH);
            Tensor kept = scope.empty(DType.F32, TIME, BATCH, 4 * WIDTH);
            engine.recurrence(golden.cell, false, x, weights[2].transpose(0, 1), weights[4], carried.select(0, 0), all,
                    kept);
            assertClose("gates", kept.slice(2, 0, gates * WIDTH), golden.numbers("gates"));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anEncoderOfBothDirections(Case golden) {
        try (Engine engine = Engine.cpu(2); Scope kept = Scope.lasting(engine); Scope scope = Scope.open(engine)) {
            List<BidirectionalEncoder.Pair> layers = new ArrayList<>();
            int stream = 100;
            for (int layer = 0; layer < LAYERS; layer++) {
                RecurrentLayer[] pair = new RecurrentLayer[2];
                for (int direction = 0; direction < 2; direction++) {
                    int wide = golden.cell.gates() * WIDTH;
                    int in = layer == 0 ? EMBEDDING : 2 * WIDTH;
                    Parameter[] p = {new Parameter("w", kept.zeros(wide, in), true, false),
                            new Parameter("u", kept.zeros(wide, WIDTH), true, false),
                            new Parameter("a", kept.zeros(wide), false, false),
                            new Parameter("b", kept.zeros(wide), false, false)};
                    for (Parameter each : p) {
                        fill(each.value(), stream++);
                    }
                    pair[direction] = new RecurrentLayer(golden.cell, p[0], p[1], p[2], p[3]);
                }
                layers.add(new BidirectionalEncoder.Pair(pair[0], pair[1]));
            }
            Tensor x = scope.zeros(TIME, BATCH, EMBEDDING);
            fill(x, 60);
            assertClose("both directions", new BidirectionalEncoder(layers).forward(x),
                    golden.numbers("bidirectional"));
        }
    }
}
