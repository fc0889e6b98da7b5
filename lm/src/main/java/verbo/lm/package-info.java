// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** The contracts of language models, scoring and decoding. No tensors here. */
@NullMarked
package verbo.lm;

import org.jspecify.annotations.NullMarked;
