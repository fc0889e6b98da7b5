// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.ByteArrayInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What a command does when what it prints cannot be written. */
final class StandardOutputTest {
    @TempDir
    private Path folder;

    private final StringWriter err = new StringWriter();

    /** Takes some lines, then no more. */
    private static final class Reader extends OutputStream {
        private final int most;
        private final String reason;
        private int lines;

        Reader(int most, String reason) {
            this.most = most;
            this.reason = reason;
        }

        @Override
        public void write(int b) throws IOException {
            if (lines == most) {
                throw new IOException(reason);
            }
            lines += b == '\n' ? 1 : 0;
        }
    }

    private int run(OutputStream to, String... args) {
        CommandLine commandLine = Main.commandLine().setOut(new StandardOutput(to, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err));
        return Main.execute(commandLine, args);
    }

    @Test
    void aFullDiskIsToldAndFails() throws IOException {
        for (String[] args : new String[][]{{"info", "--json"}, {"info"}, {"--help"}, {"--version"},
                {"tokenize", "--tokenizer", "byte", "a"}, {"bench", "--list"}}) {
            err.getBuffer().setLength(0);
            assertThat(run(new Reader(0, "No space left on device"), args)).as(Arrays.toString(args)).isEqualTo(1);
            assertThat(err.toString()).as(Arrays.toString(args))
                    .isEqualToNormalizingNewlines("verbo: standard output: No space left on device\n");
        }
        assumeTrue(Files.exists(Path.of("/dev/full")));
        try (OutputStream full = new FileOutputStream("/dev/full")) {
            assertThat(run(full, "info", "--json")).isEqualTo(1);
        }
    }

    @Test
    void aReaderThatHasGoneEndsTheCommandQuietly() throws IOException {
        Path texts = Files.createDirectory(folder.resolve("texts"));
        Files.writeString(texts.resolve("en.txt"), "with the wind\nof the town\n");
        Files.writeString(texts.resolve("pt.txt"), "com o vento\nda cidade\n");
        String model = folder.resolve("model").toString();
        Ran.well("identify", "train", "--data", texts, "--out", model);
        InputStream before = System.in;
        byte[] line = "y\n".getBytes(StandardCharsets.UTF_8);
        int[] read = new int[1];
        System.setIn(new ByteArrayInputStream(line) {
            @Override
            public synchronized int read(byte[] bytes, int from, int length) { // without end
                assertThat(read[0]++).isLessThan(100);
                for (int i = 0; i < length; i++) {
                    bytes[from + i] = line[i % 2];
                }
                return length / 2 * 2;
            }
        });
        try {
            Reader head = new Reader(1, "Broken pipe");
            assertThat(run(head, "identify", "--model", model, "-")).isEqualTo(StandardOutput.CLOSED);
            assertThat(head.lines).isEqualTo(1);
        } finally {
            System.setIn(before);
        }
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void failsAtTheEndOfALineAndWhenFlushed() {
        StandardOutput out = new StandardOutput(new Reader(1, "gone"), StandardCharsets.UTF_8);
        out.println("\u00e9");
        out.print("more");
        assertThatThrownBy(out::flush).isInstanceOf(UncheckedIOException.class)
                .hasMessageEndingWith("standard output: gone");
        assertThatThrownBy(out::println).isInstanceOf(UncheckedIOException.class);
    }
}
