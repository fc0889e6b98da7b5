// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Layers, losses, optimizers and schedules. */
@NullMarked
package verbo.nn;

import org.jspecify.annotations.NullMarked;
