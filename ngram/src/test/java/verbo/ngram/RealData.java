// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.nio.file.Files;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Real text, which is not part of the project. */
final class RealData {
    private RealData() {}

    /** A folder below the one that the environment variable VERBO_DATA names; the test is skipped where it is missing. */
    static Path folder(String name) {
        String root = System.getenv("VERBO_DATA");
        assumeTrue(root != null, "VERBO_DATA is not set");
        Path folder = Path.of(String.valueOf(root), name.split("/"));
        assumeTrue(Files.isDirectory(folder), folder + " is missing");
        return folder;
    }
}
