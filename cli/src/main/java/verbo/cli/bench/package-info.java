// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** What {@code verbo bench} measures. */
@NullMarked
package verbo.cli.bench;

import org.jspecify.annotations.NullMarked;
