// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The ids that {@code encode(text)} finds stretch by stretch are those of the whole text, whatever the pipeline. */
class StretchesTest {
    private static final List<String> NORMALIZERS = List.of(
            "{'type': 'NFC'}", "{'type': 'NFD'}", "{'type': 'NFKC'}", "{'type': 'NFKD'}", "{'type': 'Lowercase'}",
            "{'type': 'StripAccents'}", "{'type': 'Nmt'}", "{'type': 'Prepend', 'prepend': '▁'}",
            "{'type': 'Strip', 'strip_left': false, 'strip_right': true}",
            "{'type': 'Strip', 'strip_left': true, 'strip_right': true}", "PRECOMPILED",
            "{'type': 'BertNormalizer', 'clean_text': true, 'handle_chinese_chars': true, 'strip_accents': null,"
                    + " 'lowercase': true}",
            "{'type': 'BertNormalizer', 'clean_text': false, 'handle_chinese_chars': true, 'strip_accents': false,"
                    + " 'lowercase': false}",
            replace("Regex", "\\\\s+"), replace("Regex", " {2,}"), replace("String", " "), replace("String", "▁"),
            replace("String", "a"), replace("String", "lo"), replace("String", "\\n"),
            replace("String", "😀"), replace("Regex", "[,_\u00e9]"), replace("Regex", "a+"));
    /** As they are often put together. */
    private static final List<List<String>> COMMON = List.of(List.of(), List.of(replace("String", " ")),
            List.of("{'type': 'Prepend', 'prepend': '▁'}", replace("String", " ")),
            List.of("{'type': 'Strip', 'strip_left': true, 'strip_right': true}", replace("String", " ")),
            List.of("PRECOMPILED"),
            List.of("PRECOMPILED", replace("Regex", " {2,}")),
            List.of("PRECOMPILED", "{'type': 'Strip', 'strip_left': false, 'strip_right': true}",
                    replace("Regex", " {2,}")),
            List.of("{'type': 'NFKD'}", "{'type': 'Lowercase'}", "PRECOMPILED"),
            List.of("{'type': 'BertNormalizer', 'clean_text': true, 'handle_chinese_chars': true, 'strip_accents': null,"
                    + " 'lowercase': true}"));
    private static final List<String> CONTENTS = List.of("", " ", "▁", "_", "x", "▁a", "a ");
    private static final List<String> PRE_TOKENIZERS = List.of("null", "{'type': 'BertPreTokenizer'}",
            "{'type': 'Whitespace'}", "{'type': 'WhitespaceSplit'}", metaspace("always", true),
            metaspace("first", true), metaspace("never", true), metaspace("always", false), metaspace("first", false),
            metaspace("never", false), "{'type': 'Split', 'pattern': {'String': ' '}, 'behavior': 'MergedWithPrevious',"
                    + " 'invert': false}",
            "{'type': 'Sequence', 'pretokenizers': [{'type': 'WhitespaceSplit'}, "
                    + metaspace("always", true) + "]}",
            "{'type': 'Sequence', 'pretokenizers': [{'type': 'BertPreTokenizer'}, {'type': 'Split', 'pattern':"
                    + " {'String': 'o'}, 'behavior': 'Isolated', 'invert': false}]}");
    private static final List<String> MODELS = List.of(
            bpe("'end_of_word_suffix': '</w>'", "a</w>", "o</w>", "▁</w>", "l o</w>"),
            bpe("'continuing_subword_prefix': '##', 'fuse_unk': true", "##a", "##o", "##l", "##,"),
            bpe("'fuse_unk': true", "▁ ▁", "▁▁ ▁▁", "▁ a", "l o", "▁▁ lo", "_ a"),
            bpe("'fuse_unk': false", "▁ a", "l o", "▁ lo", "a _", "x lo", "a ▁"),
            bpe("'fuse_unk': false", "▁ ▁", "▁▁ ▁▁", "▁ a").replace("'unk_token': '<unk>', ", ""),
            bpe("'fuse_unk': true", "▁ ▁", "\\n \\n", "l o", "▁ lo"),
            bpe("'fuse_unk': true", "▁ ▁", "\\n \\n", "l o", "\\n a"),
            bpe("'byte_fallback': true", "▁ ▁", "l o", "▁ lo").replace("'\\n': 8",
                    IntStream.range(0, 256).mapToObj(b -> "'<0x%02X>': %d".formatted(b, 100 + b))
                            .collect(Collectors.joining(", "))),
            "{'type': 'Unigram', 'unk_id': 0, 'byte_fallback': false, 'vocab': [['<unk>', 0], ['▁', -2], ['a', -3],"
                    + " ['▁a', -2], ['l', -4], ['o', -4], ['lo', -3], ['▁lo', -3], ['▁▁', -3], ['_', -3], ['a▁', -3]]}",
            "{'type': 'WordPiece', 'unk_token': '[UNK]', 'continuing_subword_prefix': '##',"
                    + " 'max_input_chars_per_word': 9, 'vocab': {'[UNK]': 0, 'a': 1, '##a': 2, 'lo': 3, '##lo': 4,"
                    + " '▁': 5, '▁a': 6, '##▁': 7, '_': 8, '##_': 9, '中': 10}}");
    private static final List<String> PARTS = List.of(" ", " ", " ", "  ", "   ", "\n", "\n", "\r", "\r\n",
            "\t", "\t", "\u3000", "\u00a0",
            "\u2028",
            "\u200b", "\u0007", "\u0301", "▁", "_", ",", "a", "a", "lo", "lo", "A", "é", "x", "中", "İ", "\ufc5e", "नि",
            "😀", "🄰", "🈚", "🇩🇪", "\ud83c\udffd", "❤\ufe0f", "“", "…", "½", " ".repeat(131), "<x>", "<x>");

