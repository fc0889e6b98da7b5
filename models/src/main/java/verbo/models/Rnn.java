// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import verbo.nn.AdaptiveSoftmax;
import verbo.nn.Embedding;
import verbo.nn.Initialization;
import verbo.nn.Linear;
import verbo.nn.Parameter;
import verbo.nn.RecurrentLayer;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/**
 * A recurrent language model: what it remembers of a text is a vector a layer, which each token changes.
 *
 * <p>
 * Mikolov, Karafiát, Burget, Černocký, Khudanpur: Recurrent neural network based language model, Interspeech 2010; Zaremba,
 * Sutskever, Vinyals: Recurrent neural network regularization, 2014, for LSTMs of several layers with dropout between; Gal and
 * Ghahramani: A theoretically grounded application of dropout in recurrent neural networks, 2016, and Merity, Keskar, Socher:
 * Regularizing and optimizing LSTM language models, 2018, for locked, embedding and weight dropout; Press and Wolf: Using the
 * output embedding to improve language models, 2017, for tied embeddings. Names and layout of the weights are those of
 * PyTorch's example word_language_model.
 *
 * <p>
 * In shapes, t is time, b the batch, e the embedding's width, h the layers', v the vocabulary. Time comes first: a step's
 * rows lie together.
 */
public final class Rnn extends SequentialNetwork {
    private final RnnConfig config;

    private final Embedding embedding; // encoder [v, e]
    private final List<RecurrentLayer> layers = new ArrayList<>(); // rnn
    private final @Nullable Linear projection; // [h, e], where a tied output is not as wide as the layers
    private final Parameter output; // decoder [v, h], the embedding itself where they are tied
    private final Parameter outputBias; // [v]
    private final @Nullable AdaptiveSoftmax adaptive;

    Rnn(RnnConfig config, Scope scope, ParameterSource source, @Nullable Safetensors file) throws IOException {
        super(config, scope, source, file);
        this.config = config;
        int v = config.vocabularySize();
        int h = config.width();
        int e = config.embedding();
        // wide enough to move gates from the beginning; as an output layer it must not be
        embedding = new Embedding(take("encoder.weight",
                Initialization.normal(config.tiedEmbeddings() ? 1 / Math.sqrt(e) : 1), v, e));
        // PyTorch draws from -1/√h to 1/√h; this is a normal distribution as wide
        Initialization normal = Initialization.normal(1 / Math.sqrt(3.0 * h));
        int gates = config.cell().gates();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(new RecurrentLayer(config.cell(),
                    take("rnn.weight_ih_l" + layer, normal, gates * h, layer == 0 ? e : h),
                    take("rnn.weight_hh_l" + layer, normal, gates * h, h),
                    take("rnn.bias_ih_l" + layer, Initialization.ZEROS, gates * h),
                    take("rnn.bias_hh_l" + layer, remembering(config.cell(), h), gates * h)));
        }
        int wide = config.tiedEmbeddings() ? e : h;
        projection = config.tiedEmbeddings() && e != h
                ? new Linear(take("projection.weight", normal, h, e), null)
                : null;
        output = config.tiedEmbeddings()
                ? embedding.weight()
                : take("decoder.weight", Initialization.normal(0.06), v, h);
        outputBias = take("decoder.bias", Initialization.ZEROS, v);
        adaptive = config.cutoffs().isEmpty()
                ? null
                : new AdaptiveSoftmax(output, outputBias,
                        take("clusters.weight", Initialization.normal(0.06), config.cutoffs().size(), wide),
                        config.cutoffs());
    }

    /** An LSTM begins with open forget gates (Jozefowicz, Zaremba, Sutskever 2015). */
    private static Initialization remembering(RecurrentCell cell, int h) {
        return cell != RecurrentCell.LSTM ? Initialization.ZEROS : (bias, seed) -> {
            bias.engine().fill(bias, 0);
            bias.engine().fill(bias.slice(0, h, 2 * h), 1);
        };
    }

    /** A new model. The same seed gives the same weights. */
    public static Rnn create(Engine engine, RnnConfig config, long seed) {
        return create(engine, seed, (scope, source) -> new Rnn(config, scope, source, null));
    }

    // ---- the model

    @Override
    Tensor hidden(Tensor ids, @Nullable Tensor carried, Dropout dropout) {
        // a copy, which the way back needs: where it was is replaced; and without history: there the gradient ends
        return hidden(ids, carried == null ? null : Scope.current().copy(carried), carried, dropout);
    }

    /**
     * The same from any states.
     *
     * @param initial
     *            [layers · states, b, h], or null for zeros
     * @param carried
     *            gets the states after the last step, or null
     */
    Tensor hidden(Tensor ids, @Nullable Tensor initial, @Nullable Tensor carried, Dropout dropout) {
        RnnConfig.Dropout drops = config.dropout();
        Tensor x = embedding.forward(ids); // [t, b, e]
        if (dropout.active && drops.words() > 0) {
            x = dropout.words(x, ids.toInts(), drops.words()); // [t, b, e]
        }
        int states = config.cell().states();
        for (int l = 0; l < layers.size(); l++) {
            int from = l * states;
            x = drop(x, dropout); // [t, b, e or h]
            Tensor all = layers.get(l).forward(x, initial == null ? null : initial.slice(0, from, from + states), false,
                    dropout.active ? drops.weights() : 0, dropout.next()); // [states, t, b, h]
            if (carried != null) {
                engine().copy(all.select(1, ids.length(0) - 1), carried.slice(0, from, from + states), false);
            }
            x = all.select(0, 0); // [t, b, h]
        }
        x = drop(x, dropout); // [t, b, h]
        return projection == null ? x : projection.forward(x); // [t, b, e]
    }

    private Tensor drop(Tensor x, Dropout dropout) {
        RnnConfig.Dropout drops = config.dropout();
        return drops.locked() ? dropout.locked(x, drops.layers()) : dropout.apply(x, drops.layers());
    }

    @Override
    Tensor loss(Tensor hidden, Tensor targets) {
        return adaptive == null
                ? hidden.linearCrossEntropy(output.value().transpose(0, 1), outputBias.value(), targets)
                : adaptive.loss(hidden, targets); // []
    }

    @Override
    @Nullable Tensor logits(Tensor hidden) {
        return adaptive == null ? hidden.linear(output.value().transpose(0, 1), outputBias.value()) : null; // [n, v]
    }

    @Override
    Tensor logProbabilities(Tensor hidden) {
        return adaptive == null ? super.logProbabilities(hidden) : adaptive.logProbabilities(hidden); // [n, v]
    }

    @Override
    float[] logProbabilities(Tensor hidden, int[] targets) {
        return adaptive == null ? super.logProbabilities(hidden, targets) : adaptive.logProbabilities(hidden, targets);
    }

    // ---- what it is

    @Override
    public RnnConfig config() {
        return config;
    }

    @Override
    int[] carriedLengths(int batch) {
        return new int[]{config.layers() * config.cell().states(), batch, config.width()};
    }

    @Override
    public String description() {
        return String.format(Locale.ROOT, "%s: %d layer%s, %d wide, embedding %d%s, vocabulary %d%s: %,d parameters",
                config.cell(), config.layers(), config.layers() == 1 ? "" : "s", config.width(), config.embedding(),
                config.tiedEmbeddings() ? " tied" : "", config.vocabularySize(),
                adaptive == null ? "" : " in " + (config.cutoffs().size() + 1) + " parts", parameterCount());
    }
}
