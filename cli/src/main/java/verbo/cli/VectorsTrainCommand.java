// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import verbo.models.SkipGram;
import verbo.models.SkipGramConfig;
import verbo.models.SkipGramConfig.Architecture;
import verbo.models.WordVectorFiles;
import verbo.models.WordVectorFiles.Format;
import verbo.models.WordVectors;
import verbo.text.IndexedText;
import verbo.text.Json;
import verbo.text.Progress;
import verbo.train.RunKey;
import verbo.train.VectorTraining;

/** {@code verbo vectors train}. */
@Command(name = "train", description = {
        "Learn vectors of a text's words, by word2vec's skip-gram or CBOW, with fastText's character n-grams if asked.",
        "Ctrl-C ends the training and keeps what was learnt."})
final class VectorsTrainCommand implements Callable<Integer> {
    @Option(names = "--text", paramLabel = "FILE", required = true,
            description = "UTF-8, a sentence a line, words apart by white space; .gz is unpacked.")
    private Path text = Path.of("");

    @Option(names = {"-o", "--out"}, paramLabel = "PATH", required = true,
            description = "Where to write; a name that ends in .gz is packed. With n-grams theirs go to PATH.ngrams, for vectors of words not in the text;"
                    + " without, a PATH.ngrams of vectors before is deleted.")
    private Path out = Path.of("");

    @Option(names = "--format", paramLabel = "FORMAT",
            description = "text (word2vec's, fastText's .vec), binary (word2vec's) or glove; if left out, binary for a name that ends in .bin, else text.")
    private @Nullable Format format;

    @Option(names = "--architecture", paramLabel = "skip-gram|cbow",
            description = "What predicts what; skip-gram if left out.")
    private String architecture = "skip-gram";

    @Option(names = "--dimension", paramLabel = "N", description = "Numbers a vector (${DEFAULT-VALUE}).")
    private int dimension = SkipGramConfig.DEFAULT.dimension();

    @Option(names = "--window", paramLabel = "N",
            description = "Neighbours at most so many words away; drawn from 1 to this for each word (${DEFAULT-VALUE}).")
    private int window = SkipGramConfig.DEFAULT.window();

    @Option(names = "--negative", paramLabel = "N",
            description = "Words drawn to tell each true one from (${DEFAULT-VALUE}).")
    private int negative = SkipGramConfig.DEFAULT.negative();

    @Option(names = "--hierarchical-softmax", description = "Decisions in a Huffman tree instead of drawn words.")
    private boolean hierarchical;

    @Option(names = "--epochs", paramLabel = "N", description = "How often to read the text (${DEFAULT-VALUE}).")
    private int epochs = 5;

    @Option(names = "--min-count", paramLabel = "N",
            description = "Words that occur less often are left out (${DEFAULT-VALUE}).")
    private int minimum = 5;

    @Option(names = "--sample", paramLabel = "SHARE",
            description = "Words with a greater share of the text are passed over now and then; 0 for never (${DEFAULT-VALUE}).")
    private double sample = SkipGramConfig.DEFAULT.sample();

    @Option(names = "--min-ngram", paramLabel = "N", description = "Shortest character n-gram (${DEFAULT-VALUE}).")
    private int shortest = SkipGramConfig.DEFAULT.shortest();

    @Option(names = "--max-ngram", paramLabel = "N",
            description = "Longest character n-gram; fastText takes 6. 0 for none (${DEFAULT-VALUE}).")
    private int longest = SkipGramConfig.DEFAULT.longest();

    @Option(names = "--rate", paramLabel = "RATE",
            description = "Learning rate at the beginning; 0.025 for skip-gram and 0.05 for CBOW or n-grams if left out.")
    private @Nullable Double rate;

    @Option(names = "--seed", paramLabel = "N", description = "Of what is drawn (${DEFAULT-VALUE}).")
    private long seed = 1;

    @Option(names = "--threads", paramLabel = "N",
            description = "How many threads learn; one a processor if left out. They update the same vectors without locks, so with more than one the result is a little different each time.")
    private int threads = Math.min(RunKey.MOST_THREADS, Runtime.getRuntime().availableProcessors());

    @Option(names = "--deterministic", description = "The same vectors for the same seed: one thread learns.")
    private boolean deterministic;

    @Option(names = "--json", description = "Print JSON and nothing else on standard output.")
    private boolean json;

    @Spec
    private @Nullable CommandSpec spec;

    private final boolean live = Screen.error();
    private long shown = System.nanoTime();

