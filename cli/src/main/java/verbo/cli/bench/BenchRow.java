// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

/** Something that is measured, printed as one row. */
public interface BenchRow {
    /** Its name, such as {@code gemm-nn-768-t2}. */
    String name();

    /** The unit of its value, such as GFLOP/s. */
    String unit();

    /** Measures it. */
    Result run();

    /**
     * What was measured.
     *
     * @param value
     *            in the row's unit
     * @param limit
     *            what this machine could do at most, measured in the same run; NaN if that means nothing here
     */
    record Result(double value, double limit) {
        /** How much of the limit was reached; NaN without one. */
        public double fraction() {
            return value / limit;
        }
    }
}
