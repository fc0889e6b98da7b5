// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.text.Decoder;
import verbo.text.Tokenizer;

/**
 * Searches for the most probable continuations, keeping the best few at each length. Step for step what Hugging Face
 * transformers 5 does (its {@code _beam_search}), with scores in f32 as there, so the same probabilities give the same
 * sequences.
 *
 * <p>
 * One beam is greedy search. Contexts do not slide here: prompt and new tokens must fit.
 */
public final class BeamSearch {

    /** When to stop before all beams have come to the greatest length. */
    public enum EarlyStopping {
        /** As soon as there are as many finished sequences as beams. */
        YES,
        /** When the best running beam, at its present length, scores below the worst finished sequence. */
        NO,
        /** When no running beam can overtake, whatever length it comes to. */
        NEVER
    }

    /**
     * How to search.
     *
     * @param beams
     *            how many sequences are kept at each length, 1 to {@link #MOST_BEAMS}
     * @param maxTokens
     *            the most new tokens, at least 1
     * @param lengthPenalty
     *            scores are divided by the length to this power: above 0 favours long sequences, below 0 short ones
     * @param earlyStopping
     *            when to stop
     * @param results
     *            how many sequences to return, 1 to {@code beams}
     * @param repetitionPenalty
     *            as {@link Sampling#repetitionPenalty()}, but of several beams on log probabilities, as in Hugging
     *            Face's beam search; 1 does nothing
     */
    public record Options(int beams, int maxTokens, double lengthPenalty, EarlyStopping earlyStopping, int results,
            double repetitionPenalty) {

        /**
         * Each beam holds a state of the model and, at every step, a row of its whole vocabulary: of 50,000 tokens, so
         * many take 200 MB for the rows alone, and searches gain nothing long before.
         */
        public static final int MOST_BEAMS = 1024;

        /** Four beams, the best returned, length penalty 1, up to 256 tokens. */
        public static final Options DEFAULT = new Options(4, 256, 1, EarlyStopping.NO, 1, 1);

        public Options {
            if (beams < 1 || beams > MOST_BEAMS) {
                throw new IllegalArgumentException("beams " + beams + " must be from 1 to " + MOST_BEAMS
                        + ": each holds a state of the model and a row of its vocabulary");
            }
            if (maxTokens < 1) {
                throw new IllegalArgumentException("max tokens " + maxTokens + " must be 1 or more");
            }
            if (!Double.isFinite(lengthPenalty)) {
                throw new IllegalArgumentException("length penalty " + lengthPenalty + " must be a finite number");
            }
            if (results < 1 || results > beams) {
                throw new IllegalArgumentException(
                        "results " + results + " must be from 1 to the number of beams, " + beams);
            }
            if (!(repetitionPenalty > 0) || Double.isInfinite(repetitionPenalty)) {
                throw new IllegalArgumentException(
                        "repetition penalty " + repetitionPenalty + " must be above 0 (1: none)");
            }
        }

        public Options withBeams(int value) {
            return new Options(value, maxTokens, lengthPenalty, earlyStopping, Math.min(results, value),
                    repetitionPenalty);
        }

        public Options withMaxTokens(int value) {
            return new Options(beams, value, lengthPenalty, earlyStopping, results, repetitionPenalty);
        }

        public Options withLengthPenalty(double value) {
            return new Options(beams, maxTokens, value, earlyStopping, results, repetitionPenalty);
        }

        public Options withEarlyStopping(EarlyStopping value) {
            return new Options(beams, maxTokens, lengthPenalty, value, results, repetitionPenalty);
        }

        public Options withResults(int value) {
            return new Options(beams, maxTokens, lengthPenalty, earlyStopping, value, repetitionPenalty);
        }

        public Options withRepetitionPenalty(double value) {
            return new Options(beams, maxTokens, lengthPenalty, earlyStopping, results, value);
        }
    }

    /** The score of what cannot be chosen. Hugging Face's -1e9, divided by a length, may become one that can. */
    private static final float OUT = Float.NEGATIVE_INFINITY;

    private final LanguageModel model;

    /** The model stays the caller's to close. */
    public BeamSearch(LanguageModel model) {
        this.model = model;
    }

