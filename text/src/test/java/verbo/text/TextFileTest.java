// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class TextFileTest {
    @TempDir
    Path folder;

    private void refused(Path file, String message) {
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> TextFile.read(file))
                .withMessage(file + ": " + message);
    }

    @Test
    void packedTextIsUnpackedWhereverAFileIsReadWhole() throws IOException {
        Path packed = folder.resolve("t.txt.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write("good a film\nbad another\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(TextFile.read(packed)).isEqualTo("good a film\nbad another\n");
        assertThat(LabelledText.read(packed)).containsExactly(new LabelledText("good", "a film"),
                new LabelledText("bad", "another"));
        byte[] whole = Files.readAllBytes(packed);
        Path cut = folder.resolve("cut.gz");
        Files.write(cut, Arrays.copyOf(whole, whole.length - 9));
        refused(cut, "not a whole gzip file");
    }

    @Test
    void whatIsNoTextIsRefused() throws IOException {
        refused(folder, "is a folder; a text file is needed");
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> TextLines.forEach(folder, line -> {}))
                .withMessage(folder + ": is a folder; a text file is needed");
        Path latin = folder.resolve("latin.txt");
        Files.write(latin, new byte[]{'a', (byte) 0xE9, 'b'});
        refused(latin, "not UTF-8 text, at byte 1");
    }
}
