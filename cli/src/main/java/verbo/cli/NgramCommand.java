// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;
import verbo.ngram.CorpusEntropy;
import verbo.ngram.Discounts;
import verbo.ngram.EstimationProgress;
import verbo.ngram.NgramFiles;
import verbo.ngram.NgramModel;
import verbo.ngram.Smoothing;
import verbo.text.TextFile;

/** {@code verbo ngram}. */
@Command(name = "ngram", description = "Estimate, convert and look into n-gram models.", subcommands = {
        NgramCommand.Train.class, NgramCommand.Count.class, NgramCommand.Convert.class, NgramCommand.Prune.class,
        NgramCommand.Size.class, NgramCommand.Describe.class, NgramCommand.Entropy.class})
final class NgramCommand {
    /** 500m, 2g. */
    static final class Memory implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            String number = value.strip().toLowerCase(Locale.ROOT);
            number = number.endsWith("b") ? number.substring(0, number.length() - 1) : number;
            int shift = number.isEmpty() ? 0 : switch (number.charAt(number.length() - 1)) {
                case 'k' -> 10;
                case 'm' -> 20;
                case 'g' -> 30;
                default -> 0;
            };
            try {
                double amount = Double.parseDouble(shift == 0 ? number : number.substring(0, number.length() - 1));
                if (amount > 0 && amount * (1L << shift) < 1e18) {
                    return (long) (amount * (1L << shift));
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw new TypeConversionException("'" + value + "' is no amount of memory such as 500m or 2g");
        }
    }

    /** Where an estimation and a conversion may work. */
    static final class Room {
        /** What the JVM itself takes. */
        private static final long JVM = 96L << 20;

        @Option(names = "--memory", paramLabel = "SIZE", converter = Memory.class,
                description = "How much memory to use, such as 2g; what does not fit is sorted in files beside the output. If left out, what the JVM has.")
        private @Nullable Long memory;

        long bytes() {
            long heap = Runtime.getRuntime().maxMemory();
            long given = memory == null ? heap : Math.min(memory, heap);
            return Math.max(NgramFiles.Estimation.LEAST_MEMORY, given - JVM);
        }
    }

    private static void counts(CommonOptions common, Path output, long[] counts, double seconds) throws IOException {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        List<Object> list = new ArrayList<>();
        for (int n = 1; n < counts.length; n++) {
            list.add(counts[n]);
        }
        json.put("model", output.toString());
        json.put("ngrams", list);
        json.put("bytes", Files.size(output));
        json.put("seconds", seconds);
        if (common.json) {
            common.print(json);
            return;
        }
        for (int n = 1; n < counts.length; n++) {
            common.out().printf(Locale.ROOT, "%,14d %d-grams%n", counts[n], n);
        }
        common.out().printf(Locale.ROOT, "%s: %,d bytes in %.1f s%n", output, Files.size(output), seconds);
        common.out().flush();
    }

    private static Path output(@Nullable Path out, List<@Nullable Path> read) throws IOException {
        if (out == null) {
            throw new IllegalStateException("picocli asks for required options");
        }
        List<Path> given = new ArrayList<>();
        for (Path each : read) {
            if (each != null) {
                given.add(each);
            }
        }
        return Destination.checked(out, given);
    }

    /** What a model becomes. */
    static final class Output {
        @Option(names = "--form", paramLabel = "FORM", defaultValue = "fast",
                description = "Of a binary model: fast or small (${DEFAULT-VALUE}).")
        private NgramFiles.Form form = NgramFiles.Form.FAST;

        @Option(names = "--quantize", paramLabel = "BITS",
                description = "With --form small: write probabilities and backoff weights in so many bits, 2 to 16.")
        private int quantize;

        NgramFiles.Form form(CommonOptions common) {
            if (quantize != 0 && form != NgramFiles.Form.SMALL) {
                throw common.wrong("--quantize is for --form small");
            }
            check(quantize, common);
            return form;
        }

