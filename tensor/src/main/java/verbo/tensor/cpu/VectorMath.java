// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

import static verbo.tensor.cpu.ScalarKernels.GELU_CUBE;
import static verbo.tensor.cpu.ScalarKernels.GELU_SCALE;

/**
 * Functions of vectors, to about one unit in the last place, in plain arithmetic: the JDK's own are fast only where it can
 * call a library of the compiler's vendor, and a call spills every register.
 */
final class VectorMath {
    // Constants are vectors already: a broadcast is so large inside the JIT that a few of them in one loop end its inlining.

    private static final FloatVector ZERO = constant(0);
    private static final FloatVector ONE = constant(1);
    private static final FloatVector TWO = constant(2);
    private static final FloatVector INFINITY = constant(Float.POSITIVE_INFINITY);

    private static final FloatVector LOG2_E = constant(1.44269504088896341f);
    /** ln 2 in two parts, negated, the first with few enough bits that its multiples are exact (Cody and Waite). */
    private static final FloatVector LN2_HIGH = constant(-0.693359375f);

    private static final FloatVector LN2_LOW = constant(2.12194440e-4f);
    /** 1.5 · 2^23: added to a small number it leaves the nearest integer in the lowest bits. */
    private static final FloatVector ROUND = constant(12582912f);

    private static final FloatVector EXP_LEAST = constant(-87.3f);
    /** Where 2 to the 127.5 begins. */
    private static final FloatVector EXP_MOST = constant(88.37f);
    /** e^r for |r| <= ln(2)/2, from r^7 down: the polynomial of Cephes' expf. */
    private static final FloatVector EXP_7 = constant(1.9875691500e-4f);

    private static final FloatVector EXP_6 = constant(1.3981999507e-3f);
    private static final FloatVector EXP_5 = constant(8.3334519073e-3f);
    private static final FloatVector EXP_4 = constant(4.1665795894e-2f);
    private static final FloatVector EXP_3 = constant(1.6666665459e-1f);
    private static final FloatVector EXP_2 = constant(5.0000001201e-1f);

    /** tanh(x) for x² < 0.390625, the polynomial of Cephes' tanhf. */
    private static final FloatVector TANH_NEAR = constant(0.390625f);

    private static final FloatVector TANH_11 = constant(-5.70498872745e-3f);
    private static final FloatVector TANH_9 = constant(2.06390887954e-2f);
    private static final FloatVector TANH_7 = constant(-5.37397155531e-2f);
    private static final FloatVector TANH_5 = constant(1.33314422036e-1f);
    private static final FloatVector TANH_3 = constant(-3.33332819422e-1f);

    private static final FloatVector MINUS_HALF = constant(-0.5f);
    /** From where on the normal distribution's tail is 0. */
    private static final FloatVector NORMAL_MOST = constant(15);

    private static final FloatVector NORMAL_T = constant((float) ScalarKernels.NORMAL_T);
    private static final FloatVector NORMAL_8 = constant((float) ScalarKernels.NORMAL[0]);
    private static final FloatVector NORMAL_7 = constant((float) ScalarKernels.NORMAL[1]);
    private static final FloatVector NORMAL_6 = constant((float) ScalarKernels.NORMAL[2]);
    private static final FloatVector NORMAL_5 = constant((float) ScalarKernels.NORMAL[3]);
    private static final FloatVector NORMAL_4 = constant((float) ScalarKernels.NORMAL[4]);
    private static final FloatVector NORMAL_3 = constant((float) ScalarKernels.NORMAL[5]);
    private static final FloatVector NORMAL_2 = constant((float) ScalarKernels.NORMAL[6]);
    private static final FloatVector NORMAL_1 = constant((float) ScalarKernels.NORMAL[7]);
    /** 1/√(2π). */
    private static final FloatVector DENSITY = constant(0.3989422804f);

    private static final FloatVector GELU_1 = constant(GELU_SCALE);
    private static final FloatVector GELU_3 = constant(GELU_SCALE * GELU_CUBE);
    private static final FloatVector GELU_SLOPE_3 = constant(3 * GELU_SCALE * GELU_CUBE);

