// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Compares an operation's values with the textbook's in double precision, and its gradients with central differences: of the
 * operation itself, in whose float arithmetic they are noisy, and of the textbook's, which takes the noise away and shows
 * errors of one part in ten thousand.
 *
 * <p>
 * The loss is a weighted sum of the operation's results, added up in double precision. Inputs of few elements are changed one
 * element at a time; of larger ones some elements, and all together along random directions.
 */
final class GradientCheck {
    private static final int DIRECTIONS = 4;
    private static final int SINGLE = 24;
    private static final double STEP = 1.0 / 128;
    private static final double EXACT_STEP = 1e-5;

    /** An input of the operation. */
    record Input(float[] values, boolean requiresGradient, int... lengths) {
        /** One that no gradient is wanted of. */
        Input constant() {
            return new Input(values, false, lengths);
        }

        /** The same, with every value mapped. */
        Input map(Function<Float, Float> function) {
            float[] mapped = new float[values.length];
            for (int i = 0; i < mapped.length; i++) {
                mapped[i] = function.apply(values[i]);
            }
            return new Input(mapped, requiresGradient, lengths);
        }

        NaiveTensor naive() {
            return NaiveTensor.of(values, lengths);
        }
    }

    /** Normally distributed. */
    static Input normal(long seed, int... lengths) {
        java.util.Random random = new java.util.Random(seed);
        float[] values = new float[(int) Shape.of(lengths).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new Input(values, true, lengths);
    }

    /** Between these values. */
    static Input uniform(double from, double to, long seed, int... lengths) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[(int) Shape.of(lengths).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(from, to);
        }
        return new Input(values, true, lengths);
    }

    private final Engine engine;
    private final String name;
    private final Function<Tensor[], Tensor> operation;
    private final Function<NaiveTensor[], NaiveTensor> reference;
    private final Input[] inputs;
    private final double[] weights; // of the results in the loss
    private double tolerance = 1e-5;

    GradientCheck(Engine engine, String name, Function<Tensor[], Tensor> operation,
            Function<NaiveTensor[], NaiveTensor> reference, Input... inputs) {
        this.engine = engine;
        this.name = name;
        this.operation = operation;
        this.reference = reference;
        this.inputs = inputs;
        SplittableRandom random = new SplittableRandom(name.hashCode());
        this.weights = new double[reference.apply(naive()).values().length];
        Arrays.setAll(weights, i -> (float) random.nextDouble(-1, 1));
    }

    /** With another relative error allowed in results than one in a hundred thousand. */
    GradientCheck within(double relative) {
        tolerance = relative;
        return this;
    }

    void run() {
        try (Scope kept = Scope.lasting(engine)) {
            Tensor[] leaves = new Tensor[inputs.length];
            for (int i = 0; i < leaves.length; i++) {
                leaves[i] = kept.of(inputs[i].values, inputs[i].lengths);
                if (inputs[i].requiresGradient) {
                    leaves[i].requireGradient();
                }
            }
            double size = checkValues(leaves);
            backward(leaves, 1);
            for (int i = 0; i < leaves.length; i++) {
                if (inputs[i].requiresGradient) {
                    checkGradient(leaves, i, size);
                } else {
                    assertThat(leaves[i].gradient()).as("%s: a gradient nobody wanted", name).isNull();
                }
            }
            checkAccumulation(leaves);
        }
    }

    private NaiveTensor[] naive() {
        return Arrays.stream(inputs).map(Input::naive).toArray(NaiveTensor[]::new);
    }

    /** Compares results; gives the root of the sum of the squares of what is added up in the loss. */
    private double checkValues(Tensor[] leaves) {
        try (Scope step = Scope.open(engine)) {
            NaiveTensor expected = reference.apply(naive());
            Tensor result = operation.apply(leaves);
            assertThat(result.shape().lengths()).as("%s: shape", name).isEqualTo(expected.lengths());
            float[] actual = result.toFloats();
            double typical = norm(expected.values()) / Math.sqrt(actual.length);
            double squares = 0;
            for (int i = 0; i < actual.length; i++) {
                double exact = expected.values()[i];
                if (!(Math.abs(actual[i] - exact) <= tolerance * (Math.abs(exact) + typical))) {
                    fail("%s: result %d is %s, not %s", name, i, actual[i], exact);
                }
                squares += weights[i] * exact * weights[i] * exact;
            }
            return Math.sqrt(squares);
        }
    }

