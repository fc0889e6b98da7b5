// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import verbo.text.FormatException;

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
    void read(Path text, Vocabulary.Builder vocabulary) throws IOException {
        Sentences sentences = new Sentences(text);
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
            }
        });
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
