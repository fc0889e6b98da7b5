// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells by a file's content which kind of tokenizer it holds, for names are not to be relied on, and reads it. */
final class TokenizerFile {
    private static final List<String> IN_FOLDERS = List.of("tokenizer.json", "vocab.json", "tokenizer.model",
            "vocab.txt");
    private static final byte[] GGUF = {'G', 'G', 'U', 'F'};
    /** A larger file is no vocabulary. */
    private static final long MOST_BYTES = 1L << 30;
    /** A neighbour larger than this is no list of merges. */
    private static final long LARGEST_NEIGHBOUR = 64 << 20;

    private TokenizerFile() {}

    /**
     * @param pattern
     *            for ranks, null to tell it by their number
     */
    static Tokenizer load(Path fileOrFolder, @Nullable String pattern) throws IOException {
        if (Files.isDirectory(fileOrFolder)) {
            for (String name : IN_FOLDERS) {
                if (Files.exists(fileOrFolder.resolve(name))) {
                    return load(fileOrFolder.resolve(name), pattern);
                }
            }
            throw new NoSuchFileException(fileOrFolder.resolve("tokenizer.json").toString(), null,
                    "nor is there a " + String.join(", ", IN_FOLDERS.subList(1, IN_FOLDERS.size())));
        }
        try (var channel = Files.newByteChannel(fileOrFolder)) {
            ByteBuffer first = ByteBuffer.allocate(4);
            channel.read(first);
            if (first.position() == 4 && Arrays.equals(first.array(), GGUF)) {
                return GgufVocabulary.load(fileOrFolder);
            }
        }
        if (Files.size(fileOrFolder) > MOST_BYTES) {
            throw new FormatException(fileOrFolder, "is larger than any vocabulary, and no GGUF file");
        }
        return read(fileOrFolder, Files.readAllBytes(fileOrFolder), pattern);
    }

    static Tokenizer read(Path file, byte[] bytes, @Nullable String pattern) throws IOException {
        int begin = bytes.length > 2 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF
                ? 3 // a byte order mark
                : 0;
        while (begin < bytes.length && (bytes[begin] == ' ' || (bytes[begin] >= 9 && bytes[begin] <= 13))) {
            begin++;
        }
        // BERT's vocabularies begin with [PAD]
        boolean bracket = begin + 1 < bytes.length && bytes[begin] == '[' && bytes[begin + 1] >= 'A'
                && bytes[begin + 1] <= 'Z';
        if (begin < bytes.length && (bytes[begin] == '{' || (bytes[begin] == '[' && !bracket))) {
            return json(file, TextFile.unmarked(TextFile.decode(file, bytes)));
        }
        if (RankFile.looksLike(bytes)) {
            RankFile ranks = RankFile.read(file, bytes);
            String name = pattern != null ? pattern : BuiltIn.recognise(ranks);
            if (name == null) {
                throw new FormatException(file, "these " + ranks.size() + " ranks do not say how a text is cut into"
                        + " words; name the pattern: " + String.join(", ", BuiltIn.patterns()));
            }
            return BuiltIn.of(ranks, name);
        }
        if (isLlama2(bytes)) {
            return llama2(file, bytes);
        }
        boolean binary = Utf8.firstMalformed(bytes, 0, bytes.length) >= 0;
        for (int i = 0; i < bytes.length && !binary; i++) {
            binary = bytes[i] == 0;
        }
        if (bytes.length > 2 && bytes[0] == 0x0A && (binary || bytes[2] == 0x0A)) {
            return SentencePieceFile.read(file, bytes);
        }
        if (binary || bytes.length == 0) {
            if (begin >= bytes.length || !binary) {
                throw new FormatException(file, "holds no tokenizer: it is empty");
            }
            throw new FormatException(file, "not a tokenizer of a known format; known: tokenizer.json, vocab.txt,"
                    + " vocab.json with merges.txt, ranks, SentencePiece models, GGUF, llama2.c's tokenizer.bin");
        }
        String text = TextFile.decode(file, bytes);
        if (isMerges(text)) {
            Path vocabulary = neighbour(file, false);
            if (vocabulary == null) {
                throw new FormatException(file, "these are merges; their vocabulary, a vocab.json, must lie beside");
            }
            return merged(vocabulary, JsonObject.parse(vocabulary, TextFile.read(vocabulary)), text, file);
        }
        return words(file, text);
    }

