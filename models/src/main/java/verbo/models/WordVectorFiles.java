// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;

/**
 * Files of word vectors, told apart by what is in them: word2vec's text (which is also fastText's {@code .vec}), word2vec's
 * binary, and GloVe's text, which lacks the first line with the number of words and of dimensions.
 */
public final class WordVectorFiles {
    /** How vectors are written. */
    public enum Format {
        /** word2vec's text, fastText's .vec: a line with the numbers of words and dimensions, then a line a word. */
        TEXT,
        /** word2vec's binary: the same first line, then each word, a space, and its numbers as 32-bit floats. */
        BINARY,
        /** GloVe's text: a line a word and nothing else. */
        GLOVE
    }

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final int LONGEST_WORD = 1 << 16;
    private static final int MOST_DIMENSIONS = 1 << 16;
    private static final int WINDOW = 1 << 17; // bytes of a line that tell text from binary: twice a word
    private static final int MANY_NUMBERS = 1000; // no binary file looks like so many
    private static final Pattern NUMBER = Pattern
            .compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(NaN|Infinity)");
    private static final double[] TENS = new double[23]; // exact as doubles

    static {
        TENS[0] = 1;
        for (int i = 1; i < TENS.length; i++) {
            TENS[i] = 10 * TENS[i - 1];
        }
    }

    private WordVectorFiles() {}

    /**
     * Writes a file, compressed if its name ends in {@code .gz}. A number's text is the shortest that reads as the same
     * number.
     *
     * @throws IllegalArgumentException
     *             if a number is not finite, or a word cannot be read back: none may be empty, longer than 65,536 bytes or
     *             contain a new line or half a surrogate pair; in binary files none may contain a space, in others none
     *             end in one or in a tab; and in GloVe's, none may end in a space and a number with a point, nor the first
     *             contain a space or tab or begin with a byte order mark
     */
    public static void write(WordVectors vectors, Path file, Format format) throws IOException {
        if (!vectors.isFinite()) {
            throw new IllegalArgumentException("the vectors are not finite, so " + file + " is not written");
        }
        AtomicFiles.write(file, out -> {
            if (file.toString().endsWith(".gz")) {
                GZIPOutputStream zipped = new GZIPOutputStream(out, 1 << 16);
                write(vectors, zipped, format);
                zipped.finish();
            } else {
                write(vectors, out, format);
            }
        });
    }

    static void write(WordVectors vectors, OutputStream out, Format format) throws IOException {
        if (format != Format.GLOVE) {
            out.write((vectors.size() + " " + vectors.dimension() + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        StringBuilder line = new StringBuilder();
        ByteBuffer numbers = ByteBuffer.allocate(4 * vectors.dimension() + 1).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < vectors.size(); i++) {
            String word = vectors.word(i);
            if (!isReadBack(word, format, i == 0)) {
                throw new IllegalArgumentException("the word '" + word.replace("\n", "\\n") + "' cannot be written as "
                        + format.name().toLowerCase(Locale.ROOT) + ": it would not be read as the same word");
            }
            line.setLength(0);
            line.append(word);
            if (format == Format.BINARY) {
                out.write(line.append(' ').toString().getBytes(StandardCharsets.UTF_8));
                numbers.clear();
                for (float v : vectors.vector(i)) {
                    numbers.putFloat(v);
                }
                out.write(numbers.put((byte) '\n').array());
            } else {
                for (float v : vectors.vector(i)) {
                    line.append(' ').append(v);
                }
                out.write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static boolean isReadBack(String word, Format format, boolean first) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > LONGEST_WORD || word.indexOf('\n') >= 0
                || !new String(bytes, StandardCharsets.UTF_8).equals(word)) {
            return false;
        }
        boolean open = isSpace(bytes[bytes.length - 1]); // would be taken for the space before the numbers
        return switch (format) {
            case TEXT -> !open;
            case BINARY -> word.indexOf(' ') < 0;
            case GLOVE -> !open && !endsInNumber(bytes, bytes.length)
                    && !(first && (word.indexOf(' ') >= 0 || word.indexOf('\t') >= 0 || word.charAt(0) == '\uFEFF'));
        };
    }

    private static boolean isSpace(int b) {
        return b == ' ' || b == '\t';
    }

    /** Whether a word is several parts, and the last of them a number with a point. */
    private static boolean endsInNumber(byte[] word, int end) {
        int space = end - 1;
        while (space >= 0 && !isSpace(word[space])) {
            space--;
        }
        for (int i = space + 1; i < end; i++) {
            if ((word[i] < '0' || word[i] > '9') && ".-+eE".indexOf(word[i]) < 0) {
                return false;
            }
        }
        return space > 0 && new String(word, space + 1, end - space - 1, StandardCharsets.ISO_8859_1)
                .matches("[-+]?[0-9]+\\.[0-9]+([eE][-+]?[0-9]+)?");
    }

    /**
     * Reads a file of any of the formats; {@code .gz} is unpacked.
     *
     * @throws FormatException
     *             if the file is none of them, ends early, has vectors of different lengths, a word twice, or a number that is
     *             not finite
     */
    public static WordVectors read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, "is a folder; a file of word vectors is needed");
        }
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        try (InputStream raw = Files.newInputStream(file)) {
            return read(file, file.toString().endsWith(".gz") ? new GZIPInputStream(raw, 1 << 16) : raw);
        } catch (ZipException | EOFException e) {
            throw new FormatException(file, "not a whole gzip file: " + e.getMessage(), e);
        }
    }

