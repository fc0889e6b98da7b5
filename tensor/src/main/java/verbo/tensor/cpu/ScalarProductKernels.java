// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.ScalarKernels.put;

/** Products in plain Java. */
final class ScalarProductKernels implements ProductKernels {
    static final ScalarProductKernels INSTANCE = new ScalarProductKernels();
    private static final int MR = 4;
    private static final int NR = 8;

    @Override
    public int mr() {
        return MR;
    }

    @Override
    public int nr() {
        return NR;
    }

    @Override
    public void tile(int rows, int columns, int depth, float[] a, int aFrom, float[] b, int bFrom, float[] tile,
            long bias, long out, long stride, boolean accumulate) {
        java.util.Arrays.fill(tile, 0, MR * NR, 0);
        for (int k = 0; k < depth; k++) {
            for (int i = 0; i < MR; i++) {
                float x = a[aFrom + k * MR + i];
                for (int j = 0; j < NR; j++) {
                    tile[i * NR + j] += x * b[bFrom + k * NR + j];
                }
            }
        }
        write(NR, tile, rows, 0, columns, bias, out, stride, accumulate);
    }

    /** The columns {@code from} on of a tile's rows. */
    static void write(int nr, float[] tile, int rows, int from, int columns, long bias, long out, long stride,
            boolean accumulate) {
        for (int i = 0; i < rows; i++) {
            for (int j = from; j < columns; j++) {
                float added = bias == 0 ? 0 : get(bias + 4L * j);
                put(out + 4 * (stride * i + j), tile[i * nr + j] + added, accumulate);
            }
        }
    }

    @Override
    public void packRows(long b, long stride, int depth, int count, int width, float[] into, int at) {
        for (int first = 0; first < count; first += width) {
            int to = at + first * depth;
            for (int k = 0; k < depth; k++) {
                for (int j = 0; j < width; j++) {
                    into[to + k * width + j] = first + j < count ? get(b + 4 * (stride * k + first + j)) : 0;
                }
            }
        }
    }

    @Override
    public void packColumns(long b, long stride, int depth, int count, int width, float[] into, int at) {
        for (int first = 0; first < count; first += width) {
            int to = at + first * depth;
            for (int j = 0; j < width; j++) {
                for (int k = 0; k < depth; k++) {
                    into[to + k * width + j] = first + j < count ? get(b + 4 * (stride * (first + j) + k)) : 0;
                }
            }
        }
    }

    @Override
    public void dots(float[] a, int m, long b, long stride, int count, int n, long bias, long out, long outStride,
            boolean accumulate) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < count; j++) {
                float sum = bias == 0 ? 0 : get(bias + 4L * j);
                for (int k = 0; k < n; k++) {
                    sum += a[i * n + k] * get(b + 4 * (stride * j + k));
                }
                put(out + 4 * (outStride * i + j), sum, accumulate);
            }
        }
    }

    @Override
    public void multiplyRows(long a, long aStride, long aStep, int m, int depth, long b, long stride, long out,
            long outStride, int n) {
        for (int k = 0; k < depth; k++) {
            for (int i = 0; i < m; i++) {
                ScalarKernels.INSTANCE.addScaled(get(a + 4 * (aStride * i + aStep * k)), b + 4 * stride * k,
                        out + 4 * outStride * i, n);
            }
        }
    }
}