    /**
     * Continues a text.
     *
     * @return the best sequences, best first: as many as were asked for, fewer if there are not so many
     * @throws IllegalArgumentException
     *             if the model has no tokenizer, the prompt cannot be encoded, or is empty and the model needs one, or
     *             the context is too short for prompt and new tokens
     */
    public List<Hypothesis> search(String prompt, Options options) {
        return search(Generator.encode(model, prompt), options);
    }

    /**
     * Continues a sequence of ids.
     *
     * @param prompt
     *            [tokens]
     * @return as for a text
     * @throws IllegalArgumentException
     *             as for a text, or if an id is not in the vocabulary
     */
    public List<Hypothesis> search(int[] prompt, Options options) {
        Advance.checkTokens(model, prompt);
        int[] start = Generator.startOf(model, prompt);
        checkRoom(start.length, options);
        float[] row = new float[model.vocabularySize()];
        try (State state = model.open()) {
            if (start.length == 0) {
                state.logProbabilities(row);
            } else {
                model.advance(List.of(new Advance(state, start, new float[][]{row})));
            }
            return new Search(start, options).run(state, row);
        }
    }

    /**
     * Continues from a state, such as one an encoder-decoder opened on a source.
     *
     * @param state
     *            stays as it is, and the caller's to close
     * @param taken
     *            the tokens it has taken
     * @return as for a text
     * @throws IllegalArgumentException
     *             if the context is too short for the new tokens, or an id is not in the vocabulary
     */
    public List<Hypothesis> search(State state, int[] taken, Options options) {
        Advance.checkTokens(model, taken);
        checkRoom(taken.length, options);
        float[] row = new float[model.vocabularySize()];
        state.logProbabilities(row);
        return new Search(taken, options).run(state, row);
    }

    private void checkRoom(int prompt, Options options) {
        long places = (long) prompt + options.maxTokens() - 1;
        if (places > model.contextLength()) {
            throw new IllegalArgumentException("a prompt of " + prompt + " tokens and " + options.maxTokens()
                    + " new ones need a context of " + places + " tokens, the model has " + model.contextLength());
        }
    }

    /** One call of {@code search}. Sequences are the new tokens only. */
    private final class Search {
        final Options options;
        final int[] prompt;
        final int beams;
        final int[] endTokens = model.endTokens();
        final @Nullable Tokenizer tokenizer = model.tokenizer();
        final RepetitionPenalty penalty;
        final Candidates candidates;

        // Running beams, best first. Before the first step all of them are the prompt, and all but the first are out of
        // the running, so that the same tokens are not found several times.
        int[][] running;
        float[] runningScores;

        // Finished sequences, best first; those not finished yet have score OUT.
        int[][] finished;
        float[] finishedScores;

        Search(int[] prompt, Options options) {
            this.prompt = prompt;
            this.options = options;
            this.beams = options.beams();
            this.penalty = new RepetitionPenalty(options.repetitionPenalty());
            this.candidates = new Candidates(Math.max(2, 1 + endTokens.length) * beams);
            this.running = new int[beams][0];
            this.runningScores = new float[beams];
            Arrays.fill(runningScores, 1, beams, OUT);
            this.finished = new int[beams][0];
            this.finishedScores = new float[beams];
            Arrays.fill(finishedScores, OUT);
        }

        List<Hypothesis> run(State start, float[] firstRow) {
            float[][] rows = new float[beams][];
            Arrays.fill(rows, firstRow);
            process(start, firstRow, running[0]);
            // Greedy search ends with its one sequence; to go on for a better one is for several beams.
            boolean stopWhenFull = beams == 1 || options.earlyStopping() == EarlyStopping.YES;
            State[] states = new State[beams];
            try {
                for (int length = 1;; length++) {
                    choose(rows);
                    int kept = candidates.size;
                    boolean[] ends = new boolean[kept];
                    boolean allEnd = true;
                    for (int i = 0; i < kept; i++) {
                        ends[i] = length == options.maxTokens()
                                || Generator.contains(endTokens, candidates.token(i, firstRow.length));
                        allEnd &= ends[i];
                    }
                    int[][] sequences = new int[kept][];
                    for (int i = 0; i < kept; i++) {
                        int[] parent = running[candidates.beam(i, firstRow.length)];
                        sequences[i] = Arrays.copyOf(parent, length);
                        sequences[i][length - 1] = candidates.token(i, firstRow.length);
                    }
                    finish(sequences, ends, length);
                    int[] parents = proceed(sequences, ends, firstRow.length);
                    if (!canImprove(length) || (stopWhenFull && finishedScores[beams - 1] > OUT) || allEnd) {
                        return results();
                    }
                    reorder(states, start, parents);
                    advance(states, rows, firstRow.length, length);
                }
            } finally {
                close(states);
            }
        }

