// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns text into ids and back. Ids run from 0 to {@link #size()} - 1. Safe for use by several threads at once.
 *
 * <p>
 * Special tokens ({@code <|endoftext|>}) that are written in a text are recognised where the tokenizer comes from a
 * {@code tokenizer.json}, as Hugging Face's {@code tokenizers} does, and are text like any other in the built-in ones and
 * those of other formats, as the libraries they come from do; {@link EncodingOptions} turns either the other way.
 * {@code encode(text)} adds nothing to a text. {@code decode(encode(x))} is {@code x} for every text that a vocabulary
 * covers, if the tokenizer loses nothing (a normaliser, or BERT's, does). A lone surrogate is no character and has no UTF-8; it is taken for {@code '?'}, as
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
     * The tokens of a text with all that is known of them. A tokenizer that adds nothing and knows no special tokens
     * gives the same whatever the options, but for windows.
     *
     * @throws IllegalArgumentException
     *             as {@link #encode(String)}, or if merges are to be left out and it has none
     */
    default Encoding encode(String text, EncodingOptions options) {
        options.refuseDropout(this);
        return encodeWithOffsets(text).cut(options);
    }

    /**
     * The tokens of a pair of texts, such as a question and where its answer is looked for. With windows, the second text
     * is cut into them and the first is part of each.
     *
     * @param pair
     *            the second text; null for none
     * @throws IllegalArgumentException
     *             as {@link #encode(String)}, or if this tokenizer knows no pairs
     */
    default Encoding encode(String text, @Nullable String pair, EncodingOptions options) {
        if (pair != null) {
            throw new IllegalArgumentException("this tokenizer (" + this + ") does not encode pairs of texts");
        }
        return encode(text, options);
    }

    /**
     * Encodes many texts, on all processors; the result does not depend on how many there are. Where the tokenizer's own
     * padding applies ({@link EncodingOptions#truncation}) and is that of the longest text, it is that of the longest here.
     *
     * @return one for each text, in their order
     * @throws IllegalArgumentException
     *             as {@link #encode(String)}
     */
    default List<Encoding> encodeAll(List<String> texts, EncodingOptions options) {
        return IntStream.range(0, texts.size()).parallel().mapToObj(i -> encode(texts.get(i), options.of(i))).toList();
    }

    /**
     * The text of some ids, special tokens included. Bytes that are no UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException
     *             if the vocabulary has no such id
     */
    default String decode(int... ids) {
        Decoder decoder = decoder();
        StringBuilder text = new StringBuilder(ids.length);
        for (int id : ids) {
            text.append(decoder.next(id));
        }
        return text.append(decoder.end()).toString();
    }

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

    /**
     * Whether the token stands for no text but says something to the model.
     *
     * @throws IllegalArgumentException
     *             if the vocabulary has no such id
     */
    default boolean isSpecial(int id) {
        return byteLength(id) == 0;
    }

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
     * Reads a tokenizer of whatever format, told by its content: {@code tokenizer.json}, BERT's {@code vocab.txt},
     * {@code vocab.json} with {@code merges.txt} beside it, OpenAI's ranks, SentencePiece's models, the vocabulary of a GGUF
     * file, llama2.c's {@code tokenizer.bin}.
     *
     * @param fileOrFolder
     *            the file, or a folder that holds one
     * @throws FormatException
     *             if the file is malformed, or has a part that is not supported, which the message names
     */
    static Tokenizer load(Path fileOrFolder) throws IOException {
        return TokenizerFile.load(fileOrFolder, null);
    }

    /**
     * The same for a file of ranks, which does not say how a text is cut into words.
     *
     * @param pattern
     *            the name of the built-in tokenizer whose pattern and special tokens it has
     */
    static Tokenizer load(Path file, String pattern) throws IOException {
        return TokenizerFile.load(file, pattern);
    }

    /**
     * The same for what such a file holds, which lies inside another one.
     *
     * @param file
     *            what messages call it
     */
    static Tokenizer read(Path file, byte[] content) throws IOException {
        return TokenizerFile.read(file, content, null);
    }

    /**
     * A tokenizer by its name ({@link #names()}), or else from a file or folder.
     *
     * @throws NoSuchFileException
     *             if it is neither
     */
    static Tokenizer of(String nameOrPath) throws IOException {
        if (BuiltIn.names().contains(nameOrPath)) {
            return BuiltIn.load(nameOrPath);
        }
        Path path = Path.of(nameOrPath);
        if (!Files.exists(path)) {
            throw new NoSuchFileException(nameOrPath, null,
                    "nor is a tokenizer of that name built in: " + String.join(", ", names()));
        }
        return load(path);
    }

    /** The tokenizers that are built in. */
    static List<String> names() {
        return BuiltIn.names();
    }
}
