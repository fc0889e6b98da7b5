// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import verbo.models.WordVectors;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.FormatException;
import verbo.text.TextLines;

/**
 * How good word vectors are: whether they solve analogies (Mikolov et al. 2013), and whether they rank pairs of words by
 * similarity as people do. A word that the vectors lack is looked for in other case; a question that needs one they still lack
 * is passed over and counted.
 */
public final class VectorEvaluation {
    private static final int BATCH = 64;

    /**
     * A section of analogies.
     *
     * @param name
     *            as the file has it, "total" for all
     * @param questions
     *            asked
     * @param correct
     *            answered rightly
     * @param unknown
     *            passed over for want of a word
     */
    public record Section(String name, int questions, int correct, int unknown) {
        /** The share of those asked that was right; not a number where none was. */
        public double accuracy() {
            return questions == 0 ? Double.NaN : (double) correct / questions;
        }
    }

    /**
     * A list of pairs.
     *
     * @param name
     *            of the file
     * @param pairs
     *            compared
     * @param unknown
     *            passed over for want of a word
     * @param spearman
     *            rank correlation of the vectors' similarities with people's, from -1 to 1
     */
    public record Similarity(String name, int pairs, int unknown, double spearman) {}

    private final WordVectors vectors;
    private final Engine engine;

    /** An evaluation of these vectors, computed by this engine. */
    public VectorEvaluation(WordVectors vectors, Engine engine) {
        this.vectors = vectors;
        this.engine = engine;
    }

    /** Whether a file has analogies, which begin with a section's name, and not pairs. */
    public static boolean isAnalogies(Path file) throws IOException {
        return lines(file).stream().filter(line -> !line.isBlank()).findFirst().orElse("").startsWith(":");
    }

    private static List<String> lines(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        TextLines.forEach(file, lines::add);
        return lines;
    }

    private record Question(int section, int a, int b, int c, int d) {}

    /**
     * Asks the questions of a file as {@code questions-words.txt}: sections that begin with a colon, four words a line. The
     * answer to a : b = c : ? is the word most similar to b - a + c that is none of the three.
     *
     * @param most
     *            only so many of the most frequent words are known and are answers
     * @return the sections, and all of them together as the last
     * @throws FormatException
     *             if a line is not as it should be
     */
    public List<Section> analogies(Path file, int most) throws IOException {
        int known = Math.min(most, vectors.size());
        List<String> names = new ArrayList<>();
        List<Question> questions = new ArrayList<>();
        List<int[]> counts = new ArrayList<>(); // asked, right, unknown
        int number = 0;
        for (String line : lines(file)) {
            number++;
            if (line.startsWith(":")) {
                names.add(line.substring(1).strip());
                counts.add(new int[3]);
            } else if (!line.isBlank()) {
                String[] words = line.strip().split("\\s+");
                if (words.length != 4 || names.isEmpty()) {
                    throw new FormatException(file, "line " + number
                            + " is no analogy: four words, below a line that begins with a colon");
                }
                int[] ids = Arrays.stream(words).mapToInt(word -> vectors.numberIgnoringCase(word, known)).toArray();
                if (Arrays.stream(ids).allMatch(id -> id >= 0)) {
                    questions.add(new Question(names.size() - 1, ids[0], ids[1], ids[2], ids[3]));
                } else {
                    counts.getLast()[2]++;
                }
            }
        }
        int[] answers = answers(questions, known);
        for (int i = 0; i < answers.length; i++) {
            int[] section = counts.get(questions.get(i).section());
            section[0]++;
            section[1] += same(answers[i], questions.get(i).d()) ? 1 : 0;
        }
        List<Section> sections = new ArrayList<>();
        int[] total = new int[3];
        for (int s = 0; s < names.size(); s++) {
            int[] count = counts.get(s);
            sections.add(new Section(names.get(s), count[0], count[1], count[2]));
            Arrays.setAll(total, i -> total[i] + count[i]);
        }
        sections.add(new Section("total", total[0], total[1], total[2]));
        return sections;
    }

    private boolean same(int first, int second) {
        return first == second || vectors.word(first).equalsIgnoreCase(vectors.word(second));
    }

