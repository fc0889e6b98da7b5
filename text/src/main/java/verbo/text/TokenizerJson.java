// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;

/**
 * Reads and writes Hugging Face's {@code tokenizer.json}: one object with the parts of the pipeline (normalizer,
 * pre_tokenizer, model, post_processor, decoder) and the added tokens. What is understood so far: a model of type BPE,
 * either byte-level with GPT-2's pattern or of single characters. Any other part is refused by name, for leaving it out
 * would give other ids than the file means.
 */
final class TokenizerJson {
    /** Joins tokens without anything between them. */
    static final String CHARACTER_DECODER = "Fuse";

    /** {@code ByteLevel} as a post-processor: whether offsets leave out the spaces at a token's ends. */
    record ByteLevelOffsets(boolean addPrefixSpace, boolean trim) {}

    private TokenizerJson() {}

    static Tokenizer load(Path fileOrFolder) throws IOException {
        Path file = Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve("tokenizer.json") : fileOrFolder;
        byte[] bytes = Files.readAllBytes(file);
        int bad = Utf8.firstMalformed(bytes, 0, bytes.length);
        if (bad >= 0) {
            throw new FormatException(file, "not UTF-8 at byte " + bad);
        }
        return read(file, new String(bytes, StandardCharsets.UTF_8));
    }

    /**
     * Reads the text of a tokenizer.json.
     *
     * @param file
     *            named in complaints
     */
    static Tokenizer read(Path file, String json) throws FormatException {
        JsonObject root = JsonObject.parse(file, json);
        refuse(root, "truncation");
        refuse(root, "padding");
        refuse(root, "normalizer");
        JsonObject model = root.requiredObject("model");
        // old files leave the type out
        String type = model.isNull("type") ? "BPE" : model.requiredString("type");
        if (!type.equals("BPE")) {
            throw model.error("type", "a model of type " + type + " is not supported; known: BPE");
        }
        for (String key : List.of("dropout", "continuing_subword_prefix", "end_of_word_suffix")) {
            if (!model.isNull(key) && !"".equals(model.raw(key))) {
                throw model.error(key, "is not supported");
            }
        }
        if (model.bool("ignore_merges", false)) {
            throw model.error("ignore_merges", "is not supported");
        }
        List<AddedToken> added = addedTokens(root);
        List<String> vocabulary = vocabulary(model, added);
        JsonObject preTokenizer = root.object("pre_tokenizer");
        List<? extends @Nullable Object> merges = model.list("merges");
        if (preTokenizer == null) {
            if (!merges.isEmpty()) {
                throw root.error("pre_tokenizer", "a BPE with merges and no pre-tokenizer is not supported");
            }
            if (!model.isNull("unk_token")) {
                throw model.error("unk_token", "is not supported in a vocabulary of characters");
            }
            refuse(root, "post_processor");
            expect(root, "decoder", CHARACTER_DECODER);
            int characters = vocabulary.size() - added.size();
            for (AddedToken token : added) {
                if (token.id() < characters) {
                    throw root.error("added_tokens", "the ids of added tokens must follow those of the characters");
                }
            }
            return CharacterTokenizer.of(file, vocabulary.subList(0, characters), added, json);
        }
        expect(root, "pre_tokenizer", "ByteLevel");
        if (preTokenizer.bool("add_prefix_space", true)) {
            throw preTokenizer.error("add_prefix_space", "a space put before the text is not supported");
        }
        if (!preTokenizer.bool("use_regex", true)) {
            throw preTokenizer.error("use_regex", "byte-level without GPT-2's pattern is not supported");
        }
        expect(root, "decoder", "ByteLevel");
        ByteLevelOffsets offsets = new ByteLevelOffsets(true, false);
        JsonObject postProcessor = root.object("post_processor");
        if (postProcessor != null) {
            expect(root, "post_processor", "ByteLevel");
            offsets = new ByteLevelOffsets(postProcessor.bool("add_prefix_space", true),
                    postProcessor.bool("trim_offsets", true));
        }
        return ByteLevelBpe.of(model, vocabulary, merges, added, offsets, json);
    }

    private static void refuse(JsonObject root, String part) throws FormatException {
        if (!root.isNull(part)) {
            JsonObject object = root.object(part);
            String type = object == null || object.isNull("type") ? "" : " of type " + object.string("type");
            throw root.error(part, "a " + part.replace('_', '-') + type + " is not supported here");
        }
    }

