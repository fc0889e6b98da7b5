// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import verbo.lm.Advance;
import verbo.lm.LanguageModel;
import verbo.lm.State;
import verbo.nn.AdamW;
import verbo.nn.GradientClipping;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class GptTest {
    private static final GptConfig SMALL = GptConfig.of(31, 100, 20, 3, 2);

    private static Engine engine;

    @BeforeAll
    static void openEngine() {
        engine = Engine.cpu(2);
    }

    @AfterAll
    static void closeEngine() {
        engine.close();
    }

    private static Gpt shaken(GptConfig config) {
        Gpt gpt = Gpt.create(engine, config, 1);
        for (int i = 0; i < gpt.parameters().size(); i++) {
            Parameter parameter = gpt.parameters().get(i);
            boolean gain = parameter.name().contains("ln_") && parameter.name().endsWith("weight");
            parameter.value().set(GoldenNumbers.weights(i, (int) parameter.value().size(), gain ? 1 : 0));
        }
        return gpt;
    }

    private static float[] logProbabilities(Gpt gpt, int[] ids) {
        try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
            return gpt.logits(scope.of(ids, 1, ids.length)).logSoftmax().toFloats();
        }
    }

    /** Several texts at once, cut at random, forked and gone back at random: always as the whole text alone. */
    @Test
    void aCacheGivesWhatTheWholeSequenceGives() {
        Random random = new Random(5);
        List<GptConfig> configs = List.of(SMALL, SMALL.withBias(false), SMALL.withTiedEmbeddings(false),
                SMALL.withAttentionScale(true, true));
        for (GptConfig config : configs) {
            try (Gpt gpt = shaken(config); LanguageModel model = gpt.languageModel(null)) {
                int v = config.vocabularySize();
                int[][] texts = new int[5][];
                float[][] expected = new float[texts.length][];
                State[] states = new State[texts.length];
                for (int i = 0; i < texts.length; i++) {
                    texts[i] = random.ints(config.contextLength(), 0, v).toArray();
                    expected[i] = logProbabilities(gpt, texts[i]);
                    states[i] = model.open();
                }
                for (int round = 0; round < 40; round++) {
                    List<Advance> batch = new ArrayList<>();
                    for (int i = 0; i < texts.length; i++) {
                        int length = states[i].length();
                        int what = random.nextInt(6);
                        if (what == 0) {
                            State fork = states[i].fork();
                            states[i].close();
                            states[i] = fork;
                        } else if (what == 1 || length == texts[i].length) {
                            states[i].truncate(random.nextInt(length + 1));
                        } else {
                            int most = what == 2 ? texts[i].length - length : Math.min(3, texts[i].length - length);
                            int count = 1 + random.nextInt(most);
                            batch.add(new Advance(states[i], Arrays.copyOfRange(texts[i], length, length + count),
                                    new float[random.nextInt(count + 1)][v]));
                        }
                    }
                    model.advance(batch);
                    for (Advance advance : batch) {
                        int text = Arrays.asList(states).indexOf(advance.state());
                        int end = advance.state().length();
                        for (int row = 0; row < advance.rows().length; row++) {
                            int place = end - advance.rows().length + row;
                            assertRow(advance.rows()[row], expected[text], place);
                        }
                        float[] last = new float[v];
                        advance.state().logProbabilities(last);
                        assertRow(last, expected[text], end - 1);
                    }
                }
                for (State state : states) {
                    state.close();
                }
            }
        }
    }

    private static void assertRow(float[] row, float[] expected, int place) {
        for (int i = 0; i < row.length; i++) {
            assertThat(row[i]).isCloseTo(expected[place * row.length + i], within(2e-5f));
        }
    }

    @Test
    void theNormalizerIsOfTheLastPlace() {
        try (Gpt gpt = shaken(SMALL); LanguageModel model = gpt.languageModel(null); State state = model.open()) {
            float[] row = new float[SMALL.vocabularySize()];
            int[] ids = {3, 1, 4, 1, 5};
            for (int length = 1; length <= ids.length; length++) {
                boolean asked = length % 2 == 1; // what was known of the place before must not stay
                model.advance(List.of(
                        new Advance(state, new int[]{ids[length - 1]}, asked ? new float[][]{row} : new float[0][])));
                double normalizer = state.logNormalizer();
                state.logProbabilities(row);
                try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
                    float[] logits = gpt.logits(scope.of(Arrays.copyOf(ids, length), 1, length)).toFloats();
                    for (int i = 0; i < row.length; i++) {
                        assertThat(row[i] + normalizer).isCloseTo(logits[(length - 1) * row.length + i],
                                within(1e-5));
                    }
                }
            }
        }
    }

    @Test
    void aScoreIsTheLossOfTheWindow() {
        try (Gpt gpt = shaken(SMALL); LanguageModel model = gpt.languageModel(null)) {
            int[] ids = new Random(2).ints(SMALL.contextLength() + 1, 0, SMALL.vocabularySize()).toArray();
            double nats = model.score(ids).nats();
            try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
                int time = ids.length - 1;
                double loss = gpt.loss(scope.of(Arrays.copyOf(ids, time), 1, time),
                        scope.of(Arrays.copyOfRange(ids, 1, time + 1), 1, time), 0, false).item();
                assertThat(nats / time).isCloseTo(loss, within(1e-5));
            }
        }
    }

    private static double loss(Gpt gpt, long seed, boolean training) {
        try (Scope scope = Scope.open(engine)) {
            int[] ids = new Random(3).ints(40, 0, gpt.vocabularySize()).toArray();
            return gpt.loss(scope.of(ids, 4, 10), scope.of(ids, 4, 10), seed, training).item();
        }
    }

    @Test
    void dropoutDropsBySeedAndOnlyInTraining() {
        double whole;
        try (Gpt gpt = shaken(SMALL)) {
            whole = loss(gpt, 1, true);
            assertThat(loss(gpt, 2, true)).isEqualTo(whole);
        }
        for (GptConfig config : List.of(SMALL.withDropout(0.3, 0, 0), SMALL.withDropout(0, 0.3, 0),
                SMALL.withDropout(0, 0, 0.3))) {
            try (Gpt gpt = shaken(config)) {
                assertThat(loss(gpt, 1, true)).isEqualTo(loss(gpt, 1, true)).isNotEqualTo(loss(gpt, 2, true))
                        .isNotEqualTo(whole);
                assertThat(loss(gpt, 1, false)).isEqualTo(whole);
            }
        }
        try (Gpt gpt = shaken(SMALL.withDropout(0, 1e-9, 0))) { // so little that nothing is dropped
            assertThat(loss(gpt, 1, true)).isEqualTo(whole);
        }
    }

    /** The bytes an engine holds after a few steps, and what gradients these have. */
    private static long train(boolean recompute, List<float[]> gradients) {
        try (Engine own = Engine.cpu(2);
                Gpt gpt = Gpt.create(own, GptConfig.of(65, 64, 32, 6, 4).withDropout(0.1, 0.1, 0.1), 1)) {
            gpt.recompute(recompute);
            int[] ids = new Random(3).ints(12 * 64, 0, 65).toArray();
            for (int round = 0; round < 3; round++) {
                try (Scope step = Scope.open(own)) {
                    gpt.loss(step.of(ids, 12, 64), step.of(ids, 12, 64), round, true).backward();
                }
            }
            gpt.parameters().forEach(each -> gradients.add(requireNonNull(each.value().gradient()).toFloats()));
            return own.reservedBytes();
        }
    }

    @Test
    void blocksComputedAgainGiveTheSameGradientsInLessMemory() {
        List<float[]> kept = new ArrayList<>();
        List<float[]> again = new ArrayList<>();
        long bytes = train(false, kept);
        assertThat(train(true, again)).isLessThan(bytes / 2);
        for (int i = 0; i < kept.size(); i++) {
            assertThat(again.get(i)).isEqualTo(kept.get(i));
        }
    }

    @Test
    void aSteadyStateAllocatesNothingOffHeap() {
        try (Engine own = Engine.cpu(2);
                Gpt gpt = Gpt.create(own, GptConfig.of(65, 64, 32, 4, 4).withBias(false), 1);
                AdamW optimizer = new AdamW(own, gpt.parameters(), AdamW.Options.DEFAULT);
                LanguageModel model = gpt.languageModel(null)) {
            int[] ids = new Random(3).ints(12 * 64, 0, 65).toArray();
            float[][] row = new float[1][65];
            long reserved = 0;
            int rounds = 30;
            for (int round = 0; round < 2 * rounds; round++) {
                if (round == rounds) {
                    reserved = own.reservedBytes();
                }
                try (Scope step = Scope.open(own)) {
                    gpt.loss(step.of(ids, 12, 64), step.of(ids, 12, 64), round, true).backward();
                }
                optimizer.step(1e-3, GradientClipping.scale(GradientClipping.norm(gpt.parameters()), 1));
                try (State state = model.open(); State fork = state.fork()) {
                    for (int i = 0; i < 20; i++) {
                        model.advance(List.of(new Advance(state, new int[]{ids[i]}, row), new Advance(fork, 7)));
                    }
                    fork.advance(Arrays.copyOf(ids, 30));
                }
                model.score(Arrays.copyOf(ids, 200));
            }
            assertThat(own.reservedBytes()).isEqualTo(reserved);
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Gpt gpt = Gpt.create(engine, SMALL, 1); Scope scope = Scope.open(engine)) {
            assertThatThrownBy(() -> gpt.logits(scope.of(new int[101], 1, 101)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("100");
        }
        assertThatThrownBy(() -> GptConfig.of(10, 10, 10, 1, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the width 10 is not a multiple of the number of heads, 3");
        assertThatThrownBy(() -> GptConfig.of(10, 0, 10, 1, 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("context length");
    }

    @Test
    void itSaysWhatItIs() {
        try (Gpt gpt = Gpt.create(engine, GptConfig.of(65, 64, 128, 4, 4).withBias(false), 1)) {
            assertThat(gpt.description())
                    .isEqualTo("GPT: 4 layers, 4 heads, 128 wide, context 64, vocabulary 65: 804,096 parameters");
            assertThat(gpt.toString()).isEqualTo(gpt.description());
        }
    }
}
