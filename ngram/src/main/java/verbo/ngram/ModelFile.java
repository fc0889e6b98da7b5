// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;

/**
 * The layout of Verbo's binary n-gram models. Little-endian; a page of header, then the sections it names, each from a
 * multiple of 64 bytes on.
 *
 * <pre>
 * byte    0  "VERBONGR"
 *         8  int version, 2
 *        12  int form: 1 fast, 2 small
 *        16  int order
 *        20  int vocabulary size
 *        24  long length of the file
 *        32  long CRC-32C of all that follows the header
 *        40  long seed of the hash function
 *        48  long offset, long length of the words' bytes
 *        64  long offset of their starts, one int a word and one more
 *        72  long offset, long ints of their hash table
 *        88  long offset of the unigrams
 *        96  long offset, long length of the tokenizer.json, 0 if there is none
 *       128  for each order from 1: long n-grams, long offset of their table, long size of the table (buckets, bits)
 *      4088  long CRC-32C of the header up to here
 * </pre>
 */
final class ModelFile {
    static final int HEADER = 4096;
    static final int MAXIMUM_ORDER = 128;
    static final int FAST = 1;
    static final int SMALL = 2;
    static final int VERSION = 2;
    private static final byte[] MAGIC = {'V', 'E', 'R', 'B', 'O', 'N', 'G', 'R'};

    private ModelFile() {}

    static boolean isModel(Path file) throws IOException {
        check(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer head = ByteBuffer.allocate(MAGIC.length);
            return channel.read(head) == MAGIC.length && java.util.Arrays.equals(head.array(), MAGIC);
        }
    }

