// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import verbo.tensor.cpu.LimitProbe;

/**
 * What this machine's processor and memory can do at most, measured: the figures that kernels are compared with. Machines are
 * shared and clocks change, so a limit is measured again beside each kernel, a few milliseconds at a time, and the best is
 * kept.
 */
public final class MachineLimits implements AutoCloseable {
    private final LimitProbe probe;

    /** Of the threads of a CPU engine, which must not compute anything else meanwhile. */
    public MachineLimits(Engine engine) {
        probe = new LimitProbe(engine);
    }

    /** Floating-point operations a second, in GFLOP/s, of multiply-adds that wait for nothing; takes about 2 ms. */
    public double arithmetic() {
        return probe.arithmetic();
    }

    /** Bytes a second, in GB/s, read from memory beyond the caches; takes some tens of ms. */
    public double memory() {
        return probe.memory();
    }

    @Override
    public void close() {
        probe.close();
    }
}
