// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;

/**
 * The suffixes of a text of symbols in order, as far as their first few symbols go: what is to be found in it is no longer
 * than that, and so no text, however it repeats itself, takes long. Symbol 0 ends words; nothing is looked at behind it.
 * Sorted by the first symbol and then by multikey quicksort (Bentley and Sedgewick 1997), a first symbol at a time by each
 * thread.
 */
final class SuffixArray {
    private final int[] text;
    private final int depth;
    private final int[] suffixes;
    private final int[] begins; // of each first symbol

    /**
     * @param alphabet
     *            one more than the highest symbol
     * @param depth
     *            how many symbols decide
     */
    SuffixArray(int[] text, int alphabet, int depth, int threads) throws IOException {
        this.text = text;
        this.depth = depth;
        begins = new int[alphabet + 1];
        for (int symbol : text) {
            if (symbol > 0) {
                begins[symbol + 1]++;
            }
        }
        for (int symbol = 1; symbol <= alphabet; symbol++) {
            begins[symbol] += begins[symbol - 1];
        }
        suffixes = new int[begins[alphabet]];
        int[] at = begins.clone();
        for (int i = 0; i < text.length; i++) {
            if (text[i] > 0) {
                suffixes[at[text[i]]++] = i;
            }
        }
        Slices.forEach(threads, alphabet, 1, (worker, from, to) -> {
            for (int symbol = from; symbol < to; symbol++) {
                sort(begins[symbol], begins[symbol + 1], 1);
            }
        });
    }

    int size() {
        return suffixes.length;
    }

    /** Where in the text the suffix of a rank begins. */
    int get(int rank) {
        return suffixes[rank];
    }

    /** Rank of the first suffix that begins with a symbol. */
    int begin(int symbol) {
        return begins[symbol];
    }

    /** How many of the first symbols two suffixes share. */
    int common(int a, int b) {
        int length = 0;
        while (length < depth && text[a + length] == text[b + length] && text[a + length] != 0) {
            length++;
        }
        return length;
    }

    private void sort(int from, int to, int symbols) {
        int lo = from;
        int hi = to;
        int d = symbols;
        while (hi - lo > 1 && d < depth) {
            if (hi - lo < 12) {
                insert(lo, hi, d);
                return;
            }
            int pivot = median(key(lo, d), key((lo + hi) >>> 1, d), key(hi - 1, d));
            int less = lo;
            int more = hi;
            for (int i = lo; i < more;) {
                int key = key(i, d);
                if (key < pivot) {
                    swap(less++, i++);
                } else if (key > pivot) {
                    swap(i, --more);
                } else {
                    i++;
                }
            }
            sort(lo, less, d);
            sort(more, hi, d);
            if (pivot == 0) {
                return;
            }
            lo = less;
            hi = more;
            d++;
        }
    }

    private void insert(int from, int to, int symbols) {
        for (int i = from + 1; i < to; i++) {
            int suffix = suffixes[i];
            int k = i;
            while (k > from && precedes(suffix, suffixes[k - 1], symbols)) {
                suffixes[k] = suffixes[k - 1];
                k--;
            }
            suffixes[k] = suffix;
        }
    }

    private boolean precedes(int a, int b, int symbols) {
        for (int d = symbols; d < depth; d++) {
            int x = text[a + d];
            int y = text[b + d];
            if (x != y) {
                return x < y;
            }
            if (x == 0) {
                return false;
            }
        }
        return false;
    }

    private int key(int rank, int d) {
        return text[suffixes[rank] + d];
    }

    private void swap(int i, int k) {
        int suffix = suffixes[i];
        suffixes[i] = suffixes[k];
        suffixes[k] = suffix;
    }

    private static int median(int a, int b, int c) {
        return a < b ? b < c ? b : Math.max(a, c) : a < c ? a : Math.max(b, c);
    }
}
