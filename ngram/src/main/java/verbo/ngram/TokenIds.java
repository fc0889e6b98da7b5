// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import verbo.text.FormatException;
import verbo.text.Tokenizer;

/** A text as ids: its words, and {@link Vocabulary#END} behind each sentence. Two ids lie in each long of a store. */
final class TokenIds implements AutoCloseable {
    private static final byte[] UNKNOWN_AS_WORD = "\\<unk>".getBytes(StandardCharsets.UTF_8);

    private final RowStore store;
    private long size;
    private long pending;

    TokenIds(Workspace workspace) {
        store = new RowStore(workspace, 1);
    }

    /** Reads a text, adding its words to a vocabulary. */
    void read(Path text, Vocabulary.Builder vocabulary, EstimationProgress progress) throws IOException {
        Sentences sentences = new Sentences(text);
        long length = text.toString().endsWith(".gz") ? 0 : Files.size(text);
        sentences.read(new Sentences.Sink() {
            @Override
            public void word(byte[] bytes, int from, int to) throws IOException {
                int known = vocabulary.size();
                int id = vocabulary.id(bytes, from, to);
                if (id >= known || id == Vocabulary.BEGIN || id == Vocabulary.END) {
                    sentences.check(bytes, from, to);
                } else if (id == Vocabulary.UNKNOWN) {
                    id = vocabulary.id(UNKNOWN_AS_WORD, 0, UNKNOWN_AS_WORD.length);
                }
                add(id);
            }

            @Override
            public void end() throws IOException {
                add(Vocabulary.END);
                if ((size & 0xFFFF) == 0) {
                    progress.update("reading", sentences.bytes(), length);
                }
            }
        });
        finish(text, vocabulary);
    }

    /** Reads a text, adding the tokens of its lines to a vocabulary; the lines are taken apart by several threads. */
    void read(Path text, Tokenizer tokenizer, Vocabulary.Builder vocabulary, int threads, EstimationProgress progress)
            throws IOException {
        long length = text.toString().endsWith(".gz") ? 0 : Files.size(text);
        int[] words = new int[tokenizer.size()]; // of each token its id, 0 if it has not come yet
        ArrayDeque<Future<List<int[]>>> waiting = new ArrayDeque<>();
        try (Lines lines = new Lines(text, null);
                ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            boolean more = true;
            while (more || !waiting.isEmpty()) {
                while (more && waiting.size() < threads + 2) {
                    List<String> batch = new ArrayList<>();
                    long characters = 0;
                    for (String line; characters < 1 << 16 && more;) {
                        line = lines.next();
                        more = line != null;
                        if (line != null) {
                            batch.add(line);
                            characters += line.length() + 1;
                        }
                    }
                    waiting.add(executor.submit(() -> {
                        List<int[]> encoded = new ArrayList<>(batch.size());
                        for (String line : batch) {
                            encoded.add(tokenizer.encode(line));
                        }
                        return encoded;
                    }));
                }
                for (int[] line : waiting.remove().get()) {
                    for (int token : line) {
                        if (words[token] == 0) {
                            byte[] spelling = SubwordTokenizer.spelling(tokenizer.token(token))
                                    .getBytes(StandardCharsets.UTF_8);
                            words[token] = vocabulary.id(spelling, 0, spelling.length);
                        }
                        add(words[token]);
                    }
                    add(Vocabulary.END);
                }
                progress.update("reading", lines.bytes(), length);
            }
        } catch (ExecutionException e) {
            throw new IllegalArgumentException(text + ": " + Objects.requireNonNullElse(e.getCause(), e).getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        finish(text, vocabulary);
    }

    private void finish(Path text, Vocabulary.Builder vocabulary) throws IOException {
        if (vocabulary.size() <= Vocabulary.END + 1) {
            throw new FormatException(text, "there is no word in it to count");
        }
        if ((size & 1) != 0) {
            store.add(NO_KEY, 0, pending);
        }
        store.finish();
    }

    private static final long[] NO_KEY = {};

    private void add(int id) throws IOException {
        if ((size++ & 1) == 0) {
            pending = id;
        } else {
            store.add(NO_KEY, 0, pending | (long) id << 32);
        }
    }

    long size() {
        return size;
    }

    /** The n-grams of an order, sentences begun with as many {@code <s>} as a context holds, for a sorter to count. */
    RowSorter grams(Packing packing, Workspace workspace, EstimationProgress progress) throws IOException {
        int longs = packing.longs;
        RowSorter sorter = new RowSorter(workspace, size, longs + 1, true, 1);
        long[] begin = new long[longs];
        for (int field = 0; field < packing.order; field++) {
            packing.set(begin, 0, field, Vocabulary.BEGIN);
        }
        long[] gram = begin.clone();
        long done = 0;
        try (Cursor ids = cursor()) {
            for (int id = ids.next(); id >= 0; id = ids.next()) {
                packing.push(gram, id);
                sorter.add(gram, 0, 1);
                if (id == Vocabulary.END) {
                    System.arraycopy(begin, 0, gram, 0, longs);
                }
                if ((++done & 0xFFFFF) == 0) {
                    progress.update("counting", done, size);
                }
            }
        }
        return sorter;
    }

    /** How often each id is there. */
    long[] frequencies(int vocabularySize) throws IOException {
        long[] frequencies = new long[vocabularySize];
        try (Cursor ids = cursor()) {
            for (int id = ids.next(); id >= 0; id = ids.next()) {
                frequencies[id]++;
            }
        }
        return frequencies;
    }

    Cursor cursor() throws IOException {
        return new Cursor();
    }

    /** Reads the ids. */
    final class Cursor implements AutoCloseable {
        private final RowCursor rows = store.read();
        private long left = size;
        private long high;

        Cursor() throws IOException {}

        /** The next id; -1 behind the last. */
        int next() throws IOException {
            if (left == 0) {
                return -1;
            }
            if ((size - left-- & 1) != 0) {
                return (int) high;
            }
            if (!rows.next()) {
                throw new IllegalStateException("fewer ids than counted");
            }
            long pair = rows.data[rows.at];
            high = pair >>> 32;
            return (int) pair;
        }

        @Override
        public void close() throws IOException {
            rows.close();
        }
    }

    @Override
    public void close() throws IOException {
        store.close();
    }
}
