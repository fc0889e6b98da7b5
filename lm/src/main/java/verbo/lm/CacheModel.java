// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Arrays;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * A model that expects again what it has lately seen (Kuhn and De Mori, 1990): its probabilities mixed with the relative
 * frequencies of the last tokens,
 *
 * <pre>
 * p(w | h) = (1 - weight) p_model(w | h) + weight count(w in the last n tokens) / n
 * </pre>
 *
 * At the beginning of a text, while there is no token to look back at, the model alone answers. A text that is scored has
 * its last n tokens in the cache wherever the model's own windows begin; a state, as in generation, has those that it holds,
 * which a bounded context keeps few.
 *
 * @param model
 *            closed with this one
 * @param weight
 *            of the cache, from 0 to less than 1
 * @param size
 *            how many tokens it looks back, at least 1
 */
public record CacheModel(LanguageModel model, double weight, int size) implements LanguageModel {

    public CacheModel {
        if (!(weight >= 0 && weight < 1)) {
            throw new IllegalArgumentException("a cache's weight must be from 0 to less than 1, not " + weight);
        }
        if (size < 1) {
            throw new IllegalArgumentException("a cache must look back 1 token or more, not " + size);
        }
    }

    /** The same with the weight tuned on a held-out text, by {@link Mixture#tune}. Shares the model. */
    public CacheModel tuned(int[] ids) {
        double[] logs = model.score(ids).logProbabilities();
        // the first token has no cache, its frequency is NaN: it says nothing about the weight
        double[][] probabilities = {Arrays.stream(logs).map(Math::exp).toArray(), frequencies(ids)};
        return new CacheModel(model, Math.min(0.999, Mixture.tune(probabilities)[1]), size);
    }

    @Override
    public TokenScores score(int[] ids) {
        return score(ids, Progress.NONE);
    }

    @Override
    public TokenScores score(int[] ids, Progress progress) {
        double[] logs = model.score(ids, progress).logProbabilities();
        double[] frequencies = frequencies(ids);
        double[] scores = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            scores[i] = i == 0 ? logs[i] : mixed(logs[i], frequencies[i]);
        }
        return new TokenScores(ids, scores);
    }

    private double mixed(double logProbability, double frequency) {
        return weight == 0 ? logProbability : Math.log((1 - weight) * Math.exp(logProbability) + weight * frequency);
    }

    /** Each token's among those before it; NaN of the first. */
    private double[] frequencies(int[] ids) {
        int[] counts = new int[model.vocabularySize()];
        double[] frequencies = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            frequencies[i] = (double) counts[ids[i]] / Math.min(i, size);
            counts[ids[i]]++;
            if (i >= size) {
                counts[ids[i - size]]--;
            }
        }
        return frequencies;
    }

    private double frequency(int[] tokens, int length, int token) {
        int from = Math.max(0, length - size);
        int count = 0;
        for (int i = from; i < length; i++) {
            count += tokens[i] == token ? 1 : 0;
        }
        return (double) count / (length - from);
    }

    @Override
    public @Nullable Tokenizer tokenizer() {
        return model.tokenizer();
    }

    @Override
    public int vocabularySize() {
        return model.vocabularySize();
    }

    @Override
    public int contextLength() {
        return model.contextLength();
    }

    @Override
    public int[] endTokens() {
        return model.endTokens();
    }

    @Override
    public OptionalInt beginToken() {
        return model.beginToken();
    }

    @Override
    public boolean predictsFirstToken() {
        return model.predictsFirstToken();
    }

    @Override
    public State open() {
        return new Place(model.open(), new int[16]);
    }

    @Override
    public void close() {
        model.close();
    }

    @Override
    public String toString() {
        return String.format(java.util.Locale.ROOT, "%s with a cache of %d tokens, weight %.4f", model, size, weight);
    }

    private final class Place implements State {
        private final State state;
        private int[] tokens;

        Place(State state, int[] tokens) {
            this.state = state;
            this.tokens = tokens;
        }

        @Override
        public int length() {
            return state.length();
        }

        @Override
        public void advance(int... taken) {
            int length = state.length();
            state.advance(taken);
            if (length + taken.length > tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(length + taken.length, 2 * tokens.length));
            }
            System.arraycopy(taken, 0, tokens, length, taken.length);
        }

        @Override
        public double logProbability(int token) {
            double own = state.logProbability(token);
            int length = state.length();
            return length == 0 ? own : mixed(own, frequency(tokens, length, token));
        }

        @Override
        public void logProbabilities(float[] row) {
            state.logProbabilities(row);
            int length = state.length();
            if (length == 0 || weight == 0) {
                return;
            }
            int from = Math.max(0, length - size);
            double[] frequencies = new double[row.length];
            for (int i = from; i < length; i++) {
                frequencies[tokens[i]] += 1.0 / (length - from);
            }
            for (int token = 0; token < row.length; token++) {
                row[token] = (float) Math.log((1 - weight) * Math.exp(row[token]) + weight * frequencies[token]);
            }
        }

        @Override
        public State fork() {
            return new Place(state.fork(), Arrays.copyOf(tokens, Math.max(16, state.length())));
        }

        @Override
        public void truncate(int length) {
            state.truncate(length);
        }

        @Override
        public void close() {
            state.close();
        }
    }
}