    private void backward(Tensor[] leaves, float scale) {
        try (Scope step = Scope.open(engine)) {
            Tensor result = operation.apply(leaves);
            float[] floats = new float[weights.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) weights[i];
            }
            result.multiply(step.of(floats, result.shape().lengths())).sum().backward(scale);
        }
    }

    /** The gradient of a leaf that has one. */
    static float[] gradient(Tensor leaf) {
        Tensor gradient = leaf.gradient();
        assertThat(gradient).isNotNull();
        return gradient.toFloats();
    }

    private void checkGradient(Tensor[] leaves, int input, double size) {
        float[] gradient = gradient(leaves[input]);
        int n = gradient.length;
        double typical = norm(gradient) / Math.sqrt(Math.max(1, n));
        double noise = 2e-7 * size / STEP + 1e-7; // the operation's own rounding
        SplittableRandom random = new SplittableRandom(17L * n + input);
        for (int at : n <= 2 * SINGLE ? all(n) : some(n, random)) {
            double[] direction = new double[n];
            direction[at] = 1;
            String where = name + ": gradient of input " + input + " by element " + at;
            compare(where, gradient[at], difference(leaves, input, direction), 1e-2 * typical, noise);
            compareExactly(where, gradient[at], exactDifference(input, direction), typical);
        }
        for (int i = 0; i < DIRECTIONS; i++) {
            double[] direction = new double[n];
            double along = 0;
            for (int j = 0; j < n; j++) {
                direction[j] = random.nextBoolean() ? 1 : -1;
                along += direction[j] * gradient[j];
            }
            String where = name + ": gradient of input " + input + " along a direction";
            compare(where, along, difference(leaves, input, direction), 1e-2 * typical * Math.sqrt(n), noise);
            compareExactly(where, along, exactDifference(input, direction), typical * Math.sqrt(n));
        }
    }

    private static int[] all(int n) {
        int[] each = new int[n];
        Arrays.setAll(each, i -> i);
        return each;
    }

    /** The first and the last, where tails are, and some between. */
    private static int[] some(int n, SplittableRandom random) {
        int[] some = new int[SINGLE];
        Arrays.setAll(some, i -> i < 4 ? i : i < 12 ? n - 1 - (i - 4) : random.nextInt(n));
        return some;
    }

    private void compare(String where, double analytic, double difference, double tolerance, double noise) {
        if (!(Math.abs(analytic - difference) <= tolerance + 1e-2 * Math.abs(difference) + noise)) {
            fail("%s is %s, the central difference %s (allowed %s)", where, analytic, difference, tolerance + noise);
        }
    }

    private void compareExactly(String where, double analytic, double difference, double typical) {
        if (!(Math.abs(analytic - difference) <= 1e-4 * (typical + Math.abs(difference)) + 1e-6)) {
            fail("%s is %s, exactly %s (typical %s)", where, analytic, difference, typical);
        }
    }

    /** The central difference of the loss in the engine's arithmetic. */
    private double difference(Tensor[] leaves, int input, double[] direction) {
        float[] values = inputs[input].values;
        float[] up = values.clone();
        float[] down = values.clone();
        for (int i = 0; i < values.length; i++) {
            up[i] += (float) (STEP * direction[i]);
            down[i] -= (float) (STEP * direction[i]);
        }
        double difference = loss(leaves, input, up) - loss(leaves, input, down);
        leaves[input].set(values);
        return difference / (2 * STEP);
    }

    private double loss(Tensor[] leaves, int input, float[] changed) {
        leaves[input].set(changed);
        try (NoGradient off = NoGradient.open(); Scope step = Scope.open(engine)) {
            float[] results = operation.apply(leaves).toFloats();
            double sum = 0;
            for (int i = 0; i < results.length; i++) {
                sum += weights[i] * results[i];
            }
            return sum;
        }
    }

    /** The central difference of the loss in double precision. */
    private double exactDifference(int input, double[] direction) {
        return (exactLoss(input, direction, EXACT_STEP) - exactLoss(input, direction, -EXACT_STEP)) / (2 * EXACT_STEP);
    }

    private double exactLoss(int input, double[] direction, double step) {
        NaiveTensor[] changed = naive();
        for (int i = 0; i < direction.length; i++) {
            changed[input].values()[i] += step * direction[i];
        }
        double[] results = reference.apply(changed).values();
        double sum = 0;
        for (int i = 0; i < results.length; i++) {
            sum += weights[i] * results[i];
        }
        return sum;
    }

    /** A second backward pass adds to the first; after clearing, a gradient is replaced. */
    private void checkAccumulation(Tensor[] leaves) {
        float[][] once = new float[leaves.length][];
        for (int i = 0; i < leaves.length; i++) {
            once[i] = inputs[i].requiresGradient ? gradient(leaves[i]) : new float[0];
        }
        backward(leaves, 0.5f);
        checkTimes(leaves, once, 1.5);
        for (Tensor leaf : leaves) {
            leaf.clearGradient();
            assertThat(leaf.gradient()).isNull();
        }
        backward(leaves, 2);
        checkTimes(leaves, once, 2);
    }

    private void checkTimes(Tensor[] leaves, float[][] once, double factor) {
        for (int i = 0; i < leaves.length; i++) {
            if (inputs[i].requiresGradient) {
                float[] now = gradient(leaves[i]);
                double typical = norm(once[i]) / Math.sqrt(Math.max(1, now.length));
                for (int j = 0; j < now.length; j++) {
                    if (!(Math.abs(now[j] - factor * once[i][j]) <= 1e-5 * (Math.abs(now[j]) + typical) + 1e-12)) {
                        fail("%s: gradient %d of input %d is %s, not %s times %s", name, j, i, now[j], factor,
                                once[i][j]);
                    }
                }
            }
        }
    }

    private static double norm(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return Math.sqrt(sum);
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return Math.sqrt(sum);
    }
}
