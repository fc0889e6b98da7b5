// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/** Small pipelines against what Hugging Face's tokenizers gives of the same files. */
class PipelineTest {
    private static final String BERT = """
            {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [
              {"id": 0, "content": "[UNK]", "special": true}, {"id": 1, "content": "[CLS]", "special": true},
              {"id": 2, "content": "[SEP]", "special": true}],
             "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
              "strip_accents": null, "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
             "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true}, "mystery": {"kept": [1.5, null]},
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 10,
              "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "un": 3, "##want": 4, "##ed": 5, "runn": 6, "##ing": 7,
               ",": 8, "中": 9, "e": 10, "##e": 11}}}""";

    private static Tokenizer read(String json) throws FormatException {
        return TokenizerJson.read(Path.of("tokenizer.json"), json);
    }

    private static String offsets(String text, Encoding encoding) {
        return Arrays.deepToString(encoding.codePointOffsets(text));
    }

    @Test
    void wordPieceAsBert() throws FormatException {
        Tokenizer bert = read(BERT);
        String text = "😀 UNwantéd,中running\u0000x";
        Encoding encoding = bert.encode(text, EncodingOptions.SPECIAL);
        assertThat(encoding.tokens()).containsExactly("[CLS]", "[UNK]", "un", "##want", "##ed", ",", "中", "[UNK]",
                "[SEP]");
        assertThat(offsets(text, encoding)).isEqualTo(
                "[[0, 0], [0, 1], [2, 4], [4, 8], [8, 10], [10, 11], [11, 12], [12, 21], [0, 0]]");
        assertThat(encoding.special()).containsExactly(true, false, false, false, false, false, false, false, true);
        assertThat(encoding.words()).containsExactly(-1, 0, 1, 1, 1, 2, 3, 4, -1);
        assertThat(bert.encode(text)).containsExactly(0, 3, 4, 5, 8, 9, 0);
        assertThat(bert.decode(1, 3, 4, 5, 8, 2)).isEqualTo("[CLS] unwanted, [SEP]");
        assertThat(bert.isSpecial(1)).isTrue();
        assertThat(bert.json()).isEqualTo(BERT);
    }

    @Test
    void chineseCharactersStandAloneOnlyWhereTheNormaliserSaysSo() throws FormatException {
        Tokenizer bert = read(BERT.replace("\"handle_chinese_chars\": true", "\"handle_chinese_chars\": false"));
        assertThat(bert.encode("中 中中 un中")).containsExactly(9, 0, 0);
        assertThat(bert.encodeWithOffsets("中 中中 un中").ids()).containsExactly(9, 0, 0);
    }

