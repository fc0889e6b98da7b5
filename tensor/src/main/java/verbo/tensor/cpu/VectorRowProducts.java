// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import jdk.incubator.vector.FloatVector;

import static verbo.tensor.cpu.Vectors.L;
import static verbo.tensor.cpu.Vectors.S;
import static verbo.tensor.cpu.Vectors.W;
import static verbo.tensor.cpu.Vectors.load;
import static verbo.tensor.cpu.Vectors.store;
import static verbo.tensor.cpu.Vectors.sumLanes;

/** {@link RowProducts} on the Vector API. Rows are padded, so there are whole vectors only. */
final class VectorRowProducts implements RowProducts {

    private static long bytes(int width) {
        return (width + L - 1) / L * W;
    }

    @Override
    public void dots(long x, int m, long y, int n, long stride, int width, float[] out) {
        if (m == 1) {
            dotsOfOne(x, y, n, stride, bytes(width), out);
        } else {
            dotsOfSeveral(x, m, y, n, stride, bytes(width), out);
        }
    }

    private static void dotsOfSeveral(long x, int m, long y, int n, long stride, long bytes, float[] out) {
        for (int i = 0; i < m; i += X) {
            for (int j = 0; j < n; j += Y) {
                dotsTile(x + i * stride, y + j * stride, stride, bytes, out, i * n + j, n);
            }
        }
    }

    private static void dotsOfOne(long x, long y, int n, long stride, long bytes, float[] out) {
        for (int j = 0; j < n; j += Y) {
            dotsRow(x, y + j * stride, stride, bytes, out, j);
        }
    }

