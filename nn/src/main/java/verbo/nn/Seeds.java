// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

/**
 * Many seeds from one, so that each place that draws random numbers has its own and none depends on the order in which
 * they are asked.
 */
public final class Seeds {
    private Seeds() {}

    /** The seed of place {@code index}: SplitMix64's finaliser (Steele et al. 2014) of both. */
    public static long derive(long seed, long index) {
        return mix(mix(seed + 0x9E3779B97F4A7C15L) ^ (index + 1) * 0xD1B54A32D192ED03L);
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
