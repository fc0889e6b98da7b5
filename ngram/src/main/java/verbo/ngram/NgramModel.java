// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.lm.State;
import verbo.text.Tokenizer;

/**
 * A backoff n-gram model, mapped from a file. The probability of a word is that of the longest n-gram that ends with it and
 * the words before it, less the backoff weights of the contexts that were longer (Katz, 1987), as KenLM answers.
 *
 * <p>
 * A state that has taken nothing stands at the beginning of a sentence, behind {@code <s>}, and one that takes {@code </s>}
 * stands there again: a text is the words of its lines, each line ended with {@code </s>}. The word {@code <s>} itself is
 * never predicted.
 *
 * <p>
 * The model itself may be asked by any number of threads at once, each with histories or states of its own.
 */
public abstract sealed class NgramModel implements LanguageModel permits FastModel, SmallModel {
    static final double LN_10 = Math.log(10);

    private final ModelFile.Header header;
    private final Arena arena;
    private volatile @Nullable Tokenizer tokenizer;
    private final History begin;
    private boolean closed;

    NgramModel(ModelFile.Header header, Arena arena) {
        this.header = header;
        this.arena = arena;
        begin = new History(header.order());
    }

    /** To be called at the end of a constructor: {@code <s>} is what every sentence begins behind. */
    final void ready() {
        score(new History(order()), Vocabulary.BEGIN, begin);
    }

    /**
     * Opens a binary model, in no time whatever its size.
     *
     * @throws verbo.text.FormatException
     *             if it is not one, or not whole
     */
    public static NgramModel open(Path file) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            ModelFile.Header header = ModelFile.open(file, arena);
            return header.form() == ModelFile.SMALL ? new SmallModel(header, arena) : new FastModel(header, arena);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Whether a file says of itself that it is a binary model. */
    public static boolean isModel(Path file) throws IOException {
        return ModelFile.isModel(file);
    }

    /** The length of the longest n-grams, in words. */
    public final int order() {
        return header.order();
    }

    /** The words. */
    public final Vocabulary vocabulary() {
        return header.vocabulary();
    }

    /** How many n-grams there are of a length, 1 to {@link #order()}. */
    public final long count(int length) {
        return header.counts()[length];
    }

    /** Bytes of the file. */
    public final long bytes() {
        return header.file().byteSize();
    }

    /** {@code fast} or {@code small}. */
    public abstract String form();

    /**
     * Reads the whole file and compares its checksum, which opening does not.
     *
     * @throws verbo.text.FormatException
     *             if it is damaged
     */
    public final void verify() throws IOException {
        ModelFile.verify(header);
    }

    /** A history of nothing at all, not even the beginning of a sentence. */
    public final History emptyHistory() {
        return new History(order());
    }

    /** A history at the beginning of a sentence. */
    public final History beginHistory() {
        History history = new History(order());
        history.set(begin);
        return history;
    }

    /** Puts a history at the beginning of a sentence. */
    public final void begin(History history) {
        history.set(begin);
    }

    /**
     * The logarithm to base 10 of a word's probability after a history. Allocates nothing.
     *
     * @param history
     *            the words before
     * @param word
     *            an id, 0 to {@code vocabularySize() - 1}; not checked beyond what memory safety needs
     * @param next
     *            becomes the history with the word taken; another object than {@code history}
     */
    public abstract float score(History history, int word, History next);

    /** Scores running text, faster than word by word. At the beginning of a sentence. */
    public abstract Scorer scorer();

    /** Words at white space, or the tokens of the tokenizer that the model was estimated with, which is in its file. */
    @Override
    public final Tokenizer tokenizer() {
        Tokenizer made = tokenizer; // when first asked for: reading one can take longer than opening the model
        if (made == null) {
            made = isSubword() ? new SubwordTokenizer(inner(), vocabulary()) : new WordTokenizer(vocabulary());
            tokenizer = made;
        }
        return made;
    }

    private Tokenizer inner() {
        byte[] stored = Objects.requireNonNull(header.tokenizer());
        try {
            return stored[0] == '{'
                    ? Tokenizer.read(header.path(), stored)
                    : Tokenizer.of(new String(stored, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether its words are the tokens of a tokenizer, and not what stands between white space. */
    public final boolean isSubword() {
        return header.tokenizer() != null;
    }

    @Override
    public final int vocabularySize() {
        return header.vocabulary().size();
    }

    @Override
    public final int contextLength() {
        return Integer.MAX_VALUE;
    }

    @Override
    public final int[] endTokens() {
        return new int[]{Vocabulary.END};
    }

    @Override
    public final boolean predictsFirstToken() {
        return true;
    }

    @Override
    public final State open() {
        if (closed) {
            throw new IllegalStateException("the model is closed");
        }
        return new NgramState(this);
    }

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            arena.close();
        }
    }

    /** The model as n-grams in suffix order, to be written in another form. */
    abstract NgramRows rows(Workspace workspace) throws IOException;

    final Path path() {
        return header.path();
    }

    final byte @Nullable [] storedTokenizer() {
        return header.tokenizer();
    }

    @Override
    public String toString() {
        return order() + "-gram model of " + vocabularySize() + " words, " + form() + " form";
    }
}
