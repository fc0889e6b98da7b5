// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.ngram.identify.Identification;
import verbo.ngram.identify.IdentifierTrainer;
import verbo.ngram.identify.LabelledTexts;
import verbo.ngram.identify.LanguageCodes;
import verbo.ngram.identify.LanguageIdentifier;
import verbo.text.Progress;
import verbo.text.TextLines;

/** {@code verbo identify}. */
@Command(name = "identify", description = "Tell which language a text is in, a line at a time.", subcommands = {
        IdentifyCommand.Train.class, IdentifyCommand.Evaluate.class},
        customSynopsis = {
                "verbo identify --model=FILE [OPTION]... TEXT|FILE|-", "       verbo identify COMMAND [OPTION]..."})
final class IdentifyCommand implements Callable<Integer> {
    private static final Pattern A_FILES_NAME = Pattern
            .compile("(~|\\.{0,2})/\\S*|\\S*\\.(txt|csv|tsv|md|gz|jsonl?)");

    @Parameters(arity = "0..1", paramLabel = "TEXT|FILE|-",
            description = "A file to be read line by line, or else a text; - is standard input. A word that looks like a"
                    + " file's name must be one.")
    private @Nullable String input;

    @Option(names = "--model", paramLabel = "FILE", description = "What 'identify train' wrote.")
    private @Nullable Path model;

    @Option(names = "--top", paramLabel = "N", description = "Print the N most probable languages of each line.")
    private int top = 1;

    @Option(names = "--threshold", paramLabel = "P",
            description = "Call a line unknown if no language is at least so probable (0 to 1; 0 if left out).")
    private double threshold;

