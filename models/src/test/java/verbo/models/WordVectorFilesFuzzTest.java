// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import verbo.text.FormatException;

/**
 * Malformed files must be refused with a {@link FormatException}, never crash or hang, and what is read must come back from
 * what is written of it; but the bytes of one or two numbers may look like their digits.
 * {@code JAZZER_FUZZ=1 mvn test -pl models -Dtest=WordVectorFilesFuzzTest} looks for new inputs.
 */
class WordVectorFilesFuzzTest {
    private static final Path FILE = Path.of("vectors");

    @FuzzTest(maxDuration = "60s")
    void anything(byte[] bytes) throws IOException {
        WordVectors vectors;
        try {
            vectors = WordVectorFiles.read(FILE, new ByteArrayInputStream(bytes));
        } catch (FormatException e) {
            return; // refused, as it should be
        }
        if (vectors.words().stream().anyMatch(word -> word.contains(" ") || word.contains("\n"))) {
            return; // binary files cannot have them
        }
        ByteArrayOutputStream binary = new ByteArrayOutputStream();
        WordVectorFiles.write(vectors, binary, WordVectorFiles.Format.BINARY);
        if (vectors.dimension() > 2
                && !vectors.equals(WordVectorFiles.read(FILE, new ByteArrayInputStream(binary.toByteArray())))) {
            throw new AssertionError("not the same after writing");
        }
    }
}
