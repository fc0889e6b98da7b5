// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Work on the numbers from 0 up to a count, a slice at a time, by several threads. */
final class Slices {
    /** What is done with a slice. */
    interface Task {
        /**
         * @param worker
         *            from 0 up; a worker does one slice at a time
         */
        void run(int worker, int from, int to);
    }

    private Slices() {}

    static void forEach(int threads, int count, int size, Task task) throws IOException {
        if (threads == 1 || count <= size) {
            if (count > 0) {
                task.run(0, 0, count);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        int slices = (int) (((long) count + size - 1) / size);
        try (ExecutorService workers = Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, "verbo-text");
            thread.setDaemon(true);
            return thread;
        })) {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int worker = t;
                running.add(workers.submit(() -> {
                    for (int s = next.getAndIncrement(); s < slices; s = next.getAndIncrement()) {
                        task.run(worker, s * size, (int) Math.min(count, (s + 1L) * size));
                    }
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Error error -> throw error; // out of memory
                case RuntimeException failure -> throw failure;
                case null, default -> throw new IllegalStateException(e.getCause());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
