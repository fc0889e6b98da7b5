// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Small files as llama.cpp takes them; what it makes of each was read in its source. */
class GgufVocabularyTest {
    @TempDir
    Path folder;

    /** A file whose tokens are ordinary ones. */
    private Tokenizer tokenizer(String model, String pre, List<String> tokens, List<String> merges) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putInt(3).putLong(0).putLong(4).array());
        string(out, "tokenizer.ggml.model");
        number(out, 8, 4);
        string(out, model);
        string(out, "tokenizer.ggml.pre");
        number(out, 8, 4);
        string(out, pre);
        strings(out, "tokenizer.ggml.tokens", tokens);
        strings(out, "tokenizer.ggml.merges", merges);
        Path file = folder.resolve("vocabulary.gguf");
        Files.write(file, out.toByteArray());
        return Tokenizer.load(file);
    }

    private static void number(ByteArrayOutputStream out, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> 8 * i));
        }
    }

    private static void string(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(out, bytes.length, 8);
        out.writeBytes(bytes);
    }

    private static void strings(ByteArrayOutputStream out, String key, List<String> texts) {
        string(out, key);
        number(out, 9, 4);
        number(out, 8, 4);
        number(out, texts.size(), 8);
        texts.forEach(text -> string(out, text));
    }

    @Test
    void wordsThatAreNotWrittenAsBytesHaveVisibleSpaces() throws IOException {
        List<String> tokens = List.of("▁", "a", "b", "▁a", "\n", "\n\n", "<0xC3>", "<0xA9>");
        for (List<String> names : List.of(List.of("gemma4", "default"), List.of("gpt2", "gemma4"),
                List.of("gpt2", "sarvam-moe"), List.of("gpt2", "granite-embed-multi-311m"))) {
            Tokenizer tokenizer = tokenizer(names.get(0), names.get(1), tokens, List.of("▁ a", "\n \n"));
            int[] ids = {1, 3, 2, 5, 0, 6, 7};
            assertThat(tokenizer.encode("a ab\n\n é")).as("%s", names).isEqualTo(ids);
            assertThat(tokenizer.encodeWithOffsets("a ab\n\n é").words()).containsExactly(0, 0, 0, 1, 2, 2, 2);
            assertThat(tokenizer.decode(ids)).isEqualTo("a ab\n\n é");
        }
    }

    @Test
    void numbersOfAfmoeAreCutIntoThreesFromTheirEnd() throws IOException {
        Tokenizer tokenizer = tokenizer("gpt2", "afmoe", List.of("1", "2", "3", "a", "Ġ"), List.of());
        assertThat(tokenizer.encodeWithOffsets("aa12312 a").words()).containsExactly(0, 0, 1, 1, 2, 2, 2, 3, 3);
        assertThat(tokenizer.encodeWithOffsets("aa1231 a").words()).containsExactly(0, 0, 1, 2, 2, 2, 3, 3);
        assertThat(tokenizer.encodeWithOffsets("  12").words()).containsExactly(0, 1, 2, 2);
    }

    @Test
    void noSeparatorIsPutBehindWordsOfBytes() throws IOException {
        Tokenizer tokenizer = tokenizer("gpt2", "roberta-bpe", List.of("a", "b", "</s>"), List.of());
        assertThat(tokenizer.encode("ab", EncodingOptions.SPECIAL).ids()).containsExactly(0, 1);
        Path written = folder.resolve("tokenizer.json");
        tokenizer.save(written);
        assertThat(Json.read(written).get("decoder")).as("Hugging Face's library reads no other").isEqualTo(
                Map.of("type", "ByteLevel", "add_prefix_space", true, "trim_offsets", true, "use_regex", true));
    }

    @Test
    void anUnknownNameIsRefused() {
        assertThatThrownBy(() -> tokenizer("gpt2", "nonesuch", List.of("a"), List.of()))
                .isInstanceOf(FormatException.class).hasMessageContaining("nonesuch").hasMessageContaining("afmoe");
    }

    @Test
    void aVocabularyWithoutTypesHasItsUnknownTokenByNumber() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putInt(3).putLong(0).putLong(3).array());
        string(out, "tokenizer.ggml.model");
        number(out, 8, 4);
        string(out, "t5");
        strings(out, "tokenizer.ggml.tokens", List.of("<pad>", "</s>", "<unk>", "a"));
        string(out, "tokenizer.ggml.scores");
        number(out, 9, 4);
        number(out, 6, 4);
        number(out, 4, 8);
        number(out, 0, 16);
        Path file = folder.resolve("t5.gguf");
        Files.write(file, out.toByteArray());
        Tokenizer tokenizer = Tokenizer.load(file);
        assertThat(tokenizer.encode("a\u2603")).containsExactly(3, 2);
        String many = "\u2603".repeat(200_000); // each of which would be put behind the others, if it were
        assertThat(tokenizer.encodeWithOffsets(many).tokens()).containsExactly(many);
    }

    @Test
    void moreThanAnyVocabularyHasIsRefused() throws IOException {
        Path file = folder.resolve("large.gguf");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN).put("GGUF".getBytes(
                    StandardCharsets.US_ASCII)).putInt(3).putLong(0).putLong(1).putLong(3_000_000_000L).flip());
            channel.write(ByteBuffer.allocate(1), 3_000_001_000L); // holes take no room
        }
        assertThatThrownBy(() -> Tokenizer.load(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("says that 3000000000 values follow");
    }
}
