// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.BitSet;

/**
 * Hugging Face's repetition penalty: every token that has come before is made less probable, once, however often it
 * came. The result is not normalised again.
 */
final class RepetitionPenalty {

    private final float penalty;
    private final BitSet seen = new BitSet();

    RepetitionPenalty(double penalty) {
        this.penalty = (float) penalty;
    }

    /**
     * @param row
     *            [vocabulary] logarithms of probabilities, changed in place
     * @param logNormalizer
     *            what makes logits of them, see {@link State#logNormalizer()}
     * @param tokens
     *            the first {@code count} have come before
     */
    void apply(float[] row, double logNormalizer, int[] tokens, int count) {
        if (penalty == 1) {
            return;
        }
        for (int i = 0; i < count; i++) {
            int token = tokens[i];
            if (!seen.get(token)) {
                seen.set(token);
                float logit = (float) (row[token] + logNormalizer);
                row[token] = (float) ((logit < 0 ? logit * penalty : logit / penalty) - logNormalizer);
            }
        }
        for (int i = 0; i < count; i++) {
            seen.clear(tokens[i]);
        }
    }
}
