// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.OptionalDouble;

/**
 * How well a model predicts a text. Everything is of the tokens that were scored; the bytes and characters of the
 * others are left out.
 *
 * @param tokens
 *            how many tokens were scored
 * @param nats
 *            the sum of their negative log probabilities, in nats; infinite if one has probability 0
 * @param bytes
 *            how many UTF-8 bytes of text they stand for; -1 if there is no tokenizer to tell
 * @param characters
 *            how many characters (Unicode code points), each counted for the token that completes it; -1 if there is no
 *            tokenizer to tell
 */
public record Score(long tokens, double nats, long bytes, long characters) {

    private static final double LN_2 = Math.log(2);

    /** {@code exp(nats / tokens)}; NaN if nothing was scored. */
    public double perplexity() {
        return Math.exp(nats / tokens);
    }

    /** All of it in bits. */
    public double bits() {
        return nats / LN_2;
    }

    /** Bits for a byte of text; empty if there are no bytes or there is no tokenizer to tell. */
    public OptionalDouble bitsPerByte() {
        return bytes > 0 ? OptionalDouble.of(bits() / bytes) : OptionalDouble.empty();
    }

    /** Bits for a character of text; empty if there are none or there is no tokenizer to tell. */
    public OptionalDouble bitsPerCharacter() {
        return characters > 0 ? OptionalDouble.of(bits() / characters) : OptionalDouble.empty();
    }

    /** Both together, as of one longer text, such as the files of a folder. */
    public Score plus(Score other) {
        return new Score(tokens + other.tokens, nats + other.nats,
                bytes < 0 || other.bytes < 0 ? -1 : bytes + other.bytes,
                characters < 0 || other.characters < 0 ? -1 : characters + other.characters);
    }

    /** What a probability's natural logarithm says in bits: its surprisal, {@code -log2 p}. */
    public static double surprisal(double logProbability) {
        return -logProbability / LN_2;
    }
}
