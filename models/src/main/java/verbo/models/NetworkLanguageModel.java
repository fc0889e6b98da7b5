// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import verbo.lm.LanguageModel;
import verbo.tensor.Engine;
import verbo.text.Tokenizer;

/** What a network as a language model has whatever its states are: a tokenizer, tokens that begin and end texts, an end. */
abstract class NetworkLanguageModel implements LanguageModel {
    /** Logits held at a time (16 MiB). */
    static final int LOGITS = 1 << 22;

    final Engine engine;
    private final int vocabularySize;
    private final @Nullable Tokenizer tokenizer;
    private final @Nullable Integer beginToken;
    private final int[] endTokens;
    private final Runnable onClose;
    private boolean closed;

    /**
     * Wraps a network.
     *
     * @param onClose
     *            frees the network where it is this model's own
     */
    NetworkLanguageModel(Engine engine, int vocabularySize, @Nullable Tokenizer tokenizer,
            @Nullable Integer beginToken, List<Integer> endTokens, Runnable onClose) {
        if (tokenizer != null && tokenizer.size() > vocabularySize) {
            throw new IllegalArgumentException("the tokenizer has " + tokenizer.size() + " tokens, the model only "
                    + vocabularySize + ": they do not belong together");
        }
        this.engine = engine;
        this.vocabularySize = vocabularySize;
        this.tokenizer = tokenizer;
        this.beginToken = beginToken;
        this.endTokens = endTokens.stream().mapToInt(Integer::intValue).toArray();
        this.onClose = onClose;
    }

    final void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the model is closed");
        }
    }

    @Override
    public final @Nullable Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public final int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public final int[] endTokens() {
        return endTokens.clone();
    }

    @Override
    public final OptionalInt beginToken() {
        return beginToken == null ? OptionalInt.empty() : OptionalInt.of(beginToken);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            onClose.run();
        }
    }
}
