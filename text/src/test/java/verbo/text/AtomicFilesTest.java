// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class AtomicFilesTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void replacesAFile() throws IOException {
        Path file = folder.resolve("f");
        AtomicFiles.write(file, out -> out.write(bytes("one")));
        AtomicFiles.write(file, out -> {
            out.write(bytes("two"));
            assertThat(file).as("the old one stands until the new one is whole").hasContent("one");
        });
        assertThat(file).hasContent("two");
        assertThat(names()).containsExactly("f");
    }

    @Test
    void aChannelMayGoBackToTheHeader() throws IOException {
        Path file = folder.resolve("f");
        AtomicFiles.writeChannel(file, channel -> {
            channel.position(2);
            channel.write(ByteBuffer.wrap(bytes("body")));
            channel.write(ByteBuffer.wrap(bytes("h:")), 0);
        });
        assertThat(file).hasContent("h:body");
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = folder.resolve("f");
        Files.writeString(file, "old");
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> AtomicFiles.write(file, out -> {
            out.write(new byte[1 << 20]);
            throw new IOException("No space left on device");
        })).withMessage(file + ": No space left on device");
        assertThatIllegalStateException().isThrownBy(() -> AtomicFiles.write(file, out -> {
            throw new IllegalStateException("mine");
        })).withMessage("mine");
        assertThat(file).hasContent("old");
        assertThat(names()).containsExactly("f");
    }

    @Test
    void saysWhereItCannotWrite() throws IOException {
        Path file = folder.resolve("no/f");
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> AtomicFiles.write(file, out -> {}))
                .withMessage(file + ": its folder does not exist");
        assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> AtomicFiles.write(folder, out -> {}))
                .withMessageContaining("is a folder");
    }

    @Test
    void followsASymbolicLink() throws IOException {
        Path file = folder.resolve("f");
        Path link = folder.resolve("link");
        Files.writeString(file, "old");
        Files.createSymbolicLink(link, file);
        AtomicFiles.write(link, out -> out.write(bytes("new")));
        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("new");
    }

    @Test
    void removesWhatAKilledProcessLeftBehind() throws IOException {
        Path file = folder.resolve("f");
        Path stale = folder.resolve(".f.123456-1.tmp");
        Files.writeString(stale, "half");
        Files.setLastModifiedTime(stale, FileTime.fromMillis(System.currentTimeMillis() - 60_000));
        Path other = folder.resolve(".g.123456-1.tmp");
        Files.writeString(other, "another file's");
        AtomicFiles.write(file, out -> {
            // what is being written now is not stale, however old
            Path mine = folder.resolve(names().stream().filter(n -> n.startsWith(".f.")).findFirst().orElseThrow());
            Files.setLastModifiedTime(mine, FileTime.fromMillis(0));
            AtomicFiles.write(file, inner -> inner.write(bytes("inner")));
            assertThat(mine).exists();
        });
        assertThat(names()).containsExactly(".g.123456-1.tmp", "f");
    }

    @Test
    void aLinkMayLeadToAFileThatIsStillToBeMade() throws IOException {
        Files.createDirectory(folder.resolve("in"));
        Path link = Files.createSymbolicLink(folder.resolve("in/link"), Path.of("../second"));
        Files.createSymbolicLink(folder.resolve("second"), Path.of("f"));
        AtomicFiles.write(link, out -> out.write(bytes("new")));
        assertThat(link).isSymbolicLink();
        assertThat(folder.resolve("f")).isRegularFile().hasContent("new");
        Files.createSymbolicLink(folder.resolve("round"), Path.of("round"));
        assertThatExceptionOfType(FileSystemLoopException.class)
                .isThrownBy(() -> AtomicFiles.write(folder.resolve("round"), out -> {}));
    }

    @Test
    void whatIsNoRegularFileIsRefused() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/null")));
        Path link = Files.createSymbolicLink(folder.resolve("null"), Path.of("/dev/null"));
        for (Path each : List.of(Path.of("/dev/null"), link)) {
            assertThatExceptionOfType(FileSystemException.class)
                    .isThrownBy(() -> AtomicFiles.write(each, out -> out.write(1)))
                    .withMessage(each + ": is no regular file; give another place");
        }
        assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
        Files.delete(link);
    }

    @Test
    void permissionsAreKept() throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "old");
        assumeTrue(Files.getFileStore(file).supportsFileAttributeView("posix"));
        for (String permissions : List.of("rw-------", "rw-rw-r--", "r--------")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
            AtomicFiles.write(file, out -> {
                out.write(bytes(permissions));
                assertThat(Files.getPosixFilePermissions(folder.resolve(names().get(0))))
                        .as("nobody else may read the temporary file").isEqualTo(Files.getPosixFilePermissions(file));
            });
            assertThat(file).hasContent(permissions);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo(permissions);
        }
    }

    @Test
    void aNameMayBeAsLongAsNamesCanBe() throws IOException {
        for (String name : List.of("n".repeat(255), "\u65E5".repeat(85), "\uD83D\uDE00".repeat(63))) {
            AtomicFiles.write(folder.resolve(name), out -> out.write(bytes("new")));
            assertThat(folder.resolve(name)).hasContent("new");
            Files.delete(folder.resolve(name));
        }
        assertThat(names()).isEmpty();
    }
}
