// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of a sequence that a model with a bounded context scores at once: it takes the tokens {@code from} to
 * {@code to - 1} (that one exclusive) and so predicts those from {@code scored} to {@code to} (exclusive).
 *
 * @param from
 *            index of the first token taken
 * @param scored
 *            index of the first token whose probability counts
 * @param to
 *            index behind the last token whose probability counts; the last one is predicted, not taken
 */
public record ScoringWindow(int from, int scored, int to) {

    /**
     * Covers a sequence with windows: every token is scored once, with at least half a context of tokens before it, or
     * all there are. All windows but the last are of the same length.
     *
     * @param tokens
     *            length of the sequence
     * @param contextLength
     *            how many tokens the model takes at once, at least 1
     * @param first
     *            whether the model has a probability for the first token; if not, scoring begins at the second
     */
    public static List<ScoringWindow> cover(int tokens, int contextLength, boolean first) {
        if (contextLength < 1) {
            throw new IllegalArgumentException("a context of " + contextLength + " tokens");
        }
        List<ScoringWindow> windows = new ArrayList<>();
        int half = contextLength - contextLength / 2;
        int from = 0;
        int scored = first ? 0 : 1;
        while (scored < tokens) {
            int to = (int) Math.min(tokens, from + (long) contextLength + 1);
            windows.add(new ScoringWindow(from, scored, to));
            scored = to;
            from = scored - half;
        }
        return windows;
    }
}
