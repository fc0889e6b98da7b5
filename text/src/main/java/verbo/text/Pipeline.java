// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer made of the parts that a {@code tokenizer.json} has: added tokens are found, what lies between them is
 * normalised, cut into pieces, turned into tokens, and processed.
 */
final class Pipeline implements Tokenizer {
    /** The parts; those that are null do nothing. */
    record Parts(@Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer, TokenModel model,
            @Nullable PostProcessor postProcessor, @Nullable TokenDecoder decoder, List<AddedToken> added,
            @Nullable Truncation truncation, @Nullable Padding padding) {}

    /** Which text of a pair is cut. */
    enum Strategy {
        LONGEST_FIRST, ONLY_FIRST, ONLY_SECOND
    }

    /** How texts that are too long are cut. */
    record Truncation(int maxLength, int stride, Strategy strategy, boolean right) {}

    private static final int PIECE = 256; // characters that are normalised together if one has to be
    private static final Pattern SPACE_BEHIND = Pattern.compile("[^ \u2581][ \u2581]");
    private static final Pattern SPACE_FIRST = Pattern.compile("^[ \u2581]");

    private final Parts parts;
    private final AddedTokens added;
    private final @Nullable AddedTokens behind; // those that stretches have to be looked at for, behind the normalizer
    private final Map<Integer, AddedToken> addedById = new HashMap<>();
    private final Map<String, Integer> addedIds = new HashMap<>();
    private final int size;
    private final OptionalInt separator;
    private final Supplier<String> json;
    private final @Nullable ByteLevelBpe fast;
    private final boolean raw; // whether it may have a text that the normaliser leaves as it is
    private final boolean byPiece; // whether no added token is found across a space that is between small letters
    private final boolean findsSpecial;
    private final @Nullable StretchPlan plan;
    private final @Nullable PretokenEncoder stretches;

    /**
     * @param fast
     *            gives the same ids of a text that is normalised; null if there is nothing faster
     * @param findsSpecial
     *            whether special tokens written in the text are such, unless asked otherwise
     */
    Pipeline(Parts parts, Supplier<String> json, @Nullable ByteLevelBpe fast, boolean findsSpecial) {
        this.findsSpecial = findsSpecial;
        this.parts = parts;
        this.json = json;
        this.fast = fast;
        raw = parts.added().stream()
                .allMatch(t -> !t.normalized() || Normalizer.leaves(parts.normalizer(), t.content()));
        added = new AddedTokens(parts.added(), parts.normalizer());
        int most = parts.model().size();
        for (AddedToken token : parts.added()) {
            addedById.put(token.id(), token);
            addedIds.put(token.content(), token.id());
            most = Math.max(most, token.id() + 1);
        }
        size = most;
        plan = fast == null ? StretchPlan.of(parts) : null;
        StretchEdges edges = plan != null ? plan.edges() : new StretchEdges(parts.normalizer());
        byPiece = IntStream.rangeClosed('a', 'z').allMatch(edges::stay)
                && parts.added().stream().noneMatch(t -> Stream
                        .of(t.content(), AddedTokens.content(t, parts.normalizer()))
                        .anyMatch(content -> SPACE_BEHIND.matcher(content + (t.rstrip() ? " " : "")).find()
                                || (t.singleWord() && SPACE_FIRST.matcher(content).find())));
        behind = plan == null || parts.added().stream().noneMatch(AddedToken::normalized) ? null
                : new AddedTokens(parts.added().stream().filter(AddedToken::normalized).toList(), parts.normalizer());
        stretches = plan == null ? null
                : new PretokenEncoder(new Stretches(plan, parts.model()), true, new StretchModel(this, plan));
        separator = parts.added().stream().filter(t -> t.special() && t.content().equals(END_OF_TEXT))
                .mapToInt(AddedToken::id).findFirst();
    }

