// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random models, and the ids that SentencePiece 0.2.3 gives; {@code sentencepiece_golden.py} among the benchmarks wrote the file.
 * {@code VERBO_SENTENCEPIECE} names another one.
 */
class SentencePieceGoldenTest {
    private static final String KEPT = "src/test/resources/verbo/text/sentencepiece.jsonl";

    @TempDir
    private Path folder;

    @Test
    void givesWhatTheLibraryGives() throws IOException {
        Path file = Path.of(Objects.requireNonNullElse(System.getenv("VERBO_SENTENCEPIECE"), KEPT));
        List<String> differences = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).isNotEmpty();
        for (int number = 1; number <= lines.size(); number++) {
            JsonObject line = JsonObject.parse(file, lines.get(number - 1));
            Path model = folder.resolve(number + ".model");
            Files.write(model, Base64.getDecoder().decode(line.requiredString("model")));
            Tokenizer tokenizer = Tokenizer.of(model.toString());
            List<JsonObject> cases = line.objects("cases");
            assertThat(cases).isNotEmpty();
            for (int pass = 0; pass < 2; pass++) { // words are known the second time
                for (JsonObject one : cases) {
                    String text = one.requiredString("text");
                    String expected = one.list("ids").toString();
                    String quick = Arrays.toString(tokenizer.encode(text));
                    String whole = Arrays.toString(tokenizer.encode(text, EncodingOptions.PLAIN).ids());
                    if (!expected.equals(quick) || !expected.equals(whole)) {
                        differences.add("line " + number + ", \"" + text + "\": " + quick + " and " + whole + " for "
                                + expected);
                    }
                }
            }
        }
        assertThat(differences.subList(0, Math.min(5, differences.size()))).as("%d in all", differences.size())
                .isEmpty();
    }
}
