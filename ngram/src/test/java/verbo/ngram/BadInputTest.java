// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Texts that are none, and a process that is killed. */
final class BadInputTest {
    @TempDir
    private Path folder;

    private Path out = Path.of("");

    private NgramFiles.Estimated estimate(byte[] text) throws IOException {
        out = folder.resolve("model.bin");
        return NgramFiles.estimate(Files.write(folder.resolve("text.txt"), text), out,
                new Estimation(3, 1 << 26, 1, Discounts.FALLBACK, Form.FAST));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void anEmptyCorpusIsRefused() {
        for (String text : new String[]{"", "\n\n \n", "\0\0"}) {
            assertThatThrownBy(() -> estimate(bytes(text))).isInstanceOf(FormatException.class)
                    .hasMessageContaining("no word");
            assertThat(out).doesNotExist();
        }
    }

    @Test
    void aLineOfTenMegabytesIsALine() throws IOException {
        NgramFiles.Estimated estimated = estimate(bytes("a b c ".repeat((10 << 20) / 6) + "\n"));
        assertThat(estimated.counts()).startsWith(0, 6);
        estimated = estimate(bytes("x".repeat(10 << 20) + " y\n"));
        assertThat(estimated.tokens()).isEqualTo(3);
        try (NgramModel model = NgramModel.open(out)) {
            assertThat(TextScore.of(model, folder.resolve("text.txt")).unknown()).isZero();
        }
    }

    @Test
    void zeroBytesAreSpaceAndWhatIsNoUtf8IsRefused() throws IOException {
        assertThat(estimate(bytes("a\0b\0\0c\n")).tokens()).isEqualTo(4);
        for (byte[] bad : new byte[][]{{(byte) 0xFF}, {(byte) 0xC0, (byte) 0x80},
                {(byte) 0xED, (byte) 0xA0, (byte) 0x80}}) {
            byte[] text = bytes("a b\nc   \n");
            System.arraycopy(bad, 0, text, 5, bad.length);
            assertThatThrownBy(() -> estimate(text)).hasMessageContaining("line 2, byte 4: not UTF-8");
        }
    }

    @Test
    void aFullDiskIsToldBeforeAnythingIsMapped() throws IOException {
        Path full = Path.of("/dev/full"); // every write to it fails
        assumeTrue(Files.exists(full), "no /dev/full");
        try (FileChannel channel = FileChannel.open(full, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> new FileWindow(channel, 1 << 20)).isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
        }
        Path file = Files.writeString(folder.resolve("begun"), "abc");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileWindow window = new FileWindow(channel, (3 << 20) + 1)) {
            assertThat(file).hasSize((3 << 20) + 1);
            assertThat(window.getInt(0)).isEqualTo('a' | 'b' << 8 | 'c' << 16);
        }
    }

    /** What the process of the next test does. */
    public static void main(String[] args) throws IOException {
        NgramFiles.estimate(Path.of(args[0]), Path.of(args[1]),
                new Estimation(4, Estimation.LEAST_MEMORY, 1, Discounts.FALLBACK, Form.FAST));
    }

    /** Surefire has our classes on the module path and the rest on the class path. */
    private static String classPath() {
        return Stream.of(System.getProperty("jdk.module.path"), System.getProperty("java.class.path"),
                System.getProperty("surefire.real.class.path"), System.getProperty("surefire.test.class.path"))
                .filter(path -> path != null && !path.isEmpty()).reduce((a, b) -> a + File.pathSeparator + b)
                .orElseThrow() + File.pathSeparator + "target/test-classes";
    }

    /** Estimates in a process of its own, whose command begins so; what it says goes to a file. */
    private Process start(List<String> before, Path text, Path model) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:-UsePerfData", "-cp", classPath(), BadInputTest.class.getName(), text.toString(),
                model.toString()));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    /** No file may be longer than the shell allows, which fails as a full disk does. */
    @Test
    void whatTemporaryFilesHaveNoRoomForNamesTheModel() throws Exception {
        Path shell = Path.of("/bin/sh");
        assumeTrue(Files.isExecutable(shell), "no /bin/sh");
        Path text = MadeText.write(folder, 6, 150_000, 20_000);
        Path model = folder.resolve("full.bin");
        assertThat(start(List.of(shell.toString(), "-c", "ulimit -f 1000; exec \"$@\"", "sh"), text, model).waitFor())
                .isNotZero();
        assertThat(Files.readString(folder.resolve("log")))
                .contains("java.io.IOException: " + model + ": File too large (in a temporary file beside it)");
        assertThat(model).doesNotExist();
        assertThat(temporary()).isEmpty();
    }

    private List<Path> temporary() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> path.getFileName().toString().startsWith(".")).toList();
        }
    }

    @Test
    void aKilledEstimationLeavesNoModelAndTheNextClearsUp() throws Exception {
        Path text = MadeText.write(folder, 6, 150_000, 20_000);
        Path model = folder.resolve("killed.bin");
        Process process = start(List.of(), text, model);
        try {
            boolean spilled = false;
            while (process.isAlive() && !spilled) {
                spilled = temporary().stream().anyMatch(each -> Files.exists(each.resolve("rows-1")));
                process.waitFor(2, TimeUnit.MILLISECONDS);
            }
            assertThat(spilled).as(Files.readString(folder.resolve("log"))).isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(model).doesNotExist();
        assertThat(temporary()).isNotEmpty();
        NgramFiles.estimate(MadeText.write(folder, 7, 100, 50), model,
                new Estimation(2, 1 << 26, 1, Discounts.FALLBACK, Form.FAST));
        assertThat(temporary()).isEmpty();
        try (NgramModel whole = NgramModel.open(model)) {
            whole.verify();
        }
    }
}
