// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Words and their vectors, whatever they were learnt by. Similarity is the cosine of the angle between two vectors. */
public final class WordVectors {
    /** A word and how similar it is, from -1 to 1. */
    public record Neighbour(String word, double similarity) {}

    private final List<String> words;
    private final float[][] rows;
    private final float[][] directions; // rows of length 1, made when first asked for
    private final Map<String, Integer> numbers;
    private final Map<String, Integer> numbersIgnoringCase = new HashMap<>();

    /**
     * Vectors by word, the most frequent first.
     *
     * @throws IllegalArgumentException
     *             if a word comes twice, or there are not as many vectors as words, of one length
     */
    public WordVectors(List<String> words, float[][] rows) {
        if (words.size() != rows.length) {
            throw new IllegalArgumentException(words.size() + " words and " + rows.length + " vectors");
        }
        this.words = List.copyOf(words);
        this.rows = rows;
        directions = new float[rows.length][];
        numbers = HashMap.newHashMap(rows.length);
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != rows[0].length) {
                throw new IllegalArgumentException("the vector of '" + words.get(i) + "' has " + rows[i].length
                        + " numbers, others " + rows[0].length);
            }
            if (numbers.put(words.get(i), i) != null) {
                throw new IllegalArgumentException("the word '" + words.get(i) + "' comes twice");
            }
        }
    }

    /** How many words. */
    public int size() {
        return rows.length;
    }

    /** The length of a vector; 0 where there are no words. */
    public int dimension() {
        return rows.length == 0 ? 0 : rows[0].length;
    }

    /** A word by its number. */
    public String word(int number) {
        return words.get(number);
    }

    /** Whether every number is finite. */
    public boolean isFinite() {
        for (float[] row : rows) {
            for (float v : row) {
                if (!Float.isFinite(v)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** All words, the most frequent first. */
    public List<String> words() {
        return words;
    }

    /** A word's vector by its number, not to be changed. */
    public float[] vector(int number) {
        return rows[number];
    }

    /** A word's number, -1 if it is not known. */
    public int number(String word) {
        return numbers.getOrDefault(word, -1);
    }

    /** The number of a word or, where it is not known, of the most frequent that differs in case only; else -1. */
    public int numberIgnoringCase(String word) {
        return numberIgnoringCase(word, rows.length);
    }

    /** The same among the {@code most} most frequent words alone. */
    public int numberIgnoringCase(String word, int most) {
        int exact = number(word);
        if (exact >= 0 && exact < most) {
            return exact;
        }
        if (numbersIgnoringCase.isEmpty()) {
            for (int i = 0; i < rows.length; i++) {
                numbersIgnoringCase.putIfAbsent(words.get(i).toLowerCase(Locale.ROOT), i);
            }
        }
        int other = numbersIgnoringCase.getOrDefault(word.toLowerCase(Locale.ROOT), -1);
        return other < most ? other : -1;
    }

    /**
     * A word's vector.
     *
     * @throws IllegalArgumentException
     *             if it is not known; the message names one that is spelt alike
     */
    public float[] vector(String word) {
        int number = number(word);
        if (number < 0) {
            int other = numberIgnoringCase(word);
            throw new IllegalArgumentException("no vector for '" + word + "'" + (other < 0
                    ? " among the " + rows.length + " words"
                    : "; there is one for '" + words.get(other) + "'"));
        }
        return rows[number];
    }

    /** The vector of length 1 in a word's direction; zeros stay zeros. */
    public float[] direction(int number) {
        float[] direction = directions[number];
        if (direction == null) {
            direction = direction(rows[number]);
            directions[number] = direction;
        }
        return direction;
    }

    /** The vector of length 1 in this one's direction; zeros stay zeros. */
    static float[] direction(float[] vector) {
        double squares = 0;
        for (float v : vector) {
            squares += (double) v * v;
        }
        double scale = squares == 0 ? 0 : 1 / Math.sqrt(squares); // of the smallest numbers, no float
        float[] direction = vector.clone();
        for (int i = 0; i < direction.length; i++) {
            direction[i] = (float) (direction[i] * scale);
        }
        return direction;
    }

    /** How similar two words are. */
    public double similarity(int first, int second) {
        return dot(direction(first), direction(second));
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    /** The words most similar to a word, the most similar first; not the word itself. */
    public List<Neighbour> neighbours(String word, int count) {
        return neighbours(vector(word), Set.of(word), count);
    }

    /** The words most similar to a vector, the most similar first, of equals the most frequent, but for those left out. */
    public List<Neighbour> neighbours(float[] vector, Set<String> without, int count) {
        if (vector.length != dimension()) {
            throw new IllegalArgumentException("a vector of " + vector.length + " numbers among those of "
                    + dimension());
        }
        float[] direction = direction(vector);
        if (count < 1) {
            return List.of();
        }
        Comparator<Neighbour> order = Comparator.comparingDouble(Neighbour::similarity).thenComparing(
                each -> number(each.word()), Comparator.reverseOrder()); // of equal ones the most frequent
        PriorityQueue<Neighbour> best = new PriorityQueue<>(order);
        for (int i = 0; i < rows.length; i++) {
            double similarity = dot(direction, direction(i));
            if ((best.size() < count || similarity > best.element().similarity()) && !without.contains(words.get(i))) {
                best.add(new Neighbour(words.get(i), similarity));
                if (best.size() > count) {
                    best.remove();
                }
            }
        }
        List<Neighbour> sorted = new ArrayList<>(best);
        sorted.sort(order.reversed());
        return sorted;
    }

    /** Where a is to b as c is to x, the likeliest x: those most similar to b - a + c (Mikolov et al. 2013). */
    public List<Neighbour> analogy(String a, String b, String c, int count) {
        float[] from = direction(vector(a));
        float[] to = direction(vector(b));
        float[] other = direction(vector(c));
        float[] sought = new float[from.length];
        for (int i = 0; i < sought.length; i++) {
            sought[i] = to[i] - from[i] + other[i];
        }
        return neighbours(sought, new TreeSet<>(List.of(a, b, c)), count);
    }

    /**
     * The mean of the vectors of an unknown word's character n-grams, where these are the vectors of n-grams.
     *
     * @return null if none of them is known
     */
    public float @Nullable [] meanOfNgrams(String word) {
        int longest = 0;
        int shortest = Integer.MAX_VALUE;
        for (String ngram : words) {
            int length = ngram.codePointCount(0, ngram.length());
            longest = Math.max(longest, length);
            shortest = Math.min(shortest, length);
        }
        float[] mean = new float[dimension()];
        int known = 0;
        for (String ngram : longest == 0 ? Collections.<String>emptyList() : Subwords.of(word, shortest, longest)) {
            int number = number(ngram);
            if (number >= 0) {
                known++;
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += rows[number][i];
                }
            }
        }
        if (known == 0) {
            return null;
        }
        for (int i = 0; i < mean.length; i++) {
            mean[i] /= known;
        }
        return mean;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WordVectors o && words.equals(o.words) && Arrays.deepEquals(rows, o.rows);
    }

    @Override
    public int hashCode() {
        return words.hashCode();
    }

    @Override
    public String toString() {
        return rows.length + " words of " + dimension() + " numbers";
    }
}
