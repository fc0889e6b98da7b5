// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Layers, losses, optimizers and schedules. */
module verbo.nn {
    requires transitive verbo.tensor;
    requires static transitive org.jspecify;

    exports verbo.nn;
}