    /** Throws if a folder is given: the system would only say that it is one, and not which. */
    static void check(Path file) throws FormatException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, "is a folder; a file is needed");
        }
    }

    static long align(long offset) {
        return offset + 63 & -64L;
    }

    /** Where everything lies; made before anything is written, so the size is known. */
    static final class Layout {
        final int form;
        final int order;
        final int vocabularySize;
        final long[] counts;
        final long[] tableOffsets;
        final long[] tableSizes;
        final long textOffset;
        final long textLength;
        final long startsOffset;
        final long hashOffset;
        final long hashInts;
        final long unigramsOffset;
        final long tokenizerOffset;
        final long tokenizerLength;
        final long length;
        long seed;

        /**
         * @param tableSizes
         *            [order + 1] what the header says of each order's table
         * @param tableBytes
         *            [order + 1]
         */
        Layout(int form, int order, Vocabulary vocabulary, long[] counts, long[] tableSizes, long[] tableBytes,
                int unigramBytes, byte @Nullable [] tokenizer) {
            this.form = form;
            this.order = order;
            this.vocabularySize = vocabulary.size();
            this.counts = counts;
            this.tableSizes = tableSizes;
            textOffset = HEADER;
            textLength = vocabulary.text().byteSize();
            startsOffset = align(textOffset + textLength);
            hashOffset = align(startsOffset + 4L * (vocabularySize + 1));
            hashInts = vocabulary.table().byteSize() / 4;
            tokenizerOffset = align(hashOffset + 4 * hashInts);
            tokenizerLength = tokenizer == null ? 0 : tokenizer.length;
            unigramsOffset = align(tokenizerOffset + tokenizerLength);
            long at = align(unigramsOffset + (long) unigramBytes * (vocabularySize + 1L)); // one more to end a range
            tableOffsets = new long[order + 1];
            for (int n = 2; n <= order; n++) {
                tableOffsets[n] = at;
                at = align(at + tableBytes[n]);
            }
            length = at;
        }

        /** Writes vocabulary and tokenizer; the tables are the form's. */
        void writeWords(FileWindow file, Vocabulary vocabulary, byte @Nullable [] tokenizer) {
            file.set(textOffset, vocabulary.text());
            file.set(startsOffset, vocabulary.starts().asSlice(0, 4L * (vocabularySize + 1)));
            file.set(hashOffset, vocabulary.table());
            if (tokenizer != null) {
                file.set(tokenizerOffset, MemorySegment.ofArray(tokenizer));
            }
        }

        /** Writes the header, when all the rest is in place. */
        void writeHeader(FileWindow file) {
            long content = file.checksum(HEADER, length);
            file.set(0, MemorySegment.ofArray(MAGIC));
            int[] ints = {VERSION, form, order, vocabularySize};
            for (int i = 0; i < ints.length; i++) {
                file.setInt(8 + 4L * i, ints[i]);
            }
            long[] longs = {length, content, seed, textOffset, textLength, startsOffset, hashOffset, hashInts,
                    unigramsOffset, tokenizerOffset, tokenizerLength};
            for (int i = 0; i < longs.length; i++) {
                file.setLong(24 + 8L * i, longs[i]);
            }
            for (int n = 1; n <= order; n++) {
                long at = 128 + 24L * (n - 1);
                file.setLong(at, counts[n]);
                file.setLong(at + 8, tableOffsets[n]);
                file.setLong(at + 16, tableSizes[n]);
            }
            file.setLong(HEADER - 8L, file.checksum(0, HEADER - 8L));
        }
    }

    /** A header that was read, and is whole. */
    record Header(Path path, MemorySegment file, int form, int order, Vocabulary vocabulary, long seed, long[] counts,
            long[] tableOffsets, long[] tableSizes, long unigramsOffset, byte @Nullable [] tokenizer) {}

    /**
     * Maps a file and checks that it is one of ours, and whole.
     *
     * @throws FormatException
     *             if not
     */
    static Header open(Path path, Arena arena) throws IOException {
        check(path);
        MemorySegment file;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < HEADER) {
                throw new FormatException(path, "not a binary n-gram model of Verbo: only " + size + " bytes");
            }
            file = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
        }
        for (int i = 0; i < MAGIC.length; i++) {
            if (file.get(ValueLayout.JAVA_BYTE, i) != MAGIC[i]) {
                throw new FormatException(path, "not a binary n-gram model of Verbo; one of KenLM is read as the ARPA"
                        + " file it was made from");
            }
        }
        if (file.get(Vocabulary.INT, 8) != VERSION) {
            throw new FormatException(path, "a binary n-gram model of version " + file.get(Vocabulary.INT, 8)
                    + ", and this is version " + VERSION + ": make it again from its ARPA file or text");
        }
        if (file.get(Vocabulary.LONG, HEADER - 8L) != checksum(file, 0, HEADER - 8L)) {
            throw new FormatException(path, "damaged: the checksum of its header does not match");
        }
        long length = file.get(Vocabulary.LONG, 24);
        if (length != file.byteSize()) {
            throw new FormatException(path, "cut short or grown: " + file.byteSize() + " bytes where its header says "
                    + length);
        }
        int form = file.get(Vocabulary.INT, 12);
        int order = file.get(Vocabulary.INT, 16);
        int size = file.get(Vocabulary.INT, 20);
        if (form != FAST && form != SMALL || order < 1 || order > MAXIMUM_ORDER || size <= Vocabulary.END) {
            throw new FormatException(path, "a header that cannot be: form " + form + ", order " + order + ", " + size
                    + " words");
        }
        long[] counts = new long[order + 1];
        long[] offsets = new long[order + 1];
        long[] sizes = new long[order + 1];
        for (int n = 1; n <= order; n++) {
            long at = 128 + 24L * (n - 1);
            counts[n] = file.get(Vocabulary.LONG, at);
            offsets[n] = file.get(Vocabulary.LONG, at + 8);
            sizes[n] = file.get(Vocabulary.LONG, at + 16);
            long bytes = n == 1 ? 0 : form == FAST ? FastModel.bytes(sizes[n]) : SmallModel.bytes(file, order, n, size);
            if (counts[n] < 0 || bytes < 0 || offsets[n] < 0 || offsets[n] > length || bytes > length - offsets[n]) {
                throw new FormatException(path, "a header that cannot be: " + counts[n] + " " + n + "-grams in " + bytes
                        + " bytes from byte " + offsets[n] + " on");
            }
        }
        long hashInts = file.get(Vocabulary.LONG, 80);
        long unigrams = file.get(Vocabulary.LONG, 88);
        if (Long.bitCount(hashInts) != 1 || hashInts <= size || hashInts > 1L << 32) {
            throw new FormatException(path, "a header that cannot be: a hash table of " + hashInts + " words");
        }
        section(path, length, unigrams, (form == FAST ? 8L : 16L) * (size + 1L));
        Vocabulary vocabulary = new Vocabulary(size,
                slice(path, file, 48, file.get(Vocabulary.LONG, 56)),
                slice(path, file, 64, 4L * (size + 1L)),
                slice(path, file, 72, 4 * hashInts));
        long tokenizerLength = file.get(Vocabulary.LONG, 104);
        byte[] tokenizer = tokenizerLength == 0
                ? null
                : slice(path, file, 96, tokenizerLength).toArray(ValueLayout.JAVA_BYTE);
        return new Header(path, file, form, order, vocabulary, file.get(Vocabulary.LONG, 40), counts, offsets, sizes,
                unigrams, tokenizer);
    }

    private static MemorySegment slice(Path path, MemorySegment file, long field, long length) throws FormatException {
        long offset = file.get(Vocabulary.LONG, field);
        section(path, file.byteSize(), offset, length);
        return file.asSlice(offset, length);
    }

    private static void section(Path path, long size, long offset, long bytes) throws FormatException {
        if (offset < HEADER || offset > size || bytes < 0 || bytes > size - offset) {
            throw new FormatException(path, "a header that cannot be: " + bytes + " bytes from byte " + offset
                    + " on in a file of " + size);
        }
    }

    /**
     * Reads a whole file and compares its checksum; opening does not, so that it takes no time.
     *
     * @throws FormatException
     *             if it does not match
     */
    static void verify(Header header) throws IOException {
        if (header.file().get(Vocabulary.LONG, 32) != checksum(header.file(), HEADER, header.file().byteSize())) {
            throw new FormatException(header.path(), "damaged: the checksum of its content does not match");
        }
    }

    private static long checksum(MemorySegment file, long from, long to) {
        CRC32C crc = new CRC32C();
        for (long at = from; at < to; at += 1 << 26) {
            crc.update(file.asSlice(at, Math.min(1 << 26, to - at)).asByteBuffer());
        }
        return crc.getValue();
    }
}
