// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.tensor.Attention;
import verbo.tensor.Binary;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Shape;
import verbo.tensor.Storage;
import verbo.tensor.Tensor;
import verbo.tensor.Unary;

import static java.util.Objects.requireNonNull;
import static verbo.tensor.cpu.Memory.address;
import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.getInt;
import static verbo.tensor.cpu.Memory.set;
import static verbo.tensor.cpu.Memory.writable;

/**
 * The engine of this machine's processor: cuts each operation into parts, gives the parts to threads, and the inner loops of
 * each part to {@link Kernels} and {@link ProductKernels}. How an operation is cut depends on its shape only, and partial sums are added in order, so
 * results are the same for any number of threads.
 */
public final class CpuEngine implements Engine {
    /** Elements to a part of an elementwise operation: 64 KiB. */
    static final int CHUNK = 1 << 14;
    /** Into how many parts a sum over rows is cut. */
    private static final int SUM_PARTS = 32;
    /** Numbers that are added up one after the other in float: of more, each would be lost in the sum. */
    private static final int MOST_ADDED = 4096;

    private final Memory memory = new Memory();
    private final Workers workers;
    private final Kernels kernels;
    private final Gemm gemm;
    private final AttentionKernel attention;
    private final RecurrenceKernel recurrence;
    private final boolean shared;

    private static final class Shared {
        private static final CpuEngine INSTANCE = new CpuEngine(Runtime.getRuntime().availableProcessors(), true);
    }

    /** An engine of this many threads, the calling one included. */
    public CpuEngine(int threads) {
        this(threads, false);
    }

    private CpuEngine(int threads, boolean shared) {
        if (threads < 1) {
            throw new IllegalArgumentException("at least 1 thread computes, not " + threads);
        }
        this.workers = new Workers(threads);
        this.kernels = Chosen.KERNELS;
        this.gemm = new Gemm(kernels, workers);
        this.attention = new AttentionKernel(kernels, workers, gemm);
        this.recurrence = new RecurrenceKernel(kernels, workers, gemm);
        this.shared = shared;
    }

    /** The engine with one thread a processor. */
    public static CpuEngine shared() {
        return Shared.INSTANCE;
    }

    /** The kernels of this process, chosen once. */
    private static final class Chosen {
        private static final Kernels KERNELS = choose();

