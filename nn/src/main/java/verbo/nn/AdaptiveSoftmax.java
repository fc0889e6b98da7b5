// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import verbo.tensor.DType;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/**
 * The output layer of a large vocabulary whose ids are in the order of frequency: the commonest words are chosen directly,
 * the others in two steps, their cluster first (Grave et al. 2017). A cluster's words are only computed where one of them is
 * the target, so the cost is that of the common words and little more. The words' vectors are not made shorter with their
 * rarity, as the paper does: so they can be tied to the embedding.
 */
public final class AdaptiveSoftmax {
    private final Parameter words; // [vocabulary, width]
    private final @Nullable Parameter bias; // [vocabulary]
    private final Parameter clusters; // [clusters, width]
    private final int[] ends; // of the common words and of each cluster

    /**
     * @param words
     *            [vocabulary, width], a vector for each word
     * @param bias
     *            [vocabulary], or null
     * @param clusters
     *            [cutoffs, width], a vector for each cluster
     * @param cutoffs
     *            rising ids below the vocabulary's size: the words before the first are common, each begins a cluster
     */
    public AdaptiveSoftmax(Parameter words, @Nullable Parameter bias, Parameter clusters, List<Integer> cutoffs) {
        if (clusters.value().length(0) != cutoffs.size()) {
            throw new IllegalArgumentException(
                    clusters.value().length(0) + " vectors of clusters for " + cutoffs.size() + " cutoffs");
        }
        this.words = words;
        this.bias = bias;
        this.clusters = clusters;
        ends = new int[cutoffs.size() + 1];
        for (int i = 0; i < cutoffs.size(); i++) {
            ends[i] = cutoffs.get(i);
        }
        ends[cutoffs.size()] = words.value().length(0);
        requireRising(cutoffs, words.value().length(0));
    }

    /** Checks cutoffs. */
    public static void requireRising(List<Integer> cutoffs, int vocabularySize) {
        int before = 0;
        for (int cutoff : cutoffs) {
            if (cutoff <= before || cutoff >= vocabularySize) {
                throw new IllegalArgumentException("cutoffs rise from 1 to below the vocabulary's size, "
                        + vocabularySize + ": not " + cutoffs);
            }
            before = cutoff;
        }
    }

    /** The common words and the clusters: [common + clusters, width]. */
    private Tensor head() {
        return Tensor.concat(0, words.value().slice(0, 0, ends[0]), clusters.value());
    }

    /** Their biases; a cluster has none. */
    private @Nullable Tensor headBias() {
        return bias == null
                ? null
                : Tensor.concat(0, bias.value().slice(0, 0, ends[0]),
                        Scope.current().zeros(clusters.value().length(0)));
    }

    private Tensor tail(int cluster) {
        return words.value().slice(0, ends[cluster], ends[cluster + 1]).transpose(0, 1); // [width, words]
    }

    private @Nullable Tensor tailBias(int cluster) {
        return bias == null ? null : bias.value().slice(0, ends[cluster], ends[cluster + 1]);
    }

    /** The mean negative log-probability of targets [n] (I32) after {@code hidden [n, width]}, in nats; negative ones do not count. */
    public Tensor loss(Tensor hidden, Tensor targets) {
        int[] ids = targets.toInts();
        for (int id : ids) {
            if (id >= words.value().length(0)) {
                throw new IllegalArgumentException(
                        "target " + id + " is outside " + words.value().length(0) + " words");
            }
        }
        Scope scope = Scope.current();
        int[] chosen = Arrays.stream(ids).map(this::chosen).toArray();
        long counted = Arrays.stream(ids).filter(id -> id >= 0).count();
        Tensor loss = hidden.linearCrossEntropy(head().transpose(0, 1), headBias(),
                scope.of(chosen, chosen.length)); // []
        for (int c = 0; c + 1 < ends.length; c++) {
            int[] rows = rows(ids, c);
            if (rows.length > 0) {
                int first = ends[c];
                int[] within = Arrays.stream(rows).map(row -> ids[row] - first).toArray();
                Tensor there = hidden.embedding(scope.of(rows, rows.length)); // [rows, width]
                Tensor nats = there.linearCrossEntropy(tail(c), tailBias(c), scope.of(within, within.length)); // []
                loss = loss.add(nats.multiply((float) rows.length / counted));
            }
        }
        return loss;
    }

    /** What stands for a word in the head: itself, if it is common, or its cluster. */
    private int chosen(int id) {
        int cluster = cluster(id);
        return cluster < 0 ? id : ends[0] + cluster;
    }

    /** The places of words of a cluster. */
    private int[] rows(int[] ids, int cluster) {
        return IntStream.range(0, ids.length).filter(i -> cluster(ids[i]) == cluster).toArray();
    }

    /** The cluster of a word, -1 for a common one. */
    private int cluster(int id) {
        int c = -1;
        while (c + 1 < ends.length && id >= ends[c + 1]) {
            c++;
        }
        return c;
    }

    /** Log-probabilities of {@code targets} [n] after {@code hidden [n, width]}, in nats: of the clusters only what they need. */
    public float[] logProbabilities(Tensor hidden, int[] targets) {
        Tensor head = hidden.linear(head().transpose(0, 1), headBias()).logSoftmax(); // [n, common + clusters]
        float[] value = new float[1];
        float[] found = new float[targets.length];
        for (int i = 0; i < targets.length; i++) {
            read(head, i, chosen(targets[i]), value);
            found[i] = value[0];
        }
        for (int c = 0; c + 1 < ends.length; c++) {
            int[] rows = rows(targets, c);
            if (rows.length > 0) {
                Tensor there = hidden.embedding(Scope.current().of(rows, rows.length)); // [rows, width]
                Tensor tail = there.linear(tail(c), tailBias(c)).logSoftmax(); // [rows, words]
                for (int i = 0; i < rows.length; i++) {
                    read(tail, i, targets[rows[i]] - ends[c], value);
                    found[rows[i]] += value[0];
                }
            }
        }
        return found;
    }

    private static void read(Tensor rows, int row, int column, float[] value) {
        rows.engine().read(rows.select(0, row).slice(0, column, column + 1), MemorySegment.ofArray(value));
    }

    /** Log-probabilities of all words after {@code hidden [n, width]}: [n, vocabulary]. */
    public Tensor logProbabilities(Tensor hidden) {
        int rows = hidden.length(0);
        Tensor all = Scope.current().empty(DType.F32, rows, words.value().length(0));
        Tensor head = hidden.linear(head().transpose(0, 1), headBias()).logSoftmax(); // [n, common + clusters]
        all.engine().copy(head.slice(1, 0, ends[0]), all.slice(1, 0, ends[0]), false);
        for (int c = 0; c + 1 < ends.length; c++) {
            try (Scope temporary = Scope.open(all.engine())) {
                Tensor tail = hidden.linear(tail(c), tailBias(c)).logSoftmax(); // [n, words]
                Tensor sum = tail.add(head.slice(1, ends[0] + c, ends[0] + c + 1)); // [n, words]
                all.engine().copy(sum, all.slice(1, ends[c], ends[c + 1]), false);
            }
        }
        return all;
    }
}
