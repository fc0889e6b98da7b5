// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.zip.CRC32;

/**
 * The ids of a whole corpus in a file, mapped into memory, so that it may be larger than the heap and than 2 GiB.
 *
 * <p>
 * Documents follow one another; when there are several and the tokenizer has a {@linkplain Tokenizer#separator()
 * separator}, each is followed by it. A header (128 bytes, little-endian) is followed by the ids, two bytes each when the
 * vocabulary fits into 65536 and else four, then, at a multiple of eight, by the start of every document as a 64-bit
 * number.
 *
 * <pre>
 *  0 "VERBOTOK"   8 version       12 bytes an id   16 ids      24 documents   32 UTF-8 bytes of the text
 * 40 vocabulary  44 separator, -1 48 SHA-256 of what it was made of           80 zeros       124 CRC-32 of 0..123
 * </pre>
 *
 * The digest covers the tokenizer and the name and text of every document, so of a corpus, a tokenizer or a split that
 * has changed no stale ids are ever read.
 */
public final class TokenFile implements AutoCloseable {
    private static final byte[] MAGIC = "VERBOTOK".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int HEADER = 128;
    private static final int CRC_AT = HEADER - 4;
    private static final int DIGEST_AT = 48;
    private static final int DIGEST = 32;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final Arena arena;
    private final Header header;
    private final MemorySegment ids;
    private final MemorySegment starts;

    private record Header(int width, long tokens, long documents, long bytes, int vocabulary, int separator,
            String digest) {
        long startsAt() {
            return HEADER + (Math.multiplyExact(tokens, (long) width) + 7) / 8 * 8;
        }

        long fileSize() {
            return Math.addExact(startsAt(), Math.multiplyExact(documents, 8L));
        }
    }

    private TokenFile(Path file, Arena arena, Header header, MemorySegment mapped) {
        this.file = file;
        this.arena = arena;
        this.header = header;
        ids = mapped.asSlice(HEADER, header.tokens() * header.width());
        starts = mapped.asSlice(header.startsAt(), header.documents() * 8);
    }

    /**
     * Opens the ids of a corpus, encoding it first unless a file made of the very same corpus and tokenizer is there.
     *
     * @param folder
     *            where the files are kept, made if it is missing; one corpus and tokenizer have one file in it
     * @param corpus
     *            read once to tell whether it has changed, and again if it has
     * @param threads
     *            how many threads encode; the file does not depend on it
     * @param progress
     *            told the UTF-8 bytes encoded
     * @throws IllegalArgumentException
     *             if the corpus has a character outside the vocabulary; the message names document and character
     */
    public static TokenFile cached(Path folder, Corpus corpus, Tokenizer tokenizer, int threads, Progress progress)
            throws IOException {
        Summary summary = Summary.of(corpus, tokenizer);
        Files.createDirectories(folder);
        Path file = folder.resolve("tokens-" + summary.digest.substring(0, 16) + ".bin");
        if (Files.exists(file)) {
            try {
                TokenFile known = open(file);
                if (known.digest().equals(summary.digest)) {
                    return known;
                }
                known.close();
            } catch (FormatException e) {
                // truncated or not ours: made anew below
            }
        }
        write(file, corpus, tokenizer, summary, threads, progress);
        return open(file);
    }

    /**
     * Encodes a corpus into a file, atomically, and opens it.
     *
     * @throws IllegalArgumentException
     *             if the corpus has a character outside the vocabulary; the message names document and character
     */
    public static TokenFile create(Path file, Corpus corpus, Tokenizer tokenizer, int threads, Progress progress)
            throws IOException {
        Summary summary = Summary.of(corpus, tokenizer);
        write(file, corpus, tokenizer, summary, threads, progress);
        return open(file);
    }

    /** What a first look at the corpus tells: whether a file is made of it, and how large it is. */
    private record Summary(String digest, long documents, long bytes) {
        static Summary of(Corpus corpus, Tokenizer tokenizer) throws IOException {
            Digest digest = new Digest(tokenizer);
            corpus.forEach(digest::add);
            return new Summary(digest.finish(), digest.documents, digest.bytes);
        }
    }

    /** SHA-256 over the tokenizer and all documents. */
    private static final class Digest {
        private final MessageDigest sha;
        private long documents;
        private long bytes;

        Digest(Tokenizer tokenizer) {
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
            update("verbo.text.TokenFile " + VERSION);
            update(tokenizer.json());
            update(Arrays.toString(special(tokenizer))); // which the file does not tell
        }

