// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.util.function.DoubleSupplier;
import verbo.tensor.Engine;
import verbo.tensor.MachineLimits;

/** One of the machine's limits, for itself. */
record LimitRow(String name, KernelRow.Limit limit, int threads) implements BenchRow {
    private static final double SECONDS = 0.7;
    private static final int LEAST = 20; // measurements: on a busy machine the first ones come before the loop is compiled

    @Override
    public String unit() {
        return limit.unit();
    }

    @Override
    public Result run() {
        try (Engine engine = Engine.cpu(threads); MachineLimits limits = new MachineLimits(engine)) {
            return new Result(most(() -> limit.measure(limits)), Double.NaN);
        }
    }

    static double most(DoubleSupplier measure) {
        double most = 0;
        int measured = 0;
        for (long start = System.nanoTime(); measured < LEAST || KernelRow.seconds(start) < SECONDS; measured++) {
            most = Math.max(most, measure.getAsDouble());
        }
        return most;
    }
}
