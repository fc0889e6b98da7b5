// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * How much of a recurrent model's error still reaches the past: the norm of the gradient of the loss at one token by all the
 * model carried t tokens before. Where it vanishes, nothing can be learnt from what was there (Hochreiter 1991; Bengio, Simard,
 * Frasconi 1994; Pascanu, Mikolov, Bengio 2013).
 *
 * @param description
 *            what the model is
 * @param norms
 *            [steps]: number t - 1 is the mean, over places of a text, of the norm t steps back
 */
public record GradientReach(String description, double[] norms) {

    /**
     * Measures a trained model on a text.
     *
     * @param folder
     *            of an RNN, LSTM or GRU with its {@code tokenizer.json}
     * @param steps
     *            how far back
     * @param places
     *            at how many places of the text, spread evenly
     * @throws IllegalArgumentException
     *             if the model is of another family, or the text too short
     */
    public static GradientReach measure(Engine engine, Path folder, String text, int steps, int places,
            Progress progress) throws IOException {
        if (Models.family(folder) != Models.Family.SEQUENTIAL) {
            throw new IllegalArgumentException(folder + ": only a recurrent model carries something from step to step");
        }
        int[] ids = Tokenizer.load(folder.resolve("tokenizer.json")).encode(text);
        try (SequentialNetwork network = SequentialCheckpoint.open(engine, folder, true)) {
            if (!(network instanceof Rnn rnn)) {
                throw new IllegalArgumentException(
                        folder + ": only a recurrent model carries something from step to step");
            }
            if (ids.length < steps + 2) {
                throw new IllegalArgumentException("the text is too short: " + ids.length + " tokens, and "
                        + (steps + 2) + " are needed to look " + steps + " steps back");
            }
            return new GradientReach(rnn.description(),
                    measure(rnn, ids, steps, Math.min(places, ids.length - steps - 1), progress));
        }
    }

    private static double[] measure(Rnn rnn, int[] ids, int steps, int places, Progress progress) {
        Engine engine = rnn.engine();
        int[] ends = new int[places]; // the token predicted
        Arrays.setAll(ends, i -> (int) (steps + 1 + (long) i * (ids.length - steps - 1) / places));
        double[] norms = new double[steps];
        try (Scope kept = Scope.lasting(engine)) {
            Tensor carried = rnn.carried(kept, places); // after the tokens before those that are run
            for (int t = steps; t >= 1; t--) {
                progress.update(steps - t, steps);
                try (Scope scope = Scope.open(engine)) {
                    // Tokens from t before the target on are run again with a gradient of the state that they begin with.
                    rnn.hidden(tokens(scope, ids, ends, t + 1, 1), carried, Dropout.NONE);
                    Tensor initial = scope.copy(carried).requireGradient(); // [layers · states, places, h]
                    Tensor last = rnn.hidden(tokens(scope, ids, ends, t, t), initial, null, Dropout.NONE)
                            .select(0, t - 1).contiguous(); // [places, width]
                    Tensor loss = rnn.loss(last, tokens(scope, ids, ends, 0, 1).reshape(places));
                    loss.backward(places); // of the sum: each place has its own
                    norms[t - 1] = meanNorm(java.util.Objects.requireNonNull(initial.gradient()));
                }
            }
        }
        progress.update(steps, steps);
        return norms;
    }

    /** {@code count} tokens from {@code back} before each end on: [count, places]. */
    private static Tensor tokens(Scope scope, int[] ids, int[] ends, int back, int count) {
        int[] tokens = new int[count * ends.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = ids[ends[i % ends.length] - back + i / ends.length];
        }
        return scope.of(tokens, count, ends.length);
    }

    private static double meanNorm(Tensor gradient) {
        int places = gradient.length(1);
        int width = gradient.length(2);
        double[] squares = new double[places];
        float[] values = gradient.toFloats();
        for (int i = 0; i < values.length; i++) {
            squares[i / width % places] += (double) values[i] * values[i];
        }
        return Arrays.stream(squares).map(Math::sqrt).sum() / places;
    }
}
