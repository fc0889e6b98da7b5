// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import org.jspecify.annotations.Nullable;

/**
 * A sequence found by {@link BeamSearch}.
 *
 * @param text
 *            the new text, without the prompt or the end token; null if the model has no tokenizer
 * @param ids
 *            the new tokens, with the end token if there is one
 * @param score
 *            the sum of the new tokens' log probabilities (nats), as the repetition penalty left them, divided by their number
 *            to the power of the length penalty
 * @param finish
 *            {@link FinishReason#END} or {@link FinishReason#LENGTH}
 */
public record Hypothesis(@Nullable String text, int[] ids, float score, FinishReason finish) {}
