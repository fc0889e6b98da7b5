// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import verbo.tensor.Binary;
import verbo.tensor.Engine;
import verbo.tensor.Unary;

import static verbo.tensor.cpu.Memory.ALL;
import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.set;

/**
 * Kernels on the Vector API. Each loop has a body of whole vectors and a scalar tail. The species is a constant of the
 * process, so the JIT compiles each loop for one register width.
 */
final class VectorKernels implements Kernels {
    static final VectorSpecies<Float> S = species();
    static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, S.vectorShape());
    private static final int L = S.length();
    private static final long W = S.vectorByteSize();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /**
     * With 16 registers the JIT keeps no more than 4 x 2 accumulators from being spilled; 32 hold 8 x 3, but the widths of models
     * are multiples of two vectors and not of three.
     */
    private static final boolean WIDE = S.vectorBitSize() == 512;

    private static final int MR = WIDE ? 8 : 4;
    private static final int NR = 2 * L;
    private static final VectorSpecies<Float> SHORT = WIDE ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128; // of MR lanes

    private static VectorSpecies<Float> species() {
        return switch (System.getProperty("verbo.species", "")) {
            case "128" -> FloatVector.SPECIES_128;
            case "256" -> FloatVector.SPECIES_256;
            case "512" -> FloatVector.SPECIES_512;
            default -> FloatVector.SPECIES_PREFERRED;
        };
    }

    /** Whether this processor has vectors worth using, of the width asked for. */
    static boolean available() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize() >= 128;
    }

    // Shuffles that bring the upper half of so many lanes down onto the lower.
    private static final VectorShuffle<Float> HALF_OF_16 = half(16);
    private static final VectorShuffle<Float> HALF_OF_8 = half(8);
    private static final VectorShuffle<Float> HALF_OF_4 = half(4);
    private static final VectorShuffle<Float> HALF_OF_2 = half(2);

    private static VectorShuffle<Float> half(int lanes) {
        return VectorShuffle.fromOp(S, lane -> (lane + lanes / 2) % L);
    }

    /**
     * The sum of the lanes, halves onto halves. {@code reduceLanes} does not define its order, and the interpreter's is
     * another than the compiler's: results would change in the moment in which a method is compiled.
     */
    static float sumLanes(FloatVector v) {
        FloatVector sum = v;
        if (L >= 16) {
            sum = sum.add(sum.rearrange(HALF_OF_16));
        }
        if (L >= 8) {
            sum = sum.add(sum.rearrange(HALF_OF_8));
        }
        if (L >= 4) {
            sum = sum.add(sum.rearrange(HALF_OF_4));
        }
        return sum.add(sum.rearrange(HALF_OF_2)).lane(0);
    }

    @Override
    public String description() {
        return "Vector API, " + S.vectorBitSize() + "-bit vectors, GEMM kernel of " + MR + " x " + NR;
    }

    private static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(S, ALL, address, ORDER);
    }

    private static void store(FloatVector vector, long address) {
        vector.intoMemorySegment(ALL, address, ORDER);
    }

    private static void store(FloatVector vector, long address, boolean accumulate) {
        store(accumulate ? load(address).add(vector) : vector, address);
    }

    private static FloatVector all(float value) {
        return FloatVector.broadcast(S, value);
    }

    /** The address after the last whole vector of n elements. */
    private static long body(long address, long n) {
        return address + n / L * W;
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

    // ---- matrix products

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
        if (rows > 4 && columns > L) { // as many accumulators and writing them to memory are more than the JIT inlines
            tile8x2(depth, a, aFrom, b, bFrom, tile);
        } else if (rows > 4) {
            tile8x1(depth, a, aFrom, b, bFrom, tile);
        } else if (rows == MR && columns == NR && bias == 0) {
            tile4x2(depth, a, aFrom, b, bFrom, out, stride, accumulate);
            return;
        } else {
            tile4x2(depth, a, aFrom, b, bFrom, tile);
        }
        write(tile, rows, columns, bias, out, stride, accumulate);
    }

    // Every accumulator is a variable of its own: vectors in an array would live in memory.

    private static void tile8x2(int depth, float[] a, int aFrom, float[] b, int bFrom, float[] tile) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        FloatVector c40 = zero;
        FloatVector c41 = zero;
        FloatVector c50 = zero;
        FloatVector c51 = zero;
        FloatVector c60 = zero;
        FloatVector c61 = zero;
        FloatVector c70 = zero;
        FloatVector c71 = zero;
        int pa = aFrom;
        int pb = bFrom;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, b, pb);
            FloatVector b1 = FloatVector.fromArray(S, b, pb + L);
            FloatVector x = FloatVector.broadcast(S, a[pa]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(S, a[pa + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(S, a[pa + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(S, a[pa + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(S, a[pa + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(S, a[pa + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(S, a[pa + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(S, a[pa + 7]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
            pa += MR;
            pb += NR;
        }
        c00.intoArray(tile, 0);
        c01.intoArray(tile, L);
        c10.intoArray(tile, 2 * L);
        c11.intoArray(tile, 3 * L);
        c20.intoArray(tile, 4 * L);
        c21.intoArray(tile, 5 * L);
        c30.intoArray(tile, 6 * L);
        c31.intoArray(tile, 7 * L);
        c40.intoArray(tile, 8 * L);
        c41.intoArray(tile, 9 * L);
        c50.intoArray(tile, 10 * L);
        c51.intoArray(tile, 11 * L);
        c60.intoArray(tile, 12 * L);
        c61.intoArray(tile, 13 * L);
        c70.intoArray(tile, 14 * L);
        c71.intoArray(tile, 15 * L);
    }

    /** The first vector of columns alone. */
    private static void tile8x1(int depth, float[] a, int aFrom, float[] b, int bFrom, float[] tile) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector c0 = zero;
        FloatVector c1 = zero;
        FloatVector c2 = zero;
        FloatVector c3 = zero;
        FloatVector c4 = zero;
        FloatVector c5 = zero;
        FloatVector c6 = zero;
        FloatVector c7 = zero;
        int pa = aFrom;
        int pb = bFrom;
        for (int k = 0; k < depth; k++) {
            FloatVector v = FloatVector.fromArray(S, b, pb);
            c0 = FloatVector.broadcast(S, a[pa]).fma(v, c0);
            c1 = FloatVector.broadcast(S, a[pa + 1]).fma(v, c1);
            c2 = FloatVector.broadcast(S, a[pa + 2]).fma(v, c2);
            c3 = FloatVector.broadcast(S, a[pa + 3]).fma(v, c3);
            c4 = FloatVector.broadcast(S, a[pa + 4]).fma(v, c4);
            c5 = FloatVector.broadcast(S, a[pa + 5]).fma(v, c5);
            c6 = FloatVector.broadcast(S, a[pa + 6]).fma(v, c6);
            c7 = FloatVector.broadcast(S, a[pa + 7]).fma(v, c7);
            pa += MR;
            pb += NR;
        }
        c0.intoArray(tile, 0);
        c1.intoArray(tile, NR);
        c2.intoArray(tile, 2 * NR);
        c3.intoArray(tile, 3 * NR);
        c4.intoArray(tile, 4 * NR);
        c5.intoArray(tile, 5 * NR);
        c6.intoArray(tile, 6 * NR);
        c7.intoArray(tile, 7 * NR);
    }

    private static void tile4x2(int depth, float[] a, int aFrom, float[] b, int bFrom, float[] tile) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        int pa = aFrom;
        int pb = bFrom;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, b, pb);
            FloatVector b1 = FloatVector.fromArray(S, b, pb + L);
            FloatVector x = FloatVector.broadcast(S, a[pa]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(S, a[pa + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(S, a[pa + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(S, a[pa + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            pa += MR;
            pb += NR;
        }
        c00.intoArray(tile, 0);
        c01.intoArray(tile, L);
        c10.intoArray(tile, 2 * L);
        c11.intoArray(tile, 3 * L);
        c20.intoArray(tile, 4 * L);
        c21.intoArray(tile, 5 * L);
        c30.intoArray(tile, 6 * L);
        c31.intoArray(tile, 7 * L);
    }

    private static void tile4x2(int depth, float[] a, int aFrom, float[] b, int bFrom, long out, long stride,
            boolean accumulate) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector c00 = zero;
        FloatVector c01 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        FloatVector c20 = zero;
        FloatVector c21 = zero;
        FloatVector c30 = zero;
        FloatVector c31 = zero;
        int pa = aFrom;
        int pb = bFrom;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, b, pb);
            FloatVector b1 = FloatVector.fromArray(S, b, pb + L);
            FloatVector x = FloatVector.broadcast(S, a[pa]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(S, a[pa + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(S, a[pa + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(S, a[pa + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            pa += MR;
            pb += NR;
        }
        long out1 = out + 4 * stride;
        long out2 = out1 + 4 * stride;
        long out3 = out2 + 4 * stride;
        if (accumulate) {
            c00 = c00.add(load(out));
            c01 = c01.add(load(out + W));
            c10 = c10.add(load(out1));
            c11 = c11.add(load(out1 + W));
            c20 = c20.add(load(out2));
            c21 = c21.add(load(out2 + W));
            c30 = c30.add(load(out3));
            c31 = c31.add(load(out3 + W));
        }
        store(c00, out);
        store(c01, out + W);
        store(c10, out1);
        store(c11, out1 + W);
        store(c20, out2);
        store(c21, out2 + W);
        store(c30, out3);
        store(c31, out3 + W);
    }

    private static void write(float[] tile, int rows, int columns, long bias, long out, long stride,
            boolean accumulate) {
        int whole = columns / L * L;
        for (int i = 0; i < rows; i++) {
            long p = out + 4 * stride * i;
            for (int j = 0; j < whole; j += L) {
                FloatVector v = FloatVector.fromArray(S, tile, i * NR + j);
                if (bias != 0) {
                    v = v.add(load(bias + 4L * j));
                }
                store(v, p + 4L * j, accumulate);
            }
        }
        ScalarKernels.write(NR, tile, rows, whole, columns, bias, out, stride, accumulate);
    }

    @Override
    public void packRows(long b, long stride, int depth, int count, int width, float[] into, int at) {
        int panels = count / width;
        if (width == MR) {
            packNarrow(b, 4 * stride, depth, panels, into, at);
        } else {
            packWide(b, 4 * stride, depth, panels, into, at);
        }
        int done = panels * width;
        ScalarKernels.INSTANCE.packRows(b + 4L * done, stride, depth, count - done, width, into, at + done * depth);
    }

    /** Panels of NR: rows are read as they lie. */
    private static void packWide(long b, long step, int depth, int panels, float[] into, int at) {
        long row = b;
        for (int k = 0; k < depth; k++, row += step) {
            long p = row;
            int to = at + k * NR;
            for (int panel = 0; panel < panels; panel++, to += NR * depth) {
                for (int j = 0; j < NR; j += L, p += W) {
                    load(p).intoArray(into, to + j);
                }
            }
        }
    }

    private static void packNarrow(long b, long step, int depth, int panels, float[] into, int at) {
        int whole = depth / 4 * 4;
        for (int k = 0; k < whole; k += 256) { // the next two panels find what is left of each cache line still near
            for (int panel = 0; panel + 2 <= panels; panel += 2) {
                packTwoPanels(b + 4L * MR * panel + step * k, step, Math.min(256, whole - k), into,
                        at + (panel * depth + k) * MR, MR * depth);
            }
        }
        for (int panel = 0; panel < panels; panel++) {
            int from = panel < panels / 2 * 2 ? whole : 0;
            ScalarKernels.INSTANCE.packRows(b + 4L * MR * panel + step * from, step / 4, depth - from, MR, MR, into,
                    at + (panel * depth + from) * MR);
        }
    }

    /** Four rows at a time fill whole cache lines; the loop is long, since its bounds checks are made before it. */
    private static void packTwoPanels(long b, long step, int depth, float[] into, int at, int panel) {
        long p = b;
        int to = at;
        for (int k = 0; k < depth; k += 4, p += 4 * step, to += 4 * MR) {
            long q = p + 4L * MR;
            loadShort(p).intoArray(into, to);
            loadShort(p + step).intoArray(into, to + MR);
            loadShort(p + 2 * step).intoArray(into, to + 2 * MR);
            loadShort(p + 3 * step).intoArray(into, to + 3 * MR);
            loadShort(q).intoArray(into, to + panel);
            loadShort(q + step).intoArray(into, to + panel + MR);
            loadShort(q + 2 * step).intoArray(into, to + panel + 2 * MR);
            loadShort(q + 3 * step).intoArray(into, to + panel + 3 * MR);
        }
    }

    private static FloatVector loadShort(long address) {
        return FloatVector.fromMemorySegment(SHORT, ALL, address, ORDER);
    }

    @Override
    public void packColumns(long b, long stride, int depth, int count, int width, float[] into, int at) {
        int rows = WIDE && width == MR ? 8 : 4;
        int whole = rows == 8 ? depth / L * L : depth / 4 * 4;
        int panels = count / width;
        for (int j = 0; j < panels * width; j += rows) {
            long from = b + 4 * stride * j;
            int to = at + j / width * width * depth + j % width;
            if (rows == 8) {
                interleaveEight(from, 4 * stride, whole, into, to);
            } else {
                interleaveFour(from, 4 * stride, whole, into, to, width);
            }
        }
        for (int panel = 0; whole < depth && panel < panels; panel++) {
            ScalarKernels.INSTANCE.packColumns(b + 4 * (stride * panel * width + whole), stride, depth - whole, width,
                    width, into, at + (panel * depth + whole) * width);
        }
        int done = panels * width;
        ScalarKernels.INSTANCE.packColumns(b + 4 * stride * done, stride, depth, count - done, width, into,
                at + done * depth);
    }

    // Eight rows of sixteen become columns by merging, three times: lanes of two vectors by turns, their lower halves and their
    // upper halves. As whole numbers, since the lanes to take are told in the vectors' own type.
    private static final IntVector LOWER_BY_TURNS = byTurns(0);
    private static final IntVector UPPER_BY_TURNS = byTurns(L / 2);

    private static IntVector byTurns(int from) {
        int[] lanes = new int[L];
        for (int i = 0; i < L; i++) {
            lanes[i] = from + i / 2 + i % 2 * L;
        }
        return IntVector.fromArray(I, lanes, 0);
    }

    private static IntVector loadInts(long address) {
        return IntVector.fromMemorySegment(I, ALL, address, ORDER);
    }

    private static void interleaveEight(long rows, long step, int depth, float[] into, int at) {
        IntVector lower = LOWER_BY_TURNS;
        IntVector upper = UPPER_BY_TURNS;
        long p = rows;
        int to = at;
        for (int k = 0; k < depth; k += L, p += W, to += 8 * L) {
            IntVector r0 = loadInts(p);
            IntVector r1 = loadInts(p + step);
            IntVector r2 = loadInts(p + 2 * step);
            IntVector r3 = loadInts(p + 3 * step);
            IntVector r4 = loadInts(p + 4 * step);
            IntVector r5 = loadInts(p + 5 * step);
            IntVector r6 = loadInts(p + 6 * step);
            IntVector r7 = loadInts(p + 7 * step);
            IntVector a0 = lower.selectFrom(r0, r4);
            IntVector b0 = upper.selectFrom(r0, r4);
            IntVector a1 = lower.selectFrom(r1, r5);
            IntVector b1 = upper.selectFrom(r1, r5);
            IntVector a2 = lower.selectFrom(r2, r6);
            IntVector b2 = upper.selectFrom(r2, r6);
            IntVector a3 = lower.selectFrom(r3, r7);
            IntVector b3 = upper.selectFrom(r3, r7);
            IntVector c0 = lower.selectFrom(a0, a2);
            IntVector d0 = upper.selectFrom(a0, a2);
            IntVector e0 = lower.selectFrom(b0, b2);
            IntVector f0 = upper.selectFrom(b0, b2);
            IntVector c1 = lower.selectFrom(a1, a3);
            IntVector d1 = upper.selectFrom(a1, a3);
            IntVector e1 = lower.selectFrom(b1, b3);
            IntVector f1 = upper.selectFrom(b1, b3);
            lower.selectFrom(c0, c1).reinterpretAsFloats().intoArray(into, to);
            upper.selectFrom(c0, c1).reinterpretAsFloats().intoArray(into, to + L);
            lower.selectFrom(d0, d1).reinterpretAsFloats().intoArray(into, to + 2 * L);
            upper.selectFrom(d0, d1).reinterpretAsFloats().intoArray(into, to + 3 * L);
            lower.selectFrom(e0, e1).reinterpretAsFloats().intoArray(into, to + 4 * L);
            upper.selectFrom(e0, e1).reinterpretAsFloats().intoArray(into, to + 5 * L);
            lower.selectFrom(f0, f1).reinterpretAsFloats().intoArray(into, to + 6 * L);
            upper.selectFrom(f0, f1).reinterpretAsFloats().intoArray(into, to + 7 * L);
        }
    }

    // Four rows a, b, c, d of four become columns: first a with b and c with d, then those two with each other. Vectors of
    // four, of any processor: wider ones cross lanes, which costs more than it saves.
    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;
    private static final VectorShuffle<Float> SWAP_NEIGHBOURS = VectorShuffle.fromOp(FOUR, i -> i ^ 1);
    private static final VectorShuffle<Float> SWAP_HALVES = VectorShuffle.fromOp(FOUR, i -> i ^ 2);
    private static final VectorMask<Float> ODD = VectorMask.fromLong(FOUR, 0b1010);
    private static final VectorMask<Float> UPPER = VectorMask.fromLong(FOUR, 0b1100);

    private static void interleaveFour(long rows, long step, int depth, float[] into, int at, int width) {
        long p = rows;
        for (int k = 0; k < depth; k += 4, p += 16) {
            FloatVector a = FloatVector.fromMemorySegment(FOUR, ALL, p, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(FOUR, ALL, p + step, ORDER);
            FloatVector c = FloatVector.fromMemorySegment(FOUR, ALL, p + 2 * step, ORDER);
            FloatVector d = FloatVector.fromMemorySegment(FOUR, ALL, p + 3 * step, ORDER);
            FloatVector ab0 = a.blend(b.rearrange(SWAP_NEIGHBOURS), ODD); // a0 b0 a2 b2
            FloatVector ab1 = a.rearrange(SWAP_NEIGHBOURS).blend(b, ODD); // a1 b1 a3 b3
            FloatVector cd0 = c.blend(d.rearrange(SWAP_NEIGHBOURS), ODD);
            FloatVector cd1 = c.rearrange(SWAP_NEIGHBOURS).blend(d, ODD);
            int to = at + k * width;
            ab0.blend(cd0.rearrange(SWAP_HALVES), UPPER).intoArray(into, to);
            ab1.blend(cd1.rearrange(SWAP_HALVES), UPPER).intoArray(into, to + width);
            ab0.rearrange(SWAP_HALVES).blend(cd0, UPPER).intoArray(into, to + 2 * width);
            ab1.rearrange(SWAP_HALVES).blend(cd1, UPPER).intoArray(into, to + 3 * width);
        }
    }

    // Memory is read fastest in a few long streams: rows that are read together lie far apart.

    @Override
    public void dots(float[] a, int m, long b, long stride, int count, int n, long bias, long out, long outStride,
            boolean accumulate) {
        int half = count / 2;
        for (int j = 0; j < half; j++) {
            long first = b + 4 * stride * j;
            long second = first + 4 * stride * half;
            int i = 0;
            for (; i + 4 <= m; i += 4) {
                dotsOfFour(a, n * i, first, second, n, bias, j, half, out + 4 * outStride * i, 4 * outStride,
                        accumulate);
            }
            for (; i < m; i++) {
                dotsOfOne(a, n * i, first, second, n, bias, j, half, out + 4 * outStride * i, accumulate);
            }
        }
        if (count % 2 == 1) {
            for (int i = 0; i < m; i++) {
                long last = b + 8 * stride * half;
                dotsOfOne(a, n * i, last, last, n, bias, 2 * half, 0, out + 4 * outStride * i, accumulate);
            }
        }
    }

    private static void dotsOfOne(float[] a, int at, long first, long second, int n, long bias, int j, int half,
            long out,
            boolean accumulate) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = x0;
        FloatVector y0 = x0;
        FloatVector y1 = x0;
        int p = at;
        long i = 0;
        for (long end = n / (2L * L) * (2 * W); i < end; i += 2 * W, p += 2 * L) {
            FloatVector v0 = FloatVector.fromArray(S, a, p);
            FloatVector v1 = FloatVector.fromArray(S, a, p + L);
            x0 = load(first + i).fma(v0, x0);
            x1 = load(first + i + W).fma(v1, x1);
            y0 = load(second + i).fma(v0, y0);
            y1 = load(second + i + W).fma(v1, y1);
        }
        float x = sumLanes(x0.add(x1));
        float y = sumLanes(y0.add(y1));
        for (long end = 4L * n; i < end; i += 4, p++) {
            x = Math.fma(a[p], get(first + i), x);
            y = Math.fma(a[p], get(second + i), y);
        }
        put(x, bias, j, out, accumulate);
        if (half > 0) {
            put(y, bias, j + half, out, accumulate);
        }
    }

    /** Rows of out that are so many bytes apart. */
    private static void dotsOfFour(float[] a, int at, long first, long second, int n, long bias, int j, int half,
            long out, long outStep, boolean accumulate) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = x0;
        FloatVector x2 = x0;
        FloatVector x3 = x0;
        FloatVector y0 = x0;
        FloatVector y1 = x0;
        FloatVector y2 = x0;
        FloatVector y3 = x0;
        int p = at;
        long i = 0;
        for (long end = n / L * W; i < end; i += W, p += L) {
            FloatVector v = load(first + i);
            FloatVector w = load(second + i);
            FloatVector u = FloatVector.fromArray(S, a, p);
            x0 = u.fma(v, x0);
            y0 = u.fma(w, y0);
            u = FloatVector.fromArray(S, a, p + n);
            x1 = u.fma(v, x1);
            y1 = u.fma(w, y1);
            u = FloatVector.fromArray(S, a, p + 2 * n);
            x2 = u.fma(v, x2);
            y2 = u.fma(w, y2);
            u = FloatVector.fromArray(S, a, p + 3 * n);
            x3 = u.fma(v, x3);
            y3 = u.fma(w, y3);
        }
        int rest = (int) (n - i / 4);
        put(sumLanes(x0) + tailDot(a, p, first + i, rest), bias, j, out, accumulate);
        put(sumLanes(y0) + tailDot(a, p, second + i, rest), bias, j + half, out, accumulate);
        put(sumLanes(x1) + tailDot(a, p + n, first + i, rest), bias, j, out + outStep, accumulate);
        put(sumLanes(y1) + tailDot(a, p + n, second + i, rest), bias, j + half, out + outStep, accumulate);
        put(sumLanes(x2) + tailDot(a, p + 2 * n, first + i, rest), bias, j, out + 2 * outStep, accumulate);
        put(sumLanes(y2) + tailDot(a, p + 2 * n, second + i, rest), bias, j + half, out + 2 * outStep, accumulate);
        put(sumLanes(x3) + tailDot(a, p + 3 * n, first + i, rest), bias, j, out + 3 * outStep, accumulate);
        put(sumLanes(y3) + tailDot(a, p + 3 * n, second + i, rest), bias, j + half, out + 3 * outStep, accumulate);
    }

    private static float tailDot(float[] x, int at, long y, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++) {
            sum = Math.fma(x[at + i], get(y + 4L * i), sum);
        }
        return sum;
    }

    private static void put(float value, long bias, int j, long out, boolean accumulate) {
        float sum = bias == 0 ? value : value + get(bias + 4L * j);
        set(out + 4L * j, accumulate ? get(out + 4L * j) + sum : sum);
    }

    @Override
    public void multiplyRows(long a, long aStride, long aStep, int m, int depth, long b, long stride, long out,
            long outStride, int n) {
        int quarter = depth / 4;
        long step = 4 * stride * quarter;
        long aQuarter = 4 * aStep * quarter;
        for (int k = 0; k < quarter; k++) {
            long from = a + 4 * aStep * k;
            for (int i = 0; i + 2 <= m; i += 2) {
                long p = from + 4 * aStride * i;
                long q = p + 4 * aStride;
                long to = out + 4 * outStride * i;
                multiplyFourRowsTwice(get(p), get(p + aQuarter), get(p + 2 * aQuarter), get(p + 3 * aQuarter), get(q),
                        get(q + aQuarter), get(q + 2 * aQuarter), get(q + 3 * aQuarter), b + 4 * stride * k, step, to,
                        to + 4 * outStride, n);
            }
            if (m % 2 == 1) {
                long p = from + 4 * aStride * (m - 1);
                multiplyFourRows(get(p), get(p + aQuarter), get(p + 2 * aQuarter), get(p + 3 * aQuarter),
                        b + 4 * stride * k, step, out + 4 * outStride * (m - 1), n);
            }
        }
        for (int k = 4 * quarter; k < depth; k++) {
            for (int i = 0; i < m; i++) {
                addScaled(get(a + 4 * (aStride * i + aStep * k)), b + 4 * stride * k, out + 4 * outStride * i, n);
            }
        }
    }

    /** As {@link #multiplyFourRows} to two rows at once. */
    private static void multiplyFourRowsTwice(float a0, float a1, float a2, float a3, float c0, float c1, float c2,
            float c3, long b, long step, long out, long out2, int n) {
        FloatVector v0 = all(a0);
        FloatVector v1 = all(a1);
        FloatVector v2 = all(a2);
        FloatVector v3 = all(a3);
        FloatVector w0 = all(c0);
        FloatVector w1 = all(c1);
        FloatVector w2 = all(c2);
        FloatVector w3 = all(c3);
        long b1 = b + step;
        long b2 = b1 + step;
        long b3 = b2 + step;
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector r0 = load(b + i);
            FloatVector r1 = load(b1 + i);
            FloatVector r2 = load(b2 + i);
            FloatVector r3 = load(b3 + i);
            FloatVector x = r2.fma(v2, r0.fma(v0, load(out + i)));
            store(x.add(r3.fma(v3, r1.mul(v1))), out + i);
            x = r2.fma(w2, r0.fma(w0, load(out2 + i)));
            store(x.add(r3.fma(w3, r1.mul(w1))), out2 + i);
        }
        for (long end = 4L * n; i < end; i += 4) {
            set(out + i, get(out + i) + a0 * get(b + i) + a1 * get(b1 + i) + a2 * get(b2 + i) + a3 * get(b3 + i));
            set(out2 + i, get(out2 + i) + c0 * get(b + i) + c1 * get(b1 + i) + c2 * get(b2 + i) + c3 * get(b3 + i));
        }
    }

    /** Rows that are {@code step} bytes apart. */
    private static void multiplyFourRows(float a0, float a1, float a2, float a3, long b, long step, long out, int n) {
        FloatVector v0 = all(a0);
        FloatVector v1 = all(a1);
        FloatVector v2 = all(a2);
        FloatVector v3 = all(a3);
        long b1 = b + step;
        long b2 = b1 + step;
        long b3 = b2 + step;
        long i = 0;
        for (long end = n / L * W; i < end; i += W) {
            FloatVector x = load(b + i).fma(v0, load(out + i));
            FloatVector y = load(b1 + i).mul(v1);
            x = load(b2 + i).fma(v2, x);
            y = load(b3 + i).fma(v3, y);
            store(x.add(y), out + i);
        }
        for (long end = 4L * n; i < end; i += 4) {
            set(out + i, get(out + i) + a0 * get(b + i) + a1 * get(b1 + i) + a2 * get(b2 + i) + a3 * get(b3 + i));
        }
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
