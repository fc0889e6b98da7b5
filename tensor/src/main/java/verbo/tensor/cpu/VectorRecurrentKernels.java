// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import jdk.incubator.vector.FloatVector;

import static verbo.tensor.cpu.Vectors.L;
import static verbo.tensor.cpu.Vectors.S;
import static verbo.tensor.cpu.Vectors.W;
import static verbo.tensor.cpu.Vectors.load;
import static verbo.tensor.cpu.Vectors.store;

/** Recurrent cells on the Vector API, with scalar tails. */
final class VectorRecurrentKernels implements RecurrentKernels {
    private static final FloatVector ONE = FloatVector.broadcast(S, 1f);
    private static final ScalarRecurrentKernels TAIL = ScalarRecurrentKernels.INSTANCE;

    /** {@code y (1 - y)}. */
    private static FloatVector slope(FloatVector y) {
        return y.sub(y.mul(y));
    }

    // One function of exponentials to a loop: more are beyond what the JIT inlines.

    @Override
    public void activate(boolean tanh, long x, long xStride, long p, long pStride, long bias, long out, long outStride,
            int rows, int n) {
        int done = n / L * L;
        if (tanh) {
            tanh(x, xStride, p, pStride, bias, out, outStride, rows, done);
        } else {
            sigmoid(x, xStride, p, pStride, bias, out, outStride, rows, done);
        }
        if (done < n) {
            long at = 4L * done;
            TAIL.activate(tanh, x + at, xStride, p + at, pStride, bias == 0 ? 0 : bias + at, out + at, outStride, rows,
                    n - done);
        }
    }

    private static FloatVector sum(long x, long p, long bias) {
        FloatVector sum = load(x).add(load(p));
        return bias == 0 ? sum : sum.add(load(bias));
    }

    private static void sigmoid(long x, long xStride, long p, long pStride, long bias, long out, long outStride,
            int rows, int n) {
        for (int row = 0; row < rows; row++) {
            long from = x + 4 * xStride * row;
            long product = p + 4 * pStride * row;
            long to = out + 4 * outStride * row;
            for (long i = 0; i < 4L * n; i += W) {
                store(VectorMath.sigmoid(sum(from + i, product + i, bias == 0 ? 0 : bias + i)), to + i);
            }
        }
    }

    private static void tanh(long x, long xStride, long p, long pStride, long bias, long out, long outStride, int rows,
            int n) {
        for (int row = 0; row < rows; row++) {
            long from = x + 4 * xStride * row;
            long product = p + 4 * pStride * row;
            long to = out + 4 * outStride * row;
            for (long i = 0; i < 4L * n; i += W) {
                store(VectorMath.tanh(sum(from + i, product + i, bias == 0 ? 0 : bias + i)), to + i);
            }
        }
    }

    @Override
    public void lstm(long gates, long before, long cell, long hidden, int width, int rows, int n) {
        int done = n / L * L;
        long step = 4L * width;
        for (int row = 0; row < rows; row++) {
            long g = gates + 4 * step * row;
            long at = step * row;
            for (long end = at + 4L * done; at < end; at += W, g += W) {
                FloatVector c = load(g + step).fma(load(before + at), load(g).mul(load(g + 2 * step)));
                store(c, cell + at);
                store(load(g + 3 * step).mul(VectorMath.tanh(c)), hidden + at);
            }
        }
        if (done < n) {
            long at = 4L * done;
            TAIL.lstm(gates + at, before + at, cell + at, hidden + at, width, rows, n - done);
        }
    }

    @Override
    public void lstmBackward(long gates, long before, long cell, long dHidden, long dCell, long carried,
            long carriedCell, long dGates, int width, int rows, int n) {
        int done = n / L * L;
        long step = 4L * width;
        tanhOfCells(cell, dGates + 3 * step, width, rows, done); // where the output gate's gradient will be
        for (int row = 0; row < rows; row++) {
            long g = gates + 4 * step * row;
            long to = dGates + 4 * step * row;
            long at = step * row;
            for (long end = at + 4L * done; at < end; at += W, g += W, to += W) {
                FloatVector input = load(g);
                FloatVector forget = load(g + step);
                FloatVector added = load(g + 2 * step);
                FloatVector output = load(g + 3 * step);
                FloatVector dh = load(dHidden + at).add(load(carried + at));
                FloatVector t = load(to + 3 * step);
                FloatVector dc = dh.mul(output).mul(ONE.sub(t.mul(t))).add(load(dCell + at))
                        .add(load(carriedCell + at));
                store(dc.mul(added).mul(slope(input)), to);
                store(dc.mul(load(before + at)).mul(slope(forget)), to + step);
                store(dc.mul(input).mul(ONE.sub(added.mul(added))), to + 2 * step);
                store(dh.mul(t).mul(slope(output)), to + 3 * step);
                store(dc.mul(forget), carriedCell + at);
                store(FloatVector.zero(S), carried + at);
            }
        }
        if (done < n) {
            long at = 4L * done;
            TAIL.lstmBackward(gates + at, before + at, cell + at, dHidden + at, dCell + at, carried + at,
                    carriedCell + at, dGates + at, width, rows, n - done);
        }
    }

