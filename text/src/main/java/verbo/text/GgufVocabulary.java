// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The vocabulary inside a <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF</a> file, used as
 * llama.cpp uses it. Only the metadata is read, never the weights behind it.
 */
final class GgufVocabulary {
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, -1, -1, 8, 8, 8};
    private static final int MOST_BYTES = 1 << 28; // of a text
    private static final int MOST_NUMBERS = 1 << 26; // of an array
    private static final String[] MODELS = {"llama", "gpt2", "bert", "t5", "gemma4"};

    private final Path file;
    private final InputStream in;
    private long left;
    private long at;

    private GgufVocabulary(Path file, InputStream in, long size) {
        this.file = file;
        this.in = in;
        this.left = size;
    }

    static Tokenizer load(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            return tokenizer(file, new GgufVocabulary(file, in, Files.size(file)).metadata());
        }
    }

    private FormatException error(String reason) {
        return new FormatException(file, reason + " (byte " + at + ")");
    }

    private byte[] bytes(long count) throws IOException {
        if (count < 0 || count > left) {
            throw error("says that " + Long.toUnsignedString(count) + " bytes follow, but " + left + " are left");
        }
        checkCount(count, MOST_BYTES);
        byte[] bytes = in.readNBytes((int) count);
        if (bytes.length < count) {
            throw new EOFException(file + ": the file became shorter while it was read");
        }
        left -= count;
        at += count;
        return bytes;
    }

    /** Refuses what no vocabulary has. */
    private void checkCount(long count, int most) throws FormatException {
        if (count > most) {
            throw error("says that " + count + " values follow, more than any vocabulary has");
        }
    }

    private long number(int size) throws IOException {
        byte[] bytes = bytes(size);
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | (bytes[i] & 0xFF);
        }
        return value;
    }

    private Map<String, Object> metadata() throws IOException {
        bytes(4);
        long version = number(4);
        if (version < 2 || version > 3) {
            throw error("is GGUF version " + version + "; known: 2, 3");
        }
        number(8); // tensors
        long count = number(8);
        if (count < 0 || count > left / 13) {
            throw error("says it has " + Long.toUnsignedString(count) + " keys, more than its bytes can hold");
        }
        Map<String, Object> values = new HashMap<>();
        for (long i = 0; i < count; i++) {
            String key = string();
            Object value = value((int) number(4), key.startsWith("tokenizer."));
            if (values.put(key, value) != null) {
                throw error("has the key " + key + " twice");
            }
        }
        return values;
    }

    private String string() throws IOException {
        return new String(bytes(number(8)), StandardCharsets.UTF_8);
    }

    private Object value(int type, boolean keep) throws IOException {
        if (type == STRING) {
            return string();
        }
        if (type == ARRAY) {
            int of = (int) number(4);
            long count = number(8);
            if (of == STRING) {
                if (count < 0 || count > left / 8) {
                    throw error("says that " + Long.toUnsignedString(count) + " texts follow, more than its bytes can"
                            + " hold");
                }
                List<String> list = new ArrayList<>();
                for (long i = 0; i < count; i++) {
                    String one = string();
                    if (keep) {
                        list.add(one);
                    }
                }
                return list;
            }
            if (of < 0 || of >= SIZES.length || of == ARRAY) {
                throw error("has an array of the unknown type " + of);
            }
            if (count < 0 || count > left / SIZES[of]) {
                throw error("says that " + Long.toUnsignedString(count) + " values follow, more than its bytes can"
                        + " hold");
            }
            if (keep) {
                checkCount(count, MOST_NUMBERS);
            }
            double[] array = new double[keep ? (int) count : 0];
            for (long i = 0; i < count; i++) {
                double one = real(of);
                if (keep) {
                    array[(int) i] = one;
                }
            }
            return array;
        }
        if (type < 0 || type >= SIZES.length) {
            throw error("has a value of the unknown type " + type);
        }
        return real(type);
    }

    private double real(int type) throws IOException {
        long bits = number(SIZES[type]);
        return switch (type) {
            case 1 -> (byte) bits;
            case 3 -> (short) bits;
            case 5 -> (int) bits;
            case 6 -> Float.intBitsToFloat((int) bits);
            case 12 -> Double.longBitsToDouble(bits);
            default -> bits;
        };
    }

    private static Tokenizer tokenizer(Path file, Map<String, Object> values) throws FormatException {
        Object model = values.get("tokenizer.ggml.model");
        if (!(model instanceof String name)) {
            throw new FormatException(file, "holds no vocabulary: tokenizer.ggml.model is missing");
        }
        List<String> tokens = new ArrayList<>();
        if (values.get("tokenizer.ggml.tokens") instanceof List<?> list) {
            list.forEach(token -> tokens.add((String) token));
        }
        if (tokens.isEmpty()) {
            throw new FormatException(file, "holds no vocabulary: tokenizer.ggml.tokens is missing");
        }
        double[] types = doubles(file, values, "tokenizer.ggml.token_type", tokens.size());
        double[] scores = doubles(file, values, "tokenizer.ggml.scores", tokens.size());
        return switch (name) {
            case "llama", "t5" -> sentencePiece(file, name, tokens, scores, types, values);
            case "gpt2" -> bpe(file, values.get("tokenizer.ggml.pre") instanceof String pre ? pre : "default", tokens,
                    types, values);
            case "gemma4" -> bpe(file, name, tokens, types, values);
            case "bert" -> bert(file, tokens, values);
            default -> throw new FormatException(file, "tokenizer.ggml.model: the vocabulary " + name
                    + " is not known; known: " + String.join(", ", MODELS));
        };
    }

    private static double[] doubles(Path file, Map<String, Object> values, String key, int size)
            throws FormatException {
        Object value = values.get(key);
        if (value == null) {
            return new double[0];
        }
        if (!(value instanceof double[] array) || array.length < size) {
            throw new FormatException(file, key + ": must be an array of " + size + " numbers");
        }
        return array;
    }

    private static boolean bool(Map<String, Object> values, String key, boolean otherwise) {
        return values.get("tokenizer.ggml." + key) instanceof Double value ? value != 0 : otherwise;
    }

    /** An id, or -1. */
    private static int id(Path file, Map<String, Object> values, String key, int otherwise, int size)
            throws FormatException {
        if (!(values.get("tokenizer.ggml." + key) instanceof Double value)) {
            return otherwise < size ? otherwise : -1;
        }
        if (value < 0 || value >= size) {
            throw new FormatException(file, "tokenizer.ggml." + key + ": no token has the id " + value.longValue());
        }
        return value.intValue();
    }

    private static Tokenizer sentencePiece(Path file, String name, List<String> tokens, double[] scores,
            double[] types, Map<String, Object> values) throws FormatException {
        int size = tokens.size();
        if (scores.length == 0) {
            throw new FormatException(file, "tokenizer.ggml.scores is missing");
        }
        float[] scoreArray = new float[size];
        SentencePiece.Type[] typeArray = new SentencePiece.Type[size];
        for (int id = 0; id < size; id++) {
            scoreArray[id] = (float) scores[id];
            int type = types.length == 0 ? 1 : (int) types[id];
            typeArray[id] = type < 1 || type > 6 ? SentencePiece.Type.NORMAL : SentencePiece.TYPES.get(type - 1);
        }
        boolean llama = name.equals("llama");
        CharsMap map = null;
        if (values.get("tokenizer.ggml.precompiled_charsmap") instanceof double[] rules && rules.length > 0) {
            byte[] bytes = new byte[rules.length];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) rules[i];
            }
            try {
                map = CharsMap.of(bytes);
            } catch (IllegalArgumentException e) {
                throw new FormatException(file, "tokenizer.ggml.precompiled_charsmap: " + e.getMessage(), e);
            }
        }
        List<Integer> before = bool(values, "add_bos_token", llama)
                ? ids(id(file, values, "bos_token_id", 1, size))
                : List.of();
        List<Integer> after = bool(values, "add_eos_token", !llama)
                ? ids(id(file, values, "eos_token_id", llama ? 2 : 1, size))
                : List.of();
        if (Arrays.stream(typeArray).noneMatch(t -> t == SentencePiece.Type.UNKNOWN)
                && Arrays.stream(typeArray).filter(t -> t == SentencePiece.Type.BYTE).count() < 256) {
            int unknown = id(file, values, "unknown_token_id", llama ? 0 : 2, size);
            if (unknown < 0) {
                throw new FormatException(file, "tokenizer.ggml.unknown_token_id is missing");
            }
            typeArray[unknown] = SentencePiece.Type.UNKNOWN;
        }
        return new SentencePiece(tokens, scoreArray, typeArray, new SentencePiece.Options(
                llama ? SentencePiece.Algorithm.BPE : SentencePiece.Algorithm.UNIGRAM, map,
                bool(values, "add_space_prefix", llama), !llama && bool(values, "remove_extra_whitespaces", false),
                true,
                llama, false, true, before, after, null, SentencePiece.UNKNOWN_SURFACE));
    }

    private static List<Integer> ids(int id) {
        return id < 0 ? List.of() : List.of(id);
    }

    private static Tokenizer bpe(Path file, String pre, List<String> tokens, double[] types, Map<String, Object> values)
            throws FormatException {
        GgufPreTokenizer preTokenizer = GgufPreTokenizer.of(pre);
        if (preTokenizer == null) {
            throw new FormatException(file, "tokenizer.ggml.pre: the pre-tokenizer " + pre + " is not known; known: "
                    + String.join(", ", GgufPreTokenizer.names()));
        }
        int size = tokens.size();
        Map<String, @Nullable Object> vocab = TokenizerJson.object();
        List<@Nullable Object> added = new ArrayList<>();
        for (int id = 0; id < size; id++) {
            String token = tokens.get(id).isEmpty() ? "[EMPTY_" + id + "]" : tokens.get(id);
            if (vocab.putIfAbsent(token, id) != null) {
                throw new FormatException(file, "tokenizer.ggml.tokens: the token \"" + token + "\" is there twice");
            }
            int type = types.length == 0 ? 1 : (int) types[id];
            if (type == 2 || type == 3 || type == 4) {
                added.add(TokenizerJson.object(new AddedToken(id, token, type != 4, false)));
            }
        }
        List<@Nullable Object> merges = new ArrayList<>();
        if (values.get("tokenizer.ggml.merges") instanceof List<?> list) {
            for (Object one : list) {
                String merge = (String) one;
                int space = merge.indexOf(' ', 1);
                if (space < 0) {
                    throw new FormatException(file, "tokenizer.ggml.merges: \"" + merge + "\" is not two tokens");
                }
                String left = merge.substring(0, space);
                String right = merge.substring(space + 1);
                if (vocab.containsKey(left) && vocab.containsKey(right) && vocab.containsKey(left + right)) {
                    merges.add(List.of(left, right)); // llama.cpp never gets to use the others
                }
            }
        }
        List<Integer> before = bool(values, "add_bos_token", preTokenizer.addBegin())
                ? ids(id(file, values, "bos_token_id", 11, size))
                : List.of();
        List<Integer> after = bool(values, "add_eos_token", false)
                ? ids(id(file, values, "eos_token_id", 11, size))
                : List.of(); // a separator llama.cpp puts nowhere, whatever the file says of one
        boolean bytes = preTokenizer.bytes();
        return TokenizerJson.read(file, TokenizerJson.object("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", added, "normalizer", bytes ? null : replace(" ", "\u2581"), "pre_tokenizer",
                preTokenizer.json(), "post_processor", TokenizerFile.around(before, after, tokens), "decoder",
                bytes ? TokenizerJson.byteLevel(true, true, true)
                        : TokenizerJson.object("type", "Sequence", "decoders", List.of(replace("\u2581", " "),
                                TokenizerJson.object("type", "ByteFallback"), TokenizerJson.object("type", "Fuse"))),
                "model", TokenizerJson.object("type", "BPE", "byte_fallback", !bytes, "ignore_merges",
                        preTokenizer.ignoreMerges(), "vocab", vocab, "merges", merges)),
                false);
    }

    private static Map<String, @Nullable Object> replace(String text, String by) {
        return TokenizerJson.object("type", "Replace", "pattern", TokenizerJson.object("String", text), "content", by);
    }

    /** BERT's, whose words begin with a visible space in place of those inside words with {@code ##}. */
    private static Tokenizer bert(Path file, List<String> tokens, Map<String, Object> values) throws FormatException {
        Map<String, @Nullable Object> vocab = TokenizerJson.object();
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            boolean special = token.startsWith("[") && token.endsWith("]") && token.length() > 2;
            String written = special ? token
                    : token.startsWith(String.valueOf(SentencePiece.SPACE)) ? token.substring(1) : "##" + token;
            if (vocab.putIfAbsent(written, id) != null) {
                throw new FormatException(file, "tokenizer.ggml.tokens: the token \"" + token + "\" is there twice");
            }
        }
        for (String needed : List.of("[UNK]", "[CLS]", "[SEP]")) {
            if (!vocab.containsKey(needed)) {
                throw new FormatException(file, "tokenizer.ggml.tokens: none is " + needed);
            }
        }
        boolean lowercase = bool(values, "normalizer.lowercase", true);
        return TokenizerJson.read(file, TokenizerFile.bert(vocab, lowercase, null, Integer.MAX_VALUE, true), false);
    }
}