    @Test
    void pairsAndWindows() throws FormatException {
        Tokenizer bert = read(BERT);
        Encoding pair = bert.encode("un", "running , e", EncodingOptions.SPECIAL);
        assertThat(pair.ids()).containsExactly(1, 3, 2, 6, 7, 8, 10, 2);
        assertThat(pair.types()).containsExactly(0, 0, 0, 1, 1, 1, 1, 1);
        Encoding windows = bert.encode("un", "running , e", EncodingOptions.SPECIAL.withWindows(6, 1));
        assertThat(windows.ids()).containsExactly(1, 3, 2, 6, 7, 2);
        assertThat(windows.overflowing()).hasSize(2);
        assertThat(windows.overflowing().get(0).ids()).containsExactly(1, 3, 2, 7, 8, 2);
        assertThat(windows.overflowing().get(1).ids()).containsExactly(1, 3, 2, 8, 10, 2);
        assertThat(offsets("running , e", windows.overflowing().get(1)))
                .isEqualTo("[[0, 0], [0, 2], [0, 0], [8, 9], [10, 11], [0, 0]]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bert.encode("un", "running , e", EncodingOptions.SPECIAL.withWindows(5, 1)))
                .withMessageContaining("cannot share 1");
    }

    private static final String METASPACE = """
            {"added_tokens": [{"id": 0, "content": "<unk>", "special": true},
              {"id": 7, "content": "<m>", "special": true, "lstrip": true}],
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
             "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
             "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": [["<unk>", 0.0],
              ["▁", -3.0], ["▁hel", -1.5], ["lo", -1.0], ["▁he", -1.0], ["llo", -1.4], ["l", -9.0]]}}""";

    @Test
    void unigramAsSentencePiece() throws FormatException {
        Tokenizer tokenizer = read(METASPACE);
        String text = "hello  🙃🙃 <m>lo";
        Encoding encoding = tokenizer.encodeWithOffsets(text);
        assertThat(encoding.tokens()).containsExactly("▁he", "llo", "▁", "▁", "🙃🙃", " <m>", "▁", "lo");
        assertThat(offsets(text, encoding)).isEqualTo(
                "[[0, 2], [2, 5], [5, 6], [6, 7], [7, 9], [9, 13], [13, 14], [13, 15]]");
        assertThat(tokenizer.decode(4, 5, 2, 3)).isEqualTo("hello hello");
        Decoder decoder = tokenizer.decoder();
        assertThat(decoder.next(4) + decoder.next(5) + decoder.next(2) + decoder.next(3) + decoder.end())
                .isEqualTo("hello hello");
    }

    @Test
    void bpeWithByteFallbackAndUnknowns() throws FormatException {
        String json = """
                {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                  {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
                 "decoder": {"type": "Sequence", "decoders": [
                  {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
                  {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
                 "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                  "vocab": {"<unk>": 0, "<0xC3>": 1, "<0xA9>": 2, "▁": 3, "a": 4, "▁a": 5}, "merges": ["▁ a"]}}""";
        Tokenizer tokenizer = read(json);
        Encoding encoding = tokenizer.encodeWithOffsets("aéxx a");
        assertThat(encoding.ids()).containsExactly(5, 1, 2, 0, 5);
        assertThat(offsets("aéxx a", encoding)).isEqualTo("[[0, 1], [1, 2], [1, 2], [2, 4], [4, 6]]");
        assertThat(tokenizer.decode(5, 1, 2, 5)).isEqualTo("aé a");
        assertThat(tokenizer.decode(5, 1, 5)).isEqualTo("a\uFFFD a");
        Decoder decoder = tokenizer.decoder();
        assertThat(decoder.next(5)).isEqualTo("a");
        assertThat(decoder.next(1)).isEmpty();
        assertThat(decoder.next(2)).isEqualTo("é");
        assertThat(decoder.end()).isEmpty();
    }

    @Test
    void bytesThatAreNoTextAreTokensOfTheirOwn() throws FormatException {
        Tokenizer tokenizer = read("""
                {"decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"},
                  {"type": "WordPiece", "prefix": "##", "cleanup": false}]},
                 "model": {"type": "BPE", "byte_fallback": true, "vocab": {"<0xC3>": 0, "<0xA9>": 1, "a": 2},
                  "merges": []}}""");
        assertThat(tokenizer.decode(2, 0, 0, 2)).isEqualTo("a \uFFFD \uFFFD a");
        assertThat(tokenizer.decode(2, 0, 1, 2)).isEqualTo("a é a");
    }

    @Test
    void aStreamIsNotCutWithinBytesInARow() throws FormatException {
        Tokenizer tokenizer = read("""
                {"decoder": {"type": "ByteFallback"}, "model": {"type": "BPE", "byte_fallback": true,
                  "vocab": {"<0xC3>": 0, "<0xA9>": 1, "<0x61>": 2}, "merges": []}}""");
        Decoder decoder = tokenizer.decoder();
        List<String> given = new ArrayList<>();
        for (int id : tokenizer.encode("éaéa")) {
            given.add(decoder.next(id));
        }
        assertThat(given).containsExactly("", "é", "a", "", "é", "a");
    }

    @Test
    void aSpaceThatIsLeftOutOfAnOffsetIsOneCharacterOfTheText() throws FormatException {
        Tokenizer tokenizer = read(
                """
                        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
                         "post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
                         "model": {"type": "BPE", "vocab": {"Ġ": 0, "ð": 1, "Ł": 2, "ĺ": 3, "Ģ": 4}, "merges": []}}""");
        assertThat(offsets("😀 😀", tokenizer.encodeWithOffsets("😀 😀"))).isEqualTo(
                "[[0, 0], [0, 1], [0, 1], [0, 1], [0, 1], [2, 2], [2, 3], [2, 3], [2, 3], [2, 3]]");
    }

    @Test
    void nothingIsSoughtInNothing() throws FormatException {
        Tokenizer tokenizer = read("""
                {"decoder": {"type": "Sequence", "decoders": [
                  {"type": "Replace", "pattern": {"String": "a"}, "content": ""},
                  {"type": "Replace", "pattern": {"String": ""}, "content": "_"}]},
                 "model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0, "bc": 1}}}""");
        assertThat(tokenizer.decode(0, 1, 0)).isEqualTo("_b_c_");
    }

    @Test
    void anAddedTokenMayBeAByteOfTheModelToo() throws FormatException {
        StringBuilder vocab = new StringBuilder();
        for (int b = 0; b < 256; b++) {
            String token = String.valueOf(ByteLevel.toChar(b));
            vocab.append(b == 0 ? "" : ", ").append('"').append(token.equals("\"") || token.equals("\\") ? "\\" : "")
                    .append(token).append("\": ").append(b);
        }
        Tokenizer tokenizer = read("{\"added_tokens\": [{\"id\": 142, \"content\": \"İ\", \"special\": true}],"
                + " \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": true},"
                + " \"model\": {\"type\": \"BPE\", \"vocab\": {" + vocab + "}, \"merges\": []}}");
        Encoding encoding = tokenizer.encodeWithOffsets("İ\ud889\udc8e!");
        assertThat(encoding.ids()).containsExactly(142, 0xF0, 0xB2, 0x92, 0x8E, '!');
        assertThat(offsets("İ\ud889\udc8e!", encoding)).isEqualTo("[[0, 1], [1, 2], [1, 2], [1, 2], [1, 2], [2, 3]]");
    }

