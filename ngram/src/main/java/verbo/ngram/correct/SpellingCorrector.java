// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.correct;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.ngram.History;
import verbo.ngram.NgramModel;
import verbo.ngram.Vocabulary;

/**
 * Corrects the spelling of a sentence by the noisy channel (Kernighan, Church and Gale, 1990; in context Mays, Damerau and
 * Mercer, 1991): of all sentences that could have been meant, the one of the highest probability
 *
 * <pre>
 * p(meant) Π p(written word | meant word)
 * </pre>
 *
 * where an n-gram model of words gives the first factor. A word is written as it is meant with the probability
 * {@code 1 - errorRate}. Else one of four kinds of edits is made, each as likely: a letter put in, taken out, replaced, or
 * swapped with the next; and each edit of that kind is as likely, at any place, with any letter of an alphabet of 30. Two edits
 * are one after the other. A word the model does not know may be right, too: as the unknown word, whose letters are each taken
 * for one in 12.
 *
 * <p>
 * The best sentence is sought word by word with a beam. Words are what white space keeps apart, as the model's are; only
 * those made of letters are corrected. For one thread; the model stays the caller's.
 */
public final class SpellingCorrector {
    private static final double LN_10 = Math.log(10);
    private static final int ALPHABET = 30;
    private static final double UNKNOWN_LETTER = -Math.log(12);
    private static final int CANDIDATES = 64;

    /**
     * How to correct.
     *
     * @param distance
     *            how many edits a word may be away, 1 or 2
     * @param errorRate
     *            the share of words that are written wrongly, between 0 and 1
     * @param beam
     *            how many beginnings of a sentence are kept
     */
    public record Options(int distance, double errorRate, int beam) {
        /** One edit, five words in a hundred. */
        public static final Options DEFAULT = new Options(1, 0.05, 12);

        public Options {
            if (!(errorRate > 0 && errorRate < 1)) {
                throw new IllegalArgumentException("an error rate of " + errorRate + ": it must be between 0 and 1");
            }
            if (beam < 1) {
                throw new IllegalArgumentException("a beam of " + beam + ": it must be 1 or more");
            }
        }
    }

    /**
     * A word that may be meant.
     *
     * @param word
     *            its spelling
     * @param score
     *            the natural logarithm of its probability, as far as the question was asked; only differences mean something
     */
    public record Candidate(String word, double score) {}

    private record Meant(int id, String word, double channel) {}

    private record Beginning(double score, History history, @Nullable Beginning before, String word) {}

    private final NgramModel model;
    private final Options options;
    private final NearWords near;

    /** Builds an index of the model's words, which takes a moment. */
    public SpellingCorrector(NgramModel model, Options options) {
        this.model = model;
        this.options = options;
        near = new NearWords(model.vocabulary(), options.distance);
    }

    /** What a word may be meant as, itself included where that is possible, without regard to its likelihood as a word. */
    private List<Meant> meant(String written) {
        int[] letters = written.codePoints().toArray();
        List<Meant> meant = new ArrayList<>();
        int own = model.vocabulary().id(written);
        double right = Math.log(1 - options.errorRate);
        if (own != Vocabulary.UNKNOWN) {
            meant.add(new Meant(own, written, right));
        } else {
            meant.add(
                    new Meant(own, written, right + (NearWords.isWord(letters) ? UNKNOWN_LETTER * letters.length : 0)));
        }
        for (NearWords.Near word : near.find(letters)) {
            if (word.distance() > 0) {
                String spelling = model.vocabulary().word(word.word());
                meant.add(new Meant(word.word(), spelling,
                        edits(spelling.codePoints().toArray(), letters, word.distance())));
            }
        }
        return meant;
    }

    /** ln of the probability that one word is written as another, some edits away. */
    private double edits(int[] meant, int[] written, int distance) {
        int n = meant.length;
        int more = written.length - n;
        double put = (n + 1.0) * ALPHABET;
        double taken = n;
        double replaced = n * (ALPHABET - 1.0);
        double sum = 0;
        for (int edit = 0; edit < distance; edit++) {
            double ways = replaced;
            if (more > 0) {
                ways = put;
                more--;
            } else if (more < 0) {
                ways = taken;
                more++;
            } else if (distance == 1 && isSwap(meant, written)) {
                ways = n - 1;
            }
            sum += Math.log(options.errorRate / 4 / ways);
        }
        return sum;
    }

