// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

final class ErrorLineTest {
    @TempDir
    private Path folder;

    @Test
    void putsTheExceptionsOfTheFileSystemIntoWords() throws Exception {
        Path missing = folder.resolve("missing.txt");
        Path file = Files.writeString(folder.resolve("file.txt"), "x");
        assertThat(line(() -> Files.readString(missing))).isEqualTo("no such file: " + missing);
        assertThat(line(() -> Files.createFile(file))).isEqualTo("already exists: " + file);
        assertThat(line(() -> {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(file)) {
                return files;
            }
        })).isEqualTo("not a folder: " + file);
        assertThat(line(() -> {
            Files.delete(folder);
            return null;
        })).isEqualTo("folder not empty: " + folder);
        assertThat(line(() -> {
            throw new FileSystemException("run/model.safetensors", null, "No space left on device");
        })).isEqualTo("run/model.safetensors: No space left on device");
    }

    @Test
    void keepsWhatTheLibrariesExplain() {
        assertThat(ErrorLine.of(new IllegalArgumentException("steps: 0 is below 1"))).isEqualTo("steps: 0 is below 1");
        assertThat(ErrorLine.of(new IllegalStateException("the scope is closed"))).isEqualTo("the scope is closed");
        assertThat(ErrorLine.of(new IOException("a.gz: not gzip"))).isEqualTo("a.gz: not gzip");
    }

    @Test
    void looksPastWhatOnlyCarriesAnException() {
        IOException missing = new NoSuchFileException("a.txt");
        assertThat(ErrorLine.of(new UncheckedIOException(missing))).isEqualTo("no such file: a.txt");
        assertThat(ErrorLine.of(new ExecutionException(new UncheckedIOException(missing))))
                .isEqualTo("no such file: a.txt");
        assertThat(ErrorLine.of(new UncheckedIOException("line 3 of b.txt", missing))).isEqualTo("line 3 of b.txt");
    }

    @Test
    void callsAMistakeOfOursOne() {
        assertThat(ErrorLine.of(new IndexOutOfBoundsException("7")))
                .isEqualTo("internal error: java.lang.IndexOutOfBoundsException: 7; --stacktrace shows where");
        assertThat(ErrorLine.of(new IllegalStateException((String) null))).startsWith("internal error: ");
    }

    @Test
    void isOneLine() {
        assertThat(ErrorLine.of(new IOException("first\n  second\r\nthird\n"))).isEqualTo("first second third");
        assertThat(ErrorLine.of(new IOException("\0a\u001b[2Jb\tc"))).isEqualTo("\uFFFDa\uFFFD[2Jb\tc");
        assertThat(line(() -> StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(new byte[]{(byte) 0xff}))))
                .isEqualTo("not UTF-8 text: Input length = 1");
        assertThat(ErrorLine.of(new OutOfMemoryError("Java heap space"))).startsWith("out of memory (Java heap space)")
                .contains("VERBO_JAVA_OPTS=-Xmx8g");
    }

    private static String line(Callable<?> failing) {
        try {
            failing.call();
        } catch (Exception e) {
            return ErrorLine.of(e);
        }
        throw new AssertionError("nothing thrown");
    }
}
