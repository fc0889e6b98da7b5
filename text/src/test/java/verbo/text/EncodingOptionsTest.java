// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** Merges left out, padding, windows, and strings that are no UTF-16. */
class EncodingOptionsTest {
    private static final String TEXT = "The quick brown fox, 12345 jumps — over the lazy dog's naïve 😀.";

    private static Tokenizer abc() throws IOException {
        return TokenizerJson.read(Path.of("abc.json"), """
                {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "[PAD]": 5},
                 "merges": ["a b", "ab c"]}}""");
    }

    @Test
    void dropoutLeavesOutEachMergeWithItsProbability() throws IOException {
        Tokenizer tokenizer = abc();
        double share = 0.3;
        Map<List<String>, Integer> seen = new HashMap<>();
        int draws = 20_000;
        for (int seed = 0; seed < draws; seed++) {
            seen.merge(List.of(tokenizer.encode("abc", EncodingOptions.PLAIN.withDropout(share, seed)).tokens()), 1,
                    Integer::sum);
        }
        // four standard deviations at most
        assertThat(seen.getOrDefault(List.of("a", "b", "c"), 0) / (double) draws).isCloseTo(share, within(0.013));
        assertThat(seen.getOrDefault(List.of("ab", "c"), 0) / (double) draws).isCloseTo((1 - share) * share,
                within(0.012));
        assertThat(seen.getOrDefault(List.of("abc"), 0) / (double) draws).isCloseTo((1 - share) * (1 - share),
                within(0.0142));
        assertThat(seen).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "o200k_base"})
    void dropoutCutsWordsInOtherWaysButNotTheText(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.of(name);
        EncodingOptions some = EncodingOptions.PLAIN.withDropout(0.2, 7);
        Encoding encoding = tokenizer.encode(TEXT, some);
        assertThat(tokenizer.decode(encoding.ids())).isEqualTo(TEXT);
        assertThat(encoding.length()).isGreaterThan(tokenizer.encode(TEXT).length);
        assertThat(tokenizer.encode(TEXT, some).ids()).isEqualTo(encoding.ids());
        assertThat(tokenizer.encode(TEXT, some.withDropout(0.2, 8)).ids()).isNotEqualTo(encoding.ids());
        assertThat(tokenizer.encode(TEXT, some.withDropout(0, 7)).ids()).isEqualTo(tokenizer.encode(TEXT));
        Encoding bytes = tokenizer.encode("dogs <|endoftext|>", some.withDropout(1, 7));
        assertThat(bytes.length()).isEqualTo("dogs <|endoftext|>".length());
        assertThat(bytes.codePointOffsets("dogs <|endoftext|>")[3]).containsExactly(3, 4);
        List<Encoding> batch = tokenizer.encodeAll(List.of(TEXT, TEXT), some);
        assertThat(batch.get(0).ids()).isNotEqualTo(batch.get(1).ids());
        assertThat(tokenizer.encodeAll(List.of(TEXT, TEXT), some).get(1).ids()).isEqualTo(batch.get(1).ids());
    }

    @Test
    void dropoutOfAFileIsKeptButNotApplied() throws IOException {
        String json = """
                {"model": {"type": "BPE", "dropout": 0.5, "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4},
                 "merges": ["a b", "ab c"]}}""";
        Tokenizer tokenizer = TokenizerJson.read(Path.of("abc.json"), json);
        for (int i = 0; i < 50; i++) {
            assertThat(tokenizer.encode("abcab")).containsExactly(4, 3);
        }
        assertThat(tokenizer.json()).isEqualTo(json);
        assertThatThrownBy(() -> TokenizerJson.read(Path.of("abc.json"), json.replace("0.5", "1.5")))
                .hasMessage("abc.json: model.dropout: must be a number from 0 to 1");
    }

    @Test
    void dropoutIsRefusedWithoutMerges() throws IOException {
        EncodingOptions options = EncodingOptions.PLAIN.withDropout(0.1, 1);
        for (Tokenizer tokenizer : List.of(Tokenizer.of("char"), words())) {
            assertThatThrownBy(() -> tokenizer.encode("a b", options)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("dropout leaves out merges");
        }
        assertThatThrownBy(() -> options.withDropout(1.5, 1)).hasMessage("dropout must be from 0 to 1, not 1.5");
    }

    private static Tokenizer words() throws IOException {
        return TokenizerJson.read(Path.of("words.json"), """
                {"pre_tokenizer": {"type": "WhitespaceSplit"},
                 "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "[UNK]": 2}, "unk_token": "[UNK]"}}""");
    }

    @Test
    void padsToTheLongestToALengthAndToAMultiple() throws IOException {
        Tokenizer tokenizer = abc();
        List<Encoding> batch = tokenizer.encodeAll(List.of("abc", "cc", ""), EncodingOptions.PLAIN);
        Padding padding = Padding.toLongest(tokenizer, "[PAD]");
        List<Encoding> longest = padding.apply(batch);
        assertThat(longest.get(0).ids()).containsExactly(4, 5);
        assertThat(longest.get(1).ids()).containsExactly(2, 2);
        assertThat(longest.get(2).ids()).containsExactly(5, 5);
        assertThat(longest.get(0).attention()).containsExactly(true, false);
        assertThat(longest.get(0).special()).containsExactly(false, true);
        assertThat(longest.get(0).words()).containsExactly(0, -1);
        assertThat(padding.withMultiple(3).onTheLeft().apply(batch).get(1).tokens()).containsExactly("[PAD]", "c", "c");
        assertThat(padding.withLength(4).apply(batch).get(0).ids()).containsExactly(4, 5, 5, 5);
        Encoding windows = tokenizer.encode("ccccc", EncodingOptions.PLAIN.withWindows(3, 1));
        assertThat(padding.apply(List.of(windows)).get(0).overflowing()).extracting(Encoding::length)
                .containsExactly(3);
        assertThatThrownBy(() -> Padding.toLongest(tokenizer, "<pad>"))
                .hasMessage("the tokenizer (BPE, 6 ids) has no token \"<pad>\" to pad with");
    }

    @Test
    void windowsOfAnyTokenizerCoverItsTokens() throws IOException {
        for (Tokenizer tokenizer : List.of(Tokenizer.of("gpt2"), Tokenizer.of("byte"), Tokenizer.of("char"),
                Tokenizer.of("word"))) {
            int[] whole = tokenizer.encode(TEXT);
            Encoding first = tokenizer.encode(TEXT, EncodingOptions.PLAIN.withWindows(7, 3));
            List<Encoding> windows = new ArrayList<>(List.of(first));
            windows.addAll(first.overflowing());
            for (int w = 0; w < windows.size(); w++) {
                int[] ids = windows.get(w).ids();
                for (int i = 0; i < ids.length; i++) {
                    assertThat(ids[i]).isEqualTo(whole[4 * w + i]);
                }
            }
            assertThat(4 * (windows.size() - 1) + windows.getLast().length()).isEqualTo(whole.length);
        }
    }

    @Test
    void wordsAreNumberedAsTheyCome() throws IOException {
        Tokenizer tokenizer = Tokenizer.of("word");
        assertThat(tokenizer.encode("The cat saw the cat.")).containsExactly(0, 1, 2, 3, 1, 4);
        assertThat(tokenizer.encodeAll(List.of(" dog", " cat dog"), EncodingOptions.PLAIN).get(1).ids())
                .containsExactly(1, 5);
        assertThat(tokenizer.token(3)).isEqualTo(" the");
        Tokenizer lasting = TokenizerJson.read(Path.of("words.json"), tokenizer.json());
        assertThat(lasting.encode(" dog saw her")).containsExactly(5, 2, 6);
        assertThat(lasting.decode(5, 2, 1)).isEqualTo(" dog saw cat");
        assertThatThrownBy(() -> tokenizer.decode(6)).hasMessage("no word has the id 6; 6 were seen so far");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "p50k_base", "cl100k_base", "o200k_base", "byte", "char", "word"})
    void anyStringIsEncodedAndALoneSurrogateIsAQuestionMark(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.of(name);
        Random random = new Random(5);
        for (int n = 0; n < 3000; n++) {
            char[] chars = new char[random.nextInt(12)];
            for (int i = 0; i < chars.length; i++) {
                chars[i] = (char) switch (random.nextInt(4)) {
                    case 0 -> Character.MIN_SURROGATE + random.nextInt(2048);
                    case 1 -> random.nextInt(65536);
                    case 2 -> ' ';
                    default -> 'a' + random.nextInt(26);
                };
            }
            String text = new String(chars);
            String taken = new String(text.getBytes(StandardCharsets.UTF_8),
                    StandardCharsets.UTF_8);
            int[] ids = tokenizer.encode(text);
            assertThat(tokenizer.decode(ids)).isEqualTo(taken);
            Encoding encoding = tokenizer.encodeWithOffsets(text);
            assertThat(encoding.ids()).isEqualTo(ids);
            assertThat(ids).isEqualTo(tokenizer.encode(taken));
            int[][] offsets = encoding.codePointOffsets(text);
            if (ids.length > 0) {
                assertThat(offsets[0][0]).isZero();
                assertThat(offsets[ids.length - 1][1]).isEqualTo(text.codePointCount(0, text.length()));
            }
        }
    }

    @Test
    void windowsWithoutRoomAreRefused() throws IOException {
        Tokenizer tokenizer = TokenizerJson.read(Path.of("t.json"), """
                {"added_tokens": [], "post_processor": {"type": "BertProcessing", "sep": ["b", 1], "cls": ["a", 0]},
                 "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "c": 2}, "unk_token": "c"},
                 "pre_tokenizer": {"type": "Whitespace"}}""");
        assertThat(tokenizer.encode("c c", EncodingOptions.SPECIAL.withWindows(3, 0)).ids()).containsExactly(0, 2, 1);
        assertThatThrownBy(() -> tokenizer.encode("c c", EncodingOptions.SPECIAL.withWindows(2, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("windows of 2 tokens have no room beside the 2 that are added");
    }

    @Test
    void offsetsAreInTheTextThatIsGiven() throws IOException {
        Tokenizer tokenizer = TokenizerJson.read(Path.of("t.json"), """
                {"added_tokens": [], "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"},
                 "pre_tokenizer": {"type": "Whitespace"}}""");
        assertThat(tokenizer.encode("\uD83D\uDE42 b", EncodingOptions.PLAIN).codePointOffsets("\uD83D\uDE42 b"))
                .isDeepEqualTo(new int[][]{{0, 1}, {2, 3}});
        Encoding pair = tokenizer.encode("a", "b b \uD83D\uDE42", EncodingOptions.PLAIN);
        assertThat(pair.codePointOffsets("b")).hasDimensions(4, 2); // what is said of the other text has no meaning
        assertThat(pair.codePointOffsets("b b \uD83D\uDE42")[3]).containsExactly(4, 5);
    }
}
