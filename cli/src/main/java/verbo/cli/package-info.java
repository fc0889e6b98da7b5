// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** The command line. */
@NullMarked
package verbo.cli;

import org.jspecify.annotations.NullMarked;
