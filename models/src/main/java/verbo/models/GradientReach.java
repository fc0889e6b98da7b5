// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
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
    /** So many tokens are read at most before those looked at; what was carried before them is forgotten by then. */
    private static final int READ_BEFORE = 512;

    /**
     * Measures a trained model on a text. At each place the model carries what it has read of the text before, of at most
     * {@value #READ_BEFORE} tokens more than are looked at.
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
        int[] ends = new int[places]; // the token predicted: the last of each part of the text, where parts are long enough
        int from = ids.length / places >= steps + 2 ? 0 : steps + 1;
        Arrays.setAll(ends, i -> (int) (from - 1 + (i + 1L) * (ids.length - from) / places));
        double[] norms = new double[steps];
        try (Scope kept = Scope.lasting(engine)) {
            Tensor carried = rnn.carried(kept, places); // after the tokens before those that are run
            readBefore(rnn, ids, ends, steps + 1, carried);
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

    /** Reads what is before the token {@code last} before each end, where the text begins later from its beginning on. */
    private static void readBefore(Rnn rnn, int[] ids, int[] ends, int last, Tensor carried) {
        int first = Math.min(ends[ends.length - 1], last + READ_BEFORE);
        for (int back = first; back > last; back--) {
            try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(rnn.engine())) {
                rnn.hidden(tokens(scope, ids, ends, back, 1), carried, Dropout.NONE);
            }
            for (int place = 0; place < ends.length && ends[place] < back; place++) {
                rnn.begin(carried, place); // that was before its text
            }
        }
    }

    /** {@code count} tokens from {@code back} before each end on, any token where that is before the text: [count, places]. */
    private static Tensor tokens(Scope scope, int[] ids, int[] ends, int back, int count) {
        int[] tokens = new int[count * ends.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = ids[Math.max(0, ends[i % ends.length] - back + i / ends.length)];
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
