// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sorts more rows than memory holds: full arrays are sorted and written as runs, which are merged as they are read. Rows with
 * equal keys may be made one, their last longs added up.
 */
final class RowSorter implements AutoCloseable {
    private final Workspace workspace;
    private final int stride;
    private final int keys;
    private final boolean add;
    private final List<RowStore> runs = new ArrayList<>();
    private long[] rows;
    private long[] spare;
    private int used; // longs

    /**
     * @param expected
     *            how many rows will come at most
     * @param stride
     *            longs of a row, keys and one more
     * @param add
     *            whether rows with equal keys become one
     * @param share
     *            of the workspace's memory for sorting, 0 to 1
     */
    RowSorter(Workspace workspace, long expected, int stride, boolean add, double share) {
        this.workspace = workspace;
        this.stride = stride;
        this.keys = stride - 1;
        this.add = add;
        long capacity = Math.min(Math.max(1, expected), (long) (workspace.sortLongs() * share) / 2 / stride);
        capacity = Math.min(Math.max(16, capacity), (Integer.MAX_VALUE - 64) / stride);
        rows = new long[(int) capacity * stride];
        spare = new long[rows.length];
    }

    void add(long[] key, int at, long payload) throws IOException {
        int to = slot();
        for (int i = 0; i < keys; i++) {
            rows[to + i] = key[at + i];
        }
        rows[to + keys] = payload;
    }

    /** Room for one more row in {@link #array()}. */
    int slot() throws IOException {
        if (used == rows.length) {
            spill();
        }
        int at = used;
        used += stride;
        return at;
    }

    long[] array() {
        return rows;
    }

    private void sort() {
        int count = used / stride;
        long[] sorted = RowSort.sort(rows, spare, count, stride, keys);
        if (sorted != rows) {
            spare = rows;
            rows = sorted;
        }
        if (add && count > 0) {
            int last = 0;
            for (int i = stride; i < used; i += stride) {
                if (RowSort.compare(rows, last, rows, i, keys) == 0) {
                    rows[last + keys] += rows[i + keys];
                } else {
                    last += stride;
                    if (last != i) {
                        System.arraycopy(rows, i, rows, last, stride);
                    }
                }
            }
            used = last + stride;
        }
    }

    private void spill() throws IOException {
        sort();
        if (!add || used >= rows.length / 2) { // else counting alone made room
            writeRun();
        }
    }

    private void writeRun() throws IOException {
        RowStore run = new RowStore(workspace, stride, true);
        runs.add(run);
        for (int i = 0; i < used; i += stride) {
            run.add(rows, i, rows[i + keys]);
        }
        run.finish();
        used = 0;
    }

    /** All rows in order, once. */
    RowCursor sorted() throws IOException {
        if (runs.isEmpty()) {
            sort();
            spare = new long[0];
            return RowCursor.of(rows, used / stride, stride);
        }
        sort();
        writeRun();
        rows = new long[0];
        spare = rows;
        return new Merge();
    }

    boolean spilled() {
        return !runs.isEmpty();
    }

    @Override
    public void close() throws IOException {
        for (RowStore run : runs) {
            run.close();
        }
        runs.clear();
        rows = new long[0];
        spare = rows;
    }

    /** A binary heap of the runs' cursors, the least row on top. */
    private final class Merge extends RowCursor {
        private final RowCursor[] heap;
        private int size;

        Merge() throws IOException {
            heap = new RowCursor[runs.size()];
            for (RowStore run : runs) {
                RowCursor cursor = run.read();
                if (cursor.next()) {
                    heap[size++] = cursor;
                }
            }
            for (int i = size / 2 - 1; i >= 0; i--) {
                sink(i);
            }
            data = new long[stride];
        }

        @Override
        boolean next() throws IOException {
            if (size == 0) {
                return false;
            }
            RowCursor top = heap[0];
            System.arraycopy(top.data, top.at, data, 0, stride);
            advanceTop();
            while (add && size > 0 && RowSort.compare(data, 0, heap[0].data, heap[0].at, keys) == 0) {
                data[keys] += heap[0].data[heap[0].at + keys];
                advanceTop();
            }
            return true;
        }

        private void advanceTop() throws IOException {
            if (!heap[0].next()) {
                heap[0] = heap[--size];
            }
            sink(0);
        }

        private void sink(int from) {
            int i = from;
            RowCursor moving = heap[i];
            for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
                if (child + 1 < size && compare(heap[child + 1], heap[child]) < 0) {
                    child++;
                }
                if (compare(moving, heap[child]) <= 0) {
                    break;
                }
                heap[i] = heap[child];
                i = child;
            }
            heap[i] = moving;
        }

        private int compare(RowCursor left, RowCursor right) {
            return RowSort.compare(left.data, left.at, right.data, right.at, keys);
        }

        @Override
        public void close() throws IOException {
            for (RowCursor cursor : Arrays.copyOf(heap, size)) {
                cursor.close();
            }
        }
    }
}