    /** The questions' best words, computed as products of matrices. */
    private int[] answers(List<Question> questions, int known) {
        int[] answers = new int[questions.size()];
        if (answers.length == 0) {
            return answers;
        }
        int dimension = vectors.dimension();
        float[] all = new float[Math.multiplyExact(known, dimension)];
        for (int w = 0; w < known; w++) {
            System.arraycopy(vectors.direction(w), 0, all, w * dimension, dimension);
        }
        try (NoGradient none = NoGradient.open(); Scope whole = Scope.lasting(engine)) {
            Tensor directions = whole.of(all, known, dimension).transpose(0, 1); // [d, v]
            for (int from = 0; from < answers.length; from += BATCH) {
                int count = Math.min(BATCH, answers.length - from);
                float[] sought = new float[count * dimension];
                for (int q = 0; q < count; q++) {
                    Question question = questions.get(from + q);
                    for (int i = 0; i < dimension; i++) {
                        sought[q * dimension + i] = all[question.b() * dimension + i]
                                - all[question.a() * dimension + i] + all[question.c() * dimension + i];
                    }
                }
                try (Scope step = Scope.open(engine)) {
                    float[] scores = step.of(sought, count, dimension).matmul(directions).toFloats(); // [q, v]
                    for (int q = 0; q < count; q++) {
                        answers[from + q] = best(scores, q * known, known, questions.get(from + q));
                    }
                }
            }
        }
        return answers;
    }

    private int best(float[] scores, int from, int known, Question question) {
        int best = -1;
        for (int w = 0; w < known; w++) {
            if ((best < 0 || scores[from + w] > scores[from + best]) && !same(w, question.a())
                    && !same(w, question.b()) && !same(w, question.c())) {
                best = w;
            }
        }
        return Math.max(0, best);
    }

    /**
     * Compares similarities with people's: a file of lines with two words and a number, as WordSim-353, SimLex-999, MEN and
     * RW are handed round. A part of speech before the number, one letter as SimLex-999 has it, is passed over.
     *
     * @throws FormatException
     *             if a line is not as it should be
     */
    public Similarity similarities(Path file) throws IOException {
        List<double[]> pairs = new ArrayList<>();
        int unknown = 0;
        int number = 0;
        for (String line : lines(file)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split("[\\t,; ]+");
            int at = parts.length > 3 && parts[2].matches("[A-Za-z]") ? 3 : 2;
            double score = parts.length <= at ? Double.NaN : number(parts[at]);
            if (Double.isNaN(score)) {
                if (number == 1) {
                    continue; // names of columns
                }
                throw new FormatException(file, "line " + number + " is no pair: two words and a number");
            }
            int first = vectors.numberIgnoringCase(parts[0]);
            int second = vectors.numberIgnoringCase(parts[1]);
            if (first < 0 || second < 0) {
                unknown++;
            } else {
                pairs.add(new double[]{score, vectors.similarity(first, second)});
            }
        }
        if (pairs.isEmpty() && unknown == 0) {
            throw new FormatException(file, "has no pairs: lines of two words and a number");
        }
        String name = String.valueOf(file.getFileName());
        return new Similarity(name, pairs.size(), unknown,
                spearman(pairs.stream().mapToDouble(pair -> pair[0]).toArray(),
                        pairs.stream().mapToDouble(pair -> pair[1]).toArray()));
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Spearman's rank correlation; equal values share the mean of their ranks. Not a number where either is constant. */
    static double spearman(double[] a, double[] b) {
        double[] first = ranks(a);
        double[] second = ranks(b);
        double mean = (a.length + 1) / 2.0;
        double product = 0;
        double squares1 = 0;
        double squares2 = 0;
        for (int i = 0; i < a.length; i++) {
            product += (first[i] - mean) * (second[i] - mean);
            squares1 += (first[i] - mean) * (first[i] - mean);
            squares2 += (second[i] - mean) * (second[i] - mean);
        }
        return product / Math.sqrt(squares1 * squares2);
    }

    private static double[] ranks(double[] values) {
        Integer[] order = new Integer[values.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (i, j) -> Double.compare(values[i], values[j]));
        double[] ranks = new double[values.length];
        for (int from = 0; from < order.length;) {
            int to = from;
            while (to < order.length && values[order[to]] == values[order[from]]) {
                to++;
            }
            for (int i = from; i < to; i++) {
                ranks[order[i]] = (from + 1 + to) / 2.0;
            }
            from = to;
        }
        return ranks;
    }
}
