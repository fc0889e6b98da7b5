// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/** Runs multiply-adds in registers, or reads memory, on all threads at once, and takes the time. */
public final class LimitProbe implements AutoCloseable {
    /** Beyond any cache that one core of today's processors uses alone. */
    private static final long BYTES = 256L << 20;

    private static final int ROUNDS = 100_000;
    private static final int PIECES = 16;

    private final Workers workers;
    private final Memory memory = new Memory();
    private final Kernels kernels = CpuEngine.kernels();
    private long buffer;
    private volatile float sink;

    /** Of this many threads. */
    public LimitProbe(int threads) {
        workers = new Workers(threads);
    }

    /** GFLOP/s. */
    public double arithmetic() {
        int parts = workers.count() * 4;
        long[] done = new long[parts];
        long start = System.nanoTime();
        workers.run(parts, index -> done[index] = kernels.multiplyAdds(ROUNDS));
        double seconds = (System.nanoTime() - start) * 1e-9;
        long operations = 0;
        for (long each : done) {
            operations += each;
        }
        return operations / seconds * 1e-9;
    }

    /** GB/s. */
    public double memory() {
        if (buffer == 0) {
            buffer = memory.allocate(BYTES).address();
            workers.run(PIECES, index -> kernels.fill(buffer + index * (BYTES / PIECES), 1, BYTES / PIECES / 4));
        }
        long start = System.nanoTime();
        workers.run(PIECES, index -> sink = kernels.sum(buffer + index * (BYTES / PIECES), BYTES / PIECES / 4));
        return BYTES / ((System.nanoTime() - start) * 1e-9) * 1e-9;
    }

    @Override
    public void close() {
        workers.close();
    }
}