        private static Kernels choose() {
            String wanted = System.getProperty("verbo.species", "");
            if (wanted.equals("scalar")) {
                return ScalarKernels.INSTANCE;
            }
            if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
                System.getLogger("verbo.tensor").log(System.Logger.Level.WARNING,
                        "computing without vectors, many times slower: start Java with --add-modules jdk.incubator.vector");
                return ScalarKernels.INSTANCE;
            }
            return Vectors.available() ? new VectorKernels() : ScalarKernels.INSTANCE;
        }
    }

    Workers workers() {
        return workers;
    }

    static Kernels kernels() {
        return Chosen.KERNELS;
    }

    @Override
    public String description() {
        return "CPU, " + threads() + (threads() == 1 ? " thread, " : " threads, ") + kernels.description();
    }

    @Override
    public int threads() {
        return workers.count();
    }

    @Override
    public long reservedBytes() {
        return memory.reserved();
    }

    // ---- memory

    @Override
    public Storage allocate(long bytes) {
        return memory.allocate(bytes);
    }

    @Override
    public void free(Storage storage) {
        memory.free((Memory.Block) storage);
    }

    @Override
    public Storage wrap(MemorySegment segment) {
        return Memory.wrap(segment);
    }

    @Override
    public void read(Tensor from, MemorySegment to) {
        requireContiguous(from);
        MemorySegment.copy(Memory.ALL, address(from), to, 0, from.size() * from.dtype().bytes());
    }

    @Override
    public void write(Tensor to, MemorySegment from) {
        requireContiguous(to);
        MemorySegment.copy(from, 0, Memory.ALL, writable(to), to.size() * to.dtype().bytes());
    }

    /** Where kernels may write floats one after the other. */
    private static long writableFloats(Tensor tensor) {
        requireContiguous(tensor);
        if (tensor.dtype() != DType.F32) {
            throw new IllegalArgumentException(
                    "a tensor " + tensor.shape() + " of " + tensor.dtype() + " where one of F32 is written");
        }
        return writable(tensor);
    }

    private static void requireContiguous(Tensor tensor) {
        if (!tensor.isContiguous()) {
            throw new IllegalArgumentException(
                    "a tensor " + tensor.shape() + " with gaps between its elements: make it contiguous first");
        }
    }

    // ---- how work is cut

    /** A part of n contiguous elements or rows. */
    private interface Span {
        void run(long from, long n);
    }

    private void spans(long n, Span span) {
        int parts = Math.toIntExact((n + CHUNK - 1) / CHUNK);
        workers.run(parts, index -> span.run((long) index * CHUNK, Math.min(CHUNK, n - (long) index * CHUNK)));
    }

    /** Something done for each row. */
    private interface Row {
        void run(long row);
    }

    private void rows(long rows, long width, Row body) {
        rowsTogether(rows, width, (first, count) -> {
            for (long row = first; row < first + count; row++) {
                body.run(row);
            }
        });
    }

    /** Of so many rows, as many at a time as a task takes. */
    private void rowsTogether(long rows, long width, Span body) {
        long part = Math.max(1, CHUNK / Math.max(1, width));
        workers.run(Math.toIntExact((rows + part - 1) / part),
                index -> body.run(index * part, Math.min(part, rows - index * part)));
    }

    /** Something that adds rows {@code from} to {@code to} to {@code n} sums at an address. */
    private interface PartialSum {
        void run(long from, long to, long sums);
    }

    /** Cuts the sum over rows into parts, by the number of rows alone, and adds the parts' sums in order. */
    private void sumInParts(long rows, long n, PartialSum partial, FinishedSum finished) {
        long part = Math.clamp((rows + SUM_PARTS - 1) / SUM_PARTS, 16, MOST_ADDED);
        int parts = Math.toIntExact((rows + part - 1) / part);
        Memory.Block block = memory.allocate(4L * parts * n);
        try {
            workers.run(parts, index -> {
                long sums = block.address() + 4L * index * n;
                kernels.fill(sums, 0, n);
                partial.run(index * part, Math.min(rows, (index + 1) * part), sums);
            });
            finished.run(block.address(), parts);
        } finally {
            memory.free(block);
        }
    }

    private interface FinishedSum {
        void run(long sums, int parts);
    }

    private void addUp(long sums, int parts, long stride, float scale, long out, long n, boolean accumulate) {
        if (!accumulate) {
            kernels.fill(out, 0, n);
        }
        kernels.sumRows(sums, parts, stride, scale, out, n);
    }

    // ---- elementwise

    @Override
    public void fill(Tensor out, float value) {
        long to = writableFloats(out);
        spans(out.size(), (from, n) -> kernels.fill(to + 4 * from, value, n));
    }

    @Override
    public void fillNormal(Tensor out, float mean, float deviation, long seed) {
        long to = writableFloats(out);
        long key = Draws.key(seed);
        spans(out.size(), (from, n) -> {
            for (long i = from; i < from + n; i++) {
                set(to + 4 * i, (float) (mean + deviation * Draws.normal(key, i)));
            }
        });
    }

    @Override
    public void copy(Tensor from, Tensor to, boolean accumulate) {
        Memory.writable(to);
        LoopNest nest = new LoopNest(to.shape(), from, to);
        long fromStep = nest.innerStride(0) * from.dtype().bytes();
        long toStep = nest.innerStride(1) * 4;
        boolean dense = fromStep == 4 && toStep == 4 && from.dtype() == to.dtype();
        boolean whole = to.dtype() == DType.I32;
        DType type = from.dtype();
        nest.run(workers, (x, y, none, n) -> {
            if (dense && accumulate) {
                kernels.add(x, y, n);
            } else if (dense) {
                MemorySegment.copy(Memory.ALL, x, Memory.ALL, y, 4L * n);
            } else if (whole) {
                for (int i = 0; i < n; i++) {
                    Memory.ALL.set(Memory.INT, y + toStep * i, getInt(x + fromStep * i));
                }
            } else {
                for (int i = 0; i < n; i++) {
                    float value = value(type, x + fromStep * i);
                    long at = y + toStep * i;
                    set(at, accumulate ? get(at) + value : value);
                }
            }
        });
    }

    private static float value(DType type, long address) {
        return switch (type) {
            case F32 -> get(address);
            case F16 -> Float.float16ToFloat(Memory.ALL.get(Memory.SHORT, address));
            case BF16 -> Float.intBitsToFloat(Memory.ALL.get(Memory.SHORT, address) << 16);
            case I32 -> getInt(address);
        };
    }

    @Override
    public void unary(Unary op, Tensor x, Tensor out) {
        long from = address(x);
        long to = address(out);
        spans(x.size(), (at, n) -> kernels.unary(op, from + 4 * at, to + 4 * at, n));
    }

    @Override
    public void unaryBackward(Unary op, Tensor x, Tensor out, Tensor dOut, Tensor dx, boolean accumulate) {
        long from = address(x);
        long y = address(out);
        long dy = address(dOut);
        long to = address(dx);
        spans(x.size(), (at, n) -> kernels.unaryBackward(op, from + 4 * at, y + 4 * at, dy + 4 * at, to + 4 * at, n,
                accumulate));
    }

    @Override
    public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
        LoopNest nest = new LoopNest(out.shape(), a, b, out);
        long aStep = nest.innerStride(0);
        long bStep = nest.innerStride(1);
        boolean dense = (aStep == 0 || aStep == 1) && (bStep == 0 || bStep == 1) && nest.innerStride(2) == 1;
        long outStep = nest.innerStride(2);
        nest.run(workers, (x, y, to, n) -> {
            if (dense) {
                kernels.binary(op, x, (int) aStep, y, (int) bStep, to, n);
            } else {
                for (long i = 0; i < n; i++) {
                    set(to + 4 * outStep * i, ScalarKernels.value(op, get(x + 4 * aStep * i), get(y + 4 * bStep * i)));
                }
            }
        });
    }

    @Override
    public void affine(Tensor x, float scale, float shift, Tensor out, boolean accumulate) {
        long from = address(x);
        long to = address(out);
        spans(x.size(), (at, n) -> kernels.affine(from + 4 * at, scale, shift, to + 4 * at, n, accumulate));
    }

    @Override
    public void dropout(Tensor x, float p, long seed, Tensor out, boolean accumulate) {
        long from = address(x);
        long to = address(out);
        spans(x.size(), (at, n) -> kernels.dropout(from + 4 * at, p, seed, at, to + 4 * at, n, accumulate));
    }

    // ---- reductions

    @Override
    public void sum(Tensor x, float scale, Tensor out, boolean accumulate) {
        if (out.size() == 0) {
            return;
        }
        // adjacent dimensions that are both kept, or both summed over, are one
        long[] lengths = new long[x.rank() + 1];
        boolean[] summed = new boolean[x.rank() + 1];
        int groups = 0;
        for (int i = 0; i < x.rank(); i++) {
            int length = x.length(i);
            if (length == 1) {
                continue;
            }
            boolean sum = out.length(i) == 1;
            if (groups > 0 && summed[groups - 1] == sum) {
                lengths[groups - 1] *= length;
            } else {
                lengths[groups] = length;
                summed[groups++] = sum;
            }
        }
        long from = address(x);
        long to = address(out);
        if (groups == 0 || groups == 1 && !summed[0]) {
            affine(x, scale, 0, out, accumulate);
        } else if (groups == 1) {
            double total = 0;
            int parts = Math.toIntExact((x.size() + CHUNK - 1) / CHUNK);
            double[] sums = new double[parts];
            spans(x.size(), (at, n) -> sums[(int) (at / CHUNK)] = kernels.sum(from + 4 * at, n));
            for (double sum : sums) {
                total += sum;
            }
            set(to, (float) (total * scale + (accumulate ? get(to) : 0)));
        } else {
            sumInner(from, Arrays.copyOf(lengths, groups), Arrays.copyOf(summed, groups), scale, to, accumulate);
        }
    }

    /** Sums over the innermost group of dimensions that is summed over, then over the others. */
    private void sumInner(long from, long[] lengths, boolean[] summed, float scale, long to, boolean accumulate) {
        int inner = summed[summed.length - 1] ? summed.length - 1 : summed.length - 2;
        long outer = 1;
        for (int i = 0; i < inner; i++) {
            outer *= lengths[i];
        }
        long width = inner < lengths.length - 1 ? lengths[inner + 1] : 1;
        if (inner < 2) {
            sumMiddle(from, outer, lengths[inner], width, scale, to, accumulate);
            return;
        }
        long[] left = Arrays.copyOf(lengths, inner); // the last of them is kept, as is what stands behind
        left[inner - 1] *= width;
        Memory.Block sums = memory.allocate(4 * outer * width);
        try {
            sumMiddle(from, outer, lengths[inner], width, 1, sums.address(), false);
            sumInner(sums.address(), left, Arrays.copyOf(summed, inner), scale, to, accumulate);
        } finally {
            memory.free(sums);
        }
    }

    /** Sums [outer, n, width] over the one in the middle. */
    private void sumMiddle(long from, long outer, long n, long width, float scale, long to, boolean accumulate) {
        if (width == 1) {
            rows(outer, n, row -> {
                float sum = (float) (sumOfRow(from + 4 * row * n, n) * scale);
                set(to + 4 * row, accumulate ? get(to + 4 * row) + sum : sum);
            });
            return;
        }
        for (long i = 0; i < outer; i++) {
            sumOfRows(from + 4 * i * n * width, n, width, scale, to + 4 * i * width, accumulate);
        }
    }

    /** The sum of a row of any length. */
    private double sumOfRow(long from, long width) {
        double sum = 0;
        for (long i = 0; i < width; i += CHUNK) {
            sum += kernels.sum(from + 4 * i, Math.min(CHUNK, width - i));
        }
        return sum;
    }

    private void sumOfRows(long from, long rows, long width, float scale, long to, boolean accumulate) {
        sumInParts(rows, width,
                (first, last, sums) -> kernels.sumRows(from + 4 * first * width, last - first, width, 1, sums, width),
                (sums, parts) -> addUp(sums, parts, width, scale, to, width, accumulate));
    }

    @Override
    public void max(Tensor x, Tensor out) {
        int width = x.length(-1);
        long from = address(x);
        long to = address(out);
        rows(x.shape().rows(), width, row -> set(to + 4 * row, kernels.max(from + 4 * row * width, width)));
    }

    @Override
    public void maxBackward(Tensor x, Tensor out, Tensor dOut, Tensor dx, boolean accumulate) {
        int width = x.length(-1);
        long from = address(x);
        long maxima = address(out);
        long gradients = address(dOut);
        long to = address(dx);
        rows(x.shape().rows(), width, row -> {
            long start = 4 * row * width;
            if (!accumulate) {
                kernels.fill(to + start, 0, width);
            }
            float most = get(maxima + 4 * row);
            for (long i = start; i < start + 4L * width; i += 4) {
                float value = get(from + i);
                if (value == most || Float.isNaN(value) && Float.isNaN(most)) {
                    set(to + i, get(to + i) + get(gradients + 4 * row));
                    break;
                }
            }
        });
    }

    @Override
    public double sumOfSquares(Tensor x) {
        long from = address(x);
        double[] sums = new double[Math.toIntExact((x.size() + CHUNK - 1) / CHUNK)];
        spans(x.size(), (at, n) -> sums[(int) (at / CHUNK)] = kernels.sumOfSquares(from + 4 * at, n));
        double total = 0;
        for (double sum : sums) {
            total += sum;
        }
        return total;
    }

    // ---- products

    @Override
    public void matmul(Tensor a, Tensor b, @Nullable Tensor bias, Tensor out, boolean accumulate) {
        workers.requireOpen(); // small products are computed without them
        int m = a.length(-2);
        int n = b.length(-1);
        int k = a.length(-1);
        long added = bias == null ? 0 : address(bias);
        int batches = out.rank() - 2;
        long count = 1;
        for (int i = 0; i < batches; i++) {
            count *= out.length(i);
        }
        if (count == 1) {
            gemm.multiply(m, n, k, matrix(a, 0), matrix(b, 0), added, address(out), out.stride(-2), accumulate);
            return;
        }
        long products = count;
        boolean together = k > 0 && (long) m * n * k < 1L << 21; // small products: one a task
        if (together) {
            workers.run(Math.toIntExact(products),
                    index -> gemm.local().multiply(m, n, k, matrix(a, offset(a, out, index)),
                            matrix(b, offset(b, out, index)), added, address(out) + 4 * offset(out, out, index),
                            out.stride(-2), accumulate));
        } else {
            for (long i = 0; i < products; i++) {
                gemm.multiply(m, n, k, matrix(a, offset(a, out, i)), matrix(b, offset(b, out, i)), added,
                        address(out) + 4 * offset(out, out, i), out.stride(-2), accumulate);
            }
        }
    }

    private static Gemm.Matrix matrix(Tensor x, long offset) {
        return new Gemm.Matrix(address(x) + 4 * offset, x.stride(-2), x.stride(-1));
    }

    /** Where the matrix that belongs to a batch of {@code out} lies in x. */
    private static long offset(Tensor x, Tensor out, long batch) {
        long offset = 0;
        long rest = batch;
        for (int i = out.rank() - 3; i >= 0; i--) {
            long place = rest % out.length(i);
            rest /= out.length(i);
            int own = i - (out.rank() - x.rank());
            offset += own < 0 || x.length(own) == 1 ? 0 : place * x.stride(own);
        }
        return offset;
    }

    // ---- rows

    @Override
    public void embedding(Tensor weight, Tensor ids, Tensor out) {
        int width = weight.length(1);
        int vocabulary = weight.length(0);
        long table = address(weight);
        long numbers = address(ids);
        long to = address(out);
        DType type = weight.dtype();
        long rowStride = type.bytes() * weight.stride(0);
        long columnStride = type.bytes() * weight.stride(1);
        requireIds(ids, vocabulary);
        rows(ids.size(), width, row -> {
            long from = table + rowStride * getInt(numbers + 4 * row);
            if (type == DType.F32 && columnStride == 4) {
                MemorySegment.copy(Memory.ALL, from, Memory.ALL, to + 4 * row * width, 4L * width);
            } else {
                for (int j = 0; j < width; j++) {
                    set(to + 4 * (row * width + j), value(type, from + columnStride * j));
                }
            }
        });
    }

    private static void requireIds(Tensor ids, int vocabulary) {
        long numbers = address(ids);
        for (long i = 0; i < ids.size(); i++) {
            int id = getInt(numbers + 4 * i);
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException(
                        "id " + id + " at place " + i + " is outside a table of " + vocabulary + " rows");
            }
        }
    }

    @Override
    public void embeddingBackward(Tensor ids, Tensor dOut, Tensor dWeight) {
        int width = dWeight.length(1);
        long numbers = address(ids);
        long from = address(dOut);
        long table = address(dWeight);
        long rowStride = dWeight.stride(0);
        long columnStride = dWeight.stride(1);
        int stripe = Math.max(64, (width + 15) / 16);
        // columns are shared out, so that two threads never add to the same row's same place
        workers.run((width + stripe - 1) / stripe, index -> {
            int first = index * stripe;
            int n = Math.min(stripe, width - first);
            for (long row = 0; row < ids.size(); row++) {
                long to = table + 4 * (rowStride * getInt(numbers + 4 * row) + columnStride * first);
                long gradient = from + 4 * (row * width + first);
                if (columnStride == 1) {
                    kernels.add(gradient, to, n);
                } else {
                    for (int j = 0; j < n; j++) {
                        set(to + 4 * columnStride * j, get(to + 4 * columnStride * j) + get(gradient + 4L * j));
                    }
                }
            }
        });
    }

    @Override
    public void layerNorm(Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor out, Tensor statistics) {
        int width = x.length(-1);
        long from = address(x);
        long g = address(gain);
        long b = address(bias);
        long to = address(out);
        long s = address(statistics);
        rowsTogether(x.shape().rows(), width, (row, count) -> kernels.layerNorm(from + 4 * row * width, g, b, epsilon,
                to + 4 * row * width, s + 8 * row, width, count));
    }

    @Override
    public void layerNormBackward(Tensor x, Tensor gain, Tensor statistics, Tensor dOut, Gradient dx, Gradient dGain,
            Gradient dBias) {
        int width = x.length(-1);
        long from = address(x);
        long g = address(gain);
        long s = address(statistics);
        long dy = address(dOut);
        long to = dx.into() == null ? 0 : address(dx.into());
        sumInParts(x.shape().rows(), 2L * width, (first, last, sums) -> {
            for (long row = first; row < last; row++) {
                long at = 4 * row * width;
                if (to != 0) {
                    kernels.layerNormBackward(from + at, g, s + 8 * row, dy + at, to + at, sums, sums + 4L * width,
                            width,
                            dx.accumulate());
                } else {
                    kernels.layerNormBackwardWeights(from + at, get(s + 8 * row), get(s + 8 * row + 4), dy + at, sums,
                            sums + 4L * width, width);
                }
            }
        }, (sums, parts) -> {
            finish(dGain, sums, parts, 2 * width, width);
            finish(dBias, sums + 4L * width, parts, 2 * width, width);
        });
    }

    private void finish(Gradient gradient, long sums, int parts, int stride, int width) {
        Tensor into = gradient.into();
        if (into != null) {
            addUp(sums, parts, stride, 1, address(into), width, gradient.accumulate());
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, float epsilon, Tensor out, Tensor statistics) {
        int width = x.length(-1);
        long from = address(x);
        long g = address(gain);
        long to = address(out);
        long s = address(statistics);
        rows(x.shape().rows(), width,
                row -> kernels.rmsNorm(from + 4 * row * width, g, epsilon, to + 4 * row * width, s + 4 * row, width));
    }

    @Override
    public void rmsNormBackward(Tensor x, Tensor gain, Tensor statistics, Tensor dOut, Gradient dx, Gradient dGain) {
        int width = x.length(-1);
        long from = address(x);
        long g = address(gain);
        long s = address(statistics);
        long dy = address(dOut);
        long to = dx.into() == null ? 0 : address(dx.into());
        sumInParts(x.shape().rows(), dGain.into() == null ? 0 : width, (first, last, sums) -> {
            for (long row = first; row < last; row++) {
                long at = 4 * row * width;
                float scale = get(s + 4 * row);
                if (to != 0) {
                    kernels.rmsNormBackward(from + at, g, scale, dy + at, to + at, width, dx.accumulate());
                }
                if (dGain.into() != null) {
                    kernels.layerNormBackwardWeights(from + at, 0, scale, dy + at, sums, 0, width);
                }
            }
        }, (sums, parts) -> finish(dGain, sums, parts, width, width));
    }

    @Override
    public void softmax(Tensor x, boolean log, Tensor out) {
        int width = x.length(-1);
        long from = address(x);
        long to = address(out);
        rowsTogether(x.shape().rows(), width, (row, count) -> {
            float max = log ? 0 : kernels.max(from + 4 * row * width, width);
            for (long r = row; r < row + count; r++) {
                long at = 4 * r * width;
                if (log) {
                    max = kernels.max(from + at, width);
                    float sum = kernels.exp(from + at, 1, max, to + at, width);
                    kernels.affine(from + at, 1, -max, to + at, width, false); // apart: their sum would lose digits
                    kernels.affine(to + at, 1, (float) -Math.log(sum), to + at, width, false);
                } else { // memory brings the next row and takes this one while the processor computes exponentials
                    long next = from + (r + 1 < row + count ? at + 4L * width : at);
                    max = kernels.expAndMax(from + at, max, to + at, next, width);
                    kernels.affine(to + at, 1 / kernels.sum(to + at, width), 0, to + at, width, false);
                }
            }
        });
    }

    @Override
    public void softmaxBackward(Tensor out, boolean log, Tensor dOut, Tensor dx, boolean accumulate) {
        int width = out.length(-1);
        long y = address(out);
        long dy = address(dOut);
        long to = address(dx);
        rows(out.shape().rows(), width, row -> {
            long at = 4 * row * width;
            if (log) {
                kernels.logSoftmaxBackward(y + at, dy + at, kernels.sum(dy + at, width), to + at, width, accumulate);
            } else {
                kernels.softmaxBackward(y + at, dy + at, kernels.dot(y + at, dy + at, width), to + at, width,
                        accumulate);
            }
        });
    }

    @Override
    public void crossEntropy(Tensor logits, Tensor targets, Tensor losses, Tensor sums) {
        int width = logits.length(-1);
        long x = address(logits);
        long t = address(targets);
        long losing = address(losses);
        long s = address(sums);
        rows(logits.shape().rows(), width, row -> {
            long at = x + 4 * row * width;
            int target = getInt(t + 4 * row);
            if (target >= width) {
                throw new IllegalArgumentException(
                        "target " + target + " at place " + row + " is outside " + width + " classes");
            }
            float max = kernels.max(at, width);
            float chosen = target < 0 ? 0 : get(at + 4L * target);
            float sum = kernels.exp(at, 1, max, at, width);
            set(s + 4 * row, sum);
            set(losing + 4 * row, target < 0 ? 0 : (float) (Math.log(sum) + max - chosen));
        });
    }

    @Override
    public void crossEntropyBackward(Tensor logits, Tensor targets, Tensor sums, float scale) {
        int width = logits.length(-1);
        long x = address(logits);
        long t = address(targets);
        long s = address(sums);
        rows(logits.shape().rows(), width, row -> {
            long at = x + 4 * row * width;
            int target = getInt(t + 4 * row);
            if (target < 0) {
                kernels.fill(at, 0, width);
            } else {
                kernels.affine(at, scale / get(s + 4 * row), 0, at, width, false);
                set(at + 4L * target, get(at + 4L * target) - scale);
            }
        });
    }

    @Override
    public void crossEntropyPart(Tensor logits, int first, Tensor targets, Tensor maxima, Tensor sums, Tensor chosen) {
        int width = logits.length(1);
        long x = address(logits);
        long t = address(targets);
        long most = address(maxima);
        long s = address(sums);
        long c = address(chosen);
        rows(logits.length(0), width, row -> {
            long at = x + 4 * row * width;
            int target = getInt(t + 4 * row) - first;
            if (target >= 0 && target < width) {
                set(c + 4 * row, get(at + 4L * target));
            }
            float max = kernels.max(at, width);
            set(most + 4 * row, max);
            if (max == Float.NEGATIVE_INFINITY) { // every class of this part is masked
                kernels.fill(at, 0, width);
                set(s + 4 * row, 0);
            } else {
                set(s + 4 * row, kernels.exp(at, 1, max, at, width));
            }
        });
    }

    @Override
    public void crossEntropyOfParts(Tensor maxima, Tensor sums, Tensor chosen, Tensor targets, Tensor losses) {
        int parts = maxima.length(0);
        long step = 4L * maxima.length(1);
        long most = address(maxima);
        long s = address(sums);
        long c = address(chosen);
        long t = address(targets);
        long losing = address(losses);
        rows(maxima.length(1), parts, row -> {
            double max = Double.NEGATIVE_INFINITY;
            for (long at = 4 * row; at < parts * step; at += step) {
                max = Math.max(max, get(most + at));
            }
            double sum = 0;
            for (long at = 4 * row; at < parts * step; at += step) {
                sum += get(s + at) * Math.exp(get(most + at) - max);
            }
            for (long at = 4 * row; at < parts * step; at += step) {
                set(s + at, (float) (Math.exp(get(most + at) - max) / sum));
            }
            boolean counts = getInt(t + 4 * row) >= 0;
            set(losing + 4 * row, counts ? (float) (Math.log(sum) + max - get(c + 4 * row)) : 0);
        });
    }

    @Override
    public void crossEntropyPartBackward(Tensor logits, int first, Tensor targets, Tensor factors, float scale) {
        int width = logits.length(1);
        long x = address(logits);
        long t = address(targets);
        long f = address(factors);
        rows(logits.length(0), width, row -> {
            long at = x + 4 * row * width;
            int target = getInt(t + 4 * row);
            if (target < 0) {
                kernels.fill(at, 0, width);
                return;
            }
            kernels.affine(at, scale * get(f + 4 * row), 0, at, width, false);
            if (target >= first && target - first < width) {
                set(at + 4L * (target - first), get(at + 4L * (target - first)) - scale);
            }
        });
    }

    // ---- attention

    @Override
    public void attention(Attention options, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSums) {
        attention.forward(options, q, k, v, out, logSums);
    }

    @Override
    public void attentionBackward(Attention options, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSums,
            Tensor dOut,
            Tensor dq, Tensor dk, Tensor dv) {
        attention.backward(options, q, k, v, out, logSums, dOut, dq, dk, dv);
    }

    @Override
    public void attentionOverPages(Attention options, int headDimension, Tensor q, List<Pages> caches, int[] lengths,
            Tensor out) {
        attention.overPages(options, headDimension, q, caches, lengths, out);
    }

    // ---- recurrent layers

    @Override
    public void recurrence(RecurrentCell cell, boolean backwards, Tensor x, Tensor weight, @Nullable Tensor bias,
            Tensor initial, Tensor states, Tensor gates) {
        recurrence.forward(cell, backwards, x, weight, bias, initial, states, gates);
    }

    @Override
    public void recurrenceBackward(RecurrentCell cell, boolean backwards, Tensor weight, Tensor initial, Tensor states,
            Tensor gates, Tensor dStates, Tensor dx, Tensor dProduct, Tensor dInitial) {
        recurrence.backward(cell, backwards, weight, initial, states, gates, dStates, dx, dProduct, dInitial);
    }

    // ---- updates

    @Override
    public void adamW(Tensor parameter, Tensor gradient, Tensor mean, Tensor variance, AdamW step) {
        long p = writableFloats(parameter);
        long g = address(gradient);
        long m = address(mean);
        long v = address(variance);
        spans(parameter.size(), (at, n) -> kernels.adamW(p + 4 * at, g + 4 * at, m + 4 * at, v + 4 * at, step, n));
    }

    @Override
    public void sgd(Tensor parameter, Tensor gradient, @Nullable Tensor velocity, float rate, float momentum,
            float decay,
            float gradientScale) {
        long p = writableFloats(parameter);
        long g = address(gradient);
        long v = velocity == null ? 0 : address(velocity);
        spans(parameter.size(),
                (at, n) -> kernels.sgd(p + 4 * at, g + 4 * at, v == 0 ? 0 : v + 4 * at, rate, momentum, decay,
                        gradientScale, n));
    }

    @Override
    public void close() {
        if (!shared) {
            workers.close();
            memory.close();
        }
    }
}