        static void check(int quantize, CommonOptions common) {
            if (quantize != 0 && (quantize < 2 || quantize > 16)) {
                throw common.wrong("--quantize must be 2 to 16, not " + quantize);
            }
        }
    }

    /** How far a long piece of work has come, from two seconds on. */
    private static EstimationProgress progress(CommonOptions common) {
        long begin = System.nanoTime();
        boolean screen = Screen.error();
        return new EstimationProgress() {
            private String stage = "";
            private long since;
            private long shown = begin;

            @Override
            public void update(String now, long done, long total) {
                long time = System.nanoTime();
                if (!now.equals(stage)) {
                    stage = now;
                    since = time;
                }
                if (time - begin < 2_000_000_000L || time - shown < (screen ? 200_000_000L : 10_000_000_000L)) {
                    return;
                }
                shown = time;
                double rate = done / Math.max(1e-3, (time - since) * 1e-9);
                boolean bytes = now.equals("reading");
                String line = String.format(Locale.ROOT, "%s: %,d %s, %.1f million a second", now,
                        bytes ? done >> 20 : done, bytes ? "MiB" : "n-grams", rate * 1e-6);
                if (total > 0) {
                    line += String.format(Locale.ROOT, ", %.0f%%, %.0f s left", 100.0 * done / total,
                            Math.max(0, total - done) / rate);
                }
                common.err().print(screen ? "\r\u001b[K" + line + (done >= total && total > 0 ? "\r\u001b[K" : "")
                        : line + System.lineSeparator());
                common.err().flush();
            }
        };
    }

    private static void clear(CommonOptions common) {
        if (Screen.error()) {
            common.err().print("\r\u001b[K");
            common.err().flush();
        }
    }

    private static final String TEXT = "UTF-8, a sentence a line; .gz is unpacked.";

    /** What is counted. */
    static final class Source {
        @Option(names = "--text", paramLabel = "FILE", required = true, description = TEXT)
        private @Nullable Path text;

        @Mixin
        private Words words = new Words();

        Path text() throws NoSuchFileException {
            return existing(text);
        }
    }

    /** What the words of a text are. */
    static final class Words {
        @Option(names = "--tokenizer", paramLabel = "NAME|PATH",
                description = "Take the tokens of a tokenizer for words: char, byte, gpt2, ..., or a file or folder. If left out, words are what stands between white space.")
        private @Nullable String tokenizer;
    }

    /** {@code verbo ngram train}. */
    @Command(name = "train",
            description = "Estimate a model of a text's words, by modified Kneser-Ney smoothing as KenLM does, or otherwise.")
    static final class Train implements Callable<Integer> {
        /** The kinds of {@link Smoothing}. */
        enum Kind {
            KNESER_NEY, ABSOLUTE, WITTEN_BELL, ADD_K, MAXIMUM_LIKELIHOOD, STUPID_BACKOFF;

            @Override
            public String toString() {
                return name().toLowerCase(Locale.ROOT).replace('_', '-');
            }
        }

        @Option(names = "--order", paramLabel = "N", required = true,
                description = "The length of the longest n-grams.")
        private int order;

        @Option(names = "--text", paramLabel = "FILE", description = TEXT)
        private @Nullable Path text;

        @Mixin
        private Words tokens = new Words();

        @Option(names = "--counts", paramLabel = "FILE", arity = "1..*",
                description = "In place of --text: files of counts, as 'ngram count' writes them.")
        private List<Path> counts = new ArrayList<>();

        @Option(names = {"-o", "--out"}, paramLabel = "PATH", required = true,
                description = "The model: .arpa, .arpa.gz, or .bin for a binary one.")
        private @Nullable Path out;

        @Option(names = "--smoothing", paramLabel = "KIND", defaultValue = "kneser-ney",
                description = "kneser-ney, absolute, witten-bell, add-k, maximum-likelihood or stupid-backoff (${DEFAULT-VALUE}).")
        private Kind smoothing = Kind.KNESER_NEY;

