// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import verbo.text.Decoder;
import verbo.text.Tokenizer;

/**
 * Generates text by drawing token after token. The prompt is processed once; the samples are forks of its state and
 * advance as one batch.
 *
 * <p>
 * When a state's context is full, the oldest tokens are dropped and the rest is taken anew: at least the last half of a
 * context, and as much more as leaves room for the tokens still to come. A {@linkplain LanguageModel#beginToken() begin
 * token} in front stays in front. A prompt longer than the context is cut in the same way.
 */
public final class Generator {

    /** Hears of texts while they are generated. An exception it throws ends the generation. */
    @FunctionalInterface
    public interface Listener {
        /**
         * More of a sample's text is certain. The pieces of a sample, joined, are its {@link Generated#text()}. Not
         * called for a model without a tokenizer.
         */
        void text(int sample, String piece);

        /** A token was drawn. Its text comes later if it may become part of a stop string or lacks bytes. */
        default void token(int sample, int id) {}

        /** A sample is complete; the others may go on. */
        default void finished(int sample, Generated result) {}
    }

    private final LanguageModel model;

    /** The model stays the caller's to close. */
    public Generator(LanguageModel model) {
        this.model = model;
    }

    /**
     * Continues a text.
     *
     * @return the samples in order
     * @throws IllegalArgumentException
     *             if the model has no tokenizer, the prompt has a character the tokenizer cannot express, or it is empty
     *             and the model needs one
     */
    public List<Generated> generate(String prompt, GenerationOptions options) {
        return generate(prompt, options, (sample, piece) -> {});
    }

    /** The same, telling a listener of the text as it comes. */
    public List<Generated> generate(String prompt, GenerationOptions options, Listener listener) {
        return generate(encode(model, prompt), options, listener);
    }

    /**
     * Continues a sequence of ids.
     *
     * @param prompt
     *            [tokens]
     * @return the samples in order
     * @throws IllegalArgumentException
     *             if an id is not in the vocabulary, stop strings are given and the model has no tokenizer, or the
     *             prompt is empty and the model needs one
     */
    public List<Generated> generate(int[] prompt, GenerationOptions options) {
        return generate(prompt, options, (sample, piece) -> {});
    }

    /** The same, telling a listener of the text as it comes. */
    public List<Generated> generate(int[] prompt, GenerationOptions options, Listener listener) {
        Tokenizer tokenizer = model.tokenizer();
        if (tokenizer == null && !options.stopStrings().isEmpty()) {
            throw new IllegalArgumentException("stop strings need a tokenizer, and the model has none");
        }
        Advance.checkTokens(model, prompt);
        int[] start = startOf(model, prompt);
        return new Run(start, options, listener).run();
    }

    static int[] encode(LanguageModel model, String prompt) {
        Tokenizer tokenizer = model.tokenizer();
        if (tokenizer == null) {
            throw new IllegalArgumentException("the model has no tokenizer: give the prompt as ids");
        }
        return tokenizer.encode(prompt);
    }

    /** The prompt, or what an empty one stands for. */
    static int[] startOf(LanguageModel model, int[] prompt) {
        if (prompt.length > 0) {
            return prompt;
        }
        int[] beginning = beginning(model);
        if (beginning.length == 0 && !model.predictsFirstToken()) {
            throw new IllegalArgumentException("the prompt is empty, and the model has no token that texts begin after:"
                    + " it needs at least one to go on from");
        }
        return beginning;
    }

    /**
     * What an empty prompt stands for: the model's {@linkplain LanguageModel#beginToken() begin token}; for a model that needs
     * one and has none, its tokenizer's {@linkplain Tokenizer#separator() separator} or else the end of a line.
     *
     * @return [tokens], empty if the model has none of them or needs none
     */
    public static int[] beginning(LanguageModel model) {
        OptionalInt begin = model.beginToken();
        Tokenizer tokenizer = model.tokenizer();
        if (begin.isEmpty() && !model.predictsFirstToken() && tokenizer != null) {
            begin = tokenizer.separator();
            if (begin.isEmpty()) {
                try {
                    return tokenizer.encode("\n");
                } catch (IllegalArgumentException e) {
                    return new int[0]; // not a character it knows
                }
            }
        }
        return begin.isPresent() ? new int[]{begin.getAsInt()} : new int[0];
    }

    /** Ids that the tokenizer does not know (a vocabulary padded to a round size) cannot be written: never drawn. */
    static void maskUnwritable(@Nullable Tokenizer tokenizer, float[] row) {
        if (tokenizer != null && tokenizer.size() < row.length) {
            Arrays.fill(row, tokenizer.size(), row.length, Float.NEGATIVE_INFINITY);
        }
    }

    static boolean contains(int[] ids, int id) {
        for (int each : ids) {
            if (each == id) {
                return true;
            }
        }
        return false;
    }

    /** What a fresh state takes of a history too long for it. */
    private int[] window(int[] history, int length, int toCome) {
        int context = model.contextLength();
        if (length <= context) {
            return Arrays.copyOf(history, length);
        }
        OptionalInt begin = model.beginToken();
        boolean begins = context > 1 && begin.isPresent() && history[0] == begin.getAsInt();
        int keep = Math.max(Math.max(begins ? 2 : 1, context - context / 2), context - toCome);
        int[] window = Arrays.copyOfRange(history, length - keep, length);
        if (begins) {
            window[0] = history[0];
        }
        return window;
    }

