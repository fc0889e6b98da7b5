// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import verbo.ngram.Discounts;
import verbo.ngram.NgramFiles;
import verbo.ngram.NgramModel;

/** {@code verbo ngram}. */
@Command(name = "ngram", description = "Estimate, convert and look into n-gram models.", subcommands = {
        NgramCommand.Train.class, NgramCommand.Convert.class, NgramCommand.Describe.class})
final class NgramCommand implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

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

    private static Path output(@Nullable Path out) {
        if (out == null) {
            throw new IllegalStateException("picocli asks for required options");
        }
        Path folder = out.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(out + ": its folder does not exist");
        }
        return out;
    }

    /** {@code verbo ngram train}. */
    @Command(name = "train",
            description = "Estimate a model of a text's words by modified Kneser-Ney smoothing, as KenLM does.")
    static final class Train implements Callable<Integer> {
        @Option(names = "--order", paramLabel = "N", required = true,
                description = "The length of the longest n-grams.")
        private int order;

        @Option(names = "--text", paramLabel = "FILE", required = true,
                description = "UTF-8, a sentence a line, words apart by white space; .gz is unpacked.")
        private @Nullable Path text;

        @Option(names = "--out", paramLabel = "PATH", required = true,
                description = "The model: .arpa, .arpa.gz, or .bin for a binary one.")
        private @Nullable Path out;

        @Option(names = "--form", paramLabel = "FORM", defaultValue = "fast",
                description = "Of a binary model: fast or small (${DEFAULT-VALUE}).")
        private NgramFiles.Form form = NgramFiles.Form.FAST;

        @Option(names = "--discount-fallback",
                description = "Take discounts of 0.5, 1 and 1.5 where the text does not allow to estimate them.")
        private boolean fallback;

        @Mixin
        private Room room = new Room();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            Path output = output(out);
            if (text == null || !Files.exists(text)) {
                throw new NoSuchFileException(String.valueOf(text));
            }
            long start = System.nanoTime();
            NgramFiles.Estimated estimated = NgramFiles.estimate(text, output,
                    new NgramFiles.Estimation(order, room.bytes(), threads(common),
                            fallback ? Discounts.FALLBACK : null,
                            form));
            counts(common, output, estimated.counts(), (System.nanoTime() - start) * 1e-9);
            return 0;
        }
    }

    private static int threads(CommonOptions common) {
        return common.threads().orElse(Runtime.getRuntime().availableProcessors());
    }

    /** {@code verbo ngram convert}. */
    @Command(name = "convert", description = "Read a model and write it in another format.")
    static final class Convert implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "IN", description = "The model to read, .arpa or .arpa.gz.")
        private @Nullable Path in;

        @Parameters(index = "1", paramLabel = "OUT",
                description = "The model to write: .arpa, .arpa.gz, or .bin for a binary one.")
        private @Nullable Path out;

        @Option(names = "--form", paramLabel = "FORM", defaultValue = "fast",
                description = "Of a binary model: fast or small (${DEFAULT-VALUE}).")
        private NgramFiles.Form form = NgramFiles.Form.FAST;

        @Mixin
        private Room room = new Room();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            Path output = output(out);
            if (in == null || !Files.exists(in)) {
                throw new NoSuchFileException(String.valueOf(in));
            }
            long start = System.nanoTime();
            long[] counts = NgramFiles.convert(in, output, form, room.bytes(), threads(common));
            counts(common, output, counts, (System.nanoTime() - start) * 1e-9);
            return 0;
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
            if (file == null || !Files.exists(file)) {
                throw new NoSuchFileException(String.valueOf(file));
            }
            Map<String, Object> info = new LinkedHashMap<>();
            describe(file, info, true);
            if (common.json) {
                common.print(info);
            } else {
                info.forEach((name, value) -> common.out().printf(Locale.ROOT, "%-12s %s%n", name,
                        value instanceof Number number
                                ? String.format(Locale.ROOT, "%,d", number.longValue())
                                : value));
                common.out().flush();
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
            info.put("fileBytes", Files.size(file));
            info.put("tokenizer", model.tokenizer().toString());
        }
    }
}
