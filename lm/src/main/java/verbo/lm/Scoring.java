// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import verbo.text.Decoder;
import verbo.text.Encoding;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/**
 * A text or a sequence of ids scored by a model: the whole, and token by token.
 *
 * <p>
 * A text is encoded as its model's tokenizer does it. The bytes and characters of the whole are the text's own, less
 * those of tokens that were not scored, so models with different tokenizers compare by bits a byte. For ids they are
 * counted from the tokens; special tokens count none.
 */
public final class Scoring {

    private final TokenScores scores;
    private final Score total;
    private final @Nullable Tokenizer tokenizer;

    private Scoring(TokenScores scores, Score total, @Nullable Tokenizer tokenizer) {
        this.scores = scores;
        this.total = total;
        this.tokenizer = tokenizer;
    }

    /**
     * Scores a text.
     *
     * @throws IllegalArgumentException
     *             if the model has no tokenizer, the text has a character the tokenizer cannot express, or is too short
     *             for any token to be scored
     */
    public static Scoring of(LanguageModel model, String text) {
        return of(model, text, Progress.NONE);
    }

    /**
     * The same, for texts that take their time.
     *
     * @param progress
     *            told the tokens scored, as {@link LanguageModel#score(int[], Progress)} tells them
     */
    public static Scoring of(LanguageModel model, String text, Progress progress) {
        Tokenizer tokenizer = tokenizer(model);
        TokenScores scores = score(model, tokenizer.encode(text), progress);
        long bytes = text.getBytes(StandardCharsets.UTF_8).length;
        long characters = text.codePointCount(0, text.length());
        if (!scores.scored(0)) {
            First first = First.of(tokenizer, text, scores.ids());
            bytes -= first.bytes;
            characters -= first.characters;
        }
        return new Scoring(scores, new Score(scores.tokens(), scores.nats(), bytes, characters), tokenizer);
    }

    /** What a text's first token stands for in it: all up to its end, whatever the vocabulary writes for it. */
    record First(int bytes, int characters) {
        private static final int HEAD = 1 << 12; // of a text, in which its first tokens are

        static First of(Tokenizer tokenizer, String text, int[] ids) {
            int cut = Math.min(HEAD, text.length());
            cut -= cut < text.length() && Character.isLowSurrogate(text.charAt(cut)) ? 1 : 0;
            Encoding head = tokenizer.encodeWithOffsets(text.substring(0, cut));
            boolean same = head.length() > 2 && Arrays.mismatch(head.ids(), 0, 2, ids, 0, 2) < 0;
            return of(tokenizer, text, same ? head : tokenizer.encodeWithOffsets(text));
        }

        static First of(Tokenizer tokenizer, String text, Encoding encoding) {
            int id = encoding.ids()[0];
            int end = encoding.ends()[0];
            if (encoding.length() > 1 && encoding.starts()[1] < end) { // it ends inside a character
                Decoder decoder = tokenizer.decoder();
                String piece = decoder.next(id);
                boolean spaced = decoder.next(id).equals(" " + piece); // as every word but the first of a text
                return new First(tokenizer.byteLength(id) - (spaced ? 1 : 0), piece.codePointCount(0, piece.length()));
            }
            return new First(text.substring(0, end).getBytes(StandardCharsets.UTF_8).length,
                    text.codePointCount(0, end));
        }
    }

    /**
     * Scores lines, each a sequence of its own between two {@linkplain Tokenizer#separator() separators}, as models learn them
     * whose documents are lines. The separator that ends a line is scored with it and stands for no bytes; that is also what
     * stands between two lines here. Empty lines are left out.
     *
     * @param lines
     *            as {@link #lines} cuts a text
     * @param progress
     *            told the lines scored
     * @throws IllegalArgumentException
     *             if the model has no tokenizer, or one without a separator, if a line has a character the tokenizer cannot
     *             express (the message says which line), or if all are empty
     */
    public static Scoring ofLines(LanguageModel model, List<String> lines, Progress progress) {
        Tokenizer tokenizer = tokenizer(model);
        int separator = separator(tokenizer);
        IntStream.Builder ids = IntStream.builder().add(separator);
        DoubleStream.Builder logProbabilities = DoubleStream.builder().add(Double.NaN);
        long bytes = 0;
        long characters = 0;
        for (int number = 1; number <= lines.size(); number++) {
            String line = lines.get(number - 1);
            if (line.isEmpty()) {
                continue;
            }
            TokenScores scores = line(model, tokenizer, separator, line, number);
            for (int i = 1; i < scores.size(); i++) {
                ids.add(scores.ids()[i]);
                logProbabilities.add(scores.logProbabilities()[i]);
            }
            bytes += line.getBytes(StandardCharsets.UTF_8).length;
            characters += line.codePointCount(0, line.length());
            progress.update(number, lines.size());
        }
        if (bytes == 0) {
            throw new IllegalArgumentException("nothing to score: every line is empty");
        }
        TokenScores scores = new TokenScores(ids.build().toArray(), logProbabilities.build().toArray());
        return new Scoring(scores, new Score(scores.tokens(), scores.nats(), bytes, characters), tokenizer);
    }

