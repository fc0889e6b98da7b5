// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A token a word: what stands between white space, as texts are prepared that come cut into words (WikiText, the Penn
 * Treebank). The end of a line is {@link #END_OF_LINE}; a word that the vocabulary lacks is {@link #UNKNOWN}. Ids are in the
 * order of frequency, the commonest word first, as adaptive softmax wants them.
 *
 * <p>
 * Its {@code tokenizer.json} says the same to Hugging Face's {@code tokenizers}: new lines become words, white space
 * separates, and the model is {@code WordLevel}. Decoding gives a text back up to its white space and unknown words.
 */
public final class WordLevelTokenizer implements Tokenizer {
    /** The word that stands for the end of a line. */
    public static final String END_OF_LINE = "<eos>";

    /** The word that stands for all that are not in the vocabulary. */
    public static final String UNKNOWN = "<unk>";

    static final String END_OF_LINE_SPACED = " " + END_OF_LINE + " ";

    private final List<String> words;
    private final Map<String, Integer> ids = new HashMap<>();
    private final int endOfLine;
    private final int unknown;
    private final String json;

    private WordLevelTokenizer(List<String> words, @Nullable String json) {
        this.words = List.copyOf(words);
        for (int id = 0; id < words.size(); id++) {
            ids.put(words.get(id), id);
        }
        endOfLine = id(END_OF_LINE);
        unknown = id(UNKNOWN);
        this.json = json == null ? write() : json;
    }

    /**
     * Takes the words of a corpus.
     *
     * @param most
     *            how many words at most, the two special ones among them; the commonest are kept, of equals those that
     *            come first
     * @param minimumCount
     *            words that are rarer are left out
     */
    public static WordLevelTokenizer train(Corpus corpus, int most, int minimumCount) throws IOException {
        if (most < 3) {
            throw new IllegalArgumentException("a vocabulary of words has at least 3, not " + most);
        }
        Map<String, long[]> counts = new LinkedHashMap<>();
        counts.put(END_OF_LINE, new long[]{0});
        counts.put(UNKNOWN, new long[]{0});
        corpus.forEach(document -> forEachWord(Utf8.wellFormed(document.text()),
                (word, start, end) -> counts.computeIfAbsent(word, w -> new long[1])[0]++));
        List<Map.Entry<String, long[]>> entries = new ArrayList<>(counts.entrySet());
        entries.sort((a, b) -> Long.compare(b.getValue()[0], a.getValue()[0])); // stable: of equals the first
        List<String> words = new ArrayList<>();
        int special = 2;
        for (Map.Entry<String, long[]> entry : entries) {
            String word = entry.getKey();
            if (word.equals(END_OF_LINE) || word.equals(UNKNOWN)) {
                words.add(word);
                special--;
            } else if (words.size() < most - special && entry.getValue()[0] >= minimumCount) {
                words.add(word);
            }
        }
        return new WordLevelTokenizer(words, null);
    }

    /** A tokenizer over these words, if a file's vocabulary has no gaps and both special words. */
    static @Nullable WordLevelTokenizer of(WordLevel model, String json) {
        List<String> words = new ArrayList<>();
        for (int id = 0; id < model.size(); id++) {
            String word = model.token(id);
            if (word == null) {
                return null;
            }
            words.add(word);
        }
        return words.contains(END_OF_LINE) && words.contains(UNKNOWN) ? new WordLevelTokenizer(words, json) : null;
    }

    /** Is told of a word and where it lies. */
    private interface Word {
        void at(String word, int start, int end);
    }

    private static void forEachWord(String text, Word found) {
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? ' ' : text.charAt(i);
            if (CharClass.isSpace(c)) {
                if (start >= 0) {
                    found.at(text.substring(start, i), start, i);
                    start = -1;
                }
                if (c == '\n') {
                    found.at(END_OF_LINE, i, i + 1);
                }
            } else if (start < 0) {
                start = i;
            }
        }
    }

    @Override
    public int size() {
        return words.size();
    }

    @Override
    public int[] encode(String text) {
        IntBuilder found = new IntBuilder(text.length() / 5 + 1);
        forEachWord(Utf8.wellFormed(text), (word, start, end) -> found.add(idOf(word)));
        return found.toArray();
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        IntBuilder found = new IntBuilder(16);
        IntBuilder starts = new IntBuilder(16);
        IntBuilder ends = new IntBuilder(16);
        List<String> tokens = new ArrayList<>();
        forEachWord(Utf8.wellFormed(text), (word, start, end) -> {
            found.add(idOf(word));
            tokens.add(words.get(idOf(word)));
            starts.add(start);
            ends.add(end);
        });
        return new Encoding(found.toArray(), tokens.toArray(new String[0]), starts.toArray(), ends.toArray());
    }

    private int idOf(String word) {
        return ids.getOrDefault(word, unknown);
    }

    @Override
    public String token(int id) {
        if (id < 0 || id >= words.size()) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + words.size());
        }
        return words.get(id);
    }

    @Override
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    /** The word and the space behind it. */
    @Override
    public int byteLength(int id) {
        return id == endOfLine ? 1 : (int) Utf8.length(token(id)) + 1;
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            private boolean inside;

            @Override
            public String next(int id) {
                if (id == endOfLine) {
                    inside = false;
                    return "\n";
                }
                String piece = inside ? " " + token(id) : token(id);
                inside = true;
                return piece;
            }

            @Override
            public String end() {
                inside = false;
                return "";
            }
        };
    }

    /** The end of a line: where each line is a sequence, it is what keeps them apart. */
    @Override
    public OptionalInt separator() {
        return OptionalInt.of(endOfLine);
    }

    @Override
    public String json() {
        return json;
    }

    private String write() {
        Map<String, @Nullable Object> vocabulary = new LinkedHashMap<>();
        for (int id = 0; id < words.size(); id++) {
            vocabulary.put(words.get(id), id);
        }
        Map<String, @Nullable Object> lines = new LinkedHashMap<>();
        lines.put("type", "Replace");
        lines.put("pattern", Map.of("String", "\n"));
        lines.put("content", END_OF_LINE_SPACED);
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "WordLevel");
        model.put("vocab", vocabulary);
        model.put("unk_token", UNKNOWN);
        Map<String, @Nullable Object> root = new LinkedHashMap<>();
        root.put("version", "1.0");
        root.put("truncation", null);
        root.put("padding", null);
        root.put("added_tokens", List.of());
        root.put("normalizer", lines);
        root.put("pre_tokenizer", Map.of("type", "WhitespaceSplit"));
        root.put("post_processor", null);
        root.put("decoder", null);
        root.put("model", model);
        return Json.indented(root);
    }

    @Override
    public String toString() {
        return "words at white space, " + size() + " ids";
    }
}
