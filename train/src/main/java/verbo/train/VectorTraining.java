// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import verbo.models.SkipGram;
import verbo.nn.Seeds;
import verbo.text.IndexedText;

/**
 * Trains word vectors: threads take pieces of the text by turns and update the same vectors without locks. The learning rate
 * falls with each piece, and what is drawn depends on the piece alone, so one thread gives the same vectors each time; with
 * more, which of two updates of a row is lost depends on chance.
 */
public final class VectorTraining {
    /** Words to a piece, about. */
    private static final int PIECE = 10_000;

    private static final float LEAST_RATE = 1e-4f;
    private static final long BETWEEN_REPORTS = 100; // ms

    /**
     * How to train.
     *
     * @param epochs
     *            how often to read the text
     * @param rate
     *            the learning rate at the beginning; it falls to almost nothing in a straight line
     * @param threads
     *            how many threads at most; a short text has work for few
     * @param seed
     *            of everything that is drawn
     */
    public record Options(int epochs, double rate, int threads, long seed) {
        /** Checks that each value is possible. */
        public Options {
            if (epochs < 1) {
                throw new IllegalArgumentException("at least 1 epoch is needed, not " + epochs);
            }
            if (threads < 1 || threads > RunKey.MOST_THREADS) {
                throw new IllegalArgumentException("threads must be from 1 to " + RunKey.MOST_THREADS + ", not "
                        + threads);
            }
            if (!(rate > 0 && rate <= 10)) {
                throw new IllegalArgumentException("the learning rate must be above 0 and at most 10, not " + rate);
            }
        }
    }

    /** Told now and then how far the training is. */
    public interface Listener {
        /**
         * @param words
         *            how many words of the text have been read, times epochs
         * @param total
         *            how many there are
         * @param rate
         *            the learning rate now
         * @param loss
         *            the loss of late, in nats for each pair of neighbours; not a number at the beginning
         * @param seconds
         *            since the training began
         */
        void progress(long words, long total, double rate, double loss, double seconds);
    }

    /**
     * What came of it.
     *
     * @param words
     *            words read, times epochs
     * @param seconds
     *            the training took
     * @param finished
     *            false if it was stopped before
     */
    public record Result(long words, double seconds, boolean finished) {
        /** Words a second. */
        public double wordsPerSecond() {
            return words / seconds;
        }
    }

    private final SkipGram model;
    private final IndexedText text;
    private final Options options;
    private final int[] starts; // of pieces, and the text's end
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicLong losses = new AtomicLong(Double.doubleToLongBits(Double.NaN));
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean stopped;

    /** A training of a model of this text. */
    public VectorTraining(SkipGram model, IndexedText text, Options options) {
        this.model = model;
        this.text = text;
        this.options = options;
        this.starts = pieces(text.ids());
    }

    /** Cuts after a sentence, or inside of one that is as long as a piece. */
    private static int[] pieces(int[] ids) {
        int[] starts = new int[ids.length / PIECE + 2];
        int count = 1;
        for (int i = 0; i < ids.length; i++) {
            int length = i - starts[count - 1];
            if (length >= PIECE && (ids[i - 1] == IndexedText.END || length >= 2 * PIECE)) {
                starts[count++] = i;
            }
        }
        starts[count] = ids.length;
        return java.util.Arrays.copyOf(starts, count + 1);
    }

    /** Makes {@link #run} return soon, with the vectors as they are then; true, since it does. */
    public boolean stop() {
        stopped = true;
        return true;
    }

    /** Trains to the end, or until stopped. */
    public Result run(Listener listener) {
        long start = System.nanoTime();
        Thread[] threads = new Thread[Math.min(options.threads(), steps())];
        for (int t = 0; t < threads.length; t++) {
            threads[t] = new Thread(this::learn, "verbo-vectors-" + (t + 1));
            threads[t].setDaemon(true);
            threads[t].start();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join(BETWEEN_REPORTS);
                } catch (InterruptedException e) {
                    interrupted = true;
                    stop();
                }
                listener.progress(words(), total(), rate(finished.get()), Double.longBitsToDouble(losses.get()),
                        (System.nanoTime() - start) * 1e-9);
            }
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        switch (failure.get()) {
            case null -> {}
            case Error e -> throw e;
            case RuntimeException e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
        return new Result(words(), seconds, finished.get() == steps());
    }

    private int steps() {
        return Math.multiplyExact(options.epochs(), starts.length - 1);
    }

    private long total() {
        return text.length() * options.epochs();
    }

    private long words() {
        return Math.round((double) total() * finished.get() / steps());
    }

    private float rate(int step) {
        return Math.max(LEAST_RATE, (float) (options.rate() * (1 - (double) step / steps())));
    }

    private void learn() {
        try (SkipGram.Learner learner = model.learner()) {
            while (!stopped) {
                int step = next.getAndIncrement();
                if (step >= steps()) {
                    return;
                }
                int piece = step % (starts.length - 1);
                learner.learn(starts[piece], starts[piece + 1], rate(step), Seeds.derive(options.seed(), step));
                finished.incrementAndGet();
                average(learner.loss());
            }
        } catch (Throwable e) {
            stopped = true;
            failure.set(e);
        }
    }

    /** Moves the loss towards that of a step. */
    private void average(double loss) {
        losses.getAndUpdate(bits -> {
            double before = Double.longBitsToDouble(bits);
            double now = Double.isNaN(loss) ? before : Double.isNaN(before) ? loss : 0.99 * before + 0.01 * loss;
            return Double.doubleToLongBits(now);
        });
    }
}
