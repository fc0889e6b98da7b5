// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import verbo.tensor.Tensor;

/** What a parameter is before it has learnt anything. */
@FunctionalInterface
public interface Initialization {
    /** All zero: biases. */
    Initialization ZEROS = (parameter, seed) -> parameter.engine().fill(parameter, 0);

    /** All one: gains. */
    Initialization ONES = (parameter, seed) -> parameter.engine().fill(parameter, 1);

    /** Sets all elements. */
    void fill(Tensor parameter, long seed);

    /** A normal distribution around 0. */
    static Initialization normal(double deviation) {
        return (parameter, seed) -> parameter.engine().fillNormal(parameter, 0, (float) deviation, seed);
    }
}
