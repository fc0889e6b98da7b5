// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm.testkit;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.lm.Advance;
import verbo.lm.LanguageModel;
import verbo.lm.State;
import verbo.text.Tokenizer;

/**
 * A model that is a table: the logit of a token depends on the two tokens before it and is given by a function, such as
 * {@link #hashed} numbers. It counts what it is asked for, so tests can tell how often.
 */
public final class TableModel implements LanguageModel {

    /** The logit of a token after two others; -1 stands for what is before the beginning. */
    @FunctionalInterface
    public interface Table {
        float logit(int before, int last, int token);
    }

    private final int vocabularySize;
    private final int contextLength;
    private final int[] endTokens;
    private final Table table;
    private final @Nullable Tokenizer tokenizer;
    private final boolean predictsFirstToken;
    private final Map<Long, Row> rows = new HashMap<>();

    /** Calls of {@link #advance(List)}, the tokens states took in all, and the states now open. */
    public int passes;
    public int tokensTaken;
    public int openStates;

    public TableModel(int vocabularySize, int contextLength, int[] endTokens, boolean predictsFirstToken,
            @Nullable Tokenizer tokenizer, Table table) {
        this.vocabularySize = vocabularySize;
        this.contextLength = contextLength;
        this.endTokens = endTokens;
        this.predictsFirstToken = predictsFirstToken;
        this.tokenizer = tokenizer;
        this.table = table;
    }

    /** A table with a context without bound and no end tokens, which predicts no first token. */
    public static TableModel of(int vocabularySize, Table table) {
        return new TableModel(vocabularySize, Integer.MAX_VALUE, new int[0], false, null, table);
    }

    /** Numbers between -4 and 4, multiples of 2^-21, hashed from a seed and the tokens; decoding.py makes the same. */
    public static Table hashed(long seed) {
        long key = mix(seed);
        return (before, last, token) -> {
            long hash = mix(mix(mix(key + before + 1) + last + 1) + token + 1);
            return ((hash >>> 40) - (1 << 23)) * 0x1p-21f;
        };
    }

    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Each token's probability, whatever comes before. */
    public static TableModel unigram(double... probabilities) {
        return of(probabilities.length, (before, last, token) -> (float) Math.log(probabilities[token]));
    }

    @Override
    public @Nullable Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public int contextLength() {
        return contextLength;
    }

    @Override
    public int[] endTokens() {
        return endTokens.clone();
    }

    @Override
    public boolean predictsFirstToken() {
        return predictsFirstToken;
    }

    @Override
    public State open() {
        return new Place(new int[8], 0);
    }

    @Override
    public void advance(List<Advance> batch) {
        passes++;
        LanguageModel.super.advance(batch);
    }

    @Override
    public void close() {}

    private record Row(float[] logProbabilities, double normalizer) {}

    private Row row(int before, int last) {
        return rows.computeIfAbsent((before + 1L) << 32 | (last + 1), key -> {
            double[] logits = new double[vocabularySize];
            double max = Double.NEGATIVE_INFINITY;
            for (int token = 0; token < vocabularySize; token++) {
                logits[token] = table.logit(before, last, token);
                max = Math.max(max, logits[token]);
            }
            double sum = 0;
            for (double logit : logits) {
                sum += Math.exp(logit - max);
            }
            double normalizer = max + Math.log(sum);
            float[] logProbabilities = new float[vocabularySize];
            for (int token = 0; token < vocabularySize; token++) {
                logProbabilities[token] = (float) (logits[token] - normalizer);
            }
            return new Row(logProbabilities, normalizer);
        });
    }

    private final class Place implements State {
        private int[] tokens;
        private int length;
        private boolean closed;

        Place(int[] tokens, int length) {
            this.tokens = tokens;
            this.length = length;
            openStates++;
        }

        @Override
        public int length() {
            checkOpen();
            return length;
        }

        @Override
        public void advance(int... more) {
            checkOpen();
            Advance.checkTokens(TableModel.this, more);
            if (more.length > contextLength - length) {
                throw new IllegalStateException("the context holds " + contextLength + " tokens");
            }
            if (length + more.length > tokens.length) {
                tokens = Arrays.copyOf(tokens, 2 * (length + more.length));
            }
            System.arraycopy(more, 0, tokens, length, more.length);
            length += more.length;
            tokensTaken += more.length;
        }

        private Row next() {
            checkOpen();
            if (length == 0 && !predictsFirstToken) {
                throw new IllegalStateException("the model predicts no first token");
            }
            return row(length > 1 ? tokens[length - 2] : -1, length > 0 ? tokens[length - 1] : -1);
        }

        @Override
        public double logProbability(int token) {
            Advance.checkTokens(TableModel.this, token);
            return next().logProbabilities[token];
        }

        @Override
        public void logProbabilities(float[] row) {
            Advance.checkRow(TableModel.this, row);
            System.arraycopy(next().logProbabilities, 0, row, 0, vocabularySize);
        }

        @Override
        public double logNormalizer() {
            return next().normalizer;
        }

        @Override
        public State fork() {
            checkOpen();
            return new Place(tokens.clone(), length);
        }

        @Override
        public void truncate(int length) {
            checkOpen();
            if (length < 0 || length > this.length) {
                throw new IllegalArgumentException("cannot keep " + length + " of " + this.length + " tokens");
            }
            this.length = length;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                openStates--;
            }
        }

        private void checkOpen() {
            if (closed) {
                throw new IllegalStateException("the state is closed");
            }
        }
    }
}
