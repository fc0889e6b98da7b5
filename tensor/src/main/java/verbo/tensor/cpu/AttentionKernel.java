// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.tensor.Attention;
import verbo.tensor.Engine;
import verbo.tensor.Tensor;

import static verbo.tensor.cpu.Memory.address;
import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.set;

/**
 * Attention by strips: the scores of a few queries against all their keys at a time, so memory grows with the number of keys
 * and not with its square. On the way back a strip is computed again from the kept logarithms of its sums (as in
 * FlashAttention, Dao et al. 2022). A task is one head of one sequence, so every sum has one order.
 */
final class AttentionKernel {
    /** Queries to a strip; fewer where there are so many keys that a strip would leave the second-level cache. */
    private static final int QUERIES = 32;

    private static final int STRIP = 1 << 16;
    /** Elements of whole vectors of any width: the rest of a row is slower by the element. */
    private static final int WHOLE = 16;

    private final Kernels kernels;
    private final ProductKernels products;
    private final Workers workers;
    private final Gemm gemm;
    private final ThreadLocal<Packed> packed = ThreadLocal.withInitial(Packed::new);

    /** One head's keys and values as right operands, each packed once for all strips. */
    private static final class Packed {
        private final Gemm.Panels keys = new Gemm.Panels(); // [keys, d]
        private final Gemm.Panels keysAcross = new Gemm.Panels(); // [d, keys]
        private final Gemm.Panels values = new Gemm.Panels(); // [keys, d]
        private final Gemm.Panels valuesAcross = new Gemm.Panels(); // [d, keys]
    }

    AttentionKernel(Kernels kernels, Workers workers, Gemm gemm) {
        this.kernels = kernels;
        this.products = ProductKernels.of(kernels);
        this.workers = workers;
        this.gemm = gemm;
    }

    /** One head of one sequence: where its rows lie and how far apart they are. */
    private record Head(long address, long stride) {
        static Head of(Tensor x, int batch, int head) {
            return new Head(Memory.address(x) + 4 * (batch * x.stride(0) + head * x.stride(1)), x.stride(2));
        }

        long row(int i) {
            return address + 4 * stride * i;
        }

        Gemm.Matrix from(int row) {
            return new Gemm.Matrix(row(row), stride, 1);
        }
    }

    private static int queriesToStrip(int keys) {
        return Math.clamp(STRIP / Math.max(1, keys), 8, QUERIES);
    }

    void forward(Attention options, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSums) {
        int heads = q.length(1);
        int group = heads / k.length(1);
        int queries = q.length(2);
        int keys = k.length(2);
        int d = q.length(3);
        int strip = queriesToStrip(keys);
        workers.run(q.length(0) * heads, index -> {
            int batch = index / heads;
            int head = index % heads;
            Head rows = Head.of(q, batch, head);
            Head outRows = Head.of(out, batch, head);
            Gemm.Local local = gemm.local();
            Packed packed = this.packed.get();
            local.pack(Head.of(k, batch, head / group).from(0).transposed(), d, keys, packed.keysAcross);
            local.pack(Head.of(v, batch, head / group).from(0), keys, d, packed.values);
            for (int from = 0; from < queries; from += strip) {
                int to = Math.min(queries, from + strip);
                int seen = options.causal() ? keys - queries + to : keys;
                long scores = local.scratch((long) strip * keys);
                local.multiply(to - from, seen, d, rows.from(from), packed.keysAcross, 0, scores, seen, false);
                long sums = address(logSums) + 4L * ((batch * heads + head) * queries + from);
                for (int i = 0; i < to - from; i++) {
                    long row = scores + 4L * i * seen;
                    int visible = options.causal() ? keys - queries + from + i + 1 : keys;
                    float scale = addBias(options, batch, head, from + i, row, visible);
                    int width = hideFuture(row, visible, seen);
                    float max = kernels.max(row, width) * scale;
                    float sum = 1;
                    if (max == Float.NEGATIVE_INFINITY) { // every key is masked: nothing is attended to
                        kernels.fill(row, 0, seen);
                        max = Float.POSITIVE_INFINITY;
                    } else {
                        sum = kernels.exp(row, scale, max, row, width);
                        kernels.affine(row, 1 / sum, 0, row, width, false);
                        drop(options, batch * heads + head, queries, from + i, keys, row, width);
                    }
                    set(sums + 4L * i, (float) (max + Math.log(sum)));
                }
                local.multiply(to - from, d, seen, new Gemm.Matrix(scores, seen, 1), packed.values, 0,
                        outRows.row(from),
                        outRows.stride, false);
            }
        });
    }

    /** Drops from a query's first weights, or from the gradients of what was dropped, which are as many. */
    private void drop(Attention options, long head, int queries, int query, int keys, long row, int width) {
        if (options.dropout() > 0) {
            kernels.dropout(row, options.dropout(), options.seed(), (head * queries + query) * keys, row, width, false);
        }
    }

    /**
     * Sets a row's scores from {@code visible} on to what gives 0 after the exponential, for whole vectors, and those after
     * that to 0; gives where the latter begin.
     */
    private int hideFuture(long row, int visible, int seen) {
        int width = Math.min(seen, (visible + WHOLE - 1) / WHOLE * WHOLE);
        kernels.fill(row + 4L * visible, Float.NEGATIVE_INFINITY, width - visible);
        kernels.fill(row + 4L * width, 0, seen - width);
        return width;
    }

