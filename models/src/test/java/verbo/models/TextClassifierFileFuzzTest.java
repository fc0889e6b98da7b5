// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import verbo.text.FormatException;

/** Malformed classifiers must be refused with a {@link FormatException}, never crash or hang. */
class TextClassifierFileFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void anything(byte[] bytes) throws IOException {
        try {
            TextClassifierFile.read(Path.of("classifier"), new ByteArrayInputStream(bytes), bytes.length)
                    .probabilities("some words");
        } catch (FormatException e) {
            // refused, as it should be
        }
    }
}
