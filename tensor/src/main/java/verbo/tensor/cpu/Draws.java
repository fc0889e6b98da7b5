// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/** Random numbers by counting: draw i of a seed is a hash of both, so any draw can be made without those before it. */
final class Draws {
    static final int MULTIPLIER_1 = 0x7feb352d;
    static final int MULTIPLIER_2 = 0x846ca68b;

    private Draws() {}

    /** Spreads a seed over 64 bits (SplitMix64's finalizer), so that neighbouring seeds have nothing in common. */
    static long key(long seed) {
        long z = seed + 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    /** 32 bits for this index under a {@link #key}. */
    static int bits(long key, long index) {
        return mix(mix((int) index ^ lowKey(key, index)) ^ (int) (key >>> 32));
    }

    /** What the low half of an index is mixed with; the same for all indices with the same upper half. */
    static int lowKey(long key, long index) {
        return (int) key ^ (int) (index >>> 32) * 0x632be5ab;
    }

    private static int mix(int x) {
        int y = (x ^ x >>> 16) * MULTIPLIER_1;
        y = (y ^ y >>> 15) * MULTIPLIER_2;
        return y ^ y >>> 16;
    }

    /** The 24-bit threshold below which a draw is dropped. */
    static int threshold(float probability) {
        return Math.round(probability * (1 << 24));
    }

    /**
     * A draw from the standard normal distribution: its inverse distribution function by the rational approximation of Peter
     * Acklam (relative error 1.2e-9), in arithmetic that gives the same on every machine.
     */
    static double normal(long key, long index) {
        long bits = (long) bits(key, 2 * index) << 21 ^ bits(key, 2 * index + 1) & 0xffffffffL;
        double u = ((bits & (1L << 52) - 1) + 0.5) * 0x1p-52;
        if (u < 0.02425) {
            return tail(u);
        }
        if (u > 1 - 0.02425) {
            return -tail(1 - u);
        }
        double q = u - 0.5;
        double r = q * q;
        double above = ((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r
                + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239e+00;
        double below = ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r
                + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1;
        return above * q / below;
    }

    private static double tail(double u) {
        double q = Math.sqrt(-2 * StrictMath.log(u));
        double above = ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q
                - 2.549732539343734e+00) * q + 4.374664141464968e+00) * q + 2.938163982698783e+00;
        double below = (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q
                + 3.754408661907416e+00) * q + 1;
        return above / below;
    }
}
