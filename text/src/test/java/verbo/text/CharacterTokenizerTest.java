// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class CharacterTokenizerTest {
    @TempDir
    Path folder;

    @Test
    void idsAreTheSortedCodePoints() throws IOException {
        CharacterTokenizer tokenizer = CharacterTokenizer.train(
                Corpus.of("two", List.of(new Document("a", "ba\n"), new Document("b", "😀é\uFFFFa"))), false);
        assertThat(tokenizer.size()).isEqualTo(6);
        assertThat(tokenizer.encode("\nabé\uFFFF😀")).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(tokenizer.decode(5, 0, 5)).isEqualTo("😀\n😀");
        assertThat(tokenizer.separator()).isEmpty();
        assertThat(tokenizer.id("😀")).isEqualTo(5);
        assertThat(tokenizer.id("z")).isEqualTo(-1);
        assertThat(tokenizer.id("ab")).isEqualTo(-1);
        assertThat(tokenizer.byteLength(5)).isEqualTo(4);
        assertThat(tokenizer.byteLength(3)).isEqualTo(2);
    }

    @Test
    void theSeparatorIsTheLastId() {
        CharacterTokenizer tokenizer = CharacterTokenizer.of("ab", true);
        assertThat(tokenizer.size()).isEqualTo(3);
        assertThat(tokenizer.separator()).hasValue(2);
        assertThat(tokenizer.token(2)).isEqualTo("<|endoftext|>");
        assertThat(tokenizer.id("<|endoftext|>")).isEqualTo(2);
        assertThat(tokenizer.byteLength(2)).isZero();
        assertThat(tokenizer.encode("a<|endoftext|>b")).containsExactly(0, 2, 1);
        assertThat(tokenizer.decode(0, 2, 1)).isEqualTo("a<|endoftext|>b");
    }

    @Test
    void namesTheCharacterThatIsNotThere() {
        CharacterTokenizer tokenizer = CharacterTokenizer.of("ab", false);
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("ab😀"))
                .withMessage("the character '😀' U+1F600 at index 2 is not in the tokenizer's vocabulary");
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("a\n"))
                .withMessage("the character U+000A at index 1 is not in the tokenizer's vocabulary");
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("\ud800"))
                .withMessage("the character U+D800 at index 0 is not in the tokenizer's vocabulary");
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.decode(0, 2))
                .withMessage("no token has the id 2; ids are below 2");
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.token(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.byteLength(2));
        assertThatIllegalArgumentException().isThrownBy(() -> CharacterTokenizer.of("", false));
    }

    @Test
    void offsetsAreUtf16Units() {
        Encoding encoding = CharacterTokenizer.of("a😀", true).encodeWithOffsets("😀a<|endoftext|>a");
        assertThat(encoding.ids()).containsExactly(1, 0, 2, 0);
        assertThat(encoding.tokens()).containsExactly("😀", "a", "<|endoftext|>", "a");
        assertThat(encoding.starts()).containsExactly(0, 2, 3, 16);
        assertThat(encoding.ends()).containsExactly(2, 3, 16, 17);
    }

    @Test
    void savedAndLoadedItIsTheSame() throws IOException {
        SplittableRandom random = new SplittableRandom(4);
        StringBuilder all = new StringBuilder("?\u2028\"\\");
        for (int i = 0; i < 300; i++) {
            all.append(RandomTexts.next(random));
        }
        CharacterTokenizer tokenizer = CharacterTokenizer.of(all.toString(), true);
        tokenizer.save(folder.resolve("tokenizer.json"));
        Tokenizer loaded = Tokenizer.load(folder);
        assertThat(loaded).isInstanceOf(CharacterTokenizer.class);
        assertThat(loaded.json()).isEqualTo(tokenizer.json());
        assertThat(loaded.size()).isEqualTo(tokenizer.size());
        assertThat(loaded.separator()).isEqualTo(tokenizer.separator());
        random = new SplittableRandom(4);
        for (int i = 0; i < 300; i++) {
            String text = RandomTexts.next(random);
            int[] ids = loaded.encode(text);
            assertThat(ids).isEqualTo(tokenizer.encode(text)).isEqualTo(tokenizer.encodeWithOffsets(text).ids());
            assertThat(loaded.decode(ids)).isEqualTo(RandomTexts.wellFormed(text));
        }
    }

    @Test
    void theFileIsAsHuggingFaceReadsIt() {
        assertThat(CharacterTokenizer.of("\"b", true).json()).isEqualTo("""
                {
                  "version": "1.0",
                  "truncation": null,
                  "padding": null,
                  "added_tokens": [
                    {
                      "id": 2,
                      "content": "<|endoftext|>",
                      "single_word": false,
                      "lstrip": false,
                      "rstrip": false,
                      "normalized": false,
                      "special": true
                    }
                  ],
                  "normalizer": null,
                  "pre_tokenizer": null,
                  "post_processor": null,
                  "decoder": {
                    "type": "Fuse"
                  },
                  "model": {
                    "type": "BPE",
                    "dropout": null,
                    "unk_token": null,
                    "continuing_subword_prefix": null,
                    "end_of_word_suffix": null,
                    "fuse_unk": false,
                    "byte_fallback": false,
                    "ignore_merges": false,
                    "vocab": {
                      "\\"": 0,
                      "b": 1
                    },
                    "merges": []
                  }
                }
                """);
    }
}
