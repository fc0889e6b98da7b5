// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds added tokens in a text: the leftmost first, of several at one place the longest, and those that are looked for
 * before normalisation before all others, as Hugging Face's tokenizers do.
 */
final class AddedTokens {
    /** What lies between two added tokens, or one of them. */
    interface Sink {
        /** Ordinary text. */
        void text(int from, int to);

        /** An added token. */
        void token(AddedToken token, int from, int to);
    }

    private static final Pattern SPACES = Pattern.compile("[ " + SentencePiece.SPACE + "]+");
    private static final Pattern DOTS = Pattern.compile("^\\.|\\.$");
    private static final int MOST_LITERALS = 16;
    private static final int LITTLE = 1 << 16; // bytes of text for which no more is worth finding out

    private final List<AddedToken> all;
    private final Finder raw;
    private final Finder normalized;
    private final String firsts; // the characters that they begin with
    private final String ordinaryFirsts; // those that are not special
    private final @Nullable Normalizer normalizer; // null if no token is looked for behind one
    private final List<String> literals; // one of these is in every text that has a token; none where that is not told
    private final List<String> ordinaryLiterals; // of the tokens that are not special
    private final boolean @Nullable [] seconds; // the characters of ASCII that may stand behind firsts; null where all may
    private final @Nullable Deferred<Boolean> ofSeveral; // whether rules make one of firsts of several characters
    private final byte @Nullable [] makes; // by character, whether normalised it has one of firsts: 0 not known, 1 yes, 2 no

    AddedTokens(List<AddedToken> tokens) {
        this(tokens, null);
    }

    AddedTokens(List<AddedToken> tokens, @Nullable Normalizer normalizer) {
        all = tokens.stream().sorted(Comparator.comparingInt(AddedToken::id)).toList();
        Map<String, Integer> asWritten = new HashMap<>();
        Map<String, Integer> behind = new HashMap<>(); // the normalizer
        for (int i = 0; i < all.size(); i++) {
            AddedToken token = all.get(i);
            (token.normalized() ? behind : asWritten).put(token.normalized() ? content(token, normalizer)
                    : token.content(), i);
        }
        raw = new Finder(asWritten);
        normalized = new Finder(behind);
        firsts = firsts(all, true, normalizer);
        ordinaryFirsts = firsts(all, false, normalizer);
        this.normalizer = normalized.isEmpty() ? null : normalizer;
        literals = literals(all, true, this.normalizer);
        ordinaryLiterals = literals(all, false, this.normalizer);
        seconds = seconds(all, normalizer);
        makes = this.normalizer != null && firsts.chars().allMatch(c -> c < 0x80)
                && isByCharacter(this.normalizer, firsts)
                        ? new byte[CharClass.PLACES]
                        : null;
        List<CharsMap> rules = rules(this.normalizer).toList();
        ofSeveral = rules.isEmpty() ? null
                : new Deferred<>(LITTLE, () -> rules.stream().anyMatch(r -> r.makesOfSeveral(firsts)));
    }

    /** Parts of the tokens between spaces, or how they begin; none if that tells too little. */
    private static List<String> literals(List<AddedToken> tokens, boolean special, @Nullable Normalizer normalizer) {
        if (normalizer == null || !changesOnlySpaces(normalizer)) {
            return List.of();
        }
        List<String> found = tokens.stream().filter(token -> special || !token.special())
                .map(token -> SPACES.splitAsStream(token.content()).max(Comparator.comparingInt(String::length))
                        .orElse(""))
                .distinct().toList();
        if (found.size() > MOST_LITERALS / 2) {
            found = found.stream().map(part -> part.substring(0, Math.min(2, part.length()))).distinct().toList();
        }
        return found.contains("") || found.size() > MOST_LITERALS ? List.of() : found;
    }

