// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.nn.Parameter;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.tensor.Unary;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.JsonObject;

/** GPT-2 checkpoints as Hugging Face's transformers reads and writes them. */
public final class GptCheckpoint {
    private static final String CONFIG = "config.json";
    private static final String GENERATION_CONFIG = "generation_config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String OWN_KEY = "verbo";

    /** The names of activations; the first one of a kind is what is written. */
    private static final Map<String, Unary> ACTIVATIONS = activations();

    private GptCheckpoint() {}

    private static Map<String, Unary> activations() {
        Map<String, Unary> names = new LinkedHashMap<>();
        names.put("gelu_new", Unary.GELU_TANH);
        names.put("gelu_pytorch_tanh", Unary.GELU_TANH);
        names.put("gelu_fast", Unary.GELU_TANH);
        names.put("gelu_python_tanh", Unary.GELU_TANH);
        names.put("gelu", Unary.GELU);
        names.put("gelu_python", Unary.GELU);
        names.put("relu", Unary.RELU);
        names.put("silu", Unary.SILU);
        names.put("swish", Unary.SILU);
        names.put("tanh", Unary.TANH);
        names.put("sigmoid", Unary.SIGMOID);
        return names;
    }

    // ---- reading

    /**
     * Loads a checkpoint to train it further: the weights are copied.
     *
     * @param folder
     *            holds {@code config.json}, {@code model.safetensors} or its shards and their index, and maybe
     *            {@code generation_config.json}
     * @throws FormatException
     *             if a file is malformed or a setting not supported; the message names the file, and the key or tensor
     * @throws NoSuchFileException
     *             if a file is missing
     */
    public static Gpt load(Engine engine, Path folder) throws IOException {
        return read(engine, folder, false);
    }

    /**
     * Opens a checkpoint to use it as it is: F32 weights stay in the mapped file, and all of them are frozen.
     *
     * @throws FormatException
     *             as {@link #load}
     */
    public static Gpt map(Engine engine, Path folder) throws IOException {
        return read(engine, folder, true);
    }

    private static Gpt read(Engine engine, Path folder, boolean mapped) throws IOException {
        GptConfig config = config(folder);
        Safetensors file = Safetensors.open(folder);
        Scope scope = Scope.lasting(engine);
        boolean done = false;
        try {
            GptConfig checked = config.bias() || !hasBiases(file) ? config : config.withBias(true);
            Gpt gpt = new Gpt(checked, scope, (name, initial, decays, lengths) -> {
                String stored = stored(file, name);
                file.check(stored, lengths);
                Tensor value = mapped ? file.tensor(stored, scope) : scope.empty(DType.F32, lengths);
                if (!mapped) {
                    file.read(stored, value);
                }
                return new Parameter(name, value, decays, mapped);
            }, false, mapped ? file : null);
            done = true;
            return gpt;
        } finally {
            if (!done) {
                scope.close();
            }
            if (!done || !mapped) {
                file.close();
            }
        }
    }

    /** The name in the file: checkpoints of the bare model lack the prefix. */
    private static String stored(Safetensors file, String name) {
        String bare = name.startsWith("transformer.") ? name.substring("transformer.".length()) : name;
        return file.entry(name) == null && file.entry(bare) != null ? bare : name;
    }

