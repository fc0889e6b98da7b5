// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** N-gram language models: estimated from counts, read and written as ARPA, mapped from a file, asked. */
@NullMarked
package verbo.ngram;

import org.jspecify.annotations.NullMarked;
