// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Map;

/**
 * All ways to write a text in the pieces of a unigram model (Kudo 2018, arXiv:1804.10959), and the best of them by Viterbi's
 * algorithm: that of the highest sum of scores, of equals that whose last piece begins first. A character that is no piece may
 * stand for itself, at a score of its own.
 */
final class UnigramLattice {
    /** How much less than the least probable piece a character that is none scores. */
    static final double UNKNOWN_PENALTY = 10;

    /** Sums in single precision that are further from zero begin there anew, as those of the library do. */
    static final float FURTHEST = 100_000;

    private final Trie trie;
    private final double[] scores; // by number
    private final double unknownScore;
    private final int unknown;

    UnigramLattice(Map<String, Integer> pieces, double[] scores, double unknownScore, int unknown) {
        trie = new Trie(pieces);
        this.scores = scores;
        this.unknownScore = unknownScore;
        this.unknown = unknown;
    }

    /** The best way that was found, and what is needed to find it; its arrays are used again. */
    static final class Path {
        // by place: the best sum and the second best, where the last piece of the best begins << 32 | its number + 2
        private double[] best = new double[64];
        private double[] second = new double[64];
        private long[] steps = new long[64];
        private int[] codes = new int[64]; // of the characters
        private int[] ids = new int[64];
        private int[] ends = new int[64];
        private int size;

        /** How many pieces there are. */
        int size() {
            return size;
        }

        int id(int piece) {
            return ids[piece];
        }

        int begin(int piece) {
            return piece == 0 ? 0 : ends[piece - 1];
        }

        int end(int piece) {
            return ends[piece];
        }

        /** What the scores sum up to, with what they were added to. */
        double sum() {
            return best[end(size - 1)];
        }

        /**
         * The greatest exponent of two such that the best way is the same where each addition is off by half of that power at
         * most; {@link Integer#MIN_VALUE} where there is none. Of sums in double precision, which are off by next to nothing.
         */
        int leeway() {
            double least = Double.POSITIVE_INFINITY;
            for (int piece = 0; piece < size; piece++) {
                int end = ends[piece];
                // so many additions to the best and at most so many to the other
                double each = (best[end] - second[end] - 1e-9) * 2 / (piece + 1 + end);
                least = Math.min(least, each);
            }
            return least > 0 ? Math.getExponent(least * (1 - 0x1p-40)) : Integer.MIN_VALUE;
        }

        private void room(int length) {
            if (best.length <= length) {
                int room = Math.max(length + 1, (int) Math.min(2L * best.length, 1 << 16));
                best = new double[room];
                second = new double[room];
                steps = new long[room];
                codes = new int[room];
                ids = new int[room];
                ends = new int[room];
            }
        }

        /** Whether it is small enough to be kept. */
        boolean isSmall() {
            return best.length <= 1 << 12;
        }
    }

    /**
     * Finds the best way to write text[from..to), in double precision or in single precision, as SentencePiece does it.
     *
     * @param begin
     *            what the scores are added to
     */
    void find(char[] text, int from, int to, double begin, boolean single, Path path) {
        int length = to - from;
        path.room(length);
        double[] best = path.best;
        double[] second = path.second;
        long[] steps = path.steps;
        int[] codes = path.codes;
        for (int i = 0; i < length; i++) {
            codes[i] = trie.code(text[from + i]);
            steps[i + 1] = 0;
        }
        best[0] = begin;
        for (int start = 0; start < length;) {
            int width = CharClass.next(text, from + start, to) - from - start;
            double till = best[start];
            if (single && Math.abs(till) > FURTHEST) {
                for (int i = start; i <= length; i++) { // of what was reached already; the rest is nothing yet
                    best[i] = (float) (best[i] - till);
                }
                till = 0;
            }
            boolean alone = false;
            long node = trie.root();
            for (int end = start; end < length;) {
                node = trie.child(node, codes[end++]);
                if (node == Trie.NOWHERE) {
                    break;
                }
                int id = Trie.value(node);
                if (id == Trie.NONE) {
                    continue;
                }
                alone |= end - start == width;
                double exact = till + scores[id];
                double sum = single ? (float) exact : exact;
                if (steps[end] == 0) {
                    second[end] = Double.NEGATIVE_INFINITY;
                } else if (sum > best[end]) {
                    second[end] = best[end];
                } else {
                    second[end] = Math.max(second[end], sum);
                    continue;
                }
                best[end] = sum;
                steps[end] = (long) start << 32 | id + 2;
            }
            start += width;
            if (!alone) {
                double exact = till + unknownScore;
                double sum = single ? (float) exact : exact;
                if (steps[start] == 0 || sum > best[start]) {
                    second[start] = steps[start] == 0 ? Double.NEGATIVE_INFINITY : best[start];
                    best[start] = sum;
                    steps[start] = (long) (start - width) << 32 | unknown + 2;
                } else {
                    second[start] = Math.max(second[start], sum);
                }
            }
        }
        int size = 0;
        for (int end = length; end > 0; end = (int) (steps[end] >>> 32)) {
            size++;
        }
        path.size = size;
        for (int end = length; end > 0; end = (int) (steps[end] >>> 32)) {
            path.ends[--size] = end;
            path.ids[size] = (int) steps[end] - 2;
        }
    }
}
