// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * Reads and writes Hugging Face's {@code tokenizer.json}: one object with the parts of the pipeline (normalizer,
 * pre_tokenizer, model, post_processor, decoder) and the added tokens. A part of an unknown type is refused by name, for
 * leaving it out would give other ids than the file means.
 */
final class TokenizerJson {
    /** Joins tokens without anything between them. */
    static final String CHARACTER_DECODER = "Fuse";

    /** {@code ByteLevel} as a post-processor: whether offsets leave out the spaces at a token's ends. */
    record ByteLevelOffsets(boolean addPrefixSpace, boolean trim) {}

    /** Memory is taken for it whatever the text. */
    private static final int LONGEST_PADDING = 1 << 24;

    private TokenizerJson() {}

    /**
     * Reads the text of a tokenizer.json.
     *
     * @param file
     *            named in complaints
     */
    static Tokenizer read(Path file, String json) throws FormatException {
        return read(JsonObject.parse(file, json), () -> json, true);
    }

    /** Reads what was parsed already. */
    static Tokenizer read(JsonObject root, String json) throws FormatException {
        return read(root, () -> json, true);
    }

    /**
     * Reads what was made in memory, of another format.
     *
     * @param findsSpecial
     *            whether special tokens written in a text are such
     */
    static Tokenizer read(Path file, Map<String, @Nullable Object> values, boolean findsSpecial)
            throws FormatException {
        return read(JsonObject.of(file, values), () -> Json.indented(values), findsSpecial);
    }

    private static Tokenizer read(JsonObject root, Supplier<String> json, boolean findsSpecial) throws FormatException {
        JsonObject model = root.requiredObject("model");
        List<AddedToken> added = addedTokens(root);
        Normalizer normalizer = normalizer(root.object("normalizer"));
        PreTokenizer preTokenizer = preTokenizer(root.object("pre_tokenizer"));
        TokenModel tokenModel = model(model);
        PostProcessor postProcessor = postProcessor(root.object("post_processor"));
        TokenDecoder decoder = decoder(root.object("decoder"));
        List<@Nullable String> vocabulary = vocabulary(root, tokenModel, added);
        boolean whole = root.object("truncation") == null && root.object("padding") == null;
        if (whole && tokenModel instanceof Bpe bpe && bpe.merges().size() == 0 && preTokenizer == null
                && normalizer == null
                && postProcessor == null && decoder instanceof TokenDecoder.Fuse
                && bpe.options().equals(Bpe.Options.PLAIN)) {
            Tokenizer characters = characters(bpe, added, json.get());
            if (characters != null) {
                return characters;
            }
        }
        if (whole && tokenModel instanceof WordLevel words && words.unknown().equals(WordLevelTokenizer.UNKNOWN)
                && preTokenizer instanceof PreTokenizer.WhitespaceSplit && added.isEmpty() && postProcessor == null
                && decoder == null && normalizer instanceof Normalizer.Replace(TextPattern pattern, String content)
                && content.equals(WordLevelTokenizer.END_OF_LINE_SPACED)
                && pattern instanceof TextPattern.Literal(String found) && found.equals("\n")) {
            Tokenizer fast = WordLevelTokenizer.of(words, json.get());
            if (fast != null) {
                return fast;
            }
        }
        Pipeline.Parts parts = new Pipeline.Parts(normalizer, preTokenizer, tokenModel, postProcessor, decoder, added,
                truncation(root.object("truncation")), padding(root.object("padding")));
        ByteLevelBpe fast = null;
        if (tokenModel instanceof Bpe bpe && bpe.options().prefix().isEmpty() && bpe.options().suffix().isEmpty()
                && hasAllBytes(bpe) && added.stream().noneMatch(t -> isOtherBytes(t.content(), bpe))) {
            PieceSplitter pieces = PieceSplitter.of(preTokenizer);
            fast = pieces == null ? null : ByteLevelBpe.of(bpe, vocabulary, pieces, added, "");
        }
        return new Pipeline(parts, json, fast, findsSpecial);
    }

