// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ScoringWindowTest {

    @Test
    void aSequenceThatFitsIsOneWindow() {
        assertThat(ScoringWindow.cover(5, 8, false)).containsExactly(new ScoringWindow(0, 1, 5));
        assertThat(ScoringWindow.cover(9, 8, false)).containsExactly(new ScoringWindow(0, 1, 9));
        assertThat(ScoringWindow.cover(9, Integer.MAX_VALUE, true)).containsExactly(new ScoringWindow(0, 0, 9));
        assertThat(ScoringWindow.cover(0, 8, true)).isEmpty();
        assertThat(ScoringWindow.cover(1, 8, false)).isEmpty();
    }

    @Test
    void theNextWindowsHaveHalfAContextBeforeWhatTheyScore() {
        assertThat(ScoringWindow.cover(20, 8, false)).containsExactly(new ScoringWindow(0, 1, 9),
                new ScoringWindow(5, 9, 14), new ScoringWindow(10, 14, 19), new ScoringWindow(15, 19, 20));
    }

    @Test
    void everyTokenIsScoredOnceWithHalfAContext() {
        for (int context = 1; context <= 9; context++) {
            for (int tokens = 0; tokens <= 40; tokens++) {
                for (boolean first : new boolean[]{true, false}) {
                    int next = first ? 0 : 1;
                    List<ScoringWindow> windows = ScoringWindow.cover(tokens, context, first);
                    for (ScoringWindow window : windows) {
                        assertThat(window.scored()).isEqualTo(next);
                        assertThat(window.to()).isGreaterThan(next);
                        assertThat(window.to() - 1 - window.from()).as("taken").isLessThanOrEqualTo(context);
                        assertThat(2 * (window.scored() - window.from())).as("context")
                                .isGreaterThanOrEqualTo(Math.min(context, 2 * window.scored()));
                        next = window.to();
                    }
                    assertThat(next).isEqualTo(Math.max(tokens, first ? 0 : 1));
                }
            }
        }
    }

    @Test
    void noContextIsRefused() {
        assertThatThrownBy(() -> ScoringWindow.cover(3, 0, true)).isInstanceOf(IllegalArgumentException.class);
    }
}
