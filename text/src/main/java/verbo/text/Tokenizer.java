// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Turns text into ids and back. Ids run from 0 to {@link #size()} - 1. Safe for use by several threads at once.
 *
 * <p>
 * Tokens that were added to a vocabulary ({@code <|endoftext|>}) are recognised in the text as Hugging Face's
 * {@code tokenizers} does, and {@link #decode} writes them out again: {@code decode(encode(x))} is {@code x} for every
 * text the vocabulary covers. A lone surrogate is no character and has no UTF-8; it is taken for {@code '?'}, as
 * {@link String#getBytes(java.nio.charset.Charset)} does.
 */
public interface Tokenizer {
    /** The special token that keeps documents apart, GPT-2's. */
    String END_OF_TEXT = "<|endoftext|>";

    /** Number of ids, special tokens included. */
    int size();

    /**
     * The ids of a text.
     *
     * @throws IllegalArgumentException
     *             if the text has a character that the vocabulary cannot express; the message names it and its index
     */
    int[] encode(String text);

    /**
     * The ids of a text with their tokens and places.
     *
     * @throws IllegalArgumentException
     *             as {@link #encode}
     */
    Encoding encodeWithOffsets(String text);

    /**
     * The text of some ids, special tokens included. Bytes that are no UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException
     *             if the vocabulary has no such id
     */
    String decode(int... ids);

    /**
     * The token as the vocabulary writes it ({@code Ġthe}).
     *
     * @throws IllegalArgumentException
     *             if the vocabulary has no such id
     */
    String token(int id);

    /** The id of a token as the vocabulary writes it, -1 if there is none. */
    int id(String token);

    /** How many UTF-8 bytes of text the token stands for; 0 for special tokens. */
    int byteLength(int id);

    /** A new streaming decoder. */
    Decoder decoder();

    /** The id that keeps documents apart, {@link #END_OF_TEXT}, if the vocabulary has it as a special token. */
    OptionalInt separator();

    /** Writes {@link #json()} to a file, atomically. */
    default void save(Path file) throws IOException {
        byte[] bytes = json().getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(file, out -> out.write(bytes));
    }

    /** The tokenizer as a Hugging Face {@code tokenizer.json}. */
    String json();

    /**
     * Reads a {@code tokenizer.json}.
     *
     * @param fileOrFolder
     *            the file, or a folder that holds one
     * @throws FormatException
     *             if the file is malformed, or has a part that is not supported, which the message names
     */
    static Tokenizer load(Path fileOrFolder) throws IOException {
        return TokenizerJson.load(fileOrFolder);
    }
}
