// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.lm.Advance;
import verbo.lm.ScoringWindow;
import verbo.lm.State;
import verbo.lm.TokenScores;
import verbo.tensor.DType;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * A Transformer as a language model. Every token is computed once: states keep keys, values and last hidden vectors in pages
 * that forks share. The new tokens of a batch of states, however many each, go through the weights together.
 */
final class TransformerLanguageModel extends NetworkLanguageModel {
    /** Sequences go through the network together up to so many tokens; a longer one goes through alone, as a whole. */
    private static final int ROWS = 2048;

    private final CausalTransformer network;
    private final KeyValueCache cache;

    /**
     * Wraps a network.
     *
     * @param onClose
     *            frees the network where it is this model's own
     */
    TransformerLanguageModel(CausalTransformer network, @Nullable Tokenizer tokenizer, @Nullable Integer beginToken,
            List<Integer> endTokens, Runnable onClose) {
        super(network.engine(), network.vocabularySize(), tokenizer, beginToken, endTokens, onClose);
        this.network = network;
        this.cache = new KeyValueCache(network);
    }

    @Override
    public String toString() {
        return network.description();
    }

    @Override
    public int contextLength() {
        return network.contextLength();
    }

    @Override
    public State open() {
        requireOpen();
        return new CachedState(cache.open());
    }

    // ---- step by step

    @Override
    public void advance(List<Advance> batch) {
        Advance.check(this, batch);
        for (Advance advance : batch) {
            own(advance.state());
        }
        int from = 0;
        long rows = 0;
        for (int i = 0; i < batch.size(); i++) {
            int tokens = batch.get(i).tokens().length;
            if (i > from && rows + tokens > ROWS) {
                pass(batch.subList(from, i));
                from = i;
                rows = 0;
            }
            rows += tokens;
        }
        if (from < batch.size()) {
            pass(batch.subList(from, batch.size()));
        }
    }

    private CachedState own(State state) {
        if (state instanceof CachedState cached && cached.model() == this) {
            return cached;
        }
        throw new IllegalArgumentException("a state of another model");
    }

    /** Takes all tokens of a batch through the network at once. */
    private void pass(List<Advance> batch) {
        List<CachedAttention.Part> parts = new ArrayList<>(batch.size());
        int rows = 0;
        int wanted = 0;
        for (Advance advance : batch) {
            KeyValueCache.Sequence sequence = own(advance.state()).sequence;
            int count = advance.tokens().length;
            sequence.reserve(count);
            parts.add(new CachedAttention.Part(sequence, rows, count));
            rows += count;
            wanted += advance.rows().length;
        }
        int[] ids = new int[rows];
        int[] places = new int[rows];
        for (int i = 0; i < parts.size(); i++) {
            CachedAttention.Part part = parts.get(i);
            System.arraycopy(batch.get(i).tokens(), 0, ids, part.from(), part.count());
            for (int j = 0; j < part.count(); j++) {
                places[part.from() + j] = part.sequence().length() + j;
            }
        }
        try (NoGradient _ = NoGradient.open(); Scope pass = Scope.open(engine)) {
            Tensor hidden = network.hidden(pass.of(ids, rows), pass.of(places, rows),
                    new CachedAttention(engine, parts)); // [rows, width]
            for (int i = 0; i < parts.size(); i++) {
                CachedAttention.Part part = parts.get(i);
                part.sequence().complete(hidden.slice(0, part.from(), part.from() + part.count()));
                own(batch.get(i).state()).logNormalizer = Double.NaN;
            }
            if (wanted > 0) {
                fillRows(batch, parts, wanted == rows ? hidden : chosen(batch, parts, hidden, wanted));
            }
        }
    }

    /** The hidden vectors after which probabilities are wanted [wanted, width]. */
    private Tensor chosen(List<Advance> batch, List<CachedAttention.Part> parts, Tensor hidden, int wanted) {
        Tensor chosen = Scope.current().empty(DType.F32, wanted, network.width());
        int at = 0;
        for (int i = 0; i < parts.size(); i++) {
            int count = batch.get(i).rows().length;
            if (count > 0) {
                int end = parts.get(i).from() + parts.get(i).count();
                engine.copy(hidden.slice(0, end - count, end), chosen.slice(0, at, at + count), false);
                at += count;
            }
        }
        return chosen;
    }

    private void fillRows(List<Advance> batch, List<CachedAttention.Part> parts, Tensor hidden) {
        List<float[]> rows = new ArrayList<>(hidden.length(0));
        List<@Nullable CachedState> last = new ArrayList<>(hidden.length(0)); // the state whose last row it is
        for (int i = 0; i < parts.size(); i++) {
            float[][] wanted = batch.get(i).rows();
            for (int row = 0; row < wanted.length; row++) {
                rows.add(wanted[row]);
                last.add(row == wanted.length - 1 ? own(batch.get(i).state()) : null);
            }
        }
        int block = Math.max(1, LOGITS / vocabularySize());
        for (int from = 0; from < rows.size(); from += block) {
            int to = Math.min(rows.size(), from + block);
            try (Scope _ = Scope.open(engine)) {
                Tensor logits = hidden.slice(0, from, to).linear(network.output(), null); // [block, vocabulary]
                Tensor logProbabilities = logits.logSoftmax(); // [block, vocabulary]
                for (int i = from; i < to; i++) {
                    float[] row = rows.get(i);
                    engine.read(logProbabilities.slice(0, i - from, i - from + 1), MemorySegment.ofArray(row));
                    CachedState state = last.get(i);
                    if (state != null) {
                        state.logNormalizer = normalizer(logits, i - from, row[0]);
                    }
                }
            }
        }
    }

