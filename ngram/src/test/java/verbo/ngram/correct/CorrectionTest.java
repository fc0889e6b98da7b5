// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.correct;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.ngram.Discounts;
import verbo.ngram.NgramFiles;
import verbo.ngram.NgramModel;
import verbo.ngram.Vocabulary;
import verbo.ngram.correct.SpellingCorrector.Ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class CorrectionTest {
    private static final String TEXT = """
            the ship went to the north
            the sheep went to the hill
            the ship went to the south
            the sheep eat grass on the hill
            a ship on the sea
            the sheep eat grass
            the ship on the sea
            the sheep sleep on the hill
            """;

    @TempDir
    private Path folder;

    private NgramModel model;

    @BeforeEach
    void train() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), TEXT.repeat(4));
        Path out = folder.resolve("model.bin");
        NgramFiles.estimate(text, out,
                new NgramFiles.Estimation(3, 1 << 25, 1, Discounts.FALLBACK, NgramFiles.Form.FAST));
        model = NgramModel.open(out);
    }

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void theContextDecides() {
        SpellingCorrector corrector = new SpellingCorrector(model, new SpellingCorrector.Options(2, 0.05, 8));
        assertThat(corrector.correct("the shep eat grass")).isEqualTo("the sheep eat grass");
        assertThat(corrector.correct("the shep on the sea")).isEqualTo("the ship on the sea");
        String[] sentence = {"the", "shep", "on", "the", "sea"};
        assertThat(corrector.candidates(sentence, 1, Ranking.CONTEXT).getFirst().word()).isEqualTo("ship");
    }

    /** A word that exists but does not fit: one edit away is one that does, and context outweighs the rarity of errors. */
    @Test
    void aRealWordThatDoesNotFitIsMended() throws Exception {
        String text = """
                she drank hot tea with milk
                the sea was cold and grey
                they sailed the sea for a year
                he drank hot tea at noon
                we swam in the sea at noon
                she made hot tea for him
                """;
        Path file = Files.writeString(folder.resolve("tea.txt"), text.repeat(20));
        Path out = folder.resolve("tea.bin");
        NgramFiles.estimate(file, out,
                new NgramFiles.Estimation(3, 1 << 25, 1, Discounts.FALLBACK, NgramFiles.Form.FAST));
        try (NgramModel tea = NgramModel.open(out)) {
            SpellingCorrector corrector = new SpellingCorrector(tea, SpellingCorrector.Options.DEFAULT);
            assertThat(corrector.correct("she drank hot sea with milk")).isEqualTo("she drank hot tea with milk");
            assertThat(corrector.correct("they sailed the tea for a year")).isEqualTo("they sailed the sea for a year");
            for (String right : text.lines().toList()) {
                assertThat(corrector.correct(right)).isEqualTo(right);
            }
        }
    }

    @Test
    void whatIsRightOrNoWordStays() {
        SpellingCorrector corrector = new SpellingCorrector(model, SpellingCorrector.Options.DEFAULT);
        for (String line : List.of("the ship went  to the north", "", "   ", "1234 !", "Xylophonisten")) {
            assertThat(corrector.correct(line)).isEqualTo(line);
        }
    }

    /** All words within a distance, against measuring every word. */
    @Test
    void nearWordsAreAllThereAre() {
        SplittableRandom random = new SplittableRandom(3);
        TreeSet<String> words = new TreeSet<>();
        while (words.size() < 400) {
            words.add(word(random));
        }
        Vocabulary vocabulary = Vocabulary.of(words.stream());
        for (int distance = 1; distance <= 2; distance++) {
            NearWords near = new NearWords(vocabulary, distance);
            int found = 0;
            for (int i = 0; i < 300; i++) {
                String asked = word(random);
                int[] letters = asked.codePoints().toArray();
                int most = distance;
                List<String> right = words.stream()
                        .filter(word -> NearWords.edits(letters, word.codePoints().toArray()) <= most).toList();
                assertThat(near.find(letters).stream().map(each -> vocabulary.word(each.word())))
                        .containsExactlyElementsOf(right);
                found += right.size();
            }
            assertThat(found).isGreaterThan(100);
        }
    }

    private static String word(SplittableRandom random) {
        StringBuilder word = new StringBuilder();
        for (int n = 1 + random.nextInt(5); n > 0; n--) {
            word.append("abcé".charAt(random.nextInt(4)));
        }
        return word.toString();
    }

    @Test
    void editsCountASwapOnce() {
        assertThat(NearWords.edits("teh".codePoints().toArray(), "the".codePoints().toArray())).isEqualTo(1);
        assertThat(NearWords.edits("hill".codePoints().toArray(), "hilly".codePoints().toArray())).isEqualTo(1);
        assertThat(NearWords.edits("ship".codePoints().toArray(), "sheep".codePoints().toArray())).isEqualTo(2);
        assertThat(NearWords.edits(new int[0], "abc".codePoints().toArray())).isEqualTo(3);
    }

    @Test
    void aTrialCountsWhatItDid() {
        SpellingCorrector corrector = new SpellingCorrector(model, SpellingCorrector.Options.DEFAULT);
        CorrectionTrial trial = CorrectionTrial.of(corrector, TEXT.lines().toList(), 3, 5);
        assertThat(trial).isEqualTo(CorrectionTrial.of(corrector, TEXT.lines().toList(), 3, 5));
        assertThat(trial.words()).isEqualTo(TEXT.strip().split("\\s+").length);
        assertThat(trial.before()).isCloseTo((double) trial.edited() / trial.words(), within(1e-9));
        assertThat(trial.reachable()).isEqualTo(1);
        assertThat(trial.context()).isGreaterThanOrEqualTo(trial.frequency());
        assertThat(trial.after()).isLessThan(trial.before());
    }

    @Test
    void wordErrors() {
        assertThat(WordErrors.count(new String[]{"a", "b", "c"}, new String[]{"a", "c", "d"})).isEqualTo(2);
        assertThat(WordErrors.count(new String[0], new String[]{"a"})).isEqualTo(1);
    }

    @Test
    void rescoringFindsWeightsThatHelp() {
        List<Rescoring.Hypothesis> one = List.of(new Rescoring.Hypothesis("the sheep on the sea", -1, -20),
                new Rescoring.Hypothesis("the ship on the sea", -2, -8));
        List<Rescoring.Hypothesis> two = List.of(new Rescoring.Hypothesis("a hill", -1, -5),
                new Rescoring.Hypothesis("ah ill", -4, -6));
        List<String> right = List.of("the ship on the sea", "a hill");
        assertThat(new Rescoring(0, 0).errorRate(List.of(one, two), right)).isCloseTo(1 / 7.0, within(1e-9));
        Rescoring tuned = Rescoring.tune(List.of(one, two), right);
        assertThat(tuned.lm()).isGreaterThan(1 / 12.0);
        assertThat(tuned.errorRate(List.of(one, two), right)).isZero();
        assertThatThrownBy(() -> tuned.errorRate(List.of(one), right)).isInstanceOf(IllegalArgumentException.class);
    }
}
