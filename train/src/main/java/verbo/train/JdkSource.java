// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import verbo.text.Corpus;

/**
 * Java source that is there without any download: {@code jdk:src.zip} is the {@code lib/src.zip} of the JDK that runs. A
 * JDK may come without it; then it is the source of Verbo itself.
 */
final class JdkSource {
    static final String SCHEME = "jdk:";

    private JdkSource() {}

    /** Opens a corpus, at a {@code jdk:} location or any other. */
    static Corpus open(String location, Corpus.Options options, Consumer<String> message) throws IOException {
        return location.startsWith(SCHEME)
                ? open(location.substring(SCHEME.length()), options, Path.of(System.getProperty("java.home"), "lib"),
                        verbo(), message)
                : Corpus.open(location, options);
    }

    /** Opens {@code file}, perhaps with {@code !entries} behind it, in the JDK's folder {@code lib}. */
    static Corpus open(String file, Corpus.Options options, Path lib, @Nullable Path verbo, Consumer<String> message)
            throws IOException {
        Path archive = lib.resolve(file.indexOf('!') < 0 ? file : file.substring(0, file.indexOf('!')));
        if (Files.isReadable(archive)) {
            return Corpus.open(lib + "/" + file, options);
        }
        if (verbo == null) {
            throw new NoSuchFileException(archive.toString(), null, "this JDK came without its source; "
                    + "install it (on Debian and Ubuntu the package openjdk-25-source) or give a text with --set data=PATH");
        }
        message.accept(
                "this JDK came without its source (" + archive + "): learning from Verbo's own instead, in " + verbo);
        return Corpus.open(verbo.toString(), options.withEntries("*/src/main/java/**.java"));
    }

    /** Where Verbo's source is: the launcher says so, or the current folder is it. */
    private static @Nullable Path verbo() {
        String home = System.getProperty("verbo.home");
        Path folder = home == null ? Path.of("").toAbsolutePath() : Path.of(home);
        return Files.isDirectory(folder.resolve("tensor/src")) ? folder : null;
    }
}