    @Option(names = "--whole", description = "Take all lines together for one text.")
    private boolean whole;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (input == null) {
            throw common.wrong("give a text, a file, or - for standard input");
        }
        if (top < 1) {
            throw common.wrong("--top must be 1 or more, not " + top);
        }
        if (!(threshold >= 0 && threshold <= 1)) {
            throw common.wrong("--threshold must be from 0 to 1, not " + threshold);
        }
        LanguageIdentifier identifier = open(model, common);
        if (whole) {
            StringBuilder text = new StringBuilder();
            lines(line -> text.append(line).append('\n'));
            print(identifier, text);
        } else {
            lines(line -> print(identifier, line));
        }
        common.out().flush();
        return 0;
    }

    private static LanguageIdentifier open(@Nullable Path model, CommonOptions common) throws IOException {
        if (model == null) {
            throw common.wrong("Missing required option: '--model=FILE'");
        }
        return LanguageIdentifier.open(model);
    }

    private void lines(verbo.text.IOConsumer<String> action) throws IOException {
        String given = input == null ? "-" : input;
        if (given.equals("-")) {
            TextLines.forEach(Path.of("standard input"), System.in, action);
            return;
        }
        Path file = file(given);
        if (file != null) {
            TextLines.forEach(file, action);
        } else {
            for (String line : given.split("\\R", -1)) {
                action.accept(line);
            }
        }
    }

    /**
     * The file (or pipe) that is given in a text's place; null of a text.
     *
     * @throws NoSuchFileException
     *             if there is none and one is meant, as a single word that begins as a path or ends as a file does
     */
    static @Nullable Path file(String given) throws NoSuchFileException {
        Path path;
        try {
            path = Path.of(given);
        } catch (InvalidPathException e) {
            return null;
        }
        if (given.isEmpty() || !Files.exists(path)) {
            if (A_FILES_NAME.matcher(given).matches()) {
                throw new NoSuchFileException(given, null,
                        "a text that looks so can be given through standard input: -");
            }
            return null;
        }
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(given + ": is a folder; a text, a file or - is needed");
        }
        return path;
    }

    private void print(LanguageIdentifier identifier, CharSequence text) {
        if (top == 1) {
            print(identifier.identify(text));
            return;
        }
        List<Identification> ranking = identifier.ranking(text);
        if (ranking.isEmpty()) {
            print(new Identification(Identification.UNKNOWN, 0));
        } else if (!common.json && ranking.getFirst().probability() < threshold) {
            print(ranking.getFirst());
        } else if (common.json) {
            List<Object> all = new ArrayList<>();
            ranking.stream().limit(top).forEach(each -> all.add(json(each)));
            Map<String, @Nullable Object> json = json(named(ranking.getFirst()));
            json.put("ranking", all);
            common.print(json);
        } else {
            StringBuilder line = new StringBuilder();
            ranking.stream().limit(top).forEach(each -> line.append(line.isEmpty() ? "" : "\t").append(shown(each)));
            common.out().println(line);
        }
    }

    private Identification named(Identification found) {
        return found.probability() < threshold
                ? new Identification(Identification.UNKNOWN, found.probability())
                : found;
    }

    private void print(Identification found) {
        if (common.json) {
            common.print(json(named(found)));
        } else {
            common.out().println(shown(named(found)));
        }
    }

    private static String shown(Identification found) {
        return String.format(Locale.ROOT, "%s\t%.4f", found.language(), found.probability());
    }

    private static Map<String, @Nullable Object> json(Identification found) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("language", found.language());
        json.put("probability", found.probability());
        return json;
    }

    /** {@code verbo identify train}. */
    @Command(name = "train", description = "Learn languages from texts: one small file for all of them.")
    static final class Train implements Callable<Integer> {
        @Option(names = "--data", required = true, paramLabel = "DIR",
                description = "A file or a folder a language, called as the language is: pt.txt, pt.txt.gz, pt/, or news.pt-en.pt of parallel texts.")
        private Path data = Path.of("");

        @Option(names = {"-o", "--out"}, required = true, paramLabel = "FILE", description = "The model to write.")
        private Path out = Path.of("");

        @Option(names = "--order", paramLabel = "N",
                description = "The length of the longest n-grams in letters, 1 to 8 (${DEFAULT-VALUE}).")
        private int order = IdentifierTrainer.Options.DEFAULT.order();

        @Option(names = "--max-size", paramLabel = "SIZE", converter = NgramCommand.Memory.class,
                description = "The most bytes of the model, such as 2m; n-grams that matter least are left out. Ten million bytes if left out.")
        private long size = IdentifierTrainer.Options.DEFAULT.bytes();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            IdentifierTrainer.Options options;
            try {
                options = new IdentifierTrainer.Options(order, size);
            } catch (IllegalArgumentException e) {
                throw common.wrong(String.valueOf(e.getMessage()));
            }
            LabelledTexts texts = LabelledTexts.of(data);
            Destination.checked(out, List.of());
            if (Files.exists(out) && out.toRealPath().startsWith(data.toRealPath())
                    && !texts.passedOver().contains(data.resolve(out.getFileName()))) {
                throw Destination.isRead(out);
            }
            for (Path file : texts.passedOver()) {
                common.err().println("verbo: " + file + ": not named after a language, passed over");
            }
            long start = System.nanoTime();
            Progress progress = Screen.error() ? (done, total) -> {
                common.err().printf(Locale.ROOT, "\r\u001b[K%d of %d languages", Math.min(done, total - 2), total - 2);
                common.err().flush();
            } : Progress.NONE;
            IdentifierTrainer.Trained trained = IdentifierTrainer.train(texts.languages(), out, options,
                    progress);
            double seconds = (System.nanoTime() - start) * 1e-9;
            if (Screen.error()) {
                common.err().print("\r\u001b[K");
                common.err().flush();
            }
            if (common.json) {
                Map<String, @Nullable Object> json = new LinkedHashMap<>();
                json.put("model", out.toString());
                json.put("languages", trained.lines());
                json.put("ngrams", trained.ngrams());
                json.put("bytes", trained.bytes());
                json.put("heldOutAccuracy", Double.isNaN(trained.heldOutAccuracy()) ? null : trained.heldOutAccuracy());
                json.put("seconds", seconds);
                common.print(json);
            } else {
                common.out().printf(Locale.ROOT, "%s: %d languages, %,d n-grams, %,d bytes in %.1f s%n", out,
                        trained.lines().size(), trained.ngrams(), trained.bytes(), seconds);
                if (Double.isNaN(trained.heldOutAccuracy())) {
                    common.out()
                            .println("no lines held out, so probabilities are guesses: 10 lines a language are needed");
                } else {
                    common.out().printf(Locale.ROOT, "%.2f%% of held-out lines right%n",
                            100 * trained.heldOutAccuracy());
                }
                common.out().flush();
            }
            return 0;
        }
    }

    /** {@code verbo identify eval}. */
    @Command(name = "eval", description = "Tell how often a model is right about texts of known languages.")
    static final class Evaluate implements Callable<Integer> {
        private static final int BINS = 10;

        @Option(names = "--model", required = true, paramLabel = "FILE", description = "What 'identify train' wrote.")
        private Path model = Path.of("");

        @Option(names = "--data", required = true, paramLabel = "DIR",
                description = "Texts a line, as for training; codes of two and three letters of one language are the same.")
        private Path data = Path.of("");

        @Option(names = "--confusions", paramLabel = "N",
                description = "Show so many pairs of languages that are mistaken most (${DEFAULT-VALUE}).")
        private int confusions = 10;

        @Mixin
        private CommonOptions common = new CommonOptions();

        private final Map<String, int[]> languages = new TreeMap<>(); // lines, right, unknown
        private final Map<String, Integer> mistakes = new TreeMap<>();
        private final double[][] bins = new double[BINS][3]; // lines, right, probability
        private int strangers; // lines in languages the model does not know
        private int strangersUnknown;

        @Override
        public Integer call() throws IOException {
            if (confusions < 0) {
                throw common.wrong("--confusions must be 0 or more, not " + confusions);
            }
            LanguageIdentifier identifier = LanguageIdentifier.open(model);
            long nanos = 0;
            for (Map.Entry<String, IdentifierTrainer.Lines> language : LabelledTexts.of(data).languages()
                    .entrySet()) {
                List<String> lines = new ArrayList<>();
                language.getValue().forEach(line -> {
                    if (!line.isBlank()) {
                        lines.add(line);
                    }
                });
                Identification[] found = new Identification[lines.size()];
                long start = System.nanoTime();
                for (int i = 0; i < found.length; i++) {
                    found[i] = identifier.identify(lines.get(i));
                }
                nanos += System.nanoTime() - start;
                boolean known = identifier.languages().stream()
                        .anyMatch(name -> LanguageCodes.same(name, language.getKey()));
                for (Identification each : found) {
                    if (known) {
                        add(language.getKey(), each);
                    } else {
                        strangers++;
                        strangersUnknown += each.language().equals(Identification.UNKNOWN) ? 1 : 0;
                    }
                }
            }
            print(nanos * 1e-9);
            return 0;
        }

        private void add(String language, Identification found) {
            int[] counts = languages.computeIfAbsent(language, name -> new int[3]);
            boolean right = LanguageCodes.same(found.language(), language);
            counts[0]++;
            counts[1] += right ? 1 : 0;
            counts[2] += found.language().equals(Identification.UNKNOWN) ? 1 : 0;
            if (!right) {
                mistakes.merge(language + " as " + found.language(), 1, Integer::sum);
            }
            if (!found.language().equals(Identification.UNKNOWN)) {
                double[] bin = bins[Math.min(BINS - 1, (int) (found.probability() * BINS))];
                bin[0]++;
                bin[1] += right ? 1 : 0;
                bin[2] += found.probability();
            }
        }

        private void print(double seconds) {
            int[] all = new int[3];
            double shares = 0;
            for (int[] counts : languages.values()) {
                for (int i = 0; i < all.length; i++) {
                    all[i] += counts[i];
                }
                shares += (double) counts[1] / counts[0];
            }
            if (all[0] + strangers == 0) {
                throw new IllegalArgumentException(data + ": no lines");
            }
            double[] sums = Arrays.stream(bins).reduce(new double[3],
                    (one, other) -> new double[]{one[0] + other[0], one[1] + other[1], one[2] + other[2]});
            double off = Arrays.stream(bins).mapToDouble(bin -> Math.abs(bin[1] - bin[2])).sum() / Math.max(1, sums[0]);
            List<Map.Entry<String, Integer>> worst = mistakes.entrySet().stream()
                    .sorted(Map.Entry.<String, Integer>comparingByValue().reversed()).limit(confusions).toList();
            double rate = (all[0] + strangers) / seconds;
            if (common.json) {
                Map<String, @Nullable Object> json = new LinkedHashMap<>();
                json.put("lines", all[0]);
                json.put("accuracy", share(all[1], all[0]));
                json.put("meanAccuracy", share(shares, languages.size()));
                json.put("unknown", share(all[2], all[0]));
                json.put("meanProbability", share(sums[2], sums[0]));
                json.put("calibrationError", off);
                json.put("otherLanguages", strangers);
                json.put("otherLanguagesUnknown", share(strangersUnknown, strangers));
                json.put("linesPerSecond", rate);
                Map<String, Object> each = new LinkedHashMap<>();
                languages.forEach((name, counts) -> each.put(name, (double) counts[1] / counts[0]));
                json.put("languages", each);
                Map<String, Object> confused = new LinkedHashMap<>();
                worst.forEach(entry -> confused.put(entry.getKey(), entry.getValue()));
                json.put("confusions", confused);
                common.print(json);
                return;
            }
            languages.forEach((name, counts) -> common.out().printf(Locale.ROOT, "%-12s %7.2f%% of %,d%n", name,
                    100.0 * counts[1] / counts[0], counts[0]));
            worst.forEach(entry -> common.out().printf(Locale.ROOT, "%-20s %,8d%n", entry.getKey(), entry.getValue()));
            if (all[0] > 0) {
                common.out().printf(Locale.ROOT,
                        "%.2f%% of %,d lines right (mean of %d languages %.2f%%), %.2f%% unknown%n",
                        100.0 * all[1] / all[0], all[0], languages.size(), 100 * shares / languages.size(),
                        100.0 * all[2] / all[0]);
            }
            if (sums[0] > 0) {
                common.out().printf(Locale.ROOT,
                        "mean probability %.4f where %.4f are right, calibration error %.4f%n", sums[2] / sums[0],
                        sums[1] / sums[0], off);
            }
            if (strangers > 0) {
                common.out().printf(Locale.ROOT,
                        "%.2f%% of %,d lines in languages the model does not know are unknown%n",
                        100.0 * strangersUnknown / strangers, strangers);
            }
            common.out().printf(Locale.ROOT, "%,.0f lines/s on one thread%n", rate);
            common.out().flush();
        }

        /** Null of nothing. */
        private static @Nullable Double share(double part, double whole) {
            return whole == 0 ? null : part / whole;
        }
    }
}
