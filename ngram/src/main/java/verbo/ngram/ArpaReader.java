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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;

/**
 * Reads the ARPA format. N-grams may come in any order within their section. As KenLM, it refuses probabilities above 1 and
 * n-grams whose context or whose end is missing.
 */
final class ArpaReader {
    private static final int BUFFER = 1 << 18;
    private static final byte[][] SPECIALS = {bytes("<unk>"), bytes("<s>"), bytes("</s>")};
    private static final byte[] UPPER_UNKNOWN = bytes("<UNK>");
    /** What KenLM takes for the unknown word where the file has none. */
    private static final float NO_UNKNOWN = -100;

    private final Path file;
    private final Workspace workspace;
    private InputStream in = InputStream.nullInputStream();
    private byte[] buffer = new byte[BUFFER];
    private int at;
    private int end;
    private int lineStart;
    private int lineEnd;
    private long lineNumber;

    private ArpaReader(Path file, Workspace workspace) {
        this.file = file;
        this.workspace = workspace;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Reads a file, packed if its name ends in {@code .gz}. */
    static NgramRows read(Path file, Workspace workspace) throws IOException {
        ModelFile.check(file);
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw, BUFFER) : raw) {
            ArpaReader reader = new ArpaReader(file, workspace);
            reader.in = in;
            return reader.read();
        } catch (ZipException | EOFException e) {
            throw new FormatException(file, "not a whole gzip file: " + e.getMessage(), e);
        }
    }

    private FormatException wrong(String reason) {
        return new FormatException(file, "line " + lineNumber + ": " + reason);
    }

    /** Goes to the next line; false behind the last. */
    private boolean line() throws IOException {
        int scan = at;
        while (true) {
            while (scan < end && buffer[scan] != '\n') {
                scan++;
            }
            if (scan < end) {
                break;
            }
            int kept = end - at;
            if (at > 0) {
                System.arraycopy(buffer, at, buffer, 0, kept);
            } else if (kept == buffer.length) {
                if (kept > 1 << 26) {
                    lineNumber++;
                    throw wrong("longer than 64 MiB, so no line of an ARPA file");
                }
                buffer = Arrays.copyOf(buffer, kept * 2);
            }
            at = 0;
            end = kept;
            scan = kept;
            int read = in.read(buffer, end, buffer.length - end);
            if (read < 0) {
                if (end == 0) {
                    return false;
                }
                break;
            }
            end += read;
        }
        lineStart = at;
        lineEnd = scan;
        at = Math.min(end, scan + 1);
        lineNumber++;
        while (lineEnd > lineStart && isSpace(buffer[lineEnd - 1])) {
            lineEnd--;
        }
        return true;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\r';
    }

    private boolean blank() {
        return lineStart == lineEnd;
    }

    private String text() {
        int length = Math.min(80, lineEnd - lineStart);
        return new String(buffer, lineStart, length, StandardCharsets.UTF_8);
    }

    private void expect(String wanted) throws IOException {
        do {
            if (!line()) {
                throw new FormatException(file, "ends at line " + lineNumber + ", where " + wanted + " should come");
            }
        } while (blank());
        if (!text().equals(wanted)) {
            throw wrong("\"" + text() + "\" where " + wanted + " should come");
        }
    }

    private NgramRows read() throws IOException {
        expect("\\data\\");
        long[] counts = counts();
        int order = counts.length - 1;
        Vocabulary.Builder words = new Vocabulary.Builder();
        List<float[]> values = new ArrayList<>();
        unigrams(counts[1], order, words, values);
        Vocabulary vocabulary = words.build();
        int size = vocabulary.size();
        float[] probabilities = new float[size];
        float[] backoffs = new float[size];
        for (int id = 0; id < size; id++) {
            probabilities[id] = values.get(id)[0];
            backoffs[id] = values.get(id)[1];
        }
        values.clear();
        Packing[] packings = Estimator.packings(order, Packing.bitsFor(size));
        RowStore[] rows = new RowStore[order + 1];
        long[][] extendsLeft = new long[order][];
        for (int n = 1; n < order; n++) {
            extendsLeft[n] = new long[Math.toIntExact(((n == 1 ? size : counts[n]) + 63) / 64)];
        }
        for (int n = 2; n <= order; n++) {
            section(n, counts[n], order, packings, words, backoffs, rows, extendsLeft);
        }
        return new NgramRows(vocabulary, order, packings, probabilities, backoffs, rows, extendsLeft, true);
    }

    private long[] counts() throws IOException {
        List<Long> counts = new ArrayList<>(List.of(0L));
        // a line has a digit, a word between two spaces and its end; gzip packs to a thousandth at best
        long most = Files.size(file) / 4 * (file.toString().endsWith(".gz") ? 1100 : 1);
        while (true) {
            if (!line()) {
                throw new FormatException(file, "ends at line " + lineNumber + ", before its first n-grams");
            }
            String text = text();
            if (text.isEmpty()) {
                if (counts.size() == 1) {
                    continue;
                }
                break;
            }
            String begin = "ngram " + counts.size() + "=";
            long count;
            try {
                count = text.startsWith(begin) ? Long.parseLong(text.substring(begin.length()).strip()) : -1;
            } catch (NumberFormatException e) {
                throw wrong("\"" + text + "\": not a count");
            }
            if (count < 0 || count > 1L << 40) {
                throw wrong("\"" + text + "\" where \"" + begin + "\" and a count should come");
            }
            if (count > most) {
                throw wrong("\"" + text + "\": more than a file of " + Files.size(file) + " bytes can hold");
            }
            counts.add(count);
            if (counts.size() > ModelFile.MAXIMUM_ORDER + 1) {
                throw wrong("n-grams of more than " + ModelFile.MAXIMUM_ORDER + " words");
            }
        }
        return counts.stream().mapToLong(Long::longValue).toArray();
    }

    private int next; // where the next column begins

    /** A number in front of the rest of the line. */
    private float number(String what) throws FormatException {
        int from = next;
        int to = from;
        while (to < lineEnd && !isSpace(buffer[to])) {
            to++;
        }
        float value = parse(from, to);
        if (Float.isNaN(value)) {
            throw wrong("\"" + new String(buffer, from, Math.min(80, to - from), StandardCharsets.UTF_8)
                    + "\" is no number, where a " + what + " should come");
        }
        next = to;
        skip();
        return value;
    }

    private void skip() {
        while (next < lineEnd && isSpace(buffer[next])) {
            next++;
        }
    }

    /** The usual -d.ddd by hand, anything else by Java; NaN for what is no number. */
    private float parse(int from, int to) {
        long digits = 0;
        int scale = 0;
        int i = from;
        boolean negative = i < to && buffer[i] == '-';
        if (negative) {
            i++;
        }
        boolean point = false;
        boolean simple = i < to && to - i <= 17;
        for (; simple && i < to; i++) {
            byte b = buffer[i];
            if (b >= '0' && b <= '9') {
                digits = digits * 10 + b - '0';
                scale += point ? 1 : 0;
            } else if (b == '.' && !point) {
                point = true;
            } else {
                simple = false;
            }
        }
        if (simple && scale < POWERS.length) {
            double value = digits / POWERS[scale];
            return (float) (negative ? -value : value);
        }
        String text = new String(buffer, from, to - from, StandardCharsets.UTF_8);
        try {
            return Float.parseFloat(text);
        } catch (NumberFormatException e) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "-inf", "-infinity" -> Float.NEGATIVE_INFINITY;
                default -> Float.NaN;
            };
        }
    }

    private static final double[] POWERS = new double[18];

    static {
        double power = 1;
        for (int i = 0; i < POWERS.length; i++) {
            POWERS[i] = power;
            power *= 10;
        }
    }

    private float probability() throws FormatException {
        next = lineStart;
        skip();
        float value = number("logarithm of a probability");
        if (value > 0) {
            throw wrong("the logarithm of a probability is above 0: " + value);
        }
        return value;
    }

    private float backoff(int n, int order) throws FormatException {
        if (next >= lineEnd) {
            return NgramRows.NO_EXTENSION;
        }
        if (n == order) {
            throw wrong("something stands behind an n-gram of the highest order: "
                    + new String(buffer, next, Math.min(40, lineEnd - next), StandardCharsets.UTF_8));
        }
        float value = number("backoff weight");
        if (next < lineEnd) {
            throw wrong("something stands behind the backoff weight");
        }
        if (Float.isInfinite(value)) {
            throw wrong("a backoff weight must be a finite number");
        }
        return value == 0 ? NgramRows.NO_EXTENSION : value;
    }

    private boolean entry(String section, long read, long count) throws IOException {
        while (true) {
            if (!line()) {
                throw new FormatException(file, "ends in section " + section + ", after " + read + " of " + count
                        + " n-grams");
            }
            if (!blank()) {
                boolean other = buffer[lineStart] == '\\' && lineEnd > lineStart + 1
                        && (text().endsWith("-grams:") || text().equals("\\end\\"));
                if (read == count) {
                    if (!other) {
                        throw wrong("section " + section + " has more than the " + count
                                + " n-grams that \\data\\ says");
                    }
                    return false;
                }
                if (other) {
                    throw wrong("section " + section + " has " + read + " n-grams where \\data\\ says " + count);
                }
                return true;
            }
        }
    }

    private void header(String wanted) throws IOException {
        if (!text().equals(wanted)) {
            throw wrong("\"" + text() + "\" where " + wanted + " should come");
        }
    }

    private void unigrams(long count, int order, Vocabulary.Builder words, List<float[]> values) throws IOException {
        String section = "\\1-grams:";
        expect(section);
        for (int id = 0; id < SPECIALS.length; id++) {
            values.add(new float[]{Float.NaN, NgramRows.NO_EXTENSION});
        }
        for (long read = 0; entry(section, read, count); read++) {
            float probability = probability();
            int from = next;
            int to = from;
            while (to < lineEnd && !isSpace(buffer[to])) {
                to++;
            }
            if (to == from) {
                throw wrong("no word behind the probability");
            }
            next = to;
            skip();
            float backoff = backoff(1, order);
            int known = words.size();
            int id = Arrays.equals(buffer, from, to, UPPER_UNKNOWN, 0, UPPER_UNKNOWN.length)
                    ? Vocabulary.UNKNOWN
                    : words.id(buffer, from, to);
            if (id == known) {
                try {
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(buffer, from, to - from));
                } catch (CharacterCodingException e) {
                    throw wrong("not UTF-8 text");
                }
                values.add(new float[]{probability, backoff});
            } else if (Float.isNaN(values.get(id)[0])) {
                values.set(id, new float[]{probability, backoff});
            } else {
                throw wrong("the word " + new String(buffer, from, to - from, StandardCharsets.UTF_8)
                        + " comes a second time");
            }
        }
        for (int id = 1; id < SPECIALS.length; id++) {
            if (Float.isNaN(values.get(id)[0])) {
                throw new FormatException(file, "the unigrams lack " + new String(SPECIALS[id], StandardCharsets.UTF_8)
                        + ", which stands at an end of every sentence");
            }
        }
        if (Float.isNaN(values.get(0)[0])) {
            values.get(0)[0] = NO_UNKNOWN;
        }
        if (order == 1) {
            header("\\end\\");
        }
    }

    private void section(int n, long count, int order, Packing[] packings, Vocabulary.Builder words, float[] unigrams,
            RowStore[] rows, long[][] extendsLeft) throws IOException {
        String section = "\\" + n + "-grams:";
        header(section);
        Packing packing = packings[n];
        Packing shorter = packings[n - 1];
        long[] gram = new long[packing.longs];
        long[] context = new long[packing.longs];
        rows[n] = new RowStore(workspace, packing.longs + 1);
        try (RowSorter sorter = new RowSorter(workspace, count, packing.longs + 1, false, 0.5);
                RowSorter contexts = new RowSorter(workspace, count, shorter.longs + 1, true, 0.5)) {
            for (long read = 0; entry(section, read, count); read++) {
                float probability = probability();
                for (int word = 0; word < n; word++) {
                    int from = next;
                    int to = from;
                    while (to < lineEnd && !isSpace(buffer[to])) {
                        to++;
                    }
                    if (to == from) {
                        throw wrong("only " + word + " words in the section of " + n + "-grams");
                    }
                    int id = Arrays.equals(buffer, from, to, UPPER_UNKNOWN, 0, UPPER_UNKNOWN.length)
                            ? Vocabulary.UNKNOWN
                            : words.find(buffer, from, to);
                    if (id < 0) {
                        throw wrong("the word " + new String(buffer, from, to - from, StandardCharsets.UTF_8)
                                + " is not among the unigrams");
                    }
                    packing.set(gram, 0, n - 1 - word, id);
                    next = to;
                    skip();
                }
                sorter.add(gram, 0, NgramRows.payload(probability, backoff(n, order)));
                packing.toContext(gram, 0, context, 0);
                shorter.copyPrefix(context, 0, context, 0);
                contexts.add(context, 0, 0);
            }
            markContexts(n, contexts, packings, unigrams, rows);
            try (RowCursor sorted = sorter.sorted()) {
                merge(n, sorted, packings, rows, extendsLeft, words);
            }
        }
        if (n == order) {
            header("\\end\\");
        }
    }

    private String words(Packing packing, long[] data, int from, int n, Vocabulary.Builder words) {
        StringBuilder text = new StringBuilder();
        for (int field = n - 1; field >= 0; field--) {
            text.append(words.word(packing.get(data, from, field))).append(field == 0 ? "" : " ");
        }
        return text.toString();
    }

    /** Puts the sorted n-grams into their store, and notes which shorter ones they end with. */
    private void merge(int n, RowCursor sorted, Packing[] packings, RowStore[] rows, long[][] extendsLeft,
            Vocabulary.Builder words) throws IOException {
        Packing packing = packings[n];
        Packing shorter = packings[n - 1];
        long[] last = new long[packing.longs];
        long[] prefix = new long[packing.longs];
        boolean any = false;
        long parent = -1;
        try (RowCursor parents = n == 2 ? RowCursor.of(new long[0], 0, 1) : rows[n - 1].read()) {
            boolean more = true;
            while (sorted.next()) {
                if (any && RowSort.compare(last, 0, sorted.data, sorted.at, packing.longs) == 0) {
                    throw new FormatException(file, "the " + n + "-gram \"" + words(packing, last, 0, n, words)
                            + "\" comes more than once");
                }
                System.arraycopy(sorted.data, sorted.at, last, 0, packing.longs);
                if (n == 2) {
                    parent = packing.get(last, 0, 0);
                } else {
                    shorter.copyPrefix(last, 0, prefix, 0);
                    while (more && (parent < 0
                            || RowSort.compare(parents.data, parents.at, prefix, 0, shorter.longs) < 0)) {
                        more = parents.next();
                        parent++;
                    }
                    if (!more || RowSort.compare(parents.data, parents.at, prefix, 0, shorter.longs) != 0) {
                        throw new FormatException(file, "the " + n + "-gram \"" + words(packing, last, 0, n, words)
                                + "\" is there, but not the " + (n - 1) + "-gram it ends with");
                    }
                }
                any = true;
                extendsLeft[n - 1][(int) (parent >>> 6)] |= 1L << parent;
                rows[n].add(sorted.data, sorted.at, sorted.data[sorted.at + packing.longs]);
            }
        }
        rows[n].finish();
    }

    /** Notes which shorter n-grams are contexts of those of this order, and so have to be kept in mind by a query. */
    private void markContexts(int n, RowSorter contexts, Packing[] packings, float[] unigrams,
            @Nullable RowStore[] rows)
            throws IOException {
        Packing shorter = packings[n - 1];
        try (RowCursor sorted = contexts.sorted()) {
            if (n == 2) {
                while (sorted.next()) {
                    int id = shorter.get(sorted.data, sorted.at, 0);
                    unigrams[id] += 0.0f; // -0.0 becomes 0.0
                }
                return;
            }
            RowStore before = rows[n - 1];
            if (before == null) {
                throw new IllegalStateException("orders come one after the other");
            }
            RowStore marked = new RowStore(workspace, shorter.longs + 1);
            try (RowCursor all = before.read()) {
                boolean more = sorted.next();
                while (all.next()) {
                    long payload = all.data[all.at + shorter.longs];
                    if (more && RowSort.compare(sorted.data, sorted.at, all.data, all.at, shorter.longs) == 0) {
                        payload = NgramRows.payload(NgramRows.probability(payload),
                                NgramRows.backoff(payload) + 0.0f);
                        more = sorted.next();
                    }
                    marked.add(all.data, all.at, payload);
                }
                if (more) {
                    throw new FormatException(file, "there is a " + n + "-gram whose context, its first " + (n - 1)
                            + " words, is not among the " + (n - 1) + "-grams");
                }
            }
            marked.finish();
            before.close();
            rows[n - 1] = marked;
        }
    }
}
