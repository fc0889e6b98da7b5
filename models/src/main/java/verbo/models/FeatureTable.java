// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import verbo.text.LabelledText;

/** The rows of features: a hash table from 64 bits, which are well mixed already, to numbers from 0 on. */
final class FeatureTable {
    private long[] slots; // a feature, or 0 for none: that one feature in 2^64 is never known
    private int[] rows; // of each slot
    private int size;

    private FeatureTable(int capacity) {
        int length = Math.max(16, Integer.highestOneBit(Math.max(1, capacity)) << 2);
        slots = new long[length];
        rows = new int[length];
    }

    /** Those that occur often enough, numbered in the order of their first occurrence. */
    static FeatureTable of(TextFeatures features, List<LabelledText> texts, int minimum) {
        FeatureTable table = new FeatureTable(1 << 12);
        for (LabelledText text : texts) {
            table.putAll(features.of(text.text()));
        }
        if (minimum < 2) {
            return table;
        }
        int[] counts = new int[table.size];
        for (LabelledText text : texts) {
            for (int row : table.rows(features.of(text.text()))) {
                counts[row]++;
            }
        }
        long[] known = table.features();
        return of(IntStream.range(0, known.length).filter(row -> counts[row] >= minimum).mapToLong(row -> known[row])
                .toArray());
    }

    /** With these features as rows 0, 1, ...; fewer rows than features come of it where one comes twice. */
    static FeatureTable of(long[] features) {
        FeatureTable table = new FeatureTable(features.length);
        table.putAll(features);
        return table;
    }

    int size() {
        return size;
    }

    /** The features in the order of their rows. */
    long[] features() {
        long[] features = new long[size];
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot] != 0) {
                features[rows[slot]] = slots[slot];
            }
        }
        return features;
    }

    /** The row of a feature, -1 if it has none. */
    int row(long feature) {
        int slot = slot(feature);
        return slots[slot] == 0 ? -1 : rows[slot];
    }

    int[] rows(long[] features) {
        int[] rows = new int[features.length];
        int count = 0;
        for (long feature : features) {
            int row = row(feature);
            if (row >= 0) {
                rows[count++] = row;
            }
        }
        return Arrays.copyOf(rows, count);
    }

    private int slot(long feature) {
        int mask = slots.length - 1;
        int slot = (int) feature & mask;
        while (slots[slot] != 0 && slots[slot] != feature) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void putAll(long[] features) {
        for (long feature : features) {
            int slot = slot(feature);
            if (slots[slot] == 0 && feature != 0) {
                slots[slot] = feature;
                rows[slot] = size++;
                if (size * 2L > slots.length) {
                    grow();
                }
            }
        }
    }

    private void grow() {
        long[] oldSlots = slots;
        int[] oldRows = rows;
        slots = new long[2 * oldSlots.length];
        rows = new int[slots.length];
        for (int i = 0; i < oldSlots.length; i++) {
            if (oldSlots[i] != 0) {
                int to = slot(oldSlots[i]);
                slots[to] = oldSlots[i];
                rows[to] = oldRows[i];
            }
        }
    }
}