    @Override
    public Integer call() throws IOException {
        Architecture what = switch (architecture.toLowerCase(Locale.ROOT)) {
            case "skip-gram", "skipgram" -> Architecture.SKIP_GRAM;
            case "cbow" -> Architecture.CBOW;
            default -> throw wrong("--architecture must be skip-gram or cbow, not " + architecture);
        };
        if (negative < 1) { // 0 is the configuration's way to say the other
            throw wrong("--negative must be 1 or more, not " + negative + "; --hierarchical-softmax draws none");
        }
        if (minimum < 1) {
            throw wrong("--min-count must be 1 or more, not " + minimum);
        }
        boolean plain = what == Architecture.SKIP_GRAM && longest == 0;
        SkipGramConfig config;
        VectorTraining.Options options;
        try {
            config = new SkipGramConfig(what, dimension, window, hierarchical ? 0 : negative, sample, shortest,
                    longest);
            options = new VectorTraining.Options(epochs, rate == null ? plain ? 0.025 : 0.05 : rate,
                    deterministic ? 1 : threads, seed);
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
        Format as = format != null ? format : out.toString().endsWith(".bin") ? Format.BINARY : Format.TEXT;
        Destination.checked(out, List.of(text));
        Destination.checked(ngrams(out), List.of(text));

        IndexedText read = IndexedText.read(text, minimum, reading());
        print(String.format(Locale.ROOT, "%,d words, %,d different ones that occur %d times or more", read.length(),
                read.vocabularySize(), minimum));
        try (SkipGram model = new SkipGram(config, read, seed)) {
            VectorTraining training = new VectorTraining(model, read, options);
            VectorTraining.Result result;
            int code;
            try (StopSignals signals = new StopSignals(training::stop)) {
                result = training.run(this::show);
                code = signals.exitCode();
                clear();
                write(model, config, as);
            }
            if (!result.finished()) {
                print(String.format(Locale.ROOT, "stopped after %,d words and saved %s", result.words(), out));
                return code;
            }
            report(result, read);
            return 0;
        }
    }

    /** Writes the vectors; n-grams that lie beside older ones would be taken for those of the new. */
    private void write(SkipGram model, SkipGramConfig config, Format as) throws IOException {
        Path old = out.resolveSibling(ngrams(out).getFileName() + ".old");
        boolean had = Files.exists(ngrams(out));
        if (had) {
            Files.move(ngrams(out), old, StandardCopyOption.REPLACE_EXISTING);
        }
        try {
            writeWords(model.vectors(), as);
        } catch (IOException | RuntimeException e) {
            if (had) {
                Files.move(old, ngrams(out), StandardCopyOption.REPLACE_EXISTING);
            }
            throw e;
        }
        if (config.longest() > 0) {
            WordVectorFiles.write(model.ngrams(), ngrams(out), as);
        }
        if (had) {
            Files.delete(old);
        }
    }

    private void writeWords(WordVectors words, Format as) throws IOException {
        if (!words.isFinite()) { // nor is what they are means of
            throw new IllegalStateException("the vectors are not finite any more: lower --rate; " + out
                    + " is not written");
        }
        WordVectorFiles.write(words, out, as);
    }

    /** The file of character n-grams beside a file of word vectors. */
    static Path ngrams(Path vectors) {
        return vectors.resolveSibling(vectors.getFileName() + ".ngrams");
    }

    private void report(VectorTraining.Result result, IndexedText read) {
        PrintWriter to = spec().commandLine().getOut();
        if (json) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("words", result.words());
            object.put("vocabulary", read.vocabularySize());
            object.put("seconds", result.seconds());
            object.put("wordsPerSecond", result.wordsPerSecond());
            to.println(Json.line(object));
        } else {
            to.printf(Locale.ROOT, "%,d words in %s, %,.0f words/s%n", result.words(),
                    TrainingDisplay.clock(result.seconds()), result.wordsPerSecond());
            to.printf("The vectors are in %s; try: %s vectors neighbours WORD --vectors %s%n", out, Main.called(), out);
        }
        to.flush();
    }

    private CommandSpec spec() {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        return spec;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec().commandLine(), message);
    }

    private Progress reading() {
        return (done, total) -> show(String.format(Locale.ROOT, "reading %3.0f %%", 100.0 * done / total));
    }

    private void show(long words, long total, double learningRate, double loss, double seconds) {
        double perSecond = words / seconds;
        show(String.format(Locale.ROOT, "%3.0f %%  %,.0f words/s  loss %.3f  rate %.4f  %s left",
                100.0 * words / total, perSecond, loss, learningRate,
                words == 0 ? "?" : TrainingDisplay.clock((total - words) / perSecond)));
    }

    /** On a terminal a line that is drawn over, else one every ten seconds. */
    private void show(String line) {
        long now = System.nanoTime();
        if (now - shown >= (live ? 100_000_000L : 10_000_000_000L)) {
            shown = now;
            PrintWriter err = spec().commandLine().getErr();
            if (live) {
                err.print("\r\u001b[K" + line);
            } else {
                err.println(line);
            }
            err.flush();
        }
    }

    private void print(String line) {
        clear();
        PrintWriter err = spec().commandLine().getErr();
        err.println(line);
        err.flush();
    }

    private void clear() {
        if (live) {
            PrintWriter err = spec().commandLine().getErr();
            err.print("\r\u001b[K");
            err.flush();
        }
    }
}
