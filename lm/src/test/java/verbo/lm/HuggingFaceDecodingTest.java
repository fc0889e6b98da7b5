// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import verbo.lm.testkit.TableModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Decoding as Hugging Face transformers does it: decoding.json, which decoding.py wrote. */
class HuggingFaceDecodingTest {

    static Stream<JsonNode> decode() throws IOException {
        return cases("decode");
    }

    static Stream<JsonNode> distribution() throws IOException {
        return cases("distribution");
    }

    private static Stream<JsonNode> cases(String name) throws IOException {
        try (InputStream in = HuggingFaceDecodingTest.class.getResourceAsStream("decoding.json")) {
            JsonNode root = JsonMapper.shared().readTree(Objects.requireNonNull(in));
            List<JsonNode> cases = new ArrayList<>();
            root.get(name).forEach(cases::add);
            assertThat(cases).isNotEmpty();
            return cases.stream();
        }
    }

    private static int[] ints(JsonNode array) {
        int[] ints = new int[array.size()];
        Arrays.setAll(ints, i -> array.get(i).asInt());
        return ints;
    }

    private static LanguageModel model(JsonNode expected) {
        TableModel.Table table = TableModel.hashed(expected.get("seed").asLong());
        int[] ends = ints(expected.get("ends"));
        float boost = (float) expected.get("boost").asDouble();
        return new TableModel(expected.get("vocabulary").asInt(), Integer.MAX_VALUE, ends, false, null,
                (before, last, token) -> table.logit(before, last, token)
                        + (Generator.contains(ends, token) ? boost : 0));
    }

    @ParameterizedTest
    @MethodSource("decode")
    void findsTheSameSequences(JsonNode expected) {
        int beams = expected.get("beams").asInt();
        int[] prompt = ints(expected.get("prompt"));
        int maxTokens = expected.get("maxTokens").asInt();
        double penalty = expected.get("repetitionPenalty").asDouble();
        List<int[]> sequences = new ArrayList<>();
        expected.get("ids").forEach(ids -> sequences.add(ints(ids)));
        LanguageModel model = model(expected);
        if (beams == 1) {
            GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(maxTokens)
                    .withSampling(Sampling.GREEDY.withRepetitionPenalty(penalty));
            assertThat(new Generator(model).generate(prompt, options).getFirst().ids()).isEqualTo(sequences.getFirst());
        }
        BeamSearch.Options options = BeamSearch.Options.DEFAULT.withBeams(beams).withResults(beams)
                .withMaxTokens(maxTokens).withLengthPenalty(expected.get("lengthPenalty").asDouble())
                .withEarlyStopping(BeamSearch.EarlyStopping.valueOf(expected.get("earlyStopping").asString()))
                .withRepetitionPenalty(penalty);
        List<Hypothesis> found = new BeamSearch(model).search(prompt, options);
        assertThat(found.stream().map(Hypothesis::ids).toArray(int[][]::new))
                .isDeepEqualTo(sequences.toArray(int[][]::new));
        for (int i = 0; beams > 1 && i < beams; i++) {
            double score = expected.get("scores").get(i).asDouble();
            assertThat((double) found.get(i).score()).isCloseTo(score, within(1e-5 * Math.max(1, Math.abs(score))));
        }
    }

    @ParameterizedTest
    @MethodSource("distribution")
    void drawsFromTheSameDistribution(JsonNode expected) {
        TableModel.Table table = TableModel.hashed(expected.get("seed").asLong());
        TableModel model = TableModel.of(expected.get("vocabulary").asInt(),
                (before, last, token) -> table.logit(0, 0, token));
        Sampling sampling = new Sampling(expected.get("temperature").asDouble(), expected.get("topK").asInt(),
                expected.get("topP").asDouble(), expected.get("minP").asDouble(),
                expected.get("repetitionPenalty").asDouble());
        int[] history = ints(expected.get("history"));
        float[] row = new float[model.vocabularySize()];
        double[] probabilities = new double[row.length];
        try (State state = model.open()) {
            state.advance(history);
            state.logProbabilities(row);
            new RepetitionPenalty(sampling.repetitionPenalty()).apply(row, state.logNormalizer(), history,
                    history.length);
        }
        new Sampler(sampling).distribution(row, probabilities);
        int[] kept = ints(expected.get("kept"));
        assertThat(IntStream.range(0, row.length).filter(id -> probabilities[id] > 0).toArray()).isEqualTo(kept);
        for (int i = 0; i < kept.length; i++) {
            double wanted = expected.get("probabilities").get(i).asDouble();
            assertThat(probabilities[kept[i]]).as("token %d", kept[i]).isCloseTo(wanted, within(1e-6));
        }
    }
}
