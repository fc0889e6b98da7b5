// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Tensor;

import static verbo.tensor.cpu.Memory.address;
import static verbo.tensor.cpu.Scratch.atLeast;

/**
 * The steps of a recurrent layer. The weight is packed once for all of them, and the threads stay with it for the whole
 * sequence: each has some units, whose part of the weight stays in its cache, and computes for all rows of the batch their
 * gates' products and at once the cells. It packs its units' results as the next step's left operand, so the threads wait for
 * each other once a step.
 *
 * <p>
 * Every element is summed in the same order whoever computes it.
 */
final class RecurrenceKernel {
    private static final int DEPTH = 256;
    private static final int SPINS = 10_000;

    private final Kernels kernels;
    private final ProductKernels products;
    private final RecurrentKernels cells;
    private final Workers workers;
    private final Gemm gemm;
    private final int mr;
    private final int nr;
    private float[] weights = new float[0];
    private float[] left = new float[0];
    private float[] leftNext = new float[0];
    private final Scratch scratch = new Scratch(); // of a step alone: the product itself may not use it

    RecurrenceKernel(Kernels kernels, Workers workers, Gemm gemm) {
        this.kernels = kernels;
        this.products = ProductKernels.of(kernels);
        this.cells = kernels instanceof ScalarKernels ? ScalarRecurrentKernels.INSTANCE : new VectorRecurrentKernels();
        this.workers = workers;
        this.gemm = gemm;
        this.mr = products.mr();
        this.nr = products.nr();
    }

    /** Ends a thread's part, since another one's failed, which says why. */
    private static final class Abandoned extends RuntimeException {
        private static final long serialVersionUID = 1;

        Abandoned() {
            super(null, null, false, false);
        }
    }

    /** Where threads wait until all have come, spinning: steps are tens of microseconds long. */
    private static final class Meeting {
        private final int members;
        private final AtomicInteger here = new AtomicInteger();
        private volatile int round;
        private volatile boolean failed;

        Meeting(int members) {
            this.members = members;
        }

