// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** JMH benchmarks; {@code benchmarks/README.md} says how to run them. */
@NullMarked
package verbo.benchmarks;

import org.jspecify.annotations.NullMarked;
