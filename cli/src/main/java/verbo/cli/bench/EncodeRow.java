// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import verbo.text.Tokenizer;

/**
 * How fast a tokenizer encodes a text that it has not seen: ids only, in megabytes of UTF-8 a second, a pass by a tokenizer
 * that was just opened. Before, others like it encode texts of tokens drawn at random, so that the JVM has compiled what runs, and
 * it a little of one, so that it has made what it makes once it is used. The best of several passes counts, as it does for the
 * peers.
 *
 * @param tokenizer
 *            a name or a path
 * @param text
 *            what is encoded
 * @param lines
 *            whether a line at a time, with its end, or the file as one string
 * @param threads
 *            how many encode lines at once
 */
public record EncodeRow(String tokenizer, Path text, boolean lines, int threads) implements BenchRow {
    private static final int PASSES = 4;
    private static final int BATCH = 256;
    /** Seconds of encoding, of five times as many at most with the opening of tokenizers. */
    private static final double WARM_UP = 3;
    private static final int TEXTS = 8;
    /** Characters, and seconds, of encoding after which a tokenizer has made, beside it, what makes it faster. */
    private static final int LITTLE = 50_000;
    private static final double SETTLING = 0.3;

    @Override
    public String name() {
        return (lines ? "encode-lines" : "encode-whole") + (threads > 1 ? "-t" + threads : "");
    }

    @Override
    public String unit() {
        return "MB/s";
    }

    @Override
    public Result run() {
        try {
            String whole = Files.readString(text);
            double megabytes = whole.getBytes(StandardCharsets.UTF_8).length / 1e6;
            if (whole.isEmpty()) {
                throw new IllegalArgumentException(text + ": nothing to encode: the text is empty");
            }
            List<String> parts = lines ? lines(whole) : List.of(whole);
            List<String> others = others(Tokenizer.of(tokenizer));
            double encoding = 0;
            for (long begin = System.nanoTime(); encoding < WARM_UP && KernelRow.seconds(begin) < 5 * WARM_UP;) {
                Tokenizer warm = Tokenizer.of(tokenizer);
                long start = System.nanoTime();
                for (String other : others) { // each of words not seen before
                    encode(warm, lines(other));
                }
                encode(warm, List.of(String.join("", others)));
                encoding += KernelRow.seconds(start);
            }
            double best = Double.POSITIVE_INFINITY;
            for (int pass = 0; pass < PASSES; pass++) {
                Tokenizer fresh = Tokenizer.of(tokenizer);
                for (long begin = System.nanoTime(); KernelRow.seconds(begin) < SETTLING;) {
                    encode(fresh, lines(others.getFirst().substring(0, LITTLE)));
                }
                long start = System.nanoTime();
                long ids = encode(fresh, parts);
                double seconds = KernelRow.seconds(start);
                if (ids == 0) {
                    throw new IllegalStateException(tokenizer + " found no tokens in " + text);
                }
                best = Math.min(best, seconds);
            }
            return new Result(megabytes / best, Double.NaN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lines with their ends. */
    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < text.length();) {
            int end = text.indexOf('\n', from);
            int next = end < 0 ? text.length() : end + 1;
            lines.add(text.substring(from, next));
            from = next;
        }
        return lines;
    }

    /** Other texts. */
    private static List<String> others(Tokenizer of) {
        return IntStream.range(0, TEXTS).mapToObj(seed -> other(of, seed)).toList();
    }

    /** A text of tokens drawn at random, those of low ids more often, in lines. */
    private static String other(Tokenizer of, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder();
        while (text.length() < 300_000) {
            int[] ids = new int[24];
            for (int i = 0; i < ids.length; i++) {
                do {
                    ids[i] = (int) (Math.pow(random.nextDouble(), 3) * of.size());
                } while (!isToken(of, ids[i]));
            }
            text.append(of.decode(ids).replace('\n', ' ')).append('\n');
        }
        return text.toString();
    }

    private static boolean isToken(Tokenizer of, int id) {
        try {
            return !of.isSpecial(id) && !of.token(id).isEmpty();
        } catch (IllegalArgumentException e) {
            return false; // ids may have gaps
        }
    }

    private long encode(Tokenizer with, List<String> parts) {
        if (threads == 1) {
            long ids = 0;
            for (String part : parts) {
                ids += with.encode(part).length;
            }
            return ids;
        }
        AtomicInteger next = new AtomicInteger();
        long[] ids = new long[threads];
        List<Thread> others = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int self = t;
            others.add(Thread.ofPlatform().daemon().start(() -> {
                for (int from = next.getAndAdd(BATCH); from < parts.size(); from = next.getAndAdd(BATCH)) {
                    for (String part : parts.subList(from, Math.min(parts.size(), from + BATCH))) {
                        ids[self] += with.encode(part).length;
                    }
                }
            }));
        }
        long sum = 0;
        try {
            for (int t = 0; t < threads; t++) {
                others.get(t).join();
                sum += ids[t];
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while encoding", e);
        }
        return sum;
    }
}
