// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import verbo.lm.testkit.PieceTokenizer;
import verbo.lm.testkit.TableModel;
import verbo.text.CharacterTokenizer;
import verbo.text.Progress;
import verbo.text.Tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.data.Index.atIndex;

class LineScoresTest {
    private static final String TEXT = "aé\nab b\na";

    private static LineScores of(boolean first, double sharpness) {
        Tokenizer tokenizer = CharacterTokenizer.of(TEXT, false);
        return LineScores.of(new TableModel(tokenizer.size(), Integer.MAX_VALUE, new int[0], first, tokenizer,
                (before, last, token) -> (float) (token == 0 ? sharpness : 0)), TEXT);
    }

    @Test
    void bitsAreOfTheTextsOwnBytes() {
        LineScores scores = of(true, 0); // five characters, each as likely
        assertThat(scores.bytes()).containsExactly(4, 5, 1);
        assertThat(scores.tokens()).isEqualTo(9);
        assertThat(scores.bitsPerByte()).isCloseTo(9 * Math.log(5) / Math.log(2) / 10, within(1e-5));
        assertThat(scores.bitsPerCharacter()).isCloseTo(Math.log(5) / Math.log(2), within(1e-5));
        assertThat(scores.perplexity()).isCloseTo(5, within(1e-4));
        assertThat(scores.nats()[2]).isCloseTo(Math.log(5), within(1e-5));
        assertThat(scores.words()).isEqualTo(4);
        assertThat(scores.unknown()).isZero();
    }

    @Test
    void aFirstTokenThatIsNotScoredDoesNotCount() {
        LineScores scores = of(false, 0);
        assertThat(scores.bytes()).containsExactly(3, 5, 1);
        assertThat(scores.tokens()).isEqualTo(8);
        assertThat(scores.bitsPerCharacter()).isCloseTo(Math.log(5) / Math.log(2), within(1e-5));
    }

    @Test
    void linesThatAreTextsOfTheirOwnAreScoredWithTheirEnds() {
        PieceTokenizer tokenizer = new PieceTokenizer("a", "é", "b", Tokenizer.END_OF_TEXT, "<unk>");
        LanguageModel model = new TableModel(5, 99, new int[0], false, tokenizer,
                (before, last, token) -> (float) Math.log(last == token ? 0.5 : 0.125));
        String text = "aé\r\n\nab\na";
        LineScores scores = LineScores.ofLines(model, text);
        assertThat(scores.bytes()).as("the last line's end, too").containsExactly(5, 0, 3, 2);
        assertThat(scores.characters()).isEqualTo(9);
        assertThat(scores.words()).isEqualTo(3);
        Scoring whole = Scoring.ofLines(model, Scoring.lines(text), Progress.NONE);
        assertThat(scores.tokens()).isEqualTo(8).isEqualTo(whole.total().tokens());
        assertThat(Arrays.stream(scores.nats()).sum()).isCloseTo(whole.total().nats(), within(1e-9));
        assertThat(scores.nats()).hasSameSizeAs(scores.bytes()).contains(0, atIndex(1));
        assertThat(scores.nats()[3]).isCloseTo(model.score(new int[]{3, 0, 3}).nats(), within(1e-9));
        assertThat(scores.unknown()).isZero();
        assertThatThrownBy(() -> LineScores.ofLines(model, "\n\r\n")).hasMessageContaining("every line is empty");
        assertThatThrownBy(() -> LineScores.ofLines(model, "a\nax")).hasMessageStartingWith("line 2: ");
    }

    @Test
    void intervalsHoldTheFigureAndADifferenceToItselfIsNone() {
        LineScores scores = of(true, 2);
        LineScores.Interval interval = scores.interval(500, 1);
        assertThat(scores.bitsPerByte()).isBetween(interval.low(), interval.high());
        assertThat(interval.high()).isGreaterThan(interval.low());
        assertThat(scores.interval(500, 1)).isEqualTo(interval);
        assertThat(scores.difference(scores, 500, 1)).isEqualTo(new LineScores.Interval(0, 0));
    }
}
