// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ScratchTest {

    @Test
    void whatGrowsByOneIsSeldomAllocated() {
        Scratch scratch = new Scratch();
        float[] array = new float[0];
        Set<Long> addresses = new HashSet<>();
        int arrays = 0;
        for (int length = 1; length <= 10_000; length++) {
            addresses.add(scratch.floats(length));
            float[] before = array;
            array = Scratch.atLeast(array, length);
            assertThat(array.length).isGreaterThanOrEqualTo(length);
            arrays += array == before ? 0 : 1;
        }
        assertThat(addresses).hasSizeLessThan(30);
        assertThat(arrays).isLessThan(30);
        assertThat(scratch.floats(1)).isEqualTo(scratch.floats(10_000));
    }
}