    /** Whether any bias is not zero: someone may have trained a model further that had none when it was written. */
    private static boolean hasBiases(Safetensors file) {
        for (String name : file.names()) {
            if (name.endsWith(".bias") && !name.endsWith(".attn.bias") && !file.isZero(name)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reads the shape a folder's {@code config.json} gives. The end tokens of a {@code generation_config.json} come before
     * the config's own, as in transformers.
     *
     * @throws FormatException
     *             if a key is missing, of a wrong type, or has a value that is not supported
     */
    public static GptConfig config(Path folder) throws IOException {
        JsonObject json = JsonObject.read(folder.resolve(CONFIG));
        for (String key : List.of("add_cross_attention", "quantization_config")) {
            Object value = json.raw(key);
            if (value != null && !Boolean.FALSE.equals(value)) {
                throw json.error(key, "is not supported");
            }
        }
        int width = json.requiredInteger("n_embd");
        int vocabularySize = json.requiredInteger("vocab_size");
        String activationName = json.string("activation_function");
        Unary activation = activationName == null ? Unary.GELU_TANH : ACTIVATIONS.get(activationName);
        if (activation == null) {
            throw json.error("activation_function", "\"" + activationName + "\" is not supported; "
                    + String.join(", ", ACTIVATIONS.keySet()) + " are");
        }
        JsonObject own = json.object(OWN_KEY);
        List<Integer> endTokens = tokens(json, "eos_token_id", vocabularySize);
        List<Integer> beginToken = tokens(json, "bos_token_id", vocabularySize);
        Path generation = folder.resolve(GENERATION_CONFIG);
        if (Files.exists(generation)) {
            JsonObject generationConfig = JsonObject.read(generation);
            if (generationConfig.raw("eos_token_id") != null) {
                endTokens = tokens(generationConfig, "eos_token_id", vocabularySize);
            }
        }
        try {
            return new GptConfig(vocabularySize, json.requiredInteger("n_positions"), width,
                    json.requiredInteger("n_layer"),
                    json.requiredInteger("n_head"),
                    json.integer("n_inner", (int) Math.min(Integer.MAX_VALUE, 4L * width)), activation,
                    json.number("layer_norm_epsilon", 1e-5), json.bool("tie_word_embeddings", true),
                    own == null || own.bool("bias", true), json.bool("scale_attn_weights", true),
                    json.bool("scale_attn_by_inverse_layer_idx", false), json.number("embd_pdrop", 0.1),
                    json.number("attn_pdrop", 0.1), json.number("resid_pdrop", 0.1),
                    json.number("initializer_range", 0.02), beginToken.isEmpty() ? null : beginToken.getFirst(),
                    endTokens);
        } catch (IllegalArgumentException e) {
            throw new FormatException(json.file(), String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Special tokens: a number, a list of numbers, or null for none; GPT-2's own end of text where the key is missing. Those
     * that are not in the vocabulary are left out: they cannot come, and configurations of small models often have them.
     */
    private static List<Integer> tokens(JsonObject json, String key, int vocabularySize) throws FormatException {
        List<?> values = !json.has(key)
                ? List.of(50256)
                : json.raw(key) instanceof List<?> list
                        ? list
                        : json.raw(key) == null ? List.of() : List.of(json.requiredInteger(key));
        List<Integer> tokens = new ArrayList<>();
        for (Object value : values) {
            if (!(value instanceof Integer token)) {
                throw json.error(key, "must be ids, not " + value);
            }
            if (token >= 0 && token < vocabularySize) {
                tokens.add(token);
            }
        }
        return tokens;
    }

    // ---- writing

    /** Writes a model's files, each atomically, the weights last. */
    static void save(Gpt gpt, Path folder) throws IOException {
        Files.createDirectories(folder);
        GptConfig config = gpt.config();
        Json.write(folder.resolve(CONFIG), json(config));
        Map<String, @Nullable Object> generation = new LinkedHashMap<>();
        generation.put("_from_model_config", true);
        generation.put("bos_token_id", config.beginToken());
        generation.put("eos_token_id", endTokens(config));
        Json.write(folder.resolve(GENERATION_CONFIG), generation);
        try (Scope zeros = Scope.lasting(gpt.engine())) {
            Safetensors.write(folder.resolve(WEIGHTS), weights(gpt, zeros), Map.of("format", "pt"));
        }
    }

    /** The tensors of the file. The format always has biases: those of a model without are zeros. */
    private static Map<String, Tensor> weights(Gpt gpt, Scope zeros) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : gpt.parameters()) {
            String name = parameter.name();
            tensors.put(name, parameter.value());
            if (!gpt.config().bias() && (name.contains(".h.") || name.contains(".ln_f."))) {
                String bias = name.substring(0, name.length() - "weight".length()) + "bias";
                tensors.put(bias, zeros.zeros(parameter.value().length(-1)));
            }
        }
        return tensors;
    }

    private static @Nullable Object endTokens(GptConfig config) {
        return switch (config.endTokens().size()) {
            case 0 -> null;
            case 1 -> config.endTokens().getFirst();
            default -> config.endTokens();
        };
    }

    private static Map<String, @Nullable Object> json(GptConfig config) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("architectures", List.of("GPT2LMHeadModel"));
        json.put("model_type", "gpt2");
        json.put("vocab_size", config.vocabularySize());
        json.put("n_positions", config.contextLength());
        json.put("n_embd", config.width());
        json.put("n_layer", config.layers());
        json.put("n_head", config.heads());
        json.put("n_inner", config.innerWidth() == 4L * config.width() ? null : config.innerWidth());
        json.put("activation_function", ACTIVATIONS.entrySet().stream()
                .filter(entry -> entry.getValue() == config.activation()).findFirst().orElseThrow().getKey());
        json.put("layer_norm_epsilon", config.layerNormEpsilon());
        json.put("tie_word_embeddings", config.tiedEmbeddings());
        json.put("scale_attn_weights", config.scaleAttention());
        json.put("scale_attn_by_inverse_layer_idx", config.scaleByLayer());
        json.put("embd_pdrop", config.embeddingDropout());
        json.put("attn_pdrop", config.attentionDropout());
        json.put("resid_pdrop", config.residualDropout());
        json.put("initializer_range", config.initializerRange());
        json.put("bos_token_id", config.beginToken());
        json.put("eos_token_id", endTokens(config));
        json.put("dtype", "float32");
        if (!config.bias()) {
            json.put(OWN_KEY, Map.of("bias", false));
        }
        return json;
    }
}
