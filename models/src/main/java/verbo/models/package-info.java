// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Model families, one readable file each, and the formats their checkpoints are kept in. */
@NullMarked
package verbo.models;

import org.jspecify.annotations.NullMarked;
