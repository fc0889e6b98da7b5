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
import verbo.lm.LanguageModel;
import verbo.lm.LineScores;
import verbo.models.LanguageModels;

/** {@code verbo compare-models}. */
@Command(name = "compare-models",
        description = "Tell how well models of any kind predict one text, in bits per byte, with 95%% confidence intervals.")
final class CompareModelsCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "MODEL",
            description = "Runs' folders, n-gram models' files, mixtures: whatever their tokens are.")
    private List<Path> paths = new ArrayList<>();

    @Option(names = "--text", required = true, arity = "1", paramLabel = "FILE",
            description = "The text, UTF-8; give it again for more texts, each scored on its own.")
    private List<String> texts = new ArrayList<>();

    @Option(names = "--samples", paramLabel = "N",
            description = "How often lines are drawn anew for the intervals (${DEFAULT-VALUE}).")
    private int samples = 1000;

    @Option(names = "--seed", paramLabel = "N", description = "Of the drawing (${DEFAULT-VALUE}).")
    private long seed = 1;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (samples < 40) {
            throw common.wrong("--samples must be 40 or more, not " + samples);
        }
        List<String> read = new ArrayList<>();
        for (String text : texts) {
            String held = ScoreCommand.read(text);
            if (held.isEmpty()) {
                throw new IllegalArgumentException(text + ": nothing to score: the text is empty");
            }
            read.add(held);
        }
        List<LineScores> scores = new ArrayList<>();
        try {
            for (Path path : paths) {
                show(path.toString());
                scores.add(score(path, read));
            }
        } finally {
            show("");
        }
        LineScores best = scores.getFirst();
        for (LineScores each : scores) {
            best = each.bitsPerByte() < best.bitsPerByte() ? each : best;
        }
        if (common.json) {
            List<Object> list = new ArrayList<>();
            for (int i = 0; i < scores.size(); i++) {
                list.add(json(paths.get(i), scores.get(i), best));
            }
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("lines", best.nats().length);
            json.put("models", list);
            common.print(json);
        } else {
            print(scores, best);
        }
        return 0;
    }

    private void show(String line) {
        if (Screen.error()) {
            common.err().print("\r\u001b[K" + line);
            common.err().flush();
        }
    }

    private LineScores score(Path path, List<String> read) throws IOException {
        try (LanguageModel model = ModelOption.open(path, common)) {
            boolean lines = LanguageModels.readsLines(path);
            LineScores sum = null;
            for (int i = 0; i < read.size(); i++) {
                LineScores next = score(path + ": " + texts.get(i), model, lines, read.get(i));
                sum = sum == null ? next : sum.plus(next);
            }
            if (sum == null) {
                throw new IllegalStateException("picocli asks for required options");
            }
            return sum;
        }
    }

    private static LineScores score(String what, LanguageModel model, boolean lines, String text) {
        try {
            return lines
                    ? LineScores.ofLines(model, text)
                    : LineScores.of(model, ScoreCommand.ended(model.tokenizer(), text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(what + ": " + e.getMessage(), e);
        }
    }

    private Map<String, @Nullable Object> json(Path path, LineScores score, LineScores best) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("model", path.toString());
        json.put("bitsPerByte", score.bitsPerByte());
        json.put("interval", interval(score.interval(samples, seed)));
        json.put("moreThanBest", score.bitsPerByte() - best.bitsPerByte());
        json.put("moreThanBestInterval", interval(score.difference(best, samples, seed)));
        json.put("bitsPerCharacter", score.bitsPerCharacter());
        json.put("bitsPerWord", score.bitsPerWord());
        json.put("tokens", score.tokens());
        json.put("perplexity", score.perplexity());
        json.put("perplexityWithoutUnknown", score.perplexityWithoutUnknown());
        json.put("unknown", score.unknown());
        json.put("unknownRate", score.unknownRate());
        return json;
    }

    private static List<Object> interval(LineScores.Interval interval) {
        return List.of(interval.low(), interval.high());
    }

    private void print(List<LineScores> scores, LineScores best) {
        int width = paths.stream().mapToInt(path -> path.toString().length()).max().orElse(5);
        boolean marked = false;
        common.out().printf(Locale.ROOT, "%-" + Math.max(5, width) + "s  %9s %-19s %9s %9s %9s %12s  %s%n", "model",
                "bits/byte", "95% interval", "bits/char", "bits/word", "tokens", "perplexity", "than best");
        for (int i = 0; i < scores.size(); i++) {
            LineScores score = scores.get(i);
            LineScores.Interval interval = score.interval(samples, seed);
            LineScores.Interval more = score.difference(best, samples, seed);
            common.out().printf(Locale.ROOT,
                    "%-" + Math.max(5, width) + "s  %9.4f %-19s %9.4f %9.3f %,9d %12.4f  %s%s%n",
                    paths.get(i), score.bitsPerByte(),
                    String.format(Locale.ROOT, "%.4f to %.4f", interval.low(), interval.high()),
                    score.bitsPerCharacter(), score.bitsPerWord(), score.tokens(), score.perplexity(),
                    score == best ? "best"
                            : String.format(Locale.ROOT, "+%.4f (%.4f to %.4f)", score.bitsPerByte()
                                    - best.bitsPerByte(), more.low(), more.high()),
                    score.unknown() == 0 ? ""
                            : String.format(Locale.ROOT, "  * %.2f%% of tokens unknown", 100 * score.unknownRate()));
            marked |= score.unknown() > 0;
        }
        if (marked) {
            common.out().println(
                    "* reads words as unknown: its bits do not count their letters, so it looks better than it is");
        }
        common.out().flush();
    }
}
