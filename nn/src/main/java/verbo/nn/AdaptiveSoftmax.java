// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
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
        int[] ids = new int[(int) targets.size()];
        targets.engine().read(targets, MemorySegment.ofArray(ids));
        Scope scope = Scope.current();
        int[] chosen = new int[ids.length]; // in the head: a common word or a cluster
        int[] counts = new int[ends.length]; // of targets in each cluster, the common words last
        for (int i = 0; i < ids.length; i++) {
            int cluster = cluster(ids[i]);
            chosen[i] = cluster < 0 ? ids[i] : ends[0] + cluster;
            if (ids[i] >= 0) {
                counts[cluster < 0 ? ends.length - 1 : cluster]++;
            }
        }
        int counted = Arrays.stream(counts).sum();
        Tensor loss = hidden.linearCrossEntropy(head().transpose(0, 1), headBias(),
                scope.of(chosen, chosen.length)); // []
        for (int c = 0; c + 1 < ends.length; c++) {
            if (counts[c] > 0) {
                int[] rows = new int[counts[c]];
                int[] within = new int[counts[c]];
                for (int i = 0, n = 0; i < ids.length; i++) {
                    if (cluster(ids[i]) == c) {
                        rows[n] = i;
                        within[n++] = ids[i] - ends[c];
                    }
                }
                Tensor there = hidden.embedding(scope.of(rows, rows.length)); // [rows, width]
                Tensor nats = there.linearCrossEntropy(tail(c), tailBias(c), scope.of(within, within.length)); // []
                loss = loss.add(nats.multiply((float) counts[c] / counted));
            }
        }
        return loss;
    }

    /** The cluster of a word, -1 for a common one. */
    private int cluster(int id) {
        int c = -1;
        while (c + 1 < ends.length && id >= ends[c + 1]) {
            c++;
        }
        return c;
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
