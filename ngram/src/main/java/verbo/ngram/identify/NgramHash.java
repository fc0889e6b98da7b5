// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

/** The hash of an n-gram of letters, grown to the left: that of {@code bc} gives that of {@code abc}. */
final class NgramHash {
    /** Of no letters. */
    static final long EMPTY = 0;

    private NgramHash() {}

    static long grow(long hash, int symbol) {
        long h = (hash + symbol) * 0x9E3779B97F4A7C15L;
        return h ^ h >>> 32;
    }
}
