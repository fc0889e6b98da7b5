// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/** Models of unusual options; what is expected is what sentencepiece 0.2 gives of models with these pieces. */
class SentencePieceTest {
    private static final int WORD = 3;
    private static final int CHARACTER = 4;

    private final ByteArrayOutputStream pieces = new ByteArrayOutputStream();

    private static byte[] field(int number, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int tag = number << 3 | 2; tag != 0; tag >>>= 7) {
            out.write(tag > 0x7F ? tag & 0x7F | 0x80 : tag);
        }
        out.write(content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] number(int field, int value) {
        return field < 16 ? new byte[]{(byte) (field << 3), (byte) value}
                : new byte[]{(byte) (field << 3 & 0x7F | 0x80), (byte) (field >> 4), (byte) value};
    }

    private static byte[] together(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private void piece(String text, int type) {
        pieces.writeBytes(field(1, together(field(1, text.getBytes(StandardCharsets.UTF_8)), number(3, type))));
    }

    private Tokenizer model(int algorithm, byte[]... trainer) throws IOException {
        return SentencePieceFile.read(Path.of("m.model"),
                together(pieces.toByteArray(), field(2, together(number(3, algorithm), together(trainer)))));
    }

    @Test
    void wordsBeginWithTheirSpaceWhereverThePiecesHaveIt() throws IOException {
        piece("<unk>", 2);
        piece("a", 1);
        piece("\u2581", 1);
        piece("\u2581b", 1);
        piece("b\u2581", 1);
        Tokenizer tokenizer = model(WORD, number(24, 1));
        assertThat(tokenizer.encode("a b")).containsExactly(1, 3, 2);
        assertThatIllegalArgumentException().isThrownBy(tokenizer::json).withMessageContaining("cannot be");
        Tokenizer usual = model(WORD);
        assertThat(usual.encode("b")).containsExactly(3);
        assertThatIllegalArgumentException().isThrownBy(usual::json).withMessageContaining("of words cannot be");
    }

    @Test
    void unknownTextIsDecodedAsTheModelSays() throws IOException {
        piece("<unk>", 2);
        piece("a", 1);
        assertThat(model(CHARACTER).decode(1, 0, 1)).isEqualTo("a \u2047 a");
        assertThat(model(CHARACTER, field(44, "?".getBytes(StandardCharsets.UTF_8))).decode(1, 0, 1)).isEqualTo("a?a");
    }

    @Test
    void spacesInARowAreStreamedToo() throws IOException {
        piece("<unk>", 2);
        piece("\u2581", 1);
        piece("x", 1);
        Tokenizer tokenizer = model(CHARACTER);
        Decoder decoder = tokenizer.decoder();
        StringBuilder streamed = new StringBuilder();
        for (int id : new int[]{1, 2, 1, 1, 1, 2, 2}) {
            streamed.append(decoder.next(id));
        }
        assertThat(streamed.append(decoder.end())).hasToString("x   xx")
                .hasToString(tokenizer.decode(1, 2, 1, 1, 1, 2, 2));
    }

    /** Without rules of normalisation only spaces are taken away at the ends. */
    @Test
    void asJsonATabAtTheEndStays() throws IOException {
        piece("<unk>", 2);
        piece("\u2581", 1);
        piece("\t", 1);
        piece("x", 1);
        Tokenizer tokenizer = model(CHARACTER);
        Tokenizer json = TokenizerJson.read(Path.of("t.json"), tokenizer.json());
        for (String text : List.of("", " ", "\tx  x\t", "  \t x \t ", "x ")) {
            assertThat(json.encode(text)).as(text).containsExactly(tokenizer.encode(text));
        }
        assertThat(tokenizer.encode("\tx  x\t")).containsExactly(1, 2, 3, 1, 3, 2);
    }

    @Test
    void asJsonItHasWhatIsPutAround() throws IOException {
        List<String> tokens = List.of("<unk>", "<s>", "</s>", "a");
        SentencePiece.Type[] types = {SentencePiece.Type.UNKNOWN, SentencePiece.Type.CONTROL,
                SentencePiece.Type.CONTROL, SentencePiece.Type.NORMAL};
        Tokenizer tokenizer = new SentencePiece(tokens, new float[4], types,
                new SentencePiece.Options(SentencePiece.Algorithm.BPE, null, false, false, true, false, false, true,
                        List.of(1), List.of(2), null, SentencePiece.UNKNOWN_SURFACE));
        assertThat(tokenizer.encode("a", EncodingOptions.SPECIAL).ids()).containsExactly(1, 3, 2);
        assertThat(TokenizerJson.read(Path.of("t.json"), tokenizer.json()).encode("a", EncodingOptions.SPECIAL).ids())
                .containsExactly(1, 3, 2);
    }

    @Test
    void aTokenWithoutTextTakesNoLongerTheMoreOfItThereAre() throws IOException {
        piece("<unk>", 2);
        piece("</s>", 3);
        piece("a", 1);
        piece("\u2581", 1);
        Tokenizer tokenizer = model(1);
        Decoder decoder = tokenizer.decoder();
        StringBuilder text = new StringBuilder(decoder.next(2));
        for (int i = 0; i < 100_000; i++) {
            text.append(decoder.next(1));
        }
        assertThat(text.append(decoder.next(3)).append(decoder.next(2)).append(decoder.end())).hasToString("a a");
    }
}
