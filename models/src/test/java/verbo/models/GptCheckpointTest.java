// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.lm.LanguageModel;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.tensor.Unary;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GptCheckpointTest {
    private static final GptConfig TINY = GptConfig.of(17, 9, 8, 2, 2);

    @TempDir
    Path folder;

    private static Engine engine;

    @BeforeAll
    static void openEngine() {
        engine = Engine.cpu(1);
    }

    @AfterAll
    static void closeEngine() {
        engine.close();
    }

    private static float[] logits(Gpt gpt) {
        int[] ids = new Random(1).ints(gpt.contextLength(), 0, gpt.vocabularySize()).toArray();
        try (NoGradient _ = NoGradient.open(); Scope scope = Scope.open(engine)) {
            return gpt.logits(scope.of(ids, 1, ids.length)).toFloats();
        }
    }

    private static void shake(Gpt gpt) {
        int stream = 0;
        for (Parameter parameter : gpt.parameters()) {
            parameter.value().set(GoldenNumbers.weights(stream++, (int) parameter.value().size(), 0));
        }
    }

    @Test
    void whatIsSavedIsLoadedAgain() throws IOException {
        List<GptConfig> configs = List.of(TINY, TINY.withTiedEmbeddings(false), TINY.withBias(false),
                TINY.withBias(false).withTiedEmbeddings(false).withActivation(Unary.GELU).withInnerWidth(20),
                TINY.withDropout(0.1, 0.2, 0.3).withAttentionScale(false, true).withActivation(Unary.SILU),
                TINY.withSpecialTokens(3, List.of(4)), TINY.withSpecialTokens(null, List.of(5, 6)));
        for (GptConfig config : configs) {
            try (Gpt gpt = Gpt.create(engine, config, 11)) {
                shake(gpt);
                gpt.save(folder);
                try (Gpt loaded = GptCheckpoint.load(engine, folder); Gpt mapped = GptCheckpoint.map(engine, folder)) {
                    assertThat(loaded.config()).isEqualTo(config);
                    assertThat(mapped.config()).isEqualTo(config);
                    assertThat(logits(loaded)).isEqualTo(logits(gpt));
                    assertThat(logits(mapped)).isEqualTo(logits(gpt));
                    assertThat(loaded.parameters().stream().map(Parameter::name).toList())
                            .isEqualTo(gpt.parameters().stream().map(Parameter::name).toList());
                    assertThat(loaded.parameters()).noneMatch(Parameter::frozen);
                    assertThat(mapped.parameters()).allMatch(Parameter::frozen);
                    assertThat(loaded.parameterCount()).isEqualTo(gpt.parameterCount());
                }
                try (TrainableLanguageModel any = Models.load(engine, folder)) {
                    assertThat(any.description()).isEqualTo(gpt.description());
                }
                try (LanguageModel any = LanguageModels.open(engine, folder)) {
                    assertThat(any.vocabularySize()).isEqualTo(17);
                }
            }
        }
    }

    @Test
    void aTokenizerOfAnyFormatIsFoundBesideTheWeights() throws IOException {
        try (Gpt gpt = Gpt.create(engine, TINY, 11)) {
            gpt.save(folder);
        }
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"b\": 1, \"ab\": 2}");
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b\n");
        try (LanguageModel model = LanguageModels.open(engine, folder)) {
            assertThat(Objects.requireNonNull(model.tokenizer()).encode("aba")).containsExactly(2, 0);
        }
    }

    @Test
    void theSameSeedGivesTheSameWeights() {
        try (Gpt one = Gpt.create(engine, TINY, 5);
                Gpt same = Gpt.create(engine, TINY, 5);
                Gpt other = Gpt.create(engine, TINY, 6)) {
            assertThat(logits(same)).isEqualTo(logits(one));
            assertThat(logits(other)).isNotEqualTo(logits(one));
        }
    }

    @Test
    void weightsBeginAsGpt2sDo() {
        try (Gpt gpt = Gpt.create(engine, GptConfig.of(500, 40, 64, 8, 2), 5)) {
            for (Parameter parameter : gpt.parameters()) {
                float[] values = parameter.value().toFloats();
                double sum = 0;
                double squares = 0;
                for (float value : values) {
                    sum += value;
                    squares += (double) value * value;
                }
                double mean = sum / values.length;
                double deviation = Math.sqrt(squares / values.length - mean * mean);
                double expectedMean = parameter.name().contains("ln_") && parameter.name().endsWith("weight") ? 1 : 0;
                double expectedDeviation = parameter.value().rank() == 1 ? 0
                        : parameter.name().endsWith("c_proj.weight") ? 0.02 / 4 : 0.02; // of 8 layers: the root of 16
                assertThat(mean).as(parameter.name()).isBetween(expectedMean - 0.002, expectedMean + 0.002);
                assertThat(deviation).as(parameter.name()).isBetween(expectedDeviation * 0.95,
                        expectedDeviation * 1.05 + 1e-9);
            }
        }
    }

    @Test
    void aModelWithoutBiasesWritesZerosThatStayFrozen() throws IOException {
        try (Gpt gpt = Gpt.create(engine, TINY.withBias(false), 1)) {
            gpt.save(folder);
        }
        assertThat(Files.readString(folder.resolve("config.json"))).contains("\"verbo\": {\n    \"bias\": false");
        try (Safetensors file = Safetensors.open(folder)) {
            assertThat(file.names()).contains("transformer.h.1.attn.c_attn.bias", "transformer.h.0.ln_1.bias",
                    "transformer.ln_f.bias", "transformer.h.0.mlp.c_fc.bias");
            assertThat(file.names().stream().filter(name -> name.endsWith(".bias"))).hasSize(13).allMatch(file::isZero);
            assertThat(file.metadata()).containsEntry("format", "pt");
        }
        try (Gpt loaded = GptCheckpoint.load(engine, folder)) {
            assertThat(loaded.config().bias()).isFalse();
            assertThat(loaded.parameters()).noneMatch(parameter -> parameter.name().endsWith(".bias"));
        }
        // trained further elsewhere, the biases are there whatever the note says
        rewrite(tensors -> Objects.requireNonNull(tensors.get("transformer.h.1.ln_2.bias"))[3] = 1);
        try (Gpt loaded = GptCheckpoint.load(engine, folder)) {
            assertThat(loaded.config().bias()).isTrue();
        }
    }

    private interface Change {
        void to(Map<String, float[]> tensors);
    }

    private void rewrite(Change change) throws IOException {
        Map<String, float[]> values = new LinkedHashMap<>();
        Map<String, int[]> shapes = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(folder); Scope scope = Scope.open(engine)) {
            for (String name : file.names()) {
                Tensor tensor = file.tensor(name, scope);
                values.put(name, tensor.toFloats());
                shapes.put(name, tensor.shape().lengths());
            }
        }
        change.to(values);
        try (Scope scope = Scope.open(engine)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            values.forEach((name, value) -> tensors.put(name,
                    scope.of(value, shapes.getOrDefault(name, new int[]{value.length}))));
            Safetensors.write(folder.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
        }
    }

    @Test
    void namesWithoutThePrefixAndBuffersAreTaken() throws IOException {
        try (Gpt gpt = Gpt.create(engine, TINY, 1)) {
            shake(gpt);
            gpt.save(folder);
            Map<String, Tensor> bare = new LinkedHashMap<>();
            gpt.parameters().forEach(
                    parameter -> bare.put(parameter.name().replace("transformer.", ""), parameter.value()));
            try (Scope scope = Scope.open(engine)) {
                bare.put("h.0.attn.bias", scope.zeros(1, 1, 9, 9));
                bare.put("h.0.attn.masked_bias", scope.zeros());
                Safetensors.write(folder.resolve("model.safetensors"), bare, Map.of());
            }
            try (Gpt loaded = GptCheckpoint.load(engine, folder)) {
                assertThat(logits(loaded)).isEqualTo(logits(gpt));
            }
        }
    }

    @Test
    void sevenKindsOfWrongAreSaidInOneLine() throws IOException {
        try (Gpt gpt = Gpt.create(engine, TINY, 1)) {
            gpt.save(folder);
        }
        String config = Files.readString(folder.resolve("config.json"));
        refuses(config.replace("\"n_embd\": 8", "\"n_embd\": \"8\""), "config.json: n_embd: must be a whole number");
        refuses(config.replace("\"n_embd\"", "\"n_embed\""), "config.json: n_embd: is missing");
        refuses(config.replace("\"n_head\": 2", "\"n_head\": 3"), "config.json: the width 8 is not a multiple");
        refuses(config.replace("gelu_new", "quick_gelu"), "activation_function: \"quick_gelu\" is not supported");
        refuses(config.replace("\"gpt2\"", "\"gpt_neo\""),
                "model_type: \"gpt_neo\" is not supported; gpt2, rnn, lstm, gru and nplm are");
        refuses(config.replace("\"dtype\"", "\"add_cross_attention\": true, \"dtype\""),
                "add_cross_attention: is not supported");
        refuses(config.replace("\"vocab_size\": 17", "\"vocab_size\": 18"),
                "model.safetensors: tensor transformer.wte.weight: has shape [17, 8] where [18, 8] is due");
        refuses(config.replace("\"vocab_size\": 17", "\"vocab_size\": 2000000000"),
                "model.safetensors: tensor transformer.wte.weight: has shape [17, 8] where [2000000000, 8] is due");
        refuses(config.replace("\"n_embd\": 8", "\"n_embd\": 1000000000").replace("\"n_inner\": null",
                "\"n_inner\": 8"), "config.json: the width 1000000000 is too large");
        refuses(config.replace("\"n_layer\": 2", "\"n_layer\": 3"),
                "model.safetensors: tensor transformer.h.2.ln_1.weight is missing");
        refuses(config.substring(0, 50), "config.json: not whole, well-formed JSON");
        refuses(config.replace("\"eos_token_id\": null", "\"eos_token_id\": \"x\""), "eos_token_id: must be");
        Files.writeString(folder.resolve("config.json"), config.replace("\"eos_token_id\": null",
                "\"eos_token_id\": [3, 50256], \"of_the_future\": {\"a\": [1]}"));
        assertThat(GptCheckpoint.config(folder).endTokens()).containsExactly(3);
        Files.delete(folder.resolve("model.safetensors"));
        assertThatThrownBy(() -> Models.load(engine, folder)).isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("model.safetensors");
        Files.delete(folder.resolve("config.json"));
        assertThatThrownBy(() -> LanguageModels.open(engine, folder)).isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("config.json");
    }

    private void refuses(String config, String message) throws IOException {
        Files.writeString(folder.resolve("config.json"), config);
        assertThatThrownBy(() -> Models.load(engine, folder)).isInstanceOf(FormatException.class)
                .hasMessageContaining(message).hasMessageNotContaining("\n");
        assertThatThrownBy(() -> LanguageModels.open(engine, folder)).isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }
}
