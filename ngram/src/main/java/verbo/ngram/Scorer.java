// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.Objects;

/**
 * Scores running text: many words a call, which gives a model's lookups the chance to wait for memory together, and not one
 * after the other. It remembers where it stands between calls, at first at the beginning of a sentence, and allocates nothing
 * once it is made. For one thread.
 *
 * <p>
 * A block of words goes through the model order by order: the n-grams of a length that any of them may end with are looked for
 * together, so that the processor waits for a dozen of them at once, as none depends on another. A word whose n-gram is not
 * there, that no longer one ends with, or before which stands what no longer one begins with, is left out of the next order.
 */
public abstract sealed class Scorer permits FastScorer, SmallScorer {
    static final int SIGN = 0x80000000;
    private static final int BLOCK = 64;
    private static final float NOTHING = -0.0f; // what may be added to a sum and makes no difference

    final int order;
    // Of each word of the block, behind those of the context: the sequence has <s> where a sentence begins.
    final int[] sequence;
    final int[] open; // the words that an order still has to be asked about
    private final int depth; // words of a context at most, and backoff weights of a word
    private final int[] contexts; // how many words before it count
    private final int[] probabilities; // bits of the logarithms, but for the sign
    private final int[] matched;
    private final float[] backoffs; // [depth] a word, of the n-grams that end with it

    Scorer(int order) {
        this.order = order;
        depth = Math.max(1, order - 1);
        int capacity = depth + 1 + 2 * BLOCK;
        sequence = new int[capacity];
        contexts = new int[capacity];
        probabilities = new int[capacity];
        matched = new int[capacity];
        backoffs = new float[capacity * depth];
        open = new int[capacity];
    }

    /** Goes to the beginning of a sentence. */
    public final void begin() {
        sequence[depth] = Vocabulary.BEGIN;
        contexts[depth] = 0;
        look(depth, depth + 1);
    }

    /**
     * The logarithms to base 10 of the probabilities of words, each after those before it; behind {@code </s>} a sentence
     * begins. They are exactly those of {@link NgramModel#score}.
     *
     * @param words
     *            ids, 0 to {@code vocabularySize() - 1}; not checked beyond what memory safety needs
     * @param from
     *            the first of them
     * @param to
     *            behind the last
     * @param scores
     *            [to - from] or more; the results, from the first element on
     */
    public final void score(int[] words, int from, int to, float[] scores) {
        Objects.checkFromToIndex(from, to, words.length);
        Objects.checkFromIndexSize(0, to - from, scores.length);
        for (int at = from; at < to; at += BLOCK) {
            block(words, at, Math.min(to, at + BLOCK), scores, at - from);
        }
    }

    private void block(int[] words, int from, int to, float[] scores, int out) {
        int first = depth + 1; // behind the last word of the block before
        int end = first;
        int context = contexts[depth];
        for (int i = from; i < to; i++) {
            int word = words[i];
            context = Math.min(order - 1, context + 1);
            sequence[end] = word;
            contexts[end++] = context;
            if (word == Vocabulary.END) {
                sequence[end] = Vocabulary.BEGIN;
                contexts[end++] = -1; // has no score; the next word's context is itself
                context = 0;
            }
        }
        look(first, end);
        int next = out;
        for (int t = first; t < end; t++) {
            if (contexts[t] < 0) {
                contexts[t] = 0;
                continue;
            }
            float score = Float.intBitsToFloat(probabilities[t] | SIGN);
            int row = (t - 1) * depth;
            for (int i = matched[t] - 1; i < contexts[t]; i++) {
                score += backoffs[row + i];
            }
            scores[next++] = score;
        }
        System.arraycopy(sequence, end - first, sequence, 0, first);
        System.arraycopy(backoffs, (end - 1) * depth, backoffs, depth * depth, depth);
        contexts[depth] = contexts[end - 1];
    }

    /** Finds the longest n-gram that ends with each word, and the backoff weights of all of them. */
    private void look(int from, int to) {
        int left = unigrams(from, to);
        for (int n = 2; n <= order && left > 0; n++) {
            left = ngrams(n, left);
        }
    }

    /** Finds the unigrams of some places of the sequence, and opens those that bigrams may end with; how many there are. */
    abstract int unigrams(int from, int to);

    /** Finds the n-grams that end with the first so many open words, and keeps open those that longer ones may end with. */
    abstract int ngrams(int n, int count);

    final void unigram(int t, int probability, float backoff) {
        probabilities[t] = probability;
        matched[t] = 1;
        int row = t * depth;
        backoffs[row] = order == 1 ? NOTHING : backoff;
        for (int i = 1; i < depth; i++) {
            backoffs[row + i] = NOTHING;
        }
    }

    final void ngram(int t, int n, int probability, float backoff) {
        probabilities[t] = probability;
        matched[t] = n;
        backoffs[t * depth + n - 1] = backoff;
    }

    final void longest(int t, int probability) {
        probabilities[t] = probability;
        matched[t] = order;
    }

    /** Whether an n-gram of one word more could be there as far as the words before tell: these begin a longer one. */
    final boolean isLonger(int t, int n) {
        return contexts[t] >= n && Float.floatToRawIntBits(backoffs[(t - 1) * depth + n - 1]) != SIGN;
    }
}
