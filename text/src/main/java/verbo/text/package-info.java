// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
/**
 * From text to token ids and back. A {@link verbo.text.Corpus} is a stream of documents, a
 * {@link verbo.text.Tokenizer} turns text into ids, a {@link verbo.text.TokenFile} keeps the ids of a whole corpus on
 * disk, mapped.
 */
@NullMarked
package verbo.text;

import org.jspecify.annotations.NullMarked;
