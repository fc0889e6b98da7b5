// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** What other modules' tests use: the contract that every language model keeps, and a model made of a table. */
@NullMarked
package verbo.lm.testkit;

import org.jspecify.annotations.NullMarked;
