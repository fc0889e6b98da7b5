// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Files that are too large, or not ours, to be in the repository: in the folder the environment names. */
final class RealData {
    private RealData() {}

    /** A file of the folder VERBO_DATA names; skips the test, saying so, where there is none. */
    static Path file(String name) {
        String folder = System.getenv("VERBO_DATA");
        Assumptions.assumeTrue(folder != null, "VERBO_DATA does not name the folder of real data");
        Path file = Path.of(String.valueOf(folder), name);
        Assumptions.assumeTrue(Files.exists(file), () -> "no real data at " + file);
        return file;
    }
}
