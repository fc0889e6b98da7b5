// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import verbo.tensor.Engine;
import verbo.tensor.MachineLimits;

/** One of the machine's limits, for itself. */
record LimitRow(String name, KernelRow.Limit limit, int threads) implements BenchRow {
    private static final double SECONDS = 0.7;

    @Override
    public String unit() {
        return limit.unit();
    }

    @Override
    public Result run() {
        try (Engine engine = Engine.cpu(threads); MachineLimits limits = new MachineLimits(engine)) {
            double most = 0;
            for (long start = System.nanoTime(); KernelRow.seconds(start) < SECONDS;) {
                most = Math.max(most, limit.measure(limits));
            }
            return new Result(most, Double.NaN);
        }
    }
}
