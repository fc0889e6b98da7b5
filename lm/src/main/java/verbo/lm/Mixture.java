// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * Several models as one, by linear interpolation: the probability of a token is the weighted mean of what the models say
 * (Jelinek and Mercer, 1980). {@link #tune} finds the weights under which a held-out text is most likely.
 *
 * <p>
 * The models may have different vocabularies. Then a token has the probability 0 under a model that lacks it, which makes
 * the whole sum to one, and that model goes on as after its unknown token.
 */
public final class Mixture implements LanguageModel {
    private static final int ROUNDS = 500;

    private final List<Part> parts;
    private final double[] weights;
    private final @Nullable Tokenizer tokenizer;
    private final int size;

    /**
     * A model of a mixture.
     *
     * @param model
     *            closed with the mixture
     * @param ids
     *            [vocabulary of the mixture] the model's own id of each token, -1 where it lacks it; null where both are the
     *            same
     * @param unknown
     *            the id it takes for a token it lacks; -1 if it has none
     */
    public record Part(LanguageModel model, int @Nullable [] ids, int unknown) {
        /** A model with the mixture's own vocabulary. */
        public Part(LanguageModel model) {
            this(model, null, -1);
        }

        private int id(int token) {
            return ids == null ? token : ids[token];
        }

        private int taken(int token) {
            int id = id(token);
            if (id < 0 && unknown < 0) {
                throw new IllegalArgumentException("token " + token + " is not in the vocabulary of " + model);
            }
            return id < 0 ? unknown : id;
        }

        private int[] taken(int[] tokens) {
            return ids == null ? tokens : Arrays.stream(tokens).map(this::taken).toArray();
        }
    }

    /**
     * A mixture.
     *
     * @param weights
     *            [models], not negative; they are divided by their sum
     * @param tokenizer
     *            gives the mixture's ids
     * @param size
     *            of the mixture's vocabulary
     * @throws IllegalArgumentException
     *             if there are no models, weights that are none, or vocabularies that do not fit
     */
    public Mixture(List<Part> parts, double[] weights, @Nullable Tokenizer tokenizer, int size) {
        if (parts.isEmpty() || weights.length != parts.size()) {
            throw new IllegalArgumentException(parts.size() + " models and " + weights.length + " weights");
        }
        double sum = Arrays.stream(weights).sum();
        if (!(sum > 0) || Double.isInfinite(sum) || Arrays.stream(weights).anyMatch(weight -> weight < 0)) {
            throw new IllegalArgumentException("weights " + Arrays.toString(weights)
                    + ": none may be negative, and one must be more than 0");
        }
        for (Part part : parts) {
            if (part.ids == null ? part.model.vocabularySize() != size : part.ids.length != size) {
                throw new IllegalArgumentException(part.model + " has " + part.model.vocabularySize()
                        + " tokens, and the mixture " + size + ": models must share a tokenizer, padded alike");
            }
        }
        this.parts = List.copyOf(parts);
        this.weights = Arrays.stream(weights).map(weight -> weight / sum).toArray();
        this.tokenizer = tokenizer;
        this.size = size;
    }

    /**
     * The weights under which a text is most likely, by expectation maximisation (Dempster, Laird and Rubin, 1977), from
     * equal ones on. The likelihood has one maximum only.
     *
     * @param probabilities
     *            [models][tokens] of each token of the held-out text under each model; NaN where it was not scored
     */
    public static double[] tune(double[][] probabilities) {
        int models = probabilities.length;
        double[] weights = new double[models];
        Arrays.fill(weights, 1.0 / models);
        for (int round = 0; round < ROUNDS; round++) {
            double[] shares = new double[models];
            double tokens = 0;
            for (int i = 0; i < probabilities[0].length; i++) {
                double sum = 0;
                for (int k = 0; k < models; k++) {
                    sum += weights[k] * probabilities[k][i];
                }
                if (sum > 0) { // neither NaN nor impossible under all
                    tokens++;
                    for (int k = 0; k < models; k++) {
                        shares[k] += weights[k] * probabilities[k][i] / sum;
                    }
                }
            }
            if (tokens == 0) {
                throw new IllegalArgumentException("the held-out text has no token that a model predicts");
            }
            double moved = 0;
            for (int k = 0; k < models; k++) {
                double next = shares[k] / tokens;
                moved = Math.max(moved, Math.abs(next - weights[k]));
                weights[k] = next;
            }
            if (moved < 1e-7) {
                break;
            }
        }
        return weights;
    }

    /** The same mixture with weights tuned on a held-out text, given as the mixture's ids. Shares the models. */
    public Mixture tuned(int[] ids) {
        return new Mixture(parts, tune(probabilities(ids, Progress.NONE)), tokenizer, size);
    }

    /** Of each token under each model [models][tokens]; NaN where it is not scored. */
    private double[][] probabilities(int[] ids, Progress progress) {
        double[][] probabilities = new double[parts.size()][];
        for (int k = 0; k < parts.size(); k++) {
            Part part = parts.get(k);
            long before = (long) k * ids.length;
            double[] logs = part.model.score(part.taken(ids),
                    (done, total) -> progress.update((before + done) / parts.size(), total)).logProbabilities();
            probabilities[k] = new double[ids.length];
            for (int i = 0; i < ids.length; i++) {
                probabilities[k][i] = part.id(ids[i]) < 0 && !Double.isNaN(logs[i]) ? 0 : Math.exp(logs[i]);
            }
        }
        return probabilities;
    }

    /** Each model scores the whole text at once, which networks do faster than a token at a time. */
    @Override
    public TokenScores score(int[] ids) {
        return score(ids, Progress.NONE);
    }

    @Override
    public TokenScores score(int[] ids, Progress progress) {
        Advance.checkTokens(this, ids);
        double[][] probabilities = probabilities(ids, progress);
        double[] scores = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            double sum = 0;
            for (int k = 0; k < weights.length; k++) {
                sum += weights[k] * probabilities[k][i];
            }
            scores[i] = Math.log(sum);
        }
        return new TokenScores(ids, scores);
    }

    /** The weights, which sum to one. A fresh array. */
    public double[] weights() {
        return weights.clone();
    }

    @Override
    public @Nullable Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public int vocabularySize() {
        return size;
    }

    @Override
    public int contextLength() {
        return parts.stream().mapToInt(part -> part.model.contextLength()).min().orElseThrow();
    }

    @Override
    public int[] endTokens() {
        return parts.getFirst().model.endTokens(); // a union of vocabularies begins with the first one's
    }

    @Override
    public OptionalInt beginToken() {
        return parts.getFirst().model.beginToken();
    }

    @Override
    public boolean predictsFirstToken() {
        return parts.stream().allMatch(part -> part.model.predictsFirstToken());
    }

    @Override
    public State open() {
        return place(k -> parts.get(k).model.open());
    }

    /** A place of so many states, or of none: those there are when one fails are closed. */
    private Place place(IntFunction<State> each) {
        List<State> states = new ArrayList<>();
        try {
            for (int k = 0; k < parts.size(); k++) {
                states.add(each.apply(k));
            }
            return new Place(states);
        } catch (RuntimeException | Error e) {
            states.forEach(State::close);
            throw e;
        }
    }

    @Override
    public void close() {
        parts.forEach(part -> part.model.close());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("mixture of");
        for (int k = 0; k < weights.length; k++) {
            text.append(String.format(java.util.Locale.ROOT, "%s %.4f of %s", k == 0 ? "" : ",", weights[k],
                    parts.get(k).model));
        }
        return text.toString();
    }

    private final class Place implements State {
        private final List<State> states;

        Place(List<State> states) {
            this.states = states;
        }

        @Override
        public int length() {
            return states.getFirst().length();
        }

        @Override
        public void advance(int... tokens) {
            Advance.checkTokens(Mixture.this, tokens);
            if (tokens.length > contextLength() - length()) {
                throw new IllegalStateException("the context holds " + contextLength() + " tokens: " + length()
                        + " taken and " + tokens.length + " more do not fit");
            }
            List<int[]> taken = parts.stream().map(part -> part.taken(tokens)).toList(); // or none takes any
            for (int k = 0; k < states.size(); k++) {
                states.get(k).advance(taken.get(k));
            }
        }

        @Override
        public double logProbability(int token) {
            Advance.checkTokens(Mixture.this, token);
            double sum = 0;
            for (int k = 0; k < weights.length; k++) {
                int id = parts.get(k).id(token);
                if (id >= 0 && weights[k] > 0) {
                    sum += weights[k] * Math.exp(states.get(k).logProbability(id));
                }
            }
            return Math.log(sum);
        }

        @Override
        public void logProbabilities(float[] row) {
            Advance.checkRow(Mixture.this, row);
            double[] sums = new double[size];
            for (int k = 0; k < weights.length; k++) {
                Part part = parts.get(k);
                float[] own = new float[part.model.vocabularySize()];
                states.get(k).logProbabilities(own);
                for (int token = 0; token < size; token++) {
                    int id = part.id(token);
                    sums[token] += id < 0 ? 0 : weights[k] * Math.exp(own[id]);
                }
            }
            for (int token = 0; token < size; token++) {
                row[token] = (float) Math.log(sums[token]);
            }
        }

        @Override
        public State fork() {
            return place(k -> states.get(k).fork());
        }

        @Override
        public void truncate(int length) {
            states.forEach(state -> state.truncate(length));
        }

        @Override
        public void close() {
            states.forEach(State::close);
        }
    }
}
