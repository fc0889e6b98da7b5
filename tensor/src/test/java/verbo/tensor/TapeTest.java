// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Segments that are computed again on the way back, and gradients that say when they are complete. */
class TapeTest {
    private static final Engine ENGINE = Engine.cpu(2);

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private static float[] gradient(Tensor x) {
        return requireNonNull(x.gradient()).toFloats();
    }

    /** Some layers, each of which uses its input twice, as a residual does, and a weight that all share. */
    private static final class Layers implements AutoCloseable {
        private final Scope kept = Scope.lasting(ENGINE);
        private final Tensor input = kept.normal(0, 1, 1, 7, 13).requireGradient();
        private final Tensor shared = kept.normal(0, 1, 2, 13, 13).requireGradient();
        private final List<Tensor> weights = new ArrayList<>();
        private final Tensor unused = kept.normal(0, 1, 9, 13).requireGradient();
        private int applied;

        Layers(int count) {
            for (int i = 0; i < count; i++) {
                weights.add(kept.normal(0, 1, 10 + i, 13, 13).requireGradient());
            }
        }

        private Tensor layer(Tensor x, int i) {
            applied++;
            Tensor inner = x.linear(weights.get(i), null).dropout(0.2f, i).tanh().linear(shared, null);
            return x.add(inner).multiply(x.sigmoid());
        }

        /** Segments of so many layers; 0 keeps everything. */
        Tensor loss(int segment) {
            Tensor x = input;
            for (int from = 0; from < weights.size(); from += Math.max(1, segment)) {
                int first = from;
                int end = Math.min(weights.size(), from + Math.max(1, segment));
                UnaryOperator<Tensor> layers = before -> {
                    Tensor after = before;
                    for (int i = first; i < end; i++) {
                        after = layer(after, i);
                    }
                    return after;
                };
                x = segment == 0 ? layers.apply(x) : x.recompute(layers);
            }
            return x.multiply(input).square().mean();
        }

        List<Tensor> leaves() {
            List<Tensor> leaves = new ArrayList<>(weights);
            leaves.add(input);
            leaves.add(shared);
            return leaves;
        }

        List<float[]> gradients(int segment) {
            try (Scope _ = Scope.open(ENGINE)) {
                loss(segment).backward();
            }
            List<float[]> gradients = leaves().stream().map(TapeTest::gradient).toList();
            leaves().forEach(Tensor::clearGradient);
            return gradients;
        }

        @Override
        public void close() {
            kept.close();
        }
    }

    @Test
    void whatIsComputedAgainGivesTheSameGradientsBitForBit() {
        try (Layers layers = new Layers(5)) {
            List<float[]> kept = layers.gradients(0);
            assertThat(layers.applied).isEqualTo(5);
            for (int segment : new int[]{1, 2, 5}) {
                layers.applied = 0;
                List<float[]> again = layers.gradients(segment);
                assertThat(layers.applied).isEqualTo(10);
                for (int i = 0; i < kept.size(); i++) {
                    assertThat(again.get(i)).as("leaf %s, segments of %s", i, segment).isEqualTo(kept.get(i));
                }
            }
        }
    }

    @Test
    void segmentsWithinSegments() {
        try (Layers layers = new Layers(4)) {
            List<float[]> kept = layers.gradients(0);
            try (Scope _ = Scope.open(ENGINE)) {
                layers.input.recompute(x -> {
                    Tensor half = x.recompute(y -> layers.layer(layers.layer(y, 0), 1));
                    return layers.layer(layers.layer(half, 2), 3);
                }).multiply(layers.input).square().mean().backward();
            }
            List<Tensor> leaves = layers.leaves();
            for (int i = 0; i < kept.size(); i++) {
                assertThat(gradient(leaves.get(i))).as("leaf %s", i).isEqualTo(kept.get(i));
            }
        }
    }

    @Test
    void aSegmentIsComputedOnceWithoutGradients() {
        try (Layers layers = new Layers(2); Scope scope = Scope.open(ENGINE)) {
            try (NoGradient _ = NoGradient.open()) {
                assertThat(layers.input.recompute(x -> layers.layer(x, 0)).requiresGradient()).isFalse();
            }
            Tensor constant = scope.zeros(7, 13);
            assertThat(constant.recompute(x -> x.add(1).exp()).requiresGradient()).isFalse();
            assertThat(constant.recompute(x -> layers.layer(x, 0)).requiresGradient()).isTrue();
            assertThat(layers.applied).isEqualTo(2);
        }
    }

