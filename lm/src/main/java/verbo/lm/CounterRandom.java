// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

/**
 * Random numbers that are a function of a seed, a stream and a counter, so what one sample draws does not depend on how
 * many others run beside it. SplitMix64 (Steele, Lea and Flood 2014), whose state is a counter already.
 */
final class CounterRandom {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long key;

    CounterRandom(long seed, long stream) {
        this.key = mix(mix(seed + GOLDEN) + GOLDEN * (stream + 1));
    }

    /** A number from 0 (inclusive) to 1 (exclusive), 53 bits of it random. */
    double uniform(long counter) {
        return (mix(key + GOLDEN * (counter + 1)) >>> 11) * 0x1p-53;
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
