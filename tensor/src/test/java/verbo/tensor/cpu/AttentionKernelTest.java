// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import verbo.tensor.Attention;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

/** Attention, forward, backward and over pages, against the definition in double precision with the whole matrix of scores. */
class AttentionKernelTest {
    private static final CpuEngine ENGINE = new CpuEngine(2);

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    /** One head's results and gradients; rows of d. */
    private static final class Exact {
        final double[][] out;
        final double[] logSums;
        final double[][] dq;
        final double[][] dk;
        final double[][] dv;

        Exact(float[][] q, float[][] k, float[][] v, float[][] dOut, double scale, boolean causal) {
            int d = q[0].length;
            out = new double[q.length][d];
            logSums = new double[q.length];
            dq = new double[q.length][d];
            dk = new double[k.length][d];
            dv = new double[k.length][d];
            for (int i = 0; i < q.length; i++) {
                int seen = causal ? k.length - q.length + i + 1 : k.length;
                double[] scores = new double[seen];
                double[] dp = new double[seen];
                double max = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < seen; j++) {
                    for (int c = 0; c < d; c++) {
                        scores[j] += scale * q[i][c] * k[j][c];
                        dp[j] += (double) dOut[i][c] * v[j][c];
                    }
                    max = Math.max(max, scores[j]);
                }
                double sum = 0;
                for (int j = 0; j < seen; j++) {
                    sum += Math.exp(scores[j] - max);
                }
                logSums[i] = max + Math.log(sum);
                double delta = 0;
                for (int j = 0; j < seen; j++) {
                    delta += Math.exp(scores[j] - logSums[i]) * dp[j];
                }
                for (int j = 0; j < seen; j++) {
                    double p = Math.exp(scores[j] - logSums[i]);
                    double ds = scale * p * (dp[j] - delta);
                    for (int c = 0; c < d; c++) {
                        out[i][c] += p * v[j][c];
                        dv[j][c] += p * dOut[i][c];
                        dq[i][c] += ds * k[j][c];
                        dk[j][c] += ds * q[i][c];
                    }
                }
            }
        }
    }

    private static float[][] rows(Tensor x, int batch, int head) {
        Tensor one = x.select(0, batch).select(0, head); // [rows, d]
        float[] values = one.toFloats();
        int d = one.length(1);
        float[][] rows = new float[one.length(0)][];
        Arrays.setAll(rows, i -> Arrays.copyOfRange(values, i * d, (i + 1) * d));
        return rows;
    }

    private static void checkRows(String name, float[][] actual, double[][] exact) {
        for (int i = 0; i < exact.length; i++) {
            for (int j = 0; j < exact[i].length; j++) {
                if (!(Math.abs(actual[i][j] - exact[i][j]) <= 1e-5 * Math.abs(exact[i][j]) + 1e-5)) {
                    fail("%s [%d, %d] is %s, not %s", name, i, j, actual[i][j], exact[i][j]);
                }
            }
        }
    }

    private static void check(int batch, int heads, int group, int queries, int keys, int d, boolean causal) {
        int kvHeads = heads / group;
        String name = (causal ? "causal " : "full ")
                + Arrays.toString(new int[]{batch, heads, kvHeads, queries, keys, d});
        Attention options = causal ? Attention.causal(d) : Attention.full(d);
        try (Scope scope = Scope.open(ENGINE)) {
            // as a layer has them: heads beside each other in a row, and something else in the rows too
            Tensor q = scope.normal(0, 1, 1, batch, queries, heads + 1, d).slice(2, 1, heads + 1).transpose(1, 2);
            Tensor k = scope.normal(0, 1, 2, batch, keys, kvHeads, d).transpose(1, 2);
            Tensor v = scope.normal(0, 1, 3, batch, kvHeads, keys, d);
            Tensor dOut = scope.normal(0, 1, 4, batch, heads, queries, d);
            Tensor out = scope.empty(DType.F32, batch, queries, heads, d).transpose(1, 2);
            Tensor logSums = scope.empty(DType.F32, batch, heads, queries);
            Tensor dq = scope.zeros(batch, queries, heads, d).transpose(1, 2);
            Tensor dk = scope.zeros(batch, kvHeads, keys, d);
            Tensor dv = scope.zeros(batch, keys, kvHeads + 2, d).slice(2, 1, kvHeads + 1).transpose(1, 2);
            ENGINE.attention(options, q, k, v, out, logSums);
            ENGINE.attentionBackward(options, q, k, v, out, logSums, dOut, dq, dk, dv);
            for (int b = 0; b < batch; b++) {
                for (int kv = 0; kv < kvHeads; kv++) {
                    double[][] dKeys = new double[keys][d];
                    double[][] dValues = new double[keys][d];
                    for (int h = kv * group; h < (kv + 1) * group; h++) {
                        Exact exact = new Exact(rows(q, b, h), rows(k, b, kv), rows(v, b, kv), rows(dOut, b, h),
                                options.scale(), causal);
                        checkRows(name + " out", rows(out, b, h), exact.out);
                        checkRows(name + " dq", rows(dq, b, h), exact.dq);
                        checkRows(name + " log sums", new float[][]{logSums.select(0, b).select(0, h).toFloats()},
                                new double[][]{exact.logSums});
                        for (int i = 0; i < keys; i++) {
                            for (int j = 0; j < d; j++) {
                                dKeys[i][j] += exact.dk[i][j];
                                dValues[i][j] += exact.dv[i][j];
                            }
                        }
                    }
                    checkRows(name + " dk", rows(dk, b, kv), dKeys);
                    checkRows(name + " dv", rows(dv, b, kv), dValues);
                }
            }
        }
    }

    @Test
    void forwardAndBackward() {
        for (boolean causal : new boolean[]{false, true}) {
            check(1, 1, 1, 1, 1, 1, causal);
            check(2, 3, 1, 5, 5, 4, causal);
            check(1, 4, 2, 3, 7, 5, causal);
            check(1, 1, 1, 1, 31, 16, causal);
            check(2, 6, 3, 13, 17, 16, causal);
            check(1, 2, 1, 64, 64, 32, causal);
            check(1, 2, 2, 65, 65, 33, causal);
            check(1, 1, 1, 131, 257, 9, causal);
            check(1, 1, 1, 37, 4099, 3, causal); // so many keys that a strip is short
        }
        check(1, 2, 1, 9, 4, 5, false);
    }

    @Test
    void gradientsAreAdded() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.normal(0, 1, 1, 1, 2, 5, 3);
            Tensor out = scope.empty(DType.F32, 1, 2, 5, 3);
            Tensor logSums = scope.empty(DType.F32, 1, 2, 5);
            Attention options = Attention.causal(3);
            ENGINE.attention(options, x, x, x, out, logSums);
            Tensor once = scope.zeros(1, 2, 5, 3);
            Tensor twice = scope.zeros(1, 2, 5, 3);
            Tensor unused = scope.zeros(1, 2, 5, 3);
            ENGINE.attentionBackward(options, x, x, x, out, logSums, x, once, unused, unused);
            ENGINE.attentionBackward(options, x, x, x, out, logSums, x, twice, unused, unused);
            ENGINE.attentionBackward(options, x, x, x, out, logSums, x, twice, unused, unused);
            float[] a = once.toFloats();
            float[] b = twice.toFloats();
            for (int i = 0; i < a.length; i++) {
                assertThat(b[i]).isCloseTo(2 * a[i], within(1e-6f));
            }
        }
    }

    @Test
    void overPages() {
        int[][] shapes = {{1, 1, 1, 1}, {3, 2, 4, 1}, {4, 6, 5, 3}, {16, 4, 32, 2}, {7, 4, 33, 4}};
        for (int[] shape : shapes) {
            int pageLength = shape[0];
            int heads = shape[1];
            int d = shape[2];
            int group = shape[3];
            int kvHeads = heads / Math.min(group, heads);
            int[] lengths = {1, pageLength, 2 * pageLength + 1, 3 * pageLength};
            try (Scope scope = Scope.open(ENGINE)) {
                Tensor q = scope.normal(0, 1, 1, lengths.length, heads * d);
                Tensor out = scope.empty(DType.F32, lengths.length, heads * d);
                List<Engine.Pages> caches = new ArrayList<>();
                for (int row = 0; row < lengths.length; row++) {
                    List<Tensor> keys = new ArrayList<>();
                    List<Tensor> values = new ArrayList<>();
                    for (int page = 0; page < 3; page++) {
                        keys.add(scope.normal(0, 1, 10 * row + page, pageLength, kvHeads * d));
                        values.add(scope.normal(0, 1, 100 + 10 * row + page, pageLength, 2 * kvHeads * d).slice(1,
                                kvHeads * d,
                                2 * kvHeads * d));
                    }
                    caches.add(new Engine.Pages(keys, values, pageLength));
                }
                Attention options = Attention.causal(d);
                ENGINE.attentionOverPages(options, d, q, caches, lengths, out);
                for (int row = 0; row < lengths.length; row++) {
                    Tensor keys = Tensor.concat(0, caches.get(row).keys().toArray(new Tensor[0])).slice(0, 0,
                            lengths[row]);
                    Tensor values = Tensor.concat(0, caches.get(row).values().toArray(new Tensor[0])).slice(0, 0,
                            lengths[row]);
                    for (int h = 0; h < heads; h++) {
                        int kv = h / (heads / kvHeads);
                        float[][] query = rows(
                                q.reshape(1, 1, lengths.length, heads * d).slice(2, row, row + 1).slice(3, h * d,
                                        (h + 1) * d),
                                0, 0);
                        Exact exact = new Exact(query,
                                rows(keys.slice(1, kv * d, (kv + 1) * d).reshape(1, 1, lengths[row], d), 0, 0),
                                rows(values.slice(1, kv * d, (kv + 1) * d).reshape(1, 1, lengths[row], d), 0, 0), query,
                                options.scale(), false);
                        checkRows("pages of " + pageLength + ", row " + row + ", head " + h,
                                new float[][]{out.select(0, row).slice(0, h * d, (h + 1) * d).toFloats()}, exact.out);
                    }
                }
            }
        }
    }
}
