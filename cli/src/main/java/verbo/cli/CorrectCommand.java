// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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
import verbo.ngram.NgramFiles;
import verbo.ngram.NgramModel;
import verbo.ngram.correct.CorrectionTrial;
import verbo.ngram.correct.SpellingCorrector;
import verbo.text.TextLines;

/** {@code verbo correct}. */
@Command(name = "correct",
        description = "Correct the spelling of lines by the noisy channel, with an n-gram model of words.",
        subcommands = CorrectCommand.Evaluate.class, customSynopsis = {
                "verbo correct --model=FILE [OPTION]... TEXT|FILE|-", "       verbo correct COMMAND [OPTION]..."})
final class CorrectCommand implements Callable<Integer> {
    /** What is taken for possible. */
    static final class Channel {
        @Option(names = "--model", paramLabel = "FILE", description = "An n-gram model of words.")
        private @Nullable Path model;

        @Option(names = "--distance", paramLabel = "N",
                description = "How many edits a word may be away: 1 or 2 (${DEFAULT-VALUE}).")
        private int distance = SpellingCorrector.Options.DEFAULT.distance();

        @Option(names = "--error-rate", paramLabel = "P",
                description = "The share of words that are taken to be written wrongly (${DEFAULT-VALUE}).")
        private double errorRate = SpellingCorrector.Options.DEFAULT.errorRate();

        @Option(names = "--beam", paramLabel = "N",
                description = "How many beginnings of a sentence are kept (${DEFAULT-VALUE}).")
        private int beam = SpellingCorrector.Options.DEFAULT.beam();

        NgramModel open(CommonOptions common) throws IOException {
            if (model == null) {
                throw common.wrong("Missing required option: '--model=FILE'");
            }
            NgramModel opened = NgramFiles.open(model);
            if (opened.isSubword()) {
                String tokens = opened.tokenizer().toString();
                opened.close();
                throw new IllegalArgumentException(model + ": its words are the tokens of a tokenizer (" + tokens
                        + "); correct needs a model of words at white space");
            }
            return opened;
        }

        SpellingCorrector.Options options(CommonOptions common) {
            if (distance < 1 || distance > 2) {
                throw common.wrong("--distance must be 1 or 2, not " + distance);
            }
            try {
                return new SpellingCorrector.Options(distance, errorRate, beam);
            } catch (IllegalArgumentException e) {
                throw common.wrong(String.valueOf(e.getMessage()));
            }
        }
    }

    @Parameters(arity = "0..1", paramLabel = "TEXT|FILE|-",
            description = "A file to be corrected line by line, or else a text; - is standard input.")
    private @Nullable String input;

    @Mixin
    private Channel channel = new Channel();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (input == null) {
            throw common.wrong("give a text, a file, or - for standard input");
        }
        SpellingCorrector.Options options = channel.options(common);
        Path file = input.equals("-") ? null : IdentifyCommand.file(input);
        try (NgramModel model = channel.open(common)) {
            SpellingCorrector corrector = new SpellingCorrector(model, options);
            if (input.equals("-")) {
                TextLines.forEach(Path.of("standard input"), System.in, line -> print(corrector, line));
            } else if (file != null) {
                TextLines.forEach(file, line -> print(corrector, line));
            } else {
                print(corrector, input);
            }
        }
        common.out().flush();
        return 0;
    }

    private void print(SpellingCorrector corrector, String line) {
        String corrected = corrector.correct(line);
        if (common.json) {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("text", line);
            json.put("corrected", corrected);
            common.print(json);
        } else {
            common.out().println(corrected);
        }
    }

    /** {@code verbo correct eval}. */
    @Command(name = "eval",
            description = "Give words of a text random edits, and tell how many are corrected: in context, without, and by frequency.")
    static final class Evaluate implements Callable<Integer> {
        @Option(names = "--text", required = true, paramLabel = "FILE",
                description = "Sentences a line, taken for right; words apart by white space as in the model's text.")
        private Path text = Path.of("");

        @Option(names = "--sentences", paramLabel = "N", description = "The first N lines with words; all if left out.")
        private int sentences = Integer.MAX_VALUE;

        @Option(names = "--one-in", paramLabel = "N",
                description = "How many words there are to an edit (${DEFAULT-VALUE}).")
        private double one = 10;

        @Option(names = "--seed", paramLabel = "N", description = "Of the edits (${DEFAULT-VALUE}).")
        private long seed = 1;

        @Mixin
        private Channel channel = new Channel();

        @Mixin
        private CommonOptions common = new CommonOptions();

        private CorrectionTrial trial(SpellingCorrector corrector, List<String> lines) {
            try {
                return CorrectionTrial.of(corrector, lines, one, seed);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(text + ": " + e.getMessage(), e);
            }
        }

        @Override
        public Integer call() throws IOException {
            if (!(one >= 1) || sentences < 1) {
                throw common.wrong("--one-in and --sentences must be 1 or more");
            }
            SpellingCorrector.Options options = channel.options(common);
            List<String> lines = new ArrayList<>();
            TextLines.forEach(text, line -> {
                if (!line.isBlank() && lines.size() < sentences) {
                    lines.add(line);
                }
            });
            try (NgramModel model = channel.open(common)) {
                CorrectionTrial trial = trial(new SpellingCorrector(model, options), lines);
                if (common.json) {
                    Map<String, @Nullable Object> json = new LinkedHashMap<>();
                    json.put("sentences", trial.sentences());
                    json.put("words", trial.words());
                    json.put("edited", trial.edited());
                    json.put("reachable", trial.reachable());
                    json.put("accuracyInContext", trial.context());
                    json.put("accuracyWithoutContext", trial.channel());
                    json.put("accuracyMostFrequent", trial.frequency());
                    json.put("wordErrorRateBefore", trial.before());
                    json.put("wordErrorRateAfter", trial.after());
                    common.print(json);
                } else {
                    common.out().printf(Locale.ROOT,
                            "%,d of %,d words in %,d sentences edited; %.2f%% of them have their"
                                    + " right word among the candidates%n",
                            trial.edited(), trial.words(), trial.sentences(),
                            100 * trial.reachable());
                    common.out().printf(Locale.ROOT,
                            "right at the first: %.2f%% in context, %.2f%% without, %.2f%% by frequency%n",
                            100 * trial.context(), 100 * trial.channel(), 100 * trial.frequency());
                    common.out().printf(Locale.ROOT, "word error rate: %.2f%% before, %.2f%% after%n",
                            100 * trial.before(), 100 * trial.after());
                    common.out().flush();
                }
            }
            return 0;
        }
    }
}
