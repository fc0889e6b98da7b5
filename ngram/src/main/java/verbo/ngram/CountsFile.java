// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;

/**
 * Counts of n-grams as a file, where counting and estimating meet: another engine may count, and this one estimate. All
 * numbers are little-endian.
 *
 * <pre>
 * byte  0  "VERBOCNT"
 *       8  int version, 1
 *      12  int order N
 *      16  int number of words, the special three included
 *      20  int 0
 *      24  long number of rows, -1 if whoever wrote them did not know
 *      32  long length of the words in bytes
 *      40  the words, UTF-8, each ended by a line feed, in the order of their ids;
 *          the first three are {@code <unk>}, {@code <s>} and {@code </s>}
 *          the rows: N ints, the ids of an n-gram from its last word back to its first, then a long, its count above 0
 * </pre>
 *
 * Rows ascend by their ids, from the last word on, none twice (suffix order). There is one for each n-gram of N words that
 * ends with a word or {@code </s>} of a sentence; before a sentence stand as many {@code <s>} as that takes. A {@code <unk>}
 * that a text has as a word is spelt {@code \\<unk>}.
 */
final class CountsFile {
    private static final byte[] MAGIC = "VERBOCNT".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int HEADER = 40;

    final Path path;
    final int order;
    final long rows;
    private final byte[] text;
    private final int words;

    private CountsFile(Path path, int order, int words, long rows, byte[] text) {
        this.path = path;
        this.order = order;
        this.words = words;
        this.rows = rows;
        this.text = text;
    }

    /** Whether a file says of itself that it holds counts. */
    static boolean is(Path path) throws IOException {
        ModelFile.check(path);
        try (InputStream in = Files.newInputStream(path)) {
            return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
        }
    }

    /** Reads the header and the words. */
    static CountsFile open(Path path) throws IOException {
        ModelFile.check(path);
        long length = Files.size(path);
        try (InputStream in = Files.newInputStream(path)) {
            ByteBuffer header = ByteBuffer.wrap(in.readNBytes(HEADER)).order(ByteOrder.LITTLE_ENDIAN);
            if (header.remaining() < HEADER || !Arrays.equals(header.array(), 0, 8, MAGIC, 0, 8)) {
                throw new FormatException(path, "no file of n-gram counts: it does not begin with VERBOCNT");
            }
            int version = header.getInt(8);
            int order = header.getInt(12);
            int words = header.getInt(16);
            long rows = header.getLong(24);
            long bytes = header.getLong(32);
            if (version != VERSION) {
                throw new FormatException(path, "counts of version " + version + ", where this reads " + VERSION);
            }
            if (order < 1 || order > ModelFile.MAXIMUM_ORDER || words < 3 || bytes < words
                    || bytes > Integer.MAX_VALUE - 64 || bytes > length - HEADER) {
                throw new FormatException(path, "a header that cannot be: order " + order + ", " + words + " words in "
                        + bytes + " bytes");
            }
            long body = length - HEADER - bytes;
            long row = 4L * order + 8;
            if (body % row != 0 || rows >= 0 && rows != body / row) {
                throw new FormatException(path, "cut short or grown: " + body + " bytes of rows of " + row
                        + (rows < 0 ? "" : ", where its header says " + rows + " rows"));
            }
            byte[] text = in.readNBytes((int) bytes);
            if (text.length < bytes) {
                throw new FormatException(path, "ends within its words");
            }
            return new CountsFile(path, order, words, body / row, text);
        }
    }

