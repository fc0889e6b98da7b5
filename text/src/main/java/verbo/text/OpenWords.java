// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Words without a vocabulary made beforehand, as GPT-2's pattern cuts them, each with the space before it: the ids are given
 * in the order in which words are first seen. They mean nothing to another tokenizer, not even of the same kind; a vocabulary
 * that lasts is trained. Decoding gives back every text.
 */
final class OpenWords implements Tokenizer {
    private final Map<String, Integer> ids = new HashMap<>();
    private final List<String> words = new ArrayList<>();

    private synchronized int idOf(String word) {
        Integer id = ids.putIfAbsent(word, words.size());
        if (id == null) {
            words.add(word);
            return words.size() - 1;
        }
        return id;
    }

    @Override
    public synchronized int size() {
        return words.size();
    }

    @Override
    public int[] encode(String text) {
        return encodeWithOffsets(text).ids();
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        char[] chars = Utf8.wellFormed(text).toCharArray();
        List<String> tokens = new ArrayList<>();
        for (int at = 0, end; at < chars.length; at = end) {
            end = WordPattern.GPT2.end(chars, at, chars.length);
            tokens.add(new String(chars, at, end - at));
        }
        return Encoding.inARow(tokens.stream().mapToInt(this::idOf).toArray(), tokens.toArray(String[]::new));
    }

    /** One after the other, so that the ids do not depend on which thread comes first. */
    @Override
    public List<Encoding> encodeAll(List<String> texts, EncodingOptions options) {
        return texts.stream().map(text -> encode(text, options)).toList();
    }

    @Override
    public synchronized String token(int id) {
        if (id < 0 || id >= words.size()) {
            throw new IllegalArgumentException("no word has the id " + id + "; " + words.size() + " were seen so far");
        }
        return words.get(id);
    }

    @Override
    public synchronized int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    @Override
    public int byteLength(int id) {
        return Math.toIntExact(Utf8.length(token(id)));
    }

    @Override
    public Decoder decoder() {
        return this::token;
    }

    @Override
    public OptionalInt separator() {
        return OptionalInt.empty();
    }

    /** The words seen so far; others are {@code [UNK]}. */
    @Override
    public synchronized String json() {
        if (words.isEmpty()) {
            throw new IllegalArgumentException(
                    "the built-in words have no tokenizer.json: their ids are given as words are"
                            + " seen; train a tokenizer of words instead");
        }
        Map<String, @Nullable Object> vocabulary = TokenizerJson.object();
        words.forEach(word -> vocabulary.put(word, vocabulary.size()));
        vocabulary.putIfAbsent("[UNK]", vocabulary.size());
        return Json.indented(TokenizerJson.object("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", List.of(), "normalizer", null, "pre_tokenizer",
                TokenizerJson.object("type", "Split", "pattern",
                        TokenizerJson.object("Regex", WordPattern.GPT2.regex()), "behavior", "Isolated", "invert",
                        false),
                "post_processor", null, "decoder", TokenizerJson.object("type", "Fuse"), "model",
                TokenizerJson.object("type", "WordLevel", "vocab", vocabulary, "unk_token", "[UNK]")));
    }

    @Override
    public String toString() {
        return "words as they come, " + size() + " ids so far";
    }
}
