// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.ngram.NgramModel;
import verbo.ngram.TextScore;

/** What {@code verbo score} says of a text under an n-gram model: a line is a sentence, and words may be unknown. */
final class NgramScore {
    private NgramScore() {}

    /** Scores a file, or standard input where it is {@code -}. */
    static TextScore of(NgramModel model, String file) throws IOException {
        return file.equals("-")
                ? TextScore.of(model, Path.of("standard input"), System.in)
                : TextScore.of(model, Path.of(file));
    }

    static void print(CommonOptions common, TextScore score) {
        if (common.json) {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("sentences", score.sentences());
            json.put("tokens", score.tokens());
            json.put("nats", score.nats());
            json.put("perplexity", score.perplexity());
            json.put("perplexityWithoutUnknown", score.perplexityWithoutUnknown());
            json.put("unknown", score.unknown());
            json.put("unknownRate", score.unknownRate());
            json.put("bitsPerToken", score.bitsPerToken());
            json.put("bitsPerWord", score.bitsPerWord());
            json.put("bitsPerByte", score.bitsPerByte());
            json.put("bitsPerCharacter", score.bitsPerCharacter());
            common.print(json);
            return;
        }
        common.out().printf(Locale.ROOT, "%,d tokens in %,d sentences, %.2f nats, perplexity %.4f%n", score.tokens(),
                score.sentences(), score.nats(), score.perplexity());
        common.out().printf(Locale.ROOT, ScoreCommand.UNKNOWN, score.unknown(), 100 * score.unknownRate(),
                score.perplexityWithoutUnknown());
        common.out().printf(Locale.ROOT,
                "%.4f bits/token, %.4f bits/word, %.4f bits/byte, %.4f bits/character%n",
                score.bitsPerToken(), score.bitsPerWord(), score.bitsPerByte(), score.bitsPerCharacter());
        common.out().flush();
    }
}
