// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A text that is read whole, byte for byte: UTF-8 and nothing else. */
public final class TextFile {
    private TextFile() {}

    /**
     * Reads a file.
     *
     * @throws FormatException
     *             if it is a folder, or not UTF-8
     */
    public static String read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, "is a folder; a text file is needed");
        }
        return decode(file, Files.readAllBytes(file));
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
