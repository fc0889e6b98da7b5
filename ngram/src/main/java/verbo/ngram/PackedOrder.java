// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.lang.foreign.MemorySegment;

/** The n-grams of one length in a {@link SmallModel}, bit-packed in suffix order. */
final class PackedOrder {
    /** After so many a search goes on by halves. */
    private static final int GUESSES = 4;

    private final MemorySegment file;
    private final long records;
    private final int width; // bits of a record
    private final int wordBits;
    private final int probabilityBits;
    private final int backoffBits;
    private final int childBits;
    private final long backoffTable;
    private final long probabilityTable; // 0 if probabilities are written as they are
    private final long share; // of 2^64 that each word has

    /**
     * @param offset
     *            where its tables of values lie, and behind them its records
     */
    PackedOrder(MemorySegment file, long offset, SmallModel.Layout layout, int vocabularySize) {
        this.file = file;
        records = offset + layout.tables();
        width = layout.bits();
        wordBits = layout.wordBits();
        probabilityBits = layout.probabilityBits();
        backoffBits = layout.backoffBits();
        childBits = layout.childBits();
        backoffTable = offset;
        probabilityTable = layout.probabilities() == 0 ? 0 : offset + 4L * layout.backoffs();
        share = Long.divideUnsigned(-1, vocabularySize);
    }

    /** Up to 57 bits from any bit on. */
    private long read(long bit, int bits) {
        return file.get(Vocabulary.LONG, records + (bit >>> 3)) >>> (bit & 7) & (1L << bits) - 1;
    }

    /** The word farthest back of an n-gram. */
    int word(long index) {
        return (int) read(index * width, wordBits);
    }

    /** The bits of the logarithm of its probability. */
    int probability(long index) {
        int bits = (int) read(index * width + wordBits, probabilityBits);
        return probabilityTable == 0 ? bits | Scorer.SIGN : file.get(Vocabulary.INT, probabilityTable + 4L * bits);
    }

    /** Its backoff weight; the longest have none. */
    float backoff(long index) {
        long code = read(index * width + wordBits + probabilityBits, backoffBits);
        return Float.intBitsToFloat(file.get(Vocabulary.INT, backoffTable + 4 * code));
    }

    /** Where those of the next order begin that end with it. */
    long child(long index) {
        return read((index + 1) * width - childBits, childBits);
    }

    /** Where in a range that is not empty a word should be, as words lie evenly. */
    long guess(long from, long to, int word) {
        return from + Math.unsignedMultiplyHigh(word * share, to - from);
    }

    /** A better guess, by the word that is at the first. */
    long guess(long from, long to, int word, long guess) {
        return within(from, to, guess + further(from, to, word - word(guess)));
    }

    /** How much farther on in a range a word should be that has a number so much above another's. */
    private long further(long from, long to, int off) {
        return Math.multiplyHigh(off * (share >>> 1), to - from << 1);
    }

    private static long within(long from, long to, long at) {
        return Math.max(from, Math.min(to - 1, at));
    }

    /** Searches a range for a word, from a guess in it on: by how far off it is, at last by halves. Below 0 if it is not there. */
    long find(long from, long to, long guess, int word) {
        long low = from;
        long high = to;
        long at = guess;
        for (int step = 0; low < high; step++) {
            int off = word - word(at);
            if (off == 0) {
                return at;
            }
            if (off > 0) {
                low = at + 1;
            } else {
                high = at;
            }
            at = step < GUESSES ? within(low, high, at + further(from, to, off)) : low + high >>> 1;
        }
        return -1;
    }
}
