// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream of documents. It can be read more than once and gives the same documents in the same order every time, as
 * long as the files stay the same.
 */
public interface Corpus {
    /**
     * Reads all documents, one after the other, none of them empty.
     *
     * @throws FormatException
     *             if a file is malformed (text that is not UTF-8, a broken archive), naming file and place, or if there
     *             is no document at all
     */
    void forEach(IOConsumer<Document> action) throws IOException;

    /** What is done with a run of text. */
    @FunctionalInterface
    interface RunConsumer {
        /**
         * @param utf8
         *            holds some text, well-formed; the consumer's to keep
         * @param from
         *            where the text begins
         * @param to
         *            where it ends
         * @param lines
         *            whether it is whole lines, each with its line feed; else it is a document
         */
        void accept(byte[] utf8, int from, int to, boolean lines) throws IOException;

        /** The same of a document's text. */
        default void accept(Document document, boolean lines) throws IOException {
            byte[] utf8 = document.text().getBytes(StandardCharsets.UTF_8);
            accept(utf8, 0, utf8.length, lines);
        }
    }

    /**
     * Reads the same text in runs of lines, so that a file may be larger than memory. What is a document because of the
     * file's format or the {@linkplain Options#lines options} (a {@code .jsonl} object, a line) stays one.
     *
     * @throws FormatException
     *             as {@link #forEach}
     */
    default void forEachRun(RunConsumer action) throws IOException {
        forEach(document -> action.accept(document, true));
    }

    /** How many bytes there are to read, 0 if that is not known. */
    default long bytes() throws IOException {
        return 0;
    }

    /** Where the documents come from, for messages. */
    String name();

    /**
     * How files are taken apart.
     *
     * @param entries
     *            glob of the entries of a zip or jar, or of the files of a folder, that are read
     *            ({@code java.base/java/util/**.java}); null reads all
     * @param field
     *            field of a .jsonl object that holds the text; null is {@code "text"}
     * @param lines
     *            whether every line of a text file is a document (empty lines are left out)
     */
    record Options(@Nullable String entries, @Nullable String field, boolean lines) {
        /** Every file a document, all entries, the field {@code text}. */
        public static final Options DEFAULT = new Options(null, null, false);

        /** The same with another entry glob. */
        public Options withEntries(@Nullable String glob) {
            return new Options(glob, field, lines);
        }

        /** The same with another field. */
        public Options withField(@Nullable String name) {
            return new Options(entries, name, lines);
        }

        /** The same with a line a document, or not. */
        public Options withLines(boolean each) {
            return new Options(entries, field, each);
        }
    }

    /**
     * A corpus of files. The files are found now, and read when the documents are.
     *
     * <ul>
     * <li>A text file is one document (or one a line). {@code .gz} is unpacked first, {@code .jsonl} has one document a
     * line.
     * <li>A folder: all its files in the order of their paths, without those that are hidden or binary (a zero byte
     * within the first 8000).
     * <li>A glob ({@code books/*.txt}, {@code **} crosses folders), if no file has that name: the files that match.
     * <li>{@code .zip} and {@code .jar}: its entries in the order of their names; {@code lib/src.zip!java.base/**}
     * gives the entries in place of {@link Options#entries}.
     * </ul>
     * Text is UTF-8; a byte order mark is dropped.
     *
     * @throws java.nio.file.NoSuchFileException
     *             if there is no such file
     * @throws FormatException
     *             if no file matches
     * @throws IllegalArgumentException
     *             if the location is empty
     */
    static Corpus open(String location, Options options) throws IOException {
        return FileCorpus.open(location, options);
    }

    /**
     * Documents in memory.
     *
     * @throws IllegalArgumentException
     *             if there are none
     */
    static Corpus of(String name, List<Document> documents) {
        List<Document> kept = List.copyOf(documents);
        if (kept.isEmpty()) {
            throw new IllegalArgumentException(name + ": there is no text");
        }
        return new Corpus() {
            @Override
            public void forEach(IOConsumer<Document> action) throws IOException {
                for (Document document : kept) {
                    action.accept(document);
                }
            }

            @Override
            public String name() {
                return name;
            }
        };
    }
}
