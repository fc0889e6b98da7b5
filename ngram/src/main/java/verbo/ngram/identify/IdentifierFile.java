// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.zip.CRC32C;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;

/**
 * The layout of a file of language identification. Little-endian.
 *
 * <pre>
 * byte   0  "VERBOLID"
 *        8  int version, 2
 *       12  int order
 *       16  int languages, 1 to 255
 *       20  int bits: there are 2^bits buckets
 *       24  long length of the file
 *       32  long CRC-32C of all that follows
 *       40  double slope, double power of the certainty, see {@link Certainty}
 *       56  double spread of the likeness of texts, see {@link Likeness}
 *       64  double allowance of it
 *       72  int bytes of names, int 0
 *       80  float[256]  the weights there are
 *     1104  float[languages][2]  of each language the weight of a letter never seen, and a letter's mean score
 *           names, UTF-8, apart by line feeds, filled up with zero bytes to a multiple of four
 *           int[2^bits + 1]  where each bucket's records begin, in bytes behind this table
 *           records: short fingerprint, byte n, then n pairs of a byte language and a byte weight
 * </pre>
 *
 * The {@linkplain #mix mixed hash} of the last four letters of an n-gram, or of all, has its bucket in the highest bits, its own
 * has its fingerprint in the lowest 16. In a bucket an n-gram lies behind that without its first letter.
 */
final class IdentifierFile {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final int LANGUAGES = 255;
    static final int ORDERS = 8;
    /** An n-gram's bucket is that of its last so many letters. */
    static final int END = 4;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final byte[] MAGIC = {'V', 'E', 'R', 'B', 'O', 'L', 'I', 'D'};
    private static final int VERSION = 2;
    private static final int CHECKED = 40; // where the checksummed part begins
    private static final int CODEBOOK = 80;
    private static final int BIASES = CODEBOOK + 4 * 256;

    /**
     * All but the n-grams.
     *
     * @param unseen
     *            [languages] the weight of each letter and end of word, to which those of n-grams are added
     * @param mean
     *            [languages] what each of them scores in texts that were left out
     * @param weights
     *            [256] what the bytes of records stand for
     */
    record Header(int order, List<String> languages, Certainty certainty, Likeness likeness, float[] unseen,
            float[] mean, float[] weights) {}

    /**
     * A file that was read: its records are whole, and lie where the buckets say. These are arrays and not the mapped file, as a
     * process that has just started then identifies a fifth more texts in a second: what reads a segment takes long to compile.
     */
    record Opened(Header header, int bits, int[] buckets, byte[] records, long bytes) {}

    private IdentifierFile() {}

    /** Spreads a hash over all its bits. */
    static long mix(long hash) {
        long h = (hash ^ hash >>> 29) * 0xBF58476D1CE4E5B9L;
        return h ^ h >>> 32;
    }