    private VectorMath() {}

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(VectorKernels.S, value);
    }

    /** e to the x: 0 below -87.3, infinity above 88.37. */
    static FloatVector exp(FloatVector x) {
        VectorMask<Float> tooSmall = x.compare(VectorOperators.LT, EXP_LEAST);
        VectorMask<Float> tooLarge = x.compare(VectorOperators.GT, EXP_MOST);
        return expInRange(x).blend(ZERO, tooSmall).blend(INFINITY, tooLarge);
    }

    /** e to the x between the least and the most. */
    private static FloatVector expInRange(FloatVector x) {
        FloatVector shifted = x.fma(LOG2_E, ROUND);
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(LN2_LOW, n.fma(LN2_HIGH, x));
        FloatVector p = EXP_7.fma(r, EXP_6).fma(r, EXP_5).fma(r, EXP_4).fma(r, EXP_3).fma(r, EXP_2);
        p = p.fma(r.mul(r), r).add(ONE);
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }

    /** 1 / (1 + e^-x). */
    static FloatVector sigmoid(FloatVector x) {
        FloatVector minus = x.neg();
        FloatVector e = expInRange(minus.max(EXP_LEAST)).blend(INFINITY, minus.compare(VectorOperators.GT, EXP_MOST));
        return ONE.div(e.add(ONE));
    }

    /** The hyperbolic tangent: by a polynomial near zero, where 1 - 2 / (e^2x + 1) would lose digits. */
    static FloatVector tanh(FloatVector x) {
        FloatVector far = ONE.sub(TWO.div(exp(x.add(x)).add(ONE)));
        FloatVector z = x.mul(x);
        FloatVector p = TANH_11.fma(z, TANH_9).fma(z, TANH_7).fma(z, TANH_5).fma(z, TANH_3);
        return far.blend(p.mul(z).fma(x, x), z.compare(VectorOperators.LT, TANH_NEAR));
    }

    /** The normal distribution's cumulative function (relative error below 4e-7). */
    static FloatVector normalCumulative(FloatVector x) {
        FloatVector a = normalArgument(x);
        return normalCumulative(x, a, normalExponential(a));
    }

    private static FloatVector normalArgument(FloatVector x) {
        FloatVector a = x.abs();
        return a.blend(NORMAL_MOST, a.compare(VectorOperators.GT, NORMAL_MOST));
    }

    /** e^(-a²/2), with what rounding takes from the square, which the exponential would magnify, put back. */
    private static FloatVector normalExponential(FloatVector a) {
        FloatVector square = a.mul(a);
        FloatVector lost = a.fma(a, square.neg());
        FloatVector e = exp(square.mul(MINUS_HALF));
        return lost.mul(MINUS_HALF).fma(e, e);
    }

    private static FloatVector normalCumulative(FloatVector x, FloatVector a, FloatVector exponential) {
        FloatVector t = ONE.div(a.fma(NORMAL_T, ONE));
        FloatVector p = NORMAL_8.fma(t, NORMAL_7).fma(t, NORMAL_6).fma(t, NORMAL_5).fma(t, NORMAL_4).fma(t, NORMAL_3)
                .fma(t, NORMAL_2).fma(t, NORMAL_1);
        FloatVector tail = p.mul(t).mul(exponential);
        return tail.blend(ONE.sub(tail), x.compare(VectorOperators.GT, ZERO));
    }

    /** The derivative of x Φ(x): Φ and the density share their exponential. */
    static FloatVector geluSlope(FloatVector x) {
        FloatVector a = normalArgument(x);
        FloatVector e = normalExponential(a);
        return x.mul(DENSITY).fma(e, normalCumulative(x, a, e));
    }

    /** What sigmoid is taken of in {@code gelu(x) = x σ(2 √(2/π) (x + 0.044715 x³))}. */
    static FloatVector geluArgument(FloatVector x) {
        return x.mul(x).fma(GELU_3, GELU_1).mul(x);
    }

    /** The derivative of GELU in its tanh approximation. */
    static FloatVector geluTanhSlope(FloatVector x) {
        FloatVector y = sigmoid(geluArgument(x));
        FloatVector inner = x.mul(x).fma(GELU_SLOPE_3, GELU_1);
        return y.sub(y.mul(y)).mul(x).fma(inner, y);
    }

    /** The derivative of x σ(x). */
    static FloatVector siluSlope(FloatVector x) {
        FloatVector y = sigmoid(x);
        return y.sub(y.mul(y)).fma(x, y);
    }
}
