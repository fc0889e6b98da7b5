// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** The training loop: tasks, metrics and checkpoints. */
@NullMarked
package verbo.train;

import org.jspecify.annotations.NullMarked;