    @Test
    void whatWasRunBackwardIsNotUsedAgain() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor w = scope.of(new float[]{2}, 1).requireGradient();
            Tensor h = w.multiply(3);
            Tensor left = h.reshape(1, 1);
            h.sum().backward();
            assertThat(gradient(w)).containsExactly(3);
            for (Tensor again : new Tensor[]{h, left}) {
                assertThatThrownBy(again::square).isInstanceOf(IllegalStateException.class)
                        .hasMessage("what leads to a tensor [1] was run backward before: compute it again, or open"
                                + " NoGradient to use its values alone");
            }
            try (NoGradient _ = NoGradient.open()) {
                assertThat(h.square().item()).isEqualTo(36);
            }
            w.multiply(3).square().sum().backward();
            assertThat(gradient(w)).containsExactly(39);
        }
    }

    @Test
    void norIsWhatAnInnerScopeRecordedOfIt() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor w = scope.of(new float[]{2}, 1).requireGradient();
            Tensor h = w.multiply(3);
            Tensor loss = h.sum();
            try (Scope _ = Scope.open(ENGINE)) {
                Tensor inner = h.square().sum();
                loss.backward();
                assertThatThrownBy(inner::backward).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("a tensor [1] was run backward before");
            }
            assertThat(gradient(w)).containsExactly(3);
        }
    }

    @Test
    void aWayBackThatFailsLeavesNoGradients() {
        try (Scope kept = Scope.lasting(ENGINE)) {
            Tensor had = kept.of(new float[]{1}, 1).requireGradient();
            Tensor first = kept.of(new float[]{2}, 1).requireGradient();
            Tensor last = kept.of(new float[]{3}, 1).requireGradient();
            try (Scope _ = Scope.open(ENGINE)) {
                had.sum().backward();
            }
            try (Scope _ = Scope.open(ENGINE)) {
                Tensor product = first.multiply(had);
                Tensor loss = product.multiply(last).sum();
                assertThatThrownBy(() -> loss.backward(1, leaf -> {
                    throw new IllegalArgumentException("no room for a gradient");
                })).hasMessage("no room for a gradient");
                assertThat(last.gradient()).isNull();
                assertThat(first.gradient()).isNull();
                assertThat(product.gradient()).isNull();
                assertThat(gradient(had)).containsExactly(1);
                assertThatThrownBy(loss::backward).isInstanceOf(IllegalStateException.class);
                first.multiply(last).sum().backward();
                assertThat(gradient(first)).containsExactly(3);
                assertThat(gradient(last)).containsExactly(2);
            }
        }
    }

    @Test
    void whatAnotherThreadComputedIsNotLostInSilence() throws InterruptedException {
        try (Scope kept = Scope.lasting(ENGINE); Scope _ = Scope.open(ENGINE)) {
            Tensor half = kept.of(new float[]{1, 2}, 2).requireGradient().multiply(2);
            List<Throwable> thrown = new ArrayList<>();
            Thread other = Thread.ofPlatform().uncaughtExceptionHandler((_, e) -> thrown.add(e)).start(() -> {
                try (Scope _ = Scope.open(ENGINE)) {
                    half.sum().backward();
                }
            });
            other.join();
            assertThat(thrown).hasSize(1);
            assertThat(thrown.getFirst()).isInstanceOf(IllegalStateException.class).hasMessageContaining("[2]")
                    .hasMessageContaining("lost");
        }
    }

    @Test
    void everyGradientSaysOnceThatItIsComplete() {
        try (Layers layers = new Layers(4)) {
            for (int segment : new int[]{0, 1, 2}) {
                List<Tensor> ready = new ArrayList<>();
                List<float[]> then = new ArrayList<>();
                try (Scope _ = Scope.open(ENGINE)) {
                    Tensor loss = layers.loss(segment);
                    try (Scope _ = Scope.open(ENGINE)) { // nodes of several scopes
                        loss.multiply(2).backward(1, leaf -> {
                            ready.add(leaf);
                            then.add(gradient(leaf));
                        });
                    }
                }
                assertThat(ready).containsExactlyInAnyOrderElementsOf(layers.leaves()).doesNotContain(layers.unused);
                for (int i = 0; i < ready.size(); i++) {
                    assertThat(then.get(i)).as("gradient %s when it was ready", i).isEqualTo(gradient(ready.get(i)));
                }
                if (segment < 2) { // the last layer's weight first, and what the first layer uses last
                    assertThat(ready.subList(0, 3)).containsExactly(layers.weights.get(3), layers.weights.get(2),
                            layers.weights.get(1));
                }
                layers.leaves().forEach(Tensor::clearGradient);
            }
        }
    }
}