        @Option(names = "--k", paramLabel = "K", defaultValue = "1",
                description = "What add-k adds (${DEFAULT-VALUE}).")
        private double k = 1;

        @Option(names = "--factor", paramLabel = "F", defaultValue = "0.4",
                description = "What stupid backoff multiplies with (${DEFAULT-VALUE}).")
        private double factor = 0.4;

        @Option(names = "--discount-fallback",
                description = "Take discounts of 0.5, 1 and 1.5 (absolute: 0.5) where the text does not allow to estimate them.")
        private boolean fallback;

        @Option(names = "--prune", paramLabel = "COUNT...", arity = "1..*", split = "[, ]", hideParamSyntax = true,
                description = "Leave out n-grams seen no more often than this, for each order from 1, the last for all longer ones: --prune 0 0 1.")
        private List<Long> prune = new ArrayList<>();

        @Option(names = "--vocab", paramLabel = "FILE",
                description = "Leave out n-grams with a word that is not in this file, where words stand between white space.")
        private @Nullable Path vocabulary;

        @Option(names = "--vocab-size", paramLabel = "N", description = "Keep only the N most frequent words.")
        private int vocabularySize;

        @Mixin
        private Output output = new Output();

        @Mixin
        private Room room = new Room();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            if (text == null == counts.isEmpty()) {
                throw common.wrong("give --text or --counts");
            }
            List<@Nullable Path> read = new ArrayList<>(counts);
            read.add(text);
            read.add(vocabulary);
            Path path = output(out, read);
            Set<String> words = null;
            if (vocabulary != null) {
                String listed = TextFile.unmarked(TextFile.read(vocabulary));
                words = new LinkedHashSet<>(List.of(listed.strip().split("\\s+")));
            }
            long start = System.nanoTime();
            NgramFiles.Estimation estimation = estimation(words);
            NgramFiles.Estimated estimated = counts.isEmpty()
                    ? NgramFiles.estimate(existing(text), path, estimation)
                    : NgramFiles.estimate(counts, path, estimation);
            clear(common);
            NgramCommand.counts(common, path, estimated.counts(), (System.nanoTime() - start) * 1e-9);
            return 0;
        }

        private NgramFiles.Estimation estimation(@Nullable Set<String> words) {
            try {
                return new NgramFiles.Estimation(order, room.bytes(), NgramCommand.threads(common), smoothing(),
                        output.form(common), output.quantize, prune, words, vocabularySize, tokens.tokenizer,
                        progress(common));
            } catch (IllegalArgumentException e) {
                throw common.wrong(String.valueOf(e.getMessage()));
            }
        }

