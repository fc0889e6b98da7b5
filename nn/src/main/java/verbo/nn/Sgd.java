// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/** Stochastic gradient descent, with momentum where wanted, as PyTorch computes it. */
public final class Sgd implements Optimizer {
    private record Moving(Parameter parameter, @Nullable Tensor velocity) {}

    private final Engine engine;
    private final double momentum;
    private final double weightDecay;
    private final Scope scope;
    private final List<Moving> moving = new ArrayList<>();
    private long steps;

    /**
     * Frozen parameters are left out.
     *
     * @param momentum
     *            how much of the velocity is kept each step; 0 for none, which needs no memory
     * @param weightDecay
     *            how much of a decaying parameter is added to its gradient
     */
    public Sgd(Engine engine, List<Parameter> parameters, double momentum, double weightDecay) {
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("momentum is at least 0 and below 1, not " + momentum);
        }
        if (!(weightDecay >= 0)) {
            throw new IllegalArgumentException("weight decay is 0 or more, not " + weightDecay);
        }
        this.engine = engine;
        this.momentum = momentum;
        this.weightDecay = weightDecay;
        this.scope = Scope.lasting(engine);
        for (Parameter parameter : parameters) {
            if (!parameter.frozen()) {
                moving.add(new Moving(parameter,
                        momentum == 0 ? null : scope.zeros(parameter.value().shape().lengths())));
            }
        }
    }

    @Override
    public void step(double rate, double gradientScale) {
        steps++;
        for (Moving each : moving) {
            Parameter parameter = each.parameter;
            Tensor gradient = parameter.value().gradient();
            if (gradient != null) {
                engine.sgd(parameter.value(), gradient, each.velocity, (float) rate, (float) momentum,
                        parameter.decays() ? (float) weightDecay : 0, (float) gradientScale);
                parameter.value().clearGradient();
            }
        }
    }

    @Override
    public long steps() {
        return steps;
    }

    /** {@code NAME.momentum_buffer} of every parameter; empty without momentum. */
    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (Moving each : moving) {
            if (each.velocity != null) {
                state.put(each.parameter.name() + ".momentum_buffer", each.velocity);
            }
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
