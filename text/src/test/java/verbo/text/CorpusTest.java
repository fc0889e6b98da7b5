// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class CorpusTest {
    private static final Corpus.Options WHOLE = Corpus.Options.DEFAULT;

    @TempDir
    Path folder;

    private Path write(String name, byte[] bytes) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        return Files.write(file, bytes);
    }

    private Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] gzip(String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static List<String> read(String location, Corpus.Options options) throws IOException {
        List<String> documents = new ArrayList<>();
        Corpus.open(location, options).forEach(d -> documents.add(d.name() + "=" + d.text()));
        return documents;
    }

    private static void refused(String location, Corpus.Options options, String... parts) {
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> read(location, options))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    @Test
    void aFileIsOneDocument() throws IOException {
        Path file = write("a.txt", "\uFEFFé\r\n😀\n");
        assertThat(read(file.toString(), WHOLE)).containsExactly("a.txt=é\r\n😀\n");
        Path large = write("large.txt", "xyz\n".repeat(10_000));
        assertThat(read(large.toString(), WHOLE)).containsExactly("large.txt=" + "xyz\n".repeat(10_000));
    }

    @Test
    void orALineIs() throws IOException {
        Path file = write("a.txt", "\uFEFFone\r\n\ntwo é\n" + "x".repeat(200_000) + "\nlast");
        assertThat(read(file.toString(), WHOLE.withLines(true))).containsExactly("a.txt:1=one", "a.txt:3=two é",
                "a.txt:4=" + "x".repeat(200_000), "a.txt:5=last");
    }

    @Test
    void aFolderIsReadInOrderWithoutWhatIsNoText() throws IOException {
        write("b/z.txt", "z");
        write("b/a.txt", "a");
        write("a.txt", "first");
        write("b.txt", "b");
        write("empty.txt", "");
        write(".hidden", "no");
        write(".git/config", "no");
        write("image.png", bytes(137, 'P', 'N', 'G', 0, 255));
        write("c/more.txt.gz", gzip("packed"));
        write("c/rows.jsonl", "{\"text\": \"row\"}\n");
        assertThat(read(folder.toString(), WHOLE)).containsExactly("a.txt=first", "b.txt=b", "b/a.txt=a", "b/z.txt=z",
                "c/more.txt=packed", "c/rows.jsonl:1=row");
        assertThat(read(folder.toString(), WHOLE.withEntries("b/*.txt"))).containsExactly("b/a.txt=a", "b/z.txt=z");
    }

    @Test
    void aGlobIsReadFromItsFolder() throws IOException {
        write("x/one.txt", "1");
        write("x/y/two.txt", "2");
        write("x/three.md", "3");
        assertThat(read(folder + "/x/*.txt", WHOLE)).containsExactly("one.txt=1");
        assertThat(read(folder + "/x/**.{txt,md}", WHOLE)).containsExactly("one.txt=1", "three.md=3", "y/two.txt=2");
        assertThat(read(folder + "/*/y/two.txt", WHOLE)).containsExactly("x/y/two.txt=2");
        refused(folder + "/x/*.csv", WHOLE, "no file matches", "*.csv");
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> read(folder + "/no/*.txt", WHOLE));
        assertThatIllegalArgumentException().isThrownBy(() -> read(folder + "/x/[", WHOLE))
                .withMessageContaining("not a glob: [");
        write("x/what[1].txt", "it exists, so it is no glob");
        assertThat(read(folder + "/x/what[1].txt", WHOLE)).hasSize(1);
    }

    @Test
    void anArchiveIsReadByItsEntries() throws IOException {
        Path zip = folder.resolve("src.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : List.of("b/util/Z.java", "b/util/A.java", "b/util/deep/D.java", "b/io/I.java",
                    "b/x.bin")) {
                out.putNextEntry(new ZipEntry(name));
                out.write(name.endsWith(".bin") ? new byte[100]
                        : name.toUpperCase(Locale.ROOT).getBytes(
                                StandardCharsets.UTF_8));
            }
        }
        assertThat(read(zip.toString(), WHOLE)).hasSize(4);
        List<String> util = List.of("b/util/A.java=B/UTIL/A.JAVA", "b/util/Z.java=B/UTIL/Z.JAVA",
                "b/util/deep/D.java=B/UTIL/DEEP/D.JAVA");
        assertThat(read(zip.toString(), WHOLE.withEntries("b/util/**.java"))).isEqualTo(util);
        assertThat(read(zip + "!b/util/**.java", WHOLE)).isEqualTo(util);
        assertThat(read(zip + "!/b/util/*.java", WHOLE)).isEqualTo(util.subList(0, 2));
        refused(zip + "!c/*", WHOLE, "src.zip: no entry matches c/*");
        write("broken.jar", "not a zip");
        refused(folder + "/broken.jar", WHOLE, "broken.jar: not a readable zip archive");
        byte[] cut = Files.readAllBytes(zip);
        write("cut.zip", Arrays.copyOf(cut, cut.length - 10));
        refused(folder + "/cut.zip", WHOLE, "cut.zip: not a readable zip archive");
    }

    @Test
    void aDamagedEntryIsRefused() throws IOException {
        Path zip = folder.resolve("a.zip");
        for (String text : List.of("short", "long ".repeat(10_000))) {
            try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
                ZipEntry entry = new ZipEntry("a.txt");
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                CRC32 crc = new CRC32();
                crc.update(bytes);
                out.setMethod(ZipOutputStream.STORED);
                entry.setSize(bytes.length);
                entry.setCrc(crc.getValue());
                out.putNextEntry(entry);
                out.write(bytes);
            }
            assertThat(read(zip.toString(), WHOLE)).containsExactly("a.txt=" + text);
            byte[] damaged = Files.readAllBytes(zip);
            damaged[30 + "a.txt".length() + text.length() / 2]++; // a local header has 30 bytes and the name
            Files.write(zip, damaged);
            refused(zip.toString(), WHOLE, "a.zip: entry a.txt: damaged");
            refused(zip.toString(), WHOLE.withLines(true), "a.zip: entry a.txt: damaged");
        }
    }

    @Test
    void gzipIsUnpacked() throws IOException {
        Path file = write("a.txt.gz", gzip("one\ntwo"));
        assertThat(read(file.toString(), WHOLE)).containsExactly("a.txt=one\ntwo");
        assertThat(read(file.toString(), WHOLE.withLines(true))).containsExactly("a.txt:1=one", "a.txt:2=two");
        Path rows = write("r.jsonl.gz", gzip("{\"text\":\"x\"}"));
        assertThat(read(rows.toString(), WHOLE)).containsExactly("r.jsonl:1=x");
        write("broken.gz", "not gzip");
        refused(folder + "/broken.gz", WHOLE, "broken.gz: not a whole gzip file");
        byte[] whole = gzip("some text that is long enough to be cut");
        write("cut.gz", Arrays.copyOf(whole, whole.length / 2));
        refused(folder + "/cut.gz", WHOLE, "cut.gz: not a whole gzip file");
    }

    @Test
    void jsonLinesHaveAField() throws IOException {
        Path file = write("a.jsonl", """
                {"id": 1, "text": "one\\nline", "body": "b1", "more": {"text": ["deep"]}}

                {"body": "b2 \\u00e9\\ud83d\\ude00", "text": ""}
                """);
        assertThat(read(file.toString(), WHOLE)).containsExactly("a.jsonl:1=one\nline");
        assertThat(read(file.toString(), WHOLE.withField("body"))).containsExactly("a.jsonl:1=b1", "a.jsonl:3=b2 é😀");
        refused(file.toString(), WHOLE.withField("title"), "a.jsonl: line 1: the object has no field \"title\"");
        refused(file.toString(), WHOLE.withField("id"), "line 1: the field \"id\" is not a string");
        refused(write("b.jsonl", "{\"text\": \"x\"}\n{\"text\": ").toString(), WHOLE, "b.jsonl: line 2: not JSON");
        refused(write("c.jsonl", "[1]").toString(), WHOLE, "line 1: not a JSON object");
        String deep = "[".repeat(2000) + "1".repeat(2000) + "]".repeat(2000);
        Path wide = write("wide.jsonl",
                "{\"more\": " + deep + ", \"" + "n".repeat(60_000) + "\": 1, \"text\": \"x\"}");
        assertThat(read(wide.toString(), WHOLE)).as("the rest of a line may be anything")
                .containsExactly("wide.jsonl:1=x");
        refused(write("d.jsonl", "{\"text\":\"x\"} {}").toString(), WHOLE, "line 1: more than one JSON value");
    }

    @Test
    void malformedTextNamesFileAndByte() throws IOException {
        Path file = write("a.txt", bytes('a', 0xC3, 0xA9, '\n', 'b', 0xFF, 'c'));
        refused(file.toString(), WHOLE, "a.txt: not UTF-8: byte 0xFF at offset 5");
        refused(file.toString(), WHOLE.withLines(true), "a.txt: not UTF-8: byte 0xFF at offset 5");
        Path bom = write("b.txt", bytes(0xEF, 0xBB, 0xBF, 'a', 0xE9));
        refused(bom.toString(), WHOLE, "b.txt: not UTF-8: byte 0xE9 at offset 4");
        refused(folder.toString(), WHOLE, "a.txt: not UTF-8");
        // the replacement character itself is text like any other
        assertThat(read(write("c.txt", "\uFFFD").toString(), WHOLE)).containsExactly("c.txt=\uFFFD");
    }

    @Test
    void emptyAndMissingOnesSaySo() throws IOException {
        refused(write("empty.txt", "").toString(), WHOLE, "empty.txt: no text in");
        assertThatIllegalArgumentException().isThrownBy(() -> Corpus.open("", WHOLE)).withMessageContaining("is empty");
        refused(write("bom.txt", "\uFEFF").toString(), WHOLE, "bom.txt: no text in");
        refused(write("lines.txt", "\n\r\n\n").toString(), WHOLE.withLines(true), "lines.txt: no text in");
        refused(Files.createDirectories(folder.resolve("none")).toString(), WHOLE, "none: the folder holds no files");
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> read(folder + "/no.txt", WHOLE))
                .withMessageContaining("no.txt");
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> read(folder + "/no.zip!a/**", WHOLE));
    }

    @Test
    void archivesThatAGlobFindsAreNotOpened() throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve("a.zip")))) {
            zip.putNextEntry(new ZipEntry("a.txt"));
        }
        refused(folder + "/*.zip", WHOLE, "archives are opened where they are named one by one");
        assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> Corpus.of("none", List.of()))
                .withMessage("none: there is no text");
        refused(write("empty.gz", "").toString(), WHOLE, "empty.gz: not a whole gzip file");
    }
}
