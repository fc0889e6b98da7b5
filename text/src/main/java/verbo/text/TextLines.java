// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** The lines of UTF-8 files, one at a time, so that a file may be of any size. */
public final class TextLines {
    private TextLines() {}

    /**
     * Hands over every line of a file, without what ends it and without a byte order mark. {@code .gz} is unpacked.
     *
     * @throws FormatException
     *             if the file is not UTF-8, naming the line, or not a whole gzip file
     */
    public static void forEach(Path file, IOConsumer<String> action) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            forEach(file, in, action);
        }
    }

    /** The same of a stream; the path is what messages call it, and its name says whether to unpack. */
    public static void forEach(Path name, InputStream in, IOConsumer<String> action) throws IOException {
        long number = 0;
        try (InputStream text = name.toString().endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in;
                BufferedReader reader = new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8
                        .newDecoder().onMalformedInput(CodingErrorAction.REPORT)), 1 << 16)) {
            for (String line; (line = next(reader)) != null;) {
                action.accept(number++ == 0 && line.startsWith("\uFEFF") ? line.substring(1) : line);
            }
        } catch (Malformed e) {
            throw new FormatException(name, "not UTF-8 text, after line " + number, e);
        } catch (ZipException | EOFException e) {
            throw new FormatException(name, "not a whole gzip file: " + e.getMessage(), e);
        }
    }

    /** What the file itself is wrong in, apart from what an action throws. */
    private static final class Malformed extends IOException {
        private static final long serialVersionUID = 1L;

        Malformed(CharacterCodingException cause) {
            super(cause);
        }
    }

    private static @Nullable String next(BufferedReader reader) throws IOException {
        try {
            return reader.readLine();
        } catch (CharacterCodingException e) {
            throw new Malformed(e);
        }
    }
}