    /** Whether a normalizer does nothing but to put visible spaces before a text and in the place of spaces. */
    private static boolean changesOnlySpaces(Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> all) -> all.stream().allMatch(AddedTokens::changesOnlySpaces);
            case Normalizer.Prepend(String content) -> content.equals(String.valueOf(SentencePiece.SPACE));
            case Normalizer.Replace replace -> StretchPlan.replacesSpaces(replace);
            default -> false;
        };
    }

    private static Stream<CharsMap> rules(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> all) -> all.stream().flatMap(AddedTokens::rules);
            case Normalizer.Precompiled(CharsMap rules) -> Stream.of(rules);
            case null, default -> Stream.empty();
        };
    }

    /** Whether some characters of ASCII come only from one character each, not from several or from what is put in. */
    private static boolean isByCharacter(Normalizer normalizer, String characters) {
        return switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> all) -> all.stream().allMatch(n -> isByCharacter(n, characters));
            case Normalizer.Replace(TextPattern pattern, String content) ->
                content.chars().noneMatch(c -> characters.indexOf(c) >= 0);
            case Normalizer.Prepend(String content) -> content.chars().noneMatch(c -> characters.indexOf(c) >= 0);
            case Normalizer.Precompiled rules -> true; // as far as it does not replace several
            case Normalizer.Bytes bytes -> false;
            default -> true;
        };
    }

    private static boolean @Nullable [] seconds(List<AddedToken> tokens, @Nullable Normalizer normalizer) {
        if (!keepsAscii(normalizer)) {
            return null;
        }
        boolean[] seconds = new boolean[0x80];
        for (AddedToken token : tokens) {
            String content = content(token, normalizer);
            if (content.length() < 2 || content.charAt(1) >= 0x80) {
                return null;
            }
            seconds[content.charAt(1)] = true;
            seconds[Character.toUpperCase(content.charAt(1))] = true;
        }
        allow(normalizer, seconds);
        return seconds;
    }

    /** Adds the characters that may be of a text that is replaced. */
    private static void allow(@Nullable Normalizer normalizer, boolean[] seconds) {
        switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> all) -> all.forEach(n -> allow(n, seconds));
            case Normalizer.Replace(TextPattern.Literal(String from), String to) ->
                from.chars().filter(c -> c < seconds.length).forEach(c -> {
                    seconds[c] = true;
                    seconds[Character.toUpperCase(c)] = true; // in small letters first, perhaps
                });
            case null, default -> {
                // nothing is replaced
            }
        }
    }

    /**
     * Whether of each space and visible character of ASCII that is not replaced one is left, in its place: the same, in small
     * letters, or with an accent.
     */
    private static boolean keepsAscii(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case Normalizer.Sequence(List<Normalizer> all) -> all.stream().allMatch(AddedTokens::keepsAscii);
            case Normalizer.Replace(TextPattern.Regex regex, String to) ->
                StretchPlan.isOfSpaces(regex) && to.equals(" ");
            case Normalizer.Replace(TextPattern.Literal(String from), String to) -> true; // see allow
            case Normalizer.Lowercase lower -> true;
            case Normalizer.StripAccents accents -> true;
            case Normalizer.BertNormalizer bert -> true;
            case Normalizer.Form form -> true;
            case Normalizer.Precompiled rules -> IntStream.range(' ', 0x7F).mapToObj(Character::toString)
                    .allMatch(c -> Normalizer.applied(rules, c).text().equals(c));
            case null, default -> false;
        };
    }

    private boolean makes(int c, Normalizer by) {
        int place = makes == null ? -1 : CharClass.place(c);
        byte known = makes == null || place < 0 ? 0 : makes[place];
        if (known == 0) {
            String alone = Normalizer.applied(by, Character.toString(c)).text();
            String within = Normalizer.applied(by, "." + Character.toString(c) + ".").text(); // where it is not stripped
            known = (byte) (isOfFirsts(alone) || isOfFirsts(DOTS.matcher(within).replaceAll("")) ? 1 : 2);
            if (makes != null && place >= 0) {
                makes[place] = known; // every thread would write the same
            }
        }
        return known == 1;
    }

    private boolean isOfFirsts(String text) {
        return text.chars().anyMatch(c -> firsts.indexOf(c) >= 0);
    }

    private static String firsts(List<AddedToken> tokens, boolean special, @Nullable Normalizer normalizer) {
        StringBuilder firsts = new StringBuilder();
        for (AddedToken token : tokens) {
            String content = special || !token.special() ? content(token, normalizer) : "";
            if (!content.isEmpty() && firsts.indexOf(content.substring(0, 1)) < 0) {
                firsts.append(content.charAt(0));
            }
        }
        return firsts.toString();
    }

    /** False only where a text holds none, as a quick look tells. */
    boolean mayOccur(String text, boolean special) {
        List<String> parts = special ? literals : ordinaryLiterals;
        if (!parts.isEmpty()) {
            return parts.stream().anyMatch(text::contains);
        }
        String of = special ? firsts : ordinaryFirsts;
        if (of.length() > 4 || (normalizer != null && makes == null && !of.isEmpty())) {
            return true;
        }
        if (normalizer != null) {
            for (int i = 0; i < text.length() && !of.isEmpty(); i++) {
                int c = text.codePointAt(i);
                if (((makes(c, normalizer) || of.indexOf(c) >= 0) && (c >= 0x80 || maySecond(text, i + 1)))
                        || (CharsMap.joins(c) && mayComeOfSeveral(text))) {
                    return true;
                }
                i += Character.charCount(c) - 1;
            }
            return false;
        }
        for (int i = 0; i < of.length(); i++) {
            if (text.indexOf(of.charAt(i)) >= 0) {
                return true;
            }
        }
        return false;
    }

    private boolean mayComeOfSeveral(String text) {
        Boolean known = ofSeveral == null ? Boolean.FALSE : ofSeveral.get(text.length());
        return known == null || known;
    }

    private boolean maySecond(String text, int at) {
        char c = at < text.length() ? text.charAt(at) : 0;
        return c < ' ' || c >= 0x7F || seconds == null || seconds[c];
    }

    /** A token's text as it is looked for. */
    static String content(AddedToken token, @Nullable Normalizer normalizer) {
        return token.normalized() ? Normalizer.applied(normalizer, token.content()).text() : token.content();
    }

    /** In the order of their ids. */
    List<AddedToken> all() {
        return all;
    }

    /** Splits a text that is not normalised. */
    void split(String text, Sink sink) {
        split(text, true, sink);
    }

    /**
     * Splits a text that is not normalised.
     *
     * @param special
     *            whether special tokens are looked for too
     */
    void split(String text, boolean special, Sink sink) {
        if (all.isEmpty()) {
            if (!text.isEmpty()) {
                sink.text(0, text.length());
            }
            return;
        }
        char[] chars = text.toCharArray();
        raw.split(chars, 0, chars.length, special, new Sink() {
            @Override
            public void text(int from, int to) {
                normalized.split(chars, from, to, special, sink);
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                sink.token(token, from, to);
            }
        });
    }

    /** Splits a text by the tokens that are looked for before normalisation alone. */
    void splitWritten(String text, boolean special, Sink sink) {
        char[] chars = text.toCharArray();
        raw.split(chars, 0, chars.length, special, sink);
    }

    /** Splits a text by the tokens that are looked for before normalisation, or after it; places are relative to it. */
    void split(Normalized text, boolean afterNormalisation, boolean special, Sink sink) {
        int from = text.from();
        (afterNormalisation ? normalized : raw).split(text.chars(), from, from + text.length(), special, new Sink() {
            @Override
            public void text(int start, int end) {
                sink.text(start - from, end - from);
            }

            @Override
            public void token(AddedToken token, int start, int end) {
                sink.token(token, start - from, end - from);
            }
        });
    }

    private final class Finder {
        private final Trie trie;
        private final long[] filter = new long[4]; // of the low eight bits of first characters

        Finder(Map<String, Integer> indices) {
            trie = new Trie(indices);
            for (String content : indices.keySet()) {
                if (!content.isEmpty()) {
                    filter[(content.charAt(0) >> 6) & 3] |= 1L << (content.charAt(0) & 63);
                }
            }
        }

        boolean isEmpty() {
            return trie.isEmpty();
        }

        void split(char[] text, int from, int to, boolean special, Sink sink) {
            int done = from;
            for (int i = from; !trie.isEmpty() && i < to;) {
                char c = text[i];
                if ((filter[(c >> 6) & 3] & (1L << (c & 63))) == 0) {
                    i++;
                    continue;
                }
                int found = Trie.NONE;
                int end = i;
                long node = trie.root();
                for (int k = i; k < to; k++) {
                    node = trie.child(node, text[k]);
                    if (node == Trie.NOWHERE) {
                        break;
                    }
                    if (Trie.value(node) != Trie.NONE) {
                        found = Trie.value(node);
                        end = k + 1;
                    }
                }
                if (found == Trie.NONE) {
                    i++;
                    continue;
                }
                AddedToken token = all.get(found);
                int start = i;
                i = end;
                if ((token.special() && !special) || (token.singleWord()
                        && ((start > from && isWord(before(text, start, from)))
                                || (end < to && isWord(Character.codePointAt(text, end, to)))))) {
                    continue;
                }
                if (token.lstrip()) {
                    if (end <= done) {
                        continue; // wholly in the spaces that another has taken
                    }
                    while (start > done && CharClass.isSpace(text[start - 1])) {
                        start--;
                    }
                    start = Math.max(start, done);
                }
                if (token.rstrip()) {
                    while (end < to && CharClass.isSpace(text[end])) {
                        end++;
                    }
                }
                if (start > done) {
                    sink.text(done, start);
                }
                sink.token(token, start, end);
                done = end; // though the next may be found in the spaces just taken, as the library finds it
            }
            if (to > done) {
                sink.text(done, to);
            }
        }

        private static int before(char[] text, int at, int from) {
            return Character.codePointBefore(text, at, from);
        }

        /** {@code \w}. */
        private static boolean isWord(int c) {
            return Character.isAlphabetic(c) || switch (Character.getType(c)) {
                case Character.DECIMAL_DIGIT_NUMBER, Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK,
                        Character.ENCLOSING_MARK, Character.CONNECTOR_PUNCTUATION ->
                    true;
                default -> c == 0x200C || c == 0x200D;
            };
        }
    }
}
