// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import verbo.tensor.Engine;
import verbo.tensor.MachineLimits;
import verbo.tensor.Scope;

/**
 * A kernel, measured by turns with what the machine can do at most: a machine that other programs share changes its speed
 * from one moment to the next, so the best of many short turns is kept of both.
 *
 * @param work
 *            floating-point operations or bytes of one run
 */
record KernelRow(String name, Limit limit, int threads, double work, Preparation preparation) implements BenchRow {
    private static final double WARM_UP_SECONDS = 0.3;
    private static final double SECONDS = 0.7;
    private static final double TURN_SECONDS = 0.004;

    /** What bounds a kernel. */
    enum Limit {
        /** Multiply-adds a second. */
        ARITHMETIC("GFLOP/s"),
        /** Bytes read a second. */
        MEMORY("GB/s");

        private final String unit;

        Limit(String unit) {
            this.unit = unit;
        }

        String unit() {
            return unit;
        }

        double measure(MachineLimits limits) {
            return this == ARITHMETIC ? limits.arithmetic() : limits.memory();
        }
    }

    /** Makes the tensors and gives what is to be measured. */
    interface Preparation {
        Kernel prepare(Scope scope);
    }

    /** What is measured. */
    interface Kernel {
        void run(Engine engine);
    }

    @Override
    public String unit() {
        return limit.unit();
    }

    @Override
    public Result run() {
        try (Engine engine = Engine.cpu(threads);
                Scope scope = Scope.lasting(engine);
                MachineLimits limits = new MachineLimits(engine)) {
            Kernel kernel = preparation.prepare(scope);
            int runs = 1;
            for (long start = System.nanoTime(); seconds(start) < WARM_UP_SECONDS;) {
                double seconds = time(engine, kernel, runs);
                runs = seconds < TURN_SECONDS / 2 ? runs * 2 : runs;
                limit.measure(limits);
            }
            double best = 0;
            double most = 0;
            for (long start = System.nanoTime(); seconds(start) < SECONDS;) {
                most = Math.max(most, limit.measure(limits));
                best = Math.max(best, runs * work / time(engine, kernel, runs) * 1e-9);
            }
            return new Result(best, most);
        }
    }

    private static double time(Engine engine, Kernel kernel, int runs) {
        long start = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            kernel.run(engine);
        }
        return seconds(start);
    }

    static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }
}
