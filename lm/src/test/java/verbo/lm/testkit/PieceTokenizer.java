// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import verbo.text.Decoder;
import verbo.text.Encoding;
import verbo.text.Tokenizer;

/**
 * A tokenizer whose tokens are given: pieces of text, found longest first. A piece written in hexadecimal between angle
 * brackets, {@code <c3>}, is one byte; other pieces in angle brackets are special.
 */
public final class PieceTokenizer implements Tokenizer {

    private final List<String> pieces;
    private final List<byte[]> bytes = new ArrayList<>();

    public PieceTokenizer(String... pieces) {
        this.pieces = List.of(pieces);
        for (String piece : pieces) {
            bytes.add(piece.matches("<[0-9a-f]{2}>")
                    ? new byte[]{(byte) Integer.parseInt(piece.substring(1, 3), 16)}
                    : piece.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** A token for each character of a string. */
    public static PieceTokenizer characters(String characters) {
        return new PieceTokenizer(characters.codePoints().mapToObj(Character::toString).toArray(String[]::new));
    }

    private boolean special(int id) {
        return pieces.get(id).length() > 4 && pieces.get(id).startsWith("<");
    }

    @Override
    public int size() {
        return pieces.size();
    }

    @Override
    public int[] encode(String text) {
        byte[] rest = text.getBytes(StandardCharsets.UTF_8);
        List<Integer> ids = new ArrayList<>();
        for (int at = 0; at < rest.length;) {
            int best = -1;
            for (int id = 0; id < bytes.size(); id++) {
                byte[] piece = bytes.get(id);
                if (at + piece.length <= rest.length
                        && Arrays.equals(rest, at, at + piece.length, piece, 0, piece.length)
                        && (best < 0 || piece.length > bytes.get(best).length)) {
                    best = id;
                }
            }
            if (best < 0) {
                throw new IllegalArgumentException("no token at byte " + at);
            }
            ids.add(best);
            at += bytes.get(best).length;
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        int[] ids = encode(text);
        int[] units = new int[text.getBytes(StandardCharsets.UTF_8).length + 1]; // where each byte's character begins
        int[] ends = new int[units.length];
        for (int at = 0, b = 0; at < text.length();) {
            String character = Character.toString(text.codePointAt(at));
            int next = at + character.length();
            for (int to = b + character.getBytes(StandardCharsets.UTF_8).length; b < to; b++) {
                units[b] = at;
                ends[b] = next;
            }
            at = next;
        }
        int[] from = new int[ids.length];
        int[] to = new int[ids.length];
        for (int i = 0, b = 0; i < ids.length; i++) {
            from[i] = units[b];
            b += bytes.get(ids[i]).length;
            to[i] = ends[b - 1];
        }
        return new Encoding(ids, Arrays.stream(ids).mapToObj(pieces::get).toArray(String[]::new), from, to);
    }

    @Override
    public String decode(int... ids) {
        Decoder decoder = decoder();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.next(id));
        }
        return text.append(decoder.end()).toString();
    }

    @Override
    public String token(int id) {
        return pieces.get(id);
    }

    @Override
    public int id(String token) {
        return pieces.indexOf(token);
    }

    @Override
    public int byteLength(int id) {
        return special(id) ? 0 : bytes.get(id).length;
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            private byte[] held = {};

            @Override
            public String next(int id) {
                byte[] piece = bytes.get(id);
                byte[] all = Arrays.copyOf(held, held.length + piece.length);
                System.arraycopy(piece, 0, all, held.length, piece.length);
                int whole = whole(all);
                held = Arrays.copyOfRange(all, whole, all.length);
                return new String(all, 0, whole, StandardCharsets.UTF_8);
            }

            @Override
            public String end() {
                String rest = new String(held, StandardCharsets.UTF_8);
                held = new byte[0];
                return rest;
            }
        };
    }

    /** Where the last character that lacks bytes begins, or the end. */
    private static int whole(byte[] bytes) {
        for (int back = 1; back <= Math.min(3, bytes.length); back++) {
            int first = bytes[bytes.length - back] & 0xFF;
            if (first >= 0xC0) {
                int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
                return length > back ? bytes.length - back : bytes.length;
            }
            if (first < 0x80) {
                break;
            }
        }
        return bytes.length;
    }

    @Override
    public OptionalInt separator() {
        int id = pieces.indexOf(END_OF_TEXT);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public String json() {
        throw new UnsupportedOperationException();
    }
}
