// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/** Files that are cut short, damaged, or made to take time and memory: one line says what is wrong. */
class HostileFilesTest {
    private static final Path SEEDS = Path.of("src/test/resources/verbo/text/ReadersFuzzTestInputs");
    private static final String TEXT = "low\n aab 😀<|endoftext|>";

    @TempDir
    private Path folder = Path.of("");

    static List<Path> seeds() throws IOException {
        try (Stream<Path> files = Files.walk(SEEDS)) {
            return files.filter(file -> Files.isRegularFile(file) && !file.toString().contains("tokenFile")).sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void cutAnywhereIsReadOrRefused(Path seed) throws IOException {
        byte[] bytes = Files.readAllBytes(seed);
        int step = Math.max(1, bytes.length / 80);
        for (int length = 0; length < bytes.length; length += step) {
            readOrRefused(Arrays.copyOf(bytes, length), seed + " cut at " + length);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void damagedAnywhereIsReadOrRefused(Path seed) throws IOException {
        byte[] bytes = Files.readAllBytes(seed);
        Random random = new Random(11);
        for (int n = 0; n < 80; n++) {
            byte[] damaged = bytes.clone();
            for (int k = random.nextInt(3); k >= 0; k--) {
                damaged[random.nextInt(damaged.length)] = (byte) (random.nextBoolean()
                        ? random.nextInt(256)
                        : new int[]{0, 0xFF, 0x7F, 0x80, '"', '9'}[random.nextInt(6)]);
            }
            readOrRefused(damaged, seed + ", damage " + n);
        }
    }

    private void readOrRefused(byte[] content, String what) throws IOException {
        Path file = Files.write(folder.resolve("tokenizer"), content);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            try {
                Tokenizer tokenizer = TokenizerFile.load(file, "gpt2");
                tokenizer.encodeWithOffsets(TEXT);
                tokenizer.decode(tokenizer.encode(TEXT));
            } catch (FormatException | NoSuchFileException e) {
                assertThat(e.getMessage()).as(what).isNotBlank().doesNotContain("\n");
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).as(what).containsAnyOf("is not in the tokenizer's vocabulary",
                        "no token has the id");
            }
        }, what);
    }

    @Test
    void rulesThatGoRoundInCirclesEnd() {
        int[] units = new int[512];
        units[0] = 256 << 10;
        for (int label = 1; label < 256; label++) {
            units[256 ^ label] = label << 10 | 0x100 | label; // below every node the same nodes again
        }
        units[256] = 1 << 31;
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * units.length + 2).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(4 * units.length);
        bytes.asIntBuffer().put(units);
        CharsMap map = CharsMap.of(bytes.array());
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertThat(map.later()).isNull();
            assertThat(map.longest()).isEqualTo(256);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"strategy\": {\"Fixed\": 2000000000}}", "{\"pad_to_multiple_of\": 99999999999}"})
    void paddingWithoutEndIsRefused(String padding) {
        assertThatThrownBy(() -> TokenizerJson.read(Path.of("t.json"), "{\"padding\": " + padding
                + ", \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}"))
                .isInstanceOf(FormatException.class).hasMessageContaining("more tokens than the 16777216 there may be");
    }

    @ParameterizedTest
    @ValueSource(strings = {"normalizer", "pre_tokenizer", "post_processor", "decoder"})
    void aPartOfAnUnknownTypeIsNamedWithThoseKnown(String part) {
        assertThatThrownBy(() -> TokenizerJson.read(Path.of("t.json"), "{\"" + part
                + "\": {\"type\": \"Nonesuch\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}"))
                .isInstanceOf(FormatException.class)
                .hasMessageMatching("t.json: " + part + ".type: the type Nonesuch is not known; known: .*, Sequence");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "o200k_harmony", "char", "word", "byte"})
    void idsOutOfRangeAreNamed(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.of(name);
        for (int id : new int[]{-1, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> tokenizer.decode(id)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("has the id " + id);
            assertThatThrownBy(() -> tokenizer.decoder().next(id)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void merges() throws IOException {
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"b\": 1, \"ab\": 2}", StandardCharsets.UTF_8);
        Path merges = Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b\nab c\n",
                StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Tokenizer.load(folder)).isInstanceOf(FormatException.class)
                .hasMessage(merges + ": line 3: the token \"c\" is not in " + folder.resolve("vocab.json"));
    }
}
