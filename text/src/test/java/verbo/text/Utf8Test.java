// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class Utf8Test {
    private static byte[] hex(String bytes) {
        return HexFormat.of().parseHex(bytes.replace(" ", ""));
    }

    /** The rows of table 3-8 of the Unicode standard and their like. */
    @ParameterizedTest
    @CsvSource({"'C0 AF E0 80 BF F0 81 82 41', '????????A'", "'ED A0 80 ED BF BF ED AF 41', '????????A'",
            "'F4 91 92 93 FF 41 80 BF 42', '?????A??B'", "'E1 80 E2 F0 91 92 F1 BF 41', '????A'", "'E2 82 AC', '€'",
            "'F0 9F 98', '?'", "'61 E2 82', 'a?'", "'', ''", "'EF BF BD 80', '??'"})
    void replacesEveryMaximalPart(String bytes, String expected) {
        byte[] input = hex(bytes);
        assertThat(Utf8.decode(input, 0, input.length)).isEqualTo(expected.replace('?', '\uFFFD'));
    }

    @ParameterizedTest
    @CsvSource({"61, 1", "'61 E2', 1", "'61 E2 82', 1", "'61 E2 82 AC', 4", "'F0 9F 98', 0", "'F0 80', 2", "'ED A0', 2",
            "'ED 9F', 0", "'E0 9F', 2", "'F4 90', 2", "'F5', 1", "'C1', 1", "'C3', 0", "'80 80 80 80', 4",
            "'C3 80 80', 3"})
    void holdsBackOnlyWhatCanBecomeWhole(String bytes, int whole) {
        byte[] input = hex(bytes);
        assertThat(Utf8.wholeLength(input, input.length)).isEqualTo(whole);
    }

    @Test
    void piecesJoinedAreTheWhole() {
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            for (int k = 0; k < bytes.length; k++) {
                // mostly bytes of longer characters
                bytes[k] = (byte) (random.nextInt(4) == 0 ? random.nextInt(256) : 0x80 + random.nextInt(128));
            }
            int cut = Utf8.wholeLength(bytes, random.nextInt(bytes.length + 1));
            assertThat(Utf8.decode(bytes, 0, cut) + Utf8.decode(bytes, cut, bytes.length)).as("%s", HexFormat.of()
                    .formatHex(bytes)).isEqualTo(Utf8.decode(bytes, 0, bytes.length));
        }
    }

    @Test
    void findsTheFirstMalformedByte() {
        assertThat(Utf8.firstMalformed(hex("61 C3 A9 FF 80"), 0, 5)).isEqualTo(3);
        assertThat(Utf8.firstMalformed(hex("61 C3 A9"), 0, 3)).isEqualTo(-1);
        assertThat(Utf8.firstMalformed(hex("61 C3"), 0, 2)).isEqualTo(1);
        byte[] large = "é".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        large[150_001] = 'x';
        assertThat(Utf8.firstMalformed(large, 0, large.length)).isEqualTo(150_000);
    }

    @Test
    void lengthIsThatOfGetBytes() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 2000; i++) {
            String text = RandomTexts.next(random);
            assertThat(Utf8.length(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
        }
    }

    @Test
    void writesWhatGetBytesDoes() {
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 2000; i++) {
            String text = Utf8.wellFormed(RandomTexts.next(random));
            byte[] expected = text.getBytes(StandardCharsets.UTF_8);
            byte[] out = new byte[expected.length + 5];
            assertThat(Utf8.write(text.toCharArray(), 0, text.length(), out, 3)).isEqualTo(expected.length + 3);
            assertThat(Arrays.copyOfRange(out, 3, expected.length + 3)).isEqualTo(expected);
        }
    }
}
