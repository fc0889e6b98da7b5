// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RadixHeapTest {
    @Test
    void givesTheSmallestFirstWhateverIsAdded() {
        SplittableRandom random = new SplittableRandom(1);
        RadixHeap heap = new RadixHeap();
        for (int round = 0; round < 200; round++) {
            PriorityQueue<Long> expected = new PriorityQueue<>();
            long last = 0;
            int bits = 1 + random.nextInt(62);
            for (int step = 0; step < 500; step++) {
                if (expected.isEmpty() || random.nextInt(5) < 3) {
                    long value = random.nextLong(1L << bits);
                    // mostly not below what came out last, as the heap expects it
                    value = random.nextInt(10) == 0 ? value : last + (value >>> random.nextInt(bits));
                    heap.add(value);
                    expected.add(value);
                } else {
                    last = heap.poll();
                    assertThat(last).isEqualTo(expected.remove());
                }
                assertThat(heap.isEmpty()).isEqualTo(expected.isEmpty());
            }
            while (!expected.isEmpty()) {
                assertThat(heap.poll()).isEqualTo(expected.remove());
            }
            heap.clear();
        }
    }
}
