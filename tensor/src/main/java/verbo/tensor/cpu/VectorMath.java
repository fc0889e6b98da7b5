// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
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

    /** log2 e in two parts: the first, and what rounding takes from it. */
    private static final FloatVector LOG2_E = constant(1.442695021629e+00f);

    private static final FloatVector LOG2_E_REST = constant(1.9259629891e-08f);
    /** 1.5 · 2^23: added to a small number it leaves the nearest integer in the lowest bits. */
    private static final FloatVector ROUND = constant(12582912f);

    private static final FloatVector EXP_LEAST = constant(ScalarKernels.EXP_LEAST);
    private static final FloatVector EXP_MOST = constant(ScalarKernels.EXP_MOST);
    /** 2^r for |r| <= 1/2, from r^6 down: of the polynomials with 1 as the last the one of least relative error, 2.0e-9. */
    private static final FloatVector POWER_6 = constant(1.5353361960e-4f);

    private static final FloatVector POWER_5 = constant(1.3398875017e-3f);
    private static final FloatVector POWER_4 = constant(9.6184369177e-3f);
    private static final FloatVector POWER_3 = constant(5.5503323674e-2f);
    private static final FloatVector POWER_2 = constant(2.4022647738e-1f);
    private static final FloatVector POWER_1 = constant(6.9314718246e-1f);

    /** tanh(x) for x² < 0.390625, the polynomial of Cephes' tanhf. */
    private static final FloatVector TANH_NEAR = constant(0.390625f);

    private static final FloatVector TANH_11 = constant(-5.70498872745e-3f);
    private static final FloatVector TANH_9 = constant(2.06390887954e-2f);
    private static final FloatVector TANH_7 = constant(-5.37397155531e-2f);
    private static final FloatVector TANH_5 = constant(1.33314422036e-1f);
    private static final FloatVector TANH_3 = constant(-3.33332819422e-1f);

    /** -log2(e) / 2 in two parts. */
    private static final FloatVector NORMAL_SQUARE = constant(-7.213475108147e-01f);

    private static final FloatVector NORMAL_SQUARE_REST = constant(-9.6298149455e-09f);
    /** From this square on the normal distribution's tail is 0. */
    private static final FloatVector NORMAL_MOST = constant(174.6f);

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

    private static final float LOG2_E_FLOAT = 1.442695021629e+00f;
    private static final FloatVector GELU_1 = constant(GELU_SCALE);
    private static final FloatVector GELU_SLOPE_3 = constant(3 * GELU_SCALE * GELU_CUBE);
    /** From this square on {@link #geluExponential} is 0, and the cube may be infinite. */
    private static final FloatVector GELU_FAR = constant(1e4f);
    /** The argument of GELU's sigmoid as a power of 2. */
    private static final FloatVector GELU_LOG2_1 = constant(LOG2_E_FLOAT * GELU_SCALE);

    private static final FloatVector GELU_LOG2_3 = constant(LOG2_E_FLOAT * GELU_SCALE * GELU_CUBE);
    private static final IntVector ONE_BITS = IntVector.broadcast(Vectors.I, Float.floatToIntBits(1));
    private static final IntVector MINUS_ZERO = IntVector.broadcast(Vectors.I, 1 << 31);
    /** Where {@link #power} is 0. */
    private static final IntVector POWER_LEAST = IntVector.broadcast(Vectors.I,
            Float.floatToIntBits(-127));

    private VectorMath() {}

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(Vectors.S, value);
    }

    /** e to the x: 0 below -87.3, infinity above 88.37. */
    static FloatVector exp(FloatVector x) {
        return expOfSmall(x).blend(INFINITY, x.compare(VectorOperators.GT, EXP_MOST));
    }

    /** e to the x for x up to 88.37: 0 below -87.3. */
    static FloatVector expOfSmall(FloatVector x) {
        FloatVector shifted = x.fma(LOG2_E, ROUND);
        FloatVector r = x.fma(LOG2_E_REST, x.fma(LOG2_E, ROUND.sub(shifted)));
        return power(shifted, r).blend(ZERO, x.compare(VectorOperators.LT, EXP_LEAST));
    }

    /** 2 to the n + r, where the lowest bits of {@code shifted} are n of -127 to 127; 0 for n of -127, NaN for r of NaN. */
    private static FloatVector power(FloatVector shifted, FloatVector r) {
        FloatVector p = POWER_6.fma(r, POWER_5).fma(r, POWER_4).fma(r, POWER_3).fma(r, POWER_2).fma(r, POWER_1)
                .fma(r, ONE);
        IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        return p.mul(power.reinterpretAsFloats());
    }

    /** 1 / (1 + e^-x), by e^-|x|, which is at most 1. */
    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = expOfSmall(minusMagnitude(x).reinterpretAsFloats());
        return ONE.blend(e, x.compare(VectorOperators.LT, ZERO)).div(e.add(ONE));
    }

    private static IntVector minusMagnitude(FloatVector x) {
        return x.reinterpretAsInts().or(MINUS_ZERO);
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
        return normalCumulative(x, normalExponential(x));
    }

    /** e^(-x²/2), with what rounding takes from the square, which the exponential would magnify, put back. */
    private static FloatVector normalExponential(FloatVector x) {
        FloatVector square = x.mul(x);
        FloatVector lost = x.fma(x, square.neg());
        FloatVector shifted = square.fma(NORMAL_SQUARE, ROUND);
        FloatVector r = square.fma(NORMAL_SQUARE_REST, square.fma(NORMAL_SQUARE, ROUND.sub(shifted)));
        return power(shifted, lost.fma(NORMAL_SQUARE, r)).blend(ZERO, square.compare(VectorOperators.GT, NORMAL_MOST));
    }

    private static FloatVector normalCumulative(FloatVector x, FloatVector exponential) {
        FloatVector t = ONE.div(x.abs().fma(NORMAL_T, ONE));
        FloatVector p = NORMAL_8.fma(t, NORMAL_7).fma(t, NORMAL_6).fma(t, NORMAL_5).fma(t, NORMAL_4).fma(t, NORMAL_3)
                .fma(t, NORMAL_2).fma(t, NORMAL_1);
        FloatVector tail = p.mul(t).mul(exponential);
        return tail.blend(ONE.sub(tail), x.compare(VectorOperators.GT, ZERO));
    }

    /** The derivative of x Φ(x): Φ and the density share their exponential. */
    static FloatVector geluSlope(FloatVector x) {
        FloatVector e = normalExponential(x);
        return x.mul(DENSITY).fma(e, normalCumulative(x, e));
    }

    /** e^-|u| for the u of {@code gelu(x) = x σ(u), u = 2 √(2/π) (x + 0.044715 x³)}. */
    private static FloatVector geluExponential(FloatVector x, FloatVector square) {
        FloatVector t = square.fma(GELU_LOG2_3, GELU_LOG2_1).mul(x);
        // Of negative floats the smaller integer is the one nearer to 0; this costs less than min, which looks for NaN.
        FloatVector most = minusMagnitude(t).min(POWER_LEAST).reinterpretAsFloats();
        FloatVector shifted = most.add(ROUND);
        return power(shifted, most.add(ROUND.sub(shifted)));
    }

    /** GELU in its tanh approximation. */
    static FloatVector geluTanh(FloatVector x) {
        FloatVector e = geluExponential(x, x.mul(x));
        return x.blend(x.mul(e), x.compare(VectorOperators.LT, ZERO)).div(e.add(ONE));
    }

    /** Its derivative. */
    static FloatVector geluTanhSlope(FloatVector x) {
        FloatVector square = x.mul(x);
        FloatVector e = geluExponential(x, square);
        FloatVector y = ONE.div(e.add(ONE)); // σ of the magnitude
        FloatVector rest = y.mul(e); // 1 - σ
        FloatVector inner = square.fma(GELU_SLOPE_3, GELU_1).mul(x);
        FloatVector far = y.blend(rest, x.compare(VectorOperators.LT, ZERO)); // 1 or 0
        return y.mul(rest).fma(inner, far).blend(far, square.compare(VectorOperators.GT, GELU_FAR));
    }

    /** The derivative of x σ(x). */
    static FloatVector siluSlope(FloatVector x) {
        FloatVector y = sigmoid(x);
        return y.sub(y.mul(y)).fma(x, y);
    }
}