    private static void dotsTile(long x, long y, long stride, long bytes, float[] out, int at, int n) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s02 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s12 = s00;
        for (long p = 0; p < bytes; p += W) {
            FloatVector x0 = load(x + p);
            FloatVector x1 = load(x + stride + p);
            FloatVector y0 = load(y + p);
            FloatVector y1 = load(y + stride + p);
            FloatVector y2 = load(y + 2 * stride + p);
            s00 = x0.fma(y0, s00);
            s01 = x0.fma(y1, s01);
            s02 = x0.fma(y2, s02);
            s10 = x1.fma(y0, s10);
            s11 = x1.fma(y1, s11);
            s12 = x1.fma(y2, s12);
        }
        out[at] = sumLanes(s00);
        out[at + 1] = sumLanes(s01);
        out[at + 2] = sumLanes(s02);
        out[at + n] = sumLanes(s10);
        out[at + n + 1] = sumLanes(s11);
        out[at + n + 2] = sumLanes(s12);
    }

    private static void dotsRow(long x, long y, long stride, long bytes, float[] out, int at) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        for (long p = 0; p < bytes; p += W) {
            FloatVector x0 = load(x + p);
            s0 = x0.fma(load(y + p), s0);
            s1 = x0.fma(load(y + stride + p), s1);
            s2 = x0.fma(load(y + 2 * stride + p), s2);
        }
        out[at] = sumLanes(s0);
        out[at + 1] = sumLanes(s1);
        out[at + 2] = sumLanes(s2);
    }

    @Override
    public void update(long x, long[] xRows, int m, long y, long[] yRows, int n, long stride, int width, float[] g) {
        if (m == 1) {
            updateOfOne(x, xRows[0], y, yRows, n, stride, bytes(width), g);
        } else {
            updateOfSeveral(x, xRows, m, y, yRows, n, stride, bytes(width), g);
        }
    }

    private static void updateOfOne(long x, long xRow, long y, long[] yRows, int n, long stride, long bytes,
            float[] g) {
        for (int j = 0; j < n; j += Y) {
            updateRow(x, y + j * stride, stride, bytes, xRow, yRows[j], yRows[j + 1], yRows[j + 2], g[j], g[j + 1],
                    g[j + 2]);
        }
    }

    private static void updateOfSeveral(long x, long[] xRows, int m, long y, long[] yRows, int n, long stride,
            long bytes, float[] g) {
        for (int i = 0; i < m; i += X) {
            for (int j = 0; j < n; j += Y) {
                int at = i * n + j;
                updateTile(x + i * stride, y + j * stride, stride, bytes, xRows[i], xRows[i + 1], yRows[j],
                        yRows[j + 1], yRows[j + 2], g[at], g[at + 1], g[at + 2], g[at + n], g[at + n + 1],
                        g[at + n + 2]);
            }
        }
    }

    @Override
    public void mean(long[] rows, int count, int width, long out) {
        long bytes = bytes(width);
        float share = 1f / count;
        for (long p = 0; p < bytes; p += W) { // a part of all rows at a time: they come from memory together
            FloatVector sum = load(rows[0] + p);
            for (int i = 1; i < count; i++) {
                sum = sum.add(load(rows[i] + p));
            }
            store(sum.mul(share), out + p);
        }
    }

    @Override
    public void addTo(long[] rows, int count, int width, long x) {
        long bytes = bytes(width);
        for (int i = 0; i < count; i++) {
            addTo(rows[i], bytes, x);
        }
    }

    private static void addTo(long row, long bytes, long x) {
        for (long p = 0; p < bytes; p += W) {
            store(load(row + p).add(load(x + p)), row + p);
        }
    }

    /** Each row is stored before the next is read: they may be the same. */
    private static void updateTile(long x, long y, long stride, long bytes, long xRow0, long xRow1, long yRow0,
            long yRow1, long yRow2, float g00, float g01, float g02, float g10, float g11, float g12) {
        FloatVector v00 = FloatVector.broadcast(S, g00);
        FloatVector v01 = FloatVector.broadcast(S, g01);
        FloatVector v02 = FloatVector.broadcast(S, g02);
        FloatVector v10 = FloatVector.broadcast(S, g10);
        FloatVector v11 = FloatVector.broadcast(S, g11);
        FloatVector v12 = FloatVector.broadcast(S, g12);
        for (long p = 0; p < bytes; p += W) {
            FloatVector x0 = load(x + p);
            FloatVector x1 = load(x + stride + p);
            FloatVector y0 = load(y + p);
            FloatVector y1 = load(y + stride + p);
            FloatVector y2 = load(y + 2 * stride + p);
            store(y2.fma(v02, y1.fma(v01, y0.fma(v00, load(xRow0 + p)))), xRow0 + p);
            store(y2.fma(v12, y1.fma(v11, y0.fma(v10, load(xRow1 + p)))), xRow1 + p);
            store(x1.fma(v10, x0.fma(v00, load(yRow0 + p))), yRow0 + p);
            store(x1.fma(v11, x0.fma(v01, load(yRow1 + p))), yRow1 + p);
            store(x1.fma(v12, x0.fma(v02, load(yRow2 + p))), yRow2 + p);
        }
    }

    /** The same of one row of x. */
    private static void updateRow(long x, long y, long stride, long bytes, long xRow, long yRow0, long yRow1,
            long yRow2, float g0, float g1, float g2) {
        FloatVector v0 = FloatVector.broadcast(S, g0);
        FloatVector v1 = FloatVector.broadcast(S, g1);
        FloatVector v2 = FloatVector.broadcast(S, g2);
        for (long p = 0; p < bytes; p += W) {
            FloatVector x0 = load(x + p);
            FloatVector y0 = load(y + p);
            FloatVector y1 = load(y + stride + p);
            FloatVector y2 = load(y + 2 * stride + p);
            store(y2.fma(v2, y1.fma(v1, y0.fma(v0, load(xRow + p)))), xRow + p);
            store(x0.fma(v0, load(yRow0 + p)), yRow0 + p);
            store(x0.fma(v1, load(yRow1 + p)), yRow1 + p);
            store(x0.fma(v2, load(yRow2 + p)), yRow2 + p);
        }
    }
}
