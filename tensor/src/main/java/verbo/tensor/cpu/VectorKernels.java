// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import verbo.tensor.Binary;
import verbo.tensor.Engine;
import verbo.tensor.Unary;

import static verbo.tensor.cpu.Memory.ALL;
import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.set;
import static verbo.tensor.cpu.Vectors.I;
import static verbo.tensor.cpu.Vectors.L;
import static verbo.tensor.cpu.Vectors.ORDER;
import static verbo.tensor.cpu.Vectors.S;
import static verbo.tensor.cpu.Vectors.W;
import static verbo.tensor.cpu.Vectors.all;
import static verbo.tensor.cpu.Vectors.body;
import static verbo.tensor.cpu.Vectors.load;
import static verbo.tensor.cpu.Vectors.store;
import static verbo.tensor.cpu.Vectors.sumLanes;

/** Kernels on the Vector API. Each loop has a body of whole vectors and a scalar tail. */
final class VectorKernels implements Kernels {

    @Override
    public String description() {
        return "Vector API, " + S.vectorBitSize() + "-bit vectors, GEMM kernel of " + VectorProductKernels.MR + " x "
                + VectorProductKernels.NR;
    }

    @Override
    public long multiplyAdds(int rounds) {
        FloatVector x = all(1e-3f);
        FloatVector y = all(1e-3f);
        FloatVector a = y;
        FloatVector b = y;
        FloatVector c = y;
        FloatVector d = y;
        FloatVector e = y;
        FloatVector f = y;
        FloatVector g = y;
        FloatVector h = y;
        FloatVector i = y;
        FloatVector j = y;
        for (int k = 0; k < rounds; k++) {
            a = x.fma(y, a);
            b = x.fma(y, b);
            c = x.fma(y, c);
            d = x.fma(y, d);
            e = x.fma(y, e);
            f = x.fma(y, f);
            g = x.fma(y, g);
            h = x.fma(y, h);
            i = x.fma(y, i);
            j = x.fma(y, j);
        }
        float sum = sumLanes(a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j));
        return sum == 0 ? 0 : 20L * L * rounds; // never 0: keeps the sum from being optimised away
    }

    // ---- elementwise

    @Override
    public void fill(long out, float value, long n) {
        FloatVector v = all(value);
        long end = body(out, n);
        long p = out;
        for (; p < end; p += W) {
            store(v, p);
        }
        for (end = out + 4 * n; p < end; p += 4) {
            set(p, value);
        }
    }

    @Override
    public void add(long from, long to, long n) {
        long d = to - from;
        long end = body(from, n);
        long p = from;
        for (; p < end; p += W) {
            store(load(p + d).add(load(p)), p + d);
        }
        for (end = from + 4 * n; p < end; p += 4) {
            set(p + d, get(p + d) + get(p));
        }
    }

    // Each loop is a method of its own, however alike they are. With one loop that is handed its function, the JIT, once it has
    // seen three of them, calls through the interface and makes an object of every vector (3 to 6 times slower); a method with
    // several loops loses the later ones in the same way (10 to 20 times).

    @Override
    public void unary(Unary op, long x, long out, long n) {
        long d = out - x;
        long end = body(x, n);
        switch (op) {
            case EXP -> unaryExp(x, d, end);
            case TANH -> unaryTanh(x, d, end);
            case SIGMOID -> unarySigmoid(x, d, end);
            case RELU -> unaryRelu(x, d, end);
            case GELU -> unaryGelu(x, d, end);
            case GELU_TANH -> unaryGeluTanh(x, d, end);
            case SILU -> unarySilu(x, d, end);
            case SQUARE -> unarySquare(x, d, end);
            case SQRT -> unarySqrt(x, d, end);
            case LOG -> end = x;
        }
        ScalarKernels.INSTANCE.unary(op, end, end + d, n - (end - x) / 4);
    }

    private static void unaryExp(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            store(VectorMath.exp(load(p)), p + d);
        }
    }

    private static void unaryTanh(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            store(VectorMath.tanh(load(p)), p + d);
        }
    }

    private static void unarySigmoid(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            store(VectorMath.sigmoid(load(p)), p + d);
        }
    }

    private static void unaryRelu(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            FloatVector v = load(p);
            store(v.blend(0, v.compare(VectorOperators.LT, 0)), p + d);
        }
    }

    private static void unaryGelu(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            FloatVector v = load(p);
            store(v.mul(VectorMath.normalCumulative(v)), p + d);
        }
    }

    private static void unaryGeluTanh(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            store(VectorMath.geluTanh(load(p)), p + d);
        }
    }

    private static void unarySilu(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            FloatVector v = load(p);
            store(v.mul(VectorMath.sigmoid(v)), p + d);
        }
    }

    private static void unarySquare(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            FloatVector v = load(p);
            store(v.mul(v), p + d);
        }
    }

    private static void unarySqrt(long x, long d, long end) {
        for (long p = x; p < end; p += W) {
            store(load(p).sqrt(), p + d);
        }
    }

    @Override
    public void unaryBackward(Unary op, long x, long out, long dOut, long dx, long n, boolean accumulate) {
        long done = n / L * W;
        switch (op) {
            case EXP -> backwardExp(out, dOut - out, dx - out, out + done, accumulate);
            case SQRT -> backwardSqrt(out, dOut - out, dx - out, out + done, accumulate);
            case SQUARE -> backwardSquare(x, dOut - x, dx - x, x + done, accumulate);
            case LOG -> backwardLog(x, dOut - x, dx - x, x + done, accumulate);
            case TANH -> backwardTanh(out, dOut - out, dx - out, out + done, accumulate);
            case SIGMOID -> backwardSigmoid(out, dOut - out, dx - out, out + done, accumulate);
            case RELU -> backwardRelu(x, dOut - x, dx - x, x + done, accumulate);
            case GELU -> backwardGelu(x, dOut - x, dx - x, x + done, accumulate);
            case GELU_TANH -> backwardGeluTanh(x, dOut - x, dx - x, x + done, accumulate);
            case SILU -> backwardSilu(x, dOut - x, dx - x, x + done, accumulate);
        }
        ScalarKernels.INSTANCE.unaryBackward(op, x + done, out + done, dOut + done, dx + done, n % L, accumulate);
    }

    private static void backwardExp(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).mul(load(p)), p + d, accumulate);
        }
    }

    private static void backwardSqrt(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).mul(all(0.5f).div(load(p))), p + d, accumulate);
        }
    }

    private static void backwardSquare(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            FloatVector v = load(p);
            store(load(p + g).mul(v.add(v)), p + d, accumulate);
        }
    }

    private static void backwardLog(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).mul(all(1).div(load(p))), p + d, accumulate);
        }
    }

    private static void backwardTanh(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            FloatVector v = load(p);
            store(load(p + g).mul(all(1).sub(v.mul(v))), p + d, accumulate);
        }
    }

    private static void backwardSigmoid(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            FloatVector v = load(p);
            store(load(p + g).mul(v.sub(v.mul(v))), p + d, accumulate);
        }
    }

    private static void backwardRelu(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).blend(0, load(p).compare(VectorOperators.LE, 0)), p + d, accumulate);
        }
    }

    private static void backwardGelu(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).mul(VectorMath.geluSlope(load(p))), p + d, accumulate);
        }
    }

    private static void backwardGeluTanh(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).mul(VectorMath.geluTanhSlope(load(p))), p + d, accumulate);
        }
    }

    private static void backwardSilu(long from, long g, long d, long end, boolean accumulate) {
        for (long p = from; p < end; p += W) {
            store(load(p + g).mul(VectorMath.siluSlope(load(p))), p + d, accumulate);
        }
    }

    @Override
    public void binary(Binary op, long a, int aStep, long b, int bStep, long out, long n) {
        long whole = n / L * L;
        if (aStep == 0) {
            binaryLeft(op, get(a), b, out, whole);
        } else if (bStep == 0) {
            binaryRight(op, a, get(b), out, whole);
        } else {
            binaryBoth(op, a, b, out, whole);
        }
        ScalarKernels.INSTANCE.binary(op, a + 4L * aStep * whole, aStep, b + 4L * bStep * whole, bStep, out + 4 * whole,
                n - whole);
    }

    private static void binaryBoth(Binary op, long a, long b, long out, long n) {
        long end = a + 4 * n;
        switch (op) {
            case ADD -> add(a, b - a, out - a, end);
            case SUBTRACT -> sub(a, b - a, out - a, end);
            case MULTIPLY -> mul(a, b - a, out - a, end);
            case DIVIDE -> div(a, b - a, out - a, end);
        }
    }

    private static void binaryRight(Binary op, long a, float right, long out, long n) {
        long end = a + 4 * n;
        switch (op) {
            case ADD -> add(a, all(right), out - a, end);
            case SUBTRACT -> sub(a, all(right), out - a, end);
            case MULTIPLY -> mul(a, all(right), out - a, end);
            case DIVIDE -> div(a, all(right), out - a, end);
        }
    }

    private static void binaryLeft(Binary op, float left, long b, long out, long n) {
        long end = b + 4 * n;
        switch (op) {
            case ADD, MULTIPLY -> binaryRight(op, b, left, out, n);
            case SUBTRACT -> sub(all(left), b, out - b, end);
            case DIVIDE -> div(all(left), b, out - b, end);
        }
    }

    private static void add(long a, long b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).add(load(p + b)), p + d);
        }
    }

    private static void sub(long a, long b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).sub(load(p + b)), p + d);
        }
    }

    private static void mul(long a, long b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).mul(load(p + b)), p + d);
        }
    }

    private static void div(long a, long b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).div(load(p + b)), p + d);
        }
    }

    private static void add(long a, FloatVector b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).add(b), p + d);
        }
    }

    private static void sub(long a, FloatVector b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).sub(b), p + d);
        }
    }

    private static void mul(long a, FloatVector b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).mul(b), p + d);
        }
    }

    private static void div(long a, FloatVector b, long d, long end) {
        for (long p = a; p < end; p += W) {
            store(load(p).div(b), p + d);
        }
    }

    private static void sub(FloatVector a, long b, long d, long end) {
        for (long p = b; p < end; p += W) {
            store(a.sub(load(p)), p + d);
        }
    }

    private static void div(FloatVector a, long b, long d, long end) {
        for (long p = b; p < end; p += W) {
            store(a.div(load(p)), p + d);
        }
    }

    @Override
    public void affine(long x, float scale, float shift, long out, long n, boolean accumulate) {
        long d = out - x;
        long end = body(x, n);
        FloatVector factor = all(scale);
        FloatVector added = all(shift);
        long p = x;
        if (accumulate) {
            for (; p < end; p += W) {
                store(load(p).fma(factor, added.add(load(p + d))), p + d);
            }
        } else {
            for (; p < end; p += W) {
                store(load(p).fma(factor, added), p + d);
            }
        }
        ScalarKernels.INSTANCE.affine(p, scale, shift, p + d, n % L, accumulate);
    }

    @Override
    public void dropout(long x, float probability, long seed, long first, long out, long n, boolean accumulate) {
        long key = Draws.key(seed);
        IntVector high = IntVector.broadcast(I, (int) (key >>> 32));
        float scale = 1 / (1 - probability);
        int threshold = Draws.threshold(probability);
        long i = 0;
        for (; i + L <= n; i += L) {
            if (first + i >>> 32 != first + i + L - 1 >>> 32) { // a vector across a border of 2^32 draws
                ScalarKernels.INSTANCE.dropout(x + 4 * i, probability, seed, first + i, out + 4 * i, L, accumulate);
                continue;
            }
            IntVector low = IntVector.broadcast(I, Draws.lowKey(key, first + i));
            IntVector bits = IntVector.broadcast(I, (int) (first + i)).addIndex(1).lanewise(VectorOperators.XOR, low);
            bits = mix(mix(bits).lanewise(VectorOperators.XOR, high)).lanewise(VectorOperators.LSHR, 8);
            VectorMask<Float> dropped = bits.compare(VectorOperators.LT, threshold).cast(S);
            FloatVector r = load(x + 4 * i).mul(scale).blend(0, dropped);
            store(r, out + 4 * i, accumulate);
        }
        ScalarKernels.INSTANCE.dropout(x + 4 * i, probability, seed, first + i, out + 4 * i, n - i, accumulate);
    }

    private static IntVector mix(IntVector x) {
        IntVector y = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 16)).mul(Draws.MULTIPLIER_1);
        y = y.lanewise(VectorOperators.XOR, y.lanewise(VectorOperators.LSHR, 15)).mul(Draws.MULTIPLIER_2);
        return y.lanewise(VectorOperators.XOR, y.lanewise(VectorOperators.LSHR, 16));
    }

    // ---- reductions: four accumulators, since one would wait four cycles for each addition

    @Override
    public float sum(long x, long n) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        long p = x;
        for (long end = x + n / (4L * L) * (4 * W); p < end; p += 4 * W) {
            a = a.add(load(p));
            b = b.add(load(p + W));
            c = c.add(load(p + 2 * W));
            d = d.add(load(p + 3 * W));
        }
        for (long end = body(x, n); p < end; p += W) {
            a = a.add(load(p));
        }
        float sum = sumLanes(a.add(b).add(c.add(d)));
        for (long end = x + 4 * n; p < end; p += 4) {
            sum += get(p);
        }
        return sum;
    }

    @Override
    public double sumOfSquares(long x, long n) {
        double squares = dot(x, x, n); // called on pieces small enough for float
        return Double.isFinite(squares) ? squares : ScalarKernels.INSTANCE.sumOfSquares(x, n); // of more than its range
    }

    @Override
    public float dot(long x, long y, long n) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        long o = y - x;
        long p = x;
        for (long end = x + n / (4L * L) * (4 * W); p < end; p += 4 * W) {
            a = load(p).fma(load(p + o), a);
            b = load(p + W).fma(load(p + o + W), b);
            c = load(p + 2 * W).fma(load(p + o + 2 * W), c);
            d = load(p + 3 * W).fma(load(p + o + 3 * W), d);
        }
        for (long end = body(x, n); p < end; p += W) {
            a = load(p).fma(load(p + o), a);
        }
        float sum = sumLanes(a.add(b).add(c.add(d)));
        for (long end = x + 4 * n; p < end; p += 4) {
            sum = Math.fma(get(p), get(p + o), sum);
        }
        return sum;
    }

    @Override
    public float max(long x, long n) {
        float max = Float.NEGATIVE_INFINITY;
        long p = x;
        long end = body(x, n);
        if (p < end) {
            FloatVector a = load(p);
            FloatVector b = a;
            for (p += W; p + W < end; p += 2 * W) {
                a = a.max(load(p));
                b = b.max(load(p + W));
            }
            for (; p < end; p += W) {
                a = a.max(load(p));
            }
            max = a.max(b).reduceLanes(VectorOperators.MAX);
        }
        for (end = x + 4 * n; p < end; p += 4) {
            max = Math.max(max, get(p));
        }
        return max;
    }

    @Override
    public void addScaled(float factor, long x, long y, long n) {
        affine(x, factor, 0, y, n, true);
    }

    @Override
    public void sumRows(long x, long rows, long stride, float scale, long out, long n) {
        long j = 0;
        FloatVector factor = all(scale);
        for (; j + 4L * L <= n; j += 4L * L) {
            FloatVector a = FloatVector.zero(S);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            long p = x + 4 * j;
            for (long i = 0; i < rows; i++, p += 4 * stride) {
                a = a.add(load(p));
                b = b.add(load(p + W));
                c = c.add(load(p + 2 * W));
                d = d.add(load(p + 3 * W));
            }
            long o = out + 4 * j;
            store(a.fma(factor, load(o)), o);
            store(b.fma(factor, load(o + W)), o + W);
            store(c.fma(factor, load(o + 2 * W)), o + 2 * W);
            store(d.fma(factor, load(o + 3 * W)), o + 3 * W);
        }
        for (; j + L <= n; j += L) {
            FloatVector a = FloatVector.zero(S);
            long p = x + 4 * j;
            for (long i = 0; i < rows; i++, p += 4 * stride) {
                a = a.add(load(p));
            }
            store(a.fma(factor, load(out + 4 * j)), out + 4 * j);
        }
        ScalarKernels.INSTANCE.sumRows(x + 4 * j, rows, stride, scale, out + 4 * j, n - j);
    }

    // ---- rows

    /** A row is written while the next one is summed up: otherwise memory waits for the one and the processor for the other. */
    @Override
    public void layerNorm(long x, long gain, long bias, float epsilon, long out, long statistics, int n, long rows) {
        float sum = sumRow(x, n);
        for (long row = 0; row < rows; row++) {
            long from = x + 4L * n * row;
            float mean = sum / n;
            float scale = (float) (1 / Math.sqrt(squares(from, mean, n) / n + epsilon));
            set(statistics + 8 * row, mean);
            set(statistics + 8 * row + 4, scale);
            sum = normalize(from, gain, bias, mean, scale, out + 4L * n * row, row + 1 < rows ? from + 4L * n : from,
                    n);
        }
    }

    /** In the order in which {@link #normalize} does it. */
    private static float sumRow(long x, int n) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        long p = x;
        for (long end = x + n / (2L * L) * (2 * W); p < end; p += 2 * W) {
            a = a.add(load(p));
            b = b.add(load(p + W));
        }
        float sum = sumLanes(a.add(b));
        for (long end = x + 4L * n; p < end; p += 4) {
            sum += get(p);
        }
        return sum;
    }

    private static float squares(long x, float mean, int n) {
        FloatVector m = all(mean);
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        long p = x;
        for (long end = x + n / (2L * L) * (2 * W); p < end; p += 2 * W) {
            FloatVector u = load(p).sub(m);
            FloatVector v = load(p + W).sub(m);
            a = u.fma(u, a);
            b = v.fma(v, b);
        }
        float squares = sumLanes(a.add(b));
        for (long end = x + 4L * n; p < end; p += 4) {
            float u = get(p) - mean;
            squares += u * u;
        }
        return squares;
    }

    /** Writes a row and gives the sum of another. */
    private static float normalize(long x, long gain, long bias, float mean, float scale, long out, long other, int n) {
        FloatVector m = all(mean);
        FloatVector s = all(scale);
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        long i = 0;
        for (long end = n / (2L * L) * (2 * W); i < end; i += 2 * W) {
            a = a.add(load(other + i));
            b = b.add(load(other + i + W));
            store(load(x + i).sub(m).mul(s).fma(load(gain + i), load(bias + i)), out + i);
            store(load(x + i + W).sub(m).mul(s).fma(load(gain + i + W), load(bias + i + W)), out + i + W);
        }
        float sum = sumLanes(a.add(b));
        for (long end = 4L * n; i < end; i += 4) {
            sum += get(other + i);
            set(out + i, (get(x + i) - mean) * scale * get(gain + i) + get(bias + i));
        }
        return sum;
    }

    @Override
    public void layerNormBackward(long x, long gain, long statistics, long dOut, long dx, long dGain, long dBias, int n,
            boolean accumulate) {
        float mean = get(statistics);
        float scale = get(statistics + 4);
        FloatVector m = all(mean);
        FloatVector s = all(scale);
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector d = load(dOut + i);
            FloatVector u = load(x + i).sub(m).mul(s);
            store(u.fma(d, load(dGain + i)), dGain + i);
            store(load(dBias + i).add(d), dBias + i);
            FloatVector g = d.mul(load(gain + i));
            a = a.add(g);
            b = g.fma(u, b);
        }
        float sum = sumLanes(a);
        float product = sumLanes(b);
        for (long last = 4L * n; i < last; i += 4) {
            float d = get(dOut + i);
            float u = (get(x + i) - mean) * scale;
            set(dGain + i, get(dGain + i) + u * d);
            set(dBias + i, get(dBias + i) + d);
            float g = d * get(gain + i);
            sum += g;
            product += g * u;
        }
        layerNormBackwardInput(x, gain, mean, scale, dOut, dx, sum / n, product / n, n, accumulate);
    }

    /** Without the methods that are short for the vectors' own: after the loop before they are more than the JIT inlines. */
    private static void layerNormBackwardInput(long x, long gain, float mean, float scale, long dOut, long dx,
            float meanGradient, float meanProduct, int n, boolean accumulate) {
        FloatVector m = all(mean);
        FloatVector s = all(scale);
        FloatVector mg = all(meanGradient);
        FloatVector mp = all(-meanProduct);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector g = FloatVector.fromMemorySegment(S, ALL, dOut + i, ORDER)
                    .mul(FloatVector.fromMemorySegment(S, ALL, gain + i, ORDER)).sub(mg);
            FloatVector r = FloatVector.fromMemorySegment(S, ALL, x + i, ORDER).sub(m).mul(s).fma(mp, g).mul(s);
            if (accumulate) {
                r = FloatVector.fromMemorySegment(S, ALL, dx + i, ORDER).add(r);
            }
            r.intoMemorySegment(ALL, dx + i, ORDER);
        }
        for (long last = 4L * n; i < last; i += 4) {
            float g = get(dOut + i) * get(gain + i);
            float r = scale * (g - meanGradient - (get(x + i) - mean) * scale * meanProduct);
            set(dx + i, accumulate ? get(dx + i) + r : r);
        }
    }

    @Override
    public void layerNormBackwardWeights(long x, float mean, float scale, long dOut, long dGain, long dBias, int n) {
        FloatVector m = all(mean);
        FloatVector s = all(scale);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector g = load(dOut + i);
            store(load(x + i).sub(m).mul(s).fma(g, load(dGain + i)), dGain + i);
            if (dBias != 0) {
                store(load(dBias + i).add(g), dBias + i);
            }
        }
        for (long end = 4L * n; i < end; i += 4) {
            float g = get(dOut + i);
            set(dGain + i, get(dGain + i) + (get(x + i) - mean) * scale * g);
            if (dBias != 0) {
                set(dBias + i, get(dBias + i) + g);
            }
        }
    }

    @Override
    public void rmsNorm(long x, long gain, float epsilon, long out, long statistics, int n) {
        float scale = (float) (1 / Math.sqrt(dot(x, x, n) / n + epsilon));
        set(statistics, scale);
        FloatVector s = all(scale);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            store(load(x + i).mul(s).mul(load(gain + i)), out + i);
        }
        for (long end = 4L * n; i < end; i += 4) {
            set(out + i, get(x + i) * scale * get(gain + i));
        }
    }

    @Override
    public void rmsNormBackward(long x, long gain, float scale, long dOut, long dx, int n, boolean accumulate) {
        FloatVector s = all(scale);
        FloatVector b = FloatVector.zero(S);
        long i = 0;
        long end = n / L * W;
        for (; i < end; i += W) {
            b = load(dOut + i).mul(load(gain + i)).fma(load(x + i).mul(s), b);
        }
        float product = sumLanes(b);
        for (long last = 4L * n; i < last; i += 4) {
            product += get(dOut + i) * get(gain + i) * get(x + i) * scale;
        }
        float meanProduct = product / n;
        FloatVector mp = all(-meanProduct);
        for (i = 0; i < end; i += W) {
            FloatVector r = load(x + i).mul(s).fma(mp, load(dOut + i).mul(load(gain + i))).mul(s);
            store(r, dx + i, accumulate);
        }
        for (long last = 4L * n; i < last; i += 4) {
            float r = scale * (get(dOut + i) * get(gain + i) - get(x + i) * scale * meanProduct);
            set(dx + i, accumulate ? get(dx + i) + r : r);
        }
    }

    @Override
    public float exp(long x, float scale, float shift, long out, int n) {
        FloatVector factor = all(scale);
        FloatVector minus = all(-shift);
        FloatVector sums = FloatVector.zero(S);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector e = VectorMath.expOfSmall(load(x + i).fma(factor, minus));
            store(e, out + i);
            sums = sums.add(e);
        }
        return sumLanes(sums) + ScalarKernels.INSTANCE.exp(x + i, scale, shift, out + i, n % L);
    }

    @Override
    public float expAndMax(long x, float shift, long out, long other, int n) {
        FloatVector minus = all(shift);
        FloatVector a = all(Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector next = a.max(load(other + i)); // two maxima by turns: one would wait for itself
            a = b;
            b = next;
            store(VectorMath.expOfSmall(load(x + i).sub(minus)), out + i);
        }
        float max = a.max(b).reduceLanes(VectorOperators.MAX);
        return Math.max(max, ScalarKernels.INSTANCE.expAndMax(x + i, shift, out + i, other + i, n % L));
    }

    @Override
    public void softmaxBackward(long out, long dOut, float dot, long dx, int n, boolean accumulate) {
        FloatVector d = all(dot);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector r = load(out + i).mul(load(dOut + i).sub(d));
            store(r, dx + i, accumulate);
        }
        ScalarKernels.INSTANCE.softmaxBackward(out + i, dOut + i, dot, dx + i, n % L, accumulate);
    }

    @Override
    public void logSoftmaxBackward(long out, long dOut, float sum, long dx, int n, boolean accumulate) {
        FloatVector minus = all(-sum);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector r = VectorMath.exp(load(out + i)).fma(minus, load(dOut + i));
            store(r, dx + i, accumulate);
        }
        ScalarKernels.INSTANCE.logSoftmaxBackward(out + i, dOut + i, sum, dx + i, n % L, accumulate);
    }

    @Override
    public void attentionScoresBackward(long p, long dp, float delta, float scale, int n) {
        FloatVector d = all(delta);
        FloatVector s = all(scale);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            store(load(p + i).mul(load(dp + i).sub(d)).mul(s), dp + i);
        }
        ScalarKernels.INSTANCE.attentionScoresBackward(p + i, dp + i, delta, scale, n % L);
    }

    // ---- updates

    @Override
    public void adamW(long parameter, long gradient, long mean, long variance, Engine.AdamW step, long n) {
        FloatVector scale = all(step.gradientScale());
        FloatVector beta1 = all(step.beta1());
        FloatVector beta2 = all(step.beta2());
        FloatVector rest1 = all(1 - step.beta1());
        FloatVector rest2 = all(1 - step.beta2());
        FloatVector keep = all(1 - step.rate() * step.decay());
        double correction2 = 1 - Math.pow(step.beta2(), (double) step.step());
        FloatVector rate = all((float) (-step.rate() / (1 - Math.pow(step.beta1(), (double) step.step()))));
        FloatVector root = all((float) (1 / Math.sqrt(correction2)));
        FloatVector epsilon = all(step.epsilon());
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector g = load(gradient + i).mul(scale);
            FloatVector m = load(mean + i).mul(beta1).add(g.mul(rest1));
            FloatVector v = load(variance + i).mul(beta2).add(g.mul(g).mul(rest2));
            store(m, mean + i);
            store(v, variance + i);
            FloatVector change = m.mul(rate).div(v.sqrt().fma(root, epsilon));
            store(load(parameter + i).fma(keep, change), parameter + i);
        }
        ScalarKernels.INSTANCE.adamW(parameter + i, gradient + i, mean + i, variance + i, step, n % L);
    }

    @Override
    public void sgd(long parameter, long gradient, long velocity, float rate, float momentum, float decay, float scale,
            long n) {
        FloatVector minusRate = all(-rate);
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector p = load(parameter + i);
            FloatVector g = load(gradient + i).mul(scale).add(p.mul(decay));
            if (velocity != 0) {
                g = load(velocity + i).mul(momentum).add(g);
                store(g, velocity + i);
            }
            store(g.fma(minusRate, p), parameter + i);
        }
        ScalarKernels.INSTANCE.sgd(parameter + i, gradient + i, velocity == 0 ? 0 : velocity + i, rate, momentum, decay,
                scale, n % L);
    }
}
