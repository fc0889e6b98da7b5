// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import verbo.lm.Advance;
import verbo.lm.State;
import verbo.lm.TokenScores;
import verbo.tensor.DType;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * A {@link SequentialNetwork} as a language model. A state is a small vector that never changes: each token gives a new one,
 * and a fork has the same. States that take as many tokens go through the weights together.
 */
final class SequentialLanguageModel extends NetworkLanguageModel {
    /** Steps of a long text at a time, which bounds the memory of a pass. */
    private static final int STEPS = 512;

    private final SequentialNetwork network;
    private final Place beginning;

    /**
     * What is known at a place of a text: what is carried on, the last hidden vector, null before the first token, and the
     * {@link State#logNormalizer}, NaN while nobody wanted it.
     */
    private record Place(float[] carried, float @Nullable [] hidden, double logNormalizer) {}

    /**
     * Wraps a network.
     *
     * @param onClose
     *            frees the network where it is this model's own
     */
    SequentialLanguageModel(SequentialNetwork network, @Nullable Tokenizer tokenizer, Runnable onClose) {
        super(network.engine(), network.vocabularySize(), tokenizer, network.config().beginToken(),
                network.config().endTokens(), onClose);
        this.network = network;
        try (Scope scope = Scope.lasting(engine)) {
            this.beginning = new Place(network.carried(scope, 1).toFloats(), null, Double.NaN);
        }
    }

    @Override
    public String toString() {
        return network.description();
    }

    @Override
    public int contextLength() {
        return Integer.MAX_VALUE;
    }

    @Override
    public State open() {
        requireOpen();
        return new CarriedState(new int[8], 0, beginning);
    }

    // ---- step by step

    @Override
    public void advance(List<Advance> batch) {
        Advance.check(this, batch);
        Map<Integer, List<Advance>> byLength = new TreeMap<>();
        for (Advance advance : batch) {
            own(advance.state()).requireOpen();
            byLength.computeIfAbsent(advance.tokens().length, n -> new ArrayList<>()).add(advance);
        }
        byLength.forEach((count, together) -> pass(together, count));
    }

    private CarriedState own(State state) {
        if (state instanceof CarriedState carried && carried.model() == this) {
            return carried;
        }
        throw new IllegalArgumentException("a state of another model");
    }

    /** Takes states that have as many tokens to take through the network together. */
    private void pass(List<Advance> batch, int count) {
        int rows = batch.size();
        try (NoGradient _ = NoGradient.open(); Scope pass = Scope.open(engine)) {
            int[] lengths = network.carriedLengths(rows);
            Tensor carried = pass.empty(DType.F32, lengths);
            for (int row = 0; row < rows; row++) {
                int[] one = network.carriedLengths(1);
                engine.copy(pass.of(own(batch.get(row).state()).place.carried, one), carried.slice(1, row, row + 1),
                        false);
            }
            float[][] last = new float[rows][];
            double[] logNormalizers = new double[rows];
            Arrays.fill(logNormalizers, Double.NaN);
            for (int from = 0; from < count; from += STEPS) {
                int to = Math.min(count, from + STEPS);
                try (Scope _ = Scope.open(engine)) {
                    Tensor hidden = hidden(batch, from, to, carried); // [t, b, width]
                    for (int row = 0; row < rows; row++) {
                        int wanted = batch.get(row).rows().length;
                        int first = Math.max(from, count - wanted);
                        if (first < to) {
                            logNormalizers[row] = fillRows(
                                    hidden.slice(0, first - from, to - from).select(1, row).contiguous(),
                                    batch.get(row).rows(), first - (count - wanted));
                        }
                        if (to == count) {
                            last[row] = hidden.select(0, to - from - 1).select(0, row).toFloats();
                        }
                    }
                }
            }
            for (int row = 0; row < rows; row++) {
                own(batch.get(row).state()).take(batch.get(row).tokens(),
                        new Place(carried.slice(1, row, row + 1).toFloats(), last[row], logNormalizers[row]));
            }
        }
    }

    private Tensor hidden(List<Advance> batch, int from, int to, Tensor carried) {
        int rows = batch.size();
        int[] ids = new int[(to - from) * rows];
        for (int row = 0; row < rows; row++) {
            int[] tokens = batch.get(row).tokens();
            for (int t = from; t < to; t++) {
                ids[(t - from) * rows + row] = tokens[t];
            }
        }
        return network.hidden(Scope.current().of(ids, to - from, rows), carried, Dropout.NONE);
    }

