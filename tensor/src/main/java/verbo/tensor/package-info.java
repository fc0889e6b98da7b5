// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Tensors, their gradients and the engines that compute them. */
@NullMarked
package verbo.tensor;

import org.jspecify.annotations.NullMarked;