    /** Whether an added token is one of the model's too, whose characters stand for other bytes there. */
    private static boolean isOtherBytes(String content, Bpe bpe) {
        byte[] bytes = ByteLevel.toBytes(content);
        return bytes != null && bpe.id(content) >= 0
                && !Arrays.equals(bytes, content.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean hasAllBytes(Bpe bpe) {
        for (int b = 0; b < 256; b++) {
            if (bpe.id(String.valueOf(ByteLevel.toChar(b))) < 0) {
                return false;
            }
        }
        return true;
    }

    /** A vocabulary of characters, each of them one. */
    private static @Nullable Tokenizer characters(Bpe bpe, List<AddedToken> added, String json) {
        List<String> characters = new ArrayList<>();
        int first = added.stream().mapToInt(AddedToken::id).min().orElse(bpe.size());
        for (int id = 0; id < bpe.size() && id < first; id++) {
            String token = bpe.token(id);
            if (token == null || token.isEmpty() || token.codePointCount(0, token.length()) != 1) {
                return null;
            }
            characters.add(token);
        }
        boolean plain = added.stream().noneMatch(t -> t.singleWord() || t.lstrip() || t.rstrip());
        Set<Integer> ids = new HashSet<>();
        added.forEach(t -> ids.add(t.id()));
        return characters.isEmpty() || !plain || ids.size() != added.size()
                || (!added.isEmpty() && Collections.max(ids) != first + added.size() - 1)
                || bpe.size() > first + ids.size()
                        ? null
                        : CharacterTokenizer.of(characters, added, json);
    }

    private static FormatException unknown(JsonObject at, String type, String known) {
        return at.error("type", "the type " + type + " is not known; known: " + known);
    }

    static @Nullable Normalizer normalizer(@Nullable JsonObject o) throws FormatException {
        if (o == null) {
            return null;
        }
        String type = o.requiredString("type");
        return switch (type) {
            case "NFC", "NFD", "NFKC", "NFKD" -> new Normalizer.Form(java.text.Normalizer.Form.valueOf(type));
            case "Lowercase" -> new Normalizer.Lowercase();
            case "Strip" -> new Normalizer.Strip(o.bool("strip_left", true), o.bool("strip_right", true));
            case "StripAccents" -> new Normalizer.StripAccents();
            case "Replace" -> new Normalizer.Replace(pattern(o), o.requiredString("content"));
            case "Prepend" -> new Normalizer.Prepend(o.requiredString("prepend"));
            case "Precompiled" -> {
                try {
                    yield Normalizer.Precompiled.of(o.isNull("precompiled_charsmap")
                            ? "AAAAAA=="
                            : o.requiredString("precompiled_charsmap"));
                } catch (IllegalArgumentException e) {
                    throw o.error("precompiled_charsmap", String.valueOf(e.getMessage()));
                }
            }
            case "BertNormalizer" -> new Normalizer.BertNormalizer(o.bool("clean_text", true),
                    o.bool("handle_chinese_chars", true),
                    o.isNull("strip_accents") ? null : (Boolean) o.bool("strip_accents", false),
                    o.bool("lowercase", true));
            case "Nmt" -> new Normalizer.Nmt();
            case "ByteLevel" -> new Normalizer.Bytes();
            case "Sequence" -> {
                List<Normalizer> list = new ArrayList<>();
                for (JsonObject one : o.objects("normalizers")) {
                    list.add(Objects.requireNonNull(normalizer(one)));
                }
                yield new Normalizer.Sequence(list);
            }
            default -> throw unknown(o, type, Normalizer.KNOWN);
        };
    }

    /** {@code {"String": ...}} or {@code {"Regex": ...}}. */
    private static TextPattern pattern(JsonObject o) throws FormatException {
        JsonObject pattern = o.requiredObject("pattern");
        String literal = pattern.string("String");
        if (literal != null && !literal.isEmpty()) { // nothing is looked for as an expression, which finds it everywhere
            return new TextPattern.Literal(literal);
        }
        String regex = literal != null ? literal : pattern.requiredString("Regex");
        try {
            return TextPattern.Regex.of(regex);
        } catch (PatternSyntaxException e) {
            throw pattern.error("Regex", "not a regular expression: " + e.getDescription() + " near index "
                    + e.getIndex());
        } catch (StackOverflowError e) {
            throw pattern.error("Regex", "is nested too deeply");
        }
    }

    private static PreTokenizer.Behavior behavior(JsonObject o, String otherwise) throws FormatException {
        String name = o.isNull("behavior") ? otherwise : o.requiredString("behavior");
        return switch (name) {
            case "Removed" -> PreTokenizer.Behavior.REMOVED;
            case "Isolated" -> PreTokenizer.Behavior.ISOLATED;
            case "MergedWithPrevious" -> PreTokenizer.Behavior.MERGED_WITH_PREVIOUS;
            case "MergedWithNext" -> PreTokenizer.Behavior.MERGED_WITH_NEXT;
            case "Contiguous" -> PreTokenizer.Behavior.CONTIGUOUS;
            default -> throw o.error("behavior", "is \"" + name
                    + "\"; known: Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
        };
    }

    private static PreTokenizer.Metaspace.Scheme scheme(JsonObject o) throws FormatException {
        String name = o.isNull("prepend_scheme") ? "always" : o.requiredString("prepend_scheme");
        PreTokenizer.Metaspace.Scheme scheme = switch (name) {
            case "always" -> PreTokenizer.Metaspace.Scheme.ALWAYS;
            case "first" -> PreTokenizer.Metaspace.Scheme.FIRST;
            case "never" -> PreTokenizer.Metaspace.Scheme.NEVER;
            default -> throw o.error("prepend_scheme", "is \"" + name + "\"; known: always, first, never");
        };
        return o.bool("add_prefix_space", true) ? scheme : PreTokenizer.Metaspace.Scheme.NEVER;
    }

    private static String character(JsonObject o, String key, String otherwise) throws FormatException {
        String text = o.isNull(key) ? otherwise : o.requiredString(key);
        if (text.isEmpty() || text.codePointCount(0, text.length()) != 1) {
            throw o.error(key, "must be one character, not \"" + text + "\"");
        }
        return text;
    }

    static @Nullable PreTokenizer preTokenizer(@Nullable JsonObject o) throws FormatException {
        if (o == null) {
            return null;
        }
        String type = o.requiredString("type");
        return switch (type) {
            case "ByteLevel" -> new PreTokenizer.Bytes(o.bool("add_prefix_space", true), o.bool("use_regex", true));
            case "BertPreTokenizer" -> new PreTokenizer.Bert();
            case "Whitespace" -> new PreTokenizer.Whitespace();
            case "WhitespaceSplit" -> new PreTokenizer.WhitespaceSplit();
            case "Metaspace" -> new PreTokenizer.Metaspace(character(o, "replacement", "\u2581"), scheme(o),
                    o.bool("split", true));
            case "Punctuation" -> new PreTokenizer.Punctuation(behavior(o, "Isolated"));
            case "Digits" -> new PreTokenizer.Digits(o.bool("individual_digits", false));
            case "CharDelimiterSplit" -> new PreTokenizer.Split(
                    new TextPattern.Literal(character(o, "delimiter", " ")), PreTokenizer.Behavior.REMOVED, false);
            case "Split" -> new PreTokenizer.Split(pattern(o), behavior(o, ""), o.bool("invert", false));
            case "FixedLength" -> new PreTokenizer.FixedLength(Math.max(1, o.limit("length", 5)));
            case "UnicodeScripts" -> new PreTokenizer.UnicodeScripts();
            case "Sequence" -> {
                List<PreTokenizer> list = new ArrayList<>();
                for (JsonObject one : o.objects("pretokenizers")) {
                    list.add(Objects.requireNonNull(preTokenizer(one)));
                }
                yield new PreTokenizer.Sequence(list);
            }
            default -> throw unknown(o, type, PreTokenizer.KNOWN);
        };
    }

    /** A token and its id, in either order. */
    private static PostProcessor.Special special(JsonObject o, String key) throws FormatException {
        List<? extends @Nullable Object> pair = o.list(key);
        if (pair.size() == 2 && pair.get(0) instanceof String token && pair.get(1) instanceof Integer id && id >= 0) {
            return new PostProcessor.Special(token, id);
        }
        throw o.error(key, "must be a token and its id");
    }

    static @Nullable PostProcessor postProcessor(@Nullable JsonObject o) throws FormatException {
        if (o == null) {
            return null;
        }
        String type = o.requiredString("type");
        return switch (type) {
            case "BertProcessing" -> new PostProcessor.Bert(special(o, "sep"), special(o, "cls"));
            case "RobertaProcessing" -> new PostProcessor.Roberta(special(o, "sep"), special(o, "cls"),
                    o.bool("trim_offsets", true), o.bool("add_prefix_space", true));
            case "ByteLevel" -> new PostProcessor.Bytes(o.bool("trim_offsets", true),
                    o.bool("add_prefix_space", true));
            case "TemplateProcessing" -> template(o);
            case "Sequence" -> {
                List<PostProcessor> list = new ArrayList<>();
                for (JsonObject one : o.objects("processors")) {
                    list.add(Objects.requireNonNull(postProcessor(one)));
                }
                yield new PostProcessor.Sequence(list);
            }
            default -> throw unknown(o, type, PostProcessor.KNOWN);
        };
    }

    private static PostProcessor template(JsonObject o) throws FormatException {
        Map<String, PostProcessor.Template.Tokens> tokens = new LinkedHashMap<>();
        JsonObject special = o.object("special_tokens");
        for (String name : special == null ? List.<String>of() : special.keys()) {
            JsonObject one = Objects.requireNonNull(special).requiredObject(name);
            List<? extends @Nullable Object> ids = one.list("ids");
            List<? extends @Nullable Object> texts = one.list("tokens");
            int[] idArray = new int[ids.size()];
            String[] textArray = new String[ids.size()];
            for (int i = 0; i < idArray.length; i++) {
                if (!(ids.get(i) instanceof Integer id) || id < 0 || i >= texts.size()
                        || !(texts.get(i) instanceof String text)) {
                    throw one.error("ids", "must have a whole number from 0 up for each of the tokens");
                }
                idArray[i] = id;
                textArray[i] = text;
            }
            tokens.put(name, new PostProcessor.Template.Tokens(idArray, textArray));
        }
        return new PostProcessor.Template(pieces(o, "single", tokens.keySet()), pieces(o, "pair", tokens.keySet()),
                tokens);
    }

    private static List<PostProcessor.Template.Piece> pieces(JsonObject o, String key, Set<String> known)
            throws FormatException {
        List<PostProcessor.Template.Piece> pieces = new ArrayList<>();
        for (JsonObject one : o.objects(key)) {
            JsonObject sequence = one.object("Sequence");
            JsonObject special = one.object("SpecialToken");
            if (sequence != null) {
                pieces.add(new PostProcessor.Template.Piece(null, "B".equals(sequence.requiredString("id")) ? 1 : 0,
                        sequence.limit("type_id", 0)));
            } else if (special != null) {
                String name = special.requiredString("id");
                if (!known.contains(name)) {
                    throw special.error("id", "\"" + name + "\" is not among special_tokens");
                }
                pieces.add(new PostProcessor.Template.Piece(name, 0, special.limit("type_id", 0)));
            } else {
                throw o.error(key, "a piece must be a Sequence or a SpecialToken");
            }
        }
        return pieces;
    }

    static @Nullable TokenDecoder decoder(@Nullable JsonObject o) throws FormatException {
        if (o == null) {
            return null;
        }
        String type = o.requiredString("type");
        return switch (type) {
            case "ByteLevel" -> new TokenDecoder.Bytes();
            case "Metaspace" -> new TokenDecoder.Metaspace(character(o, "replacement", "\u2581"),
                    scheme(o) != PreTokenizer.Metaspace.Scheme.NEVER);
            case "WordPiece" -> new TokenDecoder.WordPiece(o.isNull("prefix") ? "##" : o.requiredString("prefix"),
                    o.bool("cleanup", true));
            case "BPEDecoder" -> new TokenDecoder.Bpe(o.isNull("suffix") ? "</w>" : o.requiredString("suffix"));
            case "ByteFallback" -> new TokenDecoder.ByteFallback();
            case "Fuse" -> new TokenDecoder.Fuse();
            case "Strip" -> new TokenDecoder.Strip(character(o, "content", " "), o.limit("start", 0),
                    o.limit("stop", 0));
            case "Replace" -> new TokenDecoder.Replace(pattern(o), o.requiredString("content"));
            case "CTC" -> new TokenDecoder.Ctc(o.isNull("pad_token") ? "<pad>" : o.requiredString("pad_token"),
                    o.isNull("word_delimiter_token") ? "|" : o.requiredString("word_delimiter_token"),
                    o.bool("cleanup", true));
            case "Sequence" -> {
                List<TokenDecoder> list = new ArrayList<>();
                for (JsonObject one : o.objects("decoders")) {
                    list.add(Objects.requireNonNull(decoder(one)));
                }
                yield new TokenDecoder.Sequence(list);
            }
            default -> throw unknown(o, type, TokenDecoder.KNOWN);
        };
    }

    private static Pipeline.@Nullable Truncation truncation(@Nullable JsonObject o) throws FormatException {
        if (o == null) {
            return null;
        }
        String strategy = o.isNull("strategy") ? "LongestFirst" : o.requiredString("strategy");
        return new Pipeline.Truncation(o.limit("max_length", 512), o.limit("stride", 0), switch (strategy) {
            case "LongestFirst" -> Pipeline.Strategy.LONGEST_FIRST;
            case "OnlyFirst" -> Pipeline.Strategy.ONLY_FIRST;
            case "OnlySecond" -> Pipeline.Strategy.ONLY_SECOND;
            default -> throw o.error("strategy", "is \"" + strategy
                    + "\"; known: LongestFirst, OnlyFirst, OnlySecond");
        }, !"Left".equals(o.string("direction")));
    }

    private static @Nullable Padding padding(@Nullable JsonObject o) throws FormatException {
        if (o == null) {
            return null;
        }
        int length = 0;
        if (o.raw("strategy") instanceof Map<?, ?>) {
            length = o.requiredObject("strategy").limit("Fixed", 0);
            if (length == 0) {
                return null; // everything is as long already
            }
        }
        int multiple = o.limit("pad_to_multiple_of", 0);
        if (Math.max(length, multiple) > LONGEST_PADDING) {
            throw o.error(length > LONGEST_PADDING ? "strategy" : "pad_to_multiple_of",
                    "is " + Math.max(length, multiple) + ", more tokens than the " + LONGEST_PADDING + " there may be");
        }
        return new Padding(length, multiple, !"Left".equals(o.string("direction")),
                o.limit("pad_id", 0), o.limit("pad_type_id", 0),
                o.isNull("pad_token") ? "[PAD]" : o.requiredString("pad_token"));
    }

    private static TokenModel model(JsonObject o) throws FormatException {
        String type = o.string("type");
        if (type == null) { // old files leave it out
            type = o.raw("vocab") instanceof List<?> ? "Unigram"
                    : !o.isNull("merges") ? "BPE"
                            : o.isNull("continuing_subword_prefix") ? "WordLevel" : "WordPiece";
        }
        return switch (type) {
            case "BPE" -> bpe(o);
            case "WordPiece" -> new WordPiece(vocabulary(o), o.isNull("unk_token")
                    ? "[UNK]"
                    : o.requiredString("unk_token"),
                    o.isNull("continuing_subword_prefix")
                            ? "##"
                            : o.requiredString("continuing_subword_prefix"),
                    o.limit("max_input_chars_per_word", 100));
            case "WordLevel" -> new WordLevel(vocabulary(o),
                    o.isNull("unk_token") ? "<unk>" : o.requiredString("unk_token"));
            case "Unigram" -> unigram(o);
            default -> throw o.error("type", "a model of type " + type + " is not known; known: " + TokenModel.KNOWN);
        };
    }

    private static Bpe bpe(JsonObject o) throws FormatException {
        Vocabulary vocabulary = vocabulary(o);
        String prefix = o.isNull("continuing_subword_prefix") ? "" : o.requiredString("continuing_subword_prefix");
        String suffix = o.isNull("end_of_word_suffix") ? "" : o.requiredString("end_of_word_suffix");
        int[][] merges = merges(o, o.list("merges"), vocabulary, prefix);
        warnOfDropout(o);
        return new Bpe(vocabulary, new Merges(merges[0], merges[1], merges[2]),
                new Bpe.Options(o.string("unk_token"), prefix, suffix, o.bool("fuse_unk", false),
                        o.bool("byte_fallback", false), o.bool("ignore_merges", false)));
    }

    /** Dropout is asked for with each encoding, and not by a file: else nothing would be encoded the same way twice. */
    private static void warnOfDropout(JsonObject o) throws FormatException {
        if (o.isNull("dropout")) {
            return;
        }
        if (!(o.raw("dropout") instanceof Number share) || !(share.floatValue() >= 0 && share.floatValue() <= 1)) {
            throw o.error("dropout", "must be a number from 0 to 1");
        }
        if (share.floatValue() > 0) {
            o.warn("dropout", "merges are left out only where that is asked for (tokenize --dropout " + share
                    + ", EncodingOptions.withDropout); Hugging Face's library does it whenever it encodes");
        }
    }

    private static Unigram unigram(JsonObject o) throws FormatException {
        List<? extends @Nullable Object> entries = o.list("vocab");
        List<String> tokens = new ArrayList<>(entries.size());
        double[] scores = new double[entries.size()];
        for (Object entry : entries) {
            if (!(entry instanceof List<?> pair && pair.size() == 2 && pair.get(0) instanceof String token
                    && pair.get(1) instanceof Number score)) {
                throw o.error("vocab[" + tokens.size() + "]", "must be a token and its score");
            }
            scores[tokens.size()] = score.doubleValue();
            tokens.add(token);
        }
        int unknown = o.isNull("unk_id") ? -1 : o.id("unk_id");
        if (unknown >= tokens.size()) {
            throw o.error("unk_id", "is " + unknown + ", but there are only " + tokens.size() + " tokens");
        }
        return new Unigram(tokens, scores, unknown, o.bool("byte_fallback", false));
    }

    private static Vocabulary vocabulary(JsonObject model) throws FormatException {
        JsonObject vocab = model.requiredObject("vocab");
        Map<String, Integer> ids = HashMap.newHashMap(vocab.size());
        BitSet taken = new BitSet(vocab.size());
        int limit = limit(vocab.size());
        for (String token : vocab.keys()) {
            int id = vocab.id(token);
            if (id >= limit) {
                throw model.error("vocab", "the token \"" + token + "\" has the id " + id + ", far beyond the number"
                        + " of tokens, " + vocab.size());
            }
            if (taken.get(id)) {
                throw model.error("vocab",
                        "the tokens \"" + tokenOf(id, ids) + "\" and \"" + token + "\" have the same id "
                                + id);
            }
            taken.set(id);
            ids.put(token, id);
        }
        return new Vocabulary(ids);
    }

    private static String tokenOf(int id, Map<String, Integer> ids) {
        return ids.entrySet().stream().filter(e -> e.getValue() == id).findFirst().orElseThrow().getKey();
    }

    /** Ids may have gaps, but memory is taken for all of them. */
    private static int limit(int tokens) {
        return Math.max(1 << 20, (int) Math.min(Integer.MAX_VALUE - 8L, tokens * 16L));
    }

    private static List<AddedToken> addedTokens(JsonObject root) throws FormatException {
        List<AddedToken> added = new ArrayList<>();
        Set<String> contents = new HashSet<>();
        for (JsonObject token : root.objects("added_tokens")) {
            String content = token.requiredString("content");
            if (content.isEmpty()) {
                throw token.error("content", "is empty");
            }
            if (!contents.add(content)) {
                throw token.error("content", "the token \"" + content + "\" is added twice");
            }
            boolean special = token.bool("special", false);
            added.add(new AddedToken(token.id("id"), content, special, token.bool("normalized", !special),
                    token.bool("single_word", false), token.bool("lstrip", false), token.bool("rstrip", false)));
        }
        return added;
    }

    /** The tokens by id, those of the model and the added ones. */
    private static List<@Nullable String> vocabulary(JsonObject root, TokenModel model, List<AddedToken> added)
            throws FormatException {
        int size = model.size();
        int limit = limit(size + added.size());
        for (AddedToken token : added) {
            if (token.id() >= limit) {
                throw root.error("added_tokens", "the token \"" + token.content() + "\" has the id " + token.id()
                        + ", far beyond the number of tokens, " + (model.size() + added.size()));
            }
            size = Math.max(size, token.id() + 1);
        }
        @Nullable String[] tokens = new String[size];
        for (int id = 0; id < model.size(); id++) {
            tokens[id] = model.token(id);
        }
        for (AddedToken token : added) {
            int id = model.id(token.content());
            String other = tokens[token.id()];
            if (id >= 0 && id != token.id()) {
                throw root.error("added_tokens", "the token \"" + token.content() + "\" has the id " + token.id()
                        + ", but " + id + " in model.vocab");
            }
            if (other != null && !other.equals(token.content())) {
                throw root.error("added_tokens", "the tokens \"" + other + "\" and \"" + token.content()
                        + "\" have the same id " + token.id());
            }
            tokens[token.id()] = token.content();
        }
        return Arrays.asList(tokens);
    }

    /**
     * Ranks of merges by the ids of their tokens; each is {@code "left right"} or {@code ["left", "right"]}.
     *
     * @return left, right and merged ids
     */
    private static int[][] merges(JsonObject model, List<? extends @Nullable Object> merges, Vocabulary vocabulary,
            String prefix) throws FormatException {
        int[][] columns = new int[3][merges.size()];
        for (int rank = 0; rank < merges.size(); rank++) {
            String left;
            String right;
            if (merges.get(rank) instanceof String both) {
                int space = both.indexOf(' ');
                if (space <= 0 || space != both.lastIndexOf(' ') || space == both.length() - 1) {
                    throw model.error(mergePlace(rank), "\"" + both + "\" is not two tokens with a space between them");
                }
                left = both.substring(0, space);
                right = both.substring(space + 1);
            } else if (merges.get(rank) instanceof List<?> pair && pair.size() == 2
                    && pair.get(0) instanceof String first && pair.get(1) instanceof String second) {
                left = first;
                right = second;
            } else {
                throw model.error(mergePlace(rank), "must be two tokens");
            }
            // a continuing token loses its prefix inside another
            String tail = !prefix.isEmpty() && right.startsWith(prefix) ? right.substring(prefix.length()) : right;
            String[] named = {left, right, left + tail};
            for (int column = 0; column < 3; column++) {
                int id = vocabulary.id(named[column]);
                if (id < 0) {
                    throw model.error(mergePlace(rank),
                            "the token \"" + named[column] + "\" is not in the vocabulary");
                }
                columns[column][rank] = id;
            }
        }
        return columns;
    }

    private static String mergePlace(int rank) {
        return "merges[" + rank + "]";
    }

    /**
     * Writes a BPE as tokenizer.json.
     *
     * @param vocabulary
     *            tokens by id; added tokens of higher ids are written only as such
     * @param merges
     *            null for a vocabulary of characters
     * @param offsets
     *            null for none
     */
    static String write(List<String> vocabulary, List<AddedToken> added, @Nullable Merges merges,
            @Nullable ByteLevelOffsets offsets, String decoder) {
        return Json.indented(out -> {
            out.writeStartObject();
            out.writeStringProperty("version", "1.0");
            out.writeNullProperty("truncation");
            out.writeNullProperty("padding");
            out.writeArrayPropertyStart("added_tokens");
            for (AddedToken token : added) {
                out.writeStartObject();
                out.writeNumberProperty("id", token.id());
                out.writeStringProperty("content", token.content());
                out.writeBooleanProperty("single_word", false);
                out.writeBooleanProperty("lstrip", false);
                out.writeBooleanProperty("rstrip", false);
                out.writeBooleanProperty("normalized", token.normalized());
                out.writeBooleanProperty("special", token.special());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeNullProperty("normalizer");
            if (offsets == null) {
                out.writeNullProperty("pre_tokenizer");
                out.writeNullProperty("post_processor");
                out.writeObjectPropertyStart("decoder");
                out.writeStringProperty("type", decoder);
                out.writeEndObject();
            } else {
                writeByteLevel(out, "pre_tokenizer", false, true);
                writeByteLevel(out, "post_processor", offsets.addPrefixSpace(), offsets.trim());
                writeByteLevel(out, "decoder", true, true);
            }
            out.writeObjectPropertyStart("model");
            out.writeStringProperty("type", "BPE");
            out.writeNullProperty("dropout");
            out.writeNullProperty("unk_token");
            out.writeNullProperty("continuing_subword_prefix");
            out.writeNullProperty("end_of_word_suffix");
            out.writeBooleanProperty("fuse_unk", false);
            out.writeBooleanProperty("byte_fallback", false);
            out.writeBooleanProperty("ignore_merges", false);
            out.writeObjectPropertyStart("vocab");
            for (int id = 0; id < vocabulary.size(); id++) {
                out.writeNumberProperty(vocabulary.get(id), id);
            }
            out.writeEndObject();
            out.writeArrayPropertyStart("merges");
            for (int rank = 0; merges != null && rank < merges.size(); rank++) {
                // byte-level tokens hold no space, and every version of every reader knows this form
                out.writeString(vocabulary.get(merges.left(rank)) + " " + vocabulary.get(merges.right(rank)));
            }
            out.writeEndArray();
            out.writeEndObject();
            out.writeEndObject();
        });
    }

    private static void writeByteLevel(JsonGenerator out, String part, boolean addPrefixSpace, boolean trimOffsets) {
        out.writeObjectPropertyStart(part);
        out.writeStringProperty("type", "ByteLevel");
        out.writeBooleanProperty("add_prefix_space", addPrefixSpace);
        out.writeBooleanProperty("trim_offsets", trimOffsets);
        out.writeBooleanProperty("use_regex", true);
        out.writeEndObject();
    }

    /** Writes ranks as the merges that give the same. */
    static String writeRanks(byte[] @Nullable [] tokens, int ranks, RankMerges merges, List<AddedToken> added,
            String regex) {
        Map<String, @Nullable Object> vocab = new LinkedHashMap<>();
        List<@Nullable Object> pairs = new ArrayList<>();
        for (int id = 0; id < ranks; id++) {
            byte[] token = tokens[id];
            if (token == null) {
                continue;
            }
            vocab.put(ByteLevel.toString(token), id);
            int[] parts = new int[token.length];
            if (token.length > 1 && merges.apply(token, 0, token.length, parts, id) == 2) {
                pairs.add(ByteLevel.toString(Objects.requireNonNull(tokens[parts[0]])) + " "
                        + ByteLevel.toString(Objects.requireNonNull(tokens[parts[1]])));
            }
        }
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("ignore_merges", true);
        model.put("vocab", vocab);
        model.put("merges", pairs);
        Map<String, @Nullable Object> split = object("type", "Split", "pattern", object("Regex", regex), "behavior",
                "Isolated", "invert", false);
        if (!follow(added, vocab.size())) {
            added.forEach(token -> vocab.put(token.content(), token.id()));
        }
        return Json.indented(object("version", "1.0", "truncation", null, "padding", null, "added_tokens",
                added.stream().map(TokenizerJson::object).toList(), "normalizer", null, "pre_tokenizer",
                object("type", "Sequence", "pretokenizers", List.of(split, byteLevel(false, false, false))),
                "post_processor", null, "decoder", byteLevel(true, true, true), "model", model));
    }

    /**
     * Whether added tokens have the ids behind a vocabulary of that size, one after the other. Hugging Face's library gives them
     * those, whatever their ids are, if the vocabulary does not have them too.
     */
    private static boolean follow(List<AddedToken> added, int size) {
        return IntStream.range(0, added.size()).allMatch(i -> added.get(i).id() == size + i);
    }

    /** {@code ByteLevel} with all its fields, without which Hugging Face's library does not read it. */
    static Map<String, @Nullable Object> byteLevel(boolean addPrefixSpace, boolean trimOffsets, boolean useRegex) {
        return object("type", "ByteLevel", "add_prefix_space", addPrefixSpace, "trim_offsets", trimOffsets, "use_regex",
                useRegex);
    }

    /** An added token as the file has it. */
    static Map<String, @Nullable Object> object(AddedToken token) {
        return object("id", token.id(), "content", token.content(), "single_word", token.singleWord(), "lstrip",
                token.lstrip(), "rstrip", token.rstrip(), "normalized", token.normalized(), "special", token.special());
    }

    /** An object of keys, each followed by its value. */
    static Map<String, @Nullable Object> object(@Nullable Object... keysAndValues) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put(String.valueOf(keysAndValues[i]), keysAndValues[i + 1]);
        }
        return object;
    }

    /** Ids by token. */
    static Map<String, Integer> ids(List<String> vocabulary) {
        Map<String, Integer> ids = HashMap.newHashMap(vocabulary.size());
        for (int id = 0; id < vocabulary.size(); id++) {
            ids.put(vocabulary.get(id), id);
        }
        return ids;
    }
}
