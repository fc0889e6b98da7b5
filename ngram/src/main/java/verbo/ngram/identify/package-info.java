// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Which language a text is in: character n-gram models, one a language, in one small file. */
@NullMarked
package verbo.ngram.identify;

import org.jspecify.annotations.NullMarked;