        private void process(State state, float[] row, int[] sequence) {
            Generator.maskUnwritable(tokenizer, row);
            if (options.repetitionPenalty() != 1) {
                int[] history = Arrays.copyOf(prompt, prompt.length + sequence.length);
                System.arraycopy(sequence, 0, history, prompt.length, sequence.length);
                penalty.apply(row, beams == 1 ? state.logNormalizer() : 0, history, history.length);
            }
        }

        /** The best continuations of all beams. */
        private void choose(float[][] rows) {
            candidates.clear();
            for (int beam = 0; beam < beams; beam++) {
                candidates.offer(rows[beam], runningScores[beam], (long) beam * rows[beam].length);
            }
            candidates.sort();
        }

        /** Takes those that end among the best into the finished ones. */
        private void finish(int[][] sequences, boolean[] ends, int length) {
            int merged = beams + sequences.length;
            int[][] allSequences = Arrays.copyOf(finished, merged);
            float[] scores = Arrays.copyOf(finishedScores, merged);
            for (int i = 0; i < sequences.length; i++) {
                allSequences[beams + i] = sequences[i];
                scores[beams + i] = ends[i] && i < beams ? normalized(candidates.scores[i], length) : OUT;
            }
            int[] best = best(scores, beams);
            finished = new int[beams][];
            for (int i = 0; i < beams; i++) {
                finished[i] = allSequences[best[i]];
                finishedScores[i] = scores[best[i]];
            }
        }

        /** A score over the length to the power of the penalty: finite whatever that is, unless it is OUT. */
        private float normalized(float score, int length) {
            float divisor = Math.max(Float.MIN_VALUE, (float) Math.pow(length, options.lengthPenalty()));
            return score == OUT ? OUT : Math.max(-Float.MAX_VALUE, score / divisor);
        }

        /** Makes the best that do not end the running beams, and returns which beam each comes from. */
        private int[] proceed(int[][] sequences, boolean[] ends, int vocabulary) {
            float[] scores = new float[sequences.length];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = ends[i] ? OUT : candidates.scores[i];
            }
            int[] best = best(scores, beams);
            int[] parents = new int[beams];
            int[][] next = new int[beams][];
            for (int i = 0; i < beams; i++) {
                next[i] = sequences[best[i]];
                runningScores[i] = scores[best[i]];
                parents[i] = candidates.beam(best[i], vocabulary);
            }
            running = next;
            return parents;
        }

        private boolean canImprove(int length) {
            boolean atGreatestLength = options.earlyStopping() == EarlyStopping.NEVER && options.lengthPenalty() > 0;
            int hypothetical = atGreatestLength ? options.maxTokens() : length;
            return normalized(runningScores[0], hypothetical) > finishedScores[beams - 1];
        }

        /** Gives each beam the state of the beam it comes from: the last of several takes it over, the others fork. */
        private static void reorder(State[] states, State start, int[] parents) {
            @Nullable State[] before = states.clone();
            Arrays.fill(states, null);
            int[] heirs = new int[parents.length];
            Arrays.fill(heirs, -1);
            try {
                for (int i = parents.length - 1; i >= 0; i--) {
                    int parent = parents[i];
                    State origin = before[parent];
                    if (heirs[parent] >= 0) {
                        states[i] = states[heirs[parent]].fork();
                    } else if (origin != null) {
                        states[i] = origin;
                        before[parent] = null;
                        heirs[parent] = i;
                    } else { // before the first step all beams are at the start
                        states[i] = start.fork();
                    }
                }
            } finally {
                close(before);
            }
        }

        private static void close(@Nullable State[] states) {
            for (State state : states) {
                if (state != null) {
                    state.close();
                }
            }
        }

        private void advance(State[] states, float[][] rows, int vocabulary, int length) {
            if (length == 1) {
                for (int beam = 1; beam < beams; beam++) {
                    rows[beam] = new float[vocabulary];
                }
            }
            List<Advance> batch = new ArrayList<>(beams);
            for (int beam = 0; beam < beams; beam++) {
                int[] last = {running[beam][length - 1]};
                batch.add(new Advance(states[beam], last, new float[][]{rows[beam]}));
            }
            model.advance(batch);
            for (int beam = 0; beam < beams; beam++) {
                process(states[beam], rows[beam], running[beam]);
            }
        }

