// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of a character, whatever stands beside it. */
final class SingleCharacters {
    private static final String DEPENDS = "\uD800"; // on what stands beside it; nothing becomes half a character

    private final StretchPlan.Cuts cuts;
    private final StretchEdges edges;
    private final @Nullable Normalizer normalizer;
    private final boolean clusters; // whether the normaliser's rules are for characters and clusters of fewer than six bytes
    private final @Nullable String[] known = new String[CharClass.PLACES];

    SingleCharacters(StretchPlan.Cuts cuts, StretchEdges edges) {
        this.cuts = cuts;
        this.edges = edges;
        normalizer = edges.normalizer;
        clusters = isByCluster(normalizer);
    }

    /** Whether the normaliser's only rules are for single characters and for clusters of fewer than six bytes. */
    private static boolean isByCluster(@Nullable Normalizer normalizer) {
        return normalizer instanceof Normalizer.Sequence(List<Normalizer> list)
                ? !list.isEmpty() && isByCluster(list.getFirst()) && list.stream().skip(1)
                        .allMatch(n -> n instanceof Normalizer.Replace(TextPattern.Regex regex, String to)
                                && StretchPlan.isOfSpaces(regex))
                : normalizer instanceof Normalizer.Precompiled;
    }

    /** Whether a character and the one before it may be changed together, though each is changed alone beside others. */
    boolean join(int before, int c) {
        return clusters && before < 0x800 && c >= 0x800 && CharsMap.joins(c);
    }

    /** What becomes of a character, null if more has to be known. */
    @Nullable String becomes(int c) {
        int place = CharClass.place(c);
        if (place < 0) {
            return null;
        }
        String is = known[place];
        if (is == null) {
            is = c > 0xFFFF ? findPicture(c) : find((char) c);
            known[place] = is; // every thread would write an equal one
        }
        return is.equals(DEPENDS) ? null : is;
    }

    /** Pictures that stay as they are; tones of skin do what stands before them too, where there are rules for clusters. */
    private String findPicture(int c) {
        String written = Character.toString(c);
        return written.equals(applied(normalizer, written)) && !(hasRules(normalizer) && CharsMap.joins(c))
                ? written
                : DEPENDS;
    }

    private static boolean hasRules(@Nullable Normalizer normalizer) {
        return normalizer instanceof Normalizer.Sequence(List<Normalizer> list)
                ? list.stream().anyMatch(SingleCharacters::hasRules)
                : normalizer instanceof Normalizer.Precompiled;
    }

    private String find(char c) {
        if (c < ' ' && cuts == StretchPlan.Cuts.BEFORE_SPACES && edges.stay(c)) {
            return String.valueOf(c);
        }
        if (c <= ' ' || c == SentencePiece.SPACE || CharClass.isSpace(c)) {
            return DEPENDS;
        }
        int type = Character.getType(c);
        boolean alone = clusters || normalizer instanceof Normalizer.BertNormalizer // which puts nothing together
                || (!isMark(c) && standsAlone(c));
        if (!alone || type == Character.CONTROL || type == Character.FORMAT || type == Character.UNASSIGNED
                || type == Character.PRIVATE_USE || type == Character.SURROGATE || c == 0xFFFD
                || (cuts != StretchPlan.Cuts.WORDS && isMark(c) && !(clusters && c >= 0x800))
                || (clusters && c == 0xD4E)) {
            return DEPENDS;
        }
        String written = String.valueOf(c);
        String after = applied(normalizer, written);
        if (after == null) {
            return DEPENDS;
        }
        if (cuts == StretchPlan.Cuts.WORDS) {
            after = after.strip(); // BERT puts spaces around a Chinese character, which is a piece of its own anyway
        }
        if (after.equals(written)) {
            return written;
        }
        boolean visible = after.chars()
                .noneMatch(x -> StretchEdges.isInvisible((char) x) || Character.isSurrogate((char) x)
                        || (cuts == StretchPlan.Cuts.WORDS && !Stretches.isOfWord((char) x)));
        return visible && !(after.isEmpty() && cuts == StretchPlan.Cuts.BEFORE_SPACES) ? after : DEPENDS;
    }

    /** What a normaliser makes of a character by itself, null where it looks for texts that have it or what becomes of it. */
    private static @Nullable String applied(@Nullable Normalizer normalizer, String text) {
        if (normalizer instanceof Normalizer.Sequence(List<Normalizer> list)) {
            String now = text;
            for (Normalizer one : list) {
                now = applied(one, now);
                if (now == null || !(now.isEmpty() || isByCluster(normalizer) || standsAlone(now.charAt(0)))) {
                    return null;
                }
            }
            return now;
        }
        return text.chars().anyMatch(c -> StretchEdges.isOfLiteral(normalizer, (char) c))
                ? null
                : Normalizer.applied(normalizer, text).text();
    }

    /** Whether nothing is put together of a character and what stands before it, nor put in another order. */
    private static boolean standsAlone(char c) {
        String parts = java.text.Normalizer.normalize(String.valueOf(c), java.text.Normalizer.Form.NFKD);
        char first = parts.charAt(0);
        return !isMark(first) && !(first >= 0x1160 && first < 0x1200) && !(first >= 0xD7B0 && first < 0xD800);
    }

    private static boolean isMark(char c) {
        return CharClass.at(c) == CharClass.MARK;
    }
}
