// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class TokenizerJsonTest {
    private static final String SMALL = """
            {"version": "1.0", "added_tokens": [{"id": 4, "content": "<e>", "special": true}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "post_processor": {"type": "ByteLevel", "trim_offsets": false}, "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "aab": 3}, "merges": ["a b", "a ab"]}}""";

    @TempDir
    Path folder;

    private void refused(String json, String message) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, json);
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> Tokenizer.load(file))
                .withMessageStartingWith(file + ": ").withMessageContaining(message)
                .satisfies(e -> assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1));
    }

    @Test
    void readsASmallOne() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), SMALL);
        Tokenizer tokenizer = Tokenizer.load(folder);
        assertThat(tokenizer.encode("aab<e>ba")).containsExactly(3, 4, 1, 0);
        assertThat(tokenizer.json()).isEqualTo(SMALL);
    }

    /** Each is the small file with one thing changed. */
    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {
            "\"model\": {~\"model\": {\"ignore_merges\": 1, ~model.ignore_merges: must be true or false",
            "\"type\": \"BPE\"~\"type\": \"Trigram\"~model.type: a model of type Trigram is not known; known: BPE, WordPiece",
            "\"type\": \"BPE\"~\"type\": \"Unigram\"~model.vocab: must be an array",
            "\"version\"~\"normalizer\": {\"type\": \"NFX\"}, \"version\"~normalizer.type: the type NFX is not known; known: NFC",
            "\"version\"~\"padding\": 1, \"version\"~padding: must be an object",
            "{\"type\": \"ByteLevel\", \"add~{\"type\": \"Spaces\", \"add~pre_tokenizer.type: the type Spaces is not known; known: ByteLevel",
            "\"add_prefix_space\": false~\"add_prefix_space\": 0~pre_tokenizer.add_prefix_space: must be true or false",
            "\"special\": true~\"lstrip\": 1~added_tokens[0].lstrip: must be true or false",
            "\"id\": 4~\"id\": 3~the tokens \"aab\" and \"<e>\" have the same id 3",
            "\"id\": 4~\"id\": 50000000~has the id 50000000, far beyond the number of tokens",
            "\"id\": 4~\"id\": 99999999999~added_tokens[0].id: an id must be a whole number",
            "\"id\": 4~\"id\": -1~added_tokens[0].id: an id must be a whole number",
            "\"id\": 4,~~added_tokens[0].id: is missing",
            "\"<e>\"~\"\"~added_tokens[0].content: is empty", "\"<e>\"~7~added_tokens[0].content: must be a string",
            "\"b\": 1~\"b\": 0~the tokens \"a\" and \"b\" have the same id 0",
            "\"b\": 1~\"b\": \"1\"~model.vocab.b: must be a number", "\"b\": 1~\"a\": 1~well-formed JSON",
            "\"a ab\"~\"a c\"~model.merges[1]: the token \"c\" is not in the vocabulary",
            "\"a ab\"~\"b a\"~model.merges[1]: the token \"ba\" is not in the vocabulary",
            "\"a ab\"~\"aab\"~model.merges[1]: \"aab\" is not two tokens",
            "\"a ab\"~3~model.merges[1]: must be two tokens",
            "\"a ab\"~[\"a\"]~model.merges[1]: must be two tokens",
            "\"merges\": [~\"merges\": [[[[[[[[~not whole, well-formed",
            "\"model\"~\"modal\"~model: is missing", "\"merges\": [\"a b\", \"a ab\"]}}~~not whole, well-formed JSON"})
    void namesWhatIsWrong(String from, String to, String message) throws IOException {
        assertThat(SMALL).contains(from);
        refused(SMALL.replace(from, to == null ? "" : to), message);
    }

    @Test
    void aTruncatedFileIsRefusedWhereverItEnds() throws IOException {
        for (int length = 0; length < SMALL.length(); length++) {
            refused(SMALL.substring(0, length), "");
        }
    }

    @Test
    void whatIsNoJsonObject() throws IOException {
        refused("[]", "not a JSON object");
        refused(SMALL + "{}", "more than one JSON value");
        refused("[".repeat(100_000), "not a JSON object");
        refused("{\"a\":" + "[".repeat(100_000), "not whole, well-formed JSON");
        Path file = folder.resolve("tokenizer.json");
        Files.write(file, new byte[]{'{', (byte) 0xFF});
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> Tokenizer.load(file))
                .withMessage(file + ": not UTF-8 text, at byte 1");
        Files.delete(file);
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> Tokenizer.load(folder));
    }

    @Test
    void addedTokensAreFoundLongestAndRawOnesFirst() {
        AddedTokens tokens = new AddedTokens(List.of(new AddedToken(0, "<a>", true, false),
                new AddedToken(1, "<a>b", true, false), new AddedToken(2, "x<a", false, true),
                new AddedToken(3, "  ", false, true)));
        StringBuilder found = new StringBuilder();
        String text = "x<a>bx<a   <a>";
        tokens.split(text, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                found.append('[').append(text, from, to).append(']');
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                found.append(token.id());
            }
        });
        assertThat(found.toString()).isEqualTo("[x]123[ ]0");
    }

    @Test
    void oneNameOfAnIdIsWrittenAndRead() throws IOException {
        Tokenizer harmony = Tokenizer.of("o200k_harmony");
        harmony.save(folder.resolve("tokenizer.json"));
        Tokenizer loaded = Tokenizer.load(folder.resolve("tokenizer.json"));
        assertThat(loaded.encode("<|start|>user<|endofprompt|>")).containsExactly(200006, 1428, 200018);
        assertThat(harmony.encode("ab", EncodingOptions.PLAIN.withDropout(1, 0)).length()).isEqualTo(2);
    }

    /** Hugging Face's library reads no other. */
    private static final Map<String, Object> DECODER = Map.of("type", "ByteLevel", "add_prefix_space", true,
            "trim_offsets", true, "use_regex", true);

    /** Written as Hugging Face's library reads it, which gives other ids to added tokens that do not follow the vocabulary. */
    @ParameterizedTest
    @CsvSource({"byte, false, ", "gpt2, false, <|endoftext|>", "p50k_edit, true, <|fim_middle|>",
            "cl100k_base, true, <|endofprompt|>", "o200k_base, true, <|endofprompt|>",
            "o200k_harmony, false, <|message|>"})
    void ranksAreWrittenForOtherReadersToo(String name, boolean listed, @Nullable String token) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Tokenizer built = Tokenizer.of(name);
        built.save(file);
        Map<String, Object> json = Json.read(file);
        assertThat(json.get("decoder")).isEqualTo(DECODER);
        Tokenizer loaded = Tokenizer.load(file);
        assertThat(loaded.size()).isEqualTo(built.size());
        if (token == null) {
            return;
        }
        Map<?, ?> vocab = (Map<?, ?>) ((Map<?, ?>) Objects.requireNonNull(json.get("model"))).get("vocab");
        assertThat(Objects.requireNonNull(vocab).containsKey(token)).isEqualTo(listed);
        assertThat(loaded.id(token)).isEqualTo(built.id(token));
        assertThat(loaded.isSpecial(built.id(token))).isTrue();
        String text = "Its " + token + "s: " + token;
        for (EncodingOptions.Written written : EncodingOptions.Written.values()) {
            if (written != EncodingOptions.Written.DEFAULT) { // of ranks they are text, of such a file tokens
                EncodingOptions options = EncodingOptions.PLAIN.withWritten(written);
                assertThat(loaded.encode(text, options).ids()).isEqualTo(built.encode(text, options).ids());
            }
        }
    }

    @Test
    void twoFilesAreWrittenAsOneForOtherReadersToo() throws IOException {
        Path file = Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"b\": 1, \"ab\": 2}");
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b\n");
        Path written = folder.resolve("tokenizer.json");
        Tokenizer.load(file).save(written);
        assertThat(Json.read(written).get("decoder")).isEqualTo(DECODER);
    }

    @Test
    void aByteOrderMarkIsPassedOver() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "\uFEFF" + SMALL);
        assertThat(Tokenizer.load(folder).encode("aab")).containsExactly(3);
    }

    @Test
    void aGroupThatDidNotBeginIsRefused() throws IOException {
        refused(SMALL.replace("\"ByteLevel\", \"add_prefix_space\": false",
                "\"Split\", \"pattern\": {\"Regex\": \")(?i)a\"}, \"behavior\": \"Isolated\", \"invert\": false"),
                "a group ends that did not begin");
    }

    @Test
    void charactersAreCutToo() throws IOException {
        String json = CharacterTokenizer.of("ab", false).json();
        assertThat(json).contains("\"truncation\": null");
        Tokenizer cut = TokenizerJson.read(Path.of("t.json"), json.replace("\"truncation\": null",
                "\"truncation\": {\"max_length\": 2, \"stride\": 0, \"strategy\": \"LongestFirst\"}"));
        assertThat(cut.encode("abab", EncodingOptions.PLAIN.withTruncation(true)).ids()).containsExactly(0, 1);
    }

    @Test
    void idsThatDoNotExistAreNotSpecialButRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), SMALL);
        Tokenizer tokenizer = Tokenizer.load(folder);
        assertThat(tokenizer.isSpecial(4)).isTrue();
        assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> tokenizer.isSpecial(5));
    }
}