    static WordVectors read(Path file, InputStream in) throws IOException {
        return new Reader(file, in).read();
    }

    private static final class Reader {
        private final Path file;
        private final InputStream in;
        private final List<String> words = new ArrayList<>();
        private final List<float[]> rows = new ArrayList<>();
        private final Map<String, Integer> seen = new HashMap<>();
        private byte[] line = new byte[1 << 12];
        private int length;

        Reader(Path file, InputStream in) {
            this.file = file;
            this.in = new BufferedInputStream(in, 1 << 20);
        }

        WordVectors read() throws IOException {
            in.mark(BYTE_ORDER_MARK.length);
            if (!Arrays.equals(in.readNBytes(BYTE_ORDER_MARK.length), BYTE_ORDER_MARK)) {
                in.reset();
            }
            if (!readLine()) {
                throw new FormatException(file, "is empty");
            }
            long[] header = header();
            if (header.length == 0) {
                readGlove();
            } else {
                long count = header[0];
                long dimension = header[1];
                if (dimension < 1 || dimension > MOST_DIMENSIONS) {
                    throw new FormatException(file, "line 1 says vectors of " + dimension + " numbers; from 1 to "
                            + MOST_DIMENSIONS + " can be read");
                }
                if (isText((int) dimension)) {
                    readText(count, (int) dimension);
                } else {
                    readBinary(count, (int) dimension);
                }
            }
            if (words.isEmpty()) {
                throw new FormatException(file, "has no words");
            }
            return new WordVectors(words, rows.toArray(float[][]::new));
        }

        /** The two whole numbers that the line consists of, or nothing. */
        private long[] header() throws FormatException {
            String[] parts = new String(line, 0, length, StandardCharsets.ISO_8859_1).strip().split("[ \t]+");
            if (parts.length != 2 || !parts[0].matches("[-+]?[0-9]+") || !parts[1].matches("[-+]?[0-9]+")) {
                return new long[0];
            }
            if (!parts[0].matches("[0-9]{1,18}") || !parts[1].matches("[0-9]{1,18}")) {
                throw new FormatException(file, "line 1 says " + shown(parts[0]) + " words of " + shown(parts[1])
                        + " numbers, which no file has");
            }
            return new long[]{Long.parseLong(parts[0]), Long.parseLong(parts[1])};
        }

