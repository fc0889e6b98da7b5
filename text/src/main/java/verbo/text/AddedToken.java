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
 * @param singleWord
 *            whether it is found only where no letter or digit stands beside it
 * @param lstrip
 *            whether it takes the white space before it
 * @param rstrip
 *            whether it takes the white space behind it
 */
record AddedToken(int id, String content, boolean special, boolean normalized, boolean singleWord, boolean lstrip,
        boolean rstrip) {
    AddedToken(int id, String content, boolean special, boolean normalized) {
        this(id, content, special, normalized, false, false, false);
    }
}
