// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a pipeline's texts are cut.
 *
 * @param normalizer
 *            of the stretches
 * @param preTokenizer
 *            of the stretches, which puts no space before them
 * @param edges
 *            which characters spaces may be next to
 * @param prefix
 *            whether a space is put before a text
 * @param always
 *            whether also before one that begins with one
 * @param first
 *            whether only where nothing stands before it
 * @param stripLeft
 *            whether white space that begins a text goes
 * @param stripRight
 *            whether white space that ends it goes
 */
record StretchPlan(Cuts cuts, @Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer, StretchEdges edges,
        boolean prefix, boolean always, boolean first, boolean stripLeft, boolean stripRight) {
    /** Where cuts are made. */
    enum Cuts {
        /** White space goes, punctuation and Chinese characters stand alone: BERT. */
        WORDS,
        /** White space goes. */
        SPACES,
        /** Spaces begin stretches: SentencePiece. */
        BEFORE_SPACES
    }

    private static final Pattern LETTER_IN_SPACE = Pattern.compile("[^\u2581]\u2581");

    private StretchPlan(Cuts cuts, @Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer,
            StretchEdges edges,
            boolean prefix, boolean always, boolean first) {
        this(cuts, normalizer, preTokenizer, edges, prefix, always, first, false, false);
    }

    private StretchPlan stripping(boolean left, boolean right) {
        return new StretchPlan(cuts, normalizer, preTokenizer, edges, prefix, always, first, left, right);
    }

    /** Whether stretches are given to the model as they are, but for spaces, which are seen. */
    boolean keepsCharacters() {
        return onlySpaces(normalizer) && cuts == Cuts.BEFORE_SPACES && (preTokenizer == null
                || (preTokenizer instanceof PreTokenizer.Metaspace space && !space.split()));
    }

    /**
     * Whether a text may be taken in pieces, each cut before a space, by all steps of the pipeline too: nothing is done to
     * where a text begins or ends but to put a space before what has none.
     */
    boolean takesPieces() {
        return cuts != Cuts.BEFORE_SPACES || !(always || first || stripLeft || stripRight);
    }

    /** Whether of several spaces in a row each begins a piece. */
    boolean cutsBeforeEachSpace() {
        return cuts == Cuts.BEFORE_SPACES && preTokenizer instanceof PreTokenizer.Metaspace space && space.split()
                && (normalizer == null || !changesRunsOfSpaces(normalizer));
    }

    private static boolean onlySpaces(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(StretchPlan::onlySpaces);
            case Normalizer.Replace replace -> replacesSpaces(replace);
            case null -> true;
            default -> false;
        };
    }

    /**
     * A text as it is to be cut, with a space before it where one is put there.
     *
     * @param beginning
     *            whether nothing stands before it
     * @return null if that takes more than a look
     */
    @Nullable String prepared(String text, boolean beginning) {
        int from = 0;
        int to = text.length();
        while (stripRight && to > 0 && CharClass.isSpace(text.charAt(to - 1))) {
            to--;
        }
        while (stripLeft && from < to && CharClass.isSpace(text.charAt(from))) {
            from++;
        }
        String stripped = text.substring(from, to);
        if (stripped.isEmpty()) {
            return text.isEmpty() ? text : null;
        }
        if ((stripLeft && !edges.stay(text.codePointAt(from)))
                || (stripRight && !edges.stay(text.codePointBefore(to)))) {
            return null;
        }
        int begins = stripped.codePointAt(0);
        if (!prefix || (first && !(beginning && from == 0)) || (!always && edges.isAsSpace(begins))) {
            return stripped;
        }
        return always || edges.stay(begins) || (keepsCharacters() && begins != SentencePiece.SPACE)
                ? " " + stripped
                : null;
    }

    /** How a pipeline's texts may be cut, null if they may not. */
    static @Nullable StretchPlan of(Pipeline.Parts parts) {
        Normalizer normalizer = parts.normalizer();
        TokenModel model = parts.model();
        boolean prepends = false;
        boolean stripLeft = false;
        boolean stripRight = false;
        if (normalizer instanceof Normalizer.Sequence(List<Normalizer> list) && !list.isEmpty()
                && list.get(0) instanceof Normalizer.Prepend(String text) && text.equals("\u2581")) {
            prepends = true;
            normalizer = new Normalizer.Sequence(list.subList(1, list.size()));
        }
        if (normalizer instanceof Normalizer.Sequence(List<Normalizer> list)) {
            boolean changed = false;
            for (Normalizer one : list) {
                if (one instanceof Normalizer.Strip(boolean left, boolean right)) {
                    if (changed) {
                        return null; // what begins or ends the text then is another thing
                    }
                    stripLeft |= left;
                    stripRight |= right;
                }
                changed |= changesSpaces(one);
            }
            normalizer = new Normalizer.Sequence(
                    list.stream().filter(n -> !(n instanceof Normalizer.Strip)).toList());
        }
        if (!isLocal(normalizer) || (prepends && changesRunsOfSpaces(normalizer))) {
            return null; // the space put before a text would be one of the run
        }
        PreTokenizer all = parts.preTokenizer();
        if (all instanceof PreTokenizer.Split split && split.pattern().equals(new TextPattern.Literal(" "))
                && split.behavior() != PreTokenizer.Behavior.REMOVED && leavesNoSpaces(normalizer)) {
            all = null; // it finds nothing
        }
        PreTokenizer first = all;
        boolean alone = true;
        if (first instanceof PreTokenizer.Sequence(List<PreTokenizer> list)) {
            if (list.isEmpty() || list.stream().skip(1).anyMatch(p -> p instanceof PreTokenizer.Sequence
                    || (p instanceof PreTokenizer.Metaspace m
                            && m.prependScheme() == PreTokenizer.Metaspace.Scheme.FIRST))) {
                return null;
            }
            first = list.get(0);
            alone = list.size() == 1;
        }
        StretchPlan plan = of(first, alone, normalizer, model, all, prepends);
        return plan == null ? null : plan.stripping(stripLeft, stripRight);
    }

    private static @Nullable StretchPlan of(@Nullable PreTokenizer first, boolean alone,
            @Nullable Normalizer normalizer,
            TokenModel model, @Nullable PreTokenizer all, boolean prepends) {
        StretchEdges edges = new StretchEdges(normalizer);
        return switch (first) {
            case PreTokenizer.Bert bert when !prepends && leavesSpaces(edges) -> new StretchPlan(
                    normalizer instanceof Normalizer.BertNormalizer cleaner && cleaner.handleChineseChars()
                            ? Cuts.WORDS
                            : Cuts.SPACES, // only the normaliser puts spaces around Chinese characters
                    normalizer, all, edges, false, false, false);
            case PreTokenizer.Whitespace space when !prepends && leavesSpaces(edges) ->
                new StretchPlan(Cuts.SPACES, normalizer, all, edges, false, false, false);
            case PreTokenizer.WhitespaceSplit space when !prepends && leavesSpaces(edges) ->
                new StretchPlan(Cuts.SPACES, normalizer, all, edges, false, false, false);
            case PreTokenizer.Split(TextPattern.Regex words, PreTokenizer.Behavior behavior, boolean invert) when invert
                    && behavior == PreTokenizer.Behavior.REMOVED && ClipWords.isPattern(words.source())
                    && !prepends && leavesSpaces(edges) -> // none of whose words has white space in it
                new StretchPlan(Cuts.SPACES, normalizer, all, edges, false, false, false);
            case PreTokenizer.Metaspace space when !prepends && alone && space.replacement().equals("\u2581")
                    && (space.split() || spacesBegin(model)) && keepsSpaces(edges) ->
                new StretchPlan(Cuts.BEFORE_SPACES, normalizer,
                        new PreTokenizer.Metaspace(space.replacement(), PreTokenizer.Metaspace.Scheme.NEVER,
                                space.split()),
                        edges, space.prependScheme() != PreTokenizer.Metaspace.Scheme.NEVER, false,
                        space.prependScheme() == PreTokenizer.Metaspace.Scheme.FIRST);
            case null -> keepsSpaces(edges) && edges.normalized(" \u2581").equals("\u2581\u2581") && spacesBegin(model)
                    ? new StretchPlan(Cuts.BEFORE_SPACES, normalizer, null, edges, prepends, true, false)
                    : null;
            default -> null;
        };
    }

    /** Whether spaces become visible ones, so that none is left. */
    static boolean replacesSpaces(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                from.equals(" ") && to.equals("\u2581");
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().anyMatch(StretchPlan::replacesSpaces);
            case null, default -> false;
        };
    }

    /** Whether spaces become visible ones at last. */
    private static boolean leavesNoSpaces(@Nullable Normalizer normalizer) {
        return normalizer instanceof Normalizer.Sequence(List<Normalizer> list)
                ? !list.isEmpty() && leavesNoSpaces(list.getLast())
                : replacesSpaces(normalizer);
    }

    /** Whether more is done to spaces in a row than to each. */
    private static boolean changesRunsOfSpaces(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Replace replace -> replace.pattern() instanceof TextPattern.Regex;
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().anyMatch(StretchPlan::changesRunsOfSpaces);
            case null, default -> false;
        };
    }

    /** Whether spaces may become something else. */
    private static boolean changesSpaces(Normalizer normalizer) {
        return normalizer instanceof Normalizer.Replace(TextPattern.Literal(String from), String to)
                ? from.chars().anyMatch(CharClass::isSpace)
                : changesRunsOfSpaces(normalizer);
    }

    /** Whether spaces between visible characters begin stretches, and nothing else becomes one there. */
    private static boolean keepsSpaces(StretchEdges edges) {
        String space = edges.normalized(" ");
        if (!StretchEdges.isSpace(space) || !addsNoSpaces(edges.normalizer)) {
            return false;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            if (!edges.stay(c)) { // a long text is cut where spaces are between two of these
                return false;
            }
        }
        return true;
    }

    private static boolean addsNoSpaces(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Replace(TextPattern.Literal(String from), String to) -> from.equals(" ")
                    || (from.indexOf(SentencePiece.SPACE) < 0 && !to.isEmpty()
                            && to.chars().noneMatch(c -> StretchEdges.isInvisible((char) c)));
            case Normalizer.Replace replace -> replace.content().equals(" ") || replace.content().equals("\u2581");
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(StretchPlan::addsNoSpaces);
            case null, default -> true;
        };
    }

    private static boolean leavesSpaces(StretchEdges edges) {
        return leavesSpaces(edges.normalizer)
                && Stream.of(" ", "\t", "\n", "\r").map(edges::normalized).allMatch(String::isBlank);
    }

    /** Whether white space, which cuts drop, does not become anything else before. */
    private static boolean leavesSpaces(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                from.chars().noneMatch(CharClass::isSpace);
            case Normalizer.Replace(TextPattern.Regex regex, String to) -> isOfSpaces(regex) && to.equals(" ");
            case Normalizer.Replace replace -> false;
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(StretchPlan::leavesSpaces);
            case null, default -> true;
        };
    }

    /** Whether what is done to a text on one side of a space does not depend on the other side. */
    private static boolean isLocal(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case null -> true;
            case Normalizer.BertNormalizer bert -> true;
            case Normalizer.Lowercase lower -> true;
            case Normalizer.Form form -> true;
            case Normalizer.StripAccents accents -> true;
            case Normalizer.Precompiled map -> true;
            case Normalizer.Nmt nmt -> true;
            case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                from.equals(" ") || from.indexOf(' ') < 0;
            case Normalizer.Replace(TextPattern.Regex regex, String to) -> isOfSpaces(regex);
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(StretchPlan::isLocal);
            default -> false;
        };
    }

    /** Whether a pattern finds runs of spaces. */
    static boolean isOfSpaces(TextPattern.Regex pattern) {
        return pattern.source().equals(" {2,}") || pattern.source().equals("\\s+");
    }

    /** Whether no token has a visible space behind another character, so that no merge crosses one. */
    private static boolean spacesBegin(TokenModel model) {
        if (!(model instanceof Bpe bpe) || bpe.options().ignoreMerges() || !bpe.options().prefix().isEmpty()
                || !bpe.options().suffix().isEmpty() || bpe.id("\u2581") < 0
                || (bpe.options().unknown() == null && !bpe.spellsAll())) { // what is left out brings spaces together
            return false;
        }
        for (int r = 0; r < bpe.merges().size(); r++) {
            String token = bpe.token(bpe.merges().result(r));
            if (token == null || LETTER_IN_SPACE.matcher(token).find()) {
                return false;
            }
        }
        return true;
    }
}
