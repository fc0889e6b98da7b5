// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import org.junit.jupiter.api.Test;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;

class KeyValueCacheTest {

    @Test
    void aPageThatAFailedPassLeftIsNotShared() {
        try (Engine engine = Engine.cpu(1);
                Gpt gpt = Gpt.create(engine, GptConfig.of(5, 64, 2, 1, 1), 1);
                KeyValueCache cache = new KeyValueCache(gpt);
                Scope scope = Scope.open(engine)) {
            KeyValueCache.Sequence sequence = cache.open();
            fill(sequence, scope.zeros(KeyValueCache.PAGE, 2));
            sequence.reserve(1); // and then the pass fails
            KeyValueCache.Sequence fork = sequence.fork();
            fill(sequence, scope.of(new float[]{1, 2}, 1, 2));
            fill(fork, scope.of(new float[]{3, 4}, 1, 2));
            assertThat(sequence.last().toFloats()).containsExactly(1, 2);
            assertThat(fork.last().toFloats()).containsExactly(3, 4);
            Tensor keys = scope.zeros(KeyValueCache.PAGE + 1, 2);
            sequence.gather(0, keys, scope.zeros(KeyValueCache.PAGE + 1, 2));
            assertThat(keys.slice(0, KeyValueCache.PAGE, KeyValueCache.PAGE + 1).toFloats()).containsExactly(1, 2);
        }
    }

    /** Takes rows as the keys, values and hidden vectors of so many places. */
    private static void fill(KeyValueCache.Sequence sequence, Tensor rows) {
        sequence.reserve(rows.length(0));
        sequence.put(0, rows, rows);
        sequence.complete(rows);
    }
}
