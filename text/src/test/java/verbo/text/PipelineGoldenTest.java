// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Pipelines of random parts, and what Hugging Face's tokenizers makes of texts with them; {@code pipeline_golden.py} among
 * the benchmarks wrote the file. {@code VERBO_PIPELINES} names another one.
 */
class PipelineGoldenTest {
    private static final String KEPT = "src/test/resources/verbo/text/pipelines.jsonl";
    private static final int SHOWN = 12;

    private final List<String> differences = new ArrayList<>();
    private int count;
    private int compared; // in windows

    @Test
    void givesWhatTokenizersGives() throws IOException {
        Path file = Path.of(Objects.requireNonNullElse(System.getenv("VERBO_PIPELINES"), KEPT));
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).isNotEmpty();
        for (int number = 0; number < lines.size(); number++) {
            compare(file, number + 1, JsonObject.parse(file, lines.get(number)));
        }
        assertThat(differences.subList(0, Math.min(SHOWN, differences.size())))
                .as("%d of %d", differences.size(), count).isEmpty();
        assertThat(count).isGreaterThan(lines.size());
        assertThat(compared).isPositive();
    }

    @SuppressWarnings("unchecked") // it came out of a JsonObject
    private void compare(Path file, int number, JsonObject line) throws FormatException {
        JsonObject parts = line.requiredObject("tokenizer");
        Map<String, @Nullable Object> values = (Map<String, @Nullable Object>) Objects.requireNonNull(
                line.raw("tokenizer"));
        String json = Json.indented(values);
        Tokenizer tokenizer = TokenizerJson.read(file, json);
        compareBatch(tokenizer, line, "line " + number + ", " + describe(parts));
        for (JsonObject one : line.objects("cases")) {
            count++;
            String text = one.requiredString("text");
            String pair = one.string("pair");
            EncodingOptions options = EncodingOptions.PLAIN.withAddSpecial(one.bool("add_special", false))
                    .withTruncation(true).withWritten(one.bool("as_text", false)
                            ? EncodingOptions.Written.TEXT
                            : EncodingOptions.Written.TOKENS);
            String what = "line " + number + ", " + describe(parts) + ", \"" + text + "\", "
                    + (pair == null ? "alone" : "\"" + pair + "\"") + (options.addSpecial() ? ", special" : "");
            Encoding ours = orNull(() -> tokenizer.encode(text, pair, options));
            int before = differences.size();
            differ(what, ours, one.object("encoding"), text, pair, true);
            if (differences.size() > before) {
                continue;
            }
            JsonObject cut = parts.object("truncation");
            boolean second = cut != null && "OnlySecond".equals(cut.string("strategy"));
            if (cut != null && parts.isNull("padding") && !"Left".equals(cut.string("direction"))
                    && (pair == null ? !second : second) && cut.limit("stride", 0) < cut.limit("max_length", 0)) {
                EncodingOptions windows = options.withTruncation(false).withWindows(cut.limit("max_length", 0),
                        cut.limit("stride", 0));
                differ(what + ", in windows", orNull(() -> tokenizer.encode(text, pair, windows)),
                        one.object("encoding"), text, pair, true);
                compared++;
            }
            if (ours != null && pair == null) {
                int[] fast = orNull(() -> tokenizer.encode(text));
                Encoding plain = orNull(() -> tokenizer.encode(text, EncodingOptions.PLAIN));
                if (!Arrays.equals(fast, plain == null ? null : plain.ids())) {
                    differences.add(what + ": encode(text) gives " + Arrays.toString(fast));
                }
            }
            String decoded = one.string("decoded");
            if (ours != null && decoded != null) {
                String back = orNull(() -> tokenizer.decode(ours.ids()));
                if (!decoded.equals(back)) {
                    differences.add(what + ": decoded \"" + back + "\" for \"" + decoded + "\" of "
                            + Arrays.toString(ours.tokens()));
                }
                StringBuilder streamed = new StringBuilder();
                Decoder decoder = tokenizer.decoder();
                for (int id : ours.ids()) {
                    streamed.append(orNull(() -> decoder.next(id)));
                }
                streamed.append(decoder.end());
                // what was given out stays, though bytes yet to come may make no character together with it
                if (back != null && !back.contains("\uFFFD") && !streamed.toString().equals(back)) {
                    differences.add(what + ": streamed \"" + streamed + "\" for \"" + back + "\" of "
                            + Arrays.toString(ours.tokens()));
                }
            }
        }
    }

    private void compareBatch(Tokenizer tokenizer, JsonObject line, String what) throws FormatException {
        List<String> texts = new ArrayList<>();
        line.list("batch").forEach(text -> texts.add((String) Objects.requireNonNull(text)));
        List<Encoding> ours = orNull(() -> tokenizer.encodeAll(texts, EncodingOptions.SPECIAL.withTruncation(true)));
        if ((ours == null) != line.isNull("encodings")) {
            differences.add(what + (ours == null ? ": batch refused" : ": batch not refused"));
        } else if (ours != null) {
            List<JsonObject> expected = line.objects("encodings");
            for (int i = 0; i < texts.size(); i++) {
                differ(what + ", batch \"" + texts.get(i) + "\"", ours.get(i), expected.get(i), texts.get(i), null,
                        true);
            }
        }
    }

    private static <T> @Nullable T orNull(Supplier<T> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void differ(String what, @Nullable Encoding ours, @Nullable JsonObject expected, String text,
            @Nullable String pair, boolean first) throws FormatException {
        if (ours == null || expected == null) {
            if (ours != null || expected != null) {
                differences.add(what + (ours == null ? ": refused" : ": not refused"));
            }
            return;
        }
        List<Object> mine = List.of(ints(ours.ids()), List.of(ours.tokens()), ints(ours.words()), ints(ours.types()),
                bits(ours.special()), bits(ours.attention()));
        List<Object> theirs = List.of(expected.list("ids"), expected.list("tokens"), expected.list("words"),
                expected.list("types"), expected.list("special"), expected.list("attention"));
        List<String> names = List.of("ids", "tokens", "words", "types", "special", "attention");
        for (int i = 0; i < mine.size(); i++) {
            if (!mine.get(i).equals(theirs.get(i))) {
                differences.add(what + ": " + names.get(i) + " " + mine.get(i) + " for " + theirs.get(i) + " of "
                        + Arrays.toString(ours.tokens()));
                return;
            }
        }
        List<? extends @Nullable Object> offsets = expected.list("offsets");
        for (int i = 0; i < ours.length(); i++) {
            List<? extends @Nullable Object> place = offsets.subList(2 * i, 2 * i + 2);
            if (!place.equals(place(ours, i, text)) && (pair == null || !place.equals(place(ours, i, pair)))) {
                differences.add(what + ": offsets of " + ours.tokens()[i] + " " + place(ours, i, text) + " for " + place
                        + " of " + Arrays.toString(ours.tokens()));
                return;
            }
        }
        if (!first) {
            return; // the library's windows of a pair hold windows again, the same ones
        }
        List<JsonObject> rest = expected.objects("overflowing");
        if (rest.size() != ours.overflowing().size()) {
            differences.add(what + ": " + ours.overflowing().size() + " windows overflow for " + rest.size());
            return;
        }
        for (int i = 0; i < rest.size(); i++) {
            differ(what + ", overflow " + i, ours.overflowing().get(i), rest.get(i), text, pair, false);
        }
    }

    private static List<Integer> place(Encoding encoding, int token, String text) {
        return List.of(text.codePointCount(0, Math.min(text.length(), encoding.starts()[token])),
                text.codePointCount(0, Math.min(text.length(), encoding.ends()[token])));
    }

    private static List<Integer> ints(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    private static List<Integer> bits(boolean[] values) {
        List<Integer> bits = new ArrayList<>();
        for (boolean value : values) {
            bits.add(value ? 1 : 0);
        }
        return bits;
    }

    private static String describe(JsonObject parts) throws FormatException {
        StringBuilder text = new StringBuilder();
        for (String key : List.of("normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation", "padding",
                "added_tokens")) {
            if (!parts.isNull(key)) {
                text.append(key).append(' ').append(String.valueOf(parts.raw(key)).replaceAll(
                        "precompiled_charsmap=[^,}]*", "")).append(' ');
            }
        }
        JsonObject model = parts.requiredObject("model");
        for (String key : model.keys()) {
            if (!key.equals("vocab") && !key.equals("merges")) {
                text.append(key).append('=').append(model.raw(key)).append(' ');
            }
        }
        return text.toString();
    }
}
