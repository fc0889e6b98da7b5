// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.lm.Generator;
import verbo.lm.LanguageModel;
import verbo.ngram.correct.Rescoring;
import verbo.text.FormatException;
import verbo.text.TextLines;
import verbo.text.Tokenizer;

/** {@code verbo rescore}. */
@Command(name = "rescore",
        description = "Choose again among what a recogniser offers: lists of a text and a score a line, a blank line between.")
final class RescoreCommand implements Callable<Integer> {
    @Mixin
    private ModelOption model = new ModelOption();

    @Parameters(paramLabel = "FILE",
            description = "The lists: on each line a text and a score with a tab between, in either order, more being better; - is standard input.")
    private String file = "";

    @Option(names = "--lm-weight", paramLabel = "X",
            description = "How much the model's ln p(text) counts beside the score (${DEFAULT-VALUE}).")
    private double lm = 1;

    @Option(names = "--word-bonus", paramLabel = "X", description = "What is added for each word (${DEFAULT-VALUE}).")
    private double word;

    @Option(names = "--tune", paramLabel = "REFERENCES",
            description = "Find the two weights: the right text of each list, a line each. Use lists that were held out.")
    private @Nullable Path references;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        for (double weight : new double[]{lm, word}) {
            if (!Double.isFinite(weight)) {
                throw common.wrong("--lm-weight and --word-bonus must be finite numbers, not " + weight);
            }
        }
        List<List<Rescoring.Hypothesis>> lists = new ArrayList<>();
        try (LanguageModel opened = model.open(common)) {
            Tokenizer tokenizer = Objects.requireNonNullElseGet(opened.tokenizer(), () -> {
                throw new IllegalArgumentException(model.path() + ": the model has no tokenizer");
            });
            read(opened, tokenizer, beginning(opened), lists);
        }
        if (lists.isEmpty()) {
            throw new FormatException(Path.of(file), "no lists: a text, a tab and a score are wanted on each line");
        }
        Rescoring rescoring = new Rescoring(lm, word);
        if (references != null) {
            tune(lists, references);
            return 0;
        }
        for (List<Rescoring.Hypothesis> list : lists) {
            Rescoring.Hypothesis best = rescoring.best(list);
            if (common.json) {
                Map<String, @Nullable Object> json = new LinkedHashMap<>();
                json.put("text", best.text());
                json.put("total", rescoring.total(best));
                json.put("score", best.score());
                json.put("logProbability", best.logProbability());
                json.put("index", list.indexOf(best));
                common.print(json);
            } else {
                common.out().println(best.text());
            }
        }
        common.out().flush();
        return 0;
    }

    private void tune(List<List<Rescoring.Hypothesis>> lists, Path right) throws IOException {
        List<String> texts = new ArrayList<>();
        TextLines.forEach(right, texts::add);
        if (texts.size() != lists.size()) {
            throw new FormatException(right, texts.size() + " lines for " + lists.size() + " lists of " + file);
        }
        Rescoring tuned = Rescoring.tune(lists, texts);
        double before = new Rescoring(0, 0).errorRate(lists, texts);
        double after = tuned.errorRate(lists, texts);
        if (common.json) {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("lmWeight", tuned.lm());
            json.put("wordBonus", tuned.word());
            json.put("wordErrorRateBefore", before);
            json.put("wordErrorRateAfter", after);
            common.print(json);
        } else {
            common.out().printf(Locale.ROOT, "--lm-weight %s --word-bonus %s%n", tuned.lm(), tuned.word());
            common.out().printf(Locale.ROOT, "word error rate: %.2f%% by the scores alone, %.2f%% with the model%n",
                    100 * before, 100 * after);
            common.out().flush();
        }
    }

    /** What stands before a text, so that its first token is scored, too: nothing where the model does so by itself. */
    private int[] beginning(LanguageModel opened) {
        if (opened.predictsFirstToken()) {
            return new int[0];
        }
        int[] beginning = Generator.beginning(opened);
        if (beginning.length == 0) {
            throw new IllegalArgumentException(model.path()
                    + ": the model has no token that texts begin with, so it cannot tell how likely their first one is");
        }
        return beginning;
    }

    private void read(LanguageModel opened, Tokenizer tokenizer, int[] beginning,
            List<List<Rescoring.Hypothesis>> lists) throws IOException {
        List<Rescoring.Hypothesis> list = new ArrayList<>();
        long[] number = {0};
        verbo.text.IOConsumer<String> take = line -> {
            number[0]++;
            if (line.isBlank()) {
                if (!list.isEmpty()) {
                    lists.add(List.copyOf(list));
                    list.clear();
                }
                return;
            }
            list.add(hypothesis(line, number[0], opened, tokenizer, beginning));
        };
        if (file.equals("-")) {
            TextLines.forEach(Path.of("standard input"), System.in, take);
        } else {
            TextLines.forEach(Path.of(file), take);
        }
        if (!list.isEmpty()) {
            lists.add(List.copyOf(list));
        }
    }

    private Rescoring.Hypothesis hypothesis(String line, long number, LanguageModel opened, Tokenizer tokenizer,
            int[] beginning) throws FormatException {
        int last = line.lastIndexOf('\t');
        int first = line.indexOf('\t');
        Double score = last < 0 ? null : number(line.substring(last + 1));
        String text = last < 0 ? line : line.substring(0, last);
        if (score == null && first >= 0) {
            score = number(line.substring(0, first));
            text = line.substring(first + 1);
        }
        if (score == null) {
            throw new FormatException(Path.of(file), "line " + number + ": no score beside a tab: " + line.strip());
        }
        int[] ids;
        try {
            ids = tokenizer.encode(ScoreCommand.ended(tokenizer, text));
        } catch (IllegalArgumentException e) {
            throw new FormatException(Path.of(file), "line " + number + ": " + e.getMessage(), e);
        }
        int[] all = Arrays.copyOf(beginning, beginning.length + ids.length);
        System.arraycopy(ids, 0, all, beginning.length, ids.length);
        return new Rescoring.Hypothesis(text, score, ids.length == 0 ? 0 : -opened.score(all).nats());
    }

    private static @Nullable Double number(String field) {
        try {
            double number = Double.parseDouble(field.strip());
            return Double.isFinite(number) ? number : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
