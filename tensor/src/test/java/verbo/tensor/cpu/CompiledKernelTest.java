// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import verbo.tensor.Engine;
import verbo.tensor.Unary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static verbo.tensor.cpu.KernelsUnderTest.KERNELS;
import static verbo.tensor.cpu.KernelsUnderTest.PRODUCTS;

/**
 * Kernels give the same bits when they are interpreted, compiled quickly and compiled well: otherwise a run would not repeat
 * itself, since when code is compiled is a matter of chance.
 */
class CompiledKernelTest {
    private static final int N = 269;

    @Test
    void compilationChangesNoBit() {
        assumeFalse(KernelsUnderTest.emulated(),
                "this processor has no vectors of this width: nothing of them is compiled");
        try (Arena arena = Arena.ofConfined()) {
            NativeFloats x = NativeFloats.uniform(arena, N, -3, 3, 1);
            NativeFloats y = NativeFloats.uniform(arena, N, 0.5, 2, 2);
            NativeFloats z = NativeFloats.uniform(arena, N, -1, 1, 3);
            NativeFloats matrix = NativeFloats.uniform(arena, 5 * N, -1, 1, 4);
            NativeFloats out = new NativeFloats(arena, N);
            NativeFloats more = new NativeFloats(arena, 2 * N);
            NativeFloats statistics = new NativeFloats(arena, 2);
            int[] first = {};
            long end = System.nanoTime() + 2_000_000_000L;
            for (int round = 0; round < 20_000 && (round < 2_000 || System.nanoTime() < end); round++) {
                int[] bits = bits(x, y, z, matrix, out, more, statistics);
                if (round == 0) {
                    first = bits;
                } else if (!Arrays.equals(bits, first)) {
                    assertThat(bits).as("round %s", round).isEqualTo(first);
                }
            }
        }
    }

    private static float[] floats(NativeFloats x) {
        float[] floats = new float[x.values().length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = x.get(i);
        }
        return floats;
    }

    /** Sums over what each kernel gives. */
    private static int[] bits(NativeFloats x, NativeFloats y, NativeFloats z, NativeFloats matrix, NativeFloats out,
            NativeFloats more, NativeFloats statistics) {
        int[] bits = new int[32];
        int at = 0;
        bits[at++] = Float.floatToRawIntBits(KERNELS.sum(x.address, N));
        bits[at++] = Float.floatToRawIntBits(KERNELS.dot(x.address, y.address, N));
        bits[at++] = Float.floatToRawIntBits((float) KERNELS.sumOfSquares(x.address, N));
        bits[at++] = Float.floatToRawIntBits(KERNELS.max(x.address, N));
        bits[at++] = Float.floatToRawIntBits(KERNELS.exp(x.address, 0.5f, 1, out.address, N));
        bits[at++] = hash(out);
        KERNELS.layerNorm(x.address, y.address, z.address, 1e-5f, out.address, statistics.address, N, 1);
        bits[at++] = hash(out);
        KERNELS.fill(more.address, 0, 2 * N);
        KERNELS.layerNormBackward(x.address, y.address, statistics.address, z.address, out.address, more.address,
                more.address + 4 * N, N, false);
        bits[at++] = hash(out);
        bits[at++] = hash(more);
        KERNELS.layerNormBackwardWeights(x.address, 0.1f, 0.5f, z.address, out.address, 0, N);
        bits[at++] = hash(out);
        bits[at++] = Float.floatToRawIntBits(KERNELS.expAndMax(x.address, 5, out.address, y.address, N));
        bits[at++] = hash(out);
        KERNELS.rmsNorm(x.address, y.address, 1e-5f, out.address, statistics.address, N);
        bits[at++] = hash(out);
        KERNELS.rmsNormBackward(x.address, y.address, 0.5f, z.address, out.address, N, false);
        bits[at++] = hash(out);
        KERNELS.softmaxBackward(y.address, z.address, 0.5f, out.address, N, true);
        bits[at++] = hash(out);
        KERNELS.logSoftmaxBackward(x.address, z.address, 0.5f, out.address, N, true);
        bits[at++] = hash(out);
        KERNELS.sumRows(matrix.address, 5, N, 0.5f, out.address, N);
        bits[at++] = hash(out);
        KERNELS.fill(more.address, 0, 2 * N);
        PRODUCTS.multiplyRows(x.address, 11, 2, 2, 5, matrix.address, N, more.address, N, N);
        bits[at++] = hash(more);
        PRODUCTS.dots(floats(matrix), 5, matrix.address, N, 5, N, 0, out.address, 5, false);
        bits[at++] = hash(out);
        KERNELS.fill(out.address, 0, N);
        KERNELS.fill(more.address, 0.1f, N);
        for (int step = 1; step < 3; step++) {
            KERNELS.adamW(out.address, z.address, more.address, more.address,
                    new Engine.AdamW(0.1f, 0.9f, 0.9f, 1e-3f, 0.1f, step, 1),
                    N);
        }
        bits[at++] = hash(out);
        for (Unary op : Unary.values()) {
            KERNELS.unary(op, op == Unary.LOG || op == Unary.SQRT ? y.address : x.address, out.address, N);
            KERNELS.unaryBackward(op, y.address, out.address, z.address, more.address, N, false);
            bits[at++] = 31 * hash(out) + hash(more);
        }
        return bits;
    }

    private static int hash(NativeFloats x) {
        int hash = 1;
        for (int i = 0; i < x.n; i++) {
            hash = 31 * hash + Float.floatToRawIntBits(x.get(i));
        }
        return hash;
    }
}
