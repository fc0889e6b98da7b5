// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.List;

/** A small Transformer's training: what a step of a real one does, by tensors alone. */
final class Training implements AutoCloseable {
    private final Engine engine;
    private final Scope kept;
    private final int b;
    private final int t;
    private final int h;
    private final int d;
    private final int classes;
    private final List<Tensor> parameters = new ArrayList<>();
    private final List<Tensor> means = new ArrayList<>();
    private final List<Tensor> variances = new ArrayList<>();

    Training(Engine engine, int b, int t, int h, int d, int classes) {
        this.engine = engine;
        this.kept = Scope.lasting(engine);
        this.b = b;
        this.t = t;
        this.h = h;
        this.d = d;
        this.classes = classes;
        int c = h * d;
        parameter(0, 0.5f, classes, c); // embedding, and output
        parameter(1, 0.1f, c);
        parameter(0, 0.1f, c);
        parameter(0, 0.3f, c, 3 * c);
        parameter(0, 0.1f, 3 * c);
        parameter(0, 0.3f, c, c);
        parameter(1, 0.1f, c);
        parameter(0, 0.3f, c, 4 * c);
        parameter(0, 0.1f, 4 * c);
        parameter(0, 0.3f, 4 * c, c);
    }

    private void parameter(float mean, float deviation, int... lengths) {
        parameters.add(kept.normal(mean, deviation, parameters.size(), lengths).requireGradient());
        means.add(kept.zeros(lengths));
        variances.add(kept.zeros(lengths));
    }

    /** Gives the loss. */
    float step(int step) {
        int[] ids = new int[b * t];
        int[] targets = new int[b * t];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (i * 31 + step * 17) % classes;
            targets[i] = (i * 31 + 5) % 7 == 0 ? -1 : (ids[i] * 3 + 1) % classes;
        }
        float value;
        try (Scope scope = Scope.open(engine)) {
            Tensor loss = loss(scope.of(ids, b, t), scope.of(targets, b, t), step);
            loss.backward();
            value = loss.item();
        }
        double squares = 0;
        for (Tensor parameter : parameters) {
            squares += engine.sumOfSquares(gradient(parameter));
        }
        float scale = (float) Math.min(1, 1 / Math.sqrt(squares));
        for (int i = 0; i < parameters.size(); i++) {
            engine.adamW(parameters.get(i), gradient(parameters.get(i)), means.get(i), variances.get(i),
                    new Engine.AdamW(1e-2f, 0.9f, 0.99f, 1e-8f, 0.1f, step, scale));
            parameters.get(i).clearGradient();
        }
        return value;
    }

    private static Tensor gradient(Tensor parameter) {
        Tensor gradient = parameter.gradient();
        if (gradient == null) {
            throw new AssertionError("a parameter " + parameter.shape() + " got no gradient");
        }
        return gradient;
    }

    private Tensor loss(Tensor ids, Tensor targets, int step) {
        int c = h * d;
        Tensor x = parameters.get(0).embedding(ids); // [b, t, c]
        Tensor qkv = x.layerNorm(parameters.get(1), parameters.get(2), 1e-5f)
                .linear(parameters.get(3), parameters.get(4))
                .reshape(b, t, 3, h, d);
        Tensor q = qkv.select(2, 0).transpose(1, 2); // [b, h, t, d]
        Tensor k = qkv.select(2, 1).transpose(1, 2);
        Tensor v = qkv.select(2, 2).transpose(1, 2);
        Tensor attended = q.attention(k, v, Attention.causal(d).withDropout(0.2f, -step)).transpose(1, 2)
                .reshape(b, t, c);
        x = x.add(attended.linear(parameters.get(5), null).dropout(0.1f, step));
        Tensor wide = x.rmsNorm(parameters.get(6), 1e-5f).linear(parameters.get(7), parameters.get(8)).geluTanh();
        x = x.add(wide.linear(parameters.get(9), null));
        return x.linearCrossEntropy(parameters.get(0).transpose(0, 1), targets);
    }

    float[][] values() {
        return parameters.stream().map(Tensor::toFloats).toArray(float[][]::new);
    }

    @Override
    public void close() {
        kept.close();
    }
}