    /** Adds the bias to a row of scores, which it scales first; gives the scale that is left to apply. */
    private float addBias(Attention options, int batch, int head, int query, long row, int visible) {
        @Nullable Tensor bias = options.bias();
        if (bias == null) {
            return options.scale();
        }
        long at = address(bias) + 4 * ((bias.length(0) == 1 ? 0 : batch * bias.stride(0))
                + (bias.length(1) == 1 ? 0 : head * bias.stride(1))
                + (bias.length(2) == 1 ? 0 : query * bias.stride(2)));
        kernels.affine(row, options.scale(), 0, row, visible, false);
        kernels.add(at, row, visible);
        return 1;
    }

    void backward(Attention options, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSums, Tensor dOut, Tensor dq,
            Tensor dk, Tensor dv) {
        int heads = q.length(1);
        int kvHeads = k.length(1);
        int group = heads / kvHeads;
        int queries = q.length(2);
        int keys = k.length(2);
        int d = q.length(3);
        int strip = queriesToStrip(2 * keys);
        workers.run(q.length(0) * kvHeads, index -> {
            int batch = index / kvHeads;
            Gemm.Local local = gemm.local();
            Packed packed = this.packed.get();
            Head keyRows = Head.of(k, batch, index % kvHeads);
            local.pack(keyRows.from(0).transposed(), d, keys, packed.keysAcross);
            local.pack(keyRows.from(0), keys, d, packed.keys);
            local.pack(Head.of(v, batch, index % kvHeads).from(0).transposed(), d, keys, packed.valuesAcross);
            for (int head = index % kvHeads * group; head < (index % kvHeads + 1) * group; head++) {
                Head rows = Head.of(q, batch, head);
                Head outRows = Head.of(out, batch, head);
                Head dOutRows = Head.of(dOut, batch, head);
                Head dKeyRows = Head.of(dk, batch, head / group);
                Head dValueRows = Head.of(dv, batch, head / group);
                Head dRows = Head.of(dq, batch, head);
                for (int from = 0; from < queries; from += strip) {
                    int n = Math.min(strip, queries - from);
                    int seen = options.causal() ? keys - queries + from + n : keys;
                    long p = local.scratch(2L * strip * keys);
                    long dp = p + 4L * strip * keys;
                    local.multiply(n, seen, d, rows.from(from), packed.keysAcross, 0, p, seen, false);
                    local.multiply(n, seen, d, dOutRows.from(from), packed.valuesAcross, 0, dp, seen, false);
                    long sums = address(logSums) + 4L * ((batch * heads + head) * queries + from);
                    for (int i = 0; i < n; i++) {
                        long row = p + 4L * i * seen;
                        int visible = options.causal() ? keys - queries + from + i + 1 : keys;
                        float scale = addBias(options, batch, head, from + i, row, visible);
                        float delta = kernels.dot(dOutRows.row(from + i), outRows.row(from + i), d);
                        float logSum = get(sums + 4L * i);
                        if (logSum == Float.POSITIVE_INFINITY) {
                            kernels.fill(row, 0, seen);
                        } else {
                            kernels.exp(row, scale, logSum, row, hideFuture(row, visible, seen));
                        }
                        long dRow = dp + 4L * i * seen;
                        drop(options, batch * heads + head, queries, from + i, keys, dRow, visible);
                        kernels.attentionScoresBackward(row, dRow, delta, options.scale(), seen);
                        drop(options, batch * heads + head, queries, from + i, keys, row, visible);
                    }
                    Gemm.Matrix weights = new Gemm.Matrix(p, seen, 1);
                    Gemm.Matrix dScores = new Gemm.Matrix(dp, seen, 1);
                    local.multiply(seen, d, n, weights.transposed(), dOutRows.from(from), 0, dValueRows.row(0),
                            dValueRows.stride, true);
                    local.multiply(n, d, seen, dScores, packed.keys, 0, dRows.row(from), dRows.stride, true);
                    local.multiply(seen, d, n, dScores.transposed(), rows.from(from), 0, dKeyRows.row(0),
                            dKeyRows.stride,
                            true);
                }
            }
        });
    }

    void overPages(Attention options, int d, Tensor q, List<Engine.Pages> caches, int[] lengths, Tensor out) {
        int rows = q.length(0);
        int heads = q.length(1) / d;
        workers.run(rows * heads, index -> {
            int row = index / heads;
            int head = index % heads;
            Engine.Pages pages = caches.get(row);
            int kvHeads = pages.keys().getFirst().length(1) / d;
            long offset = 4L * (head / (heads / kvHeads)) * d;
            long query = address(q) + 4L * (row * heads + head) * d;
            int length = lengths[row];
            long scores = gemm.local().scratch(length);
            for (int at = 0; at < length; at++) {
                Tensor page = pages.keys().get(at / pages.pageLength());
                long key = address(page) + 4 * page.stride(0) * (at % pages.pageLength()) + offset;
                set(scores + 4L * at, kernels.dot(query, key, d));
            }
            float max = kernels.max(scores, length) * options.scale();
            float sum = kernels.exp(scores, options.scale(), max, scores, length);
            long to = address(out) + 4L * (row * heads + head) * d;
            kernels.fill(to, 0, d);
            for (int at = 0; at < length; at += pages.pageLength()) {
                Tensor page = pages.values().get(at / pages.pageLength());
                int n = Math.min(pages.pageLength(), length - at);
                products.multiplyRows(scores + 4L * at, 0, 1, 1, n, address(page) + offset, page.stride(0), to, 0, d);
            }
            kernels.affine(to, 1 / sum, 0, to, d, false);
        });
    }
}