    /** Adds the words to a vocabulary. Gives the id of each. */
    int[] words(Vocabulary.Builder vocabulary) throws FormatException {
        int[] ids = new int[words];
        int from = 0;
        for (int word = 0; word < words; word++) {
            int to = from;
            while (to < text.length && text[to] != '\n') {
                to++;
            }
            if (to == text.length || to == from) {
                throw new FormatException(path, "word " + word + " of " + words + " is empty or not there");
            }
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text, from, to - from));
            } catch (CharacterCodingException e) {
                throw new FormatException(path, "word " + word + " is not UTF-8", e);
            }
            ids[word] = vocabulary.id(text, from, to);
            if (word <= Vocabulary.END && ids[word] != word) {
                throw new FormatException(path, "its first words are not <unk>, <s> and </s>");
            }
            from = to + 1;
        }
        return ids;
    }

    /**
     * The rows, packed.
     *
     * @param ids
     *            what {@link #words} gave
     * @param sorted
     *            whether rows that do not ascend are refused
     */
    RowCursor read(Packing packing, int[] ids, boolean sorted) throws IOException {
        return new Rows(packing, ids, sorted);
    }

    private final class Rows extends RowCursor {
        private final Packing packing;
        private final int[] ids;
        private final boolean sorted;
        private final InputStream in;
        private final ByteBuffer row = ByteBuffer.allocate(4 * order + 8).order(ByteOrder.LITTLE_ENDIAN);
        private final long[] last;
        private long read;

        Rows(Packing packing, int[] ids, boolean sorted) throws IOException {
            this.packing = packing;
            this.ids = ids;
            this.sorted = sorted;
            data = new long[packing.longs + 1];
            last = new long[packing.longs];
            in = new BufferedInputStream(Files.newInputStream(path), 1 << 18);
            in.skipNBytes(HEADER + (long) text.length);
        }

        private FormatException wrong(String reason) {
            return new FormatException(path, "row " + read + ": " + reason);
        }

        @Override
        boolean next() throws IOException {
            if (read == rows) {
                return false;
            }
            if (in.readNBytes(row.array(), 0, row.capacity()) < row.capacity()) {
                throw new EOFException(path + ": cut short while it was read");
            }
            boolean begun = false;
            for (int field = 0; field < order; field++) {
                int id = row.getInt(4 * field);
                if (id < 0 || id >= ids.length) {
                    throw wrong("no word has the id " + id);
                }
                if (field == 0 && id == Vocabulary.BEGIN || begun && id != Vocabulary.BEGIN) {
                    throw wrong("<s> behind the beginning of a sentence");
                }
                begun = id == Vocabulary.BEGIN;
                packing.set(data, 0, field, ids[id]);
            }
            long count = row.getLong(4 * order);
            if (count <= 0 || count >= 1L << 60) {
                throw wrong("a count of " + count);
            }
            if (sorted && read > 0 && RowSort.compare(last, 0, data, 0, packing.longs) >= 0) {
                throw wrong("not behind the row before it, so the rows are not sorted");
            }
            System.arraycopy(data, 0, last, 0, last.length);
            data[packing.longs] = count;
            read++;
            return true;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** Writes counts that come in suffix order. Gives how many rows there are. */
    static long write(Path path, Vocabulary vocabulary, Packing packing, RowCursor counted) throws IOException {
        long[] rows = {0};
        AtomicFiles.writeChannel(path, channel -> {
            ByteBuffer out = ByteBuffer.allocate(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
            long bytes = vocabulary.text().byteSize() + vocabulary.size();
            out.put(MAGIC).putInt(VERSION).putInt(packing.order).putInt(vocabulary.size()).putInt(0).putLong(-1)
                    .putLong(bytes);
            for (int id = 0; id < vocabulary.size(); id++) {
                byte[] word = vocabulary.bytes(id);
                for (byte each : word) {
                    flush(channel, out, 1);
                    out.put(each);
                }
                flush(channel, out, 1);
                out.put((byte) '\n');
            }
            while (counted.next()) {
                flush(channel, out, 4 * packing.order + 8);
                for (int field = 0; field < packing.order; field++) {
                    out.putInt(packing.get(counted.data, counted.at, field));
                }
                out.putLong(counted.data[counted.at + packing.longs]);
                rows[0]++;
            }
            flush(channel, out, out.capacity());
            ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(rows[0]).flip();
            channel.write(number, 24);
        });
        return rows[0];
    }

    private static void flush(java.nio.channels.FileChannel channel, ByteBuffer out, int needed) throws IOException {
        if (out.remaining() < needed) {
            out.flip();
            while (out.hasRemaining()) {
                channel.write(out);
            }
            out.clear();
        }
    }
}
