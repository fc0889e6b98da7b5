// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * What a tokenizer found in a text; the four arrays have one entry a token.
 *
 * @param ids
 *            token ids
 * @param tokens
 *            the tokens as the vocabulary writes them
 * @param starts
 *            where in the text each token begins, in UTF-16 units
 * @param ends
 *            where it ends, exclusive. A token that holds only part of a character's bytes has the offsets of the whole
 *            character.
 */
@SuppressWarnings("ArrayRecordComponent") // one array a column, as the model takes them
public record Encoding(int[] ids, String[] tokens, int[] starts, int[] ends) {}
