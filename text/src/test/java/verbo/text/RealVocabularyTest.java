// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    @ParameterizedTest
    @ValueSource(strings = {"r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base"})
    void builtInsGiveTheIdsThatJtokkitExpects(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.of(name);
        List<List<String>> rows = csv(
                Files.readString(RealData.file("tokenizers/tiktoken/" + name + "_encodings.csv")));
        assertThat(rows).hasSizeGreaterThan(100);
        for (List<String> row : rows.subList(1, rows.size())) {
            assertThat(Arrays.toString(tokenizer.encode(row.get(0)))).as(row.get(0)).isEqualTo(row.get(1));
        }
    }

    /** Its vocabularies, and two of which only the texts and the ids are there and the vocabulary comes from elsewhere. */
    @ParameterizedTest
    @CsvSource({"gpt-2,llama-cpp/ggml-vocab-gpt-2.gguf", "mpt,llama-cpp/ggml-vocab-mpt.gguf",
            "refact,llama-cpp/ggml-vocab-refact.gguf", "llama-spm,llama-cpp/ggml-vocab-llama-spm.gguf",
            "phi-3,llama-cpp/ggml-vocab-phi-3.gguf", "bert-bge,llama-cpp/ggml-vocab-bert-bge.gguf",
            "roberta-bpe,hf-json/roberta-base", "llama-bpe,llama3/llama3/tokenizer.model"})
    void givesTheIdsThatLlamaCppExpects(String name, String vocabulary) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(RealData.file("tokenizers/" + vocabulary));
        String expected = "tokenizers/llama-cpp/ggml-vocab-" + name + ".gguf";
        String[] texts = Files.readString(RealData.file(expected + ".inp")).split("\n__ggml_vocab_test__\n", -1);
        List<String> lines = Files.readAllLines(RealData.file(expected + ".out"));
        assertThat(lines.size()).isGreaterThan(30);
        for (int i = 0; i < lines.size(); i++) {
            String ids = Arrays.stream(tokenizer.encode(texts[i])).mapToObj(Integer::toString)
                    .collect(Collectors.joining(" "));
            assertThat(ids).as(texts[i]).isEqualTo(lines.get(i).strip());
        }
    }

    @Test
    void rankFilesHaveTheSpecialTokensOfTheirModels() throws IOException {
        Tokenizer llama4 = Tokenizer.load(RealData.file("tokenizers/llama3/llama4/tokenizer.model"));
        assertThat(llama4.size()).isEqualTo(202_048);
        assertThat(llama4.id("<|begin_of_text|>")).isEqualTo(200_000);
        assertThat(llama4.id("<|header_start|>")).isEqualTo(200_005);
        assertThat(llama4.id("<|text_post_train_reserved_special_token_68|>")).isEqualTo(200_079);
        assertThat(llama4.id("<|image_start|>")).isEqualTo(200_080);
        assertThat(llama4.id("<|vision_reserved_special_token_1047|>")).isEqualTo(201_133);
        assertThat(llama4.id("<|reasoning_thinking_end|>")).isEqualTo(201_143);
        assertThat(llama4.id("<|reserved_special_token_0|>")).isEqualTo(201_144);
        Tokenizer whisper = Tokenizer.load(RealData.file("tokenizers/whisper/multilingual.tiktoken"));
        assertThat(whisper.size()).isEqualTo(51_865);
        assertThat(whisper.id("<|startoftranscript|>")).isEqualTo(50_258);
        assertThat(whisper.id("<|su|>")).isEqualTo(50_357);
        assertThat(whisper.id("<|notimestamps|>")).isEqualTo(50_363);
        assertThat(whisper.id("<|30.00|>")).isEqualTo(51_864);
        // special tokens are text, unless they are allowed
        assertThat(llama4.encode("<|eot|>")).hasSizeGreaterThan(1);
        assertThat(llama4.encode("<|eot|>", EncodingOptions.PLAIN.withWritten(EncodingOptions.Written.TOKENS)).ids())
                .containsExactly(200_008);
    }

    /** Ids alone come of stretches that are encoded once, ids with offsets of the whole text. */
    @ParameterizedTest
    @ValueSource(strings = {"llama2/tokenizer.model", "mistral/mistral_instruct_tokenizer_240323.model.v3",
            "hf-json/nmt/vocab.joint.spm", "hf-json/t5-small", "hf-json/phi-2",
            "bert-base-cased/bert-base-cased.json"})
    void stretchesGiveTheIdsOfTheWhole(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(RealData.file("tokenizers/" + name));
        int[] characters = "ab  ,.\u2581\u00A0\t\u3000\u00E9\u6C34\u0301\u200B\u00AD\uFB01A1\u0007\uD83D\uDE00"
                .codePoints()
                .toArray();
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 5000; i++) {
            int[] drawn = random.ints(random.nextInt(14), 0, characters.length).map(c -> characters[c]).toArray();
            String text = new String(drawn, 0, drawn.length);
            assertThat(tokenizer.encode(text)).as(text).isEqualTo(tokenizer.encodeWithOffsets(text).ids());
        }
        StringBuilder many = new StringBuilder(); // a text that is taken in pieces
        while (many.length() < 60_000) {
            many.append(many.length() % 7 < 3 ? " a b" : " A").appendCodePoint(
                    characters[random.nextInt(characters.length)]);
        }
        assertThat(tokenizer.encode(many.toString())).isEqualTo(tokenizer.encodeWithOffsets(many.toString()).ids());
        // what stands before the last spaces is one with them
        assertThat(tokenizer.encode("Aba\u2581 ")).isEqualTo(tokenizer.encodeWithOffsets("Aba\u2581 ").ids());
    }

    @Test
    void readsLlama2c() throws IOException {
        Tokenizer small = Tokenizer.load(RealData.file("models/stories260K/tok512.bin"));
        assertThat(small.size()).isEqualTo(512);
        String[] story = Files.readString(RealData.file("models/stories260K/expected_greedy_200steps.txt")).split("\n");
        assertThat(small.decode(small.encode(story[0]))).isEqualTo(story[0]);
    }

    /** Where the sum before a word changes how sentencepiece 0.2.3 writes it: at 65,536, and where it begins again from zero. */
    @ParameterizedTest
    @CsvSource({"0, car", "18272, car", "18273, card", "27881, card", "27882, car", "46155, car", "46156, card",
            "55764, card", "55765, car"})
    void scoresAddUpOverTheWholeText(int before, String first) throws IOException {
        Tokenizer nmt = Tokenizer.load(RealData.file("tokenizers/hf-json/nmt/vocab.joint.spm"));
        String text = "the ".repeat(before) + "cardiac ";
        assertThat(nmt.token(nmt.encode(text)[before])).isEqualTo(first);
        assertThat(nmt.encodeWithOffsets(text).tokens()[before]).isEqualTo(first);
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
                    if (row.size() > 1) { // one file ends with an empty line
                        rows.add(row);
                    }
                    row = new ArrayList<>();
                }
            }
        }
        return rows;
    }
}
