// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipException;

/**
 * A whole text as numbers of words, four bytes a word, read in one pass: every line is a sentence, words are kept apart by
 * spaces, tabs, carriage returns and zero bytes. Words are numbered from the most frequent on, those of one frequency in the
 * order of their first occurrence; rare ones are left out.
 */
public final class IndexedText {
    /** Stands in {@link #ids} where a sentence ends. */
    public static final int END = -1;

    private static final int MOST = Integer.MAX_VALUE - 16;
    private static final byte[] KIND = new byte[256]; // 0 part of a word, 1 space, 2 end of line

    static {
        for (char space : new char[]{0, '\t', '\r', ' '}) {
            KIND[space] = 1;
        }
        KIND['\n'] = 2;
    }

    private final String[] words;
    private final long[] counts;
    private final int[] ids;
    private final long length;

    private IndexedText(String[] words, long[] counts, int[] ids, long length) {
        this.words = words;
        this.counts = counts;
        this.ids = ids;
        this.length = length;
    }

    /**
     * Reads a text.
     *
     * @param file
     *            UTF-8; {@code .gz} is unpacked
     * @param minimum
     *            words that occur less often are left out
     * @param progress
     *            told of bytes read and the file's size
     * @throws FormatException
     *             if the file is not UTF-8, has no words, or none often enough
     */
    public static IndexedText read(Path file, long minimum, Progress progress) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, "is a folder; a text file is needed");
        }
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        Reader reader = new Reader(file);
        try (FileChannel channel = FileChannel.open(file);
                InputStream in = TextFile.unpacked(file, Channels.newInputStream(channel))) {
            reader.read(in, () -> progress.update(channel.position(), channel.size()));
        } catch (ZipException | EOFException e) {
            throw new FormatException(file, "not a whole gzip file", e);
        }
        return reader.finish(minimum);
    }

    /** How many words there are. */
    public int vocabularySize() {
        return words.length;
    }

    /** A word by its number. */
    public String word(int id) {
        return words[id];
    }

    /** How often the word occurs. */
    public long count(int id) {
        return counts[id];
    }

    /** The text's words in order, without the rare ones, and {@link #END} after each sentence that is not empty. */
    public int[] ids() {
        return ids;
    }

    /** How many words the text has, the rare ones included. */
    public long length() {
        return length;
    }

    private interface Told {
        void update() throws IOException;
    }

    /** Numbers words as they first occur. */
    private static final class Reader {
        private final Path file;
        private byte[] spellings = new byte[1 << 16];
        private int[] starts = new int[1 << 12]; // word w is spellings[starts[w] .. starts[w + 1])
        private int[] hashes = new int[1 << 12];
        private long[] counts = new long[1 << 12];
        private int[] table = new int[1 << 13]; // word + 1, 0 is empty
        private int size;
        private final IntBuilder ids = new IntBuilder(1 << 16);
        private long length;
        private long line = 1;

        Reader(Path file) {
            this.file = file;
        }

        void read(InputStream in, Told told) throws IOException {
            byte[] buffer = new byte[1 << 20];
            int kept = 0; // bytes of a word that is not complete
            boolean first = true;
            while (true) {
                int end = kept + in.readNBytes(buffer, kept, buffer.length - kept);
                boolean last = end < buffer.length;
                int at = kept;
                int start = 0;
                if (first && end >= 3 && (buffer[0] & 0xFF) == 0xEF && (buffer[1] & 0xFF) == 0xBB
                        && (buffer[2] & 0xFF) == 0xBF) {
                    start = 3;
                    at = 3;
                }
                first = false;
                for (; at < end; at++) {
                    int kind = KIND[buffer[at] & 0xFF];
                    if (kind != 0) {
                        if (at > start) {
                            word(buffer, start, at);
                        }
                        start = at + 1;
                        if (kind == 2) {
                            sentence();
                        }
                    }
                }
                told.update();
                if (last) {
                    if (end > start) {
                        word(buffer, start, end);
                    }
                    sentence();
                    return;
                }
                kept = end - start;
                if (kept == buffer.length) {
                    if (kept >= 1 << 28) {
                        throw new FormatException(file, "line " + line + " has a word of more than 256 MiB");
                    }
                    buffer = Arrays.copyOf(buffer, buffer.length * 2);
                } else {
                    System.arraycopy(buffer, start, buffer, 0, kept);
                }
            }
        }

        private void sentence() {
            line++;
            if (ids.size() > 0 && ids.get(ids.size() - 1) != END) {
                ids.add(END);
            }
        }

        private void word(byte[] text, int from, int to) throws FormatException {
            int hash = to - from;
            for (int i = from; i < to; i++) {
                hash = 31 * hash + text[i];
            }
            hash *= 0x9E3779B9;
            hash ^= hash >>> 15;
            int mask = table.length - 1;
            int slot = hash & mask;
            int word = table[slot] - 1;
            while (word >= 0 && (hashes[word] != hash
                    || !Arrays.equals(spellings, starts[word], starts[word + 1], text, from, to))) {
                slot = (slot + 1) & mask;
                word = table[slot] - 1;
            }
            if (word < 0) {
                word = insert(text, from, to, hash, slot);
            }
            counts[word]++;
            length++;
            ids.add(word);
        }

        private int insert(byte[] text, int from, int to, int hash, int slot) throws FormatException {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text, from, to - from));
            } catch (CharacterCodingException e) {
                throw new FormatException(file, "line " + line + " is not UTF-8 text", e);
            }
            if (size + 2 > starts.length) {
                starts = Arrays.copyOf(starts, starts.length * 2);
                hashes = Arrays.copyOf(hashes, starts.length);
                counts = Arrays.copyOf(counts, starts.length);
            }
            long end = (long) starts[size] + to - from;
            if (end > MOST) {
                throw new FormatException(file, "has more different words than 2 GiB hold");
            }
            if (end > spellings.length) {
                spellings = Arrays.copyOf(spellings, (int) Math.min(MOST, Math.max(end, spellings.length * 2L)));
            }
            System.arraycopy(text, from, spellings, starts[size], to - from);
            hashes[size] = hash;
            table[slot] = size + 1;
            starts[++size] = (int) end;
            if (size * 2 > table.length) {
                table = new int[table.length * 2];
                int mask = table.length - 1;
                for (int word = 0; word < size; word++) {
                    int at = hashes[word] & mask;
                    while (table[at] != 0) {
                        at = (at + 1) & mask;
                    }
                    table[at] = word + 1;
                }
            }
            return size - 1;
        }

        IndexedText finish(long minimum) throws FormatException {
            if (length == 0) {
                throw new FormatException(file, "has no words");
            }
            long[] order = new long[size]; // by falling count, then by number
            int kept = 0;
            long most = 0;
            for (int word = 0; word < size; word++) {
                most = Math.max(most, counts[word]);
                if (counts[word] >= minimum) {
                    order[kept++] = -counts[word] << 31 | word;
                }
            }
            if (kept == 0) {
                throw new FormatException(file, "no word occurs " + minimum + " times, so the vocabulary is empty;"
                        + " the most frequent occurs " + most + " times: ask for fewer");
            }
            Arrays.sort(order, 0, kept);
            int[] renumbered = new int[size];
            Arrays.fill(renumbered, END);
            String[] words = new String[kept];
            long[] keptCounts = new long[kept];
            for (int id = 0; id < kept; id++) {
                int word = (int) (order[id] & Integer.MAX_VALUE);
                renumbered[word] = id;
                words[id] = new String(spellings, starts[word], starts[word + 1] - starts[word],
                        StandardCharsets.UTF_8);
                keptCounts[id] = counts[word];
            }
            int[] text = ids.array();
            int to = 0;
            for (int at = 0; at < ids.size(); at++) {
                boolean end = text[at] == END;
                int id = end ? END : renumbered[text[at]];
                if (end ? to > 0 && text[to - 1] != END : id != END) {
                    text[to++] = id;
                }
            }
            return new IndexedText(words, keptCounts, Arrays.copyOf(text, to), length);
        }
    }
}
