// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.lm.CacheModel;
import verbo.lm.LanguageModel;
import verbo.lm.Mixture;
import verbo.lm.State;
import verbo.models.LanguageModels;
import verbo.models.MixtureFile;
import verbo.models.Rnn;
import verbo.models.RnnConfig;
import verbo.ngram.NgramFiles;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.text.CharacterTokenizer;
import verbo.text.Corpus;
import verbo.text.FormatException;
import verbo.text.Tokenizer;
import verbo.text.WordLevelTokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** Models of words that have their vocabularies from elsewhere: counted n-grams and a network. */
final class MixtureFileTest {
    @TempDir
    private static Path folder;

    private static Path text(String name, String... words) throws IOException {
        Random random = new Random(3);
        List<String> lines = new ArrayList<>();
        for (int line = 0; line < 300; line++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(8); i >= 0; i--) {
                int which = Math.min(random.nextInt(words.length), random.nextInt(words.length));
                text.append(words[which]).append(' ');
            }
            lines.add(text.toString());
        }
        return Files.write(folder.resolve(name), lines);
    }

    private static double[] logProbabilities(LanguageModel model, String text) {
        return model.score(Objects.requireNonNull(model.tokenizer()).encode(text)).logProbabilities();
    }

    @Test
    void aVocabularyMayBePaddedBeyondTheTokenizer() throws IOException {
        Tokenizer tokenizer = CharacterTokenizer.of("ab\n", false);
        try (Engine engine = Engine.cpu(1);
                Rnn one = Rnn.create(engine, RnnConfig.of(RecurrentCell.GRU, 8, 2, 1, 3), 1);
                Rnn other = Rnn.create(engine, RnnConfig.of(RecurrentCell.RNN, 8, 2, 1, 3), 1);
                Rnn bare = Rnn.create(engine, RnnConfig.of(RecurrentCell.RNN, 3, 2, 1, 3), 1);
                LanguageModel first = one.languageModel(tokenizer);
                LanguageModel second = other.languageModel(tokenizer);
                LanguageModel third = bare.languageModel(tokenizer)) {
            Mixture mixture = MixtureFile.mix(List.of(first, second), new double[]{1, 1});
            assertThat(mixture.vocabularySize()).isEqualTo(8);
            assertThat(mixture).hasToString(
                    "mixture of 0.5000 of " + one.description() + ", 0.5000 of " + other.description());
            assertThat(mixture.score(new int[]{0, 1, 2}).tokens()).isEqualTo(2);
            assertThatThrownBy(() -> MixtureFile.mix(List.of(first, third), new double[]{1, 1}))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("padded alike");
        }
    }

    @Test
    void aMixtureWrittenThroughALinkedFolderIsOpened() throws IOException {
        Path deep = Files.createDirectories(folder.resolve("real/deep/deeper"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), deep);
        Path path = saved(folder.resolve("linked"));
        Path file = link.resolve("m.json");
        MixtureFile.write(file, List.of(path), new double[]{1}, 0.25, 50);
        assertThat(Files.readString(file)).contains("\"weight\": 0.25,\n    \"size\": 50");
        try (Engine engine = Engine.cpu(1); LanguageModel model = LanguageModels.open(engine, file)) {
            assertThat(model).isInstanceOf(CacheModel.class);
        }
    }

    @Test
    void whatIsWrongInAMixtureIsSaid() throws IOException {
        saved(folder.resolve("rnn"));
        Path file = folder.resolve("wrong.json");
        String model = "{\"model\": \"rnn\", \"weight\": %s}";
        for (List<String> each : List.of(List.of(model.formatted("0"), "", "the weight of the only model"),
                List.of(model.formatted("-1"), "", "the weight of the only model"),
                List.of(model.formatted("1"), ", \"cache\": 5", "cache: must be an object"),
                List.of(model.formatted("1"), ", \"cache\": {\"weight\": 0.1, \"size\": 4294967297}", "cache.size"),
                List.of(model.formatted("1"), ", \"cache\": {\"weight\": 0.1}", "cache.size"),
                List.of(model.formatted("1"), ", \"cache\": {\"size\": 10}", "cache's weight"))) {
            Files.writeString(file, "{\"mixture\": [" + each.get(0) + "]" + each.get(1) + "}");
            try (Engine engine = Engine.cpu(1)) {
                assertThatThrownBy(() -> LanguageModels.open(engine, file)).isInstanceOf(FormatException.class)
                        .hasMessageContaining(each.get(2));
            }
        }
    }

    private static Path saved(Path path) throws IOException {
        try (Engine engine = Engine.cpu(1);
                Rnn rnn = Rnn.create(engine, RnnConfig.of(RecurrentCell.RNN, 3, 2, 1, 3), 1)) {
            rnn.save(path);
        }
        return path;
    }

    @Test
    void countedWordsAndThoseOfANetworkAreTheSame() throws IOException {
        Path counted = text("counted.txt", "the", "sea", "<unk>", "ship", "and", "salt");
        Path learnt = text("learnt.txt", "the", "<unk>", "sea", "hill", "and");
        Path ngrams = folder.resolve("m.bin");
        assertThat(Main.execute(Main.commandLine(), "ngram", "train", "--order", "2", "--text", counted.toString(),
                "--discount-fallback", "--out", ngrams.toString())).isZero();
        Tokenizer tokenizer = WordLevelTokenizer.train(Corpus.open(learnt.toString(), Corpus.Options.DEFAULT), 100, 1);
        assertThat(ScoreCommand.ended(tokenizer, "the sea")).as("as to counted words").isEqualTo("the sea\n");
        try (Engine engine = Engine.cpu(1);
                Rnn rnn = Rnn.create(engine, RnnConfig.of(RecurrentCell.LSTM, tokenizer.size(), 4, 1, 8), 1);
                LanguageModel network = rnn.languageModel(tokenizer);
                LanguageModel counts = NgramFiles.open(ngrams)) {
            Mixture mixture = MixtureFile.mix(List.of(counts, network), new double[]{1, 3});
            String some = "the sea and <unk>\nthe hill\n\nsea ship salt\nthe\n";
            double[] mixed = logProbabilities(mixture, some);
            double[] ofCounts = logProbabilities(counts, some);
            double[] ofNetwork = logProbabilities(network, some);
            assertThat(mixed).hasSize(15);
            assertThat(mixed[0]).as("a network says nothing of the first token").isNaN();
            Tokenizer union = Objects.requireNonNull(mixture.tokenizer());
            int[] ids = union.encode(some);
            try (State state = mixture.open()) {
                state.advance(ids[0]);
                for (int i = 1; i < ids.length; i++) {
                    String word = union.token(ids[i]);
                    double expected = (word.equals("hill") ? 0 : 0.25 * Math.exp(ofCounts[i]))
                            + (word.equals("ship") || word.equals("salt") ? 0 : 0.75 * Math.exp(ofNetwork[i]));
                    assertThat(Math.exp(mixed[i])).as(word).isCloseTo(expected, within(1e-6));
                    assertThat(Math.exp(state.logProbability(ids[i]))).as(word).isCloseTo(expected, within(1e-6));
                    float[] row = new float[mixture.vocabularySize()];
                    state.logProbabilities(row);
                    double sum = 0;
                    for (float logProbability : row) {
                        sum += Math.exp(logProbability);
                    }
                    assertThat(sum).isCloseTo(1, within(1e-5));
                    state.advance(ids[i]);
                }
            }
        }
    }
}
