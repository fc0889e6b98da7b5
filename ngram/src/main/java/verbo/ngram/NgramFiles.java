// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;
import verbo.text.IOConsumer;
import verbo.text.Tokenizer;

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
     * @param smoothing
     *            how counts become probabilities
     * @param form
     *            of a binary output
     * @param quantize
     *            bits of the numbers of the small form, 2 to 16; 0 to keep every digit
     * @param prune
     *            for unigrams, bigrams and so on the count up to which an n-gram is left out, the last for all longer ones
     *            too; they must not descend; empty for none
     * @param vocabulary
     *            the words to keep, spelt as the text has them: n-grams with others are left out; null for all
     * @param vocabularySize
     *            how many of the most frequent words to keep at most; 0 for all
     * @param tokenizer
     *            the name or file of the tokenizer whose tokens are the model's words; null for words at white space
     * @param progress
     *            told how far it has come
     */
    public record Estimation(int order, long memory, int threads, Smoothing smoothing, Form form, int quantize,
            List<Long> prune, @Nullable Set<String> vocabulary, int vocabularySize, @Nullable String tokenizer,
            EstimationProgress progress) {
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
            if (quantize != 0 && (quantize < 2 || quantize > 16)) {
                throw new IllegalArgumentException("quantizing to " + quantize + " bits: it must be 2 to 16");
            }
            if (quantize != 0 && form != Form.SMALL) {
                throw new IllegalArgumentException("only the small form is quantized");
            }
            prune = List.copyOf(prune);
            for (int i = 0; i < prune.size(); i++) {
                if (prune.get(i) < (i == 0 ? 0 : prune.get(i - 1))) {
                    throw new IllegalArgumentException("pruning up to counts of " + prune
                            + ": they must be 0 or more and not descend");
                }
            }
            if (prune.size() > order) {
                throw new IllegalArgumentException(
                        prune.size() + " counts to prune up to, but only " + order + " orders");
            }
            if (vocabularySize < 0) {
                throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " words");
            }
        }

        /** Kneser-Ney over words, nothing left out. With fallback discounts, if not null. */
        public Estimation(int order, long memory, int threads, @Nullable Discounts fallback, Form form) {
            this(order, memory, threads, new Smoothing.KneserNey(fallback), form, 0, List.of(), null, 0, null,
                    EstimationProgress.NONE);
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
     * Estimates a model of a text, and writes it.
     *
     * @param text
     *            UTF-8, a sentence a line; {@code .gz} is unpacked
     * @param output
     *            {@code .arpa}, {@code .arpa.gz}, or else a binary model
     * @throws FormatException
     *             if the text is not UTF-8, has no word, or has {@code <s>} or {@code </s>} as a word
     * @throws IllegalArgumentException
     *             if the text's counts do not allow to estimate discounts, and no fallback is given
     */
    public static Estimated estimate(Path text, Path output, Estimation estimation) throws IOException {
        try (Workspace workspace = new Workspace(output, estimation.memory());
                TokenIds tokens = new TokenIds(workspace)) {
            Vocabulary words = read(text, tokens, estimation);
            long size = tokens.size();
            Cutoffs cutoffs = cutoffs(estimation, words, tokens);
            Packing packing = new Packing(estimation.order(), Packing.bitsFor(words.size()));
            try (RowSorter sorter = tokens.grams(packing, workspace, estimation.progress())) {
                tokens.close();
                return estimate(sorter.sorted(), size, words, cutoffs, estimation, workspace,
                        model -> write(model, output, estimation, workspace));
            }
        }
    }

    static Vocabulary read(Path text, TokenIds tokens, Estimation estimation) throws IOException {
        Vocabulary.Builder words = new Vocabulary.Builder();
        String tokenizer = estimation.tokenizer();
        if (tokenizer == null) {
            tokens.read(text, words, estimation.progress());
        } else {
            tokens.read(text, Tokenizer.of(tokenizer), words, estimation.threads(), estimation.progress());
        }
        return words.build();
    }

    private static Estimated estimate(RowCursor counted, long tokens, Vocabulary words, Cutoffs cutoffs,
            Estimation estimation, Workspace workspace, IOConsumer<NgramRows> use) throws IOException {
        Estimator estimator = new Estimator(workspace, words, estimation.order(), estimation.threads(),
                estimation.smoothing(), cutoffs, estimation.progress());
        try (NgramRows model = estimator.estimate(counted)) {
            long[] counts = model.counts();
            use.accept(model);
            return new Estimated(counts, tokens);
        }
    }

    private static void write(NgramRows model, Path output, Estimation estimation, Workspace workspace)
            throws IOException {
        write(model, output, estimation.form(), estimation.quantize(), stored(estimation.tokenizer()), workspace,
                estimation.threads());
    }

    /** What a binary model keeps of a tokenizer: its {@code tokenizer.json}, or a name where there is none. */
    private static byte @Nullable [] stored(@Nullable String tokenizer) throws IOException {
        if (tokenizer == null) {
            return null;
        }
        String content = tokenizer.equals("char") ? tokenizer : Tokenizer.of(tokenizer).json();
        return content.getBytes(StandardCharsets.UTF_8);
    }

    private static Cutoffs cutoffs(Estimation estimation, Vocabulary words, TokenIds tokens) throws IOException {
        Set<String> listed = estimation.vocabulary();
        if (estimation.prune().isEmpty() && listed == null && estimation.vocabularySize() == 0) {
            return Cutoffs.NONE;
        }
        long[] thresholds = estimation.prune().isEmpty()
                ? new long[]{0}
                : estimation.prune().stream().mapToLong(Long::longValue).toArray();
        if (listed == null && estimation.vocabularySize() == 0) {
            return new Cutoffs(thresholds, null);
        }
        BitSet kept = new BitSet();
        kept.set(0, words.size());
        if (listed != null) {
            kept.clear();
            for (String word : listed) {
                kept.set(words.id(word));
            }
        }
        if (estimation.vocabularySize() > 0) {
            long[] frequencies = tokens.frequencies(words.size());
            kept.stream().boxed()
                    .sorted(Comparator.comparingLong((Integer id) -> -frequencies[id]).thenComparingInt(id -> id))
                    .filter(id -> id > Vocabulary.END).skip(estimation.vocabularySize()).toList().forEach(kept::clear);
        }
        return new Cutoffs(thresholds, kept);
    }

    /**
     * Counts the n-grams of a text, for {@link #estimate(List, Path, Estimation)} or another program.
     *
     * @param output
     *            becomes a file of counts, whose format {@code docs/ngram.md} describes
     * @param estimation
     *            of which order, memory, threads, tokenizer and progress are looked at
     * @return how many different n-grams there are
     */
    public static long count(Path text, Path output, Estimation estimation) throws IOException {
        try (Workspace workspace = new Workspace(output, estimation.memory());
                TokenIds tokens = new TokenIds(workspace)) {
            Vocabulary words = read(text, tokens, estimation);
            Packing packing = new Packing(estimation.order(), Packing.bitsFor(words.size()));
            try (RowSorter sorter = tokens.grams(packing, workspace, estimation.progress())) {
                tokens.close();
                try (RowCursor sorted = sorter.sorted()) {
                    return CountsFile.write(output, words, packing, sorted);
                }
            }
        }
    }

    /**
     * Estimates a model from files of counts, whose words are put together, and writes it. The order is that of the counts.
     *
     * @param counts
     *            one file or more
     * @throws FormatException
     *             if one is malformed, not sorted, or of another order
     */
    public static Estimated estimate(List<Path> counts, Path output, Estimation estimation) throws IOException {
        if (estimation.vocabularySize() > 0) {
            throw new IllegalArgumentException(
                    "counts of n-grams do not tell the most frequent words: list those to keep");
        }
        try (Workspace workspace = new Workspace(output, estimation.memory())) {
            List<CountsFile> files = new ArrayList<>();
            for (Path path : counts) {
                files.add(CountsFile.open(path));
            }
            return estimate(files, estimation, workspace, model -> write(model, output, estimation, workspace));
        }
    }

    private static Estimated estimate(List<CountsFile> files, Estimation estimation, Workspace workspace,
            IOConsumer<NgramRows> use) throws IOException {
        Vocabulary.Builder builder = new Vocabulary.Builder();
        List<int[]> ids = new ArrayList<>();
        long rows = 0;
        for (CountsFile file : files) {
            if (file.order != estimation.order()) {
                throw new FormatException(file.path, "counts of " + file.order + "-grams, where those of "
                        + estimation.order() + "-grams are asked for");
            }
            ids.add(file.words(builder));
            rows += file.rows;
        }
        if (rows == 0) {
            throw new IllegalArgumentException(files.stream().map(file -> file.path).toList()
                    + ": there is nothing to estimate from: no counts");
        }
        Vocabulary words = builder.build();
        Cutoffs cutoffs = cutoffs(estimation, words, new TokenIds(workspace));
        Packing packing = new Packing(estimation.order(), Packing.bitsFor(words.size()));
        if (files.size() == 1) {
            try (RowCursor sorted = files.get(0).read(packing, ids.get(0), true)) {
                return estimate(sorted, 0, words, cutoffs, estimation, workspace, use);
            }
        }
        try (RowSorter sorter = new RowSorter(workspace, rows, packing.longs + 1, true, 1)) {
            for (int i = 0; i < files.size(); i++) {
                try (RowCursor file = files.get(i).read(packing, ids.get(i), false)) {
                    while (file.next()) {
                        sorter.add(file.data, file.at, file.data[file.at + packing.longs]);
                    }
                }
            }
            return estimate(sorter.sorted(), 0, words, cutoffs, estimation, workspace, use);
        }
    }

    /** Writes a model, whose place the file takes. */
    private static void write(NgramRows model, Path output, Form form, int quantize, byte @Nullable [] tokenizer,
            Workspace workspace, int threads) throws IOException {
        if (isArpa(output)) {
            ArpaWriter.write(model, output);
        } else if (form == Form.SMALL) {
            SmallModel.write(model, output, tokenizer, workspace, quantize);
        } else {
            FastModel.write(model, output, tokenizer, workspace, threads);
        }
    }

    /**
     * Reads a model in any format and writes it in that of the output's name. The fast form, which keeps hashes of n-grams,
     * takes up to a minute more than the small one.
     *
     * @param quantize
     *            bits of the numbers of the small form, 2 to 16; 0 to keep every digit
     * @param memory
     *            bytes that sorting may use
     * @param threads
     *            how many threads work
     * @return how many n-grams there are of each length
     * @throws FormatException
     *             if the input is no model, or not whole
     */
    public static long[] convert(Path input, Path output, Form form, int quantize, long memory, int threads)
            throws IOException {
        try (Workspace workspace = new Workspace(output, memory); Source source = Source.read(input, workspace)) {
            long[] counts = source.model.counts();
            write(source.model, output, form, quantize, source.tokenizer, workspace, threads);
            return counts;
        }
    }

    /** The same, every digit kept. */
    public static long[] convert(Path input, Path output, Form form, long memory, int threads) throws IOException {
        return convert(input, output, form, 0, memory, threads);
    }

    /**
     * How many bytes a model would take in each form, to the byte, without writing it.
     *
     * @param input
     *            a model, or counts as {@link #count} writes them: then of the model by Kneser-Ney that they give, nothing left
     *            out
     * @param quantize
     *            bits of the numbers of the small form; 0 to keep every digit
     * @param memory
     *            bytes that sorting may use
     */
    public static Map<Form, Long> sizes(Path input, int quantize, long memory, int threads) throws IOException {
        // temporary files, if the model does not fit, cannot go beside it: its folder may be for reading only
        Path folder = Files.createTempDirectory("verbo-ngram-");
        Map<Form, Long> sizes = new EnumMap<>(Form.class);
        try (Workspace workspace = new Workspace(folder.resolve("sizes"), memory)) {
            if (CountsFile.is(input)) {
                CountsFile counts = CountsFile.open(input);
                estimate(List.of(counts), new Estimation(counts.order, memory, threads, Discounts.FALLBACK, Form.FAST),
                        workspace, model -> addSizes(model, null, workspace, quantize, sizes));
            } else {
                try (Source source = Source.read(input, workspace)) {
                    addSizes(source.model, source.tokenizer, workspace, quantize, sizes);
                }
            }
            return sizes;
        } finally {
            Files.deleteIfExists(folder);
        }
    }

    private static void addSizes(NgramRows model, byte @Nullable [] tokenizer, Workspace workspace, int quantize,
            Map<Form, Long> sizes) throws IOException {
        sizes.put(Form.FAST, FastModel.layout(model.counts(), model.vocabulary, tokenizer).length);
        sizes.put(Form.SMALL, SmallModel.length(model, tokenizer, workspace, quantize));
    }

    /**
     * Reads a model, leaves out the n-grams whose loss raises its perplexity by less than a share, and writes it
     * ({@link EntropyPruning}).
     *
     * @param threshold
     *            such as 1e-8
     * @return how many n-grams are left of each length
     */
    public static long[] prune(Path input, Path output, double threshold, Form form, int quantize, long memory,
            int threads) throws IOException {
        try (Workspace workspace = new Workspace(output, memory); Source source = Source.read(input, workspace)) {
            EntropyPruning.prune(source.model, threshold, workspace, threads);
            long[] counts = source.model.counts();
            write(source.model, output, form, quantize, source.tokenizer, workspace, threads);
            return counts;
        }
    }

    /**
     * A model that was read, to be written otherwise.
     *
     * @param opened
     *            whose file the words are mapped from, if it was a binary one
     */
    private record Source(NgramRows model, byte @Nullable [] tokenizer, @Nullable NgramModel opened)
            implements
                AutoCloseable {
        static Source read(Path input, Workspace workspace) throws IOException {
            if (!NgramModel.isModel(input)) {
                return new Source(ArpaReader.read(input, workspace), null, null);
            }
            NgramModel opened = NgramModel.open(input);
            try {
                opened.verify();
                return new Source(opened.rows(workspace), opened.storedTokenizer(), opened);
            } catch (IOException | RuntimeException e) {
                opened.close();
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            model.close();
            if (opened != null) {
                opened.close();
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
