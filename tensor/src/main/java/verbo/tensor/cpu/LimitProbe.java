// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.Arrays;
import verbo.tensor.Engine;

/**
 * Runs multiply-adds in registers, or reads memory, on all threads of an engine at once, and takes the time. They are the
 * engine's own threads: those of another would first have to be woken and given a processor.
 */
public final class LimitProbe implements AutoCloseable {
    /** Beyond any cache that one core of today's processors uses alone. */
    private static final long BYTES = 256L << 20;

    private static final int ROUNDS = 1000;
    private static final int REPETITIONS = 100;
    private static final int PIECES = 16;
    private static final long WARM_UP_NANOS = 400_000_000;

    private final CpuEngine engine;
    private final Kernels kernels = CpuEngine.kernels();
    private Memory.Block block;
    private boolean closed;
    private volatile float sink; // what is computed is used

    /** Of an engine's threads. */
    public LimitProbe(Engine engine) {
        if (!(engine instanceof CpuEngine cpu)) {
            throw new IllegalArgumentException("only a CPU engine's limits can be measured: " + engine.description());
        }
        this.engine = cpu;
        this.block = (Memory.Block) cpu.allocate(1 << 20);
        kernels.fill(block.address(), 1, 1 << 18);
        // Many short calls bring the loops to their last compilation.
        long operations = 0;
        for (long start = System.nanoTime(); System.nanoTime() - start < WARM_UP_NANOS;) {
            operations += kernels.multiplyAdds(ROUNDS);
            sink = kernels.dot(block.address(), block.address() + (1 << 14), 1 << 12);
        }
        sink = operations;
    }

    /** GFLOP/s. */
    public double arithmetic() {
        int parts = engine.threads() * 4;
        long[] done = new long[parts];
        long start = System.nanoTime();
        engine.workers().run(parts, index -> {
            for (int i = 0; i < REPETITIONS; i++) {
                done[index] += kernels.multiplyAdds(ROUNDS);
            }
        });
        double seconds = (System.nanoTime() - start) * 1e-9;
        return Arrays.stream(done).sum() / seconds * 1e-9;
    }

    /** GB/s. */
    public double memory() {
        if (block.capacity() < BYTES) {
            engine.free(block);
            block = (Memory.Block) engine.allocate(BYTES);
            engine.workers().run(PIECES,
                    index -> kernels.fill(block.address() + index * (BYTES / PIECES), 1, BYTES / PIECES / 4));
        }
        long start = System.nanoTime();
        engine.workers().run(PIECES,
                index -> {
                    long from = block.address() + index * (BYTES / PIECES);
                    sink = kernels.dot(from, from + BYTES / PIECES / 2, BYTES / PIECES / 8); // two streams read fastest
                });
        return BYTES / ((System.nanoTime() - start) * 1e-9) * 1e-9;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            engine.free(block);
        }
    }
}