    private static String replace(String kind, String pattern) {
        return "{'type': 'Replace', 'pattern': {'" + kind + "': '" + pattern + "'}, 'content': 'CONTENT'}";
    }

    private static String metaspace(String scheme, boolean split) {
        return "{'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': '" + scheme + "', 'split': " + split + "}";
    }

    private static String bpe(String more, String... merges) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "▁", "a", "l", "o", "_", "x", ",", "\\n"));
        List<String> pairs = new ArrayList<>();
        for (String merge : merges) {
            if (merge.indexOf(' ') >= 0) {
                pairs.add("'" + merge + "'");
            }
            tokens.add(merge.replace(" ", ""));
        }
        StringBuilder vocab = new StringBuilder();
        for (String token : tokens) {
            vocab.append(vocab.isEmpty() ? "" : ", ").append("'" + token + "': ").append(tokens.indexOf(token));
        }
        return "{'type': 'BPE', 'unk_token': '<unk>', " + more + ", 'vocab': {" + vocab + "}, 'merges': ["
                + String.join(", ", pairs) + "]}";
    }

    private static <T> T one(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private static String charsmap() throws IOException {
        Matcher charsmap = Pattern.compile("\"precompiled_charsmap\":\"([^\"]+)\"").matcher(
                Files.readString(Path.of("src/test/resources/verbo/text/pipelines.jsonl")));
        assertThat(charsmap.find()).isTrue();
        return charsmap.group(1);
    }

    private static String sequence(List<String> normalizers) {
        return "'normalizer': {'type': 'Sequence', 'normalizers': " + normalizers + "}";
    }

    @Test
    void whatBecomesOfCharactersByThemselvesBecomesOfThemInATextToo() throws IOException {
        String precompiled = "{'type': 'Precompiled', 'precompiled_charsmap': '" + charsmap() + "'}";
        List<String> local = NORMALIZERS.stream().filter(n -> !n.contains("Prepend") && !n.contains("Strip'")
                && !n.contains("Regex': '[") && !n.contains("a+")).toList();
        int[] scripts = {'A', 'a', 0xC0, 0x100, 0x300, 0x370, 0x410, 0x5B0, 0x5D0, 0x620, 0x640, 0x900, 0x930, 0x980,
                0xE01, 0xE30, 0x1100,
                0x1160, 0x1E00, 0x1EA0, 0x1F00, 0x2000, 0x2150, 0x3040, 0x30A0, 0x3130, 0x4E00, 0xAC00, 0xFB00, 0xFF00,
                0xFF90, 0x1F100, 0x1F1E0, 0x1F220, 0x1F3F0, 0x1F600};
        int changed = 0;
        for (int n = 0; n < 600; n++) {
            Random random = new Random(n);
            List<String> normalizers = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                String one = one(local, random).replace("PRECOMPILED", precompiled);
                normalizers
                        .add(one.replace("CONTENT", one(one.contains("Regex") ? List.of(" ", "▁") : CONTENTS, random)));
            }
            String json = ("{" + sequence(normalizers) + ", 'model': " + MODELS.get(0) + "}").replace('\'', '"');
            Normalizer normalizer = ((Pipeline) TokenizerJson.read(Path.of("tokenizer.json"), json)).parts()
                    .normalizer();
            if (normalizer instanceof Normalizer.Sequence(List<Normalizer> list) && list.size() == 1) {
                normalizer = list.getFirst();
            }
            SingleCharacters characters = new SingleCharacters(
                    normalizer instanceof Normalizer.BertNormalizer ? StretchPlan.Cuts.WORDS
                            : one(List.of(StretchPlan.Cuts.SPACES, StretchPlan.Cuts.BEFORE_SPACES), random),
                    new StretchEdges(normalizer));
            for (int t = 0; t < 400; t++) {
                StringBuilder text = new StringBuilder();
                StringBuilder expected = new StringBuilder();
                for (int i = random.nextInt(6), before = 0; i >= 0; i--) {
                    int c = random.nextInt(4) == 0 ? random.nextInt(0x10000)
                            : scripts[random.nextInt(scripts.length)] + random.nextInt(32);
                    String becomes = characters.becomes(c);
                    if (becomes != null && !characters.join(before, c)) {
                        text.appendCodePoint(c);
                        expected.append(becomes);
                        changed += becomes.equals(Character.toString(c)) ? 0 : 1;
                        before = c;
                    }
                }
                String whole = Normalizer.applied(normalizer, text.toString()).text();
                assertThat(whole.replace(" ", "")).as("%s of %s", normalizer, text.codePoints().boxed().toList())
                        .isEqualTo(expected.toString());
            }
        }
        assertThat(changed).isGreaterThan(50_000);
    }

    @Test
    void givesTheIdsOfTheWhole() throws IOException {
        String charsmap = charsmap();
        String precompiled = "{'type': 'Precompiled', 'precompiled_charsmap': '" + charsmap + "'}";
        List<String> differences = new ArrayList<>();
        int stretched = 0;
        for (int n = 0; n < 3000; n++) {
            Random random = new Random(n);
            boolean common = n % 3 == 0;
            List<String> normalizers = new ArrayList<>();
            if (common) {
                normalizers.addAll(one(COMMON, random));
            }
            for (int i = common ? 0 : random.nextInt(4); i > 0; i--) {
                normalizers.add(one(NORMALIZERS, random));
            }
            normalizers.replaceAll(one -> one.replace("PRECOMPILED", precompiled)
                    .replace("CONTENT", common ? "▁" : one(CONTENTS, random)));
            String json = ("{'added_tokens': " + one(List.of("[]", "[{'id': 90, 'content': '<x>', 'special': true}]",
                    "[{'id': 90, 'content': '<x>', 'normalized': true}]",
                    "[{'id': 90, 'content': '<x>', 'normalized': true, 'lstrip': true, 'rstrip': true}]",
                    "[{'id': 90, 'content': '<x>', 'normalized': true, 'special': true},"
                            + " {'id': 91, 'content': '▁▁a', 'normalized': true},"
                            + " {'id': 92, 'content': '<x>lo', 'normalized': false}]",
                    "[{'id': 90, 'content': 'xa', 'normalized': true, 'single_word': true}]",
                    "[{'id': 90, 'content': '▁x', 'normalized': true, 'single_word': true}]",
                    "[{'id': 90, 'content': 'a▁x', 'normalized': true}, {'id': 91, 'content': '▁x', 'normalized': true}]",
                    "[{'id': 90, 'content': 'xa a', 'normalized': true}, {'id': 91, 'content': '<x>'}]",
                    "[{'id': 90, 'content': '▁▁▁', 'normalized': true}]"),
                    random) + ", " + sequence(normalizers)
                    + ", 'pre_tokenizer': " + one(PRE_TOKENIZERS, random) + ", 'model': " + one(MODELS, random) + "}")
                    .replace('\'', '"');
            Pipeline pipeline = (Pipeline) TokenizerJson.read(Path.of("tokenizer.json"), json);
            if (StretchPlan.of(pipeline.parts()) == null) {
                continue;
            }
            stretched++;
            for (int t = 0; t < 30; t++) {
                StringBuilder text = new StringBuilder();
                boolean isLong = t == 0;
                for (int i = random.nextInt(isLong ? 600 : 9); i >= 0; i--) {
                    text.append(one(PARTS, random)).append(isLong && random.nextBoolean() ? " a" : "");
                }
                int[] whole = pipeline.encode(text.toString(), EncodingOptions.PLAIN).ids();
                if (!Arrays.equals(whole, pipeline.encode(text.toString()))) {
                    differences.add(json.replace(charsmap, "") + " \"" + text + "\"");
                    break;
                }
            }
        }
        assertThat(stretched).isGreaterThan(300);
        assertThat(differences).as("%d of %d", differences.size(), stretched).isEmpty();
    }

    @Test
    void tokensAreSeenInWhiteSpaceThatWouldBeStrippedWhereItStoodAlone() throws IOException {
        Pipeline pipeline = (Pipeline) TokenizerJson.read(Path.of("tokenizer.json"), """
                {'added_tokens': [{'id': 90, 'content': '▁▁▁', 'normalized': true}], 'normalizer': {'type': 'Sequence',
                 'normalizers': [{'type': 'Strip', 'strip_left': true, 'strip_right': true}, {'type': 'Nmt'}]},
                 'pre_tokenizer': {'type': 'WhitespaceSplit'}, 'model': MODEL}
                """.replace("MODEL", MODELS.get(2)).replace('\'', '"'));
        assertThat(pipeline.encode("lo\n\n\na")).containsExactly(12, 90, 2)
                .isEqualTo(pipeline.encode("lo\n\n\na", EncodingOptions.PLAIN).ids());
    }
}
