// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.correct;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A trial of correction on sentences taken for right, in which one word in so many gets a random edit.
 *
 * @param sentences
 *            tried
 * @param words
 *            of them
 * @param edited
 *            words that got an edit
 * @param reachable
 *            the share of them whose right word is among the candidates
 * @param context
 *            the share of them whose right word is the first candidate in its context (accuracy at 1)
 * @param channel
 *            the same without context
 * @param frequency
 *            the same of the most frequent candidate
 * @param before
 *            the word error rate of the edited text
 * @param after
 *            the word error rate of the corrected text, in which the corrector was not told what was edited
 */
public record CorrectionTrial(int sentences, long words, long edited, double reachable, double context, double channel,
        double frequency, double before, double after) {

    /**
     * Tries a corrector.
     *
     * @param one
     *            in how many words one is edited
     */
    public static CorrectionTrial of(SpellingCorrector corrector, List<String> sentences, double one, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] alphabet = sentences.stream().flatMapToInt(String::codePoints).filter(Character::isLetter)
                .map(Character::toLowerCase).distinct().sorted().toArray();
        long words = 0;
        long edited = 0;
        long reachable = 0;
        long before = 0;
        long after = 0;
        Map<SpellingCorrector.Ranking, Long> first = new EnumMap<>(SpellingCorrector.Ranking.class);
        for (String sentence : sentences) {
            String[] right = sentence.strip().split("\\s+");
            String[] written = right.clone();
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < right.length; i++) {
                int[] letters = right[i].codePoints().toArray();
                if (letters.length > 1 && NearWords.isWord(letters) && random.nextDouble() < 1 / one) {
                    written[i] = edit(letters, alphabet, random);
                    places.add(i);
                }
            }
            words += right.length;
            edited += places.size();
            for (int at : places) {
                for (SpellingCorrector.Ranking ranking : SpellingCorrector.Ranking.values()) {
                    List<SpellingCorrector.Candidate> candidates = corrector.candidates(written, at, ranking);
                    first.merge(ranking, !candidates.isEmpty()
                            && candidates.getFirst().word().equals(right[at]) ? 1L : 0L, Long::sum);
                    if (ranking == SpellingCorrector.Ranking.CONTEXT) {
                        reachable += candidates.stream().anyMatch(each -> each.word().equals(right[at])) ? 1 : 0;
                    }
                }
            }
            before += WordErrors.count(right, written);
            after += WordErrors.count(right, corrector.correct(written));
        }
        if (edited == 0) {
            throw new IllegalArgumentException("no word was edited: the text has too few words of letters");
        }
        double all = edited;
        return new CorrectionTrial(sentences.size(), words, edited, reachable / all,
                first.getOrDefault(SpellingCorrector.Ranking.CONTEXT, 0L) / all,
                first.getOrDefault(SpellingCorrector.Ranking.CHANNEL, 0L) / all,
                first.getOrDefault(SpellingCorrector.Ranking.FREQUENCY, 0L) / all, (double) before / words,
                (double) after / words);
    }

    /** A letter put in, taken out, replaced, or swapped with the next: another word in any case. */
    static String edit(int[] letters, int[] alphabet, SplittableRandom random) {
        while (true) {
            int kind = random.nextInt(4);
            int at = random.nextInt(letters.length + (kind == 0 ? 1 : kind == 3 ? -1 : 0));
            int letter = alphabet[random.nextInt(alphabet.length)];
            int[] changed;
            if (kind == 0) {
                changed = new int[letters.length + 1];
                System.arraycopy(letters, 0, changed, 0, at);
                changed[at] = letter;
                System.arraycopy(letters, at, changed, at + 1, letters.length - at);
            } else if (kind == 1) {
                changed = Arrays.copyOf(letters, letters.length - 1);
                System.arraycopy(letters, at + 1, changed, at, changed.length - at);
            } else {
                changed = letters.clone();
                changed[at] = kind == 2 ? letter : letters[at + 1];
                if (kind == 3) {
                    changed[at + 1] = letters[at];
                }
            }
            if (!Arrays.equals(changed, letters)) {
                return new String(changed, 0, changed.length);
            }
        }
    }
}
