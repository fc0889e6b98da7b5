// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A text and the class it belongs to.
 *
 * @param label
 *            the name of the class
 * @param text
 *            words apart by spaces
 */
public record LabelledText(String label, String text) {
    /** What fastText has before a label. */
    public static final String PREFIX = "__label__";

    private static final int LONGEST_LABEL = 65_535; // bytes, as many as a classifier's file has room for

    /**
     * Reads a file with a text a line: its label, with or without {@value #PREFIX} before it, a space or a tab, the text.
     * Blank lines are passed over. Bytes that are not UTF-8 become U+FFFD: old collections such as TREC's have some.
     *
     * @throws FormatException
     *             if the file has no lines, or a line has two labels, one that is too long or not first, or no text
     */
    public static List<LabelledText> read(Path file) throws IOException {
        List<LabelledText> texts = new ArrayList<>();
        int number = 0;
        String all = TextFile.unmarked(new String(TextFile.bytes(file), StandardCharsets.UTF_8));
        for (String line : (Iterable<String>) all.lines()::iterator) {
            number++;
            String text = line.strip();
            if (!text.isEmpty()) {
                texts.add(parse(file, number, text));
            }
        }
        if (texts.isEmpty()) {
            throw new FormatException(file, "has no lines with a label and a text");
        }
        return texts;
    }

    private static LabelledText parse(Path file, int number, String line) throws FormatException {
        int end = 0;
        while (end < line.length() && line.charAt(end) != ' ' && line.charAt(end) != '\t') {
            end++;
        }
        boolean prefixed = line.startsWith(PREFIX);
        String label = line.substring(prefixed ? PREFIX.length() : 0, end);
        String text = line.substring(end).strip();
        if (label.isEmpty() || text.isEmpty()) {
            throw new FormatException(file, "line " + number + " must be a label, a space and a text");
        }
        if (text.startsWith(PREFIX) || text.contains(" " + PREFIX) || text.contains("\t" + PREFIX)) {
            throw new FormatException(file, "line " + number + (prefixed
                    ? " has several labels; give each text one"
                    : " has a label that is not first; put " + PREFIX + " and its name before the text"));
        }
        if (bytes(label) > LONGEST_LABEL) {
            throw new FormatException(file, "line " + number + " has a label longer than " + LONGEST_LABEL
                    + " bytes; put a short one, a space and the text");
        }
        return new LabelledText(label, text);
    }

    /** In the modified UTF-8 of {@link java.io.DataOutput#writeUTF}. */
    private static long bytes(String label) {
        return label.chars().mapToLong(c -> c == 0 ? 2 : c < 0x80 ? 1 : c < 0x800 ? 2 : 3).sum();
    }
}
