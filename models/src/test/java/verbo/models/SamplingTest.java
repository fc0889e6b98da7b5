// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class SamplingTest {
    @Test
    void negativesAreDrawnByCountToThreeQuarters() {
        long[] counts = {1000, 300, 50, 5, 1, 1};
        NegativeSampler sampler = new NegativeSampler(counts.length, w -> counts[w]);
        double sum = 0;
        for (long count : counts) {
            sum += Math.pow((double) count, 0.75);
        }
        int[] drawn = new int[counts.length];
        int draws = 1_000_000;
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < draws; i++) {
            drawn[sampler.draw(random.nextLong())]++;
        }
        for (int w = 0; w < counts.length; w++) {
            double share = Math.pow((double) counts[w], 0.75) / sum;
            assertThat(drawn[w] / (double) draws).isCloseTo(share, within(4 * Math.sqrt(share / draws)));
        }
    }

    @Test
    void theTreeIsHuffmans() {
        long[] counts = {40, 30, 20, 10};
        HuffmanTree tree = new HuffmanTree(counts.length, w -> counts[w]);
        int[] depths = new int[counts.length];
        double kraft = 0;
        for (int w = 0; w < counts.length; w++) {
            depths[w] = tree.nodes(w).length;
            assertThat(tree.labels(w)).hasSize(depths[w]);
            assertThat(tree.nodes(w)[0]).isEqualTo(2); // the root is the last inner node
            kraft += Math.pow(2, -depths[w]);
        }
        assertThat(depths).containsExactly(1, 2, 3, 3);
        assertThat(kraft).isEqualTo(1);
        assertThat(tree.longest()).isEqualTo(3);
        assertThat(new HuffmanTree(1, w -> 7).longest()).isZero();
    }
}
