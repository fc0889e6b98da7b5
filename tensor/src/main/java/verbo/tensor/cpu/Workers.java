// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that stay and wait for kernels. A kernel of tens of microseconds cannot afford to wake a thread, so between kernels
 * they spin a while before they park. Work is cut into numbered parts which threads take as they get free; what a part
 * computes does not depend on who takes it.
 */
final class Workers implements AutoCloseable {
    /** A part of the work. */
    interface Part {
        void run(int index);
    }

    /** About 50 microseconds of looking for the next kernel; a thread that looked in vain looks half as long the next time. */
    private static final int SPINS = 2_000;

    private static final int FEWEST_SPINS = 100;
    /** How much longer than it computed itself the calling thread spins for the others' last parts. */
    private static final long PATIENCE_NANOS = 50_000;

    private final Thread[] threads;
    private final AtomicInteger asleep = new AtomicInteger();

    // The round and the next part to take, in one word: a thread that is late cannot take a part of another round. Between
    // rounds the next part is one that no round has, since the next round's work is there before the next round is.
    private static final long ROUND_OVER = Integer.MAX_VALUE;

    private final AtomicLong next = new AtomicLong();
    private final AtomicInteger unfinished = new AtomicInteger();
    private volatile @Nullable Thread waiting;
    private volatile @Nullable Part work;
    private volatile int parts;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /** Of this many threads, the calling one included. */
    Workers(int count) {
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            Thread thread = new Thread(this::serve, "verbo-worker-" + (i + 1));
            thread.setDaemon(true);
            threads[i] = thread;
            thread.start();
        }
    }

    int count() {
        return threads.length + 1;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this engine is closed: nothing can be computed on it");
        }
    }

    /**
     * Runs the parts 0 to count-1, by all threads, and returns when all are done. Must not be called by a part. Once a part
     * has thrown, those that have not begun are left out, and what was thrown first is thrown here.
     */
    synchronized void run(int count, Part part) {
        requireOpen();
        if (count <= 1 || threads.length == 0) {
            for (int i = 0; i < count; i++) {
                part.run(i);
            }
            return;
        }
        work = part;
        parts = count;
        unfinished.set(count);
        long round = (next.get() >>> 32) + 1 & 0xffffffffL;
        next.set(round << 32);
        if (asleep.get() > 0) {
            for (Thread thread : threads) {
                LockSupport.unpark(thread);
            }
        }
        long start = System.nanoTime();
        take(round, part, count);
        awaitOthers(2 * System.nanoTime() - start + PATIENCE_NANOS);
        next.set(round << 32 | ROUND_OVER);
        work = null;
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            if (thrown instanceof RuntimeException e) {
                throw e;
            }
            if (thrown instanceof Error e) {
                throw e;
            }
            throw new IllegalStateException(thrown);
        }
    }

    /**
     * Parts are about alike, so who waits longer than it computed waits for a thread that is not running: spinning on would
     * keep a processor from it.
     */
    private void awaitOthers(long spinUntil) {
        while (unfinished.get() > 0) {
            if (System.nanoTime() - spinUntil < 0) {
                Thread.onSpinWait();
                continue;
            }
            waiting = Thread.currentThread();
            while (unfinished.get() > 0) {
                LockSupport.park(this);
            }
            waiting = null;
        }
    }

    private void take(long round, Part part, int count) {
        while (true) {
            long at = next.get();
            int index = (int) at;
            if (at >>> 32 != round || index >= count) {
                return;
            }
            if (next.compareAndSet(at, at + 1)) {
                try {
                    if (failure == null) {
                        part.run(index);
                    }
                } catch (Throwable e) {
                    fail(e);
                } finally {
                    if (unfinished.decrementAndGet() == 0) {
                        LockSupport.unpark(waiting); // nobody, usually
                    }
                }
            }
        }
    }

    private void fail(Throwable e) {
        synchronized (next) { // this object is the caller's until the round is over
            Throwable first = failure;
            if (first == null) {
                failure = e;
            } else if (first != e) {
                first.addSuppressed(e);
            }
        }
    }

    private void serve() {
        long seen = 0;
        int spins = 0;
        int most = SPINS;
        while (!closed) {
            long at = next.get();
            long round = at >>> 32;
            if (round != seen) {
                Part part = work;
                int count = parts;
                seen = round;
                most = spins > 0 ? SPINS : most; // it came while this looked for it
                spins = 0;
                if (part != null) {
                    take(round, part, count); // takes nothing when another round has begun meanwhile
                }
            } else if (++spins < most) {
                Thread.onSpinWait();
            } else {
                asleep.incrementAndGet();
                if (next.get() >>> 32 == seen && !closed) {
                    LockSupport.park(this);
                }
                asleep.decrementAndGet();
                most = Math.max(FEWEST_SPINS, most / 2);
                spins = 0;
            }
        }
    }

    /** Ends the threads, once what runs is done. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
