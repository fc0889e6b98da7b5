// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.List;

/**
 * What to generate.
 *
 * @param maxTokens
 *            the most new tokens for each sample, at least 1
 * @param samples
 *            how many texts to generate from the same prompt, at least 1; they advance together
 * @param seed
 *            decides what is drawn. Sample i draws the same however many samples there are
 * @param sampling
 *            how a token is chosen
 * @param stopStrings
 *            a text ends before the first of these to come up in it; none is empty
 */
public record GenerationOptions(int maxTokens, int samples, long seed, Sampling sampling, List<String> stopStrings) {

    /** One sample of the model's own distribution, up to 256 tokens. */
    public static final GenerationOptions DEFAULT = new GenerationOptions(256, 1, 0, Sampling.DEFAULT, List.of());

    public GenerationOptions {
        if (maxTokens < 1) {
            throw new IllegalArgumentException("max tokens " + maxTokens + " must be 1 or more");
        }
        if (samples < 1) {
            throw new IllegalArgumentException("samples " + samples + " must be 1 or more");
        }
        stopStrings = List.copyOf(stopStrings);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException("a stop string must not be empty");
        }
    }

    public GenerationOptions withMaxTokens(int value) {
        return new GenerationOptions(value, samples, seed, sampling, stopStrings);
    }

    public GenerationOptions withSamples(int value) {
        return new GenerationOptions(maxTokens, value, seed, sampling, stopStrings);
    }

    public GenerationOptions withSeed(long value) {
        return new GenerationOptions(maxTokens, samples, value, sampling, stopStrings);
    }

    public GenerationOptions withSampling(Sampling value) {
        return new GenerationOptions(maxTokens, samples, seed, value, stopStrings);
    }

    public GenerationOptions withStopStrings(String... value) {
        return new GenerationOptions(maxTokens, samples, seed, sampling, List.of(value));
    }
}
