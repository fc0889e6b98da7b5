// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import static verbo.tensor.cpu.Scratch.atLeast;

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
    /** Depth of a block: the deeper, the fewer times C is read and written again. */
    private static final int KC = 768;
    /** Rows of A, or columns of B, to a block: one of each stays in the second-level cache. */
    private static final int BLOCK = 64;
    /** Elements of the operand that all threads share that are packed at a time: they stay in the last-level cache. */
    private static final int SHARED = 1 << 20;
    /** With fewer rows than this, packing B costs more than it saves: B is read once where it lies. */
    private static final int FEW_ROWS = 8;
    /** The same of a B that comes from memory and lies by rows: packing it is waiting before anything is multiplied. */
    private static final int FEW_ROWS_OF_LARGE = 25;
    /** The same where it lies by columns. */
    private static final int FEW_DOTS_OF_LARGE = 13;
    /** Elements of a matrix that is taken to come from memory. */
    private static final long LARGE = 1 << 19;
    /** Products smaller than this are not worth waking threads for. */
    private static final long SMALL = 1 << 16;
    /** Panels of A that a thread packs at a time where B is packed whole. */
    private static final int FEW_PANELS = 16;
    /** Elements that a task packs of the shared operand. */
    private static final int PACKED = 1 << 14;
    /** Rows of A that it packs at least: whole panels, and whole cache lines where A lies transposed. */
    private static final int LINES = 64;

    private final Kernels kernels;
    private final ProductKernels products;
    private final Workers workers;
    private final int mr;
    private final int nr;
    private float[] shared = new float[0];
    private final ThreadLocal<Local> locals;

    Gemm(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.products = ProductKernels.of(kernels);
        this.workers = workers;
        this.mr = products.mr();
        this.nr = products.nr();
        this.locals = ThreadLocal.withInitial(() -> new Local(products));
    }

    /** A matrix where it lies: strides in elements, one of which is 1. */
    record Matrix(long address, long rowStride, long columnStride) {
        long at(long row, long column) {
            return address + 4 * (row * rowStride + column * columnStride);
        }

        Matrix from(long row, long column) {
            return new Matrix(at(row, column), rowStride, columnStride);
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
        if (k == 0) { // a sum of nothing
            for (int row = 0; row < m; row++) {
                long out = c + 4L * row * cStride;
                if (!accumulate) {
                    kernels.fill(out, 0, n);
                }
                if (bias != 0) {
                    kernels.add(bias, out, n);
                }
            }
            return;
        }
        if (m < ((long) k * n < LARGE ? FEW_ROWS : b.rowStride == 1 ? FEW_DOTS_OF_LARGE : FEW_ROWS_OF_LARGE)) {
            multiplyFewRows(m, n, k, a, b, bias, c, cStride, accumulate);
            return;
        }
        if ((long) m * n * k < SMALL) {
            local().multiply(m, n, k, a, b, bias, c, cStride, accumulate);
            return;
        }
        multiplyBlocks(m, n, k, a, b, bias, c, cStride, accumulate);
    }

    /**
     * The smaller operand is packed by all threads for all of them; a task then takes rows of A, or columns of B, which it
     * packs for itself, a block at a time, just before it is used. One caller at a time: there is one shared operand.
     */
    private synchronized void multiplyBlocks(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride,
            boolean accumulate) {
        boolean byRows = m >= n;
        int unit = byRows ? nr : mr;
        int length = byRows ? n : m;
        int kc = part(k, KC);
        // Rather cut along the depth: with each part of the other side, the other operand is packed once more.
        int wide = (part(length, SHARED / KC / unit * unit) + unit - 1) / unit * unit;
        int deep = part((k + kc - 1) / kc, Math.max(1, SHARED / (wide * kc))) * kc;
        for (int depth = 0; depth < k; depth += deep) {
            int inner = Math.min(deep, k - depth);
            long added = depth + inner < k ? 0 : bias;
            boolean add = accumulate || depth > 0;
            for (int at = 0; at < length; at += wide) {
                int part = Math.min(wide, length - at);
                if (byRows) {
                    byRows(m, part, inner, kc, a.from(0, depth), b.from(depth, at), added == 0 ? 0 : added + 4L * at,
                            c + 4L * at, cStride, add);
                } else {
                    byColumns(part, n, inner, kc, a.from(at, depth), b.from(depth, 0), added, c + 4L * at * cStride,
                            cStride, add);
                }
            }
        }
    }

    /** The length of a part, where {@code length} is cut into the fewest equal parts of at most {@code most}. */
    private static int part(int length, int most) {
        int parts = (length + most - 1) / most;
        return (length + parts - 1) / parts;
    }

    /** How many of {@code length} to a task: no more than a block, whole panels, several tasks to a thread. */
    private int task(int length, int unit, int block) {
        int most = Math.min(block, (length + 4 * workers.count() - 1) / (4 * workers.count()));
        return Math.max(1, (part(length, Math.max(unit, most)) + unit - 1) / unit) * unit;
    }

    private void byRows(int m, int n, int k, int kc, Matrix a, Matrix b, long bias, long c, long cStride,
            boolean accumulate) {
        shared = atLeast(shared, (n + nr - 1) / nr * nr * k);
        float[] pb = shared;
        int piece = Math.max(1, PACKED / (nr * k)) * nr;
        workers.run((n + piece - 1) / piece, index -> {
            int from = index * piece;
            packB(products, nr, b.from(0, from), k, Math.min(piece, n - from), pb, from * k);
        });
        int rows = task(m, mr, BLOCK);
        workers.run((m + rows - 1) / rows, index -> {
            int from = index * rows;
            int count = Math.min(rows, m - from);
            Local local = local();
            float[] pa = local.block(rows * kc);
            for (int depth = 0; depth < k; depth += kc) {
                int inner = Math.min(kc, k - depth);
                packA(products, mr, a.from(from, depth), count, inner, pa, 0);
                local.panels(inner, pa, 0, inner, count, pb, depth * nr, k, n, depth + inner < k ? 0 : bias,
                        c + 4L * from * cStride, cStride, accumulate || depth > 0);
            }
        });
    }

    private void byColumns(int m, int n, int k, int kc, Matrix a, Matrix b, long bias, long c, long cStride,
            boolean accumulate) {
        shared = atLeast(shared, (m + mr - 1) / mr * mr * k);
        float[] pa = shared;
        int piece = Math.max(1, PACKED / (LINES * k)) * LINES;
        workers.run((m + piece - 1) / piece, index -> {
            int from = index * piece;
            packA(products, mr, a.from(from, 0), Math.min(piece, m - from), k, pa, from * k);
        });
        boolean wide = b.columnStride == 1 && (long) k * n >= 2 * LARGE; // memory is read faster in longer stretches of its rows
        int columns = task(n, nr, wide ? 2 * BLOCK : BLOCK);
        workers.run((n + columns - 1) / columns, index -> {
            int from = index * columns;
            int count = Math.min(columns, n - from);
            Local local = local();
            float[] pb = local.block(columns * kc);
            for (int depth = 0; depth < k; depth += kc) {
                int inner = Math.min(kc, k - depth);
                packB(products, nr, b.from(depth, from), inner, count, pb, 0);
                long added = depth + inner < k || bias == 0 ? 0 : bias + 4L * from;
                for (int row = 0; row < m; row += BLOCK) {
                    local.panels(inner, pa, row * k + depth * mr, k, Math.min(BLOCK, m - row), pb, 0, inner, count,
                            added, c + 4 * (row * cStride + from), cStride, accumulate || depth > 0);
                }
            }
        });
    }

    private static void packA(ProductKernels products, int mr, Matrix a, int rows, int depth, float[] into, int at) {
        if (a.columnStride == 1) {
            products.packColumns(a.address, a.rowStride, depth, rows, mr, into, at);
        } else {
            products.packRows(a.address, a.columnStride, depth, rows, mr, into, at);
        }
    }

    static void packB(ProductKernels products, int nr, Matrix b, int depth, int columns, float[] into, int at) {
        if (b.columnStride == 1) {
            products.packRows(b.address, b.rowStride, depth, columns, nr, into, at);
        } else {
            products.packColumns(b.address, b.columnStride, depth, columns, nr, into, at);
        }
    }

    /** B is read once, by rows or by columns as it lies: decoding, whose limit is memory. */
    private void multiplyFewRows(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride,
            boolean accumulate) {
        if (b.rowStride == 1) { // columns of B are contiguous: each element of C is a dot product
            int group = Math.clamp(65536 / k, 1, n);
            float[] rows = copy(a, m, k); // of an array, reads are not checked one by one
            workers.run((n + group - 1) / group, index -> {
                int from = index * group;
                int count = Math.min(group, n - from);
                products.dots(rows, m, b.at(0, from), b.columnStride, count, k,
                        bias == 0 ? 0 : bias + 4L * from, c + 4L * from, cStride, accumulate);
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
            long out = sums + 4L * index * m * n;
            kernels.fill(out, 0, (long) m * n);
            products.multiplyRows(a.at(0, from), a.rowStride, a.columnStride, m, depth, b.at(from, 0), b.rowStride, out,
                    n, n);
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

    /** Few rows, one after the other. */
    private float[] copy(Matrix a, int m, int k) {
        float[] rows = local().block(m * k);
        for (int i = 0; i < m; i++) {
            for (int d = 0; d < k; d++) {
                rows[i * k + d] = Memory.get(a.at(i, d));
            }
        }
        return rows;
    }

    /** A right operand [depth, columns] that was packed by {@link Local#pack}, for many products. */
    static final class Panels {
        private float[] data = new float[0];
        private int depth;
    }

    /** One thread's buffers, and products that it computes alone. */
    static final class Local {
        private final ProductKernels products;
        private final int mr;
        private final int nr;
        private final float[] tile;
        private float[] packedA = new float[0];
        private final Panels packedB = new Panels();
        private final Scratch scratch = new Scratch();

        private Local(ProductKernels products) {
            this.products = products;
            this.mr = products.mr();
            this.nr = products.nr();
            this.tile = new float[mr * nr];
        }

        /** A tile of the register kernel. */
        float[] tile() {
            return tile;
        }

        /** Memory for this many floats, until the next call on this thread. */
        long scratch(long floats) {
            return scratch.floats(floats);
        }

        /** Room for one packed block of an operand. */
        float[] block(int length) {
            packedA = atLeast(packedA, length);
            return packedA;
        }

        void multiply(int m, int n, int k, Matrix a, Matrix b, long bias, long c, long cStride, boolean accumulate) {
            pack(b, k, n, packedB);
            multiply(m, n, k, a, packedB, bias, c, cStride, accumulate);
        }

        /** Packs B [depth, columns]. */
        void pack(Matrix b, int depth, int columns, Panels into) {
            into.depth = depth;
            into.data = atLeast(into.data, (columns + nr - 1) / nr * nr * depth);
            packB(products, nr, b, depth, columns, into.data, 0);
        }

        /** As {@link Gemm#multiply}, by the first k rows and n columns of a packed B. */
        void multiply(int m, int n, int k, Matrix a, Panels b, long bias, long c, long cStride, boolean accumulate) {
            int kc = part(k, KC);
            float[] pa = block(Math.min((m + mr - 1) / mr * mr, FEW_PANELS * mr) * kc);
            for (int depth = 0; depth < k; depth += kc) {
                int inner = Math.min(kc, k - depth);
                for (int row = 0; row < m; row += FEW_PANELS * mr) {
                    int rows = Math.min(FEW_PANELS * mr, m - row);
                    packA(products, mr, a.from(row, depth), rows, inner, pa, 0);
                    panels(inner, pa, 0, inner, rows, b.data, depth * nr, b.depth, n, depth + inner == k ? bias : 0,
                            c + 4L * row * cStride, cStride, accumulate || depth > 0);
                }
            }
        }

        /**
         * C [m, n] (+)= A [m, depth] · B [depth, n], whose panels were packed with these depths and begin there. A panel of B
         * stays in the first-level cache while those of A pass.
         */
        private void panels(int depth, float[] a, int aFrom, int aDepth, int m, float[] b, int bFrom, int bDepth, int n,
                long bias, long c, long cStride, boolean accumulate) {
            for (int column = 0; column < n; column += nr) {
                int columns = Math.min(nr, n - column);
                long added = bias == 0 ? 0 : bias + 4L * column;
                for (int row = 0; row < m; row += mr) {
                    int rows = Math.min(mr, m - row);
                    int pa = aFrom + row * aDepth;
                    int pb = bFrom + column * bDepth;
                    long out = c + 4 * (row * cStride + column);
                    products.tile(rows, columns, depth, a, pa, b, pb, tile, added, out, cStride, accumulate);
                }
            }
        }
    }
}