    private static void tanhOfCells(long cell, long out, int width, int rows, int n) {
        for (int row = 0; row < rows; row++) {
            long at = cell + 4L * width * row;
            long to = out + 16L * width * row;
            for (long end = at + 4L * n; at < end; at += W, to += W) {
                store(VectorMath.tanh(load(at)), to);
            }
        }
    }

    @Override
    public void gru(long x, long xStride, long p, long pStride, long bias, long gates, long before, long hidden,
            int width, int rows, int n) {
        int done = n / L * L;
        long step = 4L * width;
        for (int row = 0; row < rows; row++) {
            long g = gates + 4 * step * row;
            long from = x + 4 * xStride * row;
            long product = p + 4 * pStride * row;
            long at = step * row;
            for (long i = 0; i < 4L * done; i += W) {
                FloatVector q = load(product + i);
                q = bias == 0 ? q : q.add(load(bias + i));
                FloatVector candidate = VectorMath.tanh(load(g + i).fma(q, load(from + i)));
                store(candidate, g + i + 2 * step);
                store(q, g + i + 3 * step);
                store(load(g + i + step).fma(load(before + at + i).sub(candidate), candidate), hidden + at + i);
            }
        }
        if (done < n) {
            long at = 4L * done;
            TAIL.gru(x + at, xStride, p + at, pStride, bias == 0 ? 0 : bias + at, gates + at, before + at, hidden + at,
                    width, rows, n - done);
        }
    }

    @Override
    public void gruBackward(long gates, long before, long dHidden, long carried, long dx, long dProduct, int width,
            int rows, int n) {
        int done = n / L * L;
        long step = 4L * width;
        for (int row = 0; row < rows; row++) {
            long g = gates + 4 * step * row;
            long to = 3 * step * row;
            long at = step * row;
            for (long end = at + 4L * done; at < end; at += W, g += W, to += W) {
                FloatVector r = load(g);
                FloatVector z = load(g + step);
                FloatVector candidate = load(g + 2 * step);
                FloatVector dh = load(dHidden + at).add(load(carried + at));
                FloatVector dn = dh.mul(ONE.sub(z)).mul(ONE.sub(candidate.mul(candidate)));
                FloatVector dz = dh.mul(load(before + at).sub(candidate)).mul(slope(z));
                FloatVector dr = dn.mul(load(g + 3 * step)).mul(slope(r));
                store(dr, dx + to);
                store(dz, dx + to + step);
                store(dn, dx + to + 2 * step);
                store(dr, dProduct + to);
                store(dz, dProduct + to + step);
                store(dn.mul(r), dProduct + to + 2 * step);
                store(dh.mul(z), carried + at);
            }
        }
        if (done < n) {
            long at = 4L * done;
            TAIL.gruBackward(gates + at, before + at, dHidden + at, carried + at, dx + at, dProduct + at, width, rows,
                    n - done);
        }
    }

    @Override
    public void rnnBackward(long hidden, long dHidden, long carried, long dx, int width, int rows, int n) {
        int done = n / L * L;
        for (int row = 0; row < rows; row++) {
            long at = 4L * width * row;
            for (long end = at + 4L * done; at < end; at += W) {
                FloatVector h = load(hidden + at);
                store(load(dHidden + at).add(load(carried + at)).mul(ONE.sub(h.mul(h))), dx + at);
                store(FloatVector.zero(S), carried + at);
            }
        }
        if (done < n) {
            long at = 4L * done;
            TAIL.rnnBackward(hidden + at, dHidden + at, carried + at, dx + at, width, rows, n - done);
        }
    }
}
