// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import verbo.nn.Initialization;
import verbo.nn.Parameter;

/** Where a model's parameters come from: drawn anew, or read from a checkpoint. */
@FunctionalInterface
interface ParameterSource {
    /**
     * A parameter.
     *
     * @param initial
     *            what a new one is
     * @param decays
     *            whether weight decay applies to it
     */
    Parameter parameter(String name, Initialization initial, boolean decays, int... lengths) throws IOException;
}