        /** How special tokens are encoded that are written in a text. */
        private static int[] special(Tokenizer tokenizer) {
            StringBuilder text = new StringBuilder();
            for (int id = 0; id < tokenizer.size(); id++) {
                try {
                    text.append(tokenizer.isSpecial(id) ? tokenizer.token(id) : "");
                } catch (IllegalArgumentException e) {
                    // ids may have gaps
                }
            }
            try {
                return tokenizer.encode(text.toString());
            } catch (IllegalArgumentException e) {
                return new int[0]; // they are text, and outside the vocabulary
            }
        }

        void add(Document document) {
            documents++;
            update(document.name());
            bytes += update(document.text());
        }

        /** Lengths keep apart what follows one another. */
        private int update(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            sha.update(ByteBuffer.allocate(8).putLong(0, utf8.length));
            sha.update(utf8);
            return utf8.length;
        }

        String finish() {
            return HexFormat.of().formatHex(sha.digest());
        }
    }

    private static void write(Path file, Corpus corpus, Tokenizer tokenizer, Summary summary, int threads,
            Progress progress) throws IOException {
        OptionalInt separator = summary.documents() > 1 ? tokenizer.separator() : OptionalInt.empty();
        int width = tokenizer.size() <= 1 << 16 ? 2 : 4;
        AtomicFiles.writeChannel(file, channel -> {
            channel.position(HEADER);
            Digest digest = new Digest(tokenizer);
            Writer out = new Writer(channel, width, tokenizer.size());
            LongBuilder starts = new LongBuilder();
            DocumentBatches.forEach(corpus, threads, (worker, document) -> {
                try {
                    return tokenizer.encode(document.text());
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(document.name() + ": " + e.getMessage(), e);
                }
            }, (document, ids) -> {
                digest.add(document);
                starts.add(out.tokens);
                out.write(ids);
                if (separator.isPresent()) {
                    out.write(new int[]{separator.getAsInt()});
                }
                progress.update(digest.bytes, summary.bytes());
            });
            String made = digest.finish();
            if (!made.equals(summary.digest())) {
                throw new IOException("the corpus " + corpus.name() + " changed while it was read");
            }
            Header header = new Header(width, out.tokens, starts.size, digest.bytes, tokenizer.size(),
                    separator.orElse(-1), made);
            out.pad();
            out.write(starts);
            out.flush();
            ByteBuffer bytes = encode(header);
            for (long at = 0; bytes.hasRemaining();) {
                at += channel.write(bytes, at);
            }
        });
    }

    /** Ids on their way to the file. */
    private static final class Writer {
        private final FileChannel channel;
        private final int width;
        private final int vocabulary;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
        private long tokens;

        Writer(FileChannel channel, int width, int vocabulary) {
            this.channel = channel;
            this.width = width;
            this.vocabulary = vocabulary;
        }

        void write(int[] ids) throws IOException {
            for (int id : ids) {
                if (id < 0 || id >= vocabulary) {
                    throw new IllegalArgumentException("the tokenizer gave the id " + id + ", and had " + vocabulary
                            + " tokens at first: a corpus is encoded by a vocabulary that does not grow");
                }
                if (buffer.remaining() < 8) {
                    flush();
                }
                if (width == 2) {
                    buffer.putShort((short) id);
                } else {
                    buffer.putInt(id);
                }
            }
            tokens += ids.length;
        }

        void pad() throws IOException {
            flush();
            long end = HEADER + tokens * width;
            buffer.put(new byte[(int) ((end + 7) / 8 * 8 - end)]);
        }

        void write(LongBuilder longs) throws IOException {
            for (int i = 0; i < longs.size; i++) {
                if (buffer.remaining() < 8) {
                    flush();
                }
                buffer.putLong(longs.values[i]);
            }
        }

        void flush() throws IOException {
            buffer.flip();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            buffer.clear();
        }
    }

    private static final class LongBuilder {
        private long[] values = new long[16];
        private int size;

