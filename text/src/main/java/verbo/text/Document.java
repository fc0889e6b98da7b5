// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * One text of a corpus.
 *
 * @param name
 *            where it comes from: the path inside the corpus, with {@code /} between folders, and {@code :line} behind
 *            it where a line is a document
 * @param text
 *            the whole text
 */
public record Document(String name, String text) {}
