// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Correction by the noisy channel: what was meant, given what was written. */
@NullMarked
package verbo.ngram.correct;

import org.jspecify.annotations.NullMarked;