        private Smoothing smoothing() {
            return switch (smoothing) {
                case KNESER_NEY -> new Smoothing.KneserNey(fallback ? Discounts.FALLBACK : null);
                case ABSOLUTE -> new Smoothing.AbsoluteDiscounting(fallback ? 0.5 : Double.NaN);
                case WITTEN_BELL -> new Smoothing.WittenBell();
                case ADD_K -> new Smoothing.AddK(k);
                case MAXIMUM_LIKELIHOOD -> new Smoothing.MaximumLikelihood();
                case STUPID_BACKOFF -> new Smoothing.StupidBackoff(factor);
            };
        }
    }

    /** {@code verbo ngram count}. */
    @Command(name = "count", description = "Count a text's n-grams, for 'ngram train --counts' or another program.")
    static final class Count implements Callable<Integer> {
        @Option(names = "--order", paramLabel = "N", required = true, description = "The length of the n-grams.")
        private int order;

        @Mixin
        private Source source = new Source();

        @Option(names = {"-o", "--out"}, paramLabel = "PATH", required = true, description = "The file of counts.")
        private @Nullable Path out;

        @Mixin
        private Room room = new Room();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            Path path = output(out, Collections.singletonList(source.text));
            long start = System.nanoTime();
            long rows = NgramFiles.count(source.text(), path, estimation(order, room, source, common));
            clear(common);
            double seconds = (System.nanoTime() - start) * 1e-9;
            if (common.json) {
                Map<String, @Nullable Object> json = new LinkedHashMap<>();
                json.put("counts", path.toString());
                json.put("ngrams", rows);
                json.put("seconds", seconds);
                common.print(json);
            } else {
                common.out().printf(Locale.ROOT, "%s: %,d different %d-grams in %.1f s%n", path, rows, order, seconds);
                common.out().flush();
            }
            return 0;
        }
    }

    private static int threads(CommonOptions common) {
        return common.threads().orElse(Runtime.getRuntime().availableProcessors());
    }

    private static Path existing(@Nullable Path in) throws NoSuchFileException {
        if (in == null || !Files.exists(in)) {
            throw new NoSuchFileException(String.valueOf(in));
        }
        return in;
    }

    /** A model that becomes another. */
    static final class Conversion {
        @Parameters(index = "0", paramLabel = "IN", description = "The model to read: .arpa, .arpa.gz or a binary one.")
        private @Nullable Path in;

        @Parameters(index = "1", paramLabel = "OUT",
                description = "The model to write: .arpa, .arpa.gz, or .bin for a binary one.")
        private @Nullable Path out;

        @Mixin
        private Output output = new Output();

        @Mixin
        private Room room = new Room();

        /** Writes the output, and gives the counts of its n-grams. */
        @FunctionalInterface
        interface Step {
            long[] write(Path in, Path out, NgramFiles.Form form, int quantize, long memory, int threads)
                    throws IOException;
        }

        int run(CommonOptions common, Step step) throws IOException {
            Path to = output(out, Collections.singletonList(in));
            long start = System.nanoTime();
            long[] counts = step.write(existing(in), to, output.form(common), output.quantize, room.bytes(),
                    threads(common));
            NgramCommand.counts(common, to, counts, (System.nanoTime() - start) * 1e-9);
            return 0;
        }
    }

    /** {@code verbo ngram prune}. */
    @Command(name = "prune",
            description = "Leave out n-grams that a model does nearly as well without (Stolcke, 1998).")
    static final class Prune implements Callable<Integer> {
        @Mixin
        private Conversion conversion = new Conversion();

        @Option(names = "--threshold", paramLabel = "T", required = true,
                description = "Leave out what raises the perplexity by a smaller share than this, such as 1e-8.")
        private double threshold;

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            if (!(threshold >= 0 && threshold < 1)) {
                throw common.wrong("--threshold must be 0 to 1, such as 1e-8, not " + threshold);
            }
            return conversion.run(common,
                    (in, out, form, quantize, memory, threads) -> NgramFiles.prune(in, out, threshold,
                            form, quantize, memory, threads));
        }
    }

    /** {@code verbo ngram convert}. */
    @Command(name = "convert", description = "Read a model and write it in another format.")
    static final class Convert implements Callable<Integer> {
        @Mixin
        private Conversion conversion = new Conversion();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            return conversion.run(common, NgramFiles::convert);
        }
    }

    /** {@code verbo ngram size}. */
    @Command(name = "size", description = "Tell how large a model would be in each binary form, without building it.")
    static final class Size implements Callable<Integer> {
        @Parameters(paramLabel = "MODEL|COUNTS",
                description = "The model to read: .arpa, .arpa.gz or a binary one; or what 'ngram count' wrote, for the model by Kneser-Ney that it gives.")
        private @Nullable Path in;

        @Option(names = "--quantize", paramLabel = "BITS",
                description = "For the small form: with probabilities and backoff weights in so many bits, 2 to 16.")
        private int quantize;

        @Mixin
        private Room room = new Room();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            Output.check(quantize, common);
            Map<NgramFiles.Form, Long> sizes = NgramFiles.sizes(existing(in), quantize, room.bytes(),
                    NgramCommand.threads(common));
            Map<String, Object> json = new LinkedHashMap<>();
            sizes.forEach((form, bytes) -> json.put(form.name().toLowerCase(Locale.ROOT) + "Bytes", bytes));
            if (common.json) {
                common.print(json);
            } else {
                sizes.forEach((form, bytes) -> common.out().printf(Locale.ROOT, "%-6s %,18d bytes%n",
                        form.name().toLowerCase(Locale.ROOT), bytes));
                common.out().flush();
            }
            return 0;
        }
    }

    /** {@code verbo ngram entropy}. */
    @Command(name = "entropy",
            description = "Tell the entropy of a text: how many bits a word has beside those before it, by the text's own counts.")
    static final class Entropy implements Callable<Integer> {
        @Option(names = "--order", paramLabel = "N", defaultValue = "3",
                description = "Up to N - 1 words before it (${DEFAULT-VALUE}).")
        private int order = 3;

        @Mixin
        private Source source = new Source();

        @Mixin
        private Room room = new Room();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            CorpusEntropy entropy = CorpusEntropy.of(source.text(), estimation(order, room, source, common));
            clear(common);
            if (common.json) {
                List<Object> orders = new ArrayList<>();
                for (int n = 1; n <= order; n++) {
                    Map<String, Object> each = new LinkedHashMap<>();
                    each.put("order", n);
                    each.put("ngrams", entropy.ngrams()[n]);
                    each.put("bitsPerToken", entropy.bits()[n]);
                    orders.add(each);
                }
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("tokens", entropy.tokens());
                json.put("vocabulary", entropy.words());
                json.put("orders", orders);
                common.print(json);
                return 0;
            }
            common.out().printf(Locale.ROOT, "%,d tokens, %,d different words%n", entropy.tokens(), entropy.words());
            for (int n = 1; n <= order; n++) {
                common.out().printf(Locale.ROOT,
                        "%9.4f bits/token with %d before it, perplexity %,.2f, %,d %d-grams%n",
                        entropy.bits()[n], n - 1, Math.pow(2, entropy.bits()[n]), entropy.ngrams()[n], n);
            }
            common.out().flush();
            return 0;
        }
    }

    /** To count by; how to smooth does not matter. */
    private static NgramFiles.Estimation estimation(int order, Room room, Source source, CommonOptions common) {
        try {
            return new NgramFiles.Estimation(order, room.bytes(), threads(common), Smoothing.KNESER_NEY,
                    NgramFiles.Form.FAST, 0, List.of(), null, 0, source.words.tokenizer, progress(common));
        } catch (IllegalArgumentException e) {
            throw common.wrong(String.valueOf(e.getMessage()));
        }
    }

    /** {@code verbo ngram info}. */
    @Command(name = "info", description = "Tell what an n-gram model is, and whether it is whole.")
    static final class Describe implements Callable<Integer> {
        @Parameters(paramLabel = "MODEL", description = "The model's file.")
        private @Nullable Path file;

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            Map<String, Object> info = new LinkedHashMap<>();
            describe(existing(file), info, true);
            if (common.json) {
                common.print(info);
            } else {
                InfoCommand.print(info, common);
            }
            return 0;
        }
    }

    /** What {@code info} says of a model; with {@code verify} its checksum is compared, which reads it whole. */
    static void describe(Path file, Map<String, Object> info, boolean verify) throws IOException {
        try (NgramModel model = NgramFiles.open(file)) {
            if (verify) {
                model.verify();
            }
            info.put("model", model.toString());
            info.put("order", model.order());
            List<Object> counts = new ArrayList<>();
            for (int n = 1; n <= model.order(); n++) {
                counts.add(model.count(n));
            }
            info.put("ngrams", counts);
            info.put("vocabulary", model.vocabularySize());
            info.put("form", model.form());
            info.put("fileBytes", Files.size(file));
            info.put("tokenizer", model.tokenizer().toString());
        }
    }
}
