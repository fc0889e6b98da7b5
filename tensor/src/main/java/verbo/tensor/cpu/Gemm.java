// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/**
 * Matrix products C = A·B (+ C) (+ bias) by the scheme of GotoBLAS and BLIS (Goto and van de Geijn 2008; Van Zee and van de
 * Geijn 2015): both operands are cut into blocks that fit the caches and packed into panels in the order in which the
 * register kernel reads them. Either operand may lie transposed: only packing sees the difference.
 *
 * <p>
 * Work is shared over rows and columns of C, never over the inner dimension, so each element of C is summed in the same order
 * by any number of threads.
 */
final class Gemm {
    /** Depth of a panel of B, of 16 columns or 48, that stays in the first-level cache. */
    private static final int KC_NARROW = 256;

    private static final int KC_WIDE = 256;
    /** Rows of A to a task: so many of one depth stay in the second-level cache. */
    private static final int MC = 192;
    /** Elements of A, and of B, that are packed at a time, and how deep: they stay in the last-level cache. */
    private static final int PACKED = 1 << 20;

    private static final int PACKED_DEPTH = 2048;
    /** Panels of A that are packed together, since a cache line of a transposed A holds a row of several. */
    private static final int TOGETHER = 4;
    /** With fewer rows than this, packing B costs more than it saves: B is read once where it lies. */
    private static final int FEW_ROWS = 4;
    /** Products smaller than this are not worth waking threads for. */
    private static final long SMALL = 1 << 16;

    private final Kernels kernels;
    private final Workers workers;
    private final int mr;
    private final int nr;
    private float[] packedA = new float[0];
    private float[] packedB = new float[0];
    private final ThreadLocal<Local> locals;

    Gemm(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        this.mr = kernels.mr();
        this.nr = kernels.nr();
        this.locals = ThreadLocal.withInitial(() -> new Local(kernels));
    }

    /** A matrix where it lies: strides in elements, one of which is 1. */
    record Matrix(long address, long rowStride, long columnStride) {
        long at(long row, long column) {
            return address + 4 * (row * rowStride + column * columnStride);
        }

        Matrix transposed() {
            return new Matrix(address, columnStride, rowStride);
        }
    }

    /** The product on the calling thread alone: for small matrices inside a task. */
    Local local() {
        return locals.get();
    }

    /**
     * C [m, n] = A [m, k] · B [k, n], added to C or replacing it.
     *
     * @param bias
     *            address of n elements added to each row, or 0
     * @param c
     *            address of C, whose rows are {@code cStride} elements apart
     */
    void multiply(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride, boolean accumulate) {
        if (m == 0 || n == 0) {
            return;
        }
        if (k == 0) {
            throw new IllegalArgumentException("a product needs an inner dimension of at least 1");
        }
        if (m < FEW_ROWS) {
            multiplyFewRows(m, n, k, a, b, bias, c, cStride, accumulate);
            return;
        }
        if ((long) m * n * k < SMALL) {
            local().multiply(m, n, k, a, b, bias, c, cStride, accumulate);
            return;
        }
        multiplyBlocks(m, n, k, a, b, bias, c, cStride, accumulate);
    }

    /** By blocks that are packed together. One caller at a time: there is one pair of packed blocks. */
    private synchronized void multiplyBlocks(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride,
            boolean accumulate) {
        int deep = part(k, PACKED_DEPTH);
        int wide = part(n, Math.max(nr, PACKED / deep / nr * nr));
        int high = part(m, Math.max(mr, PACKED / deep / mr * mr));
        for (int depth = 0; depth < k; depth += deep) {
            int inner = Math.min(deep, k - depth);
            for (int column = 0; column < n; column += wide) {
                int columns = Math.min(wide, n - column);
                for (int row = 0; row < m; row += high) {
                    int rows = Math.min(high, m - row);
                    block(rows, columns, inner, new Matrix(a.at(row, depth), a.rowStride, a.columnStride),
                            new Matrix(b.at(depth, column), b.rowStride, b.columnStride), high < m || column == 0,
                            row == 0,
                            depth + inner == k && bias != 0 ? bias + 4L * column : 0, c + 4 * (row * cStride + column),
                            cStride, accumulate || depth > 0);
                }
            }
        }
    }

    /** The length of a part, where {@code length} is cut into the fewest equal parts of at most {@code most}. */
    private static int part(int length, int most) {
        int parts = (length + most - 1) / most;
        return (length + parts - 1) / parts;
    }

