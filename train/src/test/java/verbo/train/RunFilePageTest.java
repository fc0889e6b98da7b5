// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The page {@code docs/run-file.md} says of the keys what their table says. Write it anew with -Dverbo.write.docs=true. */
final class RunFilePageTest {
    private static final String BEGIN = "<!-- keys: written by RunFilePageTest -->\n";
    private static final String END = "<!-- end of keys -->\n";

    @Test
    void thePageHasEveryKey() throws IOException {
        Path page = Path.of("..", "docs", "run-file.md");
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        assertThat(begin).isGreaterThan(BEGIN.length());
        assertThat(end).isGreaterThanOrEqualTo(begin);
        if (Boolean.getBoolean("verbo.write.docs")) {
            Files.writeString(page, text.substring(0, begin) + table() + text.substring(end));
            return;
        }
        assertThat(text.substring(begin, end)).isEqualTo(table());
    }

    private static String table() {
        StringBuilder table = new StringBuilder("| key | value | if left out | meaning |\n|---|---|---|---|\n");
        for (RunKey key : RunKey.ALL) {
            table.append("| `").append(key.name()).append("` | ").append(key.type().expected()).append(" | ")
                    .append(key.standard() == null ? "" : "`" + key.standard() + "`").append(" | ")
                    .append(key.meaning()).append(" |\n");
        }
        return table.toString();
    }
}
