// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import verbo.tensor.Binary;
import verbo.tensor.Unary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;
import static verbo.tensor.cpu.KernelsUnderTest.KERNELS;

class ElementwiseKernelTest {

    @Test
    void fill() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats out = new NativeFloats(arena, n);
                KERNELS.fill(out.address, 1.5f, n);
                out.check("fill", i -> 1.5, 0, 0);
            }
        }
    }

    @Test
    void add() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -2, 2, n);
                NativeFloats out = NativeFloats.uniform(arena, n, -2, 2, n + 1);
                double[] before = out.values();
                KERNELS.add(x.address, out.address, n);
                out.check("add", i -> before[i] + x.get(i), 1e-7, 1e-7);
            }
        }
    }

    /** Φ(x), by the series of erf, and in the tails by Laplace's continued fraction. */
    private static double normalCumulative(double x) {
        if (x > 2) {
            return 1 - normalCumulative(-x);
        }
        if (x < -2) {
            double fraction = -x;
            for (int n = 300; n > 0; n--) {
                fraction = n / fraction - x;
            }
            return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) / fraction;
        }
        double z = x / Math.sqrt(2);
        double sum = 0;
        double term = z;
        for (int n = 0; n < 300 && Math.abs(term) > 1e-20; n++) {
            sum += term / (2 * n + 1);
            term *= -z * z / (n + 1);
        }
        return 0.5 + sum / Math.sqrt(Math.PI);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static DoubleUnaryOperator function(Unary op) {
        return switch (op) {
            case EXP -> Math::exp;
            case LOG -> Math::log;
            case SQRT -> Math::sqrt;
            case SQUARE -> x -> x * x;
            case TANH -> Math::tanh;
            case SIGMOID -> ElementwiseKernelTest::sigmoid;
            case RELU -> x -> Math.max(x, 0);
            case GELU -> x -> x * normalCumulative(x);
            case GELU_TANH -> x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x -> x * sigmoid(x);
        };
    }

    private static double slope(Unary op, double x) {
        DoubleUnaryOperator f = function(op);
        double h = 1e-5;
        return switch (op) {
            case RELU -> x > 0 ? 1 : 0;
            case GELU -> normalCumulative(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
            default -> (f.applyAsDouble(x + h) - f.applyAsDouble(x - h)) / (2 * h);
        };
    }

    private static NativeFloats argument(Arena arena, Unary op, int n) {
        return switch (op) {
            case LOG, SQRT -> NativeFloats.uniform(arena, n, 1e-3, 50, n);
            case SQUARE -> NativeFloats.uniform(arena, n, -1e3, 1e3, n);
            case EXP -> NativeFloats.uniform(arena, n, -20, 20, n);
            default -> NativeFloats.uniform(arena, n, -9, 9, n);
        };
    }

    /** The error of a value in itself, beside the relative one. */
    private static double absolute(Unary op) {
        return op == Unary.GELU_TANH ? 1e-7 : 1e-12;
    }

    @ParameterizedTest
    @EnumSource(Unary.class)
    void unary(Unary op) {
        DoubleUnaryOperator f = function(op);
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = argument(arena, op, n);
                NativeFloats out = new NativeFloats(arena, n);
                KERNELS.unary(op, x.address, out.address, n);
                out.check(op.toString(), i -> f.applyAsDouble(x.get(i)), op == Unary.GELU_TANH ? 2e-6 : 1e-6,
                        absolute(op));
                x.checkGuards(op.toString());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Unary.class)
    void unaryBackward(Unary op) {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = argument(arena, op, n);
                NativeFloats y = new NativeFloats(arena, n, i -> function(op).applyAsDouble(x.get(i)));
                NativeFloats dOut = NativeFloats.uniform(arena, n, -2, 2, n + 1);
                NativeFloats dx = NativeFloats.uniform(arena, n, -2, 2, n + 2);
                double[] before = dx.values();
                double[] expected = new double[n];
                for (int i = 0; i < n; i++) {
                    expected[i] = dOut.get(i) * slope(op, x.get(i));
                }
                KERNELS.unaryBackward(op, x.address, y.address, dOut.address, dx.address, n, true);
                dx.check(op + " backward, added", i -> before[i] + expected[i], 1e-5, 3e-6);
                KERNELS.unaryBackward(op, x.address, y.address, dOut.address, dx.address, n, false);
                dx.check(op + " backward", i -> expected[i], 1e-5, 3e-6);
            }
        }
    }

    @Test
    void functionsFarOutAndAtTheirEdges() {
        float[] values = {0, -0f, 1e-30f, -1e-30f, 1e-4f, -1e-4f, 0.62f, 0.63f, -0.62f, -0.63f, 30, -30, 80, -80, 87,
                -87, 88.3f,
                -88.3f, 100, -100, 1e30f, -1e30f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};
        for (Unary op : Unary.values()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = new NativeFloats(arena, 128, i -> values[i % values.length]);
                NativeFloats out = new NativeFloats(arena, 128);
                KERNELS.unary(op, x.address, out.address, 128);
                for (int i = 0; i < 128; i++) {
                    float v = x.get(i);
                    double exact = function(op).applyAsDouble(v);
                    if (Double.isInfinite(v) && (op == Unary.GELU || op == Unary.GELU_TANH || op == Unary.SILU)) {
                        exact = v > 0 ? v : Double.NaN; // -∞ · 0
                    }
                    if (Double.isNaN(exact)) {
                        assertThat(out.get(i)).as("%s of %s", op, v).isNaN();
                    } else if (Float.isInfinite((float) exact)) {
                        assertThat(out.get(i)).as("%s of %s", op, v).isEqualTo((float) exact);
                    } else {
                        assertThat(Math.abs(out.get(i) - exact)).as("%s of %s: %s", op, v, out.get(i))
                                .isLessThanOrEqualTo(2e-6 * Math.abs(exact) + Math.max(absolute(op), 1e-37));
                    }
                }
            }
        }
    }

    /** What a wrong byte in a file makes of a number must not turn into a usual one. */
    @Test
    void nothingButNaNComesOfAnyNaN() {
        int[] kinds = {0xFFFFFFFF, 0x7F80016D, 0x7FFFFFFF, 0xFF800001, 0x7FC00000, 0x7FA5A5A5};
        for (Unary op : Unary.values()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = new NativeFloats(arena, 128);
                NativeFloats out = new NativeFloats(arena, 128);
                for (int i = 0; i < 128; i++) {
                    x.set(i, Float.intBitsToFloat(kinds[i % kinds.length]));
                }
                KERNELS.unary(op, x.address, out.address, 128);
                for (int i = 0; i < 128; i++) {
                    assertThat(out.get(i)).as("%s of %x", op, kinds[i % kinds.length]).isNaN();
                }
            }
        }
    }

    @Test
    void slopesFarOut() {
        for (Unary op : new Unary[]{Unary.GELU, Unary.GELU_TANH, Unary.SILU}) {
            try (Arena arena = Arena.ofConfined()) {
                float[] far = {99, 101, 1e4f, 1e8f, 1.2e13f, 1e14f, 1e18f};
                NativeFloats x = new NativeFloats(arena, 128, i -> far[i % far.length] * (i < 64 ? 1 : -1));
                NativeFloats ones = new NativeFloats(arena, 128, i -> 1);
                NativeFloats dx = new NativeFloats(arena, 128);
                KERNELS.unaryBackward(op, x.address, x.address, ones.address, dx.address, 128, false);
                dx.check(op + " backward", i -> i < 64 ? 1 : 0, 1e-6, 1e-6);
            }
        }
    }

    @Test
    void expIsGoodToItsLastDigit() {
        int n = KernelsUnderTest.emulated() ? 64 : 16384;
        try (Arena arena = Arena.ofConfined()) {
            NativeFloats x = new NativeFloats(arena, n, i -> -87 + 175.0 * i / n);
            NativeFloats out = new NativeFloats(arena, n);
            KERNELS.unary(Unary.EXP, x.address, out.address, n);
            out.check("exp", i -> Math.exp(x.get(i)), 2.0e-7, 0);
        }
    }

    private static double value(Binary op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> a / b;
        };
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void binary(Binary op) {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats a = NativeFloats.uniform(arena, Math.max(1, n), -2, 2, n);
                NativeFloats b = NativeFloats.uniform(arena, Math.max(1, n), 0.5, 2, n + 1);
                NativeFloats out = new NativeFloats(arena, n);
                KERNELS.binary(op, a.address, 1, b.address, 1, out.address, n);
                out.check(op.toString(), i -> value(op, a.get(i), b.get(i)), 2e-7, 2e-7);
                KERNELS.binary(op, a.address, 0, b.address, 1, out.address, n);
                out.check(op + ", the first repeated", i -> value(op, a.get(0), b.get(i)), 2e-7, 2e-7);
                KERNELS.binary(op, a.address, 1, b.address, 0, out.address, n);
                out.check(op + ", the second repeated", i -> value(op, a.get(i), b.get(0)), 2e-7, 2e-7);
                double[] before = a.values();
                KERNELS.binary(op, a.address, 1, b.address, 1, a.address, n);
                for (int i = 0; i < n; i++) {
                    assertThat((double) a.get(i)).as("%s in place", op)
                            .isEqualTo((float) value(op, (float) before[i], b.get(i)));
                }
                a.checkGuards(op + " in place");
            }
        }
    }

    @Test
    void affineAndAddScaled() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats x = NativeFloats.uniform(arena, n, -2, 2, n);
                NativeFloats out = NativeFloats.uniform(arena, n, -2, 2, n + 1);
                double[] before = out.values();
                KERNELS.affine(x.address, -1.5f, 0.25f, out.address, n, true);
                out.check("affine, added", i -> before[i] - 1.5 * x.get(i) + 0.25, 2e-7, 5e-7);
                KERNELS.affine(x.address, -1.5f, 0.25f, out.address, n, false);
                out.check("affine", i -> -1.5 * x.get(i) + 0.25, 2e-7, 2e-7);
                double[] again = out.values();
                KERNELS.addScaled(0.3f, x.address, out.address, n);
                out.check("addScaled", i -> again[i] + 0.3f * x.get(i), 2e-7, 2e-7);
            }
        }
    }

    @Test
    void dropoutDropsWhatEachDrawSays() {
        long[] firsts = {0, 5, (1L << 31) - 19, (1L << 32) - 19, 7L << 32};
        for (int n : KernelsUnderTest.counts()) {
            for (long first : firsts) {
                try (Arena arena = Arena.ofConfined()) {
                    NativeFloats x = NativeFloats.uniform(arena, n, 1, 2, n);
                    NativeFloats out = NativeFloats.uniform(arena, n, -2, 2, n + 1);
                    double[] before = out.values();
                    long key = Draws.key(42);
                    double[] expected = new double[n];
                    for (int i = 0; i < n; i++) {
                        boolean dropped = (Draws.bits(key, first + i) >>> 8) * 0x1p-24 < 0.3f;
                        expected[i] = dropped ? 0 : x.get(i) / 0.7;
                    }
                    KERNELS.dropout(x.address, 0.3f, 42, first, out.address, n, true);
                    out.check("dropout, added, from " + first, i -> before[i] + expected[i], 1e-6, 1e-6);
                    KERNELS.dropout(x.address, 0.3f, 42, first, out.address, n, false);
                    out.check("dropout from " + first, i -> expected[i], 1e-6, 0);
                }
            }
        }
    }

    /** 17 of a number: whole vectors and a tail. */
    @ParameterizedTest
    @ValueSource(floats = {-104, -90, -87.31f, -87.3f, -87.2f, 88.3f, 88.37f, 88.38f, 88.5f, 88.8f})
    void exponentialsAtTheLimitsAreThoseOfTheirNumberAndNotOfTheirPlace(float number) {
        try (Arena arena = Arena.ofConfined()) {
            NativeFloats x = new NativeFloats(arena, 17, i -> number);
            NativeFloats out = new NativeFloats(arena, 17);
            for (Unary op : new Unary[]{Unary.EXP, Unary.SIGMOID}) {
                KERNELS.unary(op, x.address, out.address, 17);
                for (int i = 0; i < 17; i++) {
                    assertThat(out.get(i)).isCloseTo(out.get(0), withinPercentage(1e-4));
                }
            }
        }
    }
}
