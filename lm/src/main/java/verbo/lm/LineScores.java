// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import verbo.text.Encoding;
import verbo.text.Tokenizer;

/**
 * How well a model predicts each line of a text, for comparing models whatever their tokens are: in bits a byte, with how far
 * that figure would vary between texts.
 *
 * <p>
 * The text is scored as a whole, so a model that looks back beyond a line does; {@link #ofLines} is for models that learnt each
 * line for itself. A token counts for the line it begins in. The
 * bytes and characters are the text's own, less those of tokens that were not scored. Words that the model reads as unknown are counted:
 * their bits do not tell their letters, so a model with many of them looks better than it is.
 *
 * @param nats
 *            [lines]
 * @param bytes
 *            [lines] UTF-8 bytes, the line's end included
 * @param characters
 *            of all lines, Unicode code points, each counted for the token that completes it
 * @param words
 *            of all lines, apart by white space
 * @param tokens
 *            that were scored
 * @param unknown
 *            tokens read as unknown
 * @param unknownNats
 *            their part of the nats
 */
public record LineScores(double[] nats, long[] bytes, long characters, long words, long tokens, long unknown,
        double unknownNats) {
    private static final double LN_2 = Math.log(2);
    private static final String[] UNKNOWN = {"<unk>", "[UNK]"};

    /** From one figure to another, so that 95 of 100 such texts lie within. */
    public record Interval(double low, double high) {}

    /**
     * Scores a text.
     *
     * @throws IllegalArgumentException
     *             if the model has no tokenizer or cannot read the text
     */
    public static LineScores of(LanguageModel model, String text) {
        Tokenizer tokenizer = tokenizer(model);
        Encoding encoding = tokenizer.encodeWithOffsets(text);
        int[] ids = encoding.ids();
        TokenScores scores = model.score(ids);
        int[] unknownIds = unknown(tokenizer);
        int lines = (int) text.chars().filter(c -> c == '\n').count() + (text.endsWith("\n") ? 0 : 1);
        double[] nats = new double[lines];
        long[] bytes = new long[lines];
        int[] starts = new int[lines + 1];
        int line = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes[line] += c < 0x80 ? 1 : c < 0x800 ? 2 : Character.isSurrogate(c) ? 2 : 3;
            if (c == '\n') {
                starts[++line] = i + 1;
            }
        }
        starts[lines] = Integer.MAX_VALUE;
        long unknown = 0;
        double unknownNats = 0;
        line = 0;
        long characters = text.codePointCount(0, text.length());
        if (ids.length > 0 && !scores.scored(0)) {
            Scoring.First first = Scoring.First.of(tokenizer, text, encoding);
            characters -= first.characters();
            long rest = first.bytes();
            for (int i = 0; i < lines; i++) {
                long taken = Math.min(rest, bytes[i]);
                bytes[i] -= taken;
                rest -= taken;
            }
        }
        for (int i = ids.length - scores.tokens(); i < ids.length; i++) {
            while (encoding.starts()[i] >= starts[line + 1]) {
                line++;
            }
            double surprise = -scores.logProbabilities()[i];
            nats[line] += surprise;
            if (isUnknown(unknownIds, ids[i])) {
                unknown++;
                unknownNats += surprise;
            }
        }
        if (scores.tokens() == 0) {
            throw new IllegalArgumentException("nothing to score: the text is too short");
        }
        return new LineScores(nats, bytes, characters, words(text), scores.tokens(), unknown, unknownNats);
    }

    /**
     * Scores a text whose lines are each a sequence of its own, as {@link Scoring#ofLines} does. The separator that ends a line
     * stands for the line's end, which the last line has, too. Empty lines are not scored and have no bytes.
     *
     * @throws IllegalArgumentException
     *             if the model has no tokenizer, or one without a separator, if it cannot read a line (the message says which),
     *             or if all are empty
     */
    public static LineScores ofLines(LanguageModel model, String text) {
        Tokenizer tokenizer = tokenizer(model);
        int separator = Scoring.separator(tokenizer);
        int[] unknownIds = unknown(tokenizer);
        String ended = text.endsWith("\n") ? text : text + "\n";
        List<String> lines = Scoring.lines(ended);
        double[] nats = new double[lines.size()];
        long[] bytes = new long[lines.size()];
        long characters = 0;
        long tokens = 0;
        long unknown = 0;
        double unknownNats = 0;
        int from = 0;
        for (int line = 0; line < nats.length; line++) {
            int next = ended.indexOf('\n', from) + 1;
            if (!lines.get(line).isEmpty()) {
                TokenScores scores = Scoring.line(model, tokenizer, separator, lines.get(line), line + 1);
                nats[line] = scores.nats();
                bytes[line] = ended.substring(from, next).getBytes(StandardCharsets.UTF_8).length;
                characters += ended.codePointCount(from, next);
                tokens += scores.tokens();
                for (int i = 1; i < scores.size(); i++) {
                    if (isUnknown(unknownIds, scores.ids()[i])) {
                        unknown++;
                        unknownNats -= scores.logProbabilities()[i];
                    }
                }
            }
            from = next;
        }
        if (tokens == 0) {
            throw new IllegalArgumentException("nothing to score: every line is empty");
        }
        return new LineScores(nats, bytes, characters, words(text), tokens, unknown, unknownNats);
    }

    private static Tokenizer tokenizer(LanguageModel model) {
        Tokenizer tokenizer = model.tokenizer();
        if (tokenizer == null) {
            throw new IllegalArgumentException("the model has no tokenizer, so it cannot be compared by bytes of text");
        }
        return tokenizer;
    }

    private static long words(String text) {
        return Arrays.stream(text.split("\\s+")).filter(word -> !word.isEmpty()).count();
    }

    /** The ids of what a tokenizer gives in place of words it does not know. */
    static int[] unknown(Tokenizer tokenizer) {
        return Arrays.stream(UNKNOWN).mapToInt(tokenizer::id).filter(id -> id >= 0).toArray();
    }

    private static boolean isUnknown(int[] unknown, int id) {
        return Arrays.stream(unknown).anyMatch(each -> each == id);
    }

    /** Those of two texts, one after the other. */
    public LineScores plus(LineScores other) {
        double[] allNats = Arrays.copyOf(nats, nats.length + other.nats.length);
        System.arraycopy(other.nats, 0, allNats, nats.length, other.nats.length);
        long[] allBytes = Arrays.copyOf(bytes, bytes.length + other.bytes.length);
        System.arraycopy(other.bytes, 0, allBytes, bytes.length, other.bytes.length);
        return new LineScores(allNats, allBytes, characters + other.characters, words + other.words,
                tokens + other.tokens, unknown + other.unknown, unknownNats + other.unknownNats);
    }

    private double bits() {
        return Arrays.stream(nats).sum() / LN_2;
    }

    /** Bits a byte of text. */
    public double bitsPerByte() {
        return bits() / Arrays.stream(bytes).sum();
    }

    /** Bits a character of text. */
    public double bitsPerCharacter() {
        return bits() / characters;
    }

    /** Bits a word of text, whatever the model's tokens. */
    public double bitsPerWord() {
        return bits() / words;
    }

    /** {@code exp(nats / tokens)}. */
    public double perplexity() {
        return Math.exp(bits() * LN_2 / tokens);
    }

    /** The same of the known tokens alone. */
    public double perplexityWithoutUnknown() {
        return Math.exp((bits() * LN_2 - unknownNats) / (tokens - unknown));
    }

    /** The share of tokens that are read as unknown. */
    public double unknownRate() {
        return (double) unknown / tokens;
    }

    /**
     * How far the bits a byte would vary: 95% of the figures that texts give whose lines are drawn from this one with
     * replacement (the bootstrap's percentile interval; Efron, 1979).
     */
    public Interval interval(int samples, long seed) {
        return interval(null, samples, seed);
    }

    /** The same of how many bits a byte more this model needs than another on the same text, drawn with the same lines. */
    public Interval difference(LineScores other, int samples, long seed) {
        if (other.nats.length != nats.length) {
            throw new IllegalArgumentException("scores of different texts");
        }
        return interval(other, samples, seed);
    }

    private Interval interval(@org.jspecify.annotations.Nullable LineScores other, int samples, long seed) {
        double[] figures = new double[samples];
        SplittableRandom random = new SplittableRandom(seed);
        for (int s = 0; s < samples; s++) {
            double sum = 0;
            double length = 0;
            double otherSum = 0;
            double otherLength = 0;
            for (int i = 0; i < nats.length; i++) {
                int line = random.nextInt(nats.length);
                sum += nats[line];
                length += bytes[line];
                if (other != null) {
                    otherSum += other.nats[line];
                    otherLength += other.bytes[line];
                }
            }
            figures[s] = (sum / length - (other == null ? 0 : otherSum / otherLength)) / LN_2;
        }
        Arrays.sort(figures);
        return new Interval(figures[(int) (0.025 * samples)], figures[Math.min(samples - 1, (int) (0.975 * samples))]);
    }
}
