// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

/**
 * What an n-gram model remembers of the words so far: the longest end of them that could still make a difference, and the
 * backoff weights of its ends. A value to copy and to use again; nothing in it is allocated by a query.
 */
public final class History {
    final int[] words; // the last one first
    final float[] backoffs; // [i] of the last i + 1 words, base 10
    int length;

    History(int order) {
        words = new int[Math.max(1, order - 1)];
        backoffs = new float[words.length];
    }

    /** How many words of the past make a difference; the order of the model less one at most. */
    public int length() {
        return length;
    }

    /** Becomes equal to another of the same model. */
    public void set(History other) {
        int count = other.length;
        length = count;
        for (int i = 0; i < count; i++) {
            words[i] = other.words[i];
            backoffs[i] = other.backoffs[i];
        }
    }
}
