// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.models.WordVectorFiles.Format;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class WordVectorsTest {
    @TempDir
    private Path folder;

    private static WordVectors small() {
        return new WordVectors(List.of("king", "queen", "man", "woman", "São"),
                new float[][]{{1, 1, 0.1f}, {1, -1, 0.1f},
                        {0.1f, 1, 0}, {0.1f, -1, 0}, {0, 0, 1}});
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        float[][] rows = new float[50][7];
        String[] words = new String[rows.length];
        for (int i = 0; i < rows.length; i++) {
            words[i] = "wört" + i;
            for (int k = 0; k < 7; k++) {
                float any = Float.intBitsToFloat(random.nextInt());
                rows[i][k] = Float.isFinite(any) ? any : (float) random.nextGaussian();
            }
        }
        WordVectors vectors = new WordVectors(List.of(words), rows);
        for (Format format : Format.values()) {
            Path file = folder.resolve(format + ".vec");
            WordVectorFiles.write(vectors, file, format);
            assertThat(WordVectorFiles.read(file)).as(format.toString()).isEqualTo(vectors);
        }
    }

    private static WordVectors read(String text) throws IOException {
        return WordVectorFiles.read(Path.of("v.txt"),
                new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static void refused(String text, String message) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(FormatException.class).hasMessageStartingWith("v.txt: ")
                .hasMessageContaining(message);
    }

    @Test
    void formatsAreToldApart() throws IOException {
        assertThat(read("2 2\na 1 2\nb 3 4\n").vector("b")).containsExactly(3, 4);
        assertThat(read("2 2\na 1 2 \nb 3 4 \n").vector("b")).containsExactly(3, 4); // fastText ends lines in a space
        assertThat(read("\u00EF\u00BB\u00BF2 2\na 1 2\nb 3 4\n").vector("b")).containsExactly(3, 4);
        assertThat(read("a 1 2\nb 3 4\n. . 5 6").words()).containsExactly("a", "b", ". .");
        assertThat(read("a 1 2\nb 3 4\n \r\n\n").words()).containsExactly("a", "b");
        assertThat(read("1 2\na \0\0\u0080?\0\0\0@").vector("a")).containsExactly(1, 2);
        assertThat(read("1 2\na \n\0\u0080?\0\0\0@").vector("a")).containsExactly(0x1.000014p0f, 2);
        assertThat(read("1 2\na 1 \u0080?\n\0\0@").vector("a")[1]).isEqualTo(0x1.000014p1f);
        assertThat(read("1 3\na -0.5e1 .25 +1.000000001").vector("a")).containsExactly(-5, 0.25f, 1);
    }

    @Test
    void theNumbersAreTheLastOfALine() throws IOException {
        for (String word : List.of("S\u00C3\u00A3o \u00C3\u00A9toile", "\u00E5\u008C\u0097 \u00E5\u00B8\u0082", "! \"",
                "windows 3.1", "1.5 2.5", "3", "a\tb")) {
            String utf8 = new String(word.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
            for (String space : List.of(" ", "\t", "  ")) {
                String numbers = space + "1.5" + space + "2" + space + "-3e0";
                WordVectors read = read("2" + space + "3\n" + word + numbers + "\nb" + numbers + "\n");
                assertThat(read.words()).containsExactly(utf8, "b");
                assertThat(read.vector(0)).containsExactly(1.5f, 2, -3);
            }
        }
        assertThat(read("a\t1\t2\nb c\t3\t4\n").words()).containsExactly("a", "b c");
        String many = " 0.125".repeat(60_000); // a line longer than what is looked at to tell text from binary
        assertThat(read("1 60000\na b" + many + "\n").words()).containsExactly("a b");
        assertThat(read("1 70\na " + "\0\0\u0080?".repeat(70)).vector(0)).containsOnly(1);
        assertThat(read("1 60000\na " + "\0\0\u0080?".repeat(60_000)).vector(0)).containsOnly(1);
    }

    @Test
    void theSmallestVectorsHaveADirection() {
        WordVectors vectors = new WordVectors(List.of("a", "b", "c"),
                new float[][]{{Float.MIN_VALUE, 0}, {-1e-42f, 0}, {Float.MAX_VALUE, Float.MAX_VALUE}});
        assertThat(vectors.direction(0)).containsExactly(1, 0);
        assertThat(vectors.similarity(0, 1)).isEqualTo(-1);
        assertThat(vectors.similarity(0, 2)).isCloseTo(Math.sqrt(0.5), within(1e-6));
    }

    @Test
    void whatIsNotFiniteIsNotWritten() throws IOException {
        Path file = Files.writeString(folder.resolve("v.vec"), "old");
        for (float wrong : new float[]{Float.NaN, Float.POSITIVE_INFINITY}) {
            WordVectors vectors = new WordVectors(List.of("a", "b"), new float[][]{{1, 2}, {3, wrong}});
            assertThatThrownBy(() -> WordVectorFiles.write(vectors, file, Format.TEXT))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not finite");
        }
        assertThat(file).hasContent("old");
    }

    @Test
    void aNameThatEndsInGzIsPacked() throws IOException {
        for (Format format : Format.values()) {
            Path file = folder.resolve("packed.vec.gz");
            WordVectorFiles.write(small(), file, format);
            assertThat(Files.readAllBytes(file)).startsWith(0x1f, 0x8b);
            assertThat(WordVectorFiles.read(file)).isEqualTo(small());
        }
    }

    @Test
    void whatIsWrongIsSaid() {
        refused("", "is empty");
        refused("2 3\na 1 2 3\nb 1 2\n", "line 3 has 2 numbers after its word, not 3");
        refused("a 1.5 2.5\nb 1.5 2.5 3.5\n", "line 2 has more than 2 numbers");
        refused("2 1\na 1\na 2\n", "line 3: 'a' has come before, as word 1");
        refused("1 2\na 1 NaN\n", "line 2: the vector of 'a' contains NaN");
        refused("1 2\na 1 x\n", "line 2: 'x' is not a number");
        refused("3 1\na 1\nb 2\n", "ends after 2 of 3 words");
        refused("1 1\na 1\nb 2\n", "more than the 1 words");
        refused("2 2\na \0\0\u0080?\0\0\0@\nb \0\0", "ends after 1 of 2 words");
        refused("1 2\na \0\0\u0080?\0\0\u00c0\177", "the vector of 'a' contains NaN");
        refused("1 99999999\na 1\n", "line 1 says vectors of 99999999 numbers");
        refused("a 1 2\n\nb 3 4\n", "line 2 is blank");
        refused("words\nand more\n", "is no file of word vectors");
        refused("2 -3\na 1 2 3\n", "line 1 says 2 words of -3 numbers");
        refused("99999999999999999999 3\na 1 2 3\n", "line 1 says 99999999999999999999 words of 3 numbers");
        refused("1 3\n\na 1 2 3\n", "line 2 has 0 numbers after its word, not 3");
        for (String number : List.of("0x1p3", "2f", "3d", "1e5D", "Infinityf", "nan", ".", "1e")) {
            refused("1 3\na 1 " + number + " 3\n", "line 2: '" + number + "' is not a number");
        }
    }

    @Test
    void missingFilesAndFoldersAreSaid() throws IOException {
        assertThatThrownBy(() -> WordVectorFiles.read(folder)).hasMessageContaining("is a folder");
        assertThatThrownBy(() -> WordVectorFiles.read(folder.resolve("none"))).hasMessageContaining("none");
        Path packed = folder.resolve("v.gz");
        for (Format format : Format.values()) {
            Path plain = folder.resolve(format + ".vec");
            WordVectorFiles.write(small(), plain, format);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
                out.write(Files.readAllBytes(plain));
            }
            Files.write(packed, bytes.toByteArray());
            assertThat(WordVectorFiles.read(packed)).isEqualTo(small());
            for (int length = 0; length < bytes.size(); length++) {
                Files.write(packed, Arrays.copyOf(bytes.toByteArray(), length));
                assertThatThrownBy(() -> WordVectorFiles.read(packed)).as("%d bytes", length)
                        .isInstanceOf(FormatException.class).hasMessageContaining("gzip");
            }
        }
        Files.write(packed, new byte[]{1, 2, 3});
        assertThatThrownBy(() -> WordVectorFiles.read(packed)).isInstanceOf(FormatException.class)
                .hasMessageContaining("gzip");
    }

    @Test
    void wordsThatWouldNotBeReadAreNotWritten() throws IOException {
        Path file = folder.resolve("v.vec");
        for (Format format : Format.values()) {
            for (String word : List.of("", "a\nb", "a b")) {
                WordVectors vectors = new WordVectors(List.of("c", word), new float[][]{{1, 2}, {3, 4}});
                if (word.equals("a b") && format != Format.BINARY) {
                    WordVectorFiles.write(vectors, file, format);
                    assertThat(WordVectorFiles.read(file)).isEqualTo(vectors);
                    Files.delete(file);
                } else {
                    assertThatThrownBy(() -> WordVectorFiles.write(vectors, file, format)).as("%s as %s", word, format)
                            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("cannot be written");
                    assertThat(file).doesNotExist();
                }
            }
        }
        for (String word : List.of("a b", "a\tb", "\uFEFFa")) {
            assertThatThrownBy(() -> WordVectorFiles.write(new WordVectors(List.of(word), new float[][]{{1}}), file,
                    Format.GLOVE)).isInstanceOf(IllegalArgumentException.class);
        }
        for (Format format : Format.values()) {
            for (String word : List.of("a ", "a\t", " ", "\uD800", "a 1.5", " a", "a\t1", "\u00e9 \u5e02", "\"", "3 \"",
                    "\r",
                    "x".repeat(1 << 16), "x".repeat(1 + (1 << 16)))) {
                for (String first : List.of("c", word)) {
                    WordVectors vectors = new WordVectors(
                            first.equals(word) ? List.of(word, "d") : List.of(first, word),
                            new float[][]{{1.5f, 2, 3}, {3, 4, 5}});
                    try {
                        WordVectorFiles.write(vectors, file, format);
                    } catch (IllegalArgumentException e) {
                        assertThat(e).hasMessageContaining("cannot be written");
                        continue;
                    }
                    assertThat(WordVectorFiles.read(file)).as("%s as %s", word, format).isEqualTo(vectors);
                }
            }
        }
    }

    @Test
    void neighboursAndAnalogies() {
        WordVectors vectors = small();
        assertThat(vectors.neighbours("king", 2)).extracting(WordVectors.Neighbour::word).containsExactly("man", "São");
        assertThat(vectors.neighbours("king", 1).getFirst().similarity()).isCloseTo(1.1 / Math.sqrt(2.01 * 1.01),
                within(1e-6));
        assertThat(vectors.neighbours("king", 0)).isEmpty();
        WordVectors alike = new WordVectors(List.of("a", "b", "c", "d"), new float[][]{{1, 0}, {1, 1}, {1, 1}, {3, 1}});
        assertThat(alike.neighbours("a", 2)).extracting(WordVectors.Neighbour::word).containsExactly("d", "b");
        assertThat(alike.neighbours("a", 3)).extracting(WordVectors.Neighbour::word).containsExactly("d", "b", "c");
        assertThat(vectors.analogy("man", "king", "woman", 1).getFirst().word()).isEqualTo("queen");
        assertThat(vectors.numberIgnoringCase("SÃO")).isEqualTo(4);
        WordVectors cases = new WordVectors(List.of("Sea", "hill", "sea"), new float[3][2]);
        assertThat(cases.numberIgnoringCase("sea", 3)).isEqualTo(2);
        assertThat(cases.numberIgnoringCase("sea", 2)).isZero(); // the same word further down is not known
        assertThat(cases.numberIgnoringCase("Hill", 1)).isEqualTo(-1);
        assertThatThrownBy(() -> vectors.neighbours("King", 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no vector for 'King'; there is one for 'king'");
    }

    @Test
    void subwordsAreFastTextsNgrams() {
        assertThat(Subwords.of("where", 3, 3)).containsExactly("<wh", "whe", "her", "ere", "re>");
        assertThat(Subwords.of("a", 1, 2)).containsExactly("<a", "a", "a>");
        WordVectors ngrams = new WordVectors(List.of("<se", "sea", "ea>"), new float[][]{{3, 0}, {0, 3}, {3, 3}});
        assertThat(ngrams.meanOfNgrams("sea")).containsExactly(2, 2);
        assertThat(ngrams.meanOfNgrams("xyz")).isNull();
    }
}
