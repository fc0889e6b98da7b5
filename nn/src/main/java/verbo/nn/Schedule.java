// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

/**
 * The learning rate of each step, counted from 0. All begin with a linear warm-up: step {@code s} of {@code w} has
 * {@code rate · (s + 1) / (w + 1)}.
 */
public sealed interface Schedule permits Schedule.Constant, Schedule.Linear, Schedule.Cosine {
    /** The learning rate of a step. */
    double rate(long step);

    /**
     * The same rate after the warm-up.
     *
     * @param rate
     *            the learning rate
     * @param warmup
     *            how many steps come up to it
     */
    record Constant(double rate, long warmup) implements Schedule {
        public Constant {
            requireRates(rate, rate, warmup);
        }

        @Override
        public double rate(long step) {
            return step < warmup ? warm(rate, step, warmup) : rate;
        }
    }

    /**
     * Down a straight line after the warm-up.
     *
     * @param rate
     *            the highest learning rate
     * @param minimum
     *            the learning rate at {@code steps} and after
     * @param warmup
     *            how many steps come up to the highest
     * @param steps
     *            how many steps there are, warm-up included
     */
    record Linear(double rate, double minimum, long warmup, long steps) implements Schedule {
        public Linear {
            requireRates(rate, minimum, warmup);
        }

        @Override
        public double rate(long step) {
            return step < warmup
                    ? warm(rate, step, warmup)
                    : minimum + (1 - progress(step, warmup, steps)) * (rate - minimum);
        }
    }

    /**
     * Down half a cosine after the warm-up (Loshchilov and Hutter 2017).
     *
     * @param rate
     *            the highest learning rate
     * @param minimum
     *            the learning rate at {@code steps} and after
     * @param warmup
     *            how many steps come up to the highest
     * @param steps
     *            how many steps there are, warm-up included
     */
    record Cosine(double rate, double minimum, long warmup, long steps) implements Schedule {
        public Cosine {
            requireRates(rate, minimum, warmup);
        }

        @Override
        public double rate(long step) {
            return step < warmup
                    ? warm(rate, step, warmup)
                    : minimum + 0.5 * (1 + Math.cos(Math.PI * progress(step, warmup, steps))) * (rate - minimum);
        }
    }

    private static double warm(double rate, long step, long warmup) {
        return rate * (step + 1) / (warmup + 1);
    }

    private static double progress(long step, long warmup, long steps) {
        return Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup));
    }

    private static void requireRates(double rate, double minimum, long warmup) {
        if (!(rate >= 0 && Double.isFinite(rate))) {
            throw new IllegalArgumentException("a learning rate is 0 or more, not " + rate);
        }
        if (!(minimum >= 0 && minimum <= rate)) {
            throw new IllegalArgumentException(
                    "the lowest learning rate is from 0 to the highest, " + rate + ", not " + minimum);
        }
        if (warmup < 0) {
            throw new IllegalArgumentException("the warm-up is 0 steps or more, not " + warmup);
        }
    }
}
