// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import static verbo.tensor.cpu.Memory.ALL;
import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.set;
import static verbo.tensor.cpu.Vectors.I;
import static verbo.tensor.cpu.Vectors.L;
import static verbo.tensor.cpu.Vectors.ORDER;
import static verbo.tensor.cpu.Vectors.S;
import static verbo.tensor.cpu.Vectors.W;
import static verbo.tensor.cpu.Vectors.all;
import static verbo.tensor.cpu.Vectors.load;
import static verbo.tensor.cpu.Vectors.store;
import static verbo.tensor.cpu.Vectors.sumLanes;

/** Products on the Vector API. */
final class VectorProductKernels implements ProductKernels {
    /**
     * With 16 registers the JIT keeps no more than 4 x 2 accumulators from being spilled; 32 hold 8 x 3, but the widths of models
     * are multiples of two vectors and not of three.
     */
    private static final boolean WIDE = S.vectorBitSize() == 512;

    static final int MR = WIDE ? 8 : 4;
    static final int NR = 2 * L;
    private static final VectorSpecies<Float> SHORT = WIDE ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128; // of MR lanes

    private final Kernels kernels;

    VectorProductKernels(Kernels kernels) {
        this.kernels = kernels;
    }

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
        ScalarProductKernels.write(NR, tile, rows, whole, columns, bias, out, stride, accumulate);
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
        ScalarProductKernels.INSTANCE.packRows(b + 4L * done, stride, depth, count - done, width, into,
                at + done * depth);
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
            ScalarProductKernels.INSTANCE.packRows(b + 4L * MR * panel + step * from, step / 4, depth - from, MR, MR,
                    into, at + (panel * depth + from) * MR);
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
            ScalarProductKernels.INSTANCE.packColumns(b + 4 * (stride * panel * width + whole), stride, depth - whole,
                    width,
                    width, into, at + (panel * depth + whole) * width);
        }
        int done = panels * width;
        ScalarProductKernels.INSTANCE.packColumns(b + 4 * stride * done, stride, depth, count - done, width, into,
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
                kernels.addScaled(get(a + 4 * (aStride * i + aStep * k)), b + 4 * stride * k, out + 4 * outStride * i,
                        n);
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
}
