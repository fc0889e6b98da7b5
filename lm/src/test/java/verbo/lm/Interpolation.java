// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import org.jspecify.annotations.Nullable;
import verbo.text.Tokenizer;

/** Two models' probabilities, weighted: that the contract is enough to write one. */
record Interpolation(LanguageModel first, LanguageModel second, double weight) implements LanguageModel {

    @Override
    public @Nullable Tokenizer tokenizer() {
        return first.tokenizer();
    }

    @Override
    public int vocabularySize() {
        return first.vocabularySize();
    }

    @Override
    public int contextLength() {
        return Math.min(first.contextLength(), second.contextLength());
    }

    @Override
    public int[] endTokens() {
        return first.endTokens();
    }

    @Override
    public boolean predictsFirstToken() {
        return first.predictsFirstToken() && second.predictsFirstToken();
    }

    @Override
    public State open() {
        return new Both(first.open(), second.open());
    }

    @Override
    public void close() {
        first.close();
        second.close();
    }

    private double mix(double one, double other) {
        return Math.log(weight * Math.exp(one) + (1 - weight) * Math.exp(other));
    }

    private final class Both implements State {
        private final State one;
        private final State other;

        Both(State one, State other) {
            this.one = one;
            this.other = other;
        }

        @Override
        public int length() {
            return one.length();
        }

        @Override
        public void advance(int... tokens) {
            one.advance(tokens); // the shorter context refuses first
            other.advance(tokens);
        }

        @Override
        public double logProbability(int token) {
            return mix(one.logProbability(token), other.logProbability(token));
        }

        @Override
        public void logProbabilities(float[] row) {
            float[] others = new float[row.length];
            one.logProbabilities(row);
            other.logProbabilities(others);
            for (int id = 0; id < row.length; id++) {
                row[id] = (float) mix(row[id], others[id]);
            }
        }

        @Override
        public State fork() {
            return new Both(one.fork(), other.fork());
        }

        @Override
        public void truncate(int length) {
            one.truncate(length);
            other.truncate(length);
        }

        @Override
        public void close() {
            one.close();
            other.close();
        }
    }
}
