// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import verbo.text.IOConsumer;
import verbo.text.Progress;

/**
 * Trains language identification: a {@linkplain CharacterModel character n-gram model} a language, all of them in one small
 * file for {@link LanguageIdentifier}.
 *
 * <p>
 * One line in ten of each language is first left out, to learn from whole lines, pairs of words and single words of them how
 * sure scores make and how unlikely a text is that still is in the language. Then the models count those lines too. A line
 * that comes twice in a language counts once.
 */
public final class IdentifierTrainer {
    /** The probability of a letter a language was never seen with, were it the only thing known: one in ten thousand. */
    private static final double UNSEEN = 1e-4;
    private static final int HELD_OUT = 10;
    private static final int PIECES = 4000; // of the held-out lines of a language
    private static final int FEW = 10; // held-out lines that tell too little of a language
    /** The share of held-out words, pairs, lines that would be taken for unknown without {@link Likeness#allowance}. */
    private static final double REJECTED = 0.01;

    /**
     * How to train.
     *
     * @param order
     *            the length of the longest n-grams in letters, 1 to 8
     * @param bytes
     *            the file's size at most; the longest n-grams that came once are left out as far as that takes, those first
     *            that make the least difference
     */
    public record Options(int order, long bytes) {
        /** Five letters, ten million bytes. */
        public static final Options DEFAULT = new Options(5, 10_000_000);

        public Options {
            if (order < 1 || order > IdentifierFile.ORDERS) {
                throw new IllegalArgumentException(
                        "an order of " + order + ": it must be 1 to " + IdentifierFile.ORDERS);
            }
        }
    }

    /** Where the lines of a language come from. */
    @FunctionalInterface
    public interface Lines {
        /** Hands over every line. */
        void forEach(IOConsumer<String> action) throws IOException;
    }

    /**
     * What was trained.
     *
     * @param lines
     *            by language, how many different lines with letters there were
     * @param ngrams
     *            in the file
     * @param bytes
     *            of the file
     * @param heldOutAccuracy
     *            of lines that were left out, by models that had not counted them; NaN if there were none
     */
    public record Trained(Map<String, Integer> lines, int ngrams, long bytes, double heldOutAccuracy) {}

    private final Options options;

    private IdentifierTrainer(Options options) {
        this.options = options;
    }

    /**
     * Trains on the lines of some languages, which are all held in memory, and writes the file.
     *
     * @throws IllegalArgumentException
     *             if there are no languages or more than 255, one has no letters, or the file cannot be made so small
     */
    public static Trained train(SequencedMap<String, ? extends Lines> texts, Path output, Options options,
            Progress progress) throws IOException {
        if (texts.isEmpty() || texts.size() > IdentifierFile.LANGUAGES) {
            throw new IllegalArgumentException(
                    texts.size() + " languages to tell apart: there must be 1 to " + IdentifierFile.LANGUAGES);
        }
        return new IdentifierTrainer(options).train(texts, output, progress);
    }

    private Trained train(SequencedMap<String, ? extends Lines> texts, Path output, Progress progress)
            throws IOException {
        int languages = texts.size();
        List<List<int[]>> heldOut = new ArrayList<>();
        CharacterModel[] models = new CharacterModel[languages];
        SequencedMap<String, Integer> counts = new java.util.LinkedHashMap<>();
        int done = 0;
        for (Map.Entry<String, ? extends Lines> language : texts.entrySet()) {
            CharacterModel model = new CharacterModel(options.order);
            List<int[]> left = new ArrayList<>();
            int lines = count(language.getValue(), model, left);
            if (lines == 0) {
                throw new IllegalArgumentException("language '" + language.getKey() + "' has no text with letters");
            }
            model.estimate(UNSEEN);
            models[done] = model;
            heldOut.add(left);
            counts.put(language.getKey(), lines);
            progress.update(++done, languages + 2L);
        }
        Examples examples = examples(new WeightTable(options.order, models), heldOut);
        progress.update(languages + 1L, languages + 2L);
        for (int l = 0; l < languages; l++) {
            for (int[] line : heldOut.get(l)) {
                models[l].count(line);
            }
            models[l].estimate(UNSEEN);
        }
        WeightTable table = new WeightTable(options.order, models);
        IdentifierFile.Header header = header(List.copyOf(texts.keySet()), examples, table);
        Records records = Records.of(table, models, header, options.bytes);
        IdentifierFile.write(output, header, records.bits(), records.starts(), records.bytes());
        progress.update(languages + 2L, languages + 2L);
        return new Trained(counts, records.ngrams(),
                IdentifierFile.length(header, records.bits(), records.bytes().length), examples.accuracy);
    }

    private static int count(Lines text, CharacterModel model, List<int[]> left) throws IOException {
        Letters letters = new Letters();
        Set<Long> seen = new HashSet<>();
        int[] lines = {0};
        text.forEach(line -> {
            letters.read(line);
            if (letters.letters() == 0) {
                return;
            }
            int[] symbols = letters.copy();
            long hash = symbols.length;
            for (int symbol : symbols) {
                hash = NgramHash.grow(hash, symbol);
            }
            if (seen.add(hash)) {
                if (lines[0]++ % HELD_OUT == HELD_OUT - 1 && left.size() < PIECES) {
                    left.add(symbols);
                } else {
                    model.count(symbols);
                }
            }
        });
        return lines[0];
    }