    private static boolean isSwap(int[] meant, int[] written) {
        int at = Arrays.mismatch(meant, written);
        return at >= 0 && at + 1 < meant.length && meant[at] == written[at + 1] && meant[at + 1] == written[at];
    }

    /** The sentence that was most probably meant, a word for each written one. */
    public String[] correct(String... written) {
        List<Beginning> beam = List.of(new Beginning(0, model.beginHistory(), null, ""));
        History next = model.emptyHistory();
        for (String word : written) {
            List<Meant> meant = meant(word);
            if (meant.size() > CANDIDATES) {
                meant = meant.stream().sorted(Comparator.comparingDouble(each -> -each.channel - unigram(each.id)))
                        .limit(CANDIDATES).toList();
            }
            double[][] scores = new double[beam.size()][meant.size()];
            List<int[]> ways = new ArrayList<>(); // beginning, meant word
            for (int b = 0; b < scores.length; b++) {
                for (int m = 0; m < scores[b].length; m++) {
                    scores[b][m] = beam.get(b).score + meant.get(m).channel
                            + model.score(beam.get(b).history, meant.get(m).id, next) * LN_10;
                    ways.add(new int[]{b, m});
                }
            }
            ways.sort(Comparator.comparingDouble(way -> -scores[way[0]][way[1]]));
            List<Beginning> longer = new ArrayList<>();
            for (int[] way : ways.subList(0, Math.min(options.beam, ways.size()))) {
                Beginning before = beam.get(way[0]);
                History history = model.emptyHistory();
                model.score(before.history, meant.get(way[1]).id, history);
                longer.add(new Beginning(scores[way[0]][way[1]], history, before, meant.get(way[1]).word));
            }
            beam = longer;
        }
        Beginning best = beam.getFirst();
        double most = Double.NEGATIVE_INFINITY;
        for (Beginning each : beam) {
            double score = each.score + model.score(each.history, Vocabulary.END, next) * LN_10;
            if (score > most) {
                most = score;
                best = each;
            }
        }
        String[] corrected = new String[written.length];
        Beginning at = best;
        for (int i = written.length - 1; i >= 0 && at != null; i--) {
            corrected[i] = at.word;
            at = at.before;
        }
        return corrected;
    }

    /** Corrects a line; white space between words becomes one space each where a word is changed. */
    public String correct(String line) {
        String[] words = line.strip().split("\\s+");
        if (words.length == 1 && words[0].isEmpty()) {
            return line;
        }
        String[] corrected = correct(words);
        return Arrays.equals(words, corrected) ? line : String.join(" ", corrected);
    }

    /** How candidates are ranked. */
    public enum Ranking {
        /** By how often the model's text has them. */
        FREQUENCY,
        /** By that and how likely they are written so. */
        CHANNEL,
        /** By how likely the sentence is with them, and they are written so. */
        CONTEXT
    }

    /** What else than what is written a word of a sentence may be meant as, the most probable first. */
    public List<Candidate> candidates(String[] sentence, int at, Ranking ranking) {
        List<Candidate> candidates = new ArrayList<>();
        for (Meant each : meant(sentence[at])) {
            if (!each.word.equals(sentence[at])) {
                candidates.add(new Candidate(each.word, switch (ranking) {
                    case FREQUENCY -> unigram(each.id);
                    case CHANNEL -> unigram(each.id) + each.channel;
                    case CONTEXT -> inContext(sentence, at, each.id) + each.channel;
                }));
            }
        }
        candidates.sort(Comparator.comparingDouble(candidate -> -candidate.score));
        return candidates;
    }

    private double unigram(int id) {
        return model.score(model.emptyHistory(), id, model.emptyHistory()) * LN_10;
    }

    /** ln p of the words that a word at a place makes a difference to, the word itself included. */
    private double inContext(String[] sentence, int at, int id) {
        int from = Math.max(0, at - model.order() + 1);
        int to = Math.min(sentence.length, at + model.order() - 1);
        History history = from == 0 ? model.beginHistory() : model.emptyHistory();
        History next = model.emptyHistory();
        double sum = 0;
        for (int i = from; i <= to; i++) {
            int word = i == at ? id : i == sentence.length ? Vocabulary.END : model.vocabulary().id(sentence[i]);
            double score = model.score(history, word, next);
            sum += i >= at ? score : 0;
            History swap = history;
            history = next;
            next = swap;
        }
        return sum * LN_10;
    }
}
