// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Learns a tokenizer from a corpus, and gives it as {@code tokenizer.json} has it. What a type is usually used with
 * (normaliser, pre-tokenizer, special tokens) goes with it unless something else is asked for.
 *
 * <p>
 * The corpus is read once, and only its different words are kept. The result does not depend on the number of threads.
 */
public final class TokenizerTrainer {
    /** What is learnt. */
    public enum Type {
        /** Byte-pair encoding of characters (Sennrich, Haddow and Birch 2016, arXiv:1508.07909), as Hugging Face's. */
        BPE,
        /** The same of bytes (Radford et al. 2019): no text is outside it. */
        BYTE_BPE,
        /** BERT's: learnt as BPE is, tokens inside a word begin with {@code ##}. */
        WORDPIECE,
        /** The unigram language model (Kudo 2018, arXiv:1804.10959), as SentencePiece's. */
        UNIGRAM,
        /** Byte-pair encoding of characters as SentencePiece's. */
        SENTENCEPIECE_BPE,
        /** The most frequent words. */
        WORD,
        /** The characters. */
        CHAR;

        /** The special tokens it has if no others are given. */
        public List<String> special() {
            return switch (this) {
                case BYTE_BPE, CHAR -> List.of(Tokenizer.END_OF_TEXT);
                case BPE, WORD -> List.of("[UNK]");
                case WORDPIECE -> List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
                case UNIGRAM, SENTENCEPIECE_BPE -> List.of("<unk>", "<s>", "</s>");
            };
        }

        /** What is learnt, as the command line and run files name it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /**
         * The type of a label.
         *
         * @throws IllegalArgumentException
         *             if there is none; the message names those there are
         */
        public static Type of(String label) {
            for (Type type : values()) {
                if (type.label().equals(label.toLowerCase(Locale.ROOT))) {
                    return type;
                }
            }
            throw new IllegalArgumentException("no type of tokenizer is called \"" + label + "\"; known: "
                    + String.join(", ", Stream.of(values()).map(Type::label).toList()));
        }

        boolean sentencePiece() {
            return this == UNIGRAM || this == SENTENCEPIECE_BPE;
        }

        private String normalizer() {
            return sentencePiece() ? "sentencepiece" : this == WORDPIECE ? "bert" : "none";
        }

        private String preTokenizer() {
            return switch (this) {
                case BYTE_BPE -> "gpt2";
                case WORDPIECE -> "bert";
                case UNIGRAM, SENTENCEPIECE_BPE -> "metaspace";
                case BPE, WORD -> "whitespace";
                case CHAR -> "none";
            };
        }
    }

    /** Told how far a training has come; called from one thread at a time. */
    @FunctionalInterface
    public interface Listener {
        /** Shows nothing. */
        Listener NONE = (stage, unit, done, total) -> {};

        /**
         * @param stage
         *            what is done, {@code "reading"}
         * @param unit
         *            in what it is counted, {@code "characters"}
         * @param done
         *            how much is done
         * @param total
         *            how much there is to do, 0 if that is not known
         */
        void update(String stage, String unit, long done, long total);
    }

    /** The longest piece of SentencePiece's types can be. */
    private static final int LONGEST_PIECE = 100;
    private static final int MOST_TOKENS = 1 << 24;
    private static final double COVERAGE = 0.9995; // SentencePiece's

    private final Type type;
    private int vocabularySize = 32_000;
    private long minimumCount;
    private int alphabetLimit = Integer.MAX_VALUE;
    private double coverage = COVERAGE;
    private int maximumLength;
    private List<String> special;
    private String normalizer;
    private String preTokenizer;
    private String prefix;
    private String suffix = "";
    private boolean byteFallback;
    private boolean lines = true;
    private int threads = Runtime.getRuntime().availableProcessors();
    private int seeds = 1_000_000;
    private long characters;
    private int words;
    private boolean spelled; // whether words were counted in the characters that bytes are written as

    private TokenizerTrainer(Type type) {
        this.type = type;
        special = type.special();
        normalizer = type.normalizer();
        preTokenizer = type.preTokenizer();
        prefix = type == Type.WORDPIECE ? "##" : "";
    }