        void await() {
            int now = round;
            if (here.incrementAndGet() == members) {
                here.set(0);
                round = now + 1;
                return;
            }
            for (int spins = 0; round == now; spins++) {
                if (failed) {
                    throw new Abandoned();
                }
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(1); // the other one is not running: leave it the processor
                }
            }
        }
    }

    /** What a thread does, given which one of the team it is. */
    private interface Member {
        void run(int from, int to, Meeting meeting);
    }

    /** Runs groups of units by threads that meet. A thread that waits takes no second part, so all parts run at once. */
    private void together(int groups, Member member) {
        int team = Math.min(workers.count(), groups);
        Meeting meeting = new Meeting(team);
        workers.run(team, me -> {
            try {
                member.run(groups * me / team, groups * (me + 1) / team, meeting);
            } catch (Abandoned _) {
                return;
            } catch (Throwable e) {
                meeting.failed = true;
                throw e;
            }
        });
    }

    /** One layer's steps: where things lie. */
    private record Steps(RecurrentCell cell, boolean backwards, int time, int batch, int width, long initial,
            long states, long gates) {

        Steps(RecurrentCell cell, boolean backwards, Tensor initial, Tensor states, Tensor gates) {
            this(cell, backwards, states.length(1), states.length(2), states.length(3), address(initial),
                    address(states), address(gates));
        }

        int wide() {
            return cell.gates() * width;
        }

        /** The place in the sequence of step s. */
        int place(int s) {
            return backwards ? time - 1 - s : s;
        }

        /** State number {@code part} after step s; before the first step the initial one. */
        long state(int part, int s) {
            return s < 0
                    ? initial + 4L * part * batch * width
                    : states + 4L * ((long) part * time + place(s)) * batch * width;
        }

        long kept(int s) {
            return gates + 16L * place(s) * batch * width;
        }

        /** A row of a tensor [time, batch, gates · width]. */
        long wideRow(long tensor, int s) {
            return tensor + 4L * place(s) * batch * wide();
        }
    }

    synchronized void forward(RecurrentCell cell, boolean backwards, Tensor x, Tensor weight, @Nullable Tensor bias,
            Tensor initial, Tensor states, Tensor gates) {
        Steps steps = new Steps(cell, backwards, initial, states, gates);
        long input = address(x);
        long added = bias == null ? 0 : address(bias);
        Gemm.Matrix matrix = new Gemm.Matrix(address(weight), weight.stride(0), weight.stride(1));
        if (steps.time == 1) {
            oneStep(steps, input, matrix, added);
            return;
        }
        int h = steps.width;
        int batch = steps.batch;
        int groups = (h + nr - 1) / nr;
        int count = cell.gates();
        int panel = nr * h;
        weights = atLeast(weights, Math.multiplyExact(groups * count, panel));
        workers.run(groups, u -> {
            for (int g = 0; g < count; g++) {
                Gemm.packB(products, nr, matrix.from(0, g * h + u * nr), h, Math.min(nr, h - u * nr), weights,
                        (u * count + g) * panel);
            }
        });
        int rows = (batch + mr - 1) / mr * mr;
        left = atLeast(left, rows * h);
        leftNext = atLeast(leftNext, rows * h);
        float[] packed = weights;
        float[] even = left;
        float[] odd = leftNext;
        together(groups, (from, to, meeting) -> {
            long product = gemm.local().scratch((long) count * rows * nr);
            float[] tile = gemm.local().tile();
            int first = from * nr;
            int units = Math.min(h, to * nr) - first;
            packLeft(steps.state(0, -1), h, first, units, batch, h, even, first);
            meeting.await();
            for (int s = 0; s < steps.time; s++) {
                float[] a = s % 2 == 0 ? even : odd;
                for (int u = from; u < to; u++) {
                    int n = Math.min(nr, h - u * nr);
                    for (int g = 0; g < count; g++) {
                        multiply(a, batch, n, h, packed, (u * count + g) * panel, tile, product + 4L * g * rows * nr);
                    }
                    cells(steps, s, input, product, (long) rows * nr, nr, added, 0, batch, u * nr, n);
                }
                if (s + 1 < steps.time) {
                    packLeft(steps.state(0, s), h, first, units, batch, h, s % 2 == 0 ? odd : even, first);
                    meeting.await();
                }
            }
        });
    }

    /** A step alone, as in decoding: its weight is read once where it lies. */
    private void oneStep(Steps steps, long input, Gemm.Matrix weight, long bias) {
        int h = steps.width;
        int wide = steps.wide();
        long product = scratch.floats((long) steps.batch * wide);
        gemm.multiply(steps.batch, wide, h, new Gemm.Matrix(steps.state(0, -1), h, 1), weight, 0, product, wide, false);
        int part = Math.max(1, CpuEngine.CHUNK / wide);
        workers.run((steps.batch + part - 1) / part, index -> {
            int row = index * part;
            cells(steps, 0, input, product + 4L * row * wide, h, wide, bias, row, Math.min(part, steps.batch - row), 0,
                    h);
        });
    }

    /**
     * The cells of some units at step s, given their products: of each gate a block of rows {@code stride} apart,
     * {@code gateStep} behind the one before.
     */
    private void cells(Steps steps, int s, long input, long product, long gateStep, long stride, long bias, int row,
            int rows, int unit, int n) {
        int h = steps.width;
        long wide = steps.wide();
        long x = steps.wideRow(input, s) + 4 * (row * wide + unit);
        long b = bias == 0 ? 0 : bias + 4L * unit;
        long at = 4L * ((long) row * h + unit);
        long kept = steps.kept(s) + 4L * (4L * row * h + unit);
        long gate = 4L * h; // bytes from a gate to the next
        long hidden = steps.state(0, s) + at;
        switch (steps.cell) {
            case RNN -> cells.activate(true, x, wide, product, stride, b, hidden, h, rows, n);
            case LSTM -> {
                for (int g = 0; g < 4; g++) {
                    cells.activate(g == 2, x + g * gate, wide, product + 4L * g * gateStep, stride,
                            b == 0 ? 0 : b + g * gate, kept + g * gate, 4L * h, rows, n);
                }
                cells.lstm(kept, steps.state(1, s - 1) + at, steps.state(1, s) + at, hidden, h, rows, n);
            }
            case GRU -> {
                for (int g = 0; g < 2; g++) {
                    cells.activate(false, x + g * gate, wide, product + 4L * g * gateStep, stride,
                            b == 0 ? 0 : b + g * gate, kept + g * gate, 4L * h, rows, n);
                }
                cells.gru(x + 2 * gate, wide, product + 8 * gateStep, stride, b == 0 ? 0 : b + 2 * gate, kept,
                        steps.state(0, s - 1) + at, hidden, h, rows, n);
            }
        }
    }

    synchronized void backward(RecurrentCell cell, boolean backwards, Tensor weight, Tensor initial, Tensor states,
            Tensor gates, Tensor dStates, Tensor dx, Tensor dProduct, Tensor dInitial) {
        Steps steps = new Steps(cell, backwards, initial, states, gates);
        Steps gradients = new Steps(cell, backwards, dInitial, dStates, gates);
        int h = steps.width;
        int batch = steps.batch;
        int wide = steps.wide();
        int groups = (h + nr - 1) / nr;
        int panel = nr * wide;
        Gemm.Matrix across = new Gemm.Matrix(address(weight), weight.stride(1), weight.stride(0)); // [wide, width]
        weights = atLeast(weights, Math.multiplyExact(groups, panel));
        workers.run(groups,
                u -> Gemm.packB(products, nr, across.from(0, (long) u * nr), wide, Math.min(nr, h - u * nr), weights,
                        u * panel));
        int rows = (batch + mr - 1) / mr * mr;
        left = atLeast(left, rows * wide);
        leftNext = atLeast(leftNext, rows * wide);
        float[] packed = weights;
        float[] even = left;
        float[] odd = leftNext;
        long toInput = address(dx);
        long toProduct = address(dProduct);
        kernels.fill(address(dInitial), 0, dInitial.size()); // holds what is carried from step to step
        together(groups, (from, to, meeting) -> {
            float[] tile = gemm.local().tile();
            long product = gemm.local().scratch((long) rows * nr);
            int first = from * nr;
            int units = Math.min(h, to * nr) - first;
            for (int s = steps.time - 1; s >= 0; s--) {
                float[] a = s % 2 == 0 ? even : odd;
                cellsBackward(steps, gradients, s, toInput, toProduct, first, units);
                for (int g = 0; g < cell.gates(); g++) {
                    packLeft(steps.wideRow(toProduct, s), wide, g * h + first, units, batch, wide, a, g * h + first);
                }
                meeting.await();
                for (int u = from; u < to; u++) {
                    int n = Math.min(nr, h - u * nr);
                    multiply(a, batch, n, wide, packed, u * panel, tile, product);
                    for (int row = 0; row < batch; row++) {
                        kernels.add(product + 4L * row * nr,
                                gradients.state(0, -1) + 4 * ((long) row * h + (long) u * nr), n);
                    }
                }
            }
        });
    }

    private void cellsBackward(Steps steps, Steps gradients, int s, long dx, long dProduct, int unit, int n) {
        int h = steps.width;
        int rows = steps.batch;
        long at = 4L * unit;
        long dHidden = gradients.state(0, s) + at;
        long carried = gradients.state(0, -1) + at;
        long toInput = steps.wideRow(dx, s) + at;
        switch (steps.cell) {
            case RNN -> cells.rnnBackward(steps.state(0, s) + at, dHidden, carried, toInput, h, rows, n);
            case LSTM -> cells.lstmBackward(steps.kept(s) + at, steps.state(1, s - 1) + at, steps.state(1, s) + at,
                    dHidden, gradients.state(1, s) + at, carried, gradients.state(1, -1) + at, toInput, h, rows, n);
            case GRU -> cells.gruBackward(steps.kept(s) + at, steps.state(0, s - 1) + at, dHidden, carried, toInput,
                    steps.wideRow(dProduct, s) + at, h, rows, n);
        }
    }

    /** Packs columns {@code from} on of a left operand [batch, ..] as its elements {@code to} on of a depth. */
    private void packLeft(long matrix, long stride, int from, int count, int batch, int depth, float[] into, int to) {
        for (int row = 0; row < batch; row += mr) {
            products.packColumns(matrix + 4 * (row * stride + from), stride, count, Math.min(mr, batch - row), mr, into,
                    row * depth + to * mr);
        }
    }

    /** A panel of columns for all rows: product [rows, columns], nr apart, = left [rows, depth] · panel [depth, columns]. */
    private void multiply(float[] a, int rows, int columns, int depth, float[] b, int panel, float[] tile,
            long product) {
        int parts = (depth + DEPTH - 1) / DEPTH;
        int part = (depth + parts - 1) / parts;
        for (int k = 0; k < depth; k += part) {
            int inner = Math.min(part, depth - k);
            for (int row = 0; row < rows; row += mr) {
                int from = row * depth + k * mr;
                long out = product + 4L * row * nr;
                products.tile(Math.min(mr, rows - row), columns, inner, a, from, b, panel + k * nr, tile, 0, out, nr,
                        k > 0);
            }
        }
    }
}
