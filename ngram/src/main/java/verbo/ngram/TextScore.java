// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How well an n-gram model predicts a text, line by line: every line is a sentence whose {@code </s>} is scored too, blank
 * lines included, as KenLM's {@code query} does it.
 *
 * @param sentences
 *            lines
 * @param tokens
 *            words, and an end for each sentence
 * @param nats
 *            the sum of the tokens' negative log probabilities, natural logarithms
 * @param unknown
 *            words that the model does not know
 * @param unknownNats
 *            their part of {@code nats}
 * @param bytes
 *            of the text
 * @param characters
 *            of the text, Unicode code points
 */
public record TextScore(long sentences, long tokens, double nats, long unknown, double unknownNats, long bytes,
        long characters) {
    private static final double LN_2 = Math.log(2);

    /** {@code exp(nats / tokens)}, unknown words included. */
    public double perplexity() {
        return Math.exp(nats / tokens);
    }

    /** The same of known words and ends of sentences alone. */
    public double perplexityWithoutUnknown() {
        return Math.exp((nats - unknownNats) / (tokens - unknown));
    }

    /** The cross-entropy: bits a token. */
    public double bitsPerToken() {
        return nats / LN_2 / tokens;
    }

    /** Bits a word, those of the ends of sentences shared out among words. */
    public double bitsPerWord() {
        return nats / LN_2 / (tokens - sentences);
    }

    /** Bits a character. Those of unknown words do not count their letters. */
    public double bitsPerCharacter() {
        return nats / LN_2 / characters;
    }

    /** Bits a byte. Those of unknown words do not count their letters. */
    public double bitsPerByte() {
        return nats / LN_2 / bytes;
    }

    /** The share of tokens that the model does not know, ends of sentences being among the others. */
    public double unknownRate() {
        return (double) unknown / tokens;
    }

    /**
     * Scores a text, whatever its length.
     *
     * @throws verbo.text.FormatException
     *             if it is not UTF-8, or has {@code <s>} or {@code </s>} as a word of a model of words
     */
    public static TextScore of(NgramModel model, Path text) throws IOException {
        return of(model, text, null);
    }

    /** The same from a stream; the path is what messages call it. */
    public static TextScore of(NgramModel model, Path text, @Nullable InputStream in) throws IOException {
        if (model.isSubword()) {
            return ofTokens(model, text, in);
        }
        Sentences sentences = new Sentences(text);
        Totals totals = new Totals(model, sentences);
        if (in == null) {
            if (!Files.exists(text)) {
                throw new java.nio.file.NoSuchFileException(text.toString());
            }
            sentences.read(totals);
        } else {
            sentences.read(in, totals);
        }
        totals.score();
        if (totals.tokens == 0) {
            throw new IllegalArgumentException(text + ": nothing to score: the text is empty");
        }
        return new TextScore(totals.sentences, totals.tokens, totals.nats, totals.unknown, totals.unknownNats,
                sentences.bytes(), sentences.characters());
    }

    private static TextScore ofTokens(NgramModel model, Path text, @Nullable InputStream in) throws IOException {
        try (Lines lines = new Lines(text, in)) {
            Totals totals = new Totals(model, new Sentences(text));
            for (String line = lines.next(); line != null; line = lines.next()) {
                for (int id : model.tokenizer().encode(line)) {
                    totals.take(id);
                }
                totals.end();
            }
            totals.score();
            if (totals.tokens == 0) {
                throw new IllegalArgumentException(text + ": nothing to score: the text is empty");
            }
            return new TextScore(totals.sentences, totals.tokens, totals.nats, totals.unknown, totals.unknownNats,
                    lines.bytes(), lines.characters());
        }
    }

    private static final class Totals implements Sentences.Sink {
        private static final int BLOCK = 1 << 12;

        private final Sentences text;
        private final Vocabulary vocabulary;
        private final Scorer scorer;
        private final int[] ids = new int[BLOCK];
        private final float[] scores = new float[BLOCK];
        private int waiting;
        private long sentences;
        private long tokens;
        private long unknown;
        private double nats;
        private double unknownNats;

        Totals(NgramModel model, Sentences text) {
            this.text = text;
            vocabulary = model.vocabulary();
            scorer = model.scorer();
        }

        @Override
        public void word(byte[] bytes, int from, int to) throws IOException {
            int id = vocabulary.id(bytes, from, to);
            if (id <= Vocabulary.END) {
                text.check(bytes, from, to);
            }
            take(id);
        }

        @Override
        public void end() {
            take(Vocabulary.END);
            sentences++;
        }

        private void take(int id) {
            ids[waiting++] = id;
            if (waiting == BLOCK) {
                score();
            }
        }

        private void score() {
            scorer.score(ids, 0, waiting, scores);
            for (int i = 0; i < waiting; i++) {
                double surprise = -scores[i] * NgramModel.LN_10;
                nats += surprise;
                if (ids[i] == Vocabulary.UNKNOWN) {
                    unknown++;
                    unknownNats += surprise;
                }
            }
            tokens += waiting;
            waiting = 0;
        }
    }
}
