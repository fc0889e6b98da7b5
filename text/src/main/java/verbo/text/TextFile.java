// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** A text that is read whole, byte for byte: UTF-8 and nothing else. {@code .gz} is unpacked. */
public final class TextFile {
    private static final int MOST = Integer.MAX_VALUE - 8;

    private TextFile() {}

    /**
     * Reads a file.
     *
     * @throws FormatException
     *             if it is a folder, not UTF-8, larger than 2 GiB, or not a whole gzip file
     */
    public static String read(Path file) throws IOException {
        return decode(file, bytes(file));
    }

    /**
     * Looks at what is about to be read as a text: of a folder the system would only say that it is one, and not which.
     *
     * @throws FormatException
     *             if it is a folder
     */
    public static void check(Path file) throws FormatException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, "is a folder; a text file is needed");
        }
    }

    /** The bytes of a text file. */
    static byte[] bytes(Path file) throws IOException {
        check(file);
        try (InputStream raw = Files.newInputStream(file); InputStream in = unpacked(file, raw)) {
            byte[] bytes = Files.size(file) > MOST ? null : in.readNBytes(MOST);
            if (bytes == null || (bytes.length == MOST && in.read() >= 0)) {
                throw new FormatException(file, "is larger than 2 GiB, and is read whole; take a part of it");
            }
            return bytes;
        } catch (ZipException | EOFException e) {
            throw new FormatException(file, "not a whole gzip file", e);
        }
    }

    /** What is in a stream, unpacked if its name says that it is packed. */
    static InputStream unpacked(Path name, InputStream in) throws IOException {
        return name.toString().toLowerCase(Locale.ROOT).endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in;
    }

    /** A text without the byte order mark that some editors put before it. */
    public static String unmarked(String text) {
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    /**
     * The text that bytes are.
     *
     * @param name
     *            where they are from, for the message
     * @throws FormatException
     *             if they are not UTF-8, with the first byte at fault
     */
    public static String decode(Path name, byte[] bytes) throws FormatException {
        int bad = Utf8.firstMalformed(bytes, 0, bytes.length);
        if (bad >= 0) {
            throw new FormatException(name, "not UTF-8 text, at byte " + bad);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
