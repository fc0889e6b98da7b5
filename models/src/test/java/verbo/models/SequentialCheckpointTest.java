// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import verbo.lm.LanguageModel;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
}
