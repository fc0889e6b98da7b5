// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import verbo.lm.BeamSearch;
import verbo.lm.FinishReason;
import verbo.lm.Generated;
import verbo.lm.GenerationOptions;
import verbo.lm.Generator;
import verbo.lm.Hypothesis;
import verbo.lm.LanguageModel;
import verbo.lm.Sampling;

/** {@code verbo generate}. */
@Command(name = "generate", description = "Let a model go on with a text.")
final class GenerateCommand implements Callable<Integer> {
    private static final int MOST_TOKENS = 256;

    @Mixin
    private ModelOption model = new ModelOption();

    @Option(names = "--prompt", paramLabel = "TEXT",
            description = "The text to go on with. If left out, a text is begun: behind the model's begin token, else its"
                    + " tokenizer's end of text, else the end of a line.")
    private @Nullable String prompt;

    @Option(names = "--ids", paramLabel = "ID", split = ",", description = "The same as token ids, 5,17,42.")
    private int @Nullable [] ids;

    @Option(names = "--max-tokens", paramLabel = "N",
            description = "The most new tokens; if left out, " + MOST_TOKENS
                    + ", or with --beams as many of them as fit into the context.")
    private @Nullable Integer maxTokens;

    @Option(names = "--temperature", paramLabel = "T", defaultValue = "1",
            description = "Below 1 more likely tokens, above 1 more surprising ones; 0 is always the likeliest (${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", defaultValue = "0",
            description = "Draw from the K likeliest tokens; 0: from all (${DEFAULT-VALUE}).")
    private int topK;

    @Option(names = "--top-p", paramLabel = "P", defaultValue = "1",
            description = "Draw from the likeliest tokens that have this share of the probability (${DEFAULT-VALUE}).")
    private double topP;

    @Option(names = "--min-p", paramLabel = "P", defaultValue = "0",
            description = "Leave out tokens below this share of the likeliest one's probability (${DEFAULT-VALUE}).")
    private double minP;

    @Option(names = "--repetition-penalty", paramLabel = "X", defaultValue = "1",
            description = "Above 1: tokens that came before become less likely (${DEFAULT-VALUE}).")
    private double repetitionPenalty;

    @Option(names = "--samples", paramLabel = "N", defaultValue = "1",
            description = "How many texts (${DEFAULT-VALUE}).")
    private int samples;

    @Option(names = "--seed", paramLabel = "S",
            description = "Decides what is drawn; another one each time if left out.")
    private @Nullable Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; may be given several times.")
    private List<String> stop = new ArrayList<>();

    @Option(names = "--beams", paramLabel = "N",
            description = "Search the likeliest text with N beams, up to 1024, in place of drawing.")
    private @Nullable Integer beams;

    @Option(names = "--length-penalty", paramLabel = "X", defaultValue = "1",
            description = "With --beams: above 0 favours longer texts, below 0 shorter ones (${DEFAULT-VALUE}).")
    private double lengthPenalty;

    @Option(names = "--early-stopping", paramLabel = "WHEN", arity = "0..1", fallbackValue = "yes", defaultValue = "no",
            description = "With --beams: yes, no or never, as in Hugging Face (${DEFAULT-VALUE}).")
    private BeamSearch.EarlyStopping earlyStopping = BeamSearch.EarlyStopping.NO;

