// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import verbo.tensor.Engine;
import verbo.tensor.Scope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Golden values by hand; that gradients are right is the tensors' own test. */
class LayersTest {
    private final Engine engine = Engine.cpu(1);
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open(engine);
    }

    @AfterEach
    void close() {
        scope.close();
        engine.close();
    }

    private Parameter parameter(float[] values, int... lengths) {
        return new Parameter("p", scope.of(values, lengths), true, false);
    }

    @Test
    void linearMultipliesAndAdds() {
        Parameter weight = parameter(new float[]{1, 2, 3, 4, 5, 6}, 2, 3);
        Parameter bias = parameter(new float[]{10, 20, 30}, 3);
        assertThat(new Linear(weight, bias).forward(scope.of(new float[]{1, -1}, 1, 2)).toFloats()).containsExactly(7,
                17, 27);
        assertThat(new Linear(weight, null).forward(scope.of(new float[]{1, -1}, 1, 2)).toFloats()).containsExactly(-3,
                -3, -3);
    }

    @Test
    void embeddingGivesRows() {
        Embedding embedding = new Embedding(parameter(new float[]{1, 2, 3, 4, 5, 6}, 3, 2));
        assertThat(embedding.forward(scope.of(new int[]{2, 0, 2}, 3)).toFloats()).containsExactly(5, 6, 1, 2, 5, 6);
    }

    @Test
    void normsAreOfTheLastDimension() {
        Parameter gain = parameter(new float[]{1, 2}, 2);
        Parameter bias = parameter(new float[]{0, 1}, 2);
        float[] layer = new LayerNorm(gain, bias, 0).forward(scope.of(new float[]{1, 3, -5, 5}, 2, 2)).toFloats();
        assertThat(layer).containsExactly(new float[]{-1, 3, -1, 3}, within(1e-6f));
        float[] rms = new RmsNorm(gain, 0).forward(scope.of(new float[]{1, 7}, 1, 2)).toFloats();
        assertThat(rms).containsExactly(new float[]{0.2f, 2.8f}, within(1e-6f));
    }

    @Test
    void derivedSeedsDiffer() {
        Set<Long> seen = new HashSet<>();
        for (long seed = -20; seed < 20; seed++) {
            for (long index = 0; index < 50; index++) {
                assertThat(seen.add(Seeds.derive(seed, index))).isTrue();
            }
        }
        assertThat(Seeds.derive(7, 3)).isEqualTo(Seeds.derive(7, 3));
    }

    @Test
    void initializationFills() {
        assertThat(filled(Initialization.ONES)).containsOnly(1);
        assertThat(filled(Initialization.ZEROS)).containsOnly(0);
        float[] normal = filled(Initialization.normal(0.02));
        double squares = 0;
        for (float value : normal) {
            squares += value * value;
        }
        assertThat(Math.sqrt(squares / normal.length)).isCloseTo(0.02, within(0.001));
    }

    private float[] filled(Initialization initialization) {
        Parameter parameter = parameter(new float[5000], 5000);
        initialization.fill(parameter.value(), 1);
        return parameter.value().toFloats();
    }
}
