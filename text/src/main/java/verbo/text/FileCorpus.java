// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/** Documents from files, as {@link Corpus#open} describes. */
final class FileCorpus implements Corpus {
    /** What git looks at to tell binary files from text. */
    private static final int SNIFF = 8000;
    private static final int RUN = 1 << 20;
    private static final JsonFactory JSON = JsonFactory.builder().streamReadConstraints(StreamReadConstraints.builder()
            .maxStringLength(Integer.MAX_VALUE).maxNameLength(Integer.MAX_VALUE).maxNumberLength(Integer.MAX_VALUE)
            .maxNestingDepth(Integer.MAX_VALUE).build()).build(); // nobody asked for most of what is in a line

    /** A file and its name inside the corpus. */
    private record Entry(String name, Path file) {}

    private final String location;
    private final List<Entry> files;
    private final Options options;
    private final boolean sniff;

    private FileCorpus(String location, List<Entry> files, Options options, boolean sniff) {
        this.location = location;
        this.files = files;
        this.options = options;
        this.sniff = sniff;
    }

    static Corpus open(String location, Options options) throws IOException {
        if (location.isEmpty()) { // which Path takes for the current folder
            throw new IllegalArgumentException("the place of a corpus is empty; give a file, a folder or a glob");
        }
        @Nullable Path path = path(location);
        if (path != null && Files.isDirectory(path)) {
            List<Entry> files = walk(path, options.entries());
            if (files.isEmpty()) {
                throw new FormatException(path, options.entries() == null
                        ? "the folder holds no files"
                        : "the folder holds no file that matches " + options.entries());
            }
            return new FileCorpus(location, files, options, true);
        }
        if (path != null && Files.exists(path)) {
            String name = Objects.requireNonNull(path.getFileName()).toString();
            return new FileCorpus(location, List.of(new Entry(name, path)), options, false);
        }
        int bang = location.indexOf('!');
        if (bang > 0) {
            Path archive = path(location.substring(0, bang));
            if (archive != null && Files.isRegularFile(archive)) {
                String inside = location.substring(bang + 1);
                return open(location.substring(0, bang),
                        options.withEntries(inside.startsWith("/") ? inside.substring(1) : inside));
            }
        }
        int wild = firstWildcard(location);
        if (wild >= 0) {
            int slash = location.lastIndexOf('/', wild);
            String base = slash < 0 ? "" : slash == 0 ? "/" : location.substring(0, slash);
            Path folder = path(base);
            if (folder == null || !Files.isDirectory(folder)) {
                throw new NoSuchFileException(base, null, "no such folder, from the pattern " + location);
            }
            List<Entry> files = walk(folder, location.substring(slash + 1));
            if (files.isEmpty()) {
                throw new FormatException(folder, "no file matches " + location);
            }
            return new FileCorpus(location, files, options.withEntries(null), true);
        }
        throw new NoSuchFileException(location);
    }

    private static @Nullable Path path(String location) {
        try {
            return Path.of(location);
        } catch (InvalidPathException e) {
            return null; // some systems forbid '*' in paths: then it can only be a glob
        }
    }