    Parts parts() {
        return parts;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int[] encode(String text) {
        if (fast != null && leaves(text)) {
            return fast.encode(text, findsSpecial);
        }
        String wellFormed = Utf8.wellFormed(text);
        if (fast != null) {
            return normalizedAndFast(wellFormed, fast);
        }
        int[] ids = inStretches(wellFormed, findsSpecial);
        if (ids != null) {
            return ids;
        }
        TokenList found = new TokenList();
        find(wellFormed, findsSpecial, found);
        return found.ids.toArray();
    }

    /** Whether nothing is done to a text before it is cut into pieces. */
    private boolean leaves(String text) {
        return raw && Normalizer.leaves(parts.normalizer(), text);
    }

    /** The ids of a text by what its parts have; null if it takes all of it. */
    private int @Nullable [] inStretches(String text, boolean special) {
        if (plan == null || stretches == null) {
            return null;
        }
        try {
            if (!added.mayOccur(text, special)) {
                String prepared = plan.prepared(text, true);
                return prepared == null ? null : stretches.encode(prepared);
            }
            if (behind != null && parts.added().stream().anyMatch(t -> t.singleWord() && !t.normalized())) {
                return null; // whose neighbours would have to be known when the others are looked for
            }
            IntBuilder ids = new IntBuilder(text.length() / 3 + 4);
            boolean[] all = {true};
            added.splitWritten(text, special, new AddedTokens.Sink() {
                @Override
                public void text(int from, int to) {
                    all[0] = all[0] && inStretches(text.substring(from, to), from == 0, special, plan, stretches, ids);
                }

                @Override
                public void token(AddedToken token, int from, int to) {
                    ids.add(token.id());
                }
            });
            return all[0] ? ids.toArray() : null;
        } catch (IllegalArgumentException e) {
            return null; // where in the text that is, only the whole tells
        }
    }

    /**
     * Adds the ids of what lies between added tokens. Those that are looked for behind the normalizer are only looked for near
     * where they may be, if a text may be taken in pieces.
     */
    private boolean inStretches(String text, boolean beginning, boolean special, StretchPlan plan,
            PretokenEncoder stretches, IntBuilder ids) {
        boolean mayOccur = behind != null && behind.mayOccur(text, special);
        if (mayOccur && behind != null && plan.keepsCharacters() && plan.preTokenizer() == null && !plan.stripLeft()
                && !plan.stripRight()) {
            String whole = plan.prefix() ? " " + text : text; // each character of which becomes one
            behind.split(Normalized.of(whole.replace(' ', SentencePiece.SPACE)), true, special,
                    new AddedTokens.Sink() {
                        @Override
                        public void text(int from, int to) {
                            stretches.encode(whole.substring(from, to), false, ids);
                        }

                        @Override
                        public void token(AddedToken token, int from, int to) {
                            ids.add(token.id());
                        }
                    });
            return true;
        }
        if (mayOccur && !(byPiece && plan.takesPieces())) {
            return false;
        }
        for (int from = 0, to; from < text.length(); from = to) {
            to = mayOccur ? stretches.piece(text, from, PIECE) : text.length();
            String piece = text.substring(from, to);
            if (mayOccur && behind != null && behind.mayOccur(piece, special)) {
                TokenList found = new TokenList();
                find(piece, special, found);
                ids.add(found.ids.toArray(), found.size());
                continue;
            }
            String prepared = plan.prepared(piece, beginning && from == 0);
            if (prepared == null) {
                return false;
            }
            stretches.encode(prepared, false, ids);
        }
        return true;
    }

    /** Finds the tokens of a stretch. */
    void tokenize(String text, StretchPlan plan, TokenList out) {
        pieces(Normalizer.applied(plan.normalizer(), text), plan.preTokenizer(), 0, out);
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        return encode(text, EncodingOptions.PLAIN);
    }

    @Override
    public Encoding encode(String text, EncodingOptions options) {
        return encode(text, null, options);
    }

    @Override
    public Encoding encode(String text, @Nullable String pair, EncodingOptions options) {
        boolean special = switch (options.written()) {
            case DEFAULT -> findsSpecial;
            case TOKENS -> true;
            case TEXT -> false;
        };
        if (!(parts.model() instanceof Bpe)) {
            options.refuseDropout(this);
        }
        Dropout dropout = options.dropout() == 0 ? null : new Dropout(options.dropout(), options.seed());
        Encoding first = find(text, special, 0, dropout);
        Encoding second = pair == null ? null : find(pair, special, 1, dropout);

        Truncation own = options.truncation() ? parts.truncation() : null;
        Truncation cut = options.maxLength().isPresent()
                ? new Truncation(options.maxLength().getAsInt(), options.stride(),
                        pair == null ? Strategy.LONGEST_FIRST : Strategy.ONLY_SECOND, true)
                : own;
        List<Encoding> firsts = List.of(first);
        List<Encoding> seconds = second == null ? List.of() : List.of(second);
        if (cut != null) {
            PostProcessor processor = parts.postProcessor();
            int around = options.addSpecial() && processor != null ? processor.added(pair != null) : 0;
            int room = Math.max(0, cut.maxLength() - around);
            if (options.maxLength().isPresent()) {
                EncodingOptions.checkRoom(cut.maxLength(), around);
            }
            int total = first.length() + (second == null ? 0 : second.length());
            if (total > room) {
                int[] lengths = lengths(first.length(), second, room, total, cut);
                firsts = first.windows(lengths[0], cut.stride(), cut.right());
                seconds = second == null ? seconds : second.windows(lengths[1], cut.stride(), cut.right());
            }
        }
        // the first window is the result, the others overflow: those of the first text, each with all of the second
        List<Encoding> results = new ArrayList<>();
        List<Encoding> rest = new ArrayList<>();
        for (int i = 1; i < firsts.size(); i++) {
            combine(new PostProcessor.Part(firsts.get(i), text, false), seconds, pair, options.addSpecial(), rest);
        }
        combine(new PostProcessor.Part(firsts.get(0), text, true), seconds, pair, options.addSpecial(), results);
        List<Encoding> overflow = new ArrayList<>(rest);
        overflow.addAll(results.subList(1, results.size()));
        Encoding result = results.get(0).withOverflowing(overflow);
        Padding padding = options.truncation() ? parts.padding() : null;
        return padding == null ? result : padding.apply(result, result.length());
    }

    private static int[] lengths(int first, @Nullable Encoding second, int room, int total, Truncation cut) {
        if (room == 0) {
            return new int[]{0, 0};
        }
        if (second == null) {
            if (cut.strategy() == Strategy.ONLY_SECOND) {
                throw new IllegalArgumentException("the text has " + first + " tokens, more than " + room
                        + ", and the tokenizer's truncation cuts only a second text, which is not there");
            }
            return new int[]{room, 0};
        }
        int other = second.length();
        int remove = total - room;
        if (cut.strategy() != Strategy.LONGEST_FIRST) {
            boolean cutsFirst = cut.strategy() == Strategy.ONLY_FIRST;
            if ((cutsFirst ? first : other) <= remove) {
                throw new IllegalArgumentException("the " + (cutsFirst ? "second" : "first")
                        + " text alone is longer than " + room + " tokens");
            }
            return cutsFirst ? new int[]{first - remove, other} : new int[]{first, other - remove};
        }
        int less = Math.min(first, other);
        int more = less > room ? less : Math.max(less, room - less);
        if (less + more > room) {
            less = room / 2;
            more = less + room % 2;
        }
        return first > other ? new int[]{more, less} : new int[]{less, more};
    }

    private void combine(PostProcessor.Part text, List<Encoding> seconds, @Nullable String pair, boolean special,
            List<Encoding> out) {
        if (pair == null) {
            out.add(process(List.of(text), special));
            return;
        }
        for (int i = 0; i < seconds.size(); i++) {
            out.add(process(List.of(text, new PostProcessor.Part(seconds.get(i), pair, i == 0)), special));
        }
    }

    private Encoding process(List<PostProcessor.Part> texts, boolean special) {
        PostProcessor processor = parts.postProcessor();
        List<PostProcessor.Part> processed = processor == null ? texts : processor.apply(texts, special);
        return Encoding.join(processed.stream().map(PostProcessor.Part::encoding).toList());
    }

    @Override
    public List<Encoding> encodeAll(List<String> texts, EncodingOptions options) {
        List<Encoding> encodings = Tokenizer.super.encodeAll(texts, options);
        Padding padding = options.truncation() ? parts.padding() : null;
        return padding == null || padding.length() > 0 ? encodings : padding.apply(encodings);
    }

    private Encoding find(String text, boolean special, int type, @Nullable Dropout dropout) {
        String wellFormed = Utf8.wellFormed(text);
        Encoding encoding = fast != null && fast.keepsText() && dropout == null && leaves(text)
                ? fast.find(wellFormed, special)
                : encoding(wellFormed, special, dropout);
        return type == 0 ? encoding : encoding.withType(type);
    }

    private Encoding encoding(String text, boolean special, @Nullable Dropout dropout) {
        TokenList found = new TokenList(dropout);
        find(text, special, found);
        int n = found.size();
        int[] ids = found.ids.toArray();
        String[] tokens = new String[n];
        for (int i = 0; i < n; i++) {
            String written = found.texts.get(i);
            tokens[i] = written != null ? written : token(ids[i]);
        }
        boolean[] attention = new boolean[n];
        Arrays.fill(attention, true);
        return new Encoding(ids, tokens, found.starts.toArray(), found.ends.toArray(), found.words.toArray(),
                new int[n], new boolean[n], attention, List.of());
    }

    private void find(String text, boolean special, TokenList out) {
        split(text, special, new Sink() {
            private int word;

            @Override
            public void text(Normalized part) {
                word = pieces(part, parts.preTokenizer(), word, out);
            }

            @Override
            public void token(AddedToken token, Normalized in, int from, int to) {
                out.add(token.id(), in.text(from, to), in.start(from), in.end(to - 1));
                out.words.add(word++);
            }
        });
    }

    private int[] normalizedAndFast(String text, ByteLevelBpe model) {
        IntBuilder ids = new IntBuilder(text.length() / 3 + 4);
        Sink normalized = new Sink() {
            @Override
            public void text(Normalized part) {
                model.encode(part.text(), ids);
            }

            @Override
            public void token(AddedToken token, Normalized in, int from, int to) {
                ids.add(token.id());
            }
        };
        boolean inPieces = byPiece && Normalizer.leaves(parts.normalizer(), "");
        int from = 0;
        do {
            int to = inPieces ? model.piece(text, from, PIECE) : text.length();
            String piece = text.substring(from, to);
            if (leaves(piece)) {
                int[] some = model.encode(piece, findsSpecial);
                ids.add(some, some.length);
            } else {
                split(piece, findsSpecial, normalized);
            }
            from = to;
        } while (from < text.length());
        return ids.toArray();
    }

    /** Told the parts of a text, normalised, and the added tokens between them. */
    private interface Sink {
        void text(Normalized part);

        void token(AddedToken token, Normalized in, int from, int to);
    }

    private void split(String text, boolean special, Sink sink) {
        Normalized whole = Normalized.of(text);
        added.split(whole, false, special, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                Normalized part = whole.slice(from, to);
                if (parts.normalizer() != null) {
                    parts.normalizer().apply(part);
                }
                added.split(part, true, special, new AddedTokens.Sink() {
                    @Override
                    public void text(int start, int end) {
                        sink.text(part.slice(start, end));
                    }

                    @Override
                    public void token(AddedToken token, int start, int end) {
                        sink.token(token, part, start, end);
                    }
                });
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                sink.token(token, whole, from, to);
            }
        });
    }

    private int pieces(Normalized text, @Nullable PreTokenizer preTokenizer, int word, TokenList out) {
        List<Normalized> pieces = new ArrayList<>();
        if (preTokenizer == null) {
            pieces.add(text);
        } else {
            preTokenizer.split(text, pieces);
        }
        int next = word;
        for (Normalized piece : pieces) {
            parts.model().tokenize(piece, out);
            while (out.words.size() < out.size()) {
                out.words.add(next);
            }
            next++;
        }
        return next;
    }

    @Override
    public String decode(int... ids) {
        List<String> tokens = new ArrayList<>(ids.length);
        for (int id : ids) {
            AddedToken token = addedById.get(id);
            tokens.add(token != null ? AddedTokens.content(token, parts.normalizer()) : token(id));
        }
        TokenDecoder decoder = parts.decoder();
        if (decoder == null) {
            return String.join(" ", tokens);
        }
        StringBuilder text = new StringBuilder();
        if (!tokens.isEmpty()) {
            decoder.apply(tokens).forEach(text::append);
        }
        return text.toString();
    }

    @Override
    public String token(int id) {
        AddedToken token = addedById.get(id);
        String text = token != null ? token.content() : parts.model().token(id);
        if (text == null) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + size);
        }
        return text;
    }

    @Override
    public int id(String token) {
        Integer id = addedIds.get(token);
        return id != null ? id : parts.model().id(token);
    }

    @Override
    public boolean isSpecial(int id) {
        token(id);
        AddedToken token = addedById.get(id);
        return token != null && token.special();
    }

    @Override
    public int byteLength(int id) {
        if (isSpecial(id)) {
            return 0;
        }
        // between two others, so that nothing is done to it as the first or the last
        String token = token(id);
        if (ByteTokens.value(token) >= 0 && parts.decoder() != null) {
            return 1;
        }
        if (parts.decoder() instanceof TokenDecoder.Bytes) {
            byte[] bytes = ByteLevel.toBytes(token);
            return bytes != null ? bytes.length : token.getBytes(StandardCharsets.UTF_8).length;
        }
        return Math.max(0, decode(id, id).getBytes(StandardCharsets.UTF_8).length
                - decode(id).getBytes(StandardCharsets.UTF_8).length);
    }

    @Override
    public Decoder decoder() {
        return new WindowDecoder(this);
    }

    @Override
    public OptionalInt separator() {
        return separator;
    }

    @Override
    public String json() {
        return json.get();
    }

    @Override
    public String toString() {
        String kind = switch (parts.model()) {
            case Bpe bpe -> parts.decoder() instanceof TokenDecoder.Bytes ? "byte-level BPE" : "BPE";
            case WordPiece piece -> "WordPiece";
            case Unigram unigram -> "Unigram";
            case WordLevel words -> "words";
        };
        return kind + ", " + size + " ids";
    }
}
