// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import org.junit.jupiter.api.Test;
import verbo.lm.testkit.TableModel;
import verbo.text.CharacterTokenizer;
import verbo.text.Tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
    void intervalsHoldTheFigureAndADifferenceToItselfIsNone() {
        LineScores scores = of(true, 2);
        LineScores.Interval interval = scores.interval(500, 1);
        assertThat(scores.bitsPerByte()).isBetween(interval.low(), interval.high());
        assertThat(interval.high()).isGreaterThan(interval.low());
        assertThat(scores.interval(500, 1)).isEqualTo(interval);
        assertThat(scores.difference(scores, 500, 1)).isEqualTo(new LineScores.Interval(0, 0));
    }
}
