// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

/**
 * How a token is chosen from the model's probabilities. The steps are Hugging Face's logits processors, in the same
 * order: repetition penalty, temperature, top-k, top-p, min-p.
 *
 * @param temperature
 *            logarithms of probabilities are divided by it: below 1 sharpens, above 1 flattens. 0 is greedy: always the
 *            most probable token (of equals the one with the lowest id), and the filters do nothing
 * @param topK
 *            keep the k most probable tokens, and those equal to the last of them; 0 keeps all
 * @param topP
 *            keep the smallest set of most probable tokens that has at least this much of the probability (nucleus
 *            sampling, Holtzman et al. 2019, arXiv:1904.09751); 1 keeps all
 * @param minP
 *            keep tokens with at least this fraction of the most probable one's probability; 0 keeps all
 * @param repetitionPenalty
 *            tokens that are in the prompt or were generated have their logit divided by it if it is positive, and
 *            multiplied if it is negative (CTRL, Keskar et al. 2019, arXiv:1909.05858); 1 does nothing
 */
public record Sampling(double temperature, int topK, double topP, double minP, double repetitionPenalty) {

    /** The model's own distribution. */
    public static final Sampling DEFAULT = new Sampling(1, 0, 1, 0, 1);

    /** Always the most probable token. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1);

    public Sampling {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature " + temperature + " must be 0 (greedy) or more");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top-k " + topK + " must be 1 or more, or 0 to keep all tokens");
        }
        if (!(topP >= 0 && topP <= 1)) {
            throw new IllegalArgumentException("top-p " + topP + " must be from 0 to 1");
        }
        if (!(minP >= 0 && minP <= 1)) {
            throw new IllegalArgumentException("min-p " + minP + " must be from 0 to 1");
        }
        if (!(repetitionPenalty > 0) || Double.isInfinite(repetitionPenalty)) {
            throw new IllegalArgumentException(
                    "repetition penalty " + repetitionPenalty + " must be above 0 (1: none)");
        }
    }

    public Sampling withTemperature(double value) {
        return new Sampling(value, topK, topP, minP, repetitionPenalty);
    }

    public Sampling withTopK(int value) {
        return new Sampling(temperature, value, topP, minP, repetitionPenalty);
    }

    public Sampling withTopP(double value) {
        return new Sampling(temperature, topK, value, minP, repetitionPenalty);
    }

    public Sampling withMinP(double value) {
        return new Sampling(temperature, topK, topP, value, repetitionPenalty);
    }

    public Sampling withRepetitionPenalty(double value) {
        return new Sampling(temperature, topK, topP, minP, value);
    }
}
