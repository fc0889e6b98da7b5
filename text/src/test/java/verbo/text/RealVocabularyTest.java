// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** GPT-2's own vocabulary against the ids that other libraries expect of it. */
class RealVocabularyTest {
    @TempDir
    Path folder;

    private Tokenizer gpt2 = CharacterTokenizer.of("-", false);

    /** GPT-2's two files as one tokenizer.json. */
    @BeforeEach
    void load() throws IOException {
        String vocabulary = Files.readString(RealData.file("tokenizers/gpt2/gpt2_bpe_encoder.json"));
        String merges = Files.readAllLines(RealData.file("tokenizers/gpt2/gpt2_bpe_vocab.bpe")).stream().skip(1)
                .map(line -> "\"" + line.replace("\\", "\\\\").replace("\"", "\\\"") + "\"")
                .collect(Collectors.joining(","));
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, """
                {"added_tokens": [{"id": 50256, "content": "<|endoftext|>", "special": true}],
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
                 "model": {"type": "BPE", "vocab":\s""" + vocabulary + ", \"merges\": [" + merges + "]}}");
        gpt2 = Tokenizer.load(folder);
    }

    @Test
    void hasGpt2sVocabulary() {
        assertThat(gpt2.size()).isEqualTo(50257);
        assertThat(gpt2.separator()).hasValue(50256);
        assertThat(gpt2.encode("Hello world")).containsExactly(15496, 995);
    }

    @Test
    void givesTheIdsOfTiktoken() throws IOException {
        List<List<String>> rows = csv(Files.readString(RealData.file("tokenizers/tiktoken/r50k_base_encodings.csv")));
        assertThat(rows).hasSizeGreaterThan(100);
        for (List<String> row : rows.subList(1, rows.size())) {
            int[] ids = gpt2.encode(row.get(0));
            assertThat(Arrays.toString(ids)).as(row.get(0)).isEqualTo(row.get(1));
            assertThat(gpt2.decode(ids)).isEqualTo(row.get(0));
        }
    }

    @Test
    void givesTheIdsOfLlamaCpp() throws IOException {
        String name = "tokenizers/llama-cpp/ggml-vocab-gpt-2.gguf";
        String[] texts = Files.readString(RealData.file(name + ".inp")).split("\n__ggml_vocab_test__\n", -1);
        List<String> expected = Files.readAllLines(RealData.file(name + ".out"));
        assertThat(expected.size()).isGreaterThan(30);
        for (int i = 0; i < expected.size(); i++) {
            String ids = Arrays.stream(gpt2.encode(texts[i])).mapToObj(Integer::toString)
                    .collect(Collectors.joining(" "));
            assertThat(ids).as(texts[i]).isEqualTo(expected.get(i).strip());
        }
    }

    @Test
    void loadsPhi2() throws IOException {
        Tokenizer phi = Tokenizer.load(RealData.file("tokenizers/hf-json/phi-2"));
        assertThat(phi.separator()).hasValue(50256);
        // runs of spaces are added tokens there
        assertThat(phi.encode("a\n        b")).containsExactly(64, 198, 50280, 65);
        assertThat(phi.decode(50280)).isEqualTo("        ");
        assertThat(phi.byteLength(50280)).isEqualTo(8);
    }

    /** Rows of quoted and unquoted cells. */
    private static List<List<String>> csv(String text) {
        List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' && quoted && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                cell.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (quoted || (c != ',' && c != '\n' && c != '\r')) {
                cell.append(c);
            } else if (c != '\r') {
                row.add(cell.toString());
                cell.setLength(0);
                if (c == '\n') {
                    rows.add(row);
                    row = new ArrayList<>();
                }
            }
        }
        return rows;
    }
}
