// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import org.jspecify.annotations.Nullable;

/**
 * One generated text.
 *
 * @param text
 *            the new text, without the prompt, the stop string or the end token; null if the model has no tokenizer
 * @param ids
 *            all new tokens, with an end token or those of a stop string
 * @param finish
 *            why it is no longer
 * @param seconds
 *            from the start, the prompt's processing included, to the last token
 */
public record Generated(@Nullable String text, int[] ids, FinishReason finish, double seconds) {

    /** How many new tokens there are. */
    public int tokens() {
        return ids.length;
    }

    /** New tokens a second, the prompt's processing counted in. */
    public double tokensPerSecond() {
        return ids.length / seconds;
    }
}
