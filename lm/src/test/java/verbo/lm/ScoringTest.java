// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import verbo.lm.testkit.PieceTokenizer;
import verbo.lm.testkit.TableModel;
import verbo.text.Corpus;
import verbo.text.Document;
import verbo.text.Progress;
import verbo.text.Tokenizer;
import verbo.text.TokenizerTrainer;
import verbo.text.WordLevelTokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class ScoringTest {

    private static TableModel unigram(boolean first, @Nullable Tokenizer tokenizer, double... probabilities) {
        return new TableModel(probabilities.length, 6, new int[0], first, tokenizer,
                (before, last, token) -> (float) Math.log(probabilities[token]));
    }

    @Test
    void aKnownDistributionHasItsPerplexity() {
        LanguageModel model = unigram(true, PieceTokenizer.characters("abc"), 0.5, 0.25, 0.25);
        Score score = Scoring.of(model, "abacabac").total();
        assertThat(score.tokens()).isEqualTo(8);
        assertThat(score.bits()).isCloseTo(12, within(1e-6));
        assertThat(score.nats()).isCloseTo(12 * Math.log(2), within(1e-6));
        assertThat(score.perplexity()).isCloseTo(Math.pow(2, 1.5), within(1e-6));
        assertThat(score.bitsPerByte().getAsDouble()).isCloseTo(1.5, within(1e-7));
        assertThat(score.bitsPerCharacter().getAsDouble()).isCloseTo(1.5, within(1e-7));
    }

    @Test
    void tokensReadAsUnknownAreCounted() {
        LanguageModel model = unigram(false, new PieceTokenizer("a", "<unk>"), 0.75, 0.25);
        Scoring scoring = Scoring.of(model, new int[]{1, 0, 1, 0, 1});
        assertThat(scoring.unknown()).isEqualTo(2); // the first is not scored
        assertThat(scoring.unknownRate()).isEqualTo(0.5);
        assertThat(scoring.perplexityWithoutUnknown()).isCloseTo(4 / 3.0, within(1e-6));
        assertThat(Scoring.of(unigram(true, null, 0.5, 0.5), new int[]{1}).unknown()).isZero();
    }

    @Test
    void whatIsNotScoredIsLeftOut() {
        LanguageModel model = unigram(false, new PieceTokenizer("é", "a"), 0.5, 0.5);
        Score score = Scoring.of(model, "éaaaé").total();
        assertThat(score).isEqualTo(new Score(4, score.nats(), 5, 4));
        assertThat(score.bits()).isCloseTo(4, within(1e-6));
        assertThat(Scoring.of(model, new int[]{0, 1, 1, 1, 0}).total()).isEqualTo(score);
    }

    @Test
    void aLineIsASequenceOfItsOwn() {
        PieceTokenizer tokenizer = new PieceTokenizer("a", "b", Tokenizer.END_OF_TEXT);
        // a: after a separator 1/2, else 1/4; what came before that is not to be seen
        LanguageModel model = new TableModel(3, 6, new int[0], false, tokenizer, (before, last, token) -> {
            assertThat(before).isLessThan(4);
            return (float) Math.log(last == 2 == (token == 0) ? 0.5 : 0.25);
        });
        Scoring lines = Scoring.ofLines(model, List.of("ab", "", "a"), Progress.NONE);
        assertThat(lines.tokens().ids()).containsExactly(2, 0, 1, 2, 0, 2);
        assertThat(lines.total()).extracting(Score::tokens, Score::bytes, Score::characters).containsExactly(5L, 3L,
                3L);
        assertThat(lines.probability(1)).isCloseTo(0.5, within(1e-6));
        assertThat(lines.total().nats()).isCloseTo(model.score(new int[]{2, 0, 1, 2}).nats()
                + model.score(new int[]{2, 0, 2}).nats(), within(1e-9));
        assertThatThrownBy(() -> Scoring.ofLines(model, List.of("a", "ax"), Progress.NONE))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("line 2: ");
        assertThatThrownBy(() -> Scoring.ofLines(model, List.of(""), Progress.NONE)).hasMessageContaining("empty");
        assertThatThrownBy(() -> Scoring.ofLines(unigram(false, PieceTokenizer.characters("ab"), 0.5, 0.5),
                List.of("a"), Progress.NONE)).hasMessageContaining(Tokenizer.END_OF_TEXT);
    }

    @Test
    void linesAreCutAsTrainingCutsThem() {
        assertThat(Scoring.lines("a\r\nb\rc\n\n\r\nd\r")).containsExactly("a", "b\rc", "", "", "d");
        assertThat(Scoring.lines("a\u2028b\n")).containsExactly("a\u2028b");
        assertThat(Scoring.lines("")).isEmpty();
    }

    @Test
    void aSpaceThatTheTokenizerPutsBeforeTheFirstWordIsNoByteOfTheText() throws IOException {
        Tokenizer tokenizer = TokenizerTrainer.of(TokenizerTrainer.Type.UNIGRAM).vocabularySize(20)
                .special(List.of("<unk>", Tokenizer.END_OF_TEXT))
                .train(Corpus.of("text", List.of(new Document("a", "salt sea ship salt sea ship"))),
                        (stage, unit, done, total) -> {});
        LanguageModel model = new TableModel(tokenizer.size(), 99, new int[0], false, tokenizer,
                (before, last, token) -> 0);
        assertThat(tokenizer.token(tokenizer.encode("sea")[0])).startsWith("\u2581");
        Score score = Scoring.of(model, "sea ship").total();
        assertThat(score.bytes()).isEqualTo(score.characters());
        assertThat(LineScores.of(model, "sea ship").bytes()).containsExactly(score.bytes());
        Score lines = Scoring.ofLines(model, List.of("sea", "salt  ship"), Progress.NONE).total();
        assertThat(lines).extracting(Score::bytes, Score::characters).containsExactly(13L, 13L);
    }

    @Test
    void aFirstWordThatIsUnknownStandsForItsOwnLetters() throws IOException {
        WordLevelTokenizer words = WordLevelTokenizer.train(
                Corpus.of("text", List.of(new Document("a", "saw saw\n"))), 3, 1);
        LanguageModel model = new TableModel(3, 99, new int[0], false, words, (before, last, token) -> 0);
        for (String text : List.of("I saw\n", "he saw\n", "saw saw\n", "a b", " \u00e9 b\n")) {
            Score score = Scoring.of(model, text).total();
            String rest = text.substring(text.indexOf(' ', 1));
            assertThat(score.bytes()).as(text).isEqualTo(rest.length());
            assertThat(score.characters()).as(text).isEqualTo(rest.length());
            LineScores lines = LineScores.of(model, text);
            assertThat(lines.bytes()).as(text).containsExactly(rest.length());
            assertThat(lines.characters()).as(text).isEqualTo(rest.length());
        }
    }

    @Test
    void aModelThatGivesNoNumberIsRefused() {
        LanguageModel model = new TableModel(3, 6, new int[0], false, PieceTokenizer.characters("abc"),
                (before, last, token) -> last == 1 ? Float.NaN : 0);
        assertThat(Scoring.of(model, "aaaab").total().tokens()).isEqualTo(4);
        assertThatThrownBy(() -> Scoring.of(model, "aabc")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("token 2 at index 3").hasMessageContaining("NaN");
    }

    @Test
    void aCharacterCountsForTheTokenThatCompletesIt() {
        PieceTokenizer tokenizer = new PieceTokenizer("<c3>", "<a9>", "a", Tokenizer.END_OF_TEXT);
        LanguageModel model = unigram(false, tokenizer, 0.25, 0.25, 0.25, 0.25);
        assertThat(Scoring.of(model, "éa").total()).extracting(Score::bytes, Score::characters).containsExactly(2L, 2L);
        assertThat(LineScores.of(model, "éa").bytes()).containsExactly(2);
        Scoring ids = Scoring.of(model, new int[]{2, 0, 1, 3, 2});
        assertThat(ids.total()).extracting(Score::tokens, Score::bytes, Score::characters).containsExactly(4L, 3L, 2L);
    }

    @Test
    void theBytesAreTheTextsOwn() {
        PieceTokenizer tokenizer = new PieceTokenizer("a", "ß", "€", "😀", "?");
        LanguageModel model = unigram(true, tokenizer, 0.2, 0.2, 0.2, 0.2, 0.2);
        assertThat(Scoring.of(model, "aß€😀").total()).extracting(Score::bytes, Score::characters).containsExactly(10L,
                4L);
        assertThat(Scoring.of(model, "a\ud800").total().bytes()).isEqualTo(2);
    }

    @Test
    void withoutATokenizerThereAreNoBytes() {
        Scoring scoring = Scoring.of(unigram(false, null, 0.5, 0.5), new int[]{0, 1, 0});
        assertThat(scoring.total().tokens()).isEqualTo(2);
        assertThat(scoring.total().bitsPerByte()).isEmpty();
        assertThat(scoring.total().bitsPerCharacter()).isEmpty();
        assertThat(scoring.token(1)).isEqualTo("1");
        assertThatThrownBy(() -> Scoring.of(unigram(false, null, 1), "a")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ids");
    }

    @Test
    void eachTokenHasItsProbabilityAndSurprisal() {
        Scoring scoring = Scoring.of(unigram(false, PieceTokenizer.characters("ab"), 0.125, 0.875), "aab");
        assertThat(scoring.size()).isEqualTo(3);
        assertThat(scoring.tokens().scored(0)).isFalse();
        assertThat(scoring.probability(0)).isNaN();
        assertThat(scoring.probability(1)).isCloseTo(0.125, within(1e-7));
        assertThat(scoring.surprisal(1)).isCloseTo(3, within(1e-6));
        assertThat(scoring.token(2)).isEqualTo("b");
    }

    @Test
    void whatIsTooShortSaysSo() {
        LanguageModel model = unigram(false, PieceTokenizer.characters("a"), 1);
        assertThatThrownBy(() -> Scoring.of(model, "a")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 token");
        assertThatThrownBy(() -> Scoring.of(model, "")).hasMessageContaining("0 tokens");
    }

    @Test
    void anImpossibleTokenIsInfinitelyBad() {
        Score score = Scoring.of(unigram(true, PieceTokenizer.characters("ab"), 1, 0), "aba").total();
        assertThat(score.nats()).isInfinite().isPositive();
        assertThat(score.perplexity()).isInfinite();
    }

    @Test
    void scoresAddUp() {
        assertThat(new Score(2, 1.5, 4, 3).plus(new Score(1, 0.5, 2, 2))).isEqualTo(new Score(3, 2, 6, 5));
        assertThat(new Score(2, 1.5, 4, 3).plus(new Score(1, 0.5, -1, -1))).isEqualTo(new Score(3, 2, -1, -1));
    }

    @Test
    void theSumDoesNotDriftWithLength() {
        double[] logProbabilities = new double[1_000_000];
        Arrays.fill(logProbabilities, -0.1);
        assertThat(new TokenScores(new int[logProbabilities.length], logProbabilities).nats()).isEqualTo(100_000);
    }
}
