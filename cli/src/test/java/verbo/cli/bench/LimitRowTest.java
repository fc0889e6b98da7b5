// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class LimitRowTest {
    /** A call that is interpreted takes longer than all that follow are given. */
    @Test
    void aFirstCallThatTakesAllTheTimeIsNotTheLast() {
        int[] calls = {0};
        assertThat(LimitRow.most(() -> {
            if (calls[0]++ == 0) {
                long start = System.nanoTime();
                while (KernelRow.seconds(start) < 0.8) {
                    Thread.onSpinWait();
                }
                return 1;
            }
            return 700;
        })).isEqualTo(700);
        assertThat(calls[0]).isGreaterThan(2);
    }
}