    @Test
    void aTemplateBehindAnotherIsRefusedInWords() throws FormatException {
        String template = """
                {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x", "type_id": 0}},
                 {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "x", "type_id": 0}}], "pair": [],
                 "special_tokens": {"x": {"id": "x", "ids": [1], "tokens": ["x"]}}}""";
        Tokenizer tokenizer = read("{\"post_processor\": {\"type\": \"Sequence\", \"processors\": [" + template + ", "
                + template + "]}, \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"a\","
                + " \"vocab\": {\"a\": 0, \"x\": 1}}}");
        assertThat(tokenizer.encode("a", EncodingOptions.PLAIN).ids()).containsExactly(0);
        assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("a", EncodingOptions.SPECIAL))
                .withMessageContaining("one text or two").withMessageContaining("3 parts");
    }

    @Test
    void whatIsLeftOutForBeingLikeTheLastIsLeftOutOfAStream() throws FormatException {
        Tokenizer tokenizer = read("""
                {"decoder": {"type": "Sequence", "decoders": [{"type": "WordPiece", "prefix": "##", "cleanup": false},
                  {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": false}]},
                 "model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0, "b": 1}}}""");
        int[] ids = {0, 1, 0, 0, 0, 1, 1, 0, 0};
        assertThat(tokenizer.decode(ids)).isEqualTo("a b a b a");
        Decoder decoder = tokenizer.decoder();
        StringBuilder streamed = new StringBuilder();
        for (int id : ids) {
            streamed.append(decoder.next(id));
        }
        assertThat(streamed.append(decoder.end())).hasToString("a b a b a");
    }

    @Test
    void everyBehaviorOfASplit() throws FormatException {
        for (String[] one : new String[][]{{"Removed", "the|final|countdown"},
                {"Isolated", "the|-|final|-|-|countdown"}, {"MergedWithPrevious", "the-|final-|-|countdown"},
                {"MergedWithNext", "the|-final|-|-countdown"}, {"Contiguous", "the|-|final|--|countdown"}}) {
            String json = """
                    {"type": "Split", "pattern": {"String": "-"}, "behavior": "%s", "invert": false}"""
                    .formatted(one[0]);
            PreTokenizer split = Objects.requireNonNull(
                    TokenizerJson.preTokenizer(JsonObject.parse(Path.of("split.json"), json)));
            List<Normalized> pieces = new ArrayList<>();
            split.split(Normalized.of("the-final--countdown"), pieces);
            assertThat(String.join("|", pieces.stream().map(Normalized::text).toList())).as(one[0])
                    .isEqualTo(one[1]);
        }
    }

    @Test
    void unknownPartsAreNamed() {
        assertThatExceptionOfType(FormatException.class)
                .isThrownBy(() -> read(METASPACE.replace("\"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\": "
                        + "\"always\"},\n \"decoder\"", "\"Mesospace\"},\n \"decoder\"")))
                .withMessageContaining("the type Mesospace is not known; known: ByteLevel, BertPreTokenizer");
        assertThatIllegalArgumentException().isThrownBy(() -> read(METASPACE).decode(8))
                .withMessage("no token has the id 8; ids are below 8");
    }

    @Test
    void filesThatMeanToRunForeverDoNot() throws FormatException {
        String slow = """
                {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "((a|aa)+)+c"}, "behavior": "Isolated"},
                 "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}""";
        assertThatIllegalArgumentException().isThrownBy(() -> read(slow).encode("a".repeat(60)))
                .withMessageStartingWith("the tokenizer's pattern takes too long on this text: ((a|aa)+)+c");
        String twice = """
                {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}""";
        String large = """
                {"normalizer": {"type": "Sequence", "normalizers": [%s]},
                 "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}"""
                .formatted(String.join(",", Collections.nCopies(40, twice)));
        assertThatIllegalArgumentException().isThrownBy(() -> read(large).encode("a"))
                .withMessageContaining("the tokenizer's normaliser makes a text of 1 characters more than");
    }
}