        /**
         * Whether the line after the header is text: ends in as many numbers as the header says, or is a word and fewer of
         * them. Bytes of numbers as a binary file has them hardly look so. Where the line ends with the last byte that a
         * binary file would have, none of the numbers may have letters.
         */
        private boolean isText(int dimension) throws IOException {
            in.mark(2 * WINDOW);
            int b = in.read();
            for (int blank = 0; b == '\n' && blank < WINDOW; blank++) {
                b = in.read();
            }
            for (length = 0; b >= 0 && b != '\n' && length < WINDOW - 2; b = in.read()) {
                append(b);
            }
            in.reset();
            boolean whole = b < 0 || b == '\n';
            int end = trimmed();
            if (!whole) { // the last number may go on
                while (end > 0 && !isSpace(line[end - 1])) {
                    end--;
                }
            }
            int numbers = 0; // at the end of the line
            boolean letters = false; // in them
            boolean others = false; // between them and the first word
            while (end > 0 && numbers < dimension && !others) {
                while (end > 0 && isSpace(line[end - 1])) {
                    end--;
                }
                int from = end;
                boolean digits = true;
                while (from > 0 && !isSpace(line[from - 1])) {
                    int c = line[--from];
                    digits &= c >= '+' && c <= '9' || c >= 'A' && c <= 'z';
                    letters |= digits && c >= 'A' && c != 'E' && c != 'e';
                }
                if (from == 0) {
                    break; // the word
                }
                numbers += digits ? 1 : 0;
                others = !digits;
                end = from;
            }
            if (!whole) {
                return numbers >= Math.min(dimension, MANY_NUMBERS);
            }
            int space = 0;
            while (space < length && line[space] != ' ') {
                space++;
            }
            return length == space + 1 + 4 * dimension
                    ? numbers == dimension && !letters
                    : numbers == dimension || numbers >= 2 && !others;
        }

        private void readText(long count, int dimension) throws IOException {
            while (rows.size() < count) {
                if (!readLine()) {
                    throw ended(count);
                }
                addLine(dimension, 2);
            }
            while (readLine()) {
                if (!isBlank()) {
                    throw new FormatException(file, "has more than the " + count + " words that line 1 says");
                }
            }
        }

        private void readGlove() throws IOException {
            int end = trimmed();
            int dimension = 0;
            for (int i = 1; i < end; i++) {
                if (isSpace(line[i]) && !isSpace(line[i - 1])) {
                    dimension++;
                }
            }
            int last = end;
            while (last > 0 && !isSpace(line[last - 1])) {
                last--;
            }
            boolean isNumber = new String(line, last, end - last, StandardCharsets.ISO_8859_1)
                    .matches("[-+]?[0-9.]+([eE][-+]?[0-9]+)?|[-+]?(?i:nan|inf(inity)?)");
            if (dimension == 0 || dimension > MOST_DIMENSIONS || !isNumber) {
                throw new FormatException(file,
                        "is no file of word vectors: line 1 is neither two numbers nor a word and its numbers");
            }
            do {
                addLine(dimension, 1);
            } while (readLine() && !isBlank());
            while (readLine()) {
                if (!isBlank()) {
                    throw new FormatException(file, "line " + (rows.size() + 1) + " is blank, and others follow");
                }
            }
        }

        private boolean isBlank() {
            return new String(line, 0, length, StandardCharsets.ISO_8859_1).isBlank();
        }

        private int trimmed() {
            int end = length;
            while (end > 0 && (isSpace(line[end - 1]) || line[end - 1] == '\r')) {
                end--;
            }
            return end;
        }

        /** A word and its numbers. A word may contain spaces, so the numbers are counted from the end. */
        private void addLine(int dimension, int firstLine) throws FormatException {
            int number = rows.size() + firstLine;
            float[] row = new float[dimension];
            int end = trimmed();
            for (int i = dimension - 1; i >= 0; i--) {
                int from = end;
                while (from > 0 && !isSpace(line[from - 1])) {
                    from--;
                }
                if (from == 0) {
                    throw new FormatException(file, "line " + number + " has " + (dimension - 1 - i)
                            + " numbers after its word, not " + dimension);
                }
                row[i] = number(from, end, number);
                end = from - 1;
                while (end > 0 && isSpace(line[end - 1])) {
                    end--;
                }
            }
            if (firstLine == 1 && endsInNumber(line, end)) { // no header says how many there are
                throw new FormatException(file, "line " + number + " has more than " + dimension
                        + " numbers after its word");
            }
            add(word(line, 0, end, "line " + number), row, "line " + number);
        }

