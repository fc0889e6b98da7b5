// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

/** Told now and then how far an estimation has come. */
@FunctionalInterface
public interface EstimationProgress {
    /** Shows nothing. */
    EstimationProgress NONE = (stage, done, total) -> {};

    /**
     * Called from one thread at a time.
     *
     * @param stage
     *            what is being done: reading, counting, sorting, estimating, writing
     * @param done
     *            how much of it, in bytes when reading, else in n-grams
     * @param total
     *            all there is to do in the same unit, 0 when that is not known
     */
    void update(String stage, long done, long total);
}
