// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import verbo.lm.Advance;
import verbo.lm.LanguageModel;
import verbo.lm.State;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

class SequentialCheckpointTest {
    private static final int[] IDS = {1, 4, 2, 7, 7, 0, 3};

    @TempDir
    private Path folder;

    private static final RnnConfig GRU = new RnnConfig(RecurrentCell.GRU, 11, 4, 6, 2, 5, true, List.of(3, 7),
            new RnnConfig.Dropout(0.1, true, 0.2, 0.3), 1, List.of(1));

    @Test
    void whatIsSavedIsWhatIsOpened() throws IOException {
        try (Engine engine = Engine.cpu(1)) {
            NplmConfig nplm = new NplmConfig(11, 2, 3, 5, true, true, 5, 0.1, null, List.of());
            for (SequentialNetwork made : List.of(Rnn.create(engine, GRU, 2), Nplm.create(engine, nplm, 2),
                    Rnn.create(engine, RnnConfig.of(RecurrentCell.LSTM, 11, 4, 1, 3), 2),
                    Rnn.create(engine, RnnConfig.of(RecurrentCell.RNN, 11, 4, 1, 3), 2))) {
                made.save(folder);
                try (made;
                        LanguageModel before = made.languageModel(null);
                        TrainableLanguageModel loaded = Models.load(engine, folder);
                        LanguageModel after = LanguageModels.open(engine, folder)) {
                    assertThat(loaded.description()).isEqualTo(made.description());
                    assertThat(after.score(IDS).logProbabilities()).isEqualTo(before.score(IDS).logProbabilities());
                    assertThat(after.endTokens()).isEqualTo(before.endTokens());
                    assertThat(after.beginToken()).isEqualTo(before.beginToken());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "vocab_size": 11        | "vocab_size": "many"  | vocab_size
            "hidden_size": 6,       | ''                    | hidden_size
            "hidden_size": 6,       | "hidden_size": 0,     | width
            "hidden_size": 6,       | "hidden_size": 7,     | rnn.weight_ih_l0
            "hidden_size": 6,       | "hidden_size": 1000000000, | the width 1000000000 is too large
            "vocab_size": 11        | "vocab_size": 2000000000 | has shape [11, 4] where [2000000000, 4] is due
            "num_hidden_layers": 2  | "num_hidden_layers": 3 | rnn.weight_ih_l2
            "dropout": 0.1          | "dropout": 1.5        | share
            "bos_token_id": 1       | "bos_token_id": 11    | special token 11
            "model_type": "gru"     | "model_type": "elman" | elman
            """)
    void aConfigurationThatIsWrongIsRefusedByName(String written, String instead, String named) throws IOException {
        try (Engine engine = Engine.cpu(1); Rnn rnn = Rnn.create(engine, GRU, 2)) {
            rnn.save(folder);
            Path file = folder.resolve("config.json");
            String json = Files.readString(file);
            assertThat(json).contains(written);
            Files.writeString(file, json.replace(written, instead));
            assertThatThrownBy(() -> Models.load(engine, folder)).isInstanceOf(FormatException.class)
                    .hasMessageContaining(named);
            assertThatThrownBy(() -> LanguageModels.open(engine, folder)).isInstanceOf(FormatException.class);
        }
    }

    @Test
    void theNormalizerGivesTheLogitsBack() {
        try (Engine engine = Engine.cpu(1);
                Nplm nplm = Nplm.create(engine, new NplmConfig(11, 2, 3, 5, true, true, 5, 0, null, List.of()), 2);
                Rnn lstm = Rnn.create(engine, RnnConfig.of(RecurrentCell.LSTM, 11, 4, 1, 3), 2);
                Rnn adaptive = Rnn.create(engine, GRU, 2)) {
            for (SequentialNetwork network : List.of(nplm, lstm, adaptive)) {
                if (network != adaptive) { // so that the logits are far from log probabilities
                    for (Parameter parameter : network.parameters()) {
                        if (parameter.name().equals("output.bias") || parameter.name().equals("decoder.bias")) {
                            engine.fill(parameter.value(), 5);
                        }
                    }
                }
                try (LanguageModel model = network.languageModel(null); State state = model.open()) {
                    assertThatThrownBy(state::logNormalizer).isInstanceOf(IllegalStateException.class);
                    state.advance(1, 4);
                    float[] expected = new float[11];
                    float[] row = new float[11];
                    try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
                        Tensor hidden = network.hidden(scope.of(new int[]{1, 4, 2}, 3, 1), null, Dropout.NONE);
                        Tensor logits = network.logits(hidden.select(1, 0).slice(0, 2, 3));
                        assertThat(logits == null).isEqualTo(network == adaptive);
                        if (logits != null) {
                            engine.read(logits, MemorySegment.ofArray(expected));
                        }
                    }
                    double before = state.logNormalizer();
                    model.advance(List.of(new Advance(state, new int[]{2}, new float[][]{row})));
                    try (State fork = state.fork(); State again = model.open()) {
                        again.advance(1, 4, 2);
                        for (State each : List.of(state, fork, again)) {
                            double normalizer = each.logNormalizer();
                            if (network == adaptive) {
                                assertThat(normalizer).isZero();
                            } else {
                                assertThat(normalizer).isNotEqualTo(before);
                                for (int id = 0; id < row.length; id++) {
                                    assertThat(row[id] + normalizer).isCloseTo(expected[id], within(1e-5));
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void progressIsToldOfLongTexts() {
        try (Engine engine = Engine.cpu(1);
                Rnn lstm = Rnn.create(engine, RnnConfig.of(RecurrentCell.LSTM, 11, 4, 1, 3), 2);
                LanguageModel model = lstm.languageModel(null)) {
            List<Long> told = new ArrayList<>();
            model.score(new int[1200], (done, total) -> {
                assertThat(total).isEqualTo(1200);
                told.add(done);
            });
            assertThat(told).containsExactly(513L, 1025L, 1200L);
        }
    }

    @Test
    void nothingIsCountedWhereNothingIsDropped() {
        Dropout.NONE.next();
        Dropout.NONE.goTo(3);
        assertThat(Dropout.NONE.place()).isZero();
    }

    @Test
    void gradientsAreMeasuredOfRecurrentModelsOnly() throws IOException {
        try (Engine engine = Engine.cpu(1);
                Nplm nplm = Nplm.create(engine, new NplmConfig(11, 2, 3, 5, false, false, 5, 0, null, List.of()), 2)) {
            verbo.text.Tokenizer tokenizer = verbo.text.CharacterTokenizer.of("abcdefghijk", false);
            nplm.save(folder);
            tokenizer.save(folder.resolve("tokenizer.json"));
            assertThatThrownBy(() -> GradientReach.measure(engine, folder, "abc", 2, 1, verbo.text.Progress.NONE))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("recurrent");
            try (Rnn rnn = Rnn.create(engine, RnnConfig.of(RecurrentCell.RNN, 11, 4, 1, 3), 2)) {
                rnn.save(folder);
            }
            assertThatThrownBy(() -> GradientReach.measure(engine, folder, "abc", 2, 1, verbo.text.Progress.NONE))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("too short");
            double[] norms = GradientReach.measure(engine, folder, "abcdefghkjihgabcdkdkf", 8, 5,
                    verbo.text.Progress.NONE).norms();
            assertThat(norms).hasSize(8);
            assertThat(norms[0]).isGreaterThan(norms[7]);
            assertThat(norms[7]).isPositive();
        }
    }

    @Test
    void gradientsAreThoseOfTheStatesCarriedInTheText() throws IOException {
        String text = "abcdefghkjihgabcdkdkf".repeat(40);
        try (Engine engine = Engine.cpu(1)) {
            verbo.text.CharacterTokenizer.of("abcdefghijk", false).save(folder.resolve("tokenizer.json"));
            for (RecurrentCell cell : RecurrentCell.values()) {
                try (Rnn rnn = Rnn.create(engine, RnnConfig.of(cell, 11, 6, 2, 8), 2)) {
                    rnn.save(folder);
                }
                for (String read : List.of(text, text.substring(0, 60), text.substring(0, 22))) {
                    int places = read.length() / 22;
                    double[] few = GradientReach.measure(engine, folder, read, 5, places, verbo.text.Progress.NONE)
                            .norms();
                    double[] many = GradientReach.measure(engine, folder, read, 20, places, verbo.text.Progress.NONE)
                            .norms();
                    for (int t = 0; t < few.length; t++) {
                        assertThat(few[t]).as("%s at %d of %d", cell, t + 1, read.length()).isCloseTo(many[t],
                                withinPercentage(0.1));
                    }
                }
                // A batch of places, of which some begin with the text, is the mean of each alone.
                double[] all = GradientReach.measure(engine, folder, text.substring(0, 16), 5, 10,
                        verbo.text.Progress.NONE).norms();
                double sum = 0;
                for (int end = 7; end <= 16; end++) {
                    sum += GradientReach.measure(engine, folder, text.substring(0, end), 5, 1,
                            verbo.text.Progress.NONE).norms()[4];
                }
                assertThat(all[4]).isCloseTo(sum / 10, withinPercentage(0.1));
            }
        }
    }
}
