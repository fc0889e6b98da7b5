// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a text may be cut so that a {@link Pipeline} gives the same ids for the parts as for the whole: at spaces, or around
 * each mark of punctuation too. So the ids of a part need to be found once only.
 */
final class Stretches implements PretokenEncoder.Splitter {
    /** Where cuts are made. */
    enum Cuts {
        /** White space goes, punctuation and Chinese characters stand alone: BERT. */
        WORDS,
        /** White space goes. */
        SPACES,
        /** Spaces begin stretches: SentencePiece. */
        BEFORE_SPACES
    }

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
    record Plan(Cuts cuts, @Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer, Edges edges,
            boolean prefix, boolean always, boolean first, boolean stripLeft, boolean stripRight) {
        private Plan(Cuts cuts, @Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer, Edges edges,
                boolean prefix, boolean always, boolean first) {
            this(cuts, normalizer, preTokenizer, edges, prefix, always, first, false, false);
        }

        private Plan stripping(boolean left, boolean right) {
            return new Plan(cuts, normalizer, preTokenizer, edges, prefix, always, first, left, right);
        }

        /** Whether stretches are given to the model as they are, but for spaces, which are seen. */
        boolean keepsCharacters() {
            return onlySpaces(normalizer) && cuts == Cuts.BEFORE_SPACES && (preTokenizer == null
                    || (preTokenizer instanceof PreTokenizer.Metaspace space && !space.split()));
        }

        private static boolean onlySpaces(@Nullable Normalizer normalizer) {
            return switch (normalizer) {
                case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(Plan::onlySpaces);
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
            if ((stripLeft && !edges.stay(text.charAt(from))) || (stripRight && !edges.stay(text.charAt(to - 1)))) {
                return null;
            }
            if (!prefix || (first && !(beginning && from == 0)) || (!always
                    && (stripped.charAt(0) == ' ' || (stripped.charAt(0) == '\n' && edges.linesAreSpaces)))) {
                return stripped;
            }
            return always || edges.stay(stripped.charAt(0)) ? " " + stripped : null;
        }
    }

    /** Which characters a normaliser leaves visible, so that a space next to one stays what it is. */
    static final class Edges {
        private static final byte YES = 1;
        private static final byte NO = 2;

        private final @Nullable Normalizer normalizer;
        private final byte[] known = new byte[1 << 16];
        private final boolean linesAreSpaces; // whether the end of a line is as a space

        Edges(@Nullable Normalizer normalizer) {
            this.normalizer = normalizer;
            linesAreSpaces = normalized("\n").equals(normalized(" ")) && !isWithinLiteral(normalizer, "\n");
        }

        /** Whether a text is looked for that has another in it. */
        private static boolean isWithinLiteral(@Nullable Normalizer normalizer, String text) {
            return switch (normalizer) {
                case Normalizer.Sequence(List<Normalizer> list) ->
                    list.stream().anyMatch(n -> isWithinLiteral(n, text));
                case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                    from.contains(text) && !from.equals(text);
                case null, default -> false;
            };
        }

        String normalized(String text) {
            return Normalizer.applied(normalizer, text).text();
        }

        boolean stay(int c) {
            if (c > 0xFFFF) {
                return c >= 0x1F000 && c < 0x1FB00; // pictures
            }
            byte is = known[c];
            if (is == 0) {
                is = find((char) c) ? YES : NO;
                known[c] = is;
            }
            return is == YES;
        }

        private boolean find(char c) {
            int type = Character.getType(c);
            // U+0D4E and formats are in one cluster with what follows, marks with what is before
            if (isInvisible(c) || c == 0xD4E || type == Character.CONTROL || type == Character.FORMAT
                    || type == Character.UNASSIGNED || type == Character.PRIVATE_USE || type == Character.SURROGATE
                    || CharClass.at(c) == CharClass.MARK || isOfLiteral(normalizer, c)) {
                return false;
            }
            String text = normalized(String.valueOf(c));
            return !text.isEmpty() && !isInvisible(text.charAt(0)) && !isInvisible(text.charAt(text.length() - 1));
        }

        /** Whether a character is of a text that is replaced, so that more than itself counts. */
        static boolean isOfLiteral(@Nullable Normalizer normalizer, char c) {
            return switch (normalizer) {
                case Normalizer.Replace(TextPattern.Literal(String from), String to) -> from.indexOf(c) >= 0;
                case Normalizer.Sequence(List<Normalizer> list) -> list.stream().anyMatch(n -> isOfLiteral(n, c));
                case null, default -> false;
            };
        }

        static boolean isInvisible(char c) {
            return CharClass.isSpace(c) || c == SentencePiece.SPACE;
        }
    }

    private static final byte RUN = 0;
    private static final byte DROP = 1;
    private static final byte SINGLE = 2;
    private static final byte MARK = 3;
    private static final byte[] WORD_CLASSES = new byte[1 << 16];

    static {
        for (int c = 0; c < WORD_CLASSES.length; c++) {
            WORD_CLASSES[c] = wordClass(c);
        }
    }

    private static final Pattern LETTER_IN_SPACE = Pattern.compile("[^\u2581]\u2581");

    private final Cuts cuts;
    private final Edges edges;
    private final byte line; // what is as a space: the end of a line, or nothing but a space
    private final boolean linesApart; // whether the ends of lines are stretches

    Stretches(Plan plan, TokenModel model) {
        cuts = plan.cuts();
        edges = plan.edges();
        line = (byte) (cuts == Cuts.BEFORE_SPACES && edges.linesAreSpaces ? '\n' : ' ');
        linesApart = plan.keepsCharacters() && model instanceof Bpe bpe && linesStayApart(bpe);
    }

    /** Whether the ends of lines are never merged with anything else. */
    private static boolean linesStayApart(Bpe model) {
        int line = model.id("\n") >= 0 ? -1 : model.id(ByteTokens.of('\n'));
        if (model.id("\n") < 0 && !model.spellsAll()) {
            return false;
        }
        for (int r = 0; r < model.merges().size(); r++) {
            String token = model.token(model.merges().result(r));
            if (token == null || (token.indexOf('\n') >= 0 && token.chars().anyMatch(c -> c != '\n'))
                    || (line >= 0 && (model.merges().left(r) == line || model.merges().right(r) == line))) {
                return false;
            }
        }
        return true;
    }

    private static byte wordClass(int c) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            return DROP;
        }
        if (UnicodeEight.isPunctuation(c) || Normalizer.BertNormalizer.isChinese(c)) {
            return SINGLE;
        }
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK
                || type == Character.COMBINING_SPACING_MARK || CharClass.isSpace(c) ? MARK : RUN;
    }

    /** Whether a character is within a word, wherever it stands. */
    static boolean isOfWord(char c) {
        return WORD_CLASSES[c] == RUN;
    }

    /** How a pipeline's texts may be cut, null if they may not. */
    static @Nullable Plan plan(Pipeline.Parts parts) {
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
        Plan plan = plan(first, alone, normalizer, model, all, prepends);
        return plan == null ? null : plan.stripping(stripLeft, stripRight);
    }

    private static @Nullable Plan plan(@Nullable PreTokenizer first, boolean alone, @Nullable Normalizer normalizer,
            TokenModel model, @Nullable PreTokenizer all, boolean prepends) {
        Edges edges = new Edges(normalizer);
        return switch (first) {
            case PreTokenizer.Bert bert when !prepends && leavesSpaces(edges) -> new Plan(
                    normalizer instanceof Normalizer.BertNormalizer cleaner && cleaner.handleChineseChars()
                            ? Cuts.WORDS
                            : Cuts.SPACES, // only the normaliser puts spaces around Chinese characters
                    normalizer, all, edges, false, false, false);
            case PreTokenizer.Whitespace space when !prepends && leavesSpaces(edges) ->
                new Plan(Cuts.SPACES, normalizer, all, edges, false, false, false);
            case PreTokenizer.WhitespaceSplit space when !prepends && leavesSpaces(edges) ->
                new Plan(Cuts.SPACES, normalizer, all, edges, false, false, false);
            case PreTokenizer.Split(TextPattern.Regex words, PreTokenizer.Behavior behavior, boolean invert) when invert
                    && behavior == PreTokenizer.Behavior.REMOVED && ClipWords.isPattern(words.source())
                    && !prepends && leavesSpaces(edges) -> // none of whose words has white space in it
                new Plan(Cuts.SPACES, normalizer, all, edges, false, false, false);
            case PreTokenizer.Metaspace space when !prepends && alone && space.replacement().equals("\u2581")
                    && (space.split() || spacesBegin(model)) && keepsSpaces(edges) ->
                new Plan(Cuts.BEFORE_SPACES, normalizer,
                        new PreTokenizer.Metaspace(space.replacement(), PreTokenizer.Metaspace.Scheme.NEVER,
                                space.split()),
                        edges, space.prependScheme() != PreTokenizer.Metaspace.Scheme.NEVER, false,
                        space.prependScheme() == PreTokenizer.Metaspace.Scheme.FIRST);
            case null -> keepsSpaces(edges) && edges.normalized(" \u2581").equals("\u2581\u2581") && spacesBegin(model)
                    ? new Plan(Cuts.BEFORE_SPACES, normalizer, null, edges, prepends, true, false)
                    : null;
            default -> null;
        };
    }

    /** Whether spaces become visible ones, so that none is left. */
    private static boolean replacesSpaces(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                from.equals(" ") && to.equals("\u2581");
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().anyMatch(Stretches::replacesSpaces);
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
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().anyMatch(Stretches::changesRunsOfSpaces);
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
    private static boolean keepsSpaces(Edges edges) {
        String space = edges.normalized(" ");
        if (!(space.equals(" ") || space.equals("\u2581")) || !addsNoSpaces(edges.normalizer)) {
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
                            && to.chars().noneMatch(c -> Edges.isInvisible((char) c)));
            case Normalizer.Replace replace -> replace.content().equals(" ") || replace.content().equals("\u2581");
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(Stretches::addsNoSpaces);
            case null, default -> true;
        };
    }

    private static boolean leavesSpaces(Edges edges) {
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
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(Stretches::leavesSpaces);
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
            case Normalizer.Sequence(List<Normalizer> list) -> list.stream().allMatch(Stretches::isLocal);
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

    @Override
    public int end(byte[] utf8, int from, int to) {
        return switch (cuts) {
            case WORDS -> word(utf8, from, to);
            case SPACES -> spaced(utf8, from, to);
            case BEFORE_SPACES -> beforeSpace(utf8, from, to);
        };
    }

    /** The character that ends at a place. */
    static int before(byte[] utf8, int to) {
        int at = to - 1;
        while ((utf8[at] & 0xC0) == 0x80) {
            at--;
        }
        return code(utf8, at);
    }

    /** The character that begins at a place. */
    static int code(byte[] utf8, int at) {
        int first = utf8[at];
        if (first >= 0) {
            return first;
        }
        if (first < (byte) 0xE0) {
            return (first & 0x1F) << 6 | (utf8[at + 1] & 0x3F);
        }
        int two = (utf8[at + 1] & 0x3F) << 6 | (utf8[at + 2] & 0x3F);
        return first < (byte) 0xF0
                ? (first & 0x0F) << 12 | two
                : (first & 7) << 18 | two << 6 | (utf8[at + 3] & 0x3F);
    }

    private static int size(byte first) {
        return first >= 0 ? 1 : first < (byte) 0xE0 ? 2 : first < (byte) 0xF0 ? 3 : 4;
    }

    private static byte wordClass(byte[] utf8, int at) {
        int c = code(utf8, at);
        return c < WORD_CLASSES.length ? WORD_CLASSES[c] : wordClass(c);
    }

    private static int word(byte[] utf8, int from, int to) {
        byte type = wordClass(utf8, from);
        int next = from + size(utf8[from]);
        if (type == DROP || type == SINGLE) {
            if (next >= to || wordClass(utf8, next) != MARK) {
                return type == DROP ? ~next : next;
            }
            next += size(utf8[next]);
        }
        while (next < to) {
            int smalls = Long.numberOfTrailingZeros(CharClass.notSmall(CharClass.eight(utf8, next))) >> 3;
            if (smalls > 0) { // none of which ends a word
                next += smalls;
                continue;
            }
            type = wordClass(utf8, next);
            if (type == DROP || type == SINGLE) {
                int behind = next + size(utf8[next]);
                if (behind >= to || wordClass(utf8, behind) != MARK) {
                    return next;
                }
                next = behind;
            }
            next += size(utf8[next]);
        }
        return Math.min(next, to);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r';
    }

    private static int spaced(byte[] utf8, int from, int to) {
        int at = from;
        if (isSpace(utf8[at])) {
            at++;
            if (at >= to || isSpace(utf8[at]) || begins(utf8, at)) {
                return ~at;
            }
        }
        while (at < to && !(isSpace(utf8[at]) && ends(utf8, at) && (at + 1 >= to || begins(utf8, at + 1)))) {
            at++;
        }
        return at;
    }

    private int beforeSpace(byte[] utf8, int from, int to) {
        int at = from;
        if (linesApart && utf8[at] == '\n') {
            while (at < to && utf8[at] == '\n') {
                at++;
            }
            return at;
        }
        while (true) {
            while (at < to && isVisibleSpace(utf8[at])) {
                at++;
            }
            while (at < to && !isVisibleSpace(utf8[at]) && !(linesApart && utf8[at] == '\n')) {
                at++;
            }
            if (at >= to || !isVisibleSpace(utf8[at])) {
                return at;
            }
            int behind = at + 1;
            while (behind < to && isVisibleSpace(utf8[behind])) {
                behind++;
            }
            if (staysBefore(utf8, from, at) && (behind >= to || edges.stay(code(utf8, behind)))) {
                return at;
            }
        }
    }

    /** Whether a byte becomes a visible space. */
    private boolean isVisibleSpace(byte b) {
        return b == ' ' || b == line;
    }

    /** Whether the character before a place, or the one that its marks belong to, stays. */
    private boolean staysBefore(byte[] utf8, int from, int to) {
        int at = to;
        while (at > from) {
            int c = before(utf8, at);
            if (c > 0xFFFF || CharClass.at((char) c) != CharClass.MARK) {
                return edges.stay(c);
            }
            at -= c < 0x800 ? 2 : 3;
        }
        return false;
    }

    /** Whether the character there cannot belong to a space before it. */
    private static boolean begins(byte[] utf8, int at) {
        if (utf8[at] >= 0) {
            return true;
        }
        int type = CharClass.at(utf8, at) & 15;
        return CharClass.isLetter(type) || type == CharClass.NUMBER;
    }

    /** Whether the character before a place cannot take a space there with it. */
    private static boolean ends(byte[] utf8, int to) {
        if (to == 0 || utf8[to - 1] >= 0) {
            return true;
        }
        int c = before(utf8, to);
        // a visible space, and what Unicode calls prepended characters: formats, and a few letters
        return c < 0x600 || !(c == SentencePiece.SPACE || c == 0xD4E || c >= 0x11000 && c < 0x12000
                || Character.getType(c) == Character.FORMAT);
    }

    /** The ids of a stretch: all of the pipeline's steps, or, if nothing about it is unusual, only the model's. */
    static PretokenEncoder.Model model(Pipeline pipeline, Plan plan) {
        TokenModel model = pipeline.parts().model();
        SingleCharacters characters = new SingleCharacters(plan.cuts(), plan.normalizer());
        Plain plain = Plain.of(plan, characters);
        ClipWords clip = ClipWords.of(plan.normalizer(), plan.preTokenizer(), model, characters);
        return (utf8, from, to, work) -> {
            if (clip != null) {
                if (clip.ids(utf8, from, to, work)) {
                    return;
                }
                work.count = 0;
            }
            if (plain != null) {
                int length = plain.read(utf8, from, to, work);
                if (length > 0 && model.ids(work.chars, length, work)) {
                    return;
                }
                work.count = 0;
            }
            TokenList found = new TokenList();
            pipeline.tokenize(new String(utf8, from, to - from, StandardCharsets.UTF_8), plan, found);
            for (int i = 0; i < found.size(); i++) {
                work.add(found.ids.get(i));
            }
        };
    }

    /** Stretches that are one piece, each character of which a normaliser changes by itself. */
    private static final class Plain {
        private final Cuts cuts;
        private final boolean space; // whether one is put before the piece
        private final boolean every; // whether all characters stay, but spaces become visible
        private final boolean lines; // whether the end of a line is as a space
        private final SingleCharacters characters;

        private Plain(Plan plan, SingleCharacters characters, boolean space) {
            cuts = plan.cuts();
            this.space = space;
            every = plan.keepsCharacters();
            lines = plan.edges().linesAreSpaces;
            this.characters = characters;
        }

        static @Nullable Plain of(Plan plan, SingleCharacters characters) {
            PreTokenizer preTokenizer = plan.preTokenizer();
            if (plan.cuts() == Cuts.SPACES) {
                boolean spaced = preTokenizer instanceof PreTokenizer.Sequence(List<PreTokenizer> two)
                        && two.size() == 2
                        && two.get(0) instanceof PreTokenizer.WhitespaceSplit
                        && two.get(1) instanceof PreTokenizer.Metaspace m && m.replacement().equals("\u2581")
                        && m.prependScheme() == PreTokenizer.Metaspace.Scheme.ALWAYS && m.split();
                return spaced || preTokenizer instanceof PreTokenizer.WhitespaceSplit
                        ? new Plain(plan, characters, spaced)
                        : null;
            }
            if (plan.cuts() == Cuts.WORDS && !(preTokenizer instanceof PreTokenizer.Bert)) {
                return null; // what comes behind it may cut a word again
            }
            return new Plain(plan, characters, false);
        }

        /** Writes the piece to {@code work.chars} and returns its length; 0 if it is not plain. */
        int read(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
            int n = 0;
            if (work.chars.length < to - from + 1) {
                work.chars = new char[to - from + 1];
            }
            char[] chars = work.chars;
            if (space) {
                chars[n++] = SentencePiece.SPACE;
            }
            int at = from;
            int before = 0;
            if (cuts == Cuts.BEFORE_SPACES && (utf8[at] == ' ' || (lines && utf8[at] == '\n'))) {
                chars[n++] = SentencePiece.SPACE;
                at++;
            }
            while (at < to) {
                int c = code(utf8, at);
                int size = size(utf8[at]);
                at += size;
                if (every) {
                    n += Character.toChars(c == ' ' ? SentencePiece.SPACE : c, chars, n);
                    continue;
                }
                String becomes = c > 0xFFFF ? null : characters.becomes(c);
                if (becomes == null || (cuts == Cuts.WORDS && WORD_CLASSES[c] == SINGLE && size < to - from)
                        || characters.join(before, c)) {
                    return 0;
                }
                before = c;
                if (n + becomes.length() + to - at > chars.length) {
                    chars = Arrays.copyOf(chars, n + becomes.length() + 2 * (to - at));
                    work.chars = chars;
                }
                becomes.getChars(0, becomes.length(), chars, n);
                n += becomes.length();
            }
            return n;
        }
    }
}
