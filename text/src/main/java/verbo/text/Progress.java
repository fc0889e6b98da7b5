// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/** Told now and then how far a long piece of work has come; called from one thread at a time. */
@FunctionalInterface
public interface Progress {
    /** Shows nothing. */
    Progress NONE = (done, total) -> {};

    /**
     * @param done
     *            what is done, in the unit of the work (bytes, merges)
     * @param total
     *            all there is to do in the same unit, 0 when that is not known
     */
    void update(long done, long total);
}