    /** A trainer with what is usual for a type. */
    public static TokenizerTrainer of(Type type) {
        return new TokenizerTrainer(type);
    }

    /**
     * How many tokens at most, special ones included; 32,000 if not given. A small corpus may give fewer, and of the types bpe
     * and wordpiece all characters are kept, if they are more than that and not {@linkplain #alphabetLimit limited}.
     */
    public TokenizerTrainer vocabularySize(int size) {
        vocabularySize = atLeast(1, size, "the size of the vocabulary");
        if (size > MOST_TOKENS) {
            throw new IllegalArgumentException("a vocabulary can have " + MOST_TOKENS + " tokens at most, not " + size);
        }
        return this;
    }

    /** Pairs, or words, seen less often are left out; 0 if not given. Not of the unigram model. */
    public TokenizerTrainer minimumCount(long count) {
        minimumCount = atLeast(0, (int) Math.min(count, Integer.MAX_VALUE), "the least count");
        return this;
    }

    /** How many characters at most, the most frequent, are in the vocabulary; all if not given. Not of bytes. */
    public TokenizerTrainer alphabetLimit(int limit) {
        alphabetLimit = atLeast(1, limit, "the limit of the alphabet");
        return this;
    }

    /**
     * The share of the text whose characters are in the vocabulary, the most frequent first; 0.9995 if not given. Only of
     * SentencePiece's types.
     */
    public TokenizerTrainer coverage(double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("the coverage must be above 0 and at most 1, not " + share);
        }
        coverage = share;
        return this;
    }

    /**
     * How many characters a token has at most; 16 of SentencePiece's types and any number of the others if not given. Of
     * bpe, byte-bpe and wordpiece, tokens that are merged of others have fewer than this (of byte-bpe, bytes), as with
     * Hugging Face's {@code max_token_length}, but for those of two. Special tokens are not concerned.
     */
    public TokenizerTrainer maximumLength(int length) {
        maximumLength = atLeast(1, length, "the longest token's length");
        if (type.sentencePiece() && length > LONGEST_PIECE) {
            throw new IllegalArgumentException(
                    "a piece can have " + LONGEST_PIECE + " characters at most, not " + length);
        }
        return this;
    }

    /** The special tokens, in the order of their ids. What stands for unknown text is the type's own, put first if missing. */
    public TokenizerTrainer special(List<String> tokens) {
        special = List.copyOf(tokens);
        for (String token : special) {
            if (token.isEmpty()) {
                throw new IllegalArgumentException("a special token is empty");
            }
        }
        if (special.stream().distinct().count() < special.size()) {
            throw new IllegalArgumentException("a special token is given twice");
        }
        return this;
    }

    /** What is done to a text first: names of {@link #normalizers()}, one or several with commas between. */
    public TokenizerTrainer normalizer(String names) {
        normalizer = names;
        return this;
    }

    /** How a text is cut into words: names of {@link #preTokenizers()}, one or several with commas between. */
    public TokenizerTrainer preTokenizer(String names) {
        preTokenizer = names;
        return this;
    }

    /** What tokens inside a word begin with; {@code ##} of WordPiece, nothing of BPE if not given. */
    public TokenizerTrainer continuingPrefix(String text) {
        prefix = text;
        return this;
    }

    /** What tokens that end a word end with ({@code </w>}); nothing if not given. Only of BPE. */
    public TokenizerTrainer wordEnd(String text) {
        suffix = text;
        return this;
    }

    /** Whether characters outside the vocabulary are spelled in bytes. Only of SentencePiece's types. */
    public TokenizerTrainer byteFallback(boolean yes) {
        byteFallback = yes;
        return this;
    }

    /**
     * Whether each line of a text file, with its end, is a text of its own (as where {@code tokenizers} and SentencePiece
     * are given files), or each file is; lines if not given.
     */
    public TokenizerTrainer lines(boolean yes) {
        lines = yes;
        return this;
    }

    /** How many threads work; one a processor if not given. The result does not depend on it. */
    public TokenizerTrainer threads(int count) {
        threads = atLeast(1, count, "the number of threads");
        return this;
    }

    /** With how many substrings the unigram model begins at most; a million if not given. */
    public TokenizerTrainer seeds(int count) {
        seeds = atLeast(1, count, "the number of seeds");
        return this;
    }

    private static int atLeast(int least, int value, String what) {
        if (value < least) {
            throw new IllegalArgumentException(what + " must be " + least + " or more, not " + value);
        }
        return value;
    }

    /** How many UTF-16 units the last training read. */
    public long characters() {
        return characters;
    }

    /** How many different words they had. */
    public int words() {
        return words;
    }

    private static final Map<String, List<Map<String, @Nullable Object>>> NORMALIZERS = new LinkedHashMap<>();
    private static final Map<String, List<Map<String, @Nullable Object>>> PRE_TOKENIZERS = new LinkedHashMap<>();
    static {
        NORMALIZERS.put("none", List.of());
        for (String form : List.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt")) {
            NORMALIZERS.put(form.toLowerCase(Locale.ROOT).replace("pa", "p-a"), List.of(type(form)));
        }
        NORMALIZERS.put("strip", List.of(strip()));
        NORMALIZERS.put("bert", List.of(bert(true)));
        NORMALIZERS.put("bert-cased", List.of(bert(false)));
        NORMALIZERS.put("sentencepiece",
                List.of(type("Nmt"), type("NFKC"), strip(), TokenizerJson.object("type", "Replace", "pattern",
                        TokenizerJson.object("Regex", " {2,}"), "content", " ")));
        PRE_TOKENIZERS.put("none", List.of());
        PRE_TOKENIZERS.put("gpt2", List.of(bytes(true)));
        PRE_TOKENIZERS.put("cl100k", words(WordPattern.CL100K));
        PRE_TOKENIZERS.put("o200k", words(WordPattern.O200K));
        PRE_TOKENIZERS.put("qwen2", words(WordPattern.QWEN2));
        PRE_TOKENIZERS.put("bytes", List.of(bytes(false)));
        PRE_TOKENIZERS.put("whitespace", List.of(type("Whitespace")));
        PRE_TOKENIZERS.put("whitespace-split", List.of(type("WhitespaceSplit")));
        PRE_TOKENIZERS.put("bert", List.of(type("BertPreTokenizer")));
        PRE_TOKENIZERS.put("metaspace", List.of(metaspace(true)));
        PRE_TOKENIZERS.put("punctuation",
                List.of(TokenizerJson.object("type", "Punctuation", "behavior", "Isolated")));
        PRE_TOKENIZERS.put("digits", List.of(TokenizerJson.object("type", "Digits", "individual_digits", true)));
    }

    /** What a normaliser can be called. */
    public static List<String> normalizers() {
        return List.copyOf(NORMALIZERS.keySet());
    }

    /** What a pre-tokenizer can be called. */
    public static List<String> preTokenizers() {
        return List.copyOf(PRE_TOKENIZERS.keySet());
    }

    private static Map<String, @Nullable Object> type(String name) {
        return TokenizerJson.object("type", name);
    }

    private static Map<String, @Nullable Object> strip() {
        return TokenizerJson.object("type", "Strip", "strip_left", true, "strip_right", true);
    }

    private static Map<String, @Nullable Object> bert(boolean lowercase) {
        return TokenizerJson.object("type", "BertNormalizer", "clean_text", true, "handle_chinese_chars", true,
                "strip_accents", null, "lowercase", lowercase);
    }

    private static Map<String, @Nullable Object> bytes(boolean regex) {
        return TokenizerJson.byteLevel(false, true, regex);
    }

    private static List<Map<String, @Nullable Object>> words(WordPattern pattern) {
        return List.of(TokenizerJson.object("type", "Split", "pattern", TokenizerJson.object("Regex", pattern.regex()),
                "behavior", "Isolated", "invert", false), bytes(false));
    }

    private static Map<String, @Nullable Object> metaspace(boolean split) {
        return TokenizerJson.object("type", "Metaspace", "replacement", String.valueOf(SentencePiece.SPACE),
                "prepend_scheme", "always", "split", split);
    }

    /** One part or a sequence of those named; null for none. */
    private static @Nullable Map<String, @Nullable Object> part(String names, String what, String list,
            Map<String, List<Map<String, @Nullable Object>>> known) {
        List<@Nullable Object> parts = new ArrayList<>();
        for (String name : names.split(",", -1)) {
            List<Map<String, @Nullable Object>> named = known.get(name.strip());
            if (named == null) {
                throw new IllegalArgumentException("no " + what + " is called \"" + name.strip() + "\"; known: "
                        + String.join(", ", known.keySet()));
            }
            parts.addAll(named);
        }
        if (parts.size() < 2) {
            @SuppressWarnings("unchecked") // every part is one
            Map<String, @Nullable Object> only = parts.isEmpty() ? null : (Map<String, @Nullable Object>) parts.get(0);
            return only;
        }
        return TokenizerJson.object("type", "Sequence", list, parts);
    }

    /**
     * Learns.
     *
     * @throws IllegalArgumentException
     *             if what was asked for does not go together, or the vocabulary is too small for the alphabet
     * @throws FormatException
     *             if a file of the corpus is malformed
     */
    public Tokenizer train(Corpus corpus, Listener listener) throws IOException {
        checked();
        if (type == Type.CHAR) {
            return CharacterTokenizer.train(corpus, !special.isEmpty());
        }
        Map<String, @Nullable Object> normalizing = part(normalizer, "normaliser", "normalizers", NORMALIZERS);
        Map<String, @Nullable Object> cutting = part(preTokenizer, "pre-tokenizer", "pretokenizers", PRE_TOKENIZERS);
        Path place = Path.of("tokenizer.json");
        WordCounts counts = count(corpus,
                normalizing == null ? null : TokenizerJson.normalizer(JsonObject.of(place, normalizing)),
                cutting == null ? null : TokenizerJson.preTokenizer(JsonObject.of(place, cutting)), listener);
        words = counts.size();
        Map<String, @Nullable Object> model = switch (type) {
            case BPE, BYTE_BPE -> bpe(counts, listener);
            case WORDPIECE -> wordPiece(counts, listener);
            case UNIGRAM -> unigram(counts, listener);
            case SENTENCEPIECE_BPE -> pieces(counts, listener);
            default -> wordLevel(counts);
        };
        List<@Nullable Object> added = new ArrayList<>();
        List<String> tokens = specialTokens();
        for (int id = 0; id < tokens.size(); id++) {
            added.add(TokenizerJson.object(new AddedToken(id, tokens.get(id), true, false)));
        }
        return TokenizerJson.read(place, TokenizerJson.object("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", added, "normalizer", normalizing, "pre_tokenizer", cutting, "post_processor",
                postProcessor(tokens), "decoder", decoder(), "model", model), true);
    }

    /**
     * This trainer, if what was asked for goes together.
     *
     * @throws IllegalArgumentException
     *             if not
     */
    public TokenizerTrainer checked() {
        part(normalizer, "normaliser", "normalizers", NORMALIZERS);
        part(preTokenizer, "pre-tokenizer", "pretokenizers", PRE_TOKENIZERS);
        if (type != Type.BPE && !suffix.isEmpty()) {
            throw new IllegalArgumentException("only a vocabulary of type bpe marks the ends of words");
        }
        if (type != Type.BPE && type != Type.WORDPIECE && !prefix.isEmpty()) {
            throw new IllegalArgumentException(
                    "only vocabularies of the types bpe and wordpiece mark the insides of words");
        }
        if (type == Type.CHAR && !(normalizer.equals("none") && preTokenizer.equals("none")
                && type.special().containsAll(special))) {
            throw new IllegalArgumentException(
                    "a vocabulary of characters takes a text as it is, and has no special token"
                            + " but " + Tokenizer.END_OF_TEXT);
        }
        if (coverage != COVERAGE && !type.sentencePiece()) {
            throw new IllegalArgumentException(
                    "only the types unigram and sentencepiece-bpe take their alphabet by its coverage");
        }
        if (byteFallback && !type.sentencePiece()) {
            throw new IllegalArgumentException(
                    "only the types unigram and sentencepiece-bpe spell unknown characters in bytes");
        }
        for (String token : special) {
            if (type == Type.BYTE_BPE && token.length() == 1 && ByteLevel.toByte(token.charAt(0)) >= 0) {
                throw new IllegalArgumentException("the special token \"" + token
                        + "\" is a character that byte-bpe writes a byte as; give one of several characters");
            }
        }
        if (type == Type.BYTE_BPE && alphabetLimit < 256) {
            throw new IllegalArgumentException("the alphabet of byte-bpe is the 256 bytes, and cannot be limited");
        }
        int least = specialTokens().size() + (type == Type.BYTE_BPE || byteFallback ? 256 : 0) + 1;
        if (vocabularySize < least - (type == Type.BYTE_BPE ? 1 : 0)) {
            throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " is too small: special tokens"
                    + (least > 256 ? " and bytes" : "") + " take " + (least - 1));
        }
        if (type == Type.BYTE_BPE && (!writesBytes() || preTokenizers(preTokenizer).contains("metaspace"))) {
            throw new IllegalArgumentException("byte-bpe needs a pre-tokenizer that writes bytes:"
                    + " gpt2, cl100k, o200k, qwen2, or bytes behind others, without metaspace");
        }
        return this;
    }

    private static List<String> preTokenizers(String names) {
        return Stream.of(names.split(",", -1)).map(String::strip).toList();
    }

    /** Whether the pre-tokenizer writes the characters that stand for bytes. */
    private boolean writesBytes() {
        return preTokenizers(preTokenizer).stream()
                .anyMatch(List.of("gpt2", "cl100k", "o200k", "qwen2", "bytes")::contains);
    }

    /** What stands for unknown text; null if nothing has to. */
    private @Nullable String unknown() {
        return switch (type) {
            case BYTE_BPE, CHAR -> null;
            case UNIGRAM, SENTENCEPIECE_BPE -> "<unk>";
            default -> "[UNK]";
        };
    }

    private List<String> specialTokens() {
        List<String> tokens = new ArrayList<>(special);
        String unknown = unknown();
        if (unknown != null && !tokens.contains(unknown)) {
            tokens.add(0, unknown);
        }
        return tokens;
    }

    private WordCounts count(Corpus corpus, @Nullable Normalizer normalizing, @Nullable PreTokenizer cutting,
            Listener listener) throws IOException {
        Normalizer first = normalizing;
        PreTokenizer then = cutting;
        if (normalizer.equals("sentencepiece") && preTokenizer.equals("metaspace")) {
            // spaces come to nothing but the bounds of words, so that each word is normalised once
            first = new Normalizer.Sequence(
                    List.of(new Normalizer.Nmt(), new Normalizer.Form(java.text.Normalizer.Form.NFKC)));
            then = new PreTokenizer.Sequence(List.of(new PreTokenizer.WhitespaceSplit(), new PreTokenizer.Metaspace(
                    String.valueOf(SentencePiece.SPACE), PreTokenizer.Metaspace.Scheme.ALWAYS, true)));
        }
        WordCounter counter = new WordCounter(first, then, type.sentencePiece() ? specialTokens() : List.of(), lines,
                threads);
        WordCounts counts = counter.count(corpus, (done, total) -> listener.update("reading", "bytes", done, total));
        characters = counter.characters();
        spelled = !counter.keepsText();
        return spelled || type == Type.BYTE_BPE || !writesBytes() ? counts : counts.spelled();
    }

    private BpeTrainer.Result merge(TrainingWords start, BpeTrainer.Style style, int size, Listener listener) {
        int longest = maximumLength > 0 ? maximumLength
                : style == BpeTrainer.Style.SENTENCE_PIECE
                        ? 16
                        : Integer.MAX_VALUE;
        return new BpeTrainer(new BpeTrainer.Options(size, minimumCount, longest, prefix, style), start)
                .train((done, total) -> listener.update("merging", "tokens", done, total));
    }

    private TrainingWords characters(WordCounts counts) {
        TrainingWords words = TrainingWords.codePoints(counts);
        return words.characters(words.frequencies(), specialTokens(), alphabetLimit, prefix, suffix);
    }

    private Map<String, @Nullable Object> bpe(WordCounts counts, Listener listener) {
        TrainingWords start = type == Type.BPE
                ? characters(counts)
                : TrainingWords.bytes(counts, specialTokens(), spelled);
        BpeTrainer.Result learnt = merge(start, BpeTrainer.Style.HUGGING_FACE, vocabularySize, listener);
        return bpe(learnt.vocabulary(), pairs(learnt), false);
    }

    private static List<@Nullable Object> pairs(BpeTrainer.Result learnt) {
        boolean spaces = learnt.vocabulary().stream().anyMatch(t -> t.indexOf(' ') >= 0);
        List<@Nullable Object> pairs = new ArrayList<>(learnt.merges().size());
        for (int rank = 0; rank < learnt.merges().size(); rank++) {
            String left = learnt.vocabulary().get(learnt.merges().left(rank));
            String right = learnt.vocabulary().get(learnt.merges().right(rank));
            // every version of every reader knows the first form
            pairs.add(spaces ? List.of(left, right) : left + " " + right);
        }
        return pairs;
    }

    private Map<String, @Nullable Object> bpe(List<String> vocabulary, List<@Nullable Object> merges, boolean fuse) {
        return TokenizerJson.object("type", "BPE", "dropout", null, "unk_token", unknown(),
                "continuing_subword_prefix", prefix.isEmpty() ? null : prefix, "end_of_word_suffix",
                suffix.isEmpty() ? null : suffix, "fuse_unk", fuse, "byte_fallback", byteFallback, "ignore_merges",
                false, "vocab", ids(vocabulary), "merges", merges);
    }

    private static Map<String, @Nullable Object> ids(List<String> vocabulary) {
        Map<String, @Nullable Object> ids = new LinkedHashMap<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            ids.put(vocabulary.get(id), id);
        }
        return ids;
    }

    private Map<String, @Nullable Object> wordPiece(WordCounts counts, Listener listener) {
        BpeTrainer.Result learnt = merge(characters(counts), BpeTrainer.Style.HUGGING_FACE, vocabularySize, listener);
        return TokenizerJson.object("type", "WordPiece", "unk_token", unknown(), "continuing_subword_prefix", prefix,
                "max_input_chars_per_word", 100, "vocab", ids(learnt.vocabulary()));
    }

    /** How many characters are needed to cover as much of the text as was asked for. */
    private int alphabet(long[] frequencies) {
        long all = Arrays.stream(frequencies).sum();
        long covered = 0;
        int characters = 0;
        for (int c : TrainingWords.mostFrequent(frequencies, Integer.MAX_VALUE)) {
            if ((double) covered / all >= coverage) {
                break;
            }
            covered += frequencies[c];
            characters += c == TrainingWords.BOUND ? 0 : 1;
        }
        return Math.min(characters, alphabetLimit);
    }

    /** Special tokens, and the bytes where unknown characters are spelled. */
    private List<String> beforePieces() {
        List<String> tokens = specialTokens();
        for (int b = 0; byteFallback && b < 256; b++) {
            tokens.add(ByteTokens.of(b));
        }
        return tokens;
    }

    private TrainingWords charactersOrUnknown(WordCounts counts, int before) {
        TrainingWords words = TrainingWords.codePoints(counts);
        long[] frequencies = words.frequencies();
        int limit = alphabet(frequencies);
        if (before + limit > vocabularySize) {
            throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " is too small: " + limit
                    + " characters and " + before + " other tokens must be in it; limit the alphabet or the coverage");
        }
        return words.characters(frequencies, List.of(""), limit, "", "");
    }

    private Map<String, @Nullable Object> unigram(WordCounts counts, Listener listener) throws IOException {
        List<String> before = beforePieces();
        UnigramTrainer.Options options = new UnigramTrainer.Options(vocabularySize - before.size(), seeds,
                maximumLength > 0 ? maximumLength : 16, 0.75, 2, threads);
        listener.update("sorting suffixes", "words", 0, 0);
        List<UnigramTrainer.Piece> pieces = new UnigramTrainer(options, charactersOrUnknown(counts, before.size()))
                .train((done, total) -> listener.update("learning", "rounds", done, total));
        List<@Nullable Object> vocabulary = new ArrayList<>();
        before.forEach(token -> vocabulary.add(List.of(token, 0.0)));
        for (UnigramTrainer.Piece piece : pieces) {
            if (!before.contains(piece.text())) {
                vocabulary.add(List.of(piece.text(), piece.score()));
            }
        }
        return TokenizerJson.object("type", "Unigram", "unk_id", before.indexOf(unknown()), "vocab", vocabulary,
                "byte_fallback", byteFallback);
    }

    /** Merged pieces in the order in which they were made, then the characters, the most frequent first. */
    private Map<String, @Nullable Object> pieces(WordCounts counts, Listener listener) {
        List<String> before = beforePieces();
        TrainingWords start = charactersOrUnknown(counts, before.size());
        long[] frequencies = start.frequencies();
        frequencies[0] = 0; // of unknown ones
        BpeTrainer.Result learnt = merge(start, BpeTrainer.Style.SENTENCE_PIECE,
                vocabularySize - before.size() + 1, listener);
        List<String> pieces = new ArrayList<>(before);
        pieces.addAll(learnt.vocabulary().subList(start.vocabulary().size(), learnt.vocabulary().size()));
        for (int character : TrainingWords.mostFrequent(frequencies, start.vocabulary().size() - 1)) {
            pieces.add(start.vocabulary().get(character));
        }
        float[] scores = new float[pieces.size()];
        SentencePiece.Type[] types = new SentencePiece.Type[scores.length];
        for (int id = 0; id < scores.length; id++) {
            types[id] = id < before.size() ? SentencePiece.Type.CONTROL : SentencePiece.Type.NORMAL;
            scores[id] = Math.min(0, before.size() - id);
        }
        return bpe(pieces, SentencePieceJson.merges(pieces, scores, types), true);
    }

    private Map<String, @Nullable Object> wordLevel(WordCounts counts) {
        List<String> vocabulary = specialTokens();
        record Word(String text, long count) {}
        List<Word> found = new ArrayList<>();
        for (int word = 0; word < counts.size(); word++) {
            if (counts.count(word) >= minimumCount) {
                found.add(new Word(counts.text(word), counts.count(word)));
            }
        }
        found.sort((a, b) -> a.count != b.count ? Long.compare(b.count, a.count) : Utf8.compare(a.text, b.text));
        for (Word word : found) {
            if (vocabulary.size() < vocabularySize && !special.contains(word.text)
                    && (maximumLength == 0 || word.text.codePointCount(0, word.text.length()) <= maximumLength)) {
                vocabulary.add(word.text);
            }
        }
        return TokenizerJson.object("type", "WordLevel", "vocab", ids(vocabulary), "unk_token", unknown());
    }

    private @Nullable Map<String, @Nullable Object> postProcessor(List<String> tokens) {
        if (type == Type.BYTE_BPE) {
            return TokenizerJson.byteLevel(true, false, true);
        }
        if (type == Type.WORDPIECE && tokens.contains("[CLS]") && tokens.contains("[SEP]")) {
            return TokenizerFile.template(ids(tokens));
        }
        return null;
    }

    private @Nullable Map<String, @Nullable Object> decoder() {
        if (writesBytes() && prefix.isEmpty() && suffix.isEmpty()) {
            return bytes(true);
        }
        if (type == Type.WORDPIECE) {
            return TokenizerJson.object("type", "WordPiece", "prefix", prefix, "cleanup", true);
        }
        if (preTokenizer.contains("metaspace")) {
            return byteFallback
                    ? TokenizerJson.object("type", "Sequence", "decoders",
                            List.of(type("ByteFallback"), metaspace(true)))
                    : metaspace(true);
        }
        if (!suffix.isEmpty()) {
            return TokenizerJson.object("type", "BPEDecoder", "suffix", suffix);
        }
        return preTokenizer.equals("none") ? type("Fuse") : null;
    }
}