    /** Log-probabilities after hidden vectors [n, width] into rows, from {@code at} on. Gives the last one's normalizer. */
    private double fillRows(Tensor hidden, float[][] rows, int at) {
        int block = Math.max(1, LOGITS / vocabularySize());
        int count = hidden.length(0);
        float[] logit = new float[1];
        double logNormalizer = Double.NaN;
        for (int from = 0; from < count; from += block) {
            int to = Math.min(count, from + block);
            try (Scope _ = Scope.open(engine)) {
                Tensor some = hidden.slice(0, from, to);
                Tensor logits = network.logits(some); // [block, vocabulary]
                Tensor all = logits == null ? network.logProbabilities(some) : logits.logSoftmax(); // [block, vocabulary]
                for (int i = from; i < to; i++) {
                    engine.read(all.slice(0, i - from, i - from + 1), MemorySegment.ofArray(rows[at + i]));
                }
                if (logits != null) {
                    engine.read(logits.slice(0, to - from - 1, to - from).slice(1, 0, 1), MemorySegment.ofArray(logit));
                }
                logNormalizer = logits == null ? 0 : (double) logit[0] - rows[at + to - 1][0];
            }
        }
        return logNormalizer;
    }

    /** A place in a text and the tokens that led there. */
    private final class CarriedState implements State {
        private int[] tokens; // shared with forks up to the length they had: copied before it is written to
        private int length;
        private boolean shared;
        private Place place;
        private boolean closed;

        CarriedState(int[] tokens, int length, Place place) {
            this.tokens = tokens;
            this.length = length;
            this.place = place;
        }

        SequentialLanguageModel model() {
            return SequentialLanguageModel.this;
        }

        private void requireOpen() {
            if (closed) {
                throw new IllegalStateException("the state is closed");
            }
        }

        void take(int[] more, Place reached) {
            if (length + more.length > tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(length + more.length, tokens.length + tokens.length / 2));
            } else if (shared) { // no longer: a text that forks at each token would have room for many times its length
                tokens = tokens.clone();
            }
            shared = false;
            System.arraycopy(more, 0, tokens, length, more.length);
            length += more.length;
            place = reached;
        }

        private float[] requireHidden() {
            requireOpen();
            float[] hidden = place.hidden;
            if (hidden == null) {
                throw new IllegalStateException("the model has no probabilities for the first token of a text");
            }
            return hidden;
        }

        @Override
        public int length() {
            requireOpen();
            return length;
        }

        @Override
        public void advance(int... more) {
            SequentialLanguageModel.this.advance(List.of(new Advance(this, more)));
        }

        @Override
        public double logProbability(int token) {
            float[] hidden = requireHidden();
            Advance.checkTokens(model(), token);
            try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
                return network.logProbabilities(scope.of(hidden, 1, hidden.length), new int[]{token})[0];
            }
        }

        @Override
        public void logProbabilities(float[] row) {
            float[] hidden = requireHidden();
            Advance.checkRow(model(), row);
            try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
                place = new Place(place.carried, hidden,
                        fillRows(scope.of(hidden, 1, hidden.length), new float[][]{row}, 0));
            }
        }

        @Override
        public double logNormalizer() {
            requireHidden();
            if (Double.isNaN(place.logNormalizer)) {
                logProbabilities(new float[vocabularySize()]);
            }
            return place.logNormalizer;
        }

        @Override
        public State fork() {
            requireOpen();
            shared = true;
            CarriedState fork = new CarriedState(tokens, length, place);
            fork.shared = true;
            return fork;
        }

        @Override
        public void truncate(int kept) {
            requireOpen();
            if (kept < 0 || kept > length) {
                throw new IllegalArgumentException("cannot go back to " + kept + " tokens, there are " + length);
            }
            if (kept < length) { // there is no way back: from the beginning again
                int[] again = Arrays.copyOf(tokens, kept);
                length = 0;
                place = beginning;
                if (kept > 0) {
                    advance(again);
                }
            }
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    // ---- whole sequences

    @Override
    public TokenScores score(int[] ids) {
        return score(ids, Progress.NONE);
    }

    @Override
    public TokenScores score(int[] ids, Progress progress) {
        Advance.checkTokens(this, ids);
        double[] scores = new double[ids.length];
        Arrays.fill(scores, Double.NaN);
        int block = Math.max(1, LOGITS / vocabularySize());
        try (NoGradient _ = NoGradient.open(); Scope kept = Scope.open(engine)) {
            Tensor carried = kept.of(beginning.carried, network.carriedLengths(1));
            for (int from = 0; from + 1 < ids.length; from += STEPS) {
                int to = Math.min(ids.length - 1, from + STEPS);
                try (Scope pass = Scope.open(engine)) {
                    Tensor hidden = network
                            .hidden(pass.of(Arrays.copyOfRange(ids, from, to), to - from, 1), carried, Dropout.NONE)
                            .select(1, 0); // [t, width]
                    for (int at = from; at < to; at += block) {
                        int end = Math.min(to, at + block);
                        try (Scope _ = Scope.open(engine)) {
                            float[] found = network.logProbabilities(
                                    hidden.slice(0, at - from, end - from).contiguous(),
                                    Arrays.copyOfRange(ids, at + 1, end + 1));
                            for (int i = at; i < end; i++) {
                                scores[i + 1] = found[i - at];
                            }
                        }
                    }
                }
                progress.update(to + 1L, ids.length);
            }
        }
        return new TokenScores(ids, scores);
    }
}