    /** Texts that were left out, and what the models say of them. */
    private static final class Examples {
        final List<float[]> scores = new ArrayList<>();
        final List<Integer> letters = new ArrayList<>();
        final List<Integer> predicted = new ArrayList<>();
        final List<Integer> languages = new ArrayList<>();
        final List<Integer> kinds = new ArrayList<>(); // 0 lines, 1 words, 2 pairs
        double accuracy;
    }

    private Examples examples(WeightTable table, List<List<int[]>> heldOut) {
        Examples examples = new Examples();
        SplittableRandom random = new SplittableRandom(1);
        int right = 0;
        int lines = 0;
        for (int l = 0; l < heldOut.size(); l++) {
            // as many of each language, so that one with more text does not decide for all
            int most = Math.min(100, heldOut.get(l).size());
            for (int i = 0; i < most; i++) {
                int[] line = heldOut.get(l).get((int) ((long) i * heldOut.get(l).size() / most));
                right += add(examples, table, line, 0, l);
                lines++;
                add(examples, table, piece(line, 1, random), 1, l);
                add(examples, table, piece(line, 2, random), 2, l);
            }
        }
        examples.accuracy = lines == 0 ? Double.NaN : (double) right / lines;
        return examples;
    }

    /** So many words of a line, or all. */
    private static int[] piece(int[] line, int words, SplittableRandom random) {
        int[] begins = new int[line.length + 1];
        int count = 0;
        for (int i = 0; i < line.length; i++) {
            if (line[i] == Letters.BEGIN) {
                begins[count++] = i;
            }
        }
        begins[count] = line.length;
        int first = random.nextInt(Math.max(1, count - words + 1));
        return Arrays.copyOfRange(line, begins[first], begins[Math.min(count, first + words)]);
    }

    private static int add(Examples examples, WeightTable table, int[] symbols, int kind, int language) {
        float[] scores = table.scores(symbols);
        int letters = 0;
        int predicted = 0;
        for (int symbol : symbols) {
            letters += symbol > Letters.END ? 1 : 0;
            predicted += symbol == Letters.BEGIN ? 0 : 1;
        }
        examples.scores.add(scores);
        examples.letters.add(letters);
        examples.predicted.add(predicted);
        examples.languages.add(language);
        examples.kinds.add(kind);
        for (float score : scores) {
            if (score > scores[language]) {
                return 0;
            }
        }
        return 1;
    }

    private IdentifierFile.Header header(List<String> names, Examples examples, WeightTable table) {
        int count = examples.scores.size();
        int languages = names.size();
        int[] letters = examples.letters.stream().mapToInt(Integer::intValue).toArray();
        int[] right = examples.languages.stream().mapToInt(Integer::intValue).toArray();
        Certainty certainty = count == 0
                ? new Certainty(1, 0.5)
                : Certainty.fit(examples.scores.toArray(new float[0][]), letters, right);
        double[][] sums = new double[languages + 1][3]; // lines, letters, their scores; of all languages last
        for (int i = 0; i < count; i++) {
            if (examples.kinds.get(i) == 0) {
                for (int l : new int[]{right[i], languages}) {
                    sums[l][0]++;
                    sums[l][1] += examples.predicted.get(i);
                    sums[l][2] += examples.scores.get(i)[right[i]];
                }
            }
        }
        float[] mean = new float[languages];
        for (int l = 0; l < languages; l++) {
            double[] of = sums[l][0] < FEW ? sums[languages] : sums[l];
            mean[l] = of[0] == 0 ? -3 : (float) (of[2] / of[1]);
        }
        double spread = 0;
        for (int kind = 0; kind < 3; kind++) {
            List<Double> less = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                if (examples.kinds.get(i) == kind) {
                    double letter = examples.scores.get(i)[right[i]] / examples.predicted.get(i);
                    less.add((mean[right[i]] - letter) * Math.sqrt(examples.predicted.get(i)));
                }
            }
            less.sort(null);
            spread = less.isEmpty() ? spread : Math.max(spread, less.get((int) (less.size() * (1 - REJECTED))));
        }
        Likeness likeness = new Likeness(spread, Likeness.allowance(losses(examples, mean)));
        return new IdentifierFile.Header(options.order, names, certainty, likeness, table.unseen, mean,
                Records.codebook(table.weight));
    }

    /** What a letter of each line would lose if its language were not among those known. */
    private static double[] losses(Examples examples, float[] mean) {
        return IntStream.range(0, mean.length < 2 ? 0 : examples.kinds.size())
                .filter(i -> examples.kinds.get(i) == 0)
                .mapToDouble(i -> {
                    float[] scores = examples.scores.get(i);
                    int best = -1;
                    for (int l = 0; l < scores.length; l++) {
                        if (l != examples.languages.get(i) && (best < 0 || scores[l] > scores[best])) {
                            best = l;
                        }
                    }
                    return mean[best] - scores[best] / examples.predicted.get(i);
                }).toArray();
    }
}