    private void block(int m, int n, int k, Matrix a, Matrix b, boolean packA, boolean packB, long bias, long c,
            long cStride, boolean accumulate) {
        int aPanels = (m + mr - 1) / mr;
        int bPanels = (n + nr - 1) / nr;
        packedA = atLeast(packedA, aPanels * mr * k);
        packedB = atLeast(packedB, bPanels * nr * k);
        float[] pa = packedA;
        float[] pb = packedB;

        // Panels are packed in groups of about the same size on both sides.
        int aGroup = (Math.max(1, 16384 / (mr * k)) + TOGETHER - 1) / TOGETHER * TOGETHER;
        int bGroup = Math.max(1, 16384 / (nr * k));
        int aGroups = packA ? (aPanels + aGroup - 1) / aGroup : 0;
        int bGroups = packB ? (bPanels + bGroup - 1) / bGroup : 0;
        workers.run(aGroups + bGroups, index -> {
            if (index < aGroups) {
                for (int p = index * aGroup; p < Math.min(aPanels, (index + 1) * aGroup); p += TOGETHER) {
                    packA(kernels, mr, a, p * mr, Math.min(TOGETHER * mr, m - p * mr), k, pa, p * mr * k);
                }
            } else {
                for (int q = (index - aGroups) * bGroup; q < Math.min(bPanels, (index - aGroups + 1) * bGroup); q++) {
                    packB(kernels, nr, b, q * nr, Math.min(nr, n - q * nr), k, pb, q * nr * k);
                }
            }
        });

        // Tasks: blocks of rows times stripes of columns, several to a thread so that none waits long for another.
        int kc = part(k, nr > 16 ? KC_WIDE : KC_NARROW);
        int rowBlocks = (m + MC - 1) / MC;
        int panelsToBlock = (aPanels + rowBlocks - 1) / rowBlocks;
        int wanted = 4 * workers.count();
        int stripes = Math.clamp((wanted + rowBlocks - 1) / rowBlocks, 1, Math.max(1, bPanels / 4));
        int panelsToStripe = (bPanels + stripes - 1) / stripes;
        workers.run(rowBlocks * stripes, index -> {
            int firstB = index / rowBlocks * panelsToStripe;
            int lastB = Math.min(bPanels, firstB + panelsToStripe);
            int firstA = index % rowBlocks * panelsToBlock;
            int lastA = Math.min(aPanels, firstA + panelsToBlock);
            float[] tile = local().tile;
            for (int depth = 0; depth < k; depth += kc) {
                int inner = Math.min(kc, k - depth);
                boolean add = accumulate || depth > 0;
                for (int q = firstB; q < lastB; q++) {
                    int columns = Math.min(nr, n - q * nr);
                    long biasHere = bias == 0 || depth + inner < k ? 0 : bias + 4L * q * nr;
                    for (int p = firstA; p < lastA; p++) {
                        product(kernels, inner, pa, (p * k + depth) * mr, pb, (q * k + depth) * nr, tile,
                                Math.min(mr, m - p * mr), columns, biasHere,
                                c + 4 * ((long) p * mr * cStride + (long) q * nr), cStride,
                                add);
                    }
                }
            }
        });
    }

    /** One tile of C: the first {@code rows} and {@code columns} of it are wanted. */
    private static void product(Kernels kernels, int depth, float[] a, int aFrom, float[] b, int bFrom, float[] tile,
            int rows,
            int columns, long bias, long c, long cStride, boolean accumulate) {
        if (rows == kernels.mr() && columns == kernels.nr() && bias == 0) {
            kernels.tile(depth, a, aFrom, b, bFrom, tile, c, cStride, accumulate);
        } else {
            kernels.tile(depth, a, aFrom, b, bFrom, tile);
            kernels.write(tile, rows, columns, bias, c, cStride, accumulate);
        }
    }

    /** Packs rows of A, panel after panel; several panels at a time where a row of them lies together. */
    private static void packA(Kernels kernels, int mr, Matrix a, int row, int rows, int depth, float[] into, int at) {
        if (a.columnStride == 1) {
            for (int i = 0; i < rows; i += mr) {
                kernels.packColumns(a.at(row + i, 0), a.rowStride, depth, Math.min(mr, rows - i), mr, into,
                        at + i * depth);
            }
        } else {
            kernels.packRows(a.at(row, 0), a.columnStride, depth, rows, mr, into, at);
        }
    }

    private static void packB(Kernels kernels, int nr, Matrix b, int column, int columns, int depth, float[] into,
            int at) {
        if (b.columnStride == 1) {
            kernels.packRows(b.at(0, column), b.rowStride, depth, columns, nr, into, at);
        } else {
            kernels.packColumns(b.at(0, column), b.columnStride, depth, columns, nr, into, at);
        }
    }

    private static float[] atLeast(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }

