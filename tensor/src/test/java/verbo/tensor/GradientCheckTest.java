// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import verbo.tensor.GradientCheck.Input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static verbo.tensor.GradientCheck.gradient;
import static verbo.tensor.GradientCheck.normal;
import static verbo.tensor.GradientCheck.uniform;

/** Every differentiable operation: its values and gradients, at shapes that no vector and no block divides. */
class GradientCheckTest {
    private static final Engine ENGINE = Engine.cpu(2);

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private static void check(String name, Function<Tensor[], Tensor> operation,
            Function<NaiveTensor[], NaiveTensor> reference, Input... inputs) {
        new GradientCheck(ENGINE, name, operation, reference, inputs).run();
    }

    // ---- elementwise

    private static double erf(double x) { // the series, good to the last digits for the arguments of these tests
        double sum = 0;
        double term = x;
        for (int n = 0; n < 200 && Math.abs(term) > 1e-20; n++) {
            sum += term / (2 * n + 1);
            term *= -x * x / (n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    static DoubleUnaryOperator function(Unary op) {
        return switch (op) {
            case EXP -> Math::exp;
            case LOG -> Math::log;
            case SQRT -> Math::sqrt;
            case SQUARE -> x -> x * x;
            case TANH -> Math::tanh;
            case SIGMOID -> x -> 1 / (1 + Math.exp(-x));
            case RELU -> x -> Math.max(x, 0);
            case GELU -> x -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
            case GELU_TANH -> x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x -> x / (1 + Math.exp(-x));
        };
    }

    private static Input argument(Unary op, int... lengths) {
        return switch (op) {
            case LOG, SQRT -> uniform(0.5, 3, 5, lengths);
            case RELU -> normal(6, lengths).map(x -> x + Math.copySign(0.1f, x)); // no step across the corner
            default -> normal(7, lengths).map(x -> 1.5f * x);
        };
    }

    @ParameterizedTest
    @EnumSource(Unary.class)
    void unary(Unary op) {
        for (int n : new int[]{1, 3, 7, 17, 31, 16 * 1024 + 37}) {
            check(op + " of " + n, x -> x[0].apply(op), x -> x[0].map(function(op)), argument(op, n));
        }
        check(op + " of a matrix", x -> x[0].apply(op), x -> x[0].map(function(op)), argument(op, 5, 13));
        check(op + " of a transposed matrix", x -> x[0].transpose(0, 1).apply(op),
                x -> x[0].transpose(0, 1).map(function(op)), argument(op, 5, 13));
    }

    @Test
    void namedFunctionsAreWhatTheySay() {
        Input x = uniform(0.5, 2, 1, 11);
        check("exp", t -> t[0].exp(), t -> t[0].map(function(Unary.EXP)), x);
        check("log", t -> t[0].log(), t -> t[0].map(function(Unary.LOG)), x);
        check("sqrt", t -> t[0].sqrt(), t -> t[0].map(function(Unary.SQRT)), x);
        check("square", t -> t[0].square(), t -> t[0].map(function(Unary.SQUARE)), x);
        check("tanh", t -> t[0].tanh(), t -> t[0].map(function(Unary.TANH)), x);
        check("sigmoid", t -> t[0].sigmoid(), t -> t[0].map(function(Unary.SIGMOID)), x);
        check("relu", t -> t[0].relu(), t -> t[0].map(function(Unary.RELU)), x);
        check("gelu", t -> t[0].gelu(), t -> t[0].map(function(Unary.GELU)), x);
        check("geluTanh", t -> t[0].geluTanh(), t -> t[0].map(function(Unary.GELU_TANH)), x);
        check("silu", t -> t[0].silu(), t -> t[0].map(function(Unary.SILU)), x);
    }

    private static Tensor apply(Binary op, Tensor a, Tensor b) {
        return switch (op) {
            case ADD -> a.add(b);
            case SUBTRACT -> a.subtract(b);
            case MULTIPLY -> a.multiply(b);
            case DIVIDE -> a.divide(b);
        };
    }

    private static NaiveTensor apply(Binary op, NaiveTensor a, NaiveTensor b) {
        return switch (op) {
            case ADD -> a.add(b);
            case SUBTRACT -> a.subtract(b);
            case MULTIPLY -> a.multiply(b);
            case DIVIDE -> a.divide(b);
        };
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void binaryBroadcastInEveryDirection(Binary op) {
        int[][][] shapes = {{{1}, {1}}, {{7}, {7}}, {{3, 5}, {3, 5}}, {{3, 5}, {5}}, {{5}, {3, 5}}, {{3, 5}, {3, 1}},
                {{3, 1}, {3, 5}}, {{3, 1}, {1, 5}}, {{1, 5}, {3, 1}}, {{3, 5}, {1}}, {{3, 5}, {}}, {{}, {3, 5}},
                {{2, 3, 5}, {3, 1}}, {{2, 1, 5}, {3, 1}}, {{2, 3, 5}, {2, 1, 1}}, {{2, 3, 5}, {1, 3, 1}},
                {{2, 3, 4, 5}, {3, 1, 5}}, {{2, 1, 4, 1}, {1, 3, 1, 5}}, {{67, 251}, {251}}, {{67, 251}, {67, 1}},
                {{16421}, {16421}}, {{16421}, {1}}, {{1, 16421}, {2, 1}}};
        for (int[][] shape : shapes) {
            Input a = normal(11, shape[0]);
            Input b = uniform(0.5, 2, 12, shape[1]);
            String name = op + " of " + Arrays.toString(shape[0]) + " and " + Arrays.toString(shape[1]);
            check(name, x -> apply(op, x[0], x[1]), x -> apply(op, x[0], x[1]), a, b);
            if (shape[0].length < 3) {
                check(name + ", the second constant", x -> apply(op, x[0], x[1]), x -> apply(op, x[0], x[1]), a,
                        b.constant());
                check(name + ", the first constant", x -> apply(op, x[0], x[1]), x -> apply(op, x[0], x[1]),
                        a.constant(), b);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Binary.class)
    void binaryOfViews(Binary op) {
        check(op + " with a transposed matrix", x -> apply(op, x[0].transpose(0, 1), x[1]),
                x -> apply(op, x[0].transpose(0, 1), x[1]), normal(1, 5, 3), uniform(0.5, 2, 2, 3, 5));
        check(op + " with a column", x -> apply(op, x[0], x[1].slice(1, 2, 3)),
                x -> apply(op, x[0], x[1].slice(1, 2, 3)),
                normal(3, 3, 5), uniform(0.5, 2, 4, 3, 7));
        check(op + " with a part of rows", x -> apply(op, x[0].slice(1, 1, 6), x[1]),
                x -> apply(op, x[0].slice(1, 1, 6), x[1]), normal(5, 3, 7), uniform(0.5, 2, 6, 5));
        check(op + " of a tensor and itself", x -> apply(op, x[0], x[0].transpose(0, 1)),
                x -> apply(op, x[0], x[0].transpose(0, 1)), uniform(0.5, 2, 7, 5, 5));
    }

    @Test
    void affine() {
        for (int n : new int[]{1, 19, 16 * 1024 + 5}) {
            check("x + 3 of " + n, x -> x[0].add(3), x -> x[0].map(v -> v + 3), normal(1, n));
            check("-1.5 x of " + n, x -> x[0].multiply(-1.5f), x -> x[0].scaled(-1.5), normal(2, n));
            check("-x of " + n, x -> x[0].negate(), x -> x[0].scaled(-1), normal(3, n));
        }
    }

    @Test
    void dropoutPassesTheGradientOfWhatItKept() {
        for (int n : new int[]{1, 23, 16 * 1024 + 11}) {
            float[] mask;
            try (Scope scope = Scope.open(ENGINE)) {
                float[] ones = new float[n];
                Arrays.fill(ones, 1);
                mask = scope.of(ones, n).dropout(0.3f, 99).toFloats();
            }
            for (float kept : mask) {
                assertThat(kept == 0 || kept == 1 / 0.7f).isTrue();
            }
            check("dropout of " + n, x -> x[0].dropout(0.3f, 99), x -> x[0].multiply(NaiveTensor.of(mask, n)),
                    normal(4, n));
        }
        check("no dropout", x -> x[0].dropout(0, 1).multiply(1), x -> x[0], normal(5, 9));
    }

    // ---- reductions

    @Test
    void sumsAndMeans() {
        for (int[] shape : new int[][]{{1}, {7}, {5, 3}, {16421}, {131, 257}, {2, 3, 5, 7}}) {
            String of = " of " + Arrays.toString(shape);
            Input x = normal(21, shape);
            check("sum" + of, t -> t[0].sum(), t -> t[0].sum(), x);
            check("mean" + of, t -> t[0].mean(), t -> t[0].sum().scaled(1.0 / t[0].values().length), x);
            for (int d = 0; d < shape.length; d++) {
                int dimension = d;
                check("sum over " + d + of, t -> t[0].sum(dimension), t -> t[0].sum(dimension), x);
                check("mean over " + d + of, t -> t[0].mean(dimension - shape.length), t -> t[0].mean(dimension), x);
            }
        }
        check("sum of a scalar", t -> t[0].sum(), t -> t[0].sum(), normal(22));
        check("sum over a transposed matrix", t -> t[0].transpose(0, 1).sum(1), t -> t[0].transpose(0, 1).sum(1),
                normal(23, 5, 7));
        check("sums of many rows", t -> t[0].sum(0), t -> t[0].sum(0), normal(24, 1009, 3));
        check("products with what is kept and summed by turns", t -> t[0].multiply(t[1]), t -> t[0].multiply(t[1]),
                normal(26, 3, 5, 4), normal(27, 5, 1));
        check("the same of four dimensions", t -> t[0].multiply(t[1]), t -> t[0].multiply(t[1]),
                normal(28, 3, 2, 5, 4), normal(29, 3, 1, 5, 1));
        check("the same, the other ones", t -> t[0].multiply(t[1]), t -> t[0].multiply(t[1]),
                normal(30, 3, 2, 5, 4), normal(31, 2, 1, 4));
        check("sum twice", t -> t[0].sum(0).sum(2), t -> t[0].sum(0).sum(2), normal(25, 3, 5, 7));
    }

    @Test
    void largest() {
        for (int[] shape : new int[][]{{1}, {13}, {3, 1}, {5, 37}, {2, 3, 67}}) {
            int n = (int) Shape.of(shape).size();
            float[] apart = new float[n]; // no two so close that a step swaps them
            for (int i = 0; i < n; i++) {
                apart[i] = (i * 7919 % n - n / 2) * 0.1f;
            }
            Input x = new Input(apart, true, shape);
            check("max of " + Arrays.toString(shape), t -> t[0].max(), t -> t[0].max(), x);
        }
        try (Scope scope = Scope.open(ENGINE)) { // of equal elements the first gets all
            Tensor x = scope.of(new float[]{1, 4, 4, 4, 2, 2, 0, 2}, 2, 4).requireGradient();
            x.max().sum().backward();
            assertThat(gradient(x)).containsExactly(0, 1, 0, 0, 1, 0, 0, 0);
        }
    }

    @Test
    void softmaxes() {
        for (int[] shape : new int[][]{{1}, {7}, {3, 1}, {5, 3}, {2, 3, 31}, {131, 131}}) {
            Input x = normal(31, shape).map(v -> 3 * v);
            String of = " of " + Arrays.toString(shape);
            check("softmax" + of, t -> t[0].softmax(), t -> t[0].softmax(), x);
            check("logSoftmax" + of, t -> t[0].logSoftmax(), t -> t[0].logSoftmax(), x);
        }
        check("softmax of a transposed matrix", t -> t[0].transpose(0, 1).softmax(),
                t -> t[0].transpose(0, 1).softmax(), normal(32, 5, 3));
    }

    @Test
    void softmaxOfLargeNumbers() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.of(new float[]{1000, 1001, Float.NEGATIVE_INFINITY, -2000}, 1, 4);
            double part = 1 / (1 + Math.E);
            assertThat(x.softmax().toFloats()).containsExactly(new float[]{(float) part, (float) (1 - part), 0, 0},
                    within(1e-6f));
            assertThat(x.logSoftmax().toFloats()[1]).isCloseTo((float) Math.log(1 - part), within(1e-4f));
        }
    }

    // ---- views

    @Test
    void views() {
        check("reshape", x -> x[0].reshape(3, -1).exp(), x -> x[0].reshape(3, 10).map(Math::exp), normal(41, 5, 6));
        check("reshape of a transposed matrix", x -> x[0].transpose(0, 1).reshape(2, 15).exp(),
                x -> x[0].transpose(0, 1).reshape(2, 15).map(Math::exp), normal(42, 5, 6));
        check("transpose", x -> x[0].transpose(0, 2).exp(), x -> x[0].transpose(0, 2).map(Math::exp),
                normal(43, 2, 3, 5));
        check("slice", x -> x[0].slice(1, 2, 5).exp(), x -> x[0].slice(1, 2, 5).map(Math::exp), normal(44, 3, 7, 2));
        check("an empty slice beside a full one",
                x -> Tensor.concat(1, x[0].slice(1, 4, 4), x[0].slice(1, 0, 7)), x -> x[0].reshape(3, 7),
                normal(45, 3, 7));
        check("select", x -> x[0].select(1, 3).exp(), x -> x[0].select(1, 3).map(Math::exp), normal(46, 3, 7, 2));
        check("select of the last", x -> x[0].select(-1, 1).square(), x -> x[0].select(-1, 1).map(v -> v * v),
                normal(47, 3, 7, 2));
        check("slice of a transposed slice", x -> x[0].slice(0, 1, 4).transpose(0, 1).slice(0, 2, 5).tanh(),
                x -> x[0].slice(0, 1, 4).transpose(0, 1).slice(0, 2, 5).map(Math::tanh), normal(48, 5, 7));
        check("a contiguous copy", x -> x[0].transpose(0, 1).contiguous(), x -> x[0].transpose(0, 1),
                normal(49, 67, 251));
        check("rows of a large matrix", x -> x[0].slice(0, 3, 90).multiply(2), x -> x[0].slice(0, 3, 90).scaled(2),
                normal(50, 97, 211));
    }

    @Test
    void aLeafThroughOverlappingViews() {
        check("overlapping slices", x -> x[0].slice(0, 0, 5).multiply(x[0].slice(0, 2, 7)),
                x -> x[0].slice(0, 0, 5).multiply(x[0].slice(0, 2, 7)), normal(51, 7, 3));
        check("a part, then the whole", x -> x[0].slice(1, 1, 3).sum(1).add(x[0].exp()),
                x -> x[0].slice(1, 1, 3).sum(1).add(x[0].map(Math::exp)), normal(52, 5, 4));
        check("a row and a column", x -> x[0].select(0, 1).multiply(x[0].select(1, 2)),
                x -> x[0].select(0, 1).multiply(x[0].select(1, 2)), normal(53, 5, 5));
        check("a matrix and its transpose", x -> x[0].matmul(x[0].transpose(0, 1)),
                x -> x[0].matmul(x[0].transpose(0, 1)), normal(54, 5, 7));
    }

    @Test
    void aTensorUsedTwice() {
        check("x exp(x) + x", x -> x[0].multiply(x[0].exp()).add(x[0]), x -> x[0].map(v -> v * Math.exp(v) + v),
                normal(55, 19));
        check("x x", x -> x[0].multiply(x[0]), x -> x[0].map(v -> v * v), normal(56, 19));
        check("x / x²", x -> x[0].divide(x[0].square()), x -> x[0].map(v -> 1 / v), uniform(0.5, 2, 57, 19));
        check("a computed tensor three times", x -> {
            Tensor y = x[0].tanh();
            return y.add(y.exp()).multiply(y.slice(0, 1, 2));
        }, x -> {
            NaiveTensor y = x[0].map(Math::tanh);
            return y.add(y.map(Math::exp)).multiply(y.slice(0, 1, 2));
        }, normal(58, 5, 7));
    }

    @Test
    void concat() {
        for (int dimension = 0; dimension < 3; dimension++) {
            int d = dimension;
            check("concat along " + d, x -> Tensor.concat(d, x[0], x[1].transpose(0, 1), x[0]).exp(),
                    x -> NaiveTensor.concat(d, x[0], x[1].transpose(0, 1), x[0]).map(Math::exp), normal(61, 3, 3, 5),
                    normal(62, 3, 3, 5));
        }
        check("concat of different lengths", x -> Tensor.concat(-1, x[0], x[1], x[2]),
                x -> NaiveTensor.concat(1, x[0], x[1], x[2]), normal(63, 3, 1), normal(64, 3, 17).constant(),
                normal(65, 3, 4));
    }

    // ---- products

    private static Tensor flipped(Tensor x, boolean flip) {
        return flip ? x.transpose(-2, -1) : x;
    }

    private static NaiveTensor flipped(NaiveTensor x, boolean flip) {
        return flip ? x.transpose(-2, -1) : x;
    }

    private static int[] matrices(boolean flip, int rows, int columns, int... batch) {
        int[] lengths = Arrays.copyOf(batch, batch.length + 2);
        lengths[batch.length] = flip ? columns : rows;
        lengths[batch.length + 1] = flip ? rows : columns;
        return lengths;
    }

    /** In all four transpositions. */
    private static void checkMatmul(int m, int n, int k, int[] batchA, int[] batchB) {
        for (int t = 0; t < 4; t++) {
            boolean flipA = (t & 1) != 0;
            boolean flipB = (t & 2) != 0;
            Input a = normal(71, matrices(flipA, m, k, batchA));
            Input b = normal(72, matrices(flipB, k, n, batchB));
            check("matmul " + Arrays.toString(a.lengths()) + (flipA ? "ᵀ " : " ") + Arrays.toString(b.lengths())
                    + (flipB ? "ᵀ" : ""), x -> flipped(x[0], flipA).matmul(flipped(x[1], flipB)),
                    x -> flipped(x[0], flipA).matmul(flipped(x[1], flipB)), a, b);
        }
    }

    @Test
    void matmul() {
        int[] none = {};
        checkMatmul(1, 1, 1, none, none);
        checkMatmul(1, 7, 5, none, none);
        checkMatmul(3, 1, 17, none, none);
        checkMatmul(2, 19, 1, none, none);
        checkMatmul(5, 7, 3, none, none);
        checkMatmul(13, 11, 29, none, none);
        checkMatmul(37, 53, 61, none, none);
    }

    @Test
    void batchedMatmulWithBroadcastBatches() {
        int[] none = {};
        checkMatmul(3, 5, 2, new int[]{2}, new int[]{2});
        checkMatmul(3, 5, 2, new int[]{3}, none);
        checkMatmul(3, 5, 2, none, new int[]{3});
        checkMatmul(4, 1, 3, new int[]{2, 1}, new int[]{1, 3});
        checkMatmul(1, 3, 7, new int[]{2, 3}, new int[]{3});
        checkMatmul(5, 2, 3, new int[]{1}, new int[]{2, 3});
        checkMatmul(17, 19, 23, new int[]{2}, new int[]{2});
    }

    @Test
    void matmulOfViewsThatLieNoWayAMatrixDoes() {
        check("every other column", x -> x[0].select(2, 1).matmul(x[1].select(2, 0)),
                x -> x[0].select(2, 1).matmul(x[1].select(2, 0)), normal(73, 3, 5, 2), normal(74, 5, 7, 2));
        check("parts of matrices", x -> x[0].slice(1, 2, 7).matmul(x[1].slice(0, 1, 6).slice(1, 1, 4)),
                x -> x[0].slice(1, 2, 7).matmul(x[1].slice(0, 1, 6).slice(1, 1, 4)), normal(75, 3, 9),
                normal(76, 7, 5));
        check("heads of a wide matrix",
                x -> x[0].reshape(2, 5, 3, 4).transpose(1, 2)
                        .matmul(x[1].reshape(2, 7, 3, 4).transpose(1, 2).transpose(2, 3)),
                x -> x[0].reshape(2, 5, 3, 4).transpose(1, 2)
                        .matmul(x[1].reshape(2, 7, 3, 4).transpose(1, 2).transpose(2, 3)),
                normal(77, 2, 5, 12), normal(78, 2, 7, 12));
    }

    @Test
    void linear() {
        int[][] shapes = {{1, 1, 1}, {1, 7, 5}, {3, 5, 1}, {5, 1, 3}, {13, 17, 19}, {67, 31, 97}};
        for (int[] s : shapes) {
            Input x = normal(81, s[0], s[1]);
            Input bias = normal(83, s[2]);
            String of = " " + Arrays.toString(s);
            check("linear" + of, t -> t[0].linear(t[1], null), t -> t[0].matmul(t[1]), x, normal(82, s[1], s[2]));
            check("linear with bias" + of, t -> t[0].linear(t[1], t[2]), t -> t[0].matmul(t[1]).add(t[2]), x,
                    normal(82, s[1], s[2]), bias);
            check("linear by a transposed weight" + of, t -> t[0].linear(t[1].transpose(0, 1), t[2]),
                    t -> t[0].matmul(t[1].transpose(0, 1)).add(t[2]), x, normal(84, s[2], s[1]), bias);
        }
        check("linear of many dimensions", t -> t[0].linear(t[1], t[2]), t -> t[0].matmul(t[1]).add(t[2]),
                normal(85, 2, 3, 2, 5), normal(86, 5, 7), normal(87, 7));
        check("linear of a vector", t -> t[0].linear(t[1], t[2]),
                t -> t[0].reshape(1, 5).matmul(t[1]).add(t[2]).reshape(7),
                normal(85, 5), normal(86, 5, 7), normal(87, 7));
        check("linear with frozen weights", t -> t[0].linear(t[1], t[2]), t -> t[0].matmul(t[1]).add(t[2]),
                normal(88, 3, 5),
                normal(89, 5, 7).constant(), normal(90, 7).constant());
        check("linear of a constant", t -> t[0].linear(t[1], t[2]), t -> t[0].matmul(t[1]).add(t[2]),
                normal(88, 3, 5).constant(), normal(89, 5, 7), normal(90, 7));
    }

    @Test
    void linearOfViews() {
        check("linear of a transposed input", t -> t[0].transpose(0, 1).linear(t[1], t[2]),
                t -> t[0].transpose(0, 1).matmul(t[1]).add(t[2]), normal(91, 5, 3), normal(92, 5, 7), normal(93, 7));
        check("linear by a part of a weight", t -> t[0].linear(t[1].slice(1, 2, 6).slice(0, 1, 6), t[2].slice(0, 3, 7)),
                t -> t[0].matmul(t[1].slice(1, 2, 6).slice(0, 1, 6)).add(t[2].slice(0, 3, 7)), normal(94, 3, 5),
                normal(95, 7, 9), normal(96, 8));
        check("linear by a weight that lies no way a matrix does",
                t -> t[0].linear(t[1].select(2, 1), t[2].select(1, 0)),
                t -> t[0].matmul(t[1].select(2, 1)).add(t[2].select(1, 0)), normal(97, 3, 5), normal(98, 5, 4, 3),
                normal(99, 4, 2));
        check("tied weights", t -> t[0].linear(t[1], null).linear(t[1].transpose(0, 1), null),
                t -> t[0].matmul(t[1]).matmul(t[1].transpose(0, 1)), normal(100, 3, 5), normal(101, 5, 7));
    }

    // ---- rows

    @Test
    void embeddingWithRepeatedIds() {
        int[] ids = {4, 0, 4, 2, 4, 0};
        for (int width : new int[]{1, 3, 64, 131}) {
            check("embedding of width " + width, t -> t[0].embedding(Scope.current().of(ids, 2, 3)),
                    t -> t[0].embedding(ids).reshape(2, 3, width), normal(111, 5, width));
        }
        check("embedding by a transposed table", t -> t[0].transpose(0, 1).embedding(Scope.current().of(ids, 6)),
                t -> t[0].transpose(0, 1).embedding(ids), normal(112, 3, 5));
        check("embedding by rows of a table", t -> t[0].slice(0, 2, 7).embedding(Scope.current().of(ids, 6)),
                t -> t[0].slice(0, 2, 7).embedding(ids), normal(113, 9, 3));
        check("embedding by one id", t -> t[0].embedding(Scope.current().of(new int[]{3})),
                t -> t[0].embedding(new int[]{3}).reshape(7), normal(114, 5, 7));
        check("embedding and output share a table",
                t -> t[0].embedding(Scope.current().of(ids, 6)).linear(t[0].transpose(0, 1), null),
                t -> t[0].embedding(ids).matmul(t[0].transpose(0, 1)), normal(115, 5, 7));
    }

    @Test
    void layerNorm() {
        for (int[] shape : new int[][]{{1, 1}, {3, 1}, {1, 2}, {7, 5}, {2, 3, 37}, {67, 131}, {601, 7}, {2, 16421}}) {
            int width = shape[shape.length - 1];
            Input gain = uniform(0.5, 2, 121, width);
            Input bias = normal(122, width);
            // with two elements, or one, the normalised row hardly depends on its elements unless epsilon is large
            float epsilon = width < 3 ? 0.5f : 1e-5f;
            String of = " of " + Arrays.toString(shape);
            check("layerNorm" + of, t -> t[0].layerNorm(t[1], t[2], epsilon), t -> t[0].layerNorm(t[1], t[2], epsilon),
                    normal(123, shape).map(v -> 1 + 2 * v), gain, bias);
            check("rmsNorm" + of, t -> t[0].rmsNorm(t[1], epsilon), t -> t[0].rmsNorm(t[1], epsilon),
                    normal(124, shape).map(v -> 1 + 2 * v), gain);
        }
    }

    @Test
    void normalisationWithSomeGradientsOnly() {
        Input x = normal(125, 5, 7);
        Input gain = uniform(0.5, 2, 126, 7);
        Input bias = normal(127, 7);
        for (int wanted = 1; wanted < 8; wanted++) {
            check("layerNorm, wanted " + wanted, t -> t[0].layerNorm(t[1], t[2], 1e-5f),
                    t -> t[0].layerNorm(t[1], t[2], 1e-5f), (wanted & 1) != 0 ? x : x.constant(),
                    (wanted & 2) != 0 ? gain : gain.constant(), (wanted & 4) != 0 ? bias : bias.constant());
        }
        check("rmsNorm of a constant", t -> t[0].rmsNorm(t[1], 1e-5f), t -> t[0].rmsNorm(t[1], 1e-5f), x.constant(),
                gain);
        check("rmsNorm with a fixed gain", t -> t[0].rmsNorm(t[1], 1e-5f), t -> t[0].rmsNorm(t[1], 1e-5f), x,
                gain.constant());
        check("layerNorm of views", t -> t[0].transpose(0, 1).layerNorm(t[1].select(1, 1), t[2].slice(0, 1, 6), 1e-5f),
                t -> t[0].transpose(0, 1).layerNorm(t[1].select(1, 1), t[2].slice(0, 1, 6), 1e-5f), x,
                uniform(0.5, 2, 128, 5, 2), bias);
    }

    // ---- attention

    private static void checkAttention(int batch, int heads, int kvHeads, int queries, int keys, int d,
            boolean causal) {
        Attention options = causal ? Attention.causal(d) : Attention.full(d);
        check((causal ? "causal" : "full") + " attention "
                + Arrays.toString(new int[]{batch, heads, kvHeads, queries, keys, d}),
                t -> t[0].attention(t[1], t[2], options),
                t -> t[0].attention(t[1], t[2], 1 / Math.sqrt(d), causal, null), normal(131, batch, heads, queries, d),
                normal(132, batch, kvHeads, keys, d), normal(133, batch, kvHeads, keys, d));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void attention(boolean causal) {
        checkAttention(1, 1, 1, 1, 1, 1, causal);
        checkAttention(2, 3, 3, 5, 5, 4, causal);
        checkAttention(1, 2, 1, 3, 7, 5, causal);
        checkAttention(2, 6, 2, 4, 11, 3, causal);
        checkAttention(1, 1, 1, 1, 13, 8, causal);
        checkAttention(1, 2, 2, 67, 71, 17, causal); // more than one strip of queries
        checkAttention(1, 2, 1, 129, 131, 3, causal);
    }

    @Test
    void fullAttentionWithMoreQueriesThanKeys() {
        checkAttention(2, 2, 2, 7, 3, 5, false);
        checkAttention(1, 4, 2, 9, 1, 3, false);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void attentionWithBias(boolean causal) {
        int[][] shapes = {{2, 3, 5, 7}, {1, 1, 1, 7}, {1, 3, 1, 7}, {2, 1, 5, 7}, {1, 3, 5, 7}, {2, 1, 1, 7}};
        for (int[] shape : shapes) {
            Input bias = normal(141, shape).constant();
            check((causal ? "causal" : "full") + " attention with bias " + Arrays.toString(shape),
                    t -> t[0].attention(t[1], t[2], new Attention(0.7f, causal, t[3])),
                    t -> t[0].attention(t[1], t[2], 0.7f, causal, t[3]), normal(142, 2, 3, 5, 4),
                    normal(143, 2, 3, 7, 4),
                    normal(144, 2, 3, 7, 4), bias);
        }
        float no = Float.NEGATIVE_INFINITY;
        Input padding = new Input(new float[]{0, 0, 0, no, no, 0, no, 0, 0, 0}, false, 2, 1, 1, 5);
        check("attention with padding", t -> t[0].attention(t[1], t[2], Attention.full(4).withBias(t[3])),
                t -> t[0].attention(t[1], t[2], 0.5, false, t[3]), normal(145, 2, 2, 3, 4), normal(146, 2, 2, 5, 4),
                normal(147, 2, 2, 5, 4), padding);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void attentionDropsTheWeightsThatDropoutOfAllOfThemDrops(boolean causal) {
        int[][] shapes = {{1, 1, 1, 1, 1, 1}, {2, 3, 3, 5, 5, 4}, {2, 6, 2, 4, 11, 3}, {1, 2, 1, 67, 71, 5}};
        for (int[] s : shapes) {
            float[] kept;
            try (Scope scope = Scope.open(ENGINE)) {
                Tensor ones = scope.zeros(s[0], s[1], s[3], s[4]).add(1);
                kept = ones.dropout(0.4f, 17).toFloats();
            }
            NaiveTensor mask = NaiveTensor.of(kept, s[0], s[1], s[3], s[4]);
            Attention options = (causal ? Attention.causal(4) : Attention.full(4)).withDropout(0.4f, 17);
            check((causal ? "causal" : "full") + " attention with dropout " + Arrays.toString(s),
                    t -> t[0].attention(t[1], t[2], options),
                    t -> t[0].attention(t[1], t[2], 0.5, causal, null, mask), normal(161, s[0], s[1], s[3], s[5]),
                    normal(162, s[0], s[2], s[4], s[5]), normal(163, s[0], s[2], s[4], s[5]));
        }
    }

    @Test
    void aQueryThatSeesNothingGivesZeros() {
        try (Scope scope = Scope.open(ENGINE)) {
            float no = Float.NEGATIVE_INFINITY;
            Tensor mask = scope.of(new float[]{no, no, no, 0, no, no}, 1, 1, 2, 3);
            Tensor q = scope.normal(0, 1, 1, 1, 1, 2, 4).requireGradient();
            Tensor k = scope.normal(0, 1, 2, 1, 1, 3, 4).requireGradient();
            Tensor v = scope.normal(0, 1, 3, 1, 1, 3, 4).requireGradient();
            Tensor out = q.attention(k, v, Attention.full(4).withBias(mask));
            float[] values = out.toFloats();
            assertThat(Arrays.copyOf(values, 4)).containsOnly(0);
            assertThat(Arrays.copyOfRange(values, 4, 8)).containsExactly(Arrays.copyOf(v.toFloats(), 4), within(1e-6f));
            out.sum().backward();
            assertThat(gradient(q)).containsOnly(0);
            assertThat(gradient(k)).containsOnly(0);
            assertThat(gradient(v)).containsExactly(new float[]{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0},
                    within(1e-6f));
        }
    }

    @Test
    void attentionOfViewsOfOneTensor() {
        int b = 2;
        int t = 5;
        int h = 3;
        int d = 4;
        check("attention of q, k and v in one tensor", x -> {
            Tensor qkv = x[0].reshape(b, t, 3, h, d).transpose(1, 3); // [b, h, 3, t, d]
            return qkv.select(2, 0).attention(qkv.select(2, 1), qkv.select(2, 2), Attention.causal(d)).transpose(1, 2)
                    .reshape(b, t, h * d);
        }, x -> {
            NaiveTensor qkv = x[0].reshape(b, t, 3, h, d).transpose(1, 3);
            return qkv.select(2, 0).attention(qkv.select(2, 1), qkv.select(2, 2), 0.5, true, null).transpose(1, 2)
                    .reshape(b,
                            t, h * d);
        }, normal(151, b, t, 3 * h * d));
        check("attention of a tensor to itself", x -> x[0].attention(x[0], x[0], Attention.full(d)),
                x -> x[0].attention(x[0], x[0], 0.5, false, null), normal(152, b, h, t, d));
        check("attention of heads that lie transposed",
                x -> x[0].transpose(2, 3).attention(x[1].transpose(2, 3), x[2].transpose(1, 2), Attention.full(d)),
                x -> x[0].transpose(2, 3).attention(x[1].transpose(2, 3), x[2].transpose(1, 2), 0.5, false, null),
                normal(153, b, h, d, t), normal(154, b, h, d, t), normal(155, b, t, h, d));
    }

    @Test
    void attentionToConstantKeysAndValues() {
        check("attention to constants", x -> x[0].attention(x[1], x[2], Attention.causal(4)),
                x -> x[0].attention(x[1], x[2], 0.5, true, null), normal(156, 1, 2, 3, 4),
                normal(157, 1, 2, 5, 4).constant(),
                normal(158, 1, 2, 5, 4).constant());
        check("attention of constants to values", x -> x[0].attention(x[1], x[2], Attention.causal(4)),
                x -> x[0].attention(x[1], x[2], 0.5, true, null), normal(156, 1, 2, 3, 4).constant(),
                normal(157, 1, 2, 5, 4).constant(), normal(158, 1, 2, 5, 4));
    }

    // ---- cross-entropy

    private static int[] targets(int rows, int classes, boolean ignored) {
        int[] targets = new int[rows];
        for (int i = 0; i < rows; i++) {
            targets[i] = ignored && i % 3 == 1 ? -1 - i : i * 7919 % classes;
        }
        return targets;
    }

    @Test
    void crossEntropy() {
        for (int[] shape : new int[][]{{1, 1}, {1, 5}, {7, 1}, {7, 3}, {13, 65}, {3, 1031}, {257, 67}}) {
            for (boolean ignored : new boolean[]{false, true}) {
                int[] targets = targets(shape[0], shape[1], ignored);
                check("crossEntropy of " + Arrays.toString(shape) + (ignored ? ", some ignored" : ""),
                        t -> t[0].crossEntropy(Scope.current().of(targets, targets.length)),
                        t -> t[0].crossEntropy(targets), normal(161, shape).map(v -> 2 * v));
            }
        }
        int[] targets = targets(6, 5, true);
        check("crossEntropy of many dimensions", t -> t[0].crossEntropy(Scope.current().of(targets, 2, 3)),
                t -> t[0].crossEntropy(targets), normal(162, 2, 3, 5));
        check("crossEntropy of a transposed matrix",
                t -> t[0].transpose(0, 1).crossEntropy(Scope.current().of(targets, 6)),
                t -> t[0].transpose(0, 1).crossEntropy(targets), normal(163, 5, 6));
        check("logits used for something else too",
                t -> t[0].crossEntropy(Scope.current().of(targets, 6)).add(t[0].square().mean()),
                t -> t[0].crossEntropy(targets).add(t[0].map(v -> v * v).sum().scaled(1.0 / 30)), normal(164, 6, 5));
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 24, 1, 100, 67 * 4, 67 * 12})
    void linearCrossEntropyInBlocksOfAnySize(long kept) {
        int[] targets = targets(13, 67, true);
        check("linearCrossEntropy keeping " + kept,
                t -> CrossEntropy.ofLinear(t[0], t[1], null, Scope.current().of(targets, 13), kept),
                t -> t[0].matmul(t[1]).crossEntropy(targets), normal(171, 13, 19), normal(172, 19, 67));
        check("linearCrossEntropy of a transposed weight keeping " + kept,
                t -> CrossEntropy.ofLinear(t[0], t[1].transpose(0, 1), null, Scope.current().of(targets, 13), kept),
                t -> t[0].matmul(t[1].transpose(0, 1)).crossEntropy(targets), normal(173, 13, 19), normal(174, 67, 19));
        check("linearCrossEntropy of a constant keeping " + kept,
                t -> CrossEntropy.ofLinear(t[0], t[1], null, Scope.current().of(targets, 13), kept),
                t -> t[0].matmul(t[1]).crossEntropy(targets), normal(171, 13, 19).constant(), normal(172, 19, 67));
        check("linearCrossEntropy of a frozen weight keeping " + kept,
                t -> CrossEntropy.ofLinear(t[0], t[1], null, Scope.current().of(targets, 13), kept),
                t -> t[0].matmul(t[1]).crossEntropy(targets), normal(171, 13, 19), normal(172, 19, 67).constant());
    }

    @Test
    void linearCrossEntropy() {
        int[] targets = targets(6, 5, false);
        check("linearCrossEntropy of many dimensions",
                t -> t[0].linearCrossEntropy(t[1], Scope.current().of(targets, 2, 3)),
                t -> t[0].reshape(6, 4).matmul(t[1]).crossEntropy(targets), normal(175, 2, 3, 4), normal(176, 4, 5));
        check("linearCrossEntropy of a part of a weight",
                t -> t[0].linearCrossEntropy(t[1].slice(0, 0, 5).transpose(0, 1), Scope.current().of(targets, 2, 3)),
                t -> t[0].reshape(6, 4).matmul(t[1].slice(0, 0, 5).transpose(0, 1)).crossEntropy(targets),
                normal(177, 2, 3, 4), normal(178, 9, 4));
        check("linearCrossEntropy of one row", t -> t[0].linearCrossEntropy(t[1], Scope.current().of(new int[]{3}, 1)),
                t -> t[0].matmul(t[1]).crossEntropy(new int[]{3}), normal(179, 1, 7), normal(180, 7, 5));
        check("linearCrossEntropy by a weight that lies no way a matrix does",
                t -> t[0].linearCrossEntropy(t[1].select(2, 1), Scope.current().of(targets, 2, 3)),
                t -> t[0].reshape(6, 4).matmul(t[1].select(2, 1)).crossEntropy(targets), normal(181, 2, 3, 4),
                normal(182, 4, 5, 2));
    }

    // ---- all together

    @Test
    void aBlockOfATransformer() {
        int b = 2;
        int t = 5;
        int h = 2;
        int d = 4;
        int c = h * d;
        int[] targets = targets(b * t, 11, true);
        check("a block of a Transformer", x -> {
            Tensor qkv = x[0].layerNorm(x[1], x[2], 1e-5f).linear(x[3], null).reshape(b, t, 3, h, d);
            Tensor q = qkv.select(2, 0).transpose(1, 2);
            Tensor k = qkv.select(2, 1).transpose(1, 2);
            Tensor v = qkv.select(2, 2).transpose(1, 2);
            Tensor attended = q.attention(k, v, Attention.causal(d)).transpose(1, 2).reshape(b, t, c);
            Tensor y = x[0].add(attended.linear(x[4], null));
            return y.add(y.geluTanh()).linearCrossEntropy(x[5].transpose(0, 1), Scope.current().of(targets, b, t));
        }, x -> {
            NaiveTensor qkv = x[0].layerNorm(x[1], x[2], 1e-5f).matmul(x[3]).reshape(b, t, 3, h, d);
            NaiveTensor q = qkv.select(2, 0).transpose(1, 2);
            NaiveTensor k = qkv.select(2, 1).transpose(1, 2);
            NaiveTensor v = qkv.select(2, 2).transpose(1, 2);
            NaiveTensor attended = q.attention(k, v, 0.5, true, null).transpose(1, 2).reshape(b, t, c);
            NaiveTensor y = x[0].add(attended.matmul(x[4]));
            return y.add(y.map(function(Unary.GELU_TANH))).matmul(x[5].transpose(0, 1)).crossEntropy(targets);
        }, normal(191, b, t, c), uniform(0.5, 2, 192, c), normal(193, c), normal(194, c, 3 * c).map(v -> v / 3),
                normal(195, c, c).map(v -> v / 3), normal(196, 11, c));
    }

    @Test
    void gradientsFlowFromAnInnerScopeToAnOuterOne() {
        try (Scope outer = Scope.open(ENGINE)) {
            Tensor x = outer.of(new float[]{1, 2, 3}, 3).requireGradient();
            Tensor y = x.square();
            try (Scope inner = Scope.open(ENGINE)) {
                y.exp().sum().backward();
            }
            assertThat(gradient(x)).containsExactly(
                    new float[]{(float) (2 * Math.E), (float) (4 * Math.exp(4)), (float) (6 * Math.exp(9))},
                    within(1e-2f));
        }
    }

    @Test
    void nothingIsRecordedWithoutGradient() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.of(new float[]{1, 2, 3}, 3).requireGradient();
            Tensor y;
            try (NoGradient off = NoGradient.open()) {
                y = x.exp().sum();
                try (NoGradient again = NoGradient.open()) {
                    assertThat(x.exp().requiresGradient()).isFalse();
                }
                assertThat(x.exp().requiresGradient()).isFalse();
            }
            assertThat(y.requiresGradient()).isFalse();
            assertThat(x.exp().requiresGradient()).isTrue();
        }
    }

    // ---- what is at the edge

    @Test
    void aPartOfMaskedClassesCountsNothing() {
        int rows = 4096; // so many that the classes are taken 256 at a time
        int classes = 512;
        float[] added = new float[classes];
        Arrays.fill(added, 256, classes, Float.NEGATIVE_INFINITY);
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.normal(0, 1, 1, rows, 1);
            Tensor weight = scope.normal(0, 1, 2, 1, classes).requireGradient();
            Tensor bias = scope.of(added, classes);
            Tensor targets = scope.of(new int[rows], rows);
            Tensor expected = x.linear(weight, bias).crossEntropy(targets);
            expected.backward();
            float[] wanted = gradient(weight);
            for (long most : new long[]{1L << 26, 0}) { // kept for the way back, and computed again
                weight.clearGradient();
                Tensor loss = CrossEntropy.ofLinear(x, weight, bias, targets, most);
                assertThat(loss.item()).isCloseTo(expected.item(), within(1e-5f));
                loss.backward();
                assertThat(gradient(weight)).containsExactly(wanted, within(1e-5f));
            }
        }
    }

    @Test
    void logSoftmaxOfLargeLogitsKeepsItsDigits() {
        try (Scope scope = Scope.open(ENGINE)) {
            for (float logit : new float[]{0, 1e4f, 1e6f, -1e6f}) {
                assertThat(scope.of(new float[]{logit, logit}, 2).logSoftmax().toFloats())
                        .containsExactly(new float[]{-0.6931472f, -0.6931472f}, within(1e-7f));
            }
        }
    }

    @Test
    void reluCutsEvenAnInfiniteGradient() {
        try (Scope scope = Scope.open(ENGINE)) {
            float[] values = new float[34];
            float[] wanted = new float[34];
            for (int i = 0; i < values.length; i += 2) {
                values[i] = -1;
                values[i + 1] = 4;
                wanted[i + 1] = 0.25f;
            }
            Tensor w = scope.of(values, values.length).requireGradient();
            w.relu().sqrt().sum().backward();
            assertThat(gradient(w)).containsExactly(wanted);
        }
    }

    @Test
    void theGradientOfAMaximumThatIsNoNumberIsNotLost() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.of(new float[]{1, Float.NaN, 3}, 3).requireGradient();
            x.max().sum().backward();
            assertThat(gradient(x)).containsExactly(0, 1, 0);
        }
    }

    @Test
    void sumsOfNothingAreZero() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor weight = scope.normal(0, 1, 1, 4, 3).requireGradient();
            scope.zeros(0, 4).linear(weight, null).sum().backward();
            assertThat(gradient(weight)).containsExactly(new float[12]);
            Tensor bias = scope.of(new float[]{1, 2, 3}, 3);
            assertThat(scope.zeros(2, 0).linear(scope.zeros(0, 3), bias).toFloats()).containsExactly(1, 2, 3, 1, 2, 3);
            assertThat(scope.zeros(2, 2, 0).matmul(scope.zeros(2, 0, 1)).toFloats()).containsExactly(0, 0, 0, 0);
            assertThat(scope.zeros(1 << 16, 1 << 16, 0).sum().item()).isZero();
        }
    }

    @Test
    void wholeNumbersStayWhole() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor ids = scope.of(new int[]{1, 16_777_217, 3, 4}, 2, 2);
            assertThat(ids.contiguous()).isSameAs(ids);
            int[] values = new int[4];
            for (Tensor copy : new Tensor[]{ids.transpose(0, 1).contiguous(), ids.transpose(0, 1).reshape(4),
                    Tensor.concat(0, ids.slice(1, 0, 1), ids.slice(1, 1, 2))}) {
                assertThat(copy.dtype()).isEqualTo(DType.I32);
                ENGINE.read(copy, MemorySegment.ofArray(values));
                assertThat(values).containsExactly(1, 3, 16_777_217, 4);
            }
            assertThat(ids.add(1).toFloats()[0]).isEqualTo(2);
            assertThat(ids.add(ids).toFloats()[2]).isEqualTo(6);
        }
    }
}
