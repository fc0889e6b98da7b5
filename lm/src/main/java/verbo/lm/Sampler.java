// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Arrays;

/**
 * Chooses tokens from rows of log probabilities: temperature, top-k, top-p, min-p. It never sorts a row: what top-k and
 * top-p keep is found by selection, in time proportional to the vocabulary. Holds buffers as long as the vocabulary, so
 * one is used for many rows, by one thread at a time.
 */
public final class Sampler {

    private static final float NONE = Float.NEGATIVE_INFINITY;

    private final Sampling sampling;

    /** What is kept: ids in ascending order, and the sum of the weights up to and with each. */
    private int[] kept = {};
    private double[] sums = {};
    private int count;

    private float[] heap = {};
    private double[] weights = {};

    /** What the filters keep is what lies, in the order of (value, id), at or above this. */
    private float cut;
    private int cutId;

    /** The repetition penalty is not applied here: it needs the tokens that came before. */
    public Sampler(Sampling sampling) {
        this.sampling = sampling;
    }

    /**
     * Chooses a token.
     *
     * @param row
     *            [vocabulary] natural logarithms of probabilities, up to a constant; not changed
     * @param uniform
     *            a random number from 0 to 1 (exclusive), which decides; not used when greedy
     * @throws IllegalStateException
     *             if the row has a NaN, or no token has a probability
     */
    public int choose(float[] row, double uniform) {
        if (sampling.temperature() == 0) {
            return argmax(row);
        }
        filter(row);
        double target = uniform * sums[count - 1];
        int low = 0;
        int high = count - 1;
        while (low < high) { // the first whose sum is above the target
            int middle = (low + high) >>> 1;
            if (sums[middle] > target) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return kept[low];
    }

    /**
     * The distribution that {@link #choose} draws from.
     *
     * @param row
     *            [vocabulary] as there
     * @param probabilities
     *            [vocabulary], filled
     */
    public void distribution(float[] row, double[] probabilities) {
        Arrays.fill(probabilities, 0);
        if (sampling.temperature() == 0) {
            probabilities[argmax(row)] = 1;
            return;
        }
        filter(row);
        double before = 0;
        for (int i = 0; i < count; i++) {
            probabilities[kept[i]] = (sums[i] - before) / sums[count - 1];
            before = sums[i];
        }
    }

    /** The most probable token, of equals the first. */
    static int argmax(float[] row) {
        float max = NONE;
        int best = -1;
        for (int id = 0; id < row.length; id++) {
            float value = row[id];
            if (value > max) {
                max = value;
                best = id;
            } else if (Float.isNaN(value)) {
                throw notANumber(id);
            }
        }
        if (best < 0) {
            throw new IllegalStateException("the model gives no token a probability above zero");
        }
        return best;
    }

    private static IllegalStateException notANumber(int id) {
        return new IllegalStateException("the model gives token " + id + " a probability that is not a number (NaN)");
    }

    /** Fills {@code kept}, {@code sums} and {@code count}. */
    private void filter(float[] row) {
        float max = row[argmax(row)];
        double temperature = sampling.temperature();
        cut = sampling.topK() > 0 && sampling.topK() < row.length ? kthLargest(row, sampling.topK()) : NONE;
        cutId = 0;
        if (kept.length < row.length) {
            kept = new int[row.length];
            sums = new double[row.length];
        }
        if (sampling.topP() < 1) {
            cutNucleus(row, max);
        }
        double least = max + temperature * Math.log(sampling.minP());
        double sum = 0;
        count = 0;
        for (int id = 0; id < row.length; id++) {
            float value = row[id];
            if (value >= cut && (value > cut || id >= cutId) && value >= least && value > NONE) {
                sum += Math.exp((value - max) / temperature);
                kept[count] = id;
                sums[count++] = sum;
            }
        }
    }

    /** The k-th largest value of a row, by a heap of the k largest so far: most values of a row are looked at once. */
    private float kthLargest(float[] row, int k) {
        if (heap.length < k) {
            heap = new float[k];
        }
        System.arraycopy(row, 0, heap, 0, k);
        for (int i = k / 2 - 1; i >= 0; i--) {
            sink(i, k);
        }
        float least = heap[0];
        for (int id = k; id < row.length; id++) {
            if (row[id] > least) {
                heap[0] = row[id];
                sink(0, k);
                least = heap[0];
            }
        }
        return least;
    }

    private void sink(int start, int size) {
        int i = start;
        float value = heap[i];
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (value <= heap[child]) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = value;
    }

    /**
     * Raises the cut to the top-p nucleus of what is above it. As Hugging Face words it: with the tokens in ascending
     * order, those are removed whose sum of probabilities, their own with them, is at most 1 - p; the last one stays.
     */
    private void cutNucleus(float[] row, float max) {
        double temperature = sampling.temperature();
        if (weights.length < row.length) {
            weights = new double[row.length];
        }
        int[] ids = kept; // filled for good after this
        int candidates = 0;
        double total = 0;
        int last = 0;
        for (int id = 0; id < row.length; id++) {
            if (row[id] >= cut && row[id] > NONE) {
                double weight = Math.exp((row[id] - max) / temperature);
                total += weight;
                weights[candidates] = weight;
                ids[candidates++] = id;
                if (row[id] == max) {
                    last = id;
                }
            }
        }
        double removable = (1 - sampling.topP()) * total;

        // All tokens that weigh less than removable / candidates weigh less than removable together, so they go: of a
        // large vocabulary few are left to select among.
        double light = removable / candidates;
        int high = 0;
        for (int i = 0; i < candidates; i++) {
            if (weights[i] < light) {
                removable -= weights[i];
            } else {
                weights[high] = weights[i];
                ids[high++] = ids[i];
            }
        }

        // Quickselect by weight: [low, high) holds the tokens not yet known to stay or go, all of them above those that
        // go and below (firstValue, firstId), the lowest that is known to stay.
        float firstValue = max;
        int firstId = last;
        int low = 0;
        while (low < high) {
            swap(ids, high - 1, medianOfThree(row, ids, low, high));
            int pivotId = ids[high - 1];
            float pivot = row[pivotId];
            int middle = low;
            double below = 0;
            for (int i = low; i < high - 1; i++) {
                if (less(row[ids[i]], ids[i], pivot, pivotId)) {
                    below += weights[i];
                    swap(ids, i, middle++);
                }
            }
            swap(ids, middle, high - 1);
            if (below > removable) {
                firstValue = pivot;
                firstId = pivotId;
                high = middle;
            } else if (below + weights[middle] > removable) {
                firstValue = pivot;
                firstId = pivotId;
                break;
            } else {
                removable -= below + weights[middle];
                low = middle + 1;
            }
        }
        cut = firstValue;
        cutId = firstId;
    }

    private static boolean less(float value, int id, float other, int otherId) {
        return value < other || (value == other && id < otherId);
    }

    private static int medianOfThree(float[] row, int[] ids, int low, int high) {
        int a = low;
        int b = (low + high) >>> 1;
        int c = high - 1;
        if (less(row[ids[b]], ids[b], row[ids[a]], ids[a])) {
            int swapped = a;
            a = b;
            b = swapped;
        }
        if (less(row[ids[c]], ids[c], row[ids[b]], ids[b])) {
            b = less(row[ids[c]], ids[c], row[ids[a]], ids[a]) ? a : c;
        }
        return b;
    }

    private void swap(int[] ids, int i, int j) {
        int id = ids[i];
        ids[i] = ids[j];
        ids[j] = id;
        double weight = weights[i];
        weights[i] = weights[j];
        weights[j] = weight;
    }
}