    /** B is read once, by rows or by columns as it lies: decoding, whose limit is memory. */
    private void multiplyFewRows(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride,
            boolean accumulate) {
        if (b.rowStride == 1) { // columns of B are contiguous: each element of C is a dot product
            int group = Math.clamp(65536 / k, 1, n);
            Matrix rows = a.columnStride == 1 ? a : copy(a, m, k);
            workers.run((n + group - 1) / group, index -> {
                int from = index * group;
                int count = Math.min(group, n - from);
                for (int i = 0; i < m; i++) {
                    kernels.dots(rows.at(i, 0), b.at(0, from), b.columnStride, count, k,
                            bias == 0 ? 0 : bias + 4L * from,
                            c + 4 * (i * cStride + from), accumulate);
                }
            });
            return;
        }
        // Rows of B are contiguous: a fixed number of stretches of rows, whose sums are added in order.
        int stretch = Math.max(16, (k + 7) / 8 + 3 & ~3);
        int stretches = (k + stretch - 1) / stretch;
        Local local = local();
        long sums = local.scratch((long) stretches * m * n);
        workers.run(stretches, index -> {
            int from = index * stretch;
            int depth = Math.min(stretch, k - from);
            for (int i = 0; i < m; i++) {
                long out = sums + 4L * (index * m + i) * n;
                kernels.fill(out, 0, n);
                kernels.multiplyRows(a.at(i, from), a.columnStride, depth, b.at(from, 0), b.rowStride, out, n);
            }
        });
        for (int i = 0; i < m; i++) {
            long out = c + 4L * i * cStride;
            if (!accumulate) {
                kernels.fill(out, 0, n);
            }
            if (bias != 0) {
                kernels.add(bias, out, n);
            }
            kernels.sumRows(sums + 4L * i * n, stretches, (long) m * n, 1, out, n);
        }
    }

    /** Few rows, put where their elements lie together. */
    private Matrix copy(Matrix a, int m, int k) {
        long to = local().scratch((long) m * k);
        for (int i = 0; i < m; i++) {
            for (int d = 0; d < k; d++) {
                Memory.set(to + 4 * ((long) i * k + d), Memory.get(a.at(i, d)));
            }
        }
        return new Matrix(to, k, 1);
    }

    /** A right operand [depth, columns] that was packed by {@link Local#pack}, for many products. */
    static final class Panels {
        private float[] data = new float[0];
        private int depth;
    }

    /** One thread's buffers, and products that it computes alone. */
    static final class Local {
        private final Kernels kernels;
        private final int mr;
        private final int nr;
        private final float[] tile;
        private float[] packedA = new float[0];
        private final Panels packedB = new Panels();
        private java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofAuto();
        private long scratch;
        private long scratchLength;

        private Local(Kernels kernels) {
            this.kernels = kernels;
            this.mr = kernels.mr();
            this.nr = kernels.nr();
            this.tile = new float[mr * nr];
        }

        /** Memory for this many floats, until the next call on this thread. */
        long scratch(long floats) {
            if (floats > scratchLength) {
                arena = java.lang.foreign.Arena.ofAuto();
                scratch = arena.allocate(4 * floats, 64).address();
                scratchLength = floats;
            }
            return scratch;
        }

        void multiply(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride, boolean accumulate) {
            pack(b, k, n, packedB);
            multiply(m, n, k, a, packedB, bias, c, cStride, accumulate);
        }

        /** Packs B [depth, columns]. */
        void pack(Matrix b, int depth, int columns, Panels into) {
            into.depth = depth;
            into.data = atLeast(into.data, (columns + nr - 1) / nr * nr * depth);
            for (int column = 0; column < columns; column += nr) {
                packB(kernels, nr, b, column, Math.min(nr, columns - column), depth, into.data, column * depth);
            }
        }

        /** As {@link Gemm#multiply}, by the first k rows and n columns of a packed B. */
        void multiply(int m, int n, int k, Matrix a, Panels b, long bias, long c, long cStride, boolean accumulate) {
            int kc = part(k, KC_NARROW);
            packedA = atLeast(packedA, TOGETHER * mr * kc);
            for (int depth = 0; depth < k; depth += kc) {
                int inner = Math.min(kc, k - depth);
                boolean add = accumulate || depth > 0;
                long added = depth + inner == k ? bias : 0;
                for (int row = 0; row < m; row += TOGETHER * mr) {
                    int rows = Math.min(TOGETHER * mr, m - row);
                    packA(kernels, mr, new Matrix(a.at(row, depth), a.rowStride, a.columnStride), 0, rows, inner,
                            packedA, 0);
                    for (int column = 0; column < n; column += nr) {
                        for (int i = 0; i < rows; i += mr) {
                            product(kernels, inner, packedA, i * inner, b.data, column * b.depth + depth * nr, tile,
                                    Math.min(mr, rows - i), Math.min(nr, n - column),
                                    added == 0 ? 0 : added + 4L * column,
                                    c + 4 * ((row + i) * cStride + column), cStride, add);
                        }
                    }
                }
            }
        }
    }
}
