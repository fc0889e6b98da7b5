// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

class WordLevelTokenizerTest {
    private static final String TEXT = " the cat saw the dog \n \n the <unk> ran\tfast \n";

    private static WordLevelTokenizer train(String text, int most, int minimumCount) throws IOException {
        return WordLevelTokenizer.train(Corpus.of("text", List.of(new Document("text", text))), most, minimumCount);
    }

    @Test
    void wordsInTheOrderOfFrequency() throws IOException {
        WordLevelTokenizer tokenizer = train(TEXT, Integer.MAX_VALUE, 1);
        assertThat(tokenizer.size()).isEqualTo(8);
        assertThat(tokenizer.token(0)).isEqualTo("<eos>"); // three each: of equals the first
        assertThat(tokenizer.token(1)).isEqualTo("the");
        assertThat(tokenizer.token(2)).isEqualTo("<unk>");
        assertThat(tokenizer.encode(TEXT)).containsExactly(1, 3, 4, 1, 5, 0, 0, 1, 2, 6, 7, 0);
        assertThat(tokenizer.encode("the bird\nran")).containsExactly(1, 2, 0, 6);
        assertThat(tokenizer.decode(1, 3, 0, 6)).isEqualTo("the cat\nran");
    }

    @Test
    void rareWordsAreLeftOutAndTheSpecialOnesStay() throws IOException {
        assertThat(train(TEXT, Integer.MAX_VALUE, 2).size()).isEqualTo(3);
        assertThat(train(TEXT, 4, 1).size()).isEqualTo(4);
        assertThat(train("a a a b", 3, 1).encode("a b\n")).containsExactly(0, 2, 1);
    }

    /** The file is read back as this tokenizer, and says the same to a pipeline of its parts. */
    @Test
    void itsFileSaysTheSame(@TempDir Path folder) throws IOException {
        WordLevelTokenizer tokenizer = train(TEXT, Integer.MAX_VALUE, 1);
        Path file = folder.resolve("tokenizer.json");
        tokenizer.save(file);
        Tokenizer again = Tokenizer.load(file);
        assertThat(again).isInstanceOf(WordLevelTokenizer.class);
        assertThat(again.encode(TEXT + " bird")).containsExactly(tokenizer.encode(TEXT + " bird"));
        Tokenizer parts = TokenizerJson.read(file, tokenizer.json().replace("\"decoder\": null",
                "\"decoder\": {\"type\": \"Fuse\"}"));
        assertThat(parts).isInstanceOf(Pipeline.class);
        assertThat(parts.encode(TEXT + " bird")).containsExactly(tokenizer.encode(TEXT + " bird"));
    }

    @Test
    void placesOfWords() throws IOException {
        Encoding encoding = train(TEXT, Integer.MAX_VALUE, 1).encodeWithOffsets(" the  cat\n");
        assertThat(encoding.tokens()).containsExactly("the", "cat", "<eos>");
        assertThat(encoding.starts()).containsExactly(1, 6, 9);
        assertThat(encoding.ends()).containsExactly(4, 9, 10);
    }

    @Test
    void halfACharacterIsReadAsItIsLearnt() throws IOException {
        WordLevelTokenizer tokenizer = WordLevelTokenizer
                .train(Corpus.of("t", List.of(new Document("d", "a\uD800 b"))), 10, 1);
        assertThat(tokenizer.encode("a\uD800")).containsExactly(tokenizer.id("a?"));
    }
}
