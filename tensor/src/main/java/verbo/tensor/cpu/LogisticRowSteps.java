// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import verbo.tensor.LogisticSteps;
import verbo.tensor.SharedRows;

/**
 * Logistic steps: the rows are copied together, which also brings them all into the cache at once, multiplied with each other,
 * and what comes of it is added to the rows where they lie.
 */
public final class LogisticRowSteps implements LogisticSteps {
    /** σ at multiples of 1/256 from -16 to 16. */
    private static final float[] SIGMOID = new float[2 * 16 * 256 + 2];

    static {
        for (int i = 0; i < SIGMOID.length; i++) {
            SIGMOID[i] = (float) (1 / (1 + Math.exp(16 - i / 256.0)));
        }
    }

    private final RowProducts products = RowProducts.chosen();
    private final Kernels kernels = CpuEngine.kernels();
    private final Memory memory = new Memory();
    private final Memory.Block block;
    private final int width;
    private final long stride;
    private final long x; // [inputs, width], copied together
    private final long y; // [outputs, width]
    private final long change; // [width]: of the mean
    private final long unused; // [width]: what fills up the last tile adds zeros here
    private final long[] xRows;
    private final long[] yRows;
    private long[] meanRows = new long[32]; // whose mean is the input
    private final float[] logits;
    private final float[] targets;
    private boolean closed;
    private int m; // of the last step
    private int n;
    private int columns;
    private double rate;

    /** As {@link LogisticSteps#of}. */
    public LogisticRowSteps(int width, int inputs, int outputs) {
        if (width < 1 || inputs < 1 || outputs < 1) {
            throw new IllegalArgumentException("a step of " + inputs + " inputs and " + outputs + " outputs of width "
                    + width);
        }
        this.width = width;
        stride = AlignedRows.stride(width);
        xRows = new long[up(inputs, RowProducts.X)];
        yRows = new long[up(outputs, RowProducts.Y)];
        logits = new float[xRows.length * yRows.length];
        targets = new float[outputs];
        long bytes = (xRows.length + yRows.length + 2) * stride;
        block = memory.allocate(bytes);
        MemorySegment.ofAddress(block.address()).reinterpret(bytes).fill((byte) 0);
        x = block.address();
        y = x + xRows.length * stride;
        change = y + yRows.length * stride;
        unused = change + stride;
    }

    private static int up(int count, int tile) {
        return (count + tile - 1) / tile * tile;
    }

    @Override
    public void step(SharedRows from, int[] inputs, int count, SharedRows to, int[] outputs, float[] labels,
            int outputCount, float rate) {
        AlignedRows xMatrix = checked(from);
        for (int i = 0; i < count; i++) {
            xRows[i] = xMatrix.address(inputs[i]);
            copy(xRows[i], x + i * stride);
        }
        step(count, to, outputs, labels, outputCount, rate);
    }

    @Override
    public void stepOfMean(SharedRows from, int[] inputs, int count, SharedRows to, int[] outputs, float[] labels,
            int outputCount, float rate) {
        if (count < 1) {
            throw new IllegalArgumentException("the mean of no rows");
        }
        AlignedRows xMatrix = checked(from);
        if (meanRows.length < count) {
            meanRows = new long[2 * count];
        }
        for (int i = 0; i < count; i++) {
            meanRows[i] = xMatrix.address(inputs[i]);
        }
        products.mean(meanRows, count, width, x);
        kernels.fill(change, 0, stride / 4);
        xRows[0] = change;
        step(1, to, outputs, labels, outputCount, rate);
        products.addTo(meanRows, count, width, change);
    }

    private void step(int count, SharedRows to, int[] outputs, float[] labels, int outputCount, float stepRate) {
        AlignedRows yMatrix = checked(to);
        m = count;
        n = outputCount;
        rate = stepRate == 0 ? 1 : stepRate; // the loss is computed from the steps
        int rows = m == 1 ? 1 : up(m, RowProducts.X);
        columns = up(n, RowProducts.Y);
        for (int j = 0; j < n; j++) {
            yRows[j] = yMatrix.address(outputs[j]);
            copy(yRows[j], y + j * stride);
        }
        clear(x, xRows, m, rows);
        clear(y, yRows, n, columns);
        products.dots(x, rows, y, columns, stride, width, logits);
        System.arraycopy(labels, 0, targets, 0, n);
        errors(rows, (float) rate);
        if (stepRate != 0) {
            products.update(x, xRows, rows, y, yRows, columns, stride, width, logits);
        }
    }

    private AlignedRows checked(SharedRows matrix) {
        if (closed) {
            throw new IllegalStateException("these steps were given back: they cannot be used any more");
        }
        if (matrix.width() != width) {
            throw new IllegalArgumentException("rows of width " + matrix.width() + " in steps of width " + width);
        }
        return (AlignedRows) matrix;
    }

    private void copy(long from, long to) {
        MemorySegment.copy(Memory.ALL, from, Memory.ALL, to, stride);
    }

    private void clear(long rows, long[] targetRows, int from, int to) {
        for (int i = from; i < to; i++) {
            kernels.fill(rows + i * stride, 0, stride / 4);
            targetRows[i] = unused;
        }
    }

    /** From logits to {@code rate · (label - σ(logit))}, the negative gradient times the rate, and to zero where the tiles are filled up. */
    private void errors(int rows, float stepRate) {
        for (int i = 0; i < m; i++) {
            int at = i * columns;
            for (int j = 0; j < n; j++) {
                logits[at + j] = stepRate * (targets[j] - sigmoid(logits[at + j]));
            }
            Arrays.fill(logits, at + n, at + columns, 0);
        }
        Arrays.fill(logits, m * columns, rows * columns, 0);
    }

    /** Between two values of the table on a line: to 2e-7. */
    private static float sigmoid(float z) {
        float at = Math.min(2 * 16 * 256f, Math.max(0, z * 256 + 16 * 256));
        int below = (int) at;
        float share = at - below;
        return SIGMOID[below] + share * (SIGMOID[below + 1] - SIGMOID[below]);
    }

    @Override
    public double loss() {
        double loss = 0;
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                loss -= Math.log(Math.max(1e-7, 1 - Math.abs(logits[i * columns + j]) / rate));
            }
        }
        return loss;
    }

    @Override
    public void close() {
        closed = true;
        memory.free(block);
        memory.close();
    }
}
