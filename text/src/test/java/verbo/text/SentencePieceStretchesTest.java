// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Texts written by stretches, many words together, beside the same text looked at as a whole, as the library does. */
class SentencePieceStretchesTest {
    private static final String[] LETTERS = {"a", "b", "c", "é", "日", "😀", "Q", "-"};

    private static String letters(SplittableRandom random, int most) {
        StringBuilder text = new StringBuilder();
        for (int n = 1 + random.nextInt(most); n > 0; n--) {
            text.append(LETTERS[random.nextInt(random.nextBoolean() ? 3 : LETTERS.length)]);
        }
        return text.toString();
    }

    /** @param unit what scores are about as large as; whole multiples of a quarter of it if they are to tie */
    private static SentencePiece tokenizer(SplittableRandom random, SentencePiece.Algorithm algorithm, double unit,
            boolean suffix, boolean bytes, boolean users, boolean unused) {
        List<String> pieces = new ArrayList<>(List.of("<unk>", "\u2581"));
        List<SentencePiece.Type> types = new ArrayList<>(
                List.of(SentencePiece.Type.UNKNOWN, SentencePiece.Type.NORMAL));
        for (int b = 0; b < 256 && bytes; b++) {
            pieces.add("<0x%02X>".formatted(b));
            types.add(SentencePiece.Type.BYTE);
        }
        for (int i = 0; i < 60; i++) {
            String letters = letters(random, 4);
            String piece = switch (random.nextInt(3)) {
                case 0 -> suffix ? letters + "\u2581" : "\u2581" + letters;
                default -> letters;
            };
            if (!pieces.contains(piece)) {
                pieces.add(piece);
                types.add(users && random.nextInt(20) == 0 ? SentencePiece.Type.USER_DEFINED
                        : unused && random.nextInt(20) == 0 ? SentencePiece.Type.UNUSED : SentencePiece.Type.NORMAL);
            }
        }
        float[] scores = new float[pieces.size()];
        boolean ties = random.nextBoolean();
        for (int i = 0; i < scores.length; i++) {
            scores[i] = (float) (unit * (ties ? -1 - random.nextInt(20) / 4.0 : -1 - 5 * random.nextDouble()));
        }
        return new SentencePiece(pieces, scores, types.toArray(SentencePiece.Type[]::new),
                new SentencePiece.Options(algorithm, null, random.nextBoolean(),
                        random.nextBoolean(), true, bytes, suffix, false, List.of(), List.of(), null,
                        SentencePiece.UNKNOWN_SURFACE));
    }

    @Test
    void stretchesAreWrittenAsTheWholeWouldBe() {
        SplittableRandom random = new SplittableRandom(11);
        double[] units = {1, 8, 300, 5000, 0x1p14, 1e6};
        for (int model = 0; model < 96; model++) {
            boolean users = model % 4 == 3;
            SentencePiece tokenizer = tokenizer(random,
                    model % 3 == 2 ? SentencePiece.Algorithm.BPE : SentencePiece.Algorithm.UNIGRAM,
                    units[model % units.length], random.nextBoolean(), random.nextInt(3) == 0, users,
                    random.nextBoolean());
            String[] words = new String[40];
            for (int i = 0; i < words.length; i++) {
                words[i] = letters(random, 1 + random.nextInt(14));
            }
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 1500; i++) {
                text.append(words[random.nextInt(words.length)]).append(random.nextInt(30) == 0 ? "  " : " ");
            }
            assertThat(tokenizer.encode(text.toString())).as("model %d", model)
                    .isEqualTo(tokenizer.encodeWithOffsets(text.toString()).ids());
            for (int i = 0; i < 20; i++) {
                String line = RandomTexts.next(random) + words[i] + " " + words[i + 1];
                assertThat(tokenizer.encode(line)).as(line).isEqualTo(tokenizer.encodeWithOffsets(line).ids());
            }
        }
    }

    /** Values of the library's release 0.2.3: a tenth for each byte but the first, whatever the model says. */
    @ParameterizedTest
    @CsvSource({"ab, -0.89, 1", "ab, -0.91, 2", "日本, -0.49, 1", "日本, -0.51, 2",
            "abcdefghij, -0.09, 1", "abcdefghij, -0.11, 2"})
    void piecesOfUsersScoreByTheirLength(String users, float other, int count) {
        SentencePiece.Type normal = SentencePiece.Type.NORMAL;
        SentencePiece tokenizer = new SentencePiece(List.of("<unk>", "▁", "x", users, "x" + users),
                new float[]{0, -1, -1, -7, other},
                new SentencePiece.Type[]{SentencePiece.Type.UNKNOWN, normal, normal, SentencePiece.Type.USER_DEFINED,
                        normal},
                new SentencePiece.Options(SentencePiece.Algorithm.UNIGRAM, null, false, false, true, false, false,
                        false, List.of(), List.of(), null, SentencePiece.UNKNOWN_SURFACE));
        assertThat(tokenizer.encode("x" + users)).hasSize(count);
        assertThat(tokenizer.encodeWithOffsets("x" + users).ids()).hasSize(count);
    }

    /** Whatever rules make of it elsewhere, a piece of users is left as it is. */
    @Test
    void aTabOfAUsersPieceIsNoSpace() {
        SentencePiece.Type normal = SentencePiece.Type.NORMAL;
        ByteBuffer map = ByteBuffer.allocate(70).order(ByteOrder.LITTLE_ENDIAN).putInt(64); // a tab becomes a space
        map.putInt(8 << 10).putInt(3 << 10 | 1 << 8 | '\t').putInt(1 << 31).put(68, (byte) ' ');
        SentencePiece.Options options = new SentencePiece.Options(SentencePiece.Algorithm.BPE,
                CharsMap.of(map.array()), true, true, true, false, false, false, List.of(), List.of(), null,
                SentencePiece.UNKNOWN_SURFACE);
        List<String> pieces = List.of("<unk>", "\t", "\u2581", "a", "b", "\u2581a", "\u2581b");
        float[] scores = {0, 0, -3, -4, -5, -1, -2};
        SentencePiece without = new SentencePiece(pieces, scores, new SentencePiece.Type[]{
                SentencePiece.Type.UNKNOWN, SentencePiece.Type.UNUSED, normal, normal, normal, normal, normal},
                options);
        assertThat(without.encode("a\tb")).containsExactly(5, 6);
        SentencePiece tokenizer = new SentencePiece(pieces, scores, new SentencePiece.Type[]{
                SentencePiece.Type.UNKNOWN, SentencePiece.Type.USER_DEFINED, normal, normal, normal, normal, normal},
                options);
        assertThat(tokenizer.encode("a\tb")).containsExactly(5, 1, 4);
        assertThat(tokenizer.encode("\ta \tb")).isEqualTo(tokenizer.encodeWithOffsets("\ta \tb").ids());
    }
}
