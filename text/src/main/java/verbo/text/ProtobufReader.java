// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** The fields of a Protocol Buffers message, read in place; nothing is taken on trust that the bytes do not hold. */
final class ProtobufReader {
    /** Kinds of values. */
    static final int VARINT = 0;
    static final int LONG = 1;
    static final int BYTES = 2;
    static final int FLOAT = 5;

    private final Path file;
    private final byte[] bytes;
    private final int end;
    private int at;
    private int field;
    private int kind;
    private long number;
    private int from;

    ProtobufReader(Path file, byte[] bytes, int from, int to) {
        this.file = file;
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    /** Goes to the next field; false at the end. */
    boolean next() throws FormatException {
        if (at >= end) {
            return false;
        }
        long tag = varint();
        field = (int) Math.min(tag >>> 3, Integer.MAX_VALUE);
        kind = (int) (tag & 7);
        switch (kind) {
            case VARINT -> number = varint();
            case LONG -> skip(8);
            case BYTES -> {
                long length = varint();
                if (length < 0 || length > end - at) {
                    throw error("a field of " + Long.toUnsignedString(length) + " bytes, but " + (end - at)
                            + " are left");
                }
                skip((int) length);
            }
            case FLOAT -> {
                skip(4);
                number = (bytes[from] & 0xFF) | (bytes[from + 1] & 0xFF) << 8 | (bytes[from + 2] & 0xFF) << 16
                        | bytes[from + 3] << 24;
            }
            default -> throw error("a field of the unknown kind " + kind);
        }
        if (field == 0) {
            throw error("a field of the number 0");
        }
        return true;
    }

    private void skip(int length) throws FormatException {
        if (length > end - at) {
            throw error("the file is truncated");
        }
        from = at;
        at += length;
    }

    private long varint() throws FormatException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= end) {
                throw error("the file is truncated");
            }
            byte b = bytes[at++];
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw error("a number of more than ten bytes");
    }

    FormatException error(String reason) {
        return new FormatException(file, "not a SentencePiece model: " + reason + " (byte " + at + ")");
    }

    int field() {
        return field;
    }

    private void expect(int wanted) throws FormatException {
        if (kind != wanted) {
            throw error("the field " + field + " is of the wrong kind");
        }
    }

    int integer() throws FormatException {
        expect(VARINT);
        return (int) number;
    }

    boolean bool() throws FormatException {
        expect(VARINT);
        return number != 0;
    }

    float real() throws FormatException {
        expect(FLOAT);
        return Float.intBitsToFloat((int) number);
    }

    byte[] byteString() throws FormatException {
        expect(BYTES);
        return Arrays.copyOfRange(bytes, from, at);
    }

    String string() throws FormatException {
        expect(BYTES);
        int bad = Utf8.firstMalformed(bytes, from, at);
        if (bad >= 0) {
            throw error("a text that is not UTF-8");
        }
        return new String(bytes, from, at - from, StandardCharsets.UTF_8);
    }

    ProtobufReader message() throws FormatException {
        expect(BYTES);
        return new ProtobufReader(file, bytes, from, at);
    }
}
