// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import verbo.lm.CacheModel;
import verbo.lm.LanguageModel;
import verbo.lm.Mixture;
import verbo.ngram.Vocabulary;
import verbo.ngram.WordTokenizer;
import verbo.tensor.Engine;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.JsonObject;
import verbo.text.Tokenizer;
import verbo.text.WordLevelTokenizer;

/**
 * A small JSON file that names models, and is one itself: {@code {"mixture": [{"model": "a.bin", "weight": 0.7}, ...], "cache":
 * {"weight": 0.1, "size": 500}}}. Paths are as from the file's folder; the cache may be missing. {@link LanguageModels#open}
 * opens one.
 */
public final class MixtureFile {
    private static final int DEEPEST = 8;

    private MixtureFile() {}

    /** Whether a file begins as a mixture does. */
    public static boolean is(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == '{';
        }
    }

    /**
     * Writes a mixture, atomically.
     *
     * @param models
     *            their paths, as from the current folder
     * @param cacheWeight
     *            of the cache in the whole
     * @param cacheSize
     *            how many tokens it remembers; 0 for none
     */
    public static void write(Path file, List<Path> models, double[] weights, double cacheWeight, int cacheSize)
            throws IOException {
        List<Object> parts = new ArrayList<>();
        Path parent = file.toAbsolutePath().getParent();
        Path folder = parent == null ? null : parent.toRealPath(); // .. leads out of the folder that a link leads to
        for (int k = 0; k < weights.length; k++) {
            Path model = models.get(k).toRealPath();
            Map<String, @Nullable Object> part = new LinkedHashMap<>();
            part.put("model", (folder == null ? model : folder.relativize(model)).toString());
            part.put("weight", weights[k]);
            parts.add(part);
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("mixture", parts);
        if (cacheSize > 0) {
            Map<String, @Nullable Object> cache = new LinkedHashMap<>();
            cache.put("weight", cacheWeight);
            cache.put("size", cacheSize);
            json.put("cache", cache);
        }
        Json.write(file, json);
    }

    static LanguageModel open(Engine engine, Path file) throws IOException {
        return open(engine, file, 0);
    }

    private static LanguageModel open(Engine engine, Path file, int depth) throws IOException {
        if (depth == DEEPEST) {
            throw new FormatException(file, "mixtures within mixtures, more than " + DEEPEST + " deep");
        }
        JsonObject json = JsonObject.read(file);
        if (!(json.raw("mixture") instanceof List<?> parts) || parts.isEmpty()) {
            throw new FormatException(file, "no model: it has no list 'mixture'");
        }
        Path folder = file.toAbsolutePath().getParent();
        List<LanguageModel> models = new ArrayList<>();
        double[] weights = new double[parts.size()];
        try {
            for (Object each : parts) {
                if (!(each instanceof Map<?, ?> part) || !(part.get("model") instanceof String name)
                        || !(part.get("weight") instanceof Number weight)) {
                    throw new FormatException(file, "each part of 'mixture' needs a 'model' and a 'weight'");
                }
                Path path = folder == null ? Path.of(name) : folder.resolve(name);
                weights[models.size()] = weight.doubleValue();
                requireWhole(path);
                models.add(is(path) ? open(engine, path, depth + 1) : LanguageModels.open(engine, path));
            }
            if (models.size() == 1 && !(weights[0] > 0 && Double.isFinite(weights[0]))) {
                throw new FormatException(file, "the weight of the only model must be more than 0, not " + weights[0]);
            }
            LanguageModel model = models.size() == 1 ? models.getFirst() : mix(models, weights);
            JsonObject cache = json.object("cache");
            return cache == null
                    ? model
                    : new CacheModel(model, cache.number("weight", Double.NaN), cache.requiredInteger("size"));
        } catch (IllegalArgumentException e) {
            models.forEach(LanguageModel::close);
            throw new FormatException(file, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            models.forEach(LanguageModel::close);
            throw e;
        }
    }

    /**
     * Checks that a model may be a part of a mixture, which goes through a text as a whole.
     *
     * @throws IllegalArgumentException
     *             if it learnt each line for itself
     */
    public static void requireWhole(Path model) throws IOException {
        if (LanguageModels.readsLines(model)) {
            throw new IllegalArgumentException(model + ": learnt each line as a text of its own (data.documents: line),"
                    + " and a mixture goes through a text as a whole: it cannot be mixed");
        }
    }

    /**
     * Mixes models. Models of words may know different ones; others must have the same tokens.
     *
     * @throws IllegalArgumentException
     *             if they have not
     */
    public static Mixture mix(List<LanguageModel> models, double[] weights) throws IOException {
        List<Tokenizer> tokenizers = new ArrayList<>();
        for (LanguageModel model : models) {
            Tokenizer tokenizer = model.tokenizer();
            if (tokenizer == null) {
                throw new IllegalArgumentException(model + " has no tokenizer, so it cannot be mixed with others");
            }
            tokenizers.add(tokenizer);
        }
        Tokenizer first = tokenizers.getFirst();
        boolean same = true;
        for (int k = 1; k < models.size() && same; k++) {
            same = sameTokens(first, tokenizers.get(k));
        }
        if (same) {
            return new Mixture(models.stream().map(Mixture.Part::new).toList(), weights, first,
                    models.getFirst().vocabularySize());
        }
        for (Tokenizer tokenizer : tokenizers) {
            if (!(tokenizer instanceof WordTokenizer || tokenizer instanceof WordLevelTokenizer)) {
                throw new IllegalArgumentException("models of different tokens cannot be mixed: " + first + " and "
                        + tokenizer + "; only models of words may have different vocabularies");
            }
        }
        return union(models, weights, tokenizers);
    }

    private static boolean sameTokens(Tokenizer one, Tokenizer other) {
        if (one.size() != other.size()) {
            return false;
        }
        for (int id = 0; id < one.size(); id++) {
            if (!one.token(id).equals(other.token(id))) {
                return false;
            }
        }
        return true;
    }

    private static Mixture union(List<LanguageModel> models, double[] weights, List<Tokenizer> tokenizers)
            throws IOException {
        Vocabulary words = Vocabulary.of(tokenizers.stream().flatMap(MixtureFile::words));
        List<Mixture.Part> parts = new ArrayList<>();
        for (int k = 0; k < models.size(); k++) {
            Tokenizer tokenizer = tokenizers.get(k);
            boolean counts = tokenizer instanceof WordTokenizer;
            int[] ids = new int[words.size()];
            for (int id = 0; id < ids.length; id++) {
                ids[id] = id > Vocabulary.END ? tokenizer.id(words.word(id)) : counts ? id : -1;
            }
            int unknown = counts ? Vocabulary.UNKNOWN : tokenizer.id(WordLevelTokenizer.UNKNOWN);
            if (!counts) {
                ids[Vocabulary.END] = tokenizer.id(WordLevelTokenizer.END_OF_LINE);
                ids[words.id(WordLevelTokenizer.UNKNOWN)] = unknown; // as a text spells it, if a model has that as a word
            }
            parts.add(new Mixture.Part(models.get(k), ids, unknown));
        }
        return new Mixture(parts, weights, new WordTokenizer(words), words.size());
    }

    private static Stream<String> words(Tokenizer tokenizer) {
        return tokenizer instanceof WordTokenizer
                ? IntStream.range(Vocabulary.END + 1, tokenizer.size()).mapToObj(tokenizer::token)
                : IntStream.range(0, tokenizer.size()).mapToObj(tokenizer::token).filter(
                        word -> !word.equals(WordLevelTokenizer.UNKNOWN)
                                && !word.equals(WordLevelTokenizer.END_OF_LINE));
    }
}
