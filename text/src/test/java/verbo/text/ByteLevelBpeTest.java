// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class ByteLevelBpeTest {
    private static final String TEXT = "low low low low low lower lower newest newest newest newest newest newest"
            + " widest widest widest\naaaa aaa aaaaa banana bananas\n";

    @TempDir
    Path folder;

    private static ByteLevelBpe train(String text, int size, long minimumCount, boolean separator) throws IOException {
        return ByteLevelBpe.train(Corpus.of("text", List.of(new Document("text", text))),
                new ByteLevelBpe.Training(size, minimumCount, separator, 1), Progress.NONE);
    }

    private static List<String> tokensFrom(Tokenizer tokenizer, int id) {
        List<String> tokens = new ArrayList<>();
        for (int i = id; i < tokenizer.size(); i++) {
            tokens.add(tokenizer.token(i));
        }
        return tokens;
    }

    /** The merges were made with Hugging Face's BpeTrainer 0.23.3 on the same text. */
    @Test
    void learnsTheMergesOfHuggingFace() throws IOException {
        ByteLevelBpe tokenizer = train(TEXT, 276, 0, false);
        assertThat(tokensFrom(tokenizer, 256)).containsExactly("aa", "es", "est", "lo", "low", "ew", "new", "Ġlow",
                "Ġnew", "Ġnewest", "an", "dest", "idest", "widest", "Ġwidest", "ban", "er", "Ġaa", "Ġban", "Ġlower");
        Encoding encoding = tokenizer.encodeWithOffsets("lowest bananas aaaaaa");
        assertThat(encoding.ids()).containsExactly(260, 258, 274, 266, 64, 82, 273, 256, 256);
        assertThat(encoding.tokens()).containsExactly("low", "est", "Ġban", "an", "a", "s", "Ġaa", "aa", "aa");
        assertThat(encoding.starts()).containsExactly(0, 3, 6, 10, 12, 13, 14, 17, 19);
        assertThat(encoding.ends()).containsExactly(3, 6, 10, 12, 13, 14, 17, 19, 21);
    }

    @Test
    void theSeparatorIsTheFirstId() throws IOException {
        ByteLevelBpe tokenizer = train(TEXT, 277, 0, true);
        assertThat(tokenizer.separator()).hasValue(0);
        assertThat(tokenizer.token(0)).isEqualTo("<|endoftext|>");
        assertThat(tokenizer.byteLength(0)).isZero();
        assertThat(tokenizer.encode("lowest bananas aaaaaa")).containsExactly(261, 259, 275, 267, 65, 83, 274, 257,
                257);
        assertThat(tokenizer.encode("low<|endoftext|> low")).containsExactly(261, 0, tokenizer.id("Ġlow"));
        assertThat(tokenizer.byteLength(tokenizer.id("Ġlow"))).isEqualTo(4);
        assertThat(tokenizer.id("no such token")).isEqualTo(-1);
    }

    @Test
    void stopsWhereAPairIsTooRareOrNothingIsLeft() throws IOException {
        // " a" is as frequent as "ab", but of higher ids; once "ab" is merged it is seen only once
        assertThat(tokensFrom(train("ab ab ac", 1000, 2, false), 256)).containsExactly("ab");
        assertThat(tokensFrom(train("ab", 1000, 0, false), 256)).containsExactly("ab");
        assertThat(train("", 256, 0, false).size()).isEqualTo(256);
        assertThatIllegalArgumentException().isThrownBy(() -> train("", 256, 0, true))
                .withMessageContaining("at least 257");
    }

    @Test
    void doesNotDependOnTheNumberOfThreads() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            documents.add(new Document("d" + i, TEXT.substring(random.nextInt(100)) + RandomTexts.next(random)));
        }
        Corpus corpus = Corpus.of("many", documents);
        List<String> json = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            json.add(ByteLevelBpe.train(corpus, new ByteLevelBpe.Training(600, 0, true, threads), Progress.NONE)
                    .json());
        }
        assertThat(json).allMatch(json.get(0)::equals);
    }

    @Test
    void everyTextComesBack() throws IOException {
        ByteLevelBpe tokenizer = train(TEXT + "é😀 é😀 中文 中文  \n\n\n", 300, 0, true);
        SplittableRandom random = new SplittableRandom(6);
        for (int i = 0; i < 5000; i++) {
            String text = RandomTexts.next(random);
            int[] ids = tokenizer.encode(text);
            assertThat(tokenizer.decode(ids)).isEqualTo(RandomTexts.wellFormed(text));
            Encoding encoding = tokenizer.encodeWithOffsets(text);
            assertThat(encoding.ids()).isEqualTo(ids);
            int bytes = 0;
            int reached = 0;
            for (int t = 0; t < ids.length; t++) {
                bytes += tokenizer.byteLength(ids[t]);
                assertThat(encoding.starts()[t]).isLessThanOrEqualTo(reached);
                assertThat(encoding.ends()[t]).isGreaterThan(encoding.starts()[t]);
                reached = encoding.ends()[t];
            }
            assertThat(reached).isEqualTo(text.length());
            assertThat(bytes).isEqualTo(Arrays.stream(text.split(Pattern.quote("<|endoftext|>"), -1))
                    .mapToInt(part -> part.getBytes(StandardCharsets.UTF_8).length).sum());
        }
    }

    @Test
    void offsetsOfPartsOfACharacterAreTheWholeCharacters() throws IOException {
        ByteLevelBpe tokenizer = train("", 256, 0, false);
        Encoding encoding = tokenizer.encodeWithOffsets("a😀é");
        assertThat(encoding.tokens()).containsExactly("a", "ð", "Ł", "ĺ", "Ģ", "Ã", "©");
        assertThat(encoding.starts()).containsExactly(0, 1, 1, 1, 1, 3, 3);
        assertThat(encoding.ends()).containsExactly(1, 3, 3, 3, 3, 4, 4);
    }

    @Test
    void streamsWithoutBreakingCharacters() throws IOException {
        ByteLevelBpe tokenizer = train("", 256, 0, false);
        Decoder decoder = tokenizer.decoder();
        int[] ids = tokenizer.encode("a😀");
        assertThat(Arrays.stream(ids).mapToObj(decoder::next)).containsExactly("a", "", "", "", "😀");
        assertThat(decoder.end()).isEmpty();
        decoder.next(ids[1]);
        assertThat(decoder.end()).isEqualTo("\uFFFD");
        assertThat(decoder.next(ids[0])).isEqualTo("a");
        assertThatIllegalArgumentException().isThrownBy(() -> decoder.next(256));

        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 5000; i++) {
            int[] any = random.ints(random.nextInt(12), 0, 256).toArray();
            StringBuilder text = new StringBuilder();
            for (int id : any) {
                text.append(decoder.next(id));
            }
            assertThat(text.append(decoder.end()).toString()).isEqualTo(tokenizer.decode(any));
        }
    }

    /** Long words go through a heap, short ones through a scan; both must do what the definition says. */
    @Test
    void mergesTheLowestRankFirst() throws IOException {
        ByteLevelBpe tokenizer = train("abab abba aab bab abc cab acb aaaa bbbb abcabc", 290, 0, false);
        SplittableRandom random = new SplittableRandom(8);
        for (int length : new int[]{1, 2, 3, 7, 20, 47, 48, 49, 50, 64, 65, 200, 1000}) {
            for (int i = 0; i < 40; i++) {
                StringBuilder word = new StringBuilder();
                for (int k = 0; k < length; k++) {
                    word.append((char) ('a' + random.nextInt(random.nextInt(3) + 1)));
                }
                String text = word.toString();
                assertThat(tokenizer.encode(text)).isEqualTo(merged(tokenizer, text));
            }
        }
    }

    /** The definition: of this training every merge makes a new token, so ranks are ids. */
    private static int[] merged(Tokenizer tokenizer, String word) {
        List<String> symbols = new ArrayList<>(List.of(word.split("")));
        while (true) {
            int best = Integer.MAX_VALUE;
            int at = -1;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int id = tokenizer.id(symbols.get(i) + symbols.get(i + 1));
                if (id >= 0 && id < best) {
                    best = id;
                    at = i;
                }
            }
            if (at < 0) {
                return symbols.stream().mapToInt(tokenizer::id).toArray();
            }
            symbols.set(at, symbols.get(at) + symbols.remove(at + 1));
        }
    }

    @Test
    void aLongTextIsTheSameInPieces() throws IOException {
        ByteLevelBpe tokenizer = train(TEXT, 300, 0, true);
        SplittableRandom random = new SplittableRandom(6);
        StringBuilder text = new StringBuilder();
        while (text.length() < 100_000) {
            text.append(RandomTexts.wellFormed(RandomTexts.next(random))).append("the low lower");
        }
        assertThat(tokenizer.encode(text.toString())).isEqualTo(tokenizer.encodeWithOffsets(text.toString()).ids());
    }

    @Test
    void oneMillionOfTheSameIsNoCliff() throws IOException {
        ByteLevelBpe tokenizer = train("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 261, 0, false);
        String text = "a".repeat(1_000_000);
        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        assertThat(tokenizer.decode(tokenizer.encode(" ".repeat(1_000_000)))).hasSize(1_000_000);
    }

    @Test
    void savedAndLoadedItIsTheSame() throws IOException {
        ByteLevelBpe tokenizer = train(TEXT, 277, 0, true);
        Path file = folder.resolve("tokenizer.json");
        tokenizer.save(file);
        Tokenizer loaded = Tokenizer.load(file);
        assertThat(loaded.toString()).isEqualTo(tokenizer.toString());
        assertThat(loaded.json()).isEqualTo(tokenizer.json());
        assertThat(loaded.separator()).hasValue(0);
        SplittableRandom random = new SplittableRandom(9);
        for (int i = 0; i < 500; i++) {
            String text = TEXT.substring(random.nextInt(100)) + RandomTexts.next(random);
            assertThat(loaded.encode(text)).isEqualTo(tokenizer.encode(text));
        }
        Files.writeString(file, tokenizer.json().replace("\"l o\"", "[\"l\", \"o\"]"));
        assertThat(Tokenizer.load(file).encode("low")).isEqualTo(tokenizer.encode("low"));
    }

    /** Most texts are in the form already, and are encoded as if there were no normaliser; tokens made of marks tell. */
    @Test
    void aFormIsOneWhateverTheWayToIt() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        String json = train(TEXT, 277, 0, false).json();
        List<String> marked = List.of("e\u0301", ">\u0338", "<x>", "<x>\u0338", "\u2126", "\ufb01", "\uac00\u11a8",
                "<e\u0301>",
                "<\u00e9>", "low", " ");
        SplittableRandom random = new SplittableRandom(4);
        for (String form : List.of("NFC", "NFD", "NFKC", "NFKD")) {
            for (String token : List.of("<x>", "<e\u0301>", "<\u00e9>")) {
                for (boolean normalized : new boolean[]{false, true}) {
                    Files.writeString(file, json
                            .replace("\"normalizer\": null", "\"normalizer\": {\"type\": \"" + form + "\"}")
                            .replace("\"added_tokens\": []", "\"added_tokens\": [{\"id\": 277, \"content\": \"" + token
                                    + "\", \"special\": true, \"normalized\": " + normalized + "}]"));
                    Tokenizer tokenizer = Tokenizer.load(file);
                    assertThat(tokenizer.size()).isEqualTo(278);
                    for (int n = 0; n < 200; n++) {
                        StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? RandomTexts.next(random) : "");
                        for (int i = random.nextInt(6); i >= 0; i--) {
                            text.append(marked.get(random.nextInt(marked.size())));
                        }
                        assertThat(tokenizer.encode(text.toString()))
                                .as("%s, %s, %s: %s", form, token, normalized, text)
                                .isEqualTo(tokenizer.encode(text.toString(), EncodingOptions.PLAIN).ids());
                    }
                }
            }
        }
    }

    @Test
    void bytesThatAVocabularyLacksAreLeftOut() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, """
                {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
                 "model": {"type": "BPE", "vocab": {"a": 0, "Ã": 1, "©": 2}, "merges": []}}""");
        Tokenizer tokenizer = Tokenizer.load(file);
        assertThat(tokenizer.encode("aé")).containsExactly(0, 1, 2);
        assertThat(tokenizer.encode("aéèa")).containsExactly(0, 1, 2, 1, 0);
    }

    @Test
    void offsetsLeaveSpacesOutWhereTheFileSaysSo() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        for (String prefix : List.of("true", "false")) {
            Files.writeString(file, train(TEXT, 277, 0, true).json().replaceFirst(
                    "(?s)(\"post_processor\": .*?\"add_prefix_space\": )true(,.*?)\"trim_offsets\": false",
                    "$1" + prefix + "$2\"trim_offsets\": true"));
            Encoding encoding = Tokenizer.load(file).encodeWithOffsets(" low low");
            assertThat(encoding.tokens()).containsExactly("Ġlow", "Ġlow");
            assertThat(encoding.starts()).containsExactly(prefix.equals("true") ? 0 : 1, 5);
            assertThat(encoding.ends()).containsExactly(4, 8);
        }
    }
}