    /** One call of {@code generate}. */
    private final class Run {
        final int[] prompt;
        final GenerationOptions options;
        final Listener listener;
        final @Nullable Tokenizer tokenizer = model.tokenizer();
        final int[] endTokens = model.endTokens();
        final Sampler sampler;
        final RepetitionPenalty penalty;
        final long began = System.nanoTime();

        Run(int[] prompt, GenerationOptions options, Listener listener) {
            this.prompt = prompt;
            this.options = options;
            this.listener = listener;
            this.sampler = new Sampler(options.sampling());
            this.penalty = new RepetitionPenalty(options.sampling().repetitionPenalty());
        }

        List<Generated> run() {
            Sample[] samples = new Sample[options.samples()];
            try {
                float[] row = new float[model.vocabularySize()];
                State state = model.open();
                samples[0] = new Sample(0, state, row);
                if (prompt.length == 0) {
                    state.logProbabilities(row);
                } else {
                    int[] taken = window(prompt, prompt.length, options.maxTokens() - 1);
                    model.advance(List.of(new Advance(state, taken, new float[][]{row})));
                }
                for (int i = 1; i < samples.length; i++) {
                    samples[i] = new Sample(i, state.fork(), row.clone());
                }
                List<Sample> running = new ArrayList<>(Arrays.asList(samples));
                List<Advance> batch = new ArrayList<>(samples.length);
                while (true) {
                    running.removeIf(Sample::draw);
                    if (running.isEmpty()) {
                        break;
                    }
                    batch.clear();
                    for (Sample sample : running) {
                        batch.add(sample.next());
                    }
                    model.advance(batch);
                }
            } finally {
                for (Sample sample : samples) {
                    if (sample != null) {
                        sample.state.close();
                    }
                }
            }
            List<Generated> results = new ArrayList<>(samples.length);
            for (Sample sample : samples) {
                results.add(sample.result());
            }
            return results;
        }

        /** One text in the making. */
        private final class Sample {
            final int index;
            final float[] row;
            final CounterRandom random;
            final StopStrings stops = new StopStrings(options.stopStrings());
            final StringBuilder text = new StringBuilder();
            final @Nullable Decoder decoder;
            State state;
            Advance step;
            int[] history; // prompt and new tokens
            int length;
            @Nullable Generated result;

            Sample(int index, State state, float[] row) {
                this.index = index;
                this.state = state;
                this.row = row;
                this.random = new CounterRandom(options.seed(), index);
                this.step = new Advance(state, new int[1], new float[][]{row});
                this.history = Arrays.copyOf(prompt, prompt.length + 16);
                this.length = prompt.length;
                this.decoder = tokenizer == null ? null : primed(tokenizer, prompt);
            }

            /** Draws the next token from the row. Returns whether the text is complete. */
            boolean draw() {
                maskUnwritable(tokenizer, row);
                penalty.apply(row, state.logNormalizer(), history, length);
                int drawn = length - prompt.length;
                int token = sampler.choose(row, random.uniform(drawn));
                if (length == history.length) {
                    history = Arrays.copyOf(history, length + (length >> 1));
                }
                history[length++] = token;
                listener.token(index, token);
                if (contains(endTokens, token)) {
                    return finish(FinishReason.END);
                }
                if (decoder != null) {
                    emit(stops.append(decoder.next(token)));
                    if (stops.found()) {
                        return finish(FinishReason.STOP);
                    }
                }
                return drawn + 1 == options.maxTokens() && finish(FinishReason.LENGTH);
            }

            private boolean finish(FinishReason reason) {
                FinishReason finish = reason;
                if (decoder != null) {
                    if (finish != FinishReason.STOP) {
                        emit(stops.append(decoder.end()));
                        finish = stops.found() ? FinishReason.STOP : finish;
                    }
                    emit(stops.end());
                }
                double seconds = (System.nanoTime() - began) * 1e-9;
                Generated generated = new Generated(decoder == null ? null : text.toString(),
                        Arrays.copyOfRange(history, prompt.length, length), finish, seconds);
                result = generated;
                state.close();
                listener.finished(index, generated);
                return true;
            }

            private void emit(String piece) {
                if (!piece.isEmpty()) {
                    text.append(piece);
                    listener.text(index, piece);
                }
            }

            /** The step that takes the token drawn last. */
            Advance next() {
                if (state.length() < model.contextLength()) {
                    step.tokens()[0] = history[length - 1];
                    return step;
                }
                state.close();
                state = model.open();
                step = new Advance(state, new int[1], step.rows());
                int toCome = options.maxTokens() - (length - prompt.length) - 1;
                return new Advance(state, window(history, length, toCome), step.rows());
            }

            Generated result() {
                if (result == null) {
                    throw new IllegalStateException("sample " + index + " is not complete");
                }
                return result;
            }
        }
    }

    /** A decoder that has seen the prompt, so that the first new token is written as inside a text. */
    static Decoder primed(Tokenizer tokenizer, int[] prompt) {
        Decoder decoder = tokenizer.decoder();
        for (int id : prompt) {
            if (id < tokenizer.size()) {
                decoder.next(id);
            }
        }
        return decoder;
    }
}
