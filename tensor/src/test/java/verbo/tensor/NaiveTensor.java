// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Tensors as a textbook has them: double precision, one loop over the elements, a copy for every view. What the engine
 * computes is compared with this.
 */
record NaiveTensor(double[] values, int... lengths) {

    static NaiveTensor of(float[] values, int... lengths) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return new NaiveTensor(wide, lengths);
    }

    private static int size(int[] lengths) {
        int size = 1;
        for (int length : lengths) {
            size *= length;
        }
        return size;
    }

    private static NaiveTensor empty(int... lengths) {
        return new NaiveTensor(new double[size(lengths)], lengths);
    }

    int rank() {
        return lengths.length;
    }

    int length(int dimension) {
        return lengths[dimension < 0 ? dimension + rank() : dimension];
    }

    /** What element i's place is. */
    private int[] place(int i) {
        int[] place = new int[rank()];
        int rest = i;
        for (int d = rank() - 1; d >= 0; d--) {
            place[d] = rest % lengths[d];
            rest /= lengths[d];
        }
        return place;
    }

    /** Goes on to the next place in row order. */
    private static void next(int[] place, int[] lengths) {
        for (int d = place.length - 1; d >= 0 && ++place[d] == lengths[d]; d--) {
            place[d] = 0;
        }
    }

    /** The element at a place, whose dimensions are aligned at the end, repeated where this has length 1. */
    double at(int... place) {
        int index = 0;
        for (int d = 0; d < rank(); d++) {
            index = index * lengths[d] + (lengths[d] == 1 ? 0 : place[d + place.length - rank()]);
        }
        return values[index];
    }

    // ---- elementwise

    NaiveTensor map(DoubleUnaryOperator function) {
        double[] mapped = new double[values.length];
        for (int i = 0; i < mapped.length; i++) {
            mapped[i] = function.applyAsDouble(values[i]);
        }
        return new NaiveTensor(mapped, lengths);
    }

    NaiveTensor with(NaiveTensor other, DoubleBinaryOperator function) {
        int rank = Math.max(rank(), other.rank());
        int[] out = new int[rank];
        for (int d = 1; d <= rank; d++) {
            out[rank - d] = Math.max(d <= rank() ? length(-d) : 1, d <= other.rank() ? other.length(-d) : 1);
        }
        NaiveTensor result = empty(out);
        int[] place = new int[rank];
        for (int i = 0; i < result.values.length; i++) {
            result.values[i] = function.applyAsDouble(at(place), other.at(place));
            next(place, out);
        }
        return result;
    }

    NaiveTensor add(NaiveTensor other) {
        return with(other, Double::sum);
    }

    NaiveTensor subtract(NaiveTensor other) {
        return with(other, (x, y) -> x - y);
    }

    NaiveTensor multiply(NaiveTensor other) {
        return with(other, (x, y) -> x * y);
    }

    NaiveTensor divide(NaiveTensor other) {
        return with(other, (x, y) -> x / y);
    }

    NaiveTensor scaled(double factor) {
        return map(x -> factor * x);
    }

    // ---- views

    NaiveTensor reshape(int... to) {
        return new NaiveTensor(values, to);
    }

    NaiveTensor transpose(int first, int second) {
        int a = first < 0 ? first + rank() : first;
        int b = second < 0 ? second + rank() : second;
        int[] out = lengths.clone();
        out[a] = lengths[b];
        out[b] = lengths[a];
        NaiveTensor result = empty(out);
        for (int i = 0; i < values.length; i++) {
            int[] place = result.place(i);
            int swapped = place[a];
            place[a] = place[b];
            place[b] = swapped;
            result.values[i] = at(place);
        }
        return result;
    }

    NaiveTensor slice(int dimension, int from, int to) {
        int d = dimension < 0 ? dimension + rank() : dimension;
        int[] out = lengths.clone();
        out[d] = to - from;
        NaiveTensor result = empty(out);
        int inner = size(Arrays.copyOfRange(lengths, d + 1, rank()));
        for (int i = 0; i < result.values.length; i++) {
            int outer = i / (inner * out[d]);
            result.values[i] = values[outer * inner * lengths[d] + from * inner + i % (inner * out[d])];
        }
        return result;
    }

    NaiveTensor select(int dimension, int index) {
        int d = dimension < 0 ? dimension + rank() : dimension;
        int[] out = new int[rank() - 1];
        for (int i = 0, j = 0; i < rank(); i++) {
            if (i != d) {
                out[j++] = lengths[i];
            }
        }
        return slice(d, index, index + 1).reshape(out);
    }

    static NaiveTensor concat(int dimension, NaiveTensor... parts) {
        int[] out = parts[0].lengths.clone();
        out[dimension] = 0;
        for (NaiveTensor part : parts) {
            out[dimension] += part.lengths[dimension];
        }
        NaiveTensor result = empty(out);
        for (int i = 0; i < result.values.length; i++) {
            int[] place = result.place(i);
            int at = place[dimension];
            int p = 0;
            while (at >= parts[p].lengths[dimension]) {
                at -= parts[p++].lengths[dimension];
            }
            int index = 0;
            for (int d = 0; d < out.length; d++) {
                index = index * parts[p].lengths[d] + (d == dimension ? at : place[d]);
            }
            result.values[i] = parts[p].values[index];
        }
        return result;
    }

    // ---- reductions

    /** Folds a dimension, which stays with length 1. */
    NaiveTensor fold(int dimension, double start, DoubleBinaryOperator function) {
        int d = dimension < 0 ? dimension + rank() : dimension;
        int[] out = lengths.clone();
        out[d] = 1;
        NaiveTensor result = empty(out);
        Arrays.fill(result.values, start);
        int inner = size(Arrays.copyOfRange(lengths, d + 1, rank()));
        for (int i = 0; i < values.length; i++) {
            int at = i / (inner * lengths[d]) * inner + i % inner;
            result.values[at] = function.applyAsDouble(result.values[at], values[i]);
        }
        return result;
    }

    NaiveTensor sum(int dimension) {
        return fold(dimension, 0, Double::sum);
    }

    NaiveTensor mean(int dimension) {
        return sum(dimension).scaled(1.0 / length(dimension));
    }

    NaiveTensor max() {
        return fold(-1, Double.NEGATIVE_INFINITY, Math::max);
    }

    NaiveTensor sum() {
        return new NaiveTensor(new double[]{Arrays.stream(values).sum()});
    }

    NaiveTensor logSoftmax() {
        NaiveTensor centred = subtract(max());
        return centred.subtract(centred.map(Math::exp).sum(-1).map(Math::log));
    }

    NaiveTensor softmax() {
        return logSoftmax().map(Math::exp);
    }

    // ---- products

    NaiveTensor matmul(NaiveTensor other) {
        int m = length(-2);
        int k = length(-1);
        int n = other.length(-1);
        int rank = Math.max(rank(), other.rank());
        int[] out = new int[rank];
        for (int d = 3; d <= rank; d++) {
            out[rank - d] = Math.max(d <= rank() ? length(-d) : 1, d <= other.rank() ? other.length(-d) : 1);
        }
        out[rank - 2] = m;
        out[rank - 1] = n;
        NaiveTensor result = empty(out);
        int[] batch = Arrays.copyOf(out, rank - 2);
        int[] place = new int[rank - 2];
        for (int at = 0; at < result.values.length; at += m * n) {
            int a = matrix(place);
            int b = other.matrix(place);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int p = 0; p < k; p++) {
                        sum += values[a + i * k + p] * other.values[b + p * n + j];
                    }
                    result.values[at + i * n + j] = sum;
                }
            }
            next(place, batch);
        }
        return result;
    }

    /** Where the matrix of a batch starts. */
    private int matrix(int[] place) {
        int index = 0;
        for (int d = 0; d < rank() - 2; d++) {
            index = index * lengths[d] + (lengths[d] == 1 ? 0 : place[d + place.length - rank() + 2]);
        }
        return index * length(-2) * length(-1);
    }

    NaiveTensor embedding(int[] ids) {
        int width = length(1);
        NaiveTensor result = empty(ids.length, width);
        for (int i = 0; i < ids.length; i++) {
            System.arraycopy(values, ids[i] * width, result.values, i * width, width);
        }
        return result;
    }

    NaiveTensor layerNorm(NaiveTensor gain, NaiveTensor bias, double epsilon) {
        NaiveTensor centred = subtract(mean(-1));
        NaiveTensor variance = centred.map(x -> x * x).mean(-1);
        return centred.multiply(variance.map(v -> 1 / Math.sqrt(v + epsilon))).multiply(gain).add(bias);
    }

    NaiveTensor rmsNorm(NaiveTensor gain, double epsilon) {
        return multiply(map(x -> x * x).mean(-1).map(v -> 1 / Math.sqrt(v + epsilon))).multiply(gain);
    }

    /** Attention of queries [b, h, t, d] to keys and values [b, h or a divisor, s, d], with the whole matrix of scores. */
    NaiveTensor attention(NaiveTensor keys, NaiveTensor values, double scale, boolean causal,
            @Nullable NaiveTensor bias) {
        return attention(keys, values, scale, causal, bias, null);
    }

    /** With weights that are multiplied by what is kept of them, [b, h, t, s]. */
    NaiveTensor attention(NaiveTensor keys, NaiveTensor values, double scale, boolean causal,
            @Nullable NaiveTensor bias, @Nullable NaiveTensor kept) {
        NaiveTensor k = keys.repeated(length(1));
        NaiveTensor v = values.repeated(length(1));
        NaiveTensor scores = matmul(k.transpose(2, 3)).scaled(scale); // [b, h, t, s]
        if (bias != null) {
            scores = scores.add(bias);
        }
        if (causal) {
            int t = length(2);
            int s = k.length(2);
            NaiveTensor mask = empty(t, s);
            for (int i = 0; i < t; i++) {
                for (int j = s - t + i + 1; j < s; j++) {
                    mask.values[i * s + j] = Double.NEGATIVE_INFINITY;
                }
            }
            scores = scores.add(mask);
        }
        NaiveTensor weights = scores.softmax();
        return (kept == null ? weights : weights.multiply(kept)).matmul(v);
    }

    /** Each head of [b, h, s, d] as many times as it takes to be so many. */
    private NaiveTensor repeated(int heads) {
        int group = heads / length(1);
        NaiveTensor[] each = new NaiveTensor[heads];
        Arrays.setAll(each, h -> slice(1, h / group, h / group + 1));
        return concat(1, each);
    }

    /** The mean negative log-softmax at the targets that are not negative. */
    NaiveTensor crossEntropy(int[] targets) {
        NaiveTensor logs = logSoftmax();
        int classes = length(-1);
        double sum = 0;
        int count = 0;
        for (int i = 0; i < targets.length; i++) {
            if (targets[i] >= 0) {
                sum -= logs.values[i * classes + targets[i]];
                count++;
            }
        }
        return new NaiveTensor(new double[]{sum / count});
    }
}