        void add(long value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, size * 2);
            }
            values[size++] = value;
        }
    }

    private static ByteBuffer encode(Header header) {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).putInt(VERSION).putInt(header.width()).putLong(header.tokens()).putLong(header.documents())
                .putLong(header.bytes()).putInt(header.vocabulary()).putInt(header.separator())
                .put(HexFormat.of().parseHex(header.digest()));
        bytes.putInt(CRC_AT, crc(bytes));
        return bytes.position(0).limit(HEADER);
    }

    private static int crc(ByteBuffer header) {
        CRC32 crc = new CRC32();
        crc.update(header.slice(0, CRC_AT));
        return (int) crc.getValue();
    }

    /**
     * Opens a file.
     *
     * @throws FormatException
     *             if it is not a token file, is of another version, is truncated or damaged in its header or in its
     *             list of documents
     */
    public static TokenFile open(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // until it is full
            }
            long size = channel.size();
            Header header = decode(file, bytes.flip(), size);
            Arena arena = Arena.ofShared();
            try {
                MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
                TokenFile opened = new TokenFile(file, arena, header, mapped);
                opened.checkStarts();
                return opened;
            } catch (IOException | RuntimeException e) {
                arena.close();
                throw e;
            }
        }
    }

    private static Header decode(Path file, ByteBuffer bytes, long size) throws FormatException {
        byte[] magic = new byte[MAGIC.length];
        if (bytes.remaining() >= MAGIC.length) {
            bytes.get(magic);
        }
        if (!Arrays.equals(magic, MAGIC)) {
            throw new FormatException(file, "not a token file");
        }
        if (bytes.limit() < HEADER) {
            throw new FormatException(file, "truncated: " + size + " bytes, less than the header");
        }
        int version = bytes.getInt();
        if (version != VERSION) {
            throw new FormatException(file, "a token file of version " + version + ", this is version " + VERSION);
        }
        if (bytes.getInt(CRC_AT) != crc(bytes)) {
            throw new FormatException(file, "the header is damaged: its CRC-32 does not match");
        }
        int width = bytes.getInt();
        long tokens = bytes.getLong();
        long documents = bytes.getLong();
        long text = bytes.getLong();
        int vocabulary = bytes.getInt();
        int separator = bytes.getInt();
        byte[] digest = new byte[DIGEST];
        bytes.get(DIGEST_AT, digest);
        Header header = new Header(width, tokens, documents, text, vocabulary, separator,
                HexFormat.of().formatHex(digest));
        boolean sound = (width == 2 || width == 4) && tokens >= 0 && documents >= 0 && text >= 0 && vocabulary > 0
                && separator >= -1 && separator < vocabulary && tokens <= size && documents <= size;
        if (!sound) {
            throw new FormatException(file, "the header holds impossible numbers");
        }
        if (header.fileSize() != size) {
            throw new FormatException(file, (size < header.fileSize() ? "truncated: " : "too long: ") + size
                    + " bytes in place of " + header.fileSize());
        }
        return header;
    }

    private void checkStarts() throws FormatException {
        long previous = 0;
        for (long d = 0; d < header.documents(); d++) {
            long start = starts.getAtIndex(LONG, d);
            if (start < previous || start > header.tokens()) {
                throw new FormatException(file, "document " + d + " starts at token " + start + ", out of order");
            }
            previous = start;
        }
    }

    /** How many ids there are. */
    public long length() {
        return header.tokens();
    }

    /** The id at a place, from 0 to {@link #length()} - 1. */
    public int get(long i) {
        Objects.checkIndex(i, header.tokens());
        return header.width() == 2 ? ids.getAtIndex(SHORT, i) & 0xFFFF : ids.getAtIndex(INT, i);
    }

    /**
     * Copies ids.
     *
     * @param from
     *            place of the first
     * @param into
     *            where to
     * @param offset
     *            index in {@code into} of the first
     * @param count
     *            how many
     * @throws IndexOutOfBoundsException
     *             if they are not all there, or do not fit
     */
    public void read(long from, int[] into, int offset, int count) {
        Objects.checkFromIndexSize(from, count, header.tokens());
        Objects.checkFromIndexSize(offset, count, into.length);
        if (header.width() == 4) {
            MemorySegment.copy(ids, INT, from * 4, into, offset, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            into[offset + i] = ids.getAtIndex(SHORT, from + i) & 0xFFFF;
        }
    }

    /** How many documents there are. */
    public long documents() {
        return header.documents();
    }

    /** Where a document's first id is; {@code documentStart(documents())} is {@link #length()}. */
    public long documentStart(long d) {
        Objects.checkIndex(d, header.documents() + 1);
        return d == header.documents() ? header.tokens() : starts.getAtIndex(LONG, d);
    }

    /** UTF-8 bytes of all documents' text, separators not counted. */
    public long bytes() {
        return header.bytes();
    }

    /** Size of the vocabulary the ids are of. */
    public int vocabularySize() {
        return header.vocabulary();
    }

    /** The id that follows every document, if one does. */
    public OptionalInt separator() {
        return header.separator() < 0 ? OptionalInt.empty() : OptionalInt.of(header.separator());
    }

    /** SHA-256, in hexadecimal, of the tokenizer and of the names and texts of all documents. */
    public String digest() {
        return header.digest();
    }

    /** The file it is mapped from. */
    public Path file() {
        return file;
    }

    /** Unmaps the file; nothing can be read afterwards. */
    @Override
    public void close() {
        arena.close();
    }
}
