// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class WorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyPartRunsOnceInThousandsOfSmallRounds(int threads) {
        try (Workers workers = new Workers(threads)) {
            assertThat(workers.count()).isEqualTo(threads);
            int[] done = new int[17]; // plain: what parts wrote is seen after the round
            for (int round = 0; round < 10_000; round++) {
                // rounds of growing and shrinking length: a late thread must not take a part of the next
                int count = round * 7 % 18;
                workers.run(count, index -> done[index]++);
                for (int i = 0; i < count; i++) {
                    if (done[i] != 1) {
                        throw new AssertionError("part " + i + " of round " + round + " ran " + done[i] + " times");
                    }
                    done[i] = 0;
                }
            }
        }
    }

    @Test
    void lateThreadsTakeNothingOfTheNextRound() {
        try (Workers workers = new Workers(5)) { // more than there are processors here: some are always late
            AtomicIntegerArray done = new AtomicIntegerArray(64);
            for (int round = 0; round < 400; round++) {
                int count = 2 + round % 60;
                int pause = round % 3;
                workers.run(count, index -> {
                    if (pause == 1 && index % 16 == 0) {
                        LockSupport.parkNanos(50_000);
                    }
                    done.incrementAndGet(index);
                });
                for (int i = 0; i < done.length(); i++) {
                    assertThat(done.getAndSet(i, 0)).isEqualTo(i < count ? 1 : 0);
                }
            }
        }
    }

    @Test
    void parkedThreadsWake() {
        try (Workers workers = new Workers(2)) {
            for (int round = 0; round < 20; round++) {
                LockSupport.parkNanos(3_000_000); // far longer than they look for work
                AtomicInteger waiting = new AtomicInteger(2);
                long end = System.nanoTime() + 10_000_000_000L;
                workers.run(2, index -> { // each part ends only when both have begun
                    waiting.decrementAndGet();
                    while (waiting.get() > 0 && System.nanoTime() < end) {
                        Thread.onSpinWait();
                    }
                });
                assertThat(System.nanoTime()).as("the second thread came").isLessThan(end);
            }
        }
    }

    @Test
    void theCallerLeavesItsProcessorToAThreadThatTakesLong() {
        try (Workers workers = new Workers(2)) {
            Thread caller = Thread.currentThread();
            CountDownLatch begun = new CountDownLatch(2);
            AtomicBoolean parked = new AtomicBoolean();
            workers.run(2, index -> {
                begun.countDown();
                while (begun.getCount() > 0) {
                    Thread.onSpinWait(); // so that each thread has one part
                }
                long end = System.nanoTime() + 10_000_000_000L;
                while (Thread.currentThread() != caller && !parked.get() && System.nanoTime() < end) {
                    LockSupport.parkNanos(1_000_000); // as if it were not let run
                    parked.set(caller.getState() == Thread.State.WAITING);
                }
            });
            assertThat(parked).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void whatAPartThrowsReachesTheCaller(int threads) {
        try (Workers workers = new Workers(threads)) {
            AtomicInteger done = new AtomicInteger();
            for (int round = 0; round < 100; round++) {
                int bad = round % 9;
                assertThatThrownBy(() -> workers.run(9, index -> {
                    if (index == bad) {
                        throw new IllegalArgumentException("part " + index);
                    }
                })).isInstanceOf(IllegalArgumentException.class).hasMessage("part " + bad);
                done.set(0);
                workers.run(9, index -> done.incrementAndGet()); // and the next round is none the worse
                assertThat(done.get()).isEqualTo(9);
            }
            assertThatThrownBy(() -> workers.run(5, index -> {
                throw new StackOverflowError("deep");
            })).isInstanceOf(StackOverflowError.class);
        }
    }

    @Test
    void whatWasThrownFirstReachesTheCaller() {
        try (Workers workers = new Workers(2)) {
            IllegalArgumentException first = new IllegalArgumentException("first");
            IllegalStateException second = new IllegalStateException("second");
            CountDownLatch begun = new CountDownLatch(2);
            Thread caller = Thread.currentThread();
            Thread[] other = new Thread[1];
            assertThatThrownBy(() -> workers.run(40, index -> {
                begun.countDown();
                while (begun.getCount() > 0) {
                    Thread.onSpinWait(); // so that each thread has one part
                }
                if (Thread.currentThread() == caller) {
                    throw first;
                }
                other[0] = Thread.currentThread();
                while (caller.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait(); // the caller has thrown and waits for this part
                }
                throw second;
            })).isSameAs(first).hasSuppressedException(second);
            assertThat(other[0]).isNotNull();
        }
    }

    @Test
    void closedThreadsRefuseToWork() {
        for (int threads = 1; threads <= 2; threads++) {
            Workers workers = new Workers(threads);
            workers.close();
            assertThatThrownBy(() -> workers.run(1, index -> {})).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void severalCallersTakeTurns() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            Thread[] callers = new Thread[3];
            int[] sums = new int[callers.length];
            for (int c = 0; c < callers.length; c++) {
                int caller = c;
                callers[c] = new Thread(() -> {
                    for (int round = 0; round < 500; round++) {
                        int[] parts = new int[8];
                        workers.run(8, index -> parts[index] = 1);
                        for (int part : parts) {
                            sums[caller] += part;
                        }
                    }
                });
                callers[c].start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(sums).containsOnly(4000);
        }
    }

    private static long alive() {
        return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("verbo-worker-97"))
                .count();
    }

    @Test
    void closingEndsTheThreads() throws InterruptedException {
        Workers workers = new Workers(98); // the last has a name that no other test's has
        assertThat(alive()).isEqualTo(1);
        workers.close();
        long end = System.nanoTime() + 10_000_000_000L;
        while (alive() > 0 && System.nanoTime() < end) {
            Thread.sleep(1);
        }
        assertThat(alive()).isZero();
    }
}
