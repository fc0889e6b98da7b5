// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Malformed files must be refused with a {@link FormatException}, never crash or hang. In the ordinary build the inputs
 * under {@code src/test/resources} are tried; {@code JAZZER_FUZZ=1 mvn test -pl text -Dtest=ReadersFuzzTest#tokenizerJson}
 * looks for new ones.
 */
class ReadersFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void tokenizerJson(byte[] bytes) {
        try {
            Tokenizer tokenizer = TokenizerJson.read(Path.of("tokenizer.json"),
                    new String(bytes, StandardCharsets.UTF_8));
            for (int id = 0; id < tokenizer.size(); id++) {
                tokenizer.decode(id);
            }
            tokenizer.encodeWithOffsets("low\n aab 😀<|endoftext|>");
        } catch (FormatException e) {
            // refused, as it should be
        } catch (IllegalArgumentException e) {
            // a vocabulary that lacks something, ids with gaps
            if (!String.valueOf(e.getMessage())
                    .matches("(?s).*(is not in the tokenizer's vocabulary|no token has the id).*")) {
                throw e;
            }
        }
    }

    /** Ranks, SentencePiece models, vocabularies: whatever the bytes look like. */
    @FuzzTest(maxDuration = "60s")
    void tokenizerFile(byte[] bytes) throws IOException {
        try {
            Tokenizer tokenizer = TokenizerFile.read(Path.of("none", "tokenizer"), bytes, "gpt2");
            tokenizer.encodeWithOffsets("low\n aab 😀<|endoftext|>");
        } catch (FormatException | NoSuchFileException e) {
            // refused, as it should be
        } catch (IllegalArgumentException e) {
            if (!String.valueOf(e.getMessage()).contains("is not in the tokenizer's vocabulary")) {
                throw e;
            }
        }
    }

    @FuzzTest(maxDuration = "60s")
    void sentencePiece(byte[] bytes) {
        try {
            used(SentencePieceFile.read(Path.of("tokenizer.model"), bytes));
        } catch (FormatException e) {
            // refused, as it should be
        }
    }

    @FuzzTest(maxDuration = "60s")
    void ranks(byte[] bytes) {
        try {
            used(BuiltIn.of(RankFile.read(Path.of("ranks"), bytes), "cl100k_base"));
        } catch (FormatException e) {
            // refused, as it should be
        }
    }

    /** Two files in one: what follows the first empty line is merges.txt. */
    @FuzzTest(maxDuration = "60s")
    void vocabularyAndMerges(byte[] bytes) throws IOException {
        String both = new String(bytes, StandardCharsets.UTF_8);
        int cut = both.indexOf("\n\n");
        Path folder = Files.createTempDirectory("vocabulary");
        Path vocabulary = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        try {
            Files.writeString(vocabulary, cut < 0 ? both : both.substring(0, cut));
            Files.writeString(merges, cut < 0 ? "" : both.substring(cut + 2));
            used(TokenizerFile.load(vocabulary, null));
        } catch (FormatException | NoSuchFileException e) {
            // refused, as it should be
        } finally {
            Files.delete(vocabulary);
            Files.delete(merges);
            Files.delete(folder);
        }
    }

    private static void used(Tokenizer tokenizer) {
        try {
            tokenizer.encodeWithOffsets("low\n aab 😀<|endoftext|>");
            tokenizer.decode(tokenizer.encode("low\n aab 😀<|endoftext|>"));
        } catch (IllegalArgumentException e) {
            if (!String.valueOf(e.getMessage()).contains("is not in the tokenizer's vocabulary")) {
                throw e;
            }
        }
    }

    @FuzzTest(maxDuration = "60s")
    void gguf(byte[] bytes) throws IOException {
        Path path = Files.createTempFile("vocabulary", ".gguf");
        try {
            Files.write(path, bytes);
            GgufVocabulary.load(path).encodeWithOffsets("low\n aab 😀<|endoftext|>");
        } catch (FormatException e) {
            // refused, as it should be
        } catch (IllegalArgumentException e) {
            if (!String.valueOf(e.getMessage()).contains("is not in the tokenizer's vocabulary")) {
                throw e;
            }
        } finally {
            Files.delete(path);
        }
    }

    @FuzzTest(maxDuration = "60s")
    void tokenFile(byte[] bytes) throws IOException {
        Path path = Files.createTempFile("tokens", ".bin");
        try {
            Files.write(path, bytes);
            try (TokenFile file = TokenFile.open(path)) {
                for (long i = 0; i < file.length(); i++) {
                    file.get(i);
                }
                for (long d = 0; d <= file.documents(); d++) {
                    file.documentStart(d);
                }
            }
        } catch (FormatException e) {
            // refused, as it should be
        } finally {
            Files.delete(path);
        }
    }
}
