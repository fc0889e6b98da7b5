// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import verbo.nn.Embedding;
import verbo.nn.Initialization;
import verbo.nn.Linear;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/**
 * The neural probabilistic language model: the vectors of the last n - 1 tokens, side by side, a hidden layer, a softmax.
 *
 * <p>
 * Bengio, Ducharme, Vincent, Jauvin: A neural probabilistic language model, Journal of Machine Learning Research 3, 2003:
 * {@code y = b + W x + U tanh(d + H x)}, where x holds the vectors C(w) of the tokens before, and W may be left out.
 *
 * <p>
 * In shapes, t is time, b the batch, n the tokens of the context, e the embedding's width, h the hidden layer's, v the
 * vocabulary.
 */
public final class Nplm extends SequentialNetwork {
    private final NplmConfig config;

    private final Embedding embedding; // C [v, e]
    private final Linear hidden; // H [n · e, h], d
    private final @Nullable Linear projection; // [h, e], where the output is tied
    private final Parameter output; // U [v, h], or C
    private final Parameter outputBias; // b [v]
    private final @Nullable Parameter direct; // W [v, n · e]

    Nplm(NplmConfig config, Scope scope, ParameterSource source, @Nullable Safetensors file) throws IOException {
        super(config, scope, source, file);
        this.config = config;
        int v = config.vocabularySize();
        int e = config.embedding();
        int h = config.width();
        int in = config.context() * e;
        embedding = new Embedding(take("embedding.weight", Initialization.normal(1), v, e));
        // so wide that the tanh begins neither flat nor straight
        hidden = new Linear(take("hidden.weight", Initialization.normal(5.0 / 3 / Math.sqrt(in)), in, h),
                take("hidden.bias", Initialization.ZEROS, h));
        projection = config.tiedEmbeddings()
                ? new Linear(take("projection.weight", Initialization.normal(1 / Math.sqrt(h)), h, e), null)
                : null;
        output = config.tiedEmbeddings() ? embedding.weight()
                : take("output.weight", Initialization.normal(0.01), v, h);
        outputBias = take("output.bias", Initialization.ZEROS, v);
        direct = config.direct() ? take("direct.weight", Initialization.normal(0.01), v, in) : null;
    }

    /** A new model. The same seed gives the same weights. */
    public static Nplm create(Engine engine, NplmConfig config, long seed) {
        return create(engine, seed, (scope, source) -> new Nplm(config, scope, source, null));
    }

    // ---- the model

    @Override
    Tensor hidden(Tensor ids, @Nullable Tensor carried, Dropout dropout) {
        int t = ids.length(0);
        int b = ids.length(1);
        int n = config.context();
        Tensor x = embedding.forward(contexts(ids, carried)).reshape(t, b, n * config.embedding()); // [t, b, n · e]
        Tensor a = dropout.apply(hidden.forward(x).tanh(), config.dropout()); // [t, b, h]
        Tensor out = projection == null ? a : projection.forward(a); // [t, b, h or e]
        return direct == null ? out : Tensor.concat(2, out, x); // [t, b, h + n · e]
    }

    /** The n last tokens at each place [t, b, n], oldest first, of which those before the first place are carried [n, b, 1]. */
    private Tensor contexts(Tensor ids, @Nullable Tensor carried) {
        int t = ids.length(0);
        int b = ids.length(1);
        int n = config.context();
        int[] all = new int[(n + t) * b]; // what is before, then ids
        if (carried == null) {
            java.util.Arrays.fill(all, 0, n * b, before());
        } else {
            float[] values = carried.toFloats();
            for (int i = 0; i < values.length; i++) {
                all[i] = (int) values[i];
            }
        }
        System.arraycopy(ids.toInts(), 0, all, n * b, t * b);
        int[] contexts = new int[t * b * n];
        for (int i = 0; i < t * b; i++) {
            for (int j = 0; j < n; j++) {
                contexts[i * n + j] = all[i + (j + 1) * b];
            }
        }
        if (carried != null) {
            float[] last = new float[n * b];
            for (int i = 0; i < last.length; i++) {
                last[i] = all[t * b + i];
            }
            carried.set(last);
        }
        return Scope.current().of(contexts, t, b, n);
    }

    /** The token that stands for what is before a text. */
    private int before() {
        Integer begin = config.beginToken();
        return begin == null ? 0 : begin;
    }

    /** The output layer [h + n · e, v] over the hidden layer and, where they lead there, the vectors. */
    private Tensor outputLayer() {
        Tensor weight = direct == null ? output.value() : Tensor.concat(1, output.value(), direct.value());
        return weight.transpose(0, 1);
    }

    @Override
    Tensor loss(Tensor last, Tensor targets) {
        return last.linearCrossEntropy(outputLayer(), outputBias.value(), targets); // []
    }

    @Override
    Tensor logits(Tensor last) {
        return last.linear(outputLayer(), outputBias.value()); // [n, v]
    }

    // ---- what it is

    @Override
    public NplmConfig config() {
        return config;
    }

    @Override
    int[] carriedLengths(int batch) {
        return new int[]{config.context(), batch, 1};
    }

    @Override
    void begin(Tensor carried) {
        engine().fill(carried, before());
    }

    @Override
    public String description() {
        return String.format(Locale.ROOT,
                "NPLM: context %d, embedding %d%s, hidden %d%s, vocabulary %d: %,d parameters", config.context(),
                config.embedding(), config.tiedEmbeddings() ? " tied" : "", config.width(),
                config.direct() ? ", direct connections" : "", config.vocabularySize(), parameterCount());
    }
}
