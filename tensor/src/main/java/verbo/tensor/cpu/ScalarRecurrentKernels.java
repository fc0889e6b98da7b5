// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.set;

/** Recurrent cells in plain Java. */
final class ScalarRecurrentKernels implements RecurrentKernels {
    static final ScalarRecurrentKernels INSTANCE = new ScalarRecurrentKernels();

    private ScalarRecurrentKernels() {}

    @Override
    public void activate(boolean tanh, long x, long xStride, long p, long pStride, long bias, long out, long outStride,
            int rows, int n) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < n; i++) {
                float sum = get(x + 4 * (row * xStride + i)) + get(p + 4 * (row * pStride + i))
                        + (bias == 0 ? 0 : get(bias + 4L * i));
                set(out + 4 * (row * outStride + i), tanh ? (float) Math.tanh(sum) : ScalarKernels.sigmoid(sum));
            }
        }
    }

    @Override
    public void lstm(long gates, long before, long cell, long hidden, int width, int rows, int n) {
        for (int row = 0; row < rows; row++) {
            for (int u = 0; u < n; u++) {
                long g = gates + 4L * (4L * row * width + u);
                long at = 4L * (row * (long) width + u);
                float c = get(g + 4L * width) * get(before + at) + get(g) * get(g + 8L * width);
                set(cell + at, c);
                set(hidden + at, get(g + 12L * width) * (float) Math.tanh(c));
            }
        }
    }

    @Override
    public void lstmBackward(long gates, long before, long cell, long dHidden, long dCell, long carried,
            long carriedCell, long dGates, int width, int rows, int n) {
        for (int row = 0; row < rows; row++) {
            for (int u = 0; u < n; u++) {
                long kept = 4L * (4L * row * width + u);
                long at = 4L * (row * (long) width + u);
                float i = get(gates + kept);
                float f = get(gates + kept + 4L * width);
                float g = get(gates + kept + 8L * width);
                float o = get(gates + kept + 12L * width);
                float dh = get(dHidden + at) + get(carried + at);
                float t = (float) Math.tanh(get(cell + at));
                float dc = get(dCell + at) + get(carriedCell + at) + dh * o * (1 - t * t);
                set(dGates + kept, dc * g * i * (1 - i));
                set(dGates + kept + 4L * width, dc * get(before + at) * f * (1 - f));
                set(dGates + kept + 8L * width, dc * i * (1 - g * g));
                set(dGates + kept + 12L * width, dh * t * o * (1 - o));
                set(carriedCell + at, dc * f);
                set(carried + at, 0);
            }
        }
    }

    @Override
    public void gru(long x, long xStride, long p, long pStride, long bias, long gates, long before, long hidden,
            int width, int rows, int n) {
        for (int row = 0; row < rows; row++) {
            for (int u = 0; u < n; u++) {
                long kept = gates + 4L * (4L * row * width + u);
                long at = 4L * (row * (long) width + u);
                float q = get(p + 4 * (row * pStride + u)) + (bias == 0 ? 0 : get(bias + 4L * u));
                float candidate = (float) Math.tanh(get(x + 4 * (row * xStride + u)) + get(kept) * q);
                set(kept + 8L * width, candidate);
                set(kept + 12L * width, q);
                set(hidden + at, candidate + get(kept + 4L * width) * (get(before + at) - candidate));
            }
        }
    }

    @Override
    public void gruBackward(long gates, long before, long dHidden, long carried, long dx, long dProduct, int width,
            int rows, int n) {
        for (int row = 0; row < rows; row++) {
            for (int u = 0; u < n; u++) {
                long kept = gates + 4L * (4L * row * width + u);
                long at = 4L * (row * (long) width + u);
                long to = 4L * (3L * row * width + u);
                float r = get(kept);
                float z = get(kept + 4L * width);
                float candidate = get(kept + 8L * width);
                float dh = get(dHidden + at) + get(carried + at);
                float dn = dh * (1 - z) * (1 - candidate * candidate);
                float dz = dh * (get(before + at) - candidate) * z * (1 - z);
                float dr = dn * get(kept + 12L * width) * r * (1 - r);
                set(dx + to, dr);
                set(dx + to + 4L * width, dz);
                set(dx + to + 8L * width, dn);
                set(dProduct + to, dr);
                set(dProduct + to + 4L * width, dz);
                set(dProduct + to + 8L * width, dn * r);
                set(carried + at, dh * z);
            }
        }
    }

    @Override
    public void rnnBackward(long hidden, long dHidden, long carried, long dx, int width, int rows, int n) {
        for (int row = 0; row < rows; row++) {
            for (int u = 0; u < n; u++) {
                long at = 4L * (row * (long) width + u);
                float h = get(hidden + at);
                set(dx + at, (get(dHidden + at) + get(carried + at)) * (1 - h * h));
                set(carried + at, 0);
            }
        }
    }
}
