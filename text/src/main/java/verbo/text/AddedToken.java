// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * An entry of {@code added_tokens} in a {@code tokenizer.json}: a token found in the text before anything else.
 *
 * @param id
 *            its id
 * @param content
 *            its text
 * @param special
 *            whether it stands for no text but says something to the model
 * @param normalized
 *            whether it is looked for after the text was normalised; what is not goes first
 */
record AddedToken(int id, String content, boolean special, boolean normalized) {}
