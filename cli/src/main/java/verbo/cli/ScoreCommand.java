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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.lm.LanguageModel;
import verbo.lm.Score;
import verbo.lm.Scoring;
import verbo.models.LanguageModels;
import verbo.ngram.NgramModel;
import verbo.ngram.WordTokenizer;
import verbo.text.TextFile;
import verbo.text.Tokenizer;
import verbo.text.WordLevelTokenizer;

/** {@code verbo score}. */
@Command(name = "score", description = "Tell how well a model predicts a text.")
final class ScoreCommand implements Callable<Integer> {
    /** What is said of words that a model reads as unknown: how many, their share in percent, the perplexity without them. */
    static final String UNKNOWN = "%,d unknown words (%.2f%% of tokens), perplexity without them %.4f%n";

    @Mixin
    private ModelOption model = new ModelOption();

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The text, UTF-8; - is standard input.")
    private @Nullable String file;

    @Option(names = "--ids", paramLabel = "ID", split = ",", description = "Token ids in place of a text, 5,17,42.")
    private int @Nullable [] ids;

    @Option(names = "--tokens", description = "Print each token with its probability and its surprisal in bits.")
    private boolean each;

    @Option(names = "--lines",
            description = "Each line is a sequence of its own; so by itself with a run whose data.documents is line.")
    private boolean lines;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if ((file == null) == (ids == null)) {
            throw common.wrong("give a file (or - for standard input), or --ids");
        }
        try (LanguageModel opened = model.open(common)) {
            if (opened instanceof NgramModel ngram && file != null && !each) {
                NgramScore.print(common, NgramScore.of(ngram, file));
                return 0;
            }
            String text = file == null ? null : read(file);
            if (text != null) {
                text = ended(opened.tokenizer(), text);
            }
            Scoring scoring = ids != null ? Scoring.of(opened, ids) : score(opened, text == null ? "" : text);
            if (common.json) {
                common.print(json(scoring));
            } else {
                print(scoring);
            }
        }
        return 0;
    }

    private Scoring score(LanguageModel opened, String text) throws IOException {
        if (opened.tokenizer() == null) {
            throw new IllegalArgumentException(
                    model.path() + ": the model has no tokenizer: give --ids in place of a file");
        }
        try {
            return lines || LanguageModels.readsLines(model.path())
                    ? Scoring.ofLines(opened, Scoring.lines(text), Screen.progress(common.err(), "lines"))
                    : Scoring.of(opened, text, Screen.progress(common.err(), "tokens"));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    /** A file, or standard input, as text: without a byte order mark, as texts to learn from are read. */
    static String read(String name) throws IOException {
        return TextFile.unmarked(name.equals("-")
                ? TextFile.decode(Path.of("standard input"), System.in.readAllBytes())
                : TextFile.read(Path.of(name)));
    }

    /** A text as a model is to be tuned on or compared by: of words, every line ends a sentence, the last one too. */
    static String ended(@Nullable Tokenizer tokenizer, String text) {
        boolean words = tokenizer instanceof WordTokenizer || tokenizer instanceof WordLevelTokenizer;
        return words && !text.isEmpty() && !text.endsWith("\n") ? text + "\n" : text;
    }

    private Map<String, @Nullable Object> json(Scoring scoring) {
        Score total = scoring.total();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("tokens", total.tokens());
        json.put("nats", total.nats());
        json.put("perplexity", total.perplexity());
        json.put("perplexityWithoutUnknown", scoring.perplexityWithoutUnknown());
        json.put("unknown", scoring.unknown());
        json.put("unknownRate", scoring.unknownRate());
        json.put("bitsPerByte", total.bitsPerByte().isPresent() ? total.bitsPerByte().getAsDouble() : null);
        json.put("bitsPerCharacter",
                total.bitsPerCharacter().isPresent() ? total.bitsPerCharacter().getAsDouble() : null);
        if (each) {
            List<Object> list = new ArrayList<>();
            for (int i = 0; i < scoring.size(); i++) {
                Map<String, Object> token = new LinkedHashMap<>();
                token.put("id", scoring.tokens().ids()[i]);
                token.put("token", scoring.token(i));
                token.put("probability", scoring.probability(i)); // of a token that is not scored, null
                token.put("bits", scoring.surprisal(i));
                list.add(token);
            }
            json.put("each", list);
        }
        return json;
    }

    private void print(Scoring scoring) {
        PrintWriter out = common.out();
        if (each) {
            boolean coloured = Screen.output();
            for (int i = 0; i < scoring.size(); i++) {
                double bits = scoring.surprisal(i);
                String token = String.format(Locale.ROOT, "%-20s", visible(scoring.token(i)));
                out.println(Double.isNaN(bits)
                        ? token + "           -        -"
                        : (coloured ? colour(bits) + token + "\u001b[0m" : token)
                                + String.format(Locale.ROOT, "  %10.6f  %7.3f bits", scoring.probability(i), bits));
            }
            out.println();
        }
        Score total = scoring.total();
        out.printf(Locale.ROOT, "%,d tokens, %.2f nats, perplexity %.4f%n", total.tokens(), total.nats(),
                total.perplexity());
        if (scoring.unknown() > 0) {
            out.printf(Locale.ROOT, UNKNOWN, scoring.unknown(), 100 * scoring.unknownRate(),
                    scoring.perplexityWithoutUnknown());
        }
        if (total.bitsPerByte().isPresent()) {
            out.printf(Locale.ROOT, "%.4f bits/byte, %.4f bits/character%n", total.bitsPerByte().getAsDouble(),
                    total.bitsPerCharacter().orElse(Double.NaN));
        }
        out.flush();
    }

    /** A token on one line. */
    private static String visible(String token) {
        StringBuilder text = new StringBuilder();
        token.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (Character.isISOControl(c)) {
                        text.append(String.format(Locale.ROOT, "\\u%04x", c));
                    } else {
                        text.appendCodePoint(c);
                    }
                }
            }
        });
        return text.toString();
    }

    /** From green, expected, to red, a surprise. */
    private static String colour(double bits) {
        return bits < 1 ? "\u001b[32m" : bits < 4 ? "" : bits < 8 ? "\u001b[33m" : "\u001b[31m";
    }
}
