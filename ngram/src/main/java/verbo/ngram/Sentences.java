// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import verbo.text.FormatException;
import verbo.text.TextFile;

/**
 * Reads a text word by word: every line is a sentence, words are kept apart by spaces, tabs, carriage returns and zero bytes,
 * as KenLM's {@code lmplz} has it. A blank line is a sentence without words. {@code .gz} is unpacked.
 */
final class Sentences {
    /** Hears of words and ends of sentences. */
    interface Sink {
        /** A word of the text, as bytes that are valid until the method returns. */
        void word(byte[] bytes, int from, int to) throws IOException;

        /** A sentence ends. */
        void end() throws IOException;
    }

    /** Why a text with a word is refused that only stands for the ends of sentences. */
    static final String ENDS = "the text has <s> or </s> as a word, which stand for the ends of sentences and are added to"
            + " every line: take them out";

    private static final int BUFFER = 1 << 20;
    private static final byte[] KIND = new byte[256]; // 0 part of a word, 1 space, 2 end of line

    static {
        for (char space : new char[]{0, '\t', '\r', ' '}) {
            KIND[space] = 1;
        }
        KIND['\n'] = 2;
    }

    private final Path file;
    private long line;
    private long offset; // of the buffer in the file
    private int wordAt; // of the current word in the buffer
    private long bytes;
    private long characters;

    Sentences(Path file) {
        this.file = file;
    }

    /** Reads the whole file. */
    void read(Sink sink) throws IOException {
        TextFile.check(file);
        try (InputStream raw = Files.newInputStream(file); InputStream in = unpack(raw)) {
            read(in, sink);
        }
    }

    private InputStream unpack(InputStream raw) throws IOException {
        if (!file.toString().endsWith(".gz")) {
            return raw;
        }
        try {
            return new GZIPInputStream(raw, 1 << 16);
        } catch (ZipException | EOFException e) {
            throw new FormatException(file, "not a whole gzip file: " + e.getMessage(), e);
        }
    }

    void read(InputStream in, Sink sink) throws IOException {
        byte[] buffer = new byte[BUFFER];
        int kept = 0; // bytes of a word that is not complete
        boolean open = false; // whether the line has begun
        boolean first = true;
        while (true) {
            int read = fill(in, buffer, kept);
            int end = kept + read;
            int at = 0;
            bytes += read;
            for (int i = kept; i < end; i++) {
                characters += (buffer[i] & 0xC0) != 0x80 ? 1 : 0;
            }
            if (first && end >= 3 && (buffer[0] & 0xFF) == 0xEF && (buffer[1] & 0xFF) == 0xBB
                    && (buffer[2] & 0xFF) == 0xBF) {
                at = 3;
            }
            first = false;
            boolean last = end < buffer.length;
            int start = at;
            for (; at < end; at++) {
                int kind = KIND[buffer[at] & 0xFF];
                if (kind != 0) {
                    if (at > start) {
                        wordAt = start;
                        sink.word(buffer, start, at);
                    }
                    start = at + 1;
                    open = kind == 1;
                    if (kind == 2) {
                        line++;
                        sink.end();
                    }
                }
            }
            if (last) {
                if (end > start) {
                    wordAt = start;
                    sink.word(buffer, start, end);
                    open = true;
                }
                if (open) {
                    sink.end();
                }
                return;
            }
            kept = end - start;
            offset += start;
            if (kept == buffer.length) {
                if (kept > 1 << 28) {
                    throw new FormatException(file, "line " + (line + 1) + " has a word of more than 256 MiB");
                }
                buffer = Arrays.copyOf(buffer, buffer.length * 2);
            } else {
                System.arraycopy(buffer, start, buffer, 0, kept);
            }
        }
    }

    /** Bytes of the text so far, unpacked. */
    long bytes() {
        return bytes;
    }

    /** Characters of the text so far, as Unicode code points. */
    long characters() {
        return characters;
    }

    private int fill(InputStream in, byte[] buffer, int kept) throws IOException {
        try {
            return in.readNBytes(buffer, kept, buffer.length - kept);
        } catch (ZipException | EOFException e) {
            throw new FormatException(file, "not a whole gzip file: " + e.getMessage(), e);
        }
    }

    /** Throws if the current word is no UTF-8, or is one that stands for the ends of sentences. Asked once a new word. */
    void check(byte[] bytes, int from, int to) throws FormatException {
        String where = "line " + (line + 1) + ", byte " + (offset + wordAt) + ": ";
        if (to - from == 3 && bytes[from] == '<' && bytes[from + 1] == 's' && bytes[from + 2] == '>'
                || to - from == 4 && bytes[from] == '<' && bytes[from + 1] == '/' && bytes[from + 2] == 's'
                        && bytes[from + 3] == '>') {
            throw new FormatException(file, where + ENDS);
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from));
        } catch (CharacterCodingException e) {
            throw new FormatException(file, where + "not UTF-8 text", e);
        }
    }
}