        /** The number in the line's bytes: up to 15 digits with or without a point by one division, others as Java reads them. */
        private float number(int from, int to, int lineNumber) throws FormatException {
            long digits = 0;
            int scale = 0;
            int count = 0;
            boolean point = false;
            int i = line[from] == '-' ? from + 1 : from;
            for (; i < to; i++) {
                int c = line[i];
                if (c >= '0' && c <= '9' && count < 15) {
                    digits = 10 * digits + c - '0';
                    count += digits == 0 ? 0 : 1;
                    scale -= point ? 1 : 0;
                } else if (c == '.' && !point) {
                    point = true;
                } else {
                    break;
                }
            }
            if (i == to && scale > -TENS.length && to - from > (point ? 1 : 0) + (line[from] == '-' ? 1 : 0)) {
                double value = digits / TENS[-scale];
                return (float) (line[from] == '-' ? -value : value);
            }
            String text = new String(line, from, to - from, StandardCharsets.ISO_8859_1);
            if (!NUMBER.matcher(text).matches()) { // Java has more, as 2f and 0x1p3
                throw new FormatException(file, "line " + lineNumber + ": '" + shown(text) + "' is not a number");
            }
            return Float.parseFloat(text);
        }

        private static String shown(String text) {
            return text.length() > 40 ? text.substring(0, 40) + "..." : text;
        }

        private void readBinary(long count, int dimension) throws IOException {
            byte[] bytes = new byte[4 * dimension];
            ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            while (rows.size() < count) {
                String where = "word " + (rows.size() + 1) + " of " + count;
                length = 0;
                int b = in.read();
                while (b == '\n') {
                    b = in.read();
                }
                for (; b != ' '; b = in.read()) {
                    if (b < 0) {
                        throw ended(count);
                    }
                    if (length == LONGEST_WORD) {
                        throw new FormatException(file, where + " is longer than " + LONGEST_WORD + " bytes");
                    }
                    append(b);
                }
                if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
                    throw ended(count);
                }
                float[] row = new float[dimension];
                numbers.rewind().asFloatBuffer().get(row);
                numbers.clear();
                add(word(line, 0, length, where), row, where);
            }
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b != '\n') {
                    throw new FormatException(file, "has more than the " + count + " words that line 1 says");
                }
            }
        }

        private FormatException ended(long count) {
            return new FormatException(file, "ends after " + rows.size() + " of " + count + " words");
        }

        private String word(byte[] bytes, int from, int to, String where) throws FormatException {
            if (from >= to) {
                throw new FormatException(file, where + " has no word");
            }
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from)).toString();
            } catch (CharacterCodingException e) {
                throw new FormatException(file, where + " has a word that is not UTF-8", e);
            }
        }

        private void add(String word, float[] row, String where) throws FormatException {
            for (float v : row) {
                if (!Float.isFinite(v)) {
                    throw new FormatException(file, where + ": the vector of '" + word + "' contains " + v);
                }
            }
            Integer first = seen.putIfAbsent(word, rows.size());
            if (first != null) {
                throw new FormatException(file, where + ": '" + word + "' has come before, as word " + (first + 1));
            }
            words.add(word);
            rows.add(row);
        }

        /** Reads a line without its end; false where the file ends. */
        private boolean readLine() throws IOException {
            length = 0;
            int b = in.read();
            if (b < 0) {
                return false;
            }
            for (; b >= 0 && b != '\n'; b = in.read()) {
                append(b);
            }
            return true;
        }

        private void append(int b) throws FormatException {
            if (length == line.length) {
                if (length >= 1 << 24) {
                    throw new FormatException(file, "has a line longer than 16 MiB, so it is no file of word vectors");
                }
                line = Arrays.copyOf(line, 2 * length);
            }
            line[length++] = (byte) b;
        }
    }
}