    private static void expect(JsonObject root, String part, String type) throws FormatException {
        JsonObject object = root.requiredObject(part);
        String found = object.requiredString("type");
        if (!found.equals(type)) {
            throw root.error(part, "the type " + found + " is not supported here; known: " + type);
        }
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
            for (String flag : List.of("single_word", "lstrip", "rstrip")) {
                if (token.bool(flag, false)) {
                    throw token.error(flag, "is not supported (token \"" + content + "\")");
                }
            }
            boolean special = token.bool("special", false);
            added.add(new AddedToken(token.id("id"), content, special, token.bool("normalized", !special)));
        }
        return added;
    }

    /** The tokens by id, those of the model and the added ones; ids must run from 0 without gaps. */
    private static List<String> vocabulary(JsonObject model, List<AddedToken> added) throws FormatException {
        JsonObject vocab = model.requiredObject("vocab");
        int size = vocab.size();
        for (AddedToken token : added) {
            size += vocab.isNull(token.content()) ? 1 : 0;
        }
        @Nullable String[] tokens = new String[size];
        for (String token : vocab.keys()) {
            put(model, tokens, vocab.id(token), token);
        }
        for (AddedToken token : added) {
            if (vocab.isNull(token.content())) {
                put(model, tokens, token.id(), token.content());
            } else if (vocab.id(token.content()) != token.id()) {
                throw vocab.error(token.content(), "has the id " + vocab.id(token.content()) + ", but "
                        + token.id() + " in added_tokens");
            }
        }
        List<String> list = new ArrayList<>(size);
        for (String token : tokens) {
            if (token == null) {
                throw new AssertionError("as many ids as tokens, none twice, none beyond: none is missing");
            }
            list.add(token);
        }
        return list;
    }

    private static void put(JsonObject model, @Nullable String[] tokens, int id, String token) throws FormatException {
        if (id >= tokens.length) {
            throw model.error("vocab", "the token \"" + token + "\" has the id " + id + ", but there are only "
                    + tokens.length + " tokens; ids must run from 0 without gaps");
        }
        if (tokens[id] != null) {
            throw model.error("vocab", "the tokens \"" + tokens[id] + "\" and \"" + token + "\" have the same id "
                    + id);
        }
        tokens[id] = token;
    }

    /**
     * Ranks of merges by the ids of their tokens; each is {@code "left right"} or {@code ["left", "right"]}.
     *
     * @return left, right and merged ids
     */
    static int[][] merges(JsonObject model, List<? extends @Nullable Object> merges, Map<String, Integer> ids)
            throws FormatException {
        int[][] columns = new int[3][merges.size()];
        for (int rank = 0; rank < merges.size(); rank++) {
            String place = "merges[" + rank + "]";
            String left;
            String right;
            if (merges.get(rank) instanceof String both) {
                int space = both.indexOf(' ');
                if (space <= 0 || space != both.lastIndexOf(' ') || space == both.length() - 1) {
                    throw model.error(place, "\"" + both + "\" is not two tokens with a space between them");
                }
                left = both.substring(0, space);
                right = both.substring(space + 1);
            } else if (merges.get(rank) instanceof List<?> pair && pair.size() == 2
                    && pair.get(0) instanceof String first && pair.get(1) instanceof String second) {
                left = first;
                right = second;
            } else {
                throw model.error(place, "must be two tokens");
            }
            String[] named = {left, right, left + right};
            for (int column = 0; column < 3; column++) {
                Integer id = ids.get(named[column]);
                if (id == null) {
                    throw model.error(place, "the token \"" + named[column] + "\" is not in the vocabulary");
                }
                columns[column][rank] = id;
            }
        }
        return columns;
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
        StringWriter text = new StringWriter();
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        Separators separators = Separators.createDefaultInstance()
                .withObjectNameValueSpacing(Separators.Spacing.AFTER).withArrayEmptySeparator("");
        PrettyPrinter printer = new DefaultPrettyPrinter(separators).withObjectIndenter(indenter)
                .withArrayIndenter(indenter);
        try (JsonGenerator out = new JsonFactory().createGenerator(new ObjectWriteContext.Base() {
            @Override
            public PrettyPrinter getPrettyPrinter() {
                return printer;
            }

            @Override
            public boolean hasPrettyPrinter() {
                return true;
            }
        }, text)) {
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
        }
        return text.append('\n').toString();
    }

    private static void writeByteLevel(JsonGenerator out, String part, boolean addPrefixSpace, boolean trimOffsets) {
        out.writeObjectPropertyStart(part);
        out.writeStringProperty("type", "ByteLevel");
        out.writeBooleanProperty("add_prefix_space", addPrefixSpace);
        out.writeBooleanProperty("trim_offsets", trimOffsets);
        out.writeBooleanProperty("use_regex", true);
        out.writeEndObject();
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
