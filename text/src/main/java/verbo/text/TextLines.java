// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipException;

/** The lines of UTF-8 files, one at a time, so that a file may be of any size. */
public final class TextLines {
    private TextLines() {}

    /**
     * Hands over every line of a file, without what ends it and without a byte order mark. {@code .gz} is unpacked.
     *
     * @throws FormatException
     *             if the file is a folder, not UTF-8, naming the line, or not a whole gzip file
     */
    public static void forEach(Path file, IOConsumer<String> action) throws IOException {
        TextFile.check(file);
        try (InputStream in = Files.newInputStream(file)) {
            forEach(file, in, action);
        }
    }

    /** The same of a stream; the path is what messages call it, and its name says whether to unpack. */
    public static void forEach(Path name, InputStream in, IOConsumer<String> action) throws IOException {
        // as bytes, so that what is no UTF-8 is found in its own line
        try (InputStream text = TextFile.unpacked(name, in);
                BufferedReader reader = new BufferedReader(
                        new InputStreamReader(text, StandardCharsets.ISO_8859_1), 1 << 16)) {
            long number = 0;
            for (String line; (line = reader.readLine()) != null;) {
                byte[] raw = line.getBytes(StandardCharsets.ISO_8859_1);
                String decoded = new String(raw, StandardCharsets.UTF_8);
                number++;
                if (decoded.indexOf('\uFFFD') >= 0 && !Arrays.equals(decoded.getBytes(StandardCharsets.UTF_8), raw)) {
                    throw new FormatException(name, "line " + number + ": not UTF-8 text");
                }
                action.accept(number == 1 ? TextFile.unmarked(decoded) : decoded);
            }
        } catch (ZipException | EOFException e) {
            throw new FormatException(name, "not a whole gzip file", e);
        }
    }
}