    private static int firstWildcard(String location) {
        for (int i = 0; i < location.length(); i++) {
            if ("*?[{".indexOf(location.charAt(i)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private static Predicate<String> glob(@Nullable String pattern) {
        if (pattern == null) {
            return name -> true;
        }
        PathMatcher matcher;
        try {
            matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("not a glob: " + pattern + " (" + e.getDescription() + ")", e);
        }
        return name -> {
            Path path = path(name);
            return path != null && matcher.matches(path);
        };
    }

    private static List<Entry> walk(Path folder, @Nullable String glob) throws IOException {
        Path root = folder.toRealPath();
        Predicate<String> wanted = glob(glob);
        // folders that nothing can match in are not looked into: one may be closed to us
        int depth = glob == null || glob.contains("**") ? Integer.MAX_VALUE
                : 1 + (int) glob.chars().filter(c -> c == '/').count();
        List<Entry> files = new ArrayList<>();
        try (Stream<Path> paths = Files.walk(root, depth)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Path inside = root.relativize(path);
                String name = inside.toString().replace(root.getFileSystem().getSeparator(), "/");
                if (!hidden(inside) && wanted.test(name) && Files.isRegularFile(path)) {
                    files.add(new Entry(name, path));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        files.sort(Comparator.comparing(Entry::name)); // by code unit: the same on every machine
        return files;
    }

    private static boolean hidden(Path inside) {
        for (Path part : inside) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String name() {
        return location;
    }

    @Override
    public long bytes() throws IOException {
        long bytes = 0;
        for (Entry entry : files) {
            String lower = entry.name().toLowerCase(Locale.ROOT);
            if (isArchive(lower) || lower.endsWith(".gz")) {
                return 0; // what is in it is larger
            }
            bytes += Files.size(entry.file());
        }
        return bytes;
    }

    @Override
    public void forEach(IOConsumer<Document> action) throws IOException {
        read(new Sink(action, null));
    }

    @Override
    public void forEachRun(RunConsumer action) throws IOException {
        read(new Sink(document -> action.accept(document, false), action));
    }

    /** Where documents go and, if they are wanted, runs of lines instead. */
    private static final class Sink implements IOConsumer<Document> {
        private final IOConsumer<Document> documents;
        private final @Nullable RunConsumer runs;
        private long count;

        Sink(IOConsumer<Document> documents, @Nullable RunConsumer runs) {
            this.documents = documents;
            this.runs = runs;
        }

        @Override
        public void accept(Document document) throws IOException {
            count++;
            documents.accept(document);
        }

        void run(RunConsumer consumer, byte[] utf8, int from, int to) throws IOException {
            count++;
            consumer.accept(utf8, from, to, true);
        }
    }

    private void read(Sink counting) throws IOException {
        for (Entry entry : files) {
            if (isArchive(entry.name())) {
                if (!sniff) { // inside a folder an archive is just another binary file
                    readArchive(entry, counting);
                }
            } else {
                try (InputStream in = Files.newInputStream(entry.file())) {
                    readFile(entry.file(), "", entry.name(), in, sniff, counting);
                }
            }
        }
        if (counting.count == 0) {
            throw new FormatException(Path.of(files.size() == 1 ? files.get(0).file().toString() : "corpus"),
                    "no text in " + location + (options.entries() == null ? "" : " under " + options.entries())
                            + (sniff && files.stream().anyMatch(file -> isArchive(file.name()))
                                    ? "; archives are opened where they are named one by one"
                                    : ""));
        }
    }

    private static boolean isArchive(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".zip") || lower.endsWith(".jar");
    }

    private void readArchive(Entry archive, Sink action) throws IOException {
        Predicate<String> wanted = glob(options.entries());
        try (ZipFile zip = new ZipFile(archive.file().toFile())) {
            List<ZipEntry> entries = new ArrayList<>();
            zip.stream().filter(e -> !e.isDirectory() && wanted.test(e.getName())).forEach(entries::add);
            if (entries.isEmpty()) {
                throw new FormatException(archive.file(), options.entries() == null
                        ? "the archive is empty"
                        : "no entry matches " + options.entries());
            }
            entries.sort(Comparator.comparing(ZipEntry::getName));
            for (ZipEntry entry : entries) {
                try (InputStream in = new CheckedEntry(archive.file(), entry, zip.getInputStream(entry))) {
                    readFile(archive.file(), "entry " + entry.getName() + ": ", entry.getName(), in, true, action);
                }
            }
        } catch (ZipException e) {
            throw new FormatException(archive.file(), "not a readable zip archive: " + e.getMessage(), e);
        }
    }

    /** What is in an entry of an archive, compared with the entry's CRC-32 when all of it is read. */
    private static final class CheckedEntry extends CheckedInputStream {
        private final Path archive;
        private final ZipEntry entry;

        CheckedEntry(Path archive, ZipEntry entry, InputStream in) {
            super(in, new CRC32());
            this.archive = archive;
            this.entry = entry;
        }

        @Override
        public int read() throws IOException {
            return checked(super.read());
        }

        @Override
        public int read(byte[] to, int at, int length) throws IOException {
            return checked(super.read(to, at, length));
        }

        private int checked(int read) throws FormatException {
            if (read < 0 && entry.getCrc() >= 0 && entry.getCrc() != getChecksum().getValue()) {
                throw new FormatException(archive, "entry " + entry.getName()
                        + ": damaged: its CRC-32 is not that of what is in it");
            }
            return read;
        }
    }

    /** Reads one file or entry by the ending of its name. */
    private void readFile(Path file, String where, String name, InputStream in, boolean skipBinary,
            Sink action) throws IOException {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".gz")) {
            try {
                String inner = name.substring(0, name.length() - 3);
                InputStream unpacked = new GZIPInputStream(in, 1 << 16);
                readText(file, where, inner, unpacked, skipBinary, action);
            } catch (ZipException | EOFException e) {
                throw new FormatException(file, where + "not a whole gzip file", e);
            }
        } else {
            readText(file, where, name, in, skipBinary, action);
        }
    }

    private void readText(Path file, String where, String name, InputStream in, boolean skipBinary,
            Sink action) throws IOException {
        byte[] head = in.readNBytes(SNIFF);
        if (skipBinary) {
            for (byte b : head) {
                if (b == 0) {
                    return;
                }
            }
        }
        boolean jsonl = name.toLowerCase(Locale.ROOT).endsWith(".jsonl");
        if (jsonl || options.lines()) {
            readLines(file, where, name, new SequenceInputStream(new ByteArrayInputStream(head), in), jsonl, action);
            return;
        }
        if (action.runs != null) {
            readRuns(file, where, new SequenceInputStream(new ByteArrayInputStream(head), in), action, action.runs);
            return;
        }
        byte[] bytes = head;
        if (head.length == SNIFF) {
            ByteArrayOutputStream all = new ByteArrayOutputStream(Math.max(SNIFF, in.available()) + SNIFF);
            all.write(head, 0, head.length);
            try {
                in.transferTo(all);
            } catch (OutOfMemoryError e) {
                throw new FormatException(file, where
                        + "too large to be one document: give it more memory, split it, or read it a line a document",
                        e);
            }
            bytes = all.toByteArray();
        }
        int from = bomLength(bytes, bytes.length);
        if (bytes.length > from) {
            action.accept(new Document(name, decode(file, where, 0, bytes, from, bytes.length)));
        }
    }

    /** Reads runs of whole lines of about a megabyte. */
    private static void readRuns(Path file, String where, InputStream in, Sink sink, RunConsumer consumer)
            throws IOException {
        byte[] buffer = new byte[RUN];
        int length = 0;
        long offset = 0;
        for (boolean ended = false; !ended;) {
            int read = in.read(buffer, length, buffer.length - length);
            ended = read < 0;
            length += Math.max(0, read);
            if (length < buffer.length && !ended) {
                continue;
            }
            int end = length;
            while (!ended && end > 0 && buffer[end - 1] != '\n') {
                end--;
            }
            if (end == 0 && !ended) { // one long line
                if (buffer.length >= Integer.MAX_VALUE - 16) {
                    throw new FormatException(file, where + "a line is longer than 2 GiB");
                }
                buffer = Arrays.copyOf(buffer, (int) Math.min(Integer.MAX_VALUE - 16, buffer.length * 2L));
                continue;
            }
            int from = offset == 0 ? bomLength(buffer, end) : 0;
            byte[] run = buffer; // which the consumer keeps
            if (!ended) {
                buffer = new byte[Math.max(RUN, length - end)];
                System.arraycopy(run, end, buffer, 0, length - end);
            }
            if (end > from) {
                check(file, where, offset, run, from, end);
                sink.run(consumer, run, from, end);
            }
            length -= end;
            offset += end;
        }
    }

    private void readLines(Path file, String where, String name, InputStream in, boolean jsonl,
            IOConsumer<Document> action) throws IOException {
        byte[] chunk = new byte[1 << 16];
        byte[] line = new byte[1 << 12];
        int length = 0;
        long number = 0;
        long lineStart = 0;
        while (true) {
            int read = in.read(chunk);
            for (int from = 0; from < read;) {
                int end = from;
                while (end < read && chunk[end] != '\n') {
                    end++;
                }
                if (length + (end - from) > line.length) {
                    long size = Math.max(line.length * 2L, (long) length + (end - from));
                    if (size > Integer.MAX_VALUE - 16) {
                        throw new FormatException(file, where + "line " + (number + 1) + " is longer than 2 GiB");
                    }
                    line = Arrays.copyOf(line, (int) size);
                }
                System.arraycopy(chunk, from, line, length, end - from);
                length += end - from;
                if (end < read) {
                    number++;
                    readLine(file, where, name, number, lineStart, line, length, jsonl, action);
                    lineStart += length + 1L;
                    length = 0;
                    end++;
                }
                from = end;
            }
            if (read < 0) {
                break;
            }
        }
        if (length > 0) {
            readLine(file, where, name, number + 1, lineStart, line, length, jsonl, action);
        }
    }

    private void readLine(Path file, String where, String name, long number, long lineStart, byte[] line, int length,
            boolean jsonl, IOConsumer<Document> action) throws IOException {
        int from = number == 1 ? bomLength(line, length) : 0;
        int end = length > from && line[length - 1] == '\r' ? length - 1 : length;
        if (end == from) {
            return;
        }
        String text = decode(file, where, lineStart, line, from, end);
        if (jsonl) {
            text = field(file, where + "line " + number + ": ", text);
        }
        if (text != null && !text.isEmpty()) {
            action.accept(new Document(name + ":" + number, text));
        }
    }

    /** The text of a JSON object's field; null for a line of nothing but spaces. */
    private @Nullable String field(Path file, String where, String json) throws FormatException {
        String wanted = options.field() == null ? "text" : options.field();
        String found = null;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                return null;
            }
            if (first != JsonToken.START_OBJECT) {
                throw new FormatException(file, where + "not a JSON object");
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean here = parser.currentName().equals(wanted);
                JsonToken value = parser.nextToken();
                if (here && value != JsonToken.VALUE_STRING) {
                    throw new FormatException(file, where + "the field \"" + wanted + "\" is not a string");
                }
                if (here) {
                    found = parser.getString();
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw new FormatException(file, where + "more than one JSON value");
            }
        } catch (JacksonException e) {
            throw new FormatException(file, where + "not JSON: " + e.getOriginalMessage(), e);
        }
        if (found == null) {
            throw new FormatException(file, where + "the object has no field \"" + wanted + "\"");
        }
        return found;
    }

    private static int bomLength(byte[] bytes, int length) {
        return length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF ? 3 : 0;
    }

    private static String decode(Path file, String where, long offset, byte[] bytes, int from, int to)
            throws FormatException {
        String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
        // malformed bytes become U+FFFD, so only a text that has one needs the slower, exact look
        if (text.indexOf('\uFFFD') >= 0) {
            check(file, where, offset, bytes, from, to);
        }
        return text;
    }

    private static void check(Path file, String where, long offset, byte[] bytes, int from, int to)
            throws FormatException {
        int bad = Utf8.firstMalformed(bytes, from, to);
        if (bad >= 0) {
            throw new FormatException(file, where + "not UTF-8: byte 0x"
                    + String.format(Locale.ROOT, "%02X", bytes[bad] & 0xFF) + " at offset " + (offset + bad));
        }
    }
}
