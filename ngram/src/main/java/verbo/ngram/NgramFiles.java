// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;

/**
 * N-gram models as files: estimated from a text, converted, opened. What a file is shows in its name when it is written,
 * {@code .arpa}, {@code .arpa.gz} or a binary one, and in its first bytes when it is read.
 */
public final class NgramFiles {
    /** How a binary model is laid out. */
    public enum Form {
        /** Hash tables: answers fastest. */
        FAST,
        /** A bit-packed trie: half the size, with every digit of every number. */
        SMALL
    }

    /**
     * How to estimate.
     *
     * @param order
     *            the length of the longest n-grams, 1 to 128
     * @param memory
     *            bytes that counting and sorting may use; what does not fit is kept in files beside the output
     * @param threads
     *            how many threads work; the result does not depend on it
     * @param fallback
     *            discounts for orders whose counts do not allow to estimate them; null to throw
     * @param form
     *            of a binary output
     */
    public record Estimation(int order, long memory, int threads, @Nullable Discounts fallback, Form form) {
        /** The least memory that is worth while. */
        public static final long LEAST_MEMORY = 16L << 20;

        public Estimation {
            if (order < 1 || order > ModelFile.MAXIMUM_ORDER) {
                throw new IllegalArgumentException(
                        "an order of " + order + ": it must be 1 to " + ModelFile.MAXIMUM_ORDER);
            }
            if (memory < LEAST_MEMORY) {
                throw new IllegalArgumentException(
                        "estimating needs 16 MiB of memory at least, not " + memory + " bytes");
            }
            if (threads < 1) {
                throw new IllegalArgumentException("threads " + threads + " must be 1 or more");
            }
        }
    }

    /**
     * What came of an estimation.
     *
     * @param counts
     *            [order + 1] how many n-grams there are of each length; the first is 0
     * @param tokens
     *            words of the text, ends of sentences included
     */
    public record Estimated(long[] counts, long tokens) {}

    private NgramFiles() {}

    private static boolean isArpa(Path file) {
        String name = file.toString();
        return name.endsWith(".arpa") || name.endsWith(".arpa.gz");
    }

    /**
     * Estimates a model of the words of a text by modified Kneser-Ney smoothing, and writes it.
     *
     * @param text
     *            UTF-8, a sentence a line, words apart by white space; {@code .gz} is unpacked
     * @param output
     *            {@code .arpa}, {@code .arpa.gz}, or else a binary model
     * @throws FormatException
     *             if the text is not UTF-8, has no word, or has {@code <s>} or {@code </s>} as a word
     * @throws IllegalArgumentException
     *             if the text's counts do not allow to estimate discounts, and no fallback is given
     */
    public static Estimated estimate(Path text, Path output, Estimation estimation) throws IOException {
        try (Workspace workspace = new Workspace(output, estimation.memory())) {
            Vocabulary.Builder words = new Vocabulary.Builder();
            try (TokenIds tokens = new TokenIds(workspace)) {
                tokens.read(text, words);
                long size = tokens.size();
                KneserNey kneserNey = new KneserNey(workspace, words.build(), estimation.order(), estimation.threads(),
                        estimation.fallback());
                try (NgramRows model = kneserNey.estimate(tokens)) {
                    write(model, output, estimation.form(), estimation.threads());
                    return new Estimated(counts(model), size);
                }
            }
        }
    }

    private static long[] counts(NgramRows model) {
        long[] counts = new long[model.order + 1];
        for (int n = 1; n <= model.order; n++) {
            counts[n] = model.count(n);
        }
        return counts;
    }

    private static void write(NgramRows model, Path output, Form form, int threads) throws IOException {
        if (isArpa(output)) {
            ArpaWriter.write(model, output);
        } else if (form == Form.SMALL) {
            SmallModel.write(model, output, null);
        } else {
            FastModel.write(model, output, null, threads);
        }
    }

    /**
     * Reads a model in any format and writes it in that of the output's name.
     *
     * @param memory
     *            bytes that sorting may use
     * @param threads
     *            how many threads work
     * @return how many n-grams there are of each length
     * @throws FormatException
     *             if the input is no model, or not whole
     */
    public static long[] convert(Path input, Path output, Form form, long memory, int threads) throws IOException {
        try (Workspace workspace = new Workspace(output, memory)) {
            if (NgramModel.isModel(input)) {
                throw new FormatException(input, "a binary model cannot be converted; convert its ARPA file");
            }
            try (NgramRows model = ArpaReader.read(input, workspace)) {
                write(model, output, form, threads);
                return counts(model);
            }
        }
    }

    /** Whether a file is to be read as an n-gram model: a binary one of ours, or an ARPA file by its name. */
    public static boolean isNgramModel(Path file) throws IOException {
        return Files.isRegularFile(file) && (isArpa(file) || NgramModel.isModel(file));
    }

    /**
     * Opens a model of either format. A binary one is mapped, which takes no time; an ARPA file is read whole and put into a
     * temporary binary model.
     *
     * @throws FormatException
     *             if it is no n-gram model, or not whole
     */
    public static NgramModel open(Path file) throws IOException {
        if (!isArpa(file)) {
            return NgramModel.open(file);
        }
        Path folder = Files.createTempDirectory("verbo-ngram-");
        Path binary = folder.resolve("model.bin");
        try {
            convert(file, binary, Form.FAST, Math.max(Estimation.LEAST_MEMORY, Runtime.getRuntime().maxMemory() / 2),
                    Runtime.getRuntime().availableProcessors());
            return NgramModel.open(binary); // the mapping outlives the name
        } finally {
            try {
                Files.deleteIfExists(binary);
                Files.deleteIfExists(folder);
            } catch (IOException e) {
                folder.toFile().deleteOnExit(); // a system that keeps mapped files
            }
        }
    }
}
