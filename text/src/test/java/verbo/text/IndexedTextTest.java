// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class IndexedTextTest {
    @TempDir
    private Path folder;

    private IndexedText read(String text, int minimum) throws IOException {
        return IndexedText.read(Files.writeString(folder.resolve("text.txt"), text), minimum, Progress.NONE);
    }

    @Test
    void wordsAreNumberedByFrequency() throws IOException {
        IndexedText text = read("\uFEFFb a\ta rare\r\n\n  \nc a b\n", 2);
        assertThat(text.vocabularySize()).isEqualTo(2);
        assertThat(text.word(0)).isEqualTo("a");
        assertThat(text.word(1)).isEqualTo("b");
        assertThat(text.count(0)).isEqualTo(3);
        assertThat(text.length()).isEqualTo(7);
        assertThat(text.ids()).containsExactly(1, 0, 0, IndexedText.END, 0, 1, IndexedText.END);
    }

    @Test
    void sentencesOfRareWordsAreNone() throws IOException {
        assertThat(read("x\na a\ny\nz\na", 2).ids()).containsExactly(0, 0, IndexedText.END, 0, IndexedText.END);
    }

    @Test
    void wordsAcrossTheBufferAreWhole() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 400_000; i++) {
            text.append("wörd").append(i % 7).append(' ');
        }
        IndexedText read = read(text.append("x".repeat(3_000_000)).toString(), 1);
        assertThat(read.vocabularySize()).isEqualTo(8);
        assertThat(read.length()).isEqualTo(400_001);
        assertThat(read.word(7)).hasSize(3_000_000);
    }

    @Test
    void gzipIsUnpacked() throws IOException {
        Path file = folder.resolve("text.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("a b a\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(IndexedText.read(file, 1, Progress.NONE).vocabularySize()).isEqualTo(2);
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 9));
        assertThatThrownBy(() -> IndexedText.read(file, 1, Progress.NONE)).isInstanceOf(FormatException.class)
                .hasMessageContaining("not a whole gzip file");
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        assertThatThrownBy(() -> read(" \n\n", 1)).isInstanceOf(FormatException.class)
                .hasMessageContaining("has no words");
        assertThatThrownBy(() -> read("a b a", 3)).isInstanceOf(FormatException.class)
                .hasMessageContaining("no word occurs 3 times").hasMessageContaining("occurs 2 times");
        Files.write(folder.resolve("latin"), new byte[]{'a', '\n', 'b', (byte) 0xE9, 'c'});
        assertThatThrownBy(() -> IndexedText.read(folder.resolve("latin"), 1, Progress.NONE))
                .isInstanceOf(FormatException.class).hasMessageContaining("line 2 is not UTF-8");
        assertThatThrownBy(() -> IndexedText.read(folder, 1, Progress.NONE)).hasMessageContaining("is a folder");
    }
}