    /** What was taken off the logits of a row, of which the first log probability is known. */
    private double normalizer(Tensor logits, int row, float logProbability) {
        return (double) element(logits, row, 0) - logProbability;
    }

    private float element(Tensor matrix, int row, int column) {
        float[] value = new float[1];
        engine.read(matrix.slice(0, row, row + 1).slice(1, column, column + 1), MemorySegment.ofArray(value));
        return value[0];
    }

    /** A sequence in the cache. */
    private final class CachedState implements State {
        private final KeyValueCache.Sequence sequence;
        private double logNormalizer = Double.NaN; // of the last place, NaN while it is not known
        private boolean closed;

        CachedState(KeyValueCache.Sequence sequence) {
            this.sequence = sequence;
        }

        TransformerLanguageModel model() {
            return TransformerLanguageModel.this;
        }

        private void requireOpen() {
            if (closed) {
                throw new IllegalStateException("the state is closed");
            }
        }

        private void requireTokens() {
            requireOpen();
            if (sequence.length() == 0) {
                throw new IllegalStateException("the model has no probabilities for the first token of a text");
            }
        }

        @Override
        public int length() {
            requireOpen();
            return sequence.length();
        }

        @Override
        public void advance(int... tokens) {
            TransformerLanguageModel.this.advance(List.of(new Advance(this, tokens)));
        }

        @Override
        public double logProbability(int token) {
            requireTokens();
            Advance.checkTokens(model(), token);
            try (NoGradient _ = NoGradient.open(); Scope _ = Scope.open(engine)) {
                return element(logProbabilities(), 0, token);
            }
        }

        @Override
        public void logProbabilities(float[] row) {
            requireTokens();
            Advance.checkRow(model(), row);
            try (NoGradient _ = NoGradient.open(); Scope _ = Scope.open(engine)) {
                engine.read(logProbabilities(), MemorySegment.ofArray(row));
            }
        }

        /** After the last token [1, vocabulary]; the normalizer becomes known. */
        private Tensor logProbabilities() {
            Tensor logits = sequence.last().linear(network.output(), null); // [1, vocabulary]
            Tensor logProbabilities = logits.logSoftmax(); // [1, vocabulary]
            logNormalizer = normalizer(logits, 0, element(logProbabilities, 0, 0));
            return logProbabilities;
        }

        @Override
        public double logNormalizer() {
            requireTokens();
            if (Double.isNaN(logNormalizer)) {
                try (NoGradient _ = NoGradient.open(); Scope _ = Scope.open(engine)) {
                    logProbabilities();
                }
            }
            return logNormalizer;
        }

        @Override
        public State fork() {
            requireOpen();
            CachedState fork = new CachedState(sequence.fork());
            fork.logNormalizer = logNormalizer;
            return fork;
        }

        @Override
        public void truncate(int length) {
            requireOpen();
            if (length < 0 || length > sequence.length()) {
                throw new IllegalArgumentException(
                        "cannot go back to " + length + " tokens, there are " + sequence.length());
            }
            if (length < sequence.length()) {
                logNormalizer = Double.NaN;
                sequence.truncate(length);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                sequence.truncate(0);
            }
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
        List<ScoringWindow> windows = ScoringWindow.cover(ids.length, contextLength(), false);
        for (int from = 0; from < windows.size();) {
            int length = taken(windows.get(from));
            int to = from + 1;
            while (to < windows.size() && taken(windows.get(to)) == length && (to - from + 1L) * length <= ROWS) {
                to++;
            }
            score(ids, windows.subList(from, to), scores);
            progress.update(windows.get(to - 1).to(), ids.length);
            from = to;
        }
        return new TokenScores(ids, scores);
    }

    private static int taken(ScoringWindow window) {
        return window.to() - 1 - window.from();
    }

    /** Scores the tokens of some windows of the same length. */
    private void score(int[] ids, List<ScoringWindow> windows, double[] scores) {
        int length = taken(windows.getFirst());
        int[] input = new int[windows.size() * length];
        for (int i = 0; i < windows.size(); i++) {
            System.arraycopy(ids, windows.get(i).from(), input, i * length, length);
        }
        int block = Math.max(1, LOGITS / vocabularySize());
        try (NoGradient _ = NoGradient.open(); Scope pass = Scope.open(engine)) {
            Tensor hidden = network.hidden(pass.of(input, windows.size(), length)); // [windows, length, width]
            for (int i = 0; i < windows.size(); i++) {
                ScoringWindow window = windows.get(i);
                Tensor rows = hidden.select(0, i); // [length, width]; row r predicts token from + r + 1
                for (int from = window.scored(); from < window.to(); from += block) {
                    int to = Math.min(window.to(), from + block);
                    int shift = window.from() + 1;
                    score(rows.slice(0, from - shift, to - shift), ids, from, scores);
                }
            }
        }
    }

    /** Scores the tokens from {@code first} on, which these hidden vectors [tokens, width] predict. */
    private void score(Tensor hidden, int[] ids, int first, double[] scores) {
        int count = hidden.length(0);
        float[] nats = new float[count];
        try (Scope inside = Scope.open(engine)) {
            Tensor logits = hidden.linear(network.output(), null); // [tokens, vocabulary]
            Tensor targets = inside.of(Arrays.copyOfRange(ids, first, first + count), count); // [tokens]
            Tensor losses = inside.empty(DType.F32, count); // [tokens]
            engine.crossEntropy(logits, targets, losses, inside.empty(DType.F32, count));
            engine.read(losses, MemorySegment.ofArray(nats));
        }
        for (int i = 0; i < count; i++) {
            scores[first + i] = -nats[i];
        }
    }

    @Override
    public void close() {
        cache.close();
        super.close();
    }
}
