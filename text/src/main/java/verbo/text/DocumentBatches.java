// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Work on the documents of a corpus, by several threads, whose results come in the order of the documents. */
final class DocumentBatches {
    private static final int DOCUMENTS = 4096;
    private static final long CHARACTERS = 4 << 20;

    /** What is done with a document. */
    interface Work<T> {
        /**
         * @param worker
         *            from 0 up; a worker does one document at a time
         */
        T apply(int worker, Document document);
    }

    /** What is done with a result, one after the other. */
    interface Sink<T> {
        void accept(Document document, T result) throws IOException;
    }

    private DocumentBatches() {}

    static <T> void forEach(Corpus corpus, int threads, Work<T> work, Sink<T> sink) throws IOException {
        if (threads == 1) {
            corpus.forEach(document -> sink.accept(document, work.apply(0, document)));
            return;
        }
        try (ExecutorService workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "verbo-text");
            thread.setDaemon(true);
            return thread;
        })) {
            List<Document> batch = new ArrayList<>();
            long[] characters = {0};
            corpus.forEach(document -> {
                batch.add(document);
                characters[0] += document.text().length();
                if (batch.size() >= DOCUMENTS || characters[0] >= CHARACTERS * threads) {
                    run(workers, threads, batch, work, sink);
                    batch.clear();
                    characters[0] = 0;
                }
            });
            run(workers, threads, batch, work, sink);
        }
    }

    private static <T> void run(ExecutorService workers, int threads, List<Document> batch, Work<T> work,
            Sink<T> sink) throws IOException {
        List<@Nullable T> results = new ArrayList<>(Collections.nCopies(batch.size(), null));
        RuntimeException[] failures = new RuntimeException[batch.size()];
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> running = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int worker = t;
            running.add(workers.submit(() -> {
                for (int i = next.getAndIncrement(); i < batch.size(); i = next.getAndIncrement()) {
                    try {
                        results.set(i, work.apply(worker, batch.get(i)));
                    } catch (RuntimeException e) {
                        failures[i] = e;
                        return;
                    }
                }
            }));
        }
        for (Future<?> one : running) {
            try {
                one.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Error error) {
                    throw error; // out of memory
                }
                throw new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        for (int i = 0; i < batch.size(); i++) {
            if (failures[i] != null) {
                throw failures[i]; // the first in the order of the documents, whoever met one first
            }
            sink.accept(batch.get(i), Objects.requireNonNull(results.get(i)));
        }
    }
}
