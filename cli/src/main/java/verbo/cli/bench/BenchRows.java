// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.util.List;

/** All rows of {@code verbo bench}, in the order in which they run. */
public final class BenchRows {
    private BenchRows() {}

    /**
     * The rows.
     *
     * @param threads
     *            the most threads to measure with
     */
    public static List<BenchRow> all(int threads) {
        return List.of();
    }
}
