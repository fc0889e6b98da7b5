// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;
import verbo.text.TextFile;

/** Reads a text line by line, strictly as UTF-8; {@code .gz} is unpacked, a carriage return at an end is left out. */
final class Lines implements AutoCloseable {
    private final Path file;
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int at;
    private int end;
    private long line;
    private long bytes;
    private long characters;

    /**
     * @param stream
     *            read in place of the file, which is then only a name; null for the file
     */
    Lines(Path file, @Nullable InputStream stream) throws IOException {
        this.file = file;
        if (stream == null) {
            TextFile.check(file);
        }
        InputStream raw = stream != null ? stream : Files.newInputStream(file);
        try {
            in = stream == null && file.toString().endsWith(".gz") ? new GZIPInputStream(raw, 1 << 16) : raw;
        } catch (ZipException | EOFException e) {
            raw.close();
            throw new FormatException(file, "not a whole gzip file: " + e.getMessage(), e);
        }
    }

    /** The next line, null behind the last. */
    @Nullable String next() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        boolean any = false;
        while (true) {
            if (at == end) {
                at = 0;
                try {
                    end = Math.max(0, in.read(buffer));
                } catch (ZipException | EOFException e) {
                    throw new FormatException(file, "not a whole gzip file: " + e.getMessage(), e);
                }
                if (end == 0) {
                    return any ? decode(text.toByteArray()) : null;
                }
            }
            any = true;
            int from = at;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            text.write(buffer, from, at - from);
            if (at < end) {
                at++;
                bytes++;
                characters++;
                return decode(text.toByteArray());
            }
        }
    }

    private String decode(byte[] raw) throws FormatException {
        bytes += raw.length;
        line++;
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
            characters += text.codePointCount(0, text.length());
            if (line == 1 && text.startsWith("\uFEFF")) {
                text = text.substring(1);
            }
            return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        } catch (CharacterCodingException e) {
            throw new FormatException(file, "line " + line + ": not UTF-8 text", e);
        }
    }

    long bytes() {
        return bytes;
    }

    long characters() {
        return characters;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