    @Option(names = "--n-best", paramLabel = "N", defaultValue = "1",
            description = "With --beams: how many of the texts found (${DEFAULT-VALUE}).")
    private int results;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (prompt != null && ids != null) {
            throw common.wrong("--prompt and --ids say the same: give one of them");
        }
        boolean drawn = temperature != 1 || topK != 0 || topP != 1 || minP != 0 || seed != null;
        if (beams != null && (samples != 1 || !stop.isEmpty() || drawn)) {
            throw common.wrong(
                    "--samples, --stop, --temperature, --top-k, --top-p, --min-p and --seed do not go with --beams");
        }
        boolean searched = lengthPenalty != 1 || earlyStopping != BeamSearch.EarlyStopping.NO || results != 1;
        if (beams == null && searched) {
            throw common.wrong("--length-penalty, --early-stopping and --n-best are of --beams");
        }
        if (beams != null && beams >= 1 && results > beams) {
            throw common.wrong("--n-best " + results + " is more than --beams " + beams);
        }
        GenerationOptions drawing;
        BeamSearch.@Nullable Options search;
        try {
            int most = maxTokens == null ? MOST_TOKENS : maxTokens;
            drawing = new GenerationOptions(most, samples,
                    seed == null ? ThreadLocalRandom.current().nextLong() : seed,
                    new Sampling(temperature, topK, topP, minP, repetitionPenalty), stop);
            search = beams == null ? null
                    : new BeamSearch.Options(beams, most, lengthPenalty, earlyStopping, results,
                            repetitionPenalty);
        } catch (IllegalArgumentException e) {
            throw common.wrong(String.valueOf(e.getMessage()));
        }
        try (LanguageModel opened = model.open(common)) {
            int[] start = start(opened);
            if (search == null) {
                sample(opened, start, drawing);
            } else {
                search(opened, start, search);
            }
        }
        return 0;
    }

    private int[] start(LanguageModel opened) {
        if (ids != null) {
            return ids;
        }
        if (prompt == null || prompt.isEmpty()) {
            return new int[0];
        }
        if (opened.tokenizer() == null) {
            throw new IllegalArgumentException(
                    model.path() + ": the model has no tokenizer: give --ids in place of --prompt");
        }
        try {
            return opened.tokenizer().encode(prompt);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the prompt cannot be encoded: " + e.getMessage(), e);
        }
    }

    private void sample(LanguageModel opened, int[] start, GenerationOptions options) {
        boolean streaming = !common.json && samples == 1 && opened.tokenizer() != null;
        PrintWriter out = common.out();
        if (streaming) {
            out.print(prompt == null ? "" : prompt);
            out.flush();
        }
        List<Generated> generated = new Generator(opened).generate(start, options, (sample, piece) -> {
            if (streaming) {
                out.print(piece);
                out.flush();
            }
        });
        if (streaming) {
            out.println();
            out.flush();
            return;
        }
        for (int i = 0; i < generated.size(); i++) {
            Generated each = generated.get(i);
            print(opened, i, each.text(), each.ids(), each.finish(), each.tokensPerSecond(), Map.of());
        }
    }

    private void search(LanguageModel opened, int[] start, BeamSearch.Options options) {
        long began = System.nanoTime();
        // the last new token is not taken by the model
        long room = opened.contextLength() + 1L - (start.length > 0 ? start : Generator.beginning(opened)).length;
        List<Hypothesis> found = new BeamSearch(opened).search(start,
                maxTokens != null ? options : options.withMaxTokens(Math.clamp(room, 1, MOST_TOKENS)));
        double seconds = (System.nanoTime() - began) * 1e-9;
        for (int i = 0; i < found.size(); i++) {
            Hypothesis each = found.get(i);
            print(opened, i, each.text(), each.ids(), each.finish(), each.ids().length / seconds,
                    Map.of("score", (double) each.score()));
        }
    }

    private void print(LanguageModel opened, int index, @Nullable String text, int[] newIds, FinishReason finish,
            double tokensPerSecond, Map<String, Object> more) {
        if (!common.json) {
            if (samples > 1 || results > 1) {
                common.out().println("---- " + (index + 1));
            }
            common.out()
                    .println(text == null ? String.join(",", strings(newIds)) : (prompt == null ? "" : prompt) + text);
            common.out().flush();
            return;
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("text", text);
        json.put("tokens", newIds.length);
        json.put("finish", finish.toString());
        json.put("tokensPerSecond", tokensPerSecond);
        json.putAll(more);
        if (ids != null || opened.tokenizer() == null) {
            List<Object> list = new ArrayList<>();
            for (int id : newIds) {
                list.add(id);
            }
            json.put("ids", list);
        }
        common.print(json);
    }

    private static List<String> strings(int[] values) {
        List<String> strings = new ArrayList<>(values.length);
        for (int value : values) {
            strings.add(String.format(Locale.ROOT, "%d", value));
        }
        return strings;
    }
}