    static boolean is(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer head = ByteBuffer.allocate(MAGIC.length);
            return channel.read(head) == MAGIC.length && java.util.Arrays.equals(head.array(), MAGIC);
        }
    }

    private static byte[] names(List<String> languages) {
        byte[] names = String.join("\n", languages).getBytes(StandardCharsets.UTF_8);
        return java.util.Arrays.copyOf(names, names.length + 3 & -4);
    }

    /** How long a file becomes. */
    static long length(Header header, int bits, long recordBytes) {
        return BIASES + 8L * header.languages.size() + names(header.languages).length + 4 * ((1L << bits) + 1)
                + recordBytes;
    }

    /**
     * Writes a file.
     *
     * @param starts
     *            [2^bits + 1] of the buckets in the records
     */
    static void write(Path path, Header header, int bits, int[] starts, byte[] records) throws IOException {
        byte[] names = names(header.languages);
        MemorySegment file = MemorySegment.ofArray(new byte[Math.toIntExact(length(header, bits, records.length))]);
        MemorySegment.copy(MemorySegment.ofArray(MAGIC), 0, file, 0, MAGIC.length);
        int languages = header.languages.size();
        int[] ints = {VERSION, header.order, languages, bits};
        for (int i = 0; i < ints.length; i++) {
            file.set(INT, 8 + 4L * i, ints[i]);
        }
        file.set(LONG, 24, file.byteSize());
        file.set(DOUBLE, 40, header.certainty.slope());
        file.set(DOUBLE, 48, header.certainty.power());
        file.set(DOUBLE, 56, header.likeness.spread());
        file.set(DOUBLE, 64, header.likeness.allowance());
        file.set(INT, 72, names.length);
        for (int i = 0; i < 256; i++) {
            file.set(FLOAT, CODEBOOK + 4L * i, header.weights[i]);
        }
        for (int l = 0; l < languages; l++) {
            file.set(FLOAT, BIASES + 8L * l, header.unseen[l]);
            file.set(FLOAT, BIASES + 8L * l + 4, header.mean[l]);
        }
        long at = BIASES + 8L * languages;
        MemorySegment.copy(MemorySegment.ofArray(names), 0, file, at, names.length);
        at += names.length;
        for (int start : starts) {
            file.set(INT, at, start);
            at += 4;
        }
        MemorySegment.copy(MemorySegment.ofArray(records), 0, file, at, records.length);
        file.set(LONG, 32, checksum(file));
        AtomicFiles.writeChannel(path, channel -> {
            ByteBuffer all = file.asByteBuffer();
            while (all.hasRemaining()) {
                channel.write(all);
            }
        });
    }

    private static long checksum(MemorySegment file) {
        CRC32C crc = new CRC32C();
        crc.update(file.asSlice(CHECKED).asByteBuffer());
        return crc.getValue();
    }

    /**
     * Reads a file and goes through it once: after that no record leads anywhere but to another.
     *
     * @throws FormatException
     *             if it is none, or not whole
     */
    static Opened open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new FormatException(path, "is a folder; a file is needed");
        }
        long size = Files.size(path);
        if (size < BIASES || size > Integer.MAX_VALUE - 8) {
            throw new FormatException(path, "not a model of language identification: " + size + " bytes");
        }
        MemorySegment file = MemorySegment.ofArray(Files.readAllBytes(path));
        for (int i = 0; i < MAGIC.length; i++) {
            if (file.get(ValueLayout.JAVA_BYTE, i) != MAGIC[i]) {
                throw new FormatException(path,
                        "not a model of language identification, which 'identify train' writes");
            }
        }
        if (file.get(INT, 8) != VERSION) {
            throw new FormatException(path,
                    "a model of version " + file.get(INT, 8) + ", and this is version " + VERSION
                            + ": train it again");
        }
        if (file.get(LONG, 24) != file.byteSize()) {
            throw new FormatException(path, "cut short or grown: " + file.byteSize() + " bytes where its header says "
                    + file.get(LONG, 24));
        }
        if (file.get(LONG, 32) != checksum(file)) {
            throw new FormatException(path, "damaged: its checksum does not match");
        }
        int order = file.get(INT, 12);
        int count = file.get(INT, 16);
        int bits = file.get(INT, 20);
        int nameBytes = file.get(INT, 72);
        check(path, order >= 1 && order <= ORDERS, "an order of " + order);
        check(path, count >= 1 && count <= LANGUAGES, count + " languages");
        check(path, bits >= 1 && bits <= 28, "a table of 2^" + bits);
        long namesAt = BIASES + 8L * count;
        check(path, nameBytes >= 0 && namesAt + nameBytes <= file.byteSize(), "names of " + nameBytes + " bytes");
        List<String> names = names(path, file.asSlice(namesAt, nameBytes), count);
        long tableAt = namesAt + nameBytes;
        long recordsAt = tableAt + 4 * ((1L << bits) + 1);
        check(path, recordsAt <= file.byteSize(), "a table beyond its end");
        MemorySegment table = file.asSlice(tableAt, recordsAt - tableAt);
        MemorySegment records = file.asSlice(recordsAt);
        checkRecords(path, table, bits, records, count);
        float[] weights = new float[256];
        for (int i = 0; i < 256; i++) {
            weights[i] = finite(path, file.get(FLOAT, CODEBOOK + 4L * i));
        }
        float[][] numbers = new float[2][count];
        for (int l = 0; l < count; l++) {
            for (int k = 0; k < 2; k++) {
                numbers[k][l] = finite(path, file.get(FLOAT, BIASES + 8L * l + 4L * k));
            }
        }
        Certainty certainty = new Certainty(finite(path, file.get(DOUBLE, 40)), finite(path, file.get(DOUBLE, 48)));
        Likeness likeness = new Likeness(finite(path, file.get(DOUBLE, 56)), finite(path, file.get(DOUBLE, 64)));
        Header header = new Header(order, names, certainty, likeness, numbers[0], numbers[1], weights);
        return new Opened(header, bits, table.toArray(INT), records.toArray(ValueLayout.JAVA_BYTE), file.byteSize());
    }

    private static List<String> names(Path path, MemorySegment bytes, int count) throws FormatException {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(bytes.asByteBuffer());
            List<String> names = new ArrayList<>(List.of(text.toString().replace("\0", "").split("\n", -1)));
            check(path, names.size() == count && new HashSet<>(names).size() == count && !names.contains(""),
                    "names that are not " + count + " different ones");
            return List.copyOf(names);
        } catch (CharacterCodingException e) {
            throw new FormatException(path, "damaged: its names are not UTF-8", e);
        }
    }

    private static void checkRecords(Path path, MemorySegment table, int bits, MemorySegment records, int languages)
            throws FormatException {
        long at = 0;
        for (long bucket = 0; bucket < 1L << bits; bucket++) {
            long end = table.get(INT, 4 * bucket + 4);
            check(path, table.get(INT, 4 * bucket) == at && end <= records.byteSize(), "a bucket out of place");
            while (at < end) {
                check(path, at + 3 <= end, "a record cut short");
                int pairs = records.get(ValueLayout.JAVA_BYTE, at + 2) & 0xFF;
                at += 3;
                check(path, at + 2L * pairs <= end, "a record cut short");
                for (int i = 0; i < pairs; i++, at += 2) {
                    check(path, (records.get(ValueLayout.JAVA_BYTE, at) & 0xFF) < languages, "a language of no name");
                }
            }
        }
        check(path, at == records.byteSize(), "bytes behind its records");
    }

    private static void check(Path path, boolean right, String wrong) throws FormatException {
        if (!right) {
            throw new FormatException(path, "damaged: " + wrong);
        }
    }

    private static float finite(Path path, float number) throws FormatException {
        return (float) finite(path, (double) number);
    }

    private static double finite(Path path, double number) throws FormatException {
        check(path, Double.isFinite(number), "a number that is " + number);
        return number;
    }
}
