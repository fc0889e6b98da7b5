// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.function.IntToLongFunction;

/**
 * A binary tree whose leaves are words, frequent ones near the root (Huffman 1952). A word's probability is the product of
 * the decisions on the way to it, so a step costs log V instead of V (Morin and Bengio 2005).
 */
final class HuffmanTree {
    private final int[][] nodes; // of each word, inner nodes from the root on
    private final float[][] labels; // 1 where the way goes left
    private final int longest;

    /** The words' counts must not rise. */
    HuffmanTree(int words, IntToLongFunction count) {
        long[] weight = new long[2 * words];
        int[] parent = new int[2 * words];
        boolean[] right = new boolean[2 * words];
        for (int w = 0; w < words; w++) {
            weight[w] = count.applyAsLong(w);
        }
        int leaf = words - 1; // the rarest word not yet taken
        int inner = words; // the lightest inner node not yet taken
        for (int node = words; node < 2 * words - 1; node++) {
            for (int side = 0; side < 2; side++) {
                boolean takeLeaf = leaf >= 0 && (inner >= node || weight[leaf] < weight[inner]);
                int child = takeLeaf ? leaf-- : inner++;
                weight[node] += weight[child];
                parent[child] = node;
                right[child] = side == 1;
            }
        }
        int root = 2 * words - 2;
        nodes = new int[words][];
        labels = new float[words][];
        int most = 0;
        for (int w = 0; w < words; w++) {
            int depth = 0;
            for (int node = w; node != root; node = parent[node]) {
                depth++;
            }
            nodes[w] = new int[depth];
            labels[w] = new float[depth];
            int at = depth;
            for (int node = w; node != root; node = parent[node]) {
                nodes[w][--at] = parent[node] - words;
                labels[w][at] = right[node] ? 0 : 1;
            }
            most = Math.max(most, depth);
        }
        longest = most;
    }

    /** The inner nodes on the way to a word; there are one fewer of them than words. */
    int[] nodes(int word) {
        return nodes[word];
    }

    /** For each of these nodes 1 or 0: left or right. */
    float[] labels(int word) {
        return labels[word];
    }

    /** The length of the longest way. */
    int longest() {
        return longest;
    }
}