    private static Tokenizer json(Path file, String text) throws IOException {
        JsonObject root = JsonObject.parse(file, text);
        boolean vocabulary = root.size() > 0; // which may have a token "model"
        for (String key : root.keys()) {
            vocabulary &= root.raw(key) instanceof Integer;
        }
        if (!vocabulary) {
            return TokenizerJson.read(root, text);
        }
        Path merges = neighbour(file, true);
        if (merges == null) {
            throw new FormatException(file, "this is a vocabulary; its merges, a merges.txt, must lie beside");
        }
        return merged(file, root, TextFile.read(merges), merges);
    }

    /** The one file in the same folder that is of the other kind; a name that is usual goes before others. */
    private static @Nullable Path neighbour(Path file, boolean merges) throws IOException {
        Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Path usual = folder.resolve(merges ? "merges.txt" : "vocab.json");
        if (Files.exists(usual)) {
            return usual;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path other : files.sorted().toList()) {
                if (!Files.isRegularFile(other) || Files.size(other) > LARGEST_NEIGHBOUR
                        || Files.isSameFile(other, file)) {
                    continue;
                }
                byte[] bytes = Files.readAllBytes(other);
                if (Utf8.firstMalformed(bytes, 0, bytes.length) >= 0) {
                    continue;
                }
                String text = new String(bytes, StandardCharsets.UTF_8);
                if (merges ? isMerges(text) : text.startsWith("{\"")) {
                    return other;
                }
            }
        }
        return null;
    }

    /** Whether every line is two tokens; a first line may tell the version. */
    private static boolean isMerges(String text) {
        if (text.startsWith("#version")) {
            return true;
        }
        String[] lines = text.split("\n", 12);
        int count = Math.min(lines.length, 10);
        for (int i = 0; i < count; i++) {
            String line = lines[i];
            int space = line.indexOf(' ');
            if (i == count - 1 && line.isEmpty()) {
                return i > 0;
            }
            if (space <= 0 || space != line.lastIndexOf(' ') || space == line.length() - 1) {
                return false;
            }
        }
        return count > 0;
    }

    /** GPT-2's two files, or RoBERTa's, which are told by their special tokens. */
    private static Tokenizer merged(Path file, JsonObject vocabulary, String merges, Path mergesFile)
            throws FormatException {
        Map<String, @Nullable Object> vocab = new HashMap<>();
        for (String token : vocabulary.keys()) {
            vocab.put(token, vocabulary.id(token));
        }
        List<@Nullable Object> pairs = new ArrayList<>();
        int number = 0;
        for (String line : merges.split("\n")) {
            number++;
            String pair = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
            if (pair.isEmpty() || (number == 1 && pair.startsWith("#version"))) {
                continue;
            }
            String[] two = pair.split(" ", -1);
            if (two.length != 2 || two[0].isEmpty() || two[1].isEmpty()) {
                throw new FormatException(mergesFile, "line " + number + ": \"" + pair
                        + "\" is not two tokens with a space between them");
            }
            for (String token : List.of(two[0], two[1], two[0] + two[1])) {
                if (!vocab.containsKey(token)) {
                    throw new FormatException(mergesFile, "line " + number + ": the token \"" + token
                            + "\" is not in " + file);
                }
            }
            pairs.add(pair);
        }
        List<@Nullable Object> added = new ArrayList<>();
        boolean roberta = vocab.containsKey("<s>") && vocab.containsKey("</s>") && vocab.containsKey("<mask>");
        for (String token : roberta
                ? List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>")
                : List.of(Tokenizer.END_OF_TEXT)) {
            if (vocab.get(token) instanceof Integer id) {
                added.add(TokenizerJson.object(
                        new AddedToken(id, token, true, false, false, token.equals("<mask>"), false)));
            }
        }
        Map<String, @Nullable Object> processor = roberta
                ? TokenizerJson.object("type", "RobertaProcessing", "sep", pair("</s>", vocab), "cls",
                        pair("<s>", vocab), "trim_offsets", true, "add_prefix_space", false)
                : TokenizerJson.byteLevel(true, false, true);
        Map<String, @Nullable Object> ordered = TokenizerJson.object();
        vocab.entrySet().stream().sorted(Map.Entry.comparingByValue((a, b) -> (Integer) Objects.requireNonNull(a)
                - (Integer) Objects.requireNonNull(b))).forEach(e -> ordered.put(e.getKey(), e.getValue()));
        return TokenizerJson.read(file, TokenizerJson.object("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", added, "normalizer", null, "pre_tokenizer", TokenizerJson.byteLevel(false, true, true),
                "post_processor", processor, "decoder", TokenizerJson.byteLevel(true, true, true), "model",
                TokenizerJson.object("type", "BPE", "dropout", null, "unk_token", null, "continuing_subword_prefix",
                        null, "end_of_word_suffix", null, "fuse_unk", false, "byte_fallback", false, "ignore_merges",
                        false, "vocab", ordered, "merges", pairs)),
                true);
    }

    private static List<Object> pair(String token, Map<String, @Nullable Object> vocab) {
        return List.of(token, Objects.requireNonNull(vocab.get(token)));
    }

    /** BERT's vocab.txt: a token a line. Whether it has capitals tells whether texts keep theirs. */
    private static Tokenizer words(Path file, String text) throws IOException {
        Map<String, @Nullable Object> vocab = TokenizerJson.object();
        int id = 0;
        boolean capitals = false;
        String body = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        for (String line : body.split("\n", -1)) {
            String token = line.strip();
            if (vocab.putIfAbsent(token, id) != null) {
                if (!token.isEmpty()) {
                    throw new FormatException(file,
                            "line " + (id + 1) + ": the token \"" + token + "\" is given twice");
                }
            }
            if (!token.startsWith("[") && !token.startsWith("<")) {
                capitals |= token.chars().anyMatch(c -> c >= 'A' && c <= 'Z');
            }
            id++;
        }
        for (String needed : List.of("[UNK]", "[CLS]", "[SEP]")) {
            if (!vocab.containsKey(needed)) {
                throw new FormatException(file, "taken for BERT's vocab.txt, a token a line, but none is " + needed);
            }
        }
        boolean lowercase = !capitals;
        Path config = file.toAbsolutePath().resolveSibling("tokenizer_config.json");
        if (Files.exists(config)) {
            lowercase = JsonObject.parse(config, TextFile.read(config)).bool("do_lower_case", lowercase);
        }
        return TokenizerJson.read(file, bert(vocab, lowercase, null, 100, true), true);
    }

    /** BERT's pipeline around a vocabulary. */
    static Map<String, @Nullable Object> bert(Map<String, @Nullable Object> vocab, boolean lowercase,
            @Nullable Boolean stripAccents, int longest, boolean around) {
        List<@Nullable Object> added = new ArrayList<>();
        for (String token : List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")) {
            if (vocab.get(token) instanceof Integer id) {
                added.add(TokenizerJson.object(new AddedToken(id, token, true, false)));
            }
        }
        return TokenizerJson.object("version", "1.0", "truncation", null, "padding", null, "added_tokens", added,
                "normalizer",
                TokenizerJson.object("type", "BertNormalizer", "clean_text", true, "handle_chinese_chars", true,
                        "strip_accents", stripAccents, "lowercase", lowercase),
                "pre_tokenizer", TokenizerJson.object("type", "BertPreTokenizer"), "post_processor",
                around ? template(vocab) : null, "decoder",
                TokenizerJson.object("type", "WordPiece", "prefix", "##", "cleanup", true), "model",
                TokenizerJson.object("type", "WordPiece", "unk_token", "[UNK]", "continuing_subword_prefix", "##",
                        "max_input_chars_per_word", longest, "vocab", vocab));
    }

    static Map<String, @Nullable Object> template(Map<String, @Nullable Object> vocab) {
        Map<String, @Nullable Object> special = TokenizerJson.object();
        for (String token : List.of("[CLS]", "[SEP]")) {
            special.put(token,
                    TokenizerJson.object("id", token, "ids", List.of(Objects.requireNonNull(vocab.get(token))),
                            "tokens", List.of(token)));
        }
        Map<String, @Nullable Object> cls = special("[CLS]", 0);
        Map<String, @Nullable Object> sep = special("[SEP]", 0);
        return TokenizerJson.object("type", "TemplateProcessing", "single", List.of(cls, sequence("A", 0), sep), "pair",
                List.of(cls, sequence("A", 0), sep, sequence("B", 1), special("[SEP]", 1)), "special_tokens", special);
    }

    /** What puts special tokens around a text, null if there are none. */
    static @Nullable Map<String, @Nullable Object> around(List<Integer> before, List<Integer> after,
            List<String> tokens) {
        if (before.isEmpty() && after.isEmpty()) {
            return null;
        }
        Map<String, @Nullable Object> special = TokenizerJson.object();
        List<@Nullable Object> single = new ArrayList<>();
        for (int id : before) {
            single.add(special(tokens.get(id), id, special));
        }
        single.add(sequence("A", 0));
        for (int id : after) {
            single.add(special(tokens.get(id), id, special));
        }
        List<@Nullable Object> pair = new ArrayList<>(single);
        pair.add(sequence("B", 1));
        return TokenizerJson.object("type", "TemplateProcessing", "single", single, "pair", pair, "special_tokens",
                special);
    }

    private static Map<String, @Nullable Object> special(String token, int id, Map<String, @Nullable Object> special) {
        special.put(token, TokenizerJson.object("id", token, "ids", List.of(id), "tokens", List.of(token)));
        return special(token, 0);
    }

    static Map<String, @Nullable Object> special(String token, int type) {
        return TokenizerJson.object("SpecialToken", TokenizerJson.object("id", token, "type_id", type));
    }

    static Map<String, @Nullable Object> sequence(String id, int type) {
        return TokenizerJson.object("Sequence", TokenizerJson.object("id", id, "type_id", type));
    }

    /** llama2.c's: the longest token's length, then of each token a score, a length, and its bytes. */
    private static boolean isLlama2(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < 12) {
            return false;
        }
        int longest = in.getInt();
        if (longest <= 0 || longest > 1024) {
            return false;
        }
        while (in.hasRemaining()) {
            if (in.remaining() < 8) {
                return false;
            }
            in.getFloat();
            int length = in.getInt();
            if (length < 0 || length > longest || length > in.remaining()) {
                return false;
            }
            in.position(in.position() + length);
        }
        return true;
    }

    private static Tokenizer llama2(Path file, byte[] bytes) throws FormatException {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        in.getInt();
        List<String> pieces = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        while (in.hasRemaining()) {
            scores.add(in.getFloat());
            byte[] piece = new byte[in.getInt()];
            in.get(piece);
            pieces.add(Utf8.decode(piece).replace(' ', SentencePiece.SPACE));
        }
        float[] scoreArray = new float[pieces.size()];
        SentencePiece.Type[] types = new SentencePiece.Type[scoreArray.length];
        for (int id = 0; id < scoreArray.length; id++) {
            scoreArray[id] = scores.get(id);
            String piece = pieces.get(id);
            if (id < 3) { // the file does not say so; llama2.c takes it for granted
                pieces.set(id, List.of("<unk>", "<s>", "</s>").get(id));
                types[id] = id == 0 ? SentencePiece.Type.UNKNOWN : SentencePiece.Type.CONTROL;
            } else {
                types[id] = ByteTokens.value(piece) >= 0 ? SentencePiece.Type.BYTE : SentencePiece.Type.NORMAL;
            }
        }
        if (scoreArray.length < 259) {
            throw new FormatException(file,
                    "has " + scoreArray.length + " tokens, fewer than the 259 that llama2.c needs");
        }
        return new SentencePiece(pieces, scoreArray, types, new SentencePiece.Options(SentencePiece.Algorithm.BPE,
                null, true, false, true, true, false, false, List.of(1), List.of(), null,
                SentencePiece.UNKNOWN_SURFACE));
    }
}
