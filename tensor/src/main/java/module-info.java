// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Tensors, gradients and the CPU engine. */
module verbo.tensor {
    requires static transitive org.jspecify;
    requires static jdk.incubator.vector;

    exports verbo.tensor;
}
