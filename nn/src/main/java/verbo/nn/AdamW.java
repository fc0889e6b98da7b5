// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch computes it where every parameter gets a gradient
 * each step: steps are counted for all together, there for each parameter that had one.
 */
public final class AdamW implements Optimizer {
    /**
     * How AdamW moves.
     *
     * @param beta1
     *            how much of the gradients' running mean is kept each step
     * @param beta2
     *            how much of the running mean of their squares is kept each step
     * @param epsilon
     *            added to the root of the mean of squares
     * @param weightDecay
     *            how much of a decaying parameter is taken away each step, times the rate
     */
    public record Options(double beta1, double beta2, double epsilon, double weightDecay) {
        /** PyTorch's: 0.9, 0.999, 1e-8, 0.01. */
        public static final Options DEFAULT = new Options(0.9, 0.999, 1e-8, 0.01);

        public Options {
            requireFraction("beta1", beta1);
            requireFraction("beta2", beta2);
            if (!(epsilon >= 0)) {
                throw new IllegalArgumentException("epsilon is 0 or more, not " + epsilon);
            }
            if (!(weightDecay >= 0)) {
                throw new IllegalArgumentException("weight decay is 0 or more, not " + weightDecay);
            }
        }

        private static void requireFraction(String name, double value) {
            if (!(value >= 0 && (float) value < 1)) {
                throw new IllegalArgumentException(
                        name + " is at least 0 and below 1 in single precision, not " + value);
            }
        }
    }

    private record Moments(Parameter parameter, Tensor mean, Tensor variance) {}

    private final Engine engine;
    private final Options options;
    private final Scope scope;
    private final List<Moments> moments = new ArrayList<>();
    private long steps;

    /** Frozen parameters are left out. */
    public AdamW(Engine engine, List<Parameter> parameters, Options options) {
        this.engine = engine;
        this.options = options;
        this.scope = Scope.lasting(engine);
        for (Parameter parameter : parameters) {
            if (!parameter.frozen()) {
                int[] lengths = parameter.value().shape().lengths();
                moments.add(new Moments(parameter, scope.zeros(lengths), scope.zeros(lengths)));
            }
        }
    }

    @Override
    public void step(double rate, double gradientScale) {
        steps++;
        Engine.AdamW decaying = update(rate, options.weightDecay, gradientScale);
        Engine.AdamW staying = update(rate, 0, gradientScale);
        for (Moments each : moments) {
            Parameter parameter = each.parameter;
            Tensor gradient = parameter.value().gradient();
            if (gradient != null) {
                engine.adamW(parameter.value(), gradient, each.mean, each.variance,
                        parameter.decays() ? decaying : staying);
                parameter.value().clearGradient();
            }
        }
    }

    private Engine.AdamW update(double rate, double decay, double gradientScale) {
        return new Engine.AdamW((float) rate, (float) options.beta1, (float) options.beta2, (float) options.epsilon,
                (float) decay, steps, (float) gradientScale);
    }

    @Override
    public long steps() {
        return steps;
    }

    /** {@code NAME.exp_avg} and {@code NAME.exp_avg_sq} of every parameter. */
    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (Moments each : moments) {
            state.put(each.parameter.name() + ".exp_avg", each.mean);
            state.put(each.parameter.name() + ".exp_avg_sq", each.variance);
        }
        return state;
    }

    @Override
    public void resume(long taken) {
        if (taken < 0) {
            throw new IllegalArgumentException("steps taken are 0 or more, not " + taken);
        }
        steps = taken;
    }

    @Override
    public void close() {
        scope.close();
    }
}
