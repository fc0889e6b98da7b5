// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.Arrays;
import verbo.lm.Advance;
import verbo.lm.State;

/** A place in a text under an n-gram model: all the words, of which the model looks at the last. */
final class NgramState implements State {
    private final NgramModel model;
    private int[] tokens = new int[16];
    private int length;
    private History history;
    private History next;
    private boolean closed;

    NgramState(NgramModel model) {
        this.model = model;
        history = model.beginHistory();
        next = model.emptyHistory();
    }

    private NgramState(NgramState other) {
        model = other.model;
        tokens = Arrays.copyOf(other.tokens, Math.max(16, other.length));
        length = other.length;
        history = model.emptyHistory();
        history.set(other.history);
        next = model.emptyHistory();
    }

    private void check() {
        if (closed) {
            throw new IllegalStateException("the state is closed");
        }
    }

    @Override
    public int length() {
        check();
        return length;
    }

    @Override
    public void advance(int... taken) {
        check();
        Advance.checkTokens(model, taken);
        if (length + taken.length > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(length + taken.length, tokens.length * 2));
        }
        for (int token : taken) {
            tokens[length++] = token;
            take(token);
        }
    }

    private void take(int token) {
        if (token == Vocabulary.END || token == Vocabulary.BEGIN) {
            model.begin(history);
        } else {
            model.score(history, token, next);
            History swap = history;
            history = next;
            next = swap;
        }
    }

    @Override
    public double logProbability(int token) {
        check();
        Advance.checkTokens(model, token);
        return token == Vocabulary.BEGIN
                ? Double.NEGATIVE_INFINITY
                : model.score(history, token, next) * NgramModel.LN_10;
    }

    @Override
    public void logProbabilities(float[] row) {
        check();
        Advance.checkRow(model, row);
        for (int token = 0; token < row.length; token++) {
            row[token] = (float) (model.score(history, token, next) * NgramModel.LN_10);
        }
        row[Vocabulary.BEGIN] = Float.NEGATIVE_INFINITY;
    }

    @Override
    public State fork() {
        check();
        return new NgramState(this);
    }

    @Override
    public void truncate(int kept) {
        check();
        if (kept < 0 || kept > length) {
            throw new IllegalArgumentException("cannot keep " + kept + " of " + length + " tokens");
        }
        length = kept;
        // words beyond the longest context make no difference, however they are taken
        int from = Math.max(0, length - model.order());
        if (from == 0) {
            model.begin(history);
        } else {
            history.length = 0;
        }
        for (int i = from; i < length; i++) {
            take(tokens[i]);
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
