// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import verbo.tensor.Engine;

import static verbo.tensor.cpu.KernelsUnderTest.KERNELS;

/** Optimizers' steps against the papers' formulas in double precision. */
class UpdateKernelTest {

    @Test
    void adamW() {
        for (int n : KernelsUnderTest.counts()) {
            try (Arena arena = Arena.ofConfined()) {
                NativeFloats p = NativeFloats.uniform(arena, n, -2, 2, n);
                NativeFloats m = new NativeFloats(arena, n);
                NativeFloats v = new NativeFloats(arena, n);
                double[] exactP = p.values();
                double[] exactM = new double[n];
                double[] exactV = new double[n];
                for (int step = 1; step <= 5; step++) {
                    NativeFloats g = NativeFloats.uniform(arena, n, -1, 1, 100L * n + step);
                    double rate = 0.01 / step;
                    for (int i = 0; i < n; i++) {
                        double gradient = 0.5 * g.get(i);
                        exactM[i] = 0.9 * exactM[i] + 0.1 * gradient;
                        exactV[i] = 0.99 * exactV[i] + 0.01 * gradient * gradient;
                        double mean = exactM[i] / (1 - Math.pow(0.9, step));
                        double variance = exactV[i] / (1 - Math.pow(0.99, step));
                        exactP[i] = exactP[i] - rate * 0.1 * exactP[i] - rate * mean / (Math.sqrt(variance) + 1e-3);
                    }
                    KERNELS.adamW(p.address, g.address, m.address, v.address,
                            new Engine.AdamW((float) rate, 0.9f, 0.99f, 1e-3f, 0.1f, step, 0.5f), n);
                    p.check("parameter after step " + step, i -> exactP[i], 2e-6, 2e-6);
                    m.check("mean after step " + step, i -> exactM[i], 1e-5, 1e-6);
                    v.check("variance after step " + step, i -> exactV[i], 1e-5, 1e-6);
                }
            }
        }
    }

    @Test
    void sgd() {
        for (int n : KernelsUnderTest.counts()) {
            for (boolean momentum : new boolean[]{false, true}) {
                try (Arena arena = Arena.ofConfined()) {
                    NativeFloats p = NativeFloats.uniform(arena, n, -2, 2, n);
                    NativeFloats velocity = new NativeFloats(arena, n);
                    double[] exactP = p.values();
                    double[] exactVelocity = new double[n];
                    for (int step = 1; step <= 5; step++) {
                        NativeFloats g = NativeFloats.uniform(arena, n, -1, 1, 100L * n + step);
                        for (int i = 0; i < n; i++) {
                            double gradient = 0.5 * g.get(i) + 0.01 * exactP[i];
                            exactVelocity[i] = (momentum ? 0.9 * exactVelocity[i] : 0) + gradient;
                            exactP[i] -= 0.1 * exactVelocity[i];
                        }
                        KERNELS.sgd(p.address, g.address, momentum ? velocity.address : 0, 0.1f, 0.9f, 0.01f, 0.5f, n);
                        p.check("parameter after step " + step, i -> exactP[i], 2e-6, 2e-6);
                        velocity.check("velocity after step " + step, i -> momentum ? exactVelocity[i] : 0, 1e-5, 1e-6);
                    }
                }
            }
        }
    }
}