    /**
     * The lines of a text as models learn them whose documents are lines: a new line ends one, and a carriage return before it
     * is no part of it.
     */
    public static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < text.length();) {
            int newLine = text.indexOf('\n', from);
            int next = newLine < 0 ? text.length() : newLine + 1;
            int end = newLine < 0 ? next : newLine;
            lines.add(text.substring(from, end > from && text.charAt(end - 1) == '\r' ? end - 1 : end));
            from = next;
        }
        return lines;
    }

    /** What keeps lines apart. */
    static int separator(Tokenizer tokenizer) {
        return tokenizer.separator().orElseThrow(() -> new IllegalArgumentException(
                "the model's tokenizer has no " + Tokenizer.END_OF_TEXT + " to keep lines apart"));
    }

    /** Scores a line between two separators, of which the first one is not scored. */
    static TokenScores line(LanguageModel model, Tokenizer tokenizer, int separator, String line, int number) {
        int[] sequence;
        try {
            sequence = tokenizer.encode(line);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
        }
        int[] whole = new int[sequence.length + 2];
        System.arraycopy(sequence, 0, whole, 1, sequence.length);
        whole[0] = separator;
        whole[whole.length - 1] = separator;
        double[] logProbabilities = model.score(whole).logProbabilities().clone();
        logProbabilities[0] = Double.NaN;
        return new TokenScores(whole, logProbabilities);
    }

    private static Tokenizer tokenizer(LanguageModel model) {
        Tokenizer tokenizer = model.tokenizer();
        if (tokenizer == null) {
            throw new IllegalArgumentException("the model has no tokenizer: give it ids to score in place of text");
        }
        return tokenizer;
    }

    /**
     * Scores ids. Bytes and characters are known if the model has a tokenizer.
     *
     * @throws IllegalArgumentException
     *             if an id is not in the vocabulary, or there are too few for any to be scored
     */
    public static Scoring of(LanguageModel model, int[] ids) {
        return of(score(model, ids, Progress.NONE), model.tokenizer());
    }

    private static Scoring of(TokenScores scores, @Nullable Tokenizer tokenizer) {
        int[] ids = scores.ids();
        long bytes = -1;
        long characters = -1;
        if (tokenizer != null) {
            bytes = 0;
            characters = 0;
            Decoder decoder = tokenizer.decoder();
            for (int i = 0; i < ids.length; i++) {
                long completed = characters(decoder, tokenizer, ids[i]);
                if (scores.scored(i)) {
                    bytes += tokenizer.byteLength(ids[i]);
                    characters += completed;
                }
            }
        }
        return new Scoring(scores, new Score(scores.tokens(), scores.nats(), bytes, characters), tokenizer);
    }

    private static TokenScores score(LanguageModel model, int[] ids, Progress progress) {
        int least = model.predictsFirstToken() ? 1 : 2;
        if (ids.length < least) {
            throw new IllegalArgumentException(
                    "nothing to score: " + ids.length + (ids.length == 1 ? " token" : " tokens")
                            + (least == 2 ? ", and the model predicts a token from those before it" : ""));
        }
        return model.score(ids, progress);
    }

    /** How many characters of text are whole with this token that were not before. Special tokens stand for none. */
    private static long characters(Decoder decoder, Tokenizer tokenizer, int id) {
        String piece = decoder.next(id);
        return tokenizer.byteLength(id) == 0 ? 0 : piece.codePointCount(0, piece.length());
    }

    /** The whole. */
    public Score total() {
        return total;
    }

    /** What the model said of each token. */
    public TokenScores tokens() {
        return scores;
    }

    /** How many tokens there are, scored or not. */
    public int size() {
        return scores.size();
    }

    /** The token as the vocabulary writes it, or its id where there is no tokenizer. */
    public String token(int index) {
        int id = scores.ids()[index];
        return tokenizer == null ? Integer.toString(id) : tokenizer.token(id);
    }

    /** The token's probability given those before it; NaN if it was not scored. */
    public double probability(int index) {
        return Math.exp(scores.logProbabilities()[index]);
    }

    /** The token's surprisal in bits, {@code -log2 p}; NaN if it was not scored. */
    public double surprisal(int index) {
        return Score.surprisal(scores.logProbabilities()[index]);
    }

    /** How many of the tokens that were scored are read as unknown: their bits do not tell their letters. */
    public long unknown() {
        return unknownIndices().count();
    }

    /** The share of the scored tokens that are read as unknown. */
    public double unknownRate() {
        return (double) unknown() / total.tokens();
    }

    /** The perplexity of the other tokens alone; NaN if there are none. */
    public double perplexityWithoutUnknown() {
        double nats = unknownIndices().mapToDouble(i -> -scores.logProbabilities()[i]).sum();
        return Math.exp((total.nats() - nats) / (total.tokens() - unknown()));
    }

    private IntStream unknownIndices() {
        int[] unknown = tokenizer == null ? new int[0] : LineScores.unknown(tokenizer);
        return IntStream.range(0, size())
                .filter(i -> scores.scored(i) && Arrays.stream(unknown).anyMatch(id -> id == scores.ids()[i]));
    }

    @Override
    public String toString() {
        return total + " of " + Arrays.toString(Arrays.copyOf(scores.ids(), Math.min(8, size())))
                + (size() > 8 ? "..." : "");
    }
}
