// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A file of ranks as OpenAI's {@code tiktoken} reads it: on each line a token's bytes in base64, a space, and its rank,
 * which is its id.
 */
final class RankFile {
    private final byte[] @Nullable [] tokens;
    private final int size;

    private RankFile(byte[] @Nullable [] tokens, int size) {
        this.tokens = tokens;
        this.size = size;
    }

    /** One more than the highest rank. */
    int size() {
        return size;
    }

    /** The tokens, in an array of at least that size. */
    byte[] @Nullable [] tokens(int least) {
        return Arrays.copyOf(tokens, Math.max(least, size));
    }

    /** Whether the first line looks like one of these. */
    static boolean looksLike(byte[] bytes) {
        int space = -1;
        for (int i = 0; i < bytes.length && i < 1000; i++) {
            byte b = bytes[i];
            if (b == '\n' || b == '\r') {
                return space > 0 && i > space + 1;
            }
            if (b == ' ' && space < 0) {
                space = i;
            } else if (space >= 0 ? b < '0' || b > '9' : value(b) < 0 && b != '=') {
                return false;
            }
        }
        return space > 0 && bytes.length > space + 1 && bytes.length < 1000;
    }

    private static int value(byte b) {
        return b >= 'A' && b <= 'Z' ? b - 'A'
                : b >= 'a' && b <= 'z' ? b - 'a' + 26
                        : b >= '0' && b <= '9' ? b - '0' + 52 : b == '+' ? 62 : b == '/' ? 63 : -1;
    }

    static RankFile read(Path file, byte[] bytes) throws FormatException {
        byte[] @Nullable [] tokens = new byte[Math.max(16, bytes.length / 8)][];
        int size = 0;
        int line = 0;
        for (int at = 0; at < bytes.length;) {
            line++;
            int end = at;
            int space = -1;
            while (end < bytes.length && bytes[end] != '\n') {
                if (bytes[end] == ' ' && space < 0) {
                    space = end;
                }
                end++;
            }
            int next = end + 1;
            if (end > at && bytes[end - 1] == '\r') {
                end--;
            }
            if (end == at) {
                at = next;
                continue;
            }
            if (space <= at || space + 1 >= end) {
                throw new FormatException(file, "line " + line + ": must be a token in base64, a space and its rank");
            }
            byte[] token;
            try {
                // Whisper's has one that is empty
                token = space == at + 1 && bytes[at] == '='
                        ? new byte[0]
                        : Base64.getDecoder().decode(Arrays.copyOfRange(bytes, at, space));
            } catch (IllegalArgumentException e) {
                throw new FormatException(file, "line " + line + ": not base64: " + e.getMessage(), e);
            }
            long rank = 0;
            for (int i = space + 1; i < end; i++) {
                if (bytes[i] < '0' || bytes[i] > '9' || rank > Integer.MAX_VALUE) {
                    throw new FormatException(file, "line " + line + ": the rank is not a whole number from 0 up");
                }
                rank = rank * 10 + bytes[i] - '0';
            }
            if (rank >= 16L * bytes.length) {
                throw new FormatException(file, "line " + line + ": the rank " + rank
                        + " is far beyond the number of tokens");
            }
            int id = (int) rank;
            if (id >= tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(id + 1, tokens.length * 2));
            }
            if (tokens[id] != null) {
                throw new FormatException(file, "line " + line + ": the rank " + id + " is given twice");
            }
            tokens[id] = token;
            size = Math.max(size, id + 1);
            at = next;
        }
        if (size == 0) {
            throw new FormatException(file, "holds no ranks");
        }
        return new RankFile(tokens, size);
    }
}
