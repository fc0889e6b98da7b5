// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What a byte-level vocabulary gives is what all the pipeline's steps give, whatever its pre-tokenizers. */
class PieceSplitterTest {
    private static final List<String> NORMALIZERS = List.of("null", "null", "{'type': 'NFC'}", "{'type': 'NFKD'}",
            "{'type': 'Lowercase'}", "{'type': 'Sequence', 'normalizers': []}",
            "{'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'}");
    private static final List<String> REGEXES = List.of("\\\\p{N}{1,3}", "[\\\\r\\\\n]", "\\\\s?\\\\p{L}+", "\\\\s+$",
            "[一-龥]+", " ?[^\\\\s\\\\p{L}]+|\\\\s+(?!\\\\S)", "lo", "(?i:LO)+", "[0-9][0-9][0-9]",
            "\\\\p{L}+(?: \\\\p{L}+)*",
            "[ÃÂ©²]", "\\\\bl", " ?\\\\p{L}+| ?\\\\p{N}+| ?[^\\\\s\\\\p{L}\\\\p{N}]+|\\\\s+",
            WordPattern.GPT2.regex().replace("\\", "\\\\"),
            WordPattern.QWEN2.regex().replace("\\", "\\\\"));
    private static final List<String> BEHAVIORS = List.of("Isolated", "Isolated", "Removed", "Contiguous",
            "MergedWithNext");
    private static final List<String> PARTS = List.of("\ud800", " ", " ", "  ", "\n", "\t", "\u00a0", "lo", "lo", "LO",
            "l", "o",
            "1", "23", "4567", "²", "½", "é", "e\u0301", "中", "文", "😀", ",", "...", "_", "'s", "<x>", "<y>");
    private static final String VOCABULARY;

    static {
        List<String> tokens = new ArrayList<>();
        List<String> merges = List.of("l o", "Ġ lo", "1 2", "Ã ©", "Ġ Ġ", "ä ¸", "ä¸ Ń", "â ĸ", "âĸ ģ");
        for (int b = 0; b < 256; b++) {
            tokens.add(String.valueOf(ByteLevel.toChar(b)).replace("\\", "\\\\").replace("\"", "\\\""));
        }
        merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
        StringBuilder vocabulary = new StringBuilder("\"vocab\": {");
        for (int id = 0; id < tokens.size(); id++) {
            vocabulary.append(id == 0 ? "" : ", ").append('"').append(tokens.get(id)).append("\": ").append(id);
        }
        VOCABULARY = vocabulary + "}, \"merges\": [\"" + String.join("\", \"", merges) + "\"]";
    }

    private static String part(Random random) {
        String behavior = BEHAVIORS.get(random.nextInt(BEHAVIORS.size()));
        return switch (random.nextInt(6)) {
            case 0 -> "{'type': 'Digits', 'individual_digits': " + random.nextBoolean() + "}";
            case 1 -> "{'type': 'Punctuation', 'behavior': '" + behavior + "'}";
            case 2 ->
                "{'type': 'Split', 'pattern': {'String': '" + (random.nextBoolean() ? "lo" : " ") + "'}, 'behavior': '"
                        + behavior + "', 'invert': " + random.nextBoolean() + "}";
            default -> "{'type': 'Split', 'pattern': {'Regex': '" + REGEXES.get(random.nextInt(REGEXES.size()))
                    .replace("'", "#") + "'}, 'behavior': '" + behavior + "', 'invert': " + random.nextBoolean() + "}";
        };
    }

    private static Pipeline pipeline(Random random) throws IOException {
        List<String> parts = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            parts.add(part(random));
        }
        parts.add(random.nextInt(3) == 0 ? random.nextInt(parts.size() + 1) : parts.size(),
                "{'type': 'ByteLevel', 'add_prefix_space': " + (random.nextInt(4) == 0) + ", 'use_regex': "
                        + random.nextBoolean() + "}");
        String json = ("{'normalizer': " + NORMALIZERS.get(random.nextInt(NORMALIZERS.size()))
                + ", 'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [" + String.join(", ", parts)
                + "]}, 'added_tokens': [{'id': 300, 'content': '<x>', 'special': true, 'lstrip': true}, {'id': 301, 'content': '"
                + List.of("<y>", "<y>", "lo lo", "1 lo").get(random.nextInt(4)) + "',"
                + " 'normalized': true}], 'model': {'type': 'BPE', 'ignore_merges': " + random.nextBoolean() + ", ")
                .replace('\'', '"').replace('#', '\'') + VOCABULARY + "}}";
        return (Pipeline) TokenizerJson.read(Path.of("tokenizer.json"), json);
    }

    private static String text(Random random, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most); i >= 0; i--) {
            text.append(PARTS.get(random.nextInt(PARTS.size())));
        }
        return text.toString();
    }

    private static void check(Pipeline pipeline, String text) {
        Encoding expected = new Pipeline(pipeline.parts(), () -> "", null, true).encode(text, EncodingOptions.PLAIN);
        assertThat(pipeline.encode(text)).as("%s on %s", pipeline.json(), text).isEqualTo(expected.ids());
        assertThat(pipeline.encode(text, EncodingOptions.PLAIN)).as("%s on %s", pipeline.json(), text)
                .usingRecursiveComparison().isEqualTo(expected);
    }

    @Test
    void whateverThePreTokenizers() throws IOException {
        int quick = 0;
        for (int seed = 0; seed < 800; seed++) {
            Random random = new Random(seed);
            Pipeline pipeline = pipeline(random);
            quick += PieceSplitter.of(pipeline.parts().preTokenizer()) == null ? 0 : 1;
            for (int i = 0; i < 8; i++) {
                String text = text(random, 20);
                check(pipeline, text);
            }
        }
        assertThat(quick).isGreaterThan(300);
    }

    @Test
    void aLongTextInPieces() throws IOException {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Pipeline pipeline = pipeline(random);
            check(pipeline, text(random, 1) + "lo lo, 12".repeat(6000) + text(random, 2000));
            check(pipeline, ("lo lo <x> " + text(random, 8) + " lo lo").repeat(60)); // piece after piece is normalised or not
        }
    }
}
