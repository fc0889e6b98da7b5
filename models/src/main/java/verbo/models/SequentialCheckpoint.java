// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.nn.Parameter;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.JsonObject;

/**
 * Checkpoints of {@link Rnn} and {@link Nplm}, laid out as on the Hugging Face hub: a {@code config.json} with a
 * {@code model_type} of our own ({@code rnn}, {@code lstm}, {@code gru}, {@code nplm}) and {@code model.safetensors}.
 */
final class SequentialCheckpoint {
    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";

    private SequentialCheckpoint() {}

    /**
     * Opens a checkpoint.
     *
     * @param mapped
     *            whether the weights stay where they lie in the file, frozen
     */
    static SequentialNetwork open(Engine engine, Path folder, boolean mapped) throws IOException {
        JsonObject json = JsonObject.read(folder.resolve(CONFIG));
        return switch (json.requiredString("model_type")) {
            case "nplm" -> {
                NplmConfig config = nplm(json);
                yield read(engine, folder, mapped, (scope, source, file) -> new Nplm(config, scope, source, file));
            }
            default -> {
                RnnConfig config = rnn(json);
                yield read(engine, folder, mapped, (scope, source, file) -> new Rnn(config, scope, source, file));
            }
        };
    }

    private interface Maker {
        SequentialNetwork make(Scope scope, ParameterSource source, @Nullable Safetensors file) throws IOException;
    }

    private static SequentialNetwork read(Engine engine, Path folder, boolean mapped, Maker maker) throws IOException {
        Safetensors file = Safetensors.open(folder);
        Scope scope = Scope.lasting(engine);
        boolean done = false;
        try {
            SequentialNetwork network = maker.make(scope, (name, initial, decays, lengths) -> {
                file.check(name, lengths);
                Tensor value = mapped ? file.tensor(name, scope) : scope.empty(DType.F32, lengths);
                if (!mapped) {
                    file.read(name, value);
                }
                return new Parameter(name, value, decays, mapped);
            }, mapped ? file : null);
            done = true;
            return network;
        } finally {
            if (!done) {
                scope.close();
            }
            if (!done || !mapped) {
                file.close();
            }
        }
    }

    private static RnnConfig rnn(JsonObject json) throws IOException {
        RecurrentCell cell = RecurrentCell.valueOf(json.requiredString("model_type").toUpperCase(Locale.ROOT));
        int width = json.requiredInteger("hidden_size");
        try {
            return new RnnConfig(cell, json.requiredInteger("vocab_size"), json.integer("embedding_size", width), width,
                    json.requiredInteger("num_hidden_layers"), json.integer("block_size", 35),
                    json.bool("tie_word_embeddings", false), ints(json, "cutoffs"),
                    new RnnConfig.Dropout(json.number("dropout", 0), json.bool("locked_dropout", false),
                            json.number("word_dropout", 0), json.number("weight_dropout", 0)),
                    begin(json), ints(json, "eos_token_id"));
        } catch (IllegalArgumentException e) {
            throw new FormatException(json.file(), String.valueOf(e.getMessage()), e);
        }
    }

    private static NplmConfig nplm(JsonObject json) throws IOException {
        try {
            return new NplmConfig(json.requiredInteger("vocab_size"), json.requiredInteger("context_size"),
                    json.requiredInteger("embedding_size"), json.requiredInteger("hidden_size"),
                    json.bool("direct_connections", false), json.bool("tie_word_embeddings", false),
                    json.integer("block_size", 64), json.number("dropout", 0), begin(json),
                    ints(json, "eos_token_id"));
        } catch (IllegalArgumentException e) {
            throw new FormatException(json.file(), String.valueOf(e.getMessage()), e);
        }
    }

    private static @Nullable Integer begin(JsonObject json) throws IOException {
        return json.raw("bos_token_id") == null ? null : (Integer) json.requiredInteger("bos_token_id");
    }

    /** A list of numbers; a single one is a list too, null is an empty one. */
    private static List<Integer> ints(JsonObject json, String key) throws IOException {
        Object value = json.raw(key);
        List<Integer> numbers = new ArrayList<>();
        for (Object each : value instanceof List<?> list ? list : value == null ? List.of() : List.of(value)) {
            if (!(each instanceof Integer number)) {
                throw json.error(key, "must be whole numbers, not " + each);
            }
            numbers.add(number);
        }
        return numbers;
    }

    // ---- writing

    /** Writes a model's files, each atomically, the weights last. */
    static void save(SequentialNetwork network, Path folder) throws IOException {
        SequentialConfig shape = network.config();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        switch (shape) {
            case RnnConfig config -> {
                json.put("model_type", config.family());
                json.put("vocab_size", config.vocabularySize());
                json.put("embedding_size", config.embedding());
                json.put("hidden_size", config.width());
                json.put("num_hidden_layers", config.layers());
                json.put("block_size", config.block());
                json.put("tie_word_embeddings", config.tiedEmbeddings());
                json.put("cutoffs", config.cutoffs());
                json.put("dropout", config.dropout().layers());
                json.put("locked_dropout", config.dropout().locked());
                json.put("word_dropout", config.dropout().words());
                json.put("weight_dropout", config.dropout().weights());
            }
            case NplmConfig config -> {
                json.put("model_type", "nplm");
                json.put("vocab_size", config.vocabularySize());
                json.put("context_size", config.context());
                json.put("embedding_size", config.embedding());
                json.put("hidden_size", config.width());
                json.put("direct_connections", config.direct());
                json.put("tie_word_embeddings", config.tiedEmbeddings());
                json.put("block_size", config.block());
                json.put("dropout", config.dropout());
            }
        }
        List<Integer> ends = shape.endTokens();
        json.put("bos_token_id", shape.beginToken());
        json.put("eos_token_id", ends.isEmpty() ? null : ends.size() == 1 ? ends.getFirst() : ends);
        json.put("dtype", "float32");
        Files.createDirectories(folder);
        Json.write(folder.resolve(CONFIG), json);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : network.parameters()) {
            tensors.put(parameter.name(), parameter.value());
        }
        Safetensors.write(folder.resolve(WEIGHTS), tensors, Map.of("format", "pt"));
    }
}
