// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.models.TextClassifier;
import verbo.models.TextClassifierFile;
import verbo.models.WordVectorFiles;
import verbo.models.WordVectors;
import verbo.text.LabelledText;
import verbo.train.ClassificationReport;
import verbo.train.ClassifierTraining;

/** {@code verbo classify}. */
@Command(name = "classify", description = "Learn to tell texts apart, and do it.", subcommands = {
        ClassifyCommand.Train.class, ClassifyCommand.Eval.class, ClassifyCommand.Predict.class})
final class ClassifyCommand {
    private static final String LINES = "A text a line: its label, with or without __label__ before it, a space, the text's words apart by spaces.";

    private static List<LabelledText> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + ": is a folder; a file of labelled texts is needed");
        }
        return LabelledText.read(file);
    }

    /** {@code verbo classify train}. */
    @Command(name = "train", description = {"Learn from labelled texts: the vectors of a text's words and n-grams"
            + " together, hidden layers if asked, a softmax.", "Ctrl-C ends the training and keeps what was learnt."})
    static final class Train implements Callable<Integer> {
        @Option(names = "--text", paramLabel = "FILE", required = true, description = LINES)
        private Path text = Path.of("");

        @Option(names = {"-o", "--out"}, paramLabel = "PATH", required = true,
                description = "Where to write the classifier.")
        private Path out = Path.of("");

        @Option(names = "--dimension", paramLabel = "N",
                description = "Numbers a vector; 10 if left out, or as many as the given vectors have.")
        private @Nullable Integer dimension;

        @Option(names = "--hidden", paramLabel = "N[,N...]", split = ",", hideParamSyntax = true,
                description = "The widths of hidden layers; none if left out.")
        private List<Integer> hidden = List.of();

        @Option(names = "--word-ngrams", paramLabel = "N", description = "The longest run of words (${DEFAULT-VALUE}).")
        private int words = 2;

        @Option(names = "--min-ngram", paramLabel = "N",
                description = "The shortest run of characters (${DEFAULT-VALUE}).")
        private int shortest = 3;

        @Option(names = "--max-ngram", paramLabel = "N",
                description = "The longest run of characters; 0 for none (${DEFAULT-VALUE}).")
        private int longest;

        @Option(names = "--min-count", paramLabel = "N",
                description = "Features (words and runs of words or characters) that occur less often are left out (${DEFAULT-VALUE}).")
        private int minimum = 1;

        @Option(names = "--vectors", paramLabel = "FILE",
                description = "Word vectors to begin with, as of 'verbo vectors train'.")
        private @Nullable Path vectors;

        @Option(names = "--epochs", paramLabel = "N",
                description = "How often to learn from each text (${DEFAULT-VALUE}).")
        private int epochs = 6;

        @Option(names = "--rate", paramLabel = "RATE",
                description = "Learning rate at the beginning; 0.7 if left out, 0.1 with hidden layers.")
        private @Nullable Double rate;

        @Option(names = "--label-smoothing", paramLabel = "P", description = "The share of a label's probability that"
                + " learning spreads over all classes (${DEFAULT-VALUE}).")
        private double smoothing = 0.3;

        @Option(names = "--dropout", paramLabel = "P",
                description = "The share of runs of words and characters left out at each step (${DEFAULT-VALUE}).")
        private double dropout;

        @Option(names = "--word-dropout", paramLabel = "P",
                description = "The share of words left out at each step (${DEFAULT-VALUE}).")
        private double wordDropout;

        @Option(names = "--seed", paramLabel = "N", description = "Of what is drawn (${DEFAULT-VALUE}).")
        private long seed = 1;

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            if (minimum < 1) {
                throw common.wrong("--min-count must be 1 or more, not " + minimum);
            }
            ClassifierTraining.Options options;
            try {
                options = new ClassifierTraining.Options(epochs, rate != null ? rate : hidden.isEmpty() ? 0.7 : 0.1,
                        smoothing, dropout, wordDropout, seed);
                config(dimension != null ? dimension : 10);
            } catch (IllegalArgumentException e) {
                throw common.wrong(String.valueOf(e.getMessage()));
            }
            Destination.checked(out, vectors == null ? List.of(text) : List.of(text, vectors));
            WordVectors learned = vectors == null ? null : WordVectorFiles.read(vectors);
            TextClassifier.Config config = config(
                    dimension != null ? dimension : learned == null ? 10 : learned.dimension());
            List<LabelledText> texts = read(text);
            long start = System.nanoTime();
            TextClassifier classifier = TextClassifier.create(config, texts, minimum, learned, seed);
            ClassifierTraining training = new ClassifierTraining(classifier, texts, options);
            try (StopSignals signals = new StopSignals(training::stop)) {
                Display display = new Display(common.err());
                double loss;
                try {
                    loss = training.run(display);
                } finally {
                    display.end();
                }
                double seconds = (System.nanoTime() - start) * 1e-9;
                TextClassifierFile.write(classifier, out);
                if (signals.exitCode() != 0) {
                    common.err().println("stopped and saved " + out);
                    common.err().flush();
                    return signals.exitCode();
                }
                report(texts.size(), classifier, loss, seconds);
            }
            return 0;
        }

        private TextClassifier.Config config(int width) {
            return new TextClassifier.Config(width, hidden, words, shortest, longest);
        }

        private void report(int texts, TextClassifier classifier, double loss, double seconds) {
            if (common.json) {
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("model", out.toString());
                json.put("texts", texts);
                json.put("classes", classifier.labels().size());
                json.put("features", classifier.featureCount());
                json.put("trainLoss", loss);
                json.put("seconds", seconds);
                common.print(json);
            } else {
                common.out().printf(Locale.ROOT,
                        "%,d texts of %d classes, %,d features, loss %.4f nats a text, %.1f s%n", texts,
                        classifier.labels().size(), classifier.featureCount(), loss, seconds);
                common.out().printf("The classifier is in %s; try: %s classify eval FILE --model %s%n", out,
                        Main.called(),
                        out);
                common.out().flush();
            }
        }

        /** A line that is drawn over, where it can be. */
        private static final class Display implements ClassifierTraining.Listener {
            private final PrintWriter err;
            private final boolean live = Screen.error();
            private final long start = System.nanoTime();
            private long shown = start;

            Display(PrintWriter err) {
                this.err = err;
            }

            @Override
            public void progress(long texts, long total, double loss) {
                long now = System.nanoTime();
                if (now - shown >= (live ? 100_000_000L : 10_000_000_000L)) {
                    shown = now;
                    double perSecond = texts / ((now - start) * 1e-9);
                    String line = String.format(Locale.ROOT, "%3.0f %%  %,.0f texts/s  loss %.3f  %s left",
                            100.0 * texts / total, perSecond, loss,
                            TrainingDisplay.clock((total - texts) / perSecond));
                    err.print(live ? "\r\u001b[K" + line : line + System.lineSeparator());
                    err.flush();
                }
            }

            /** Leaves a clean line behind. */
            void end() {
                if (live) {
                    err.print("\r\u001b[K");
                    err.flush();
                }
            }
        }
    }

    /** {@code verbo classify eval}. */
    @Command(name = "eval", description = "Measure a classifier on labelled texts.")
    static final class Eval implements Callable<Integer> {
        @Parameters(paramLabel = "FILE", description = LINES)
        private Path file = Path.of("");

        @Option(names = "--model", paramLabel = "PATH", required = true, description = "The classifier.")
        private Path model = Path.of("");

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            ClassificationReport report = ClassificationReport.of(TextClassifierFile.read(model), read(file));
            if (common.json) {
                common.print(json(report));
            } else {
                print(report);
            }
            return 0;
        }

        private static Map<String, Object> json(ClassificationReport report) {
            List<Object> classes = new ArrayList<>();
            for (ClassificationReport.OfClass each : report.classes()) {
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("label", each.label());
                json.put("texts", each.texts());
                json.put("precision", each.precision());
                json.put("recall", each.recall());
                json.put("f1", each.f1());
                classes.add(json);
            }
            List<Object> confusion = new ArrayList<>();
            for (int[] row : report.confusion()) {
                confusion.add(Arrays.stream(row).boxed().toList());
            }
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("texts", report.texts());
            json.put("accuracy", report.accuracy());
            json.put("macroF1", report.macroF1());
            json.put("classes", classes);
            json.put("confusion", confusion);
            return json;
        }

        private void print(ClassificationReport report) {
            PrintWriter out = common.out();
            out.printf(Locale.ROOT, "accuracy %.4f of %,d texts, macro F1 %.4f%n%n", report.accuracy(),
                    report.texts(), report.macroF1());
            int width = Math.max(5, report.labels().stream().mapToInt(String::length).max().orElse(0));
            out.printf("%-" + width + "s %9s %9s %9s %9s%n", "class", "texts", "precision", "recall", "F1");
            for (ClassificationReport.OfClass each : report.classes()) {
                out.printf(Locale.ROOT, "%-" + width + "s %,9d %9.4f %9.4f %9.4f%n", each.label(), each.texts(),
                        each.precision(), each.recall(), each.f1());
            }
            out.printf("%ntexts of a class (down) taken for a class (across)%n%-" + width + "s", "");
            int cell = Math.max(6, width);
            report.labels().forEach(label -> out.printf(" %" + cell + "s", label));
            out.println();
            for (int c = 0; c < report.confusion().length; c++) {
                out.printf("%-" + width + "s", report.labels().get(c));
                for (int count : report.confusion()[c]) {
                    out.printf(" %" + cell + "d", count);
                }
                out.println();
            }
            out.flush();
        }
    }

    /** {@code verbo classify predict}. */
    @Command(name = "predict", description = "Say which class texts belong to.")
    static final class Predict implements Callable<Integer> {
        @Parameters(arity = "0..*", paramLabel = "TEXT",
                description = "The texts; if left out, or -, the lines of standard input. No labels.")
        private List<String> texts = List.of();

        @Option(names = "--model", paramLabel = "PATH", required = true, description = "The classifier.")
        private Path model = Path.of("");

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            TextClassifier classifier = TextClassifierFile.read(model);
            if (!texts.isEmpty() && !texts.equals(List.of("-"))) {
                texts.forEach(text -> predict(classifier, text));
                return 0;
            }
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                predict(classifier, line);
            }
            return 0;
        }

        private void predict(TextClassifier classifier, String text) {
            float[] p = classifier.probabilities(text);
            int best = ClassificationReport.likeliest(p);
            if (common.json) {
                Map<String, Object> all = new LinkedHashMap<>();
                for (int c = 0; c < p.length; c++) {
                    all.put(classifier.labels().get(c), (double) p[c]);
                }
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("label", classifier.labels().get(best));
                json.put("probabilities", all);
                common.print(json);
            } else {
                common.out().printf(Locale.ROOT, "%s  %.4f%n", classifier.labels().get(best), p[best]);
                common.out().flush();
            }
        }
    }
}
