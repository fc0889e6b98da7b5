// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import verbo.tensor.DType;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;

class LoopNestTest {

    @Test
    void everyElementIsVisitedOnce() {
        try (CpuEngine engine = new CpuEngine(2); Workers workers = new Workers(2); Scope scope = Scope.open(engine)) {
            int[][] shapes = {{1}, {7}, {16384}, {16385}, {40_000}, {3, 16385}, {101, 257}, {257, 101}, {2, 3, 5, 7},
                    {1, 1}, {0},
                    {3, 0}};
            for (int[] shape : shapes) {
                Tensor x = scope.zeros(shape);
                for (Tensor view : new Tensor[]{x, x.transpose(0, -1)}) {
                    LoopNest nest = new LoopNest(view.shape(), view);
                    BitSet seen = new BitSet();
                    long start = Memory.address(x);
                    nest.run(workers, (first, second, third, n) -> {
                        synchronized (seen) {
                            for (int i = 0; i < n; i++) {
                                int at = (int) ((first - start) / 4 + i * nest.innerStride(0));
                                assertThat(seen.get(at)).isFalse();
                                seen.set(at);
                            }
                        }
                    });
                    assertThat(seen.cardinality()).isEqualTo((int) x.size());
                    assertThat(seen.length()).isEqualTo((int) x.size());
                }
            }
        }
    }

    @Test
    void moreElementsThanAnIntCounts() {
        try (CpuEngine engine = new CpuEngine(1); Workers workers = new Workers(1); Scope scope = Scope.open(engine)) {
            Tensor huge = scope.wrap(Memory.ALL, DType.BF16, 70_001, 40_009); // of all memory; none of it is touched
            AtomicLong elements = new AtomicLong();
            AtomicLong last = new AtomicLong();
            new LoopNest(huge.shape(), huge).run(workers, (first, second, third, n) -> {
                elements.addAndGet(n);
                last.accumulateAndGet(first + 2L * n, Math::max);
            });
            assertThat(elements.get()).isEqualTo(70_001L * 40_009);
            assertThat(last.get()).isEqualTo(2 * 70_001L * 40_009);
        }
    }

    @Test
    void asManyInOneDimensionAsAnIntCounts() {
        try (CpuEngine engine = new CpuEngine(1); Workers workers = new Workers(1); Scope scope = Scope.open(engine)) {
            for (int length : new int[]{2_147_418_113, 2_147_467_263, Integer.MAX_VALUE}) {
                Tensor huge = scope.wrap(Memory.ALL, DType.BF16, length); // none of it is touched
                AtomicLong elements = new AtomicLong();
                AtomicLong last = new AtomicLong();
                new LoopNest(huge.shape(), huge).run(workers, (first, second, third, n) -> {
                    elements.addAndGet(n);
                    last.accumulateAndGet(first + 2L * n, Math::max);
                });
                assertThat(elements.get()).isEqualTo(length);
                assertThat(last.get()).isEqualTo(2L * length);
            }
        }
    }
}
