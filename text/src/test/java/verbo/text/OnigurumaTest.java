// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Expressions match as in Hugging Face's tokenizers; {@code pattern_golden.py} among the benchmarks wrote the file. */
class OnigurumaTest {
    private static final Path FILE = Path.of("src/test/resources/verbo/text/patterns.jsonl");

    @Test
    void splitsWhereTokenizersSplits() throws IOException {
        List<String> lines = Files.readAllLines(FILE);
        List<String> texts = JsonObject.parse(FILE, lines.get(0)).list("texts").stream().map(String::valueOf).toList();
        List<String> differences = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            JsonObject golden = JsonObject.parse(FILE, line);
            TextPattern pattern = TextPattern.Regex.of(golden.requiredString("regex"));
            for (int i = 0; i < texts.size(); i++) {
                String text = texts.get(i);
                List<Integer> ends = new ArrayList<>();
                pattern.matches(Normalized.of(text), (start, end, match) -> {
                    if (end > start) {
                        ends.add(text.codePointCount(0, end));
                    }
                });
                Object expected = Objects.requireNonNull(golden.list("ends").get(i));
                if (!ends.equals(expected)) {
                    differences.add(pattern + " on \"" + text + "\": " + ends + " for " + expected);
                }
            }
        }
        assertThat(differences).isEmpty();
        assertThat(lines).hasSizeGreaterThan(100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[a", "(a", "a)", "\\", "a**", "\\p{Nonesuch}", "(?<=a+)b", "a\\Kb", "{1}{", "[[:alpha:]"})
    void refusesOrTakesButNeverFails(String source) {
        try {
            assertThat(Oniguruma.compile(source)).isNotNull();
        } catch (PatternSyntaxException e) {
            assertThat(e.getDescription()).isNotBlank();
        }
    }

    @Test
    void refusesWhatJavaCannotExpress() {
        assertThatThrownBy(() -> Oniguruma.compile("\\p{Nonesuch}")).isInstanceOf(PatternSyntaxException.class)
                .hasMessageContaining("Nonesuch");
    }
}