        private List<Hypothesis> results() {
            List<Hypothesis> results = new ArrayList<>();
            for (int i = 0; i < options.results(); i++) {
                if (finishedScores[i] > OUT) {
                    int[] ids = finished[i];
                    boolean ended = Generator.contains(endTokens, ids[ids.length - 1]);
                    results.add(new Hypothesis(text(ids, ended ? ids.length - 1 : ids.length), ids, finishedScores[i],
                            ended ? FinishReason.END : FinishReason.LENGTH));
                }
            }
            return results;
        }

        private @Nullable String text(int[] ids, int count) {
            if (tokenizer == null) {
                return null;
            }
            Decoder decoder = Generator.primed(tokenizer, prompt);
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < count; i++) {
                text.append(decoder.next(ids[i]));
            }
            return text.append(decoder.end()).toString();
        }
    }

    /** The indices of the greatest scores, greatest first, of equals the first. */
    private static int[] best(float[] scores, int count) {
        int[] best = new int[count];
        boolean[] taken = new boolean[scores.length];
        for (int i = 0; i < count; i++) {
            int index = -1;
            for (int j = 0; j < scores.length; j++) {
                if (!taken[j] && (index < 0 || scores[j] > scores[index])) {
                    index = j;
                }
            }
            best[i] = index;
            taken[index] = true;
        }
        return best;
    }

    /**
     * The best continuations of all beams' rows: a heap of those so far with the worst on top, so most values of a row
     * are looked at once. Of equal scores the one of the lower index, {@code beam * vocabulary + token}, is better.
     */
    private static final class Candidates {
        final int capacity;
        final float[] scores;
        final long[] indices;
        int size;

        Candidates(int capacity) {
            this.capacity = capacity;
            this.scores = new float[capacity];
            this.indices = new long[capacity];
        }

        void clear() {
            size = 0;
        }

        int beam(int i, int vocabulary) {
            return (int) (indices[i] / vocabulary);
        }

        int token(int i, int vocabulary) {
            return (int) (indices[i] % vocabulary);
        }

        void offer(float[] row, float before, long first) {
            int token = 0;
            for (; token < row.length && size < capacity; token++) {
                check(row[token], token);
                place(size++, row[token] + before, first + token);
            }
            float worst = scores[0];
            for (; token < row.length; token++) {
                float score = row[token] + before;
                if (score > worst) { // rows come in the order of their indices: an equal one is not better
                    sink(score, first + token, size);
                    worst = scores[0];
                } else if (Float.isNaN(score)) {
                    check(score, token);
                }
            }
        }

        private static void check(float value, int token) {
            if (Float.isNaN(value)) {
                throw new IllegalStateException(
                        "the model gives token " + token + " a probability that is not a number (NaN)");
            }
        }

        private boolean worse(int i, float score, long index) {
            return scores[i] < score || (scores[i] == score && indices[i] > index);
        }

        /** Moves a new entry from the bottom of the heap up to its place. */
        private void place(int bottom, float score, long index) {
            int i = bottom;
            while (i > 0 && !worse((i - 1) / 2, score, index)) {
                scores[i] = scores[(i - 1) / 2];
                indices[i] = indices[(i - 1) / 2];
                i = (i - 1) / 2;
            }
            scores[i] = score;
            indices[i] = index;
        }

        /** Puts an entry in place of the top and moves it down to its place. */
        private void sink(float score, long index, int count) {
            int i = 0;
            for (int child = 1; child < count; child = 2 * i + 1) {
                if (child + 1 < count && worse(child + 1, scores[child], indices[child])) {
                    child++;
                }
                if (!worse(child, score, index)) {
                    break;
                }
                scores[i] = scores[child];
                indices[i] = indices[child];
                i = child;
            }
            scores[i] = score;
            indices[i] = index;
        }

        /** Best first. */
        void sort() {
            for (int last = size - 1; last > 0; last--) {
                float score = scores[last];
                long index = indices[last];
                scores[last] = scores[0];
                indices[last] = indices[0];
                sink(score, index, last);
            }
        }
    }
}
