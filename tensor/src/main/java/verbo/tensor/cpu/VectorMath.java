// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import static verbo.tensor.cpu.ScalarKernels.GELU_CUBE;
import static verbo.tensor.cpu.ScalarKernels.GELU_SCALE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Functions of vectors, to about one unit in the last place, in plain arithmetic: the JDK's own are fast only where it can
 * call a library of the compiler's vendor, and a call spills every register.
 */
final class VectorMath {
    private static final float LOG2_E = 1.44269504088896341f;
    /** ln 2 in two parts, the first with few enough bits that its multiples are exact (Cody and Waite). */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;
    /** 1.5 · 2^23: added to a small number it leaves the nearest integer in the lowest bits. */
    private static final float ROUND = 12582912f;

    private VectorMath() {
    }

    /** e to the x: 0 below -87.3, infinity above 88.37 (where 2 to the 127.5 begins). */
    static FloatVector exp(FloatVector x) {
        VectorSpecies<Float> s = x.species();
        FloatVector clamped = x.blend(-87.3f, x.compare(VectorOperators.LT, -87.3f));
        clamped = clamped.blend(88.37f, clamped.compare(VectorOperators.GT, 88.37f));
        FloatVector shifted = clamped.fma(FloatVector.broadcast(s, LOG2_E), FloatVector.broadcast(s, ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(s, -LN2_HIGH), clamped);
        r = n.fma(FloatVector.broadcast(s, -LN2_LOW), r);
        // e^r for |r| <= ln(2)/2: the polynomial of Cephes' expf
        FloatVector p = FloatVector.broadcast(s, 1.9875691500e-4f);
        p = p.fma(r, FloatVector.broadcast(s, 1.3981999507e-3f));
        p = p.fma(r, FloatVector.broadcast(s, 8.3334519073e-3f));
        p = p.fma(r, FloatVector.broadcast(s, 4.1665795894e-2f));
        p = p.fma(r, FloatVector.broadcast(s, 1.6666665459e-1f));
        p = p.fma(r, FloatVector.broadcast(s, 5.0000001201e-1f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        e = e.blend(0f, x.compare(VectorOperators.LT, -87.3f));
        return e.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, 88.37f));
    }

    /** 1 / (1 + e^-x). */
    static FloatVector sigmoid(FloatVector x) {
        return FloatVector.broadcast(x.species(), 1).div(exp(x.neg()).add(1f));
    }

    /** The hyperbolic tangent: by a polynomial near zero, where 1 - 2 / (e^2x + 1) would lose digits. */
    static FloatVector tanh(FloatVector x) {
        VectorSpecies<Float> s = x.species();
        FloatVector far = FloatVector.broadcast(s, 1).sub(FloatVector.broadcast(s, 2).div(exp(x.add(x)).add(1f)));
        FloatVector z = x.mul(x);
        FloatVector p = FloatVector.broadcast(s, -5.70498872745e-3f);
        p = p.fma(z, FloatVector.broadcast(s, 2.06390887954e-2f));
        p = p.fma(z, FloatVector.broadcast(s, -5.37397155531e-2f));
        p = p.fma(z, FloatVector.broadcast(s, 1.33314422036e-1f));
        p = p.fma(z, FloatVector.broadcast(s, -3.33332819422e-1f));
        FloatVector near = p.mul(z).fma(x, x);
        return far.blend(near, z.compare(VectorOperators.LT, 0.390625f));
    }

    /** The normal distribution's density. */
    static FloatVector normalDensity(FloatVector x) {
        return exp(x.mul(x).mul(-0.5f)).mul(0.3989422804f);
    }

    /** The normal distribution's cumulative function, by Abramowitz and Stegun 7.1.26 (absolute error below 1e-7). */
    static FloatVector normalCumulative(FloatVector x) {
        VectorSpecies<Float> s = x.species();
        FloatVector z = x.abs().mul(0.70710678f);
        FloatVector t = FloatVector.broadcast(s, 1).div(z.fma(FloatVector.broadcast(s, 0.3275911f), FloatVector.broadcast(s, 1)));
        FloatVector p = FloatVector.broadcast(s, 1.061405429f);
        p = p.fma(t, FloatVector.broadcast(s, -1.453152027f));
        p = p.fma(t, FloatVector.broadcast(s, 1.421413741f));
        p = p.fma(t, FloatVector.broadcast(s, -0.284496736f));
        p = p.fma(t, FloatVector.broadcast(s, 0.254829592f));
        FloatVector half = p.mul(t).mul(exp(z.mul(z).neg())).mul(0.5f);
        return half.blend(FloatVector.broadcast(s, 1).sub(half), x.compare(VectorOperators.GT, 0f));
    }

    /** What sigmoid is taken of in {@code gelu(x) = x σ(2 √(2/π) (x + 0.044715 x³))}. */
    static FloatVector geluArgument(FloatVector x) {
        FloatVector cube = x.mul(x).mul(x);
        return cube.mul(GELU_CUBE).add(x).mul(GELU_SCALE);
    }

    /** The derivative of GELU in its tanh approximation. */
    static FloatVector geluTanhSlope(FloatVector x) {
        FloatVector y = sigmoid(geluArgument(x));
        FloatVector inner = x.mul(x).mul(3 * GELU_CUBE).add(1f).mul(GELU_SCALE);
        return y.add(x.mul(y.sub(y.mul(y))).mul(inner));
    }

    /** The derivative of x σ(x). */
    static FloatVector siluSlope(FloatVector x) {
        FloatVector y = sigmoid(x);
        return y.add(x.mul(y.sub(y.mul(y))));
    }
}
