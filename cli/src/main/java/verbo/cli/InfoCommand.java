// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import verbo.lm.LanguageModel;
import verbo.models.LanguageModels;
import verbo.models.MixtureFile;
import verbo.models.Models;
import verbo.models.TextClassifier;
import verbo.models.TextClassifierFile;
import verbo.models.TrainableLanguageModel;
import verbo.models.WordVectorFiles;
import verbo.models.WordVectors;
import verbo.ngram.NgramFiles;
import verbo.nn.Parameter;
import verbo.tensor.Engine;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.Tokenizer;

/** {@code verbo info}. */
@Command(name = "info", description = "Tell what computes, and what a model is.")
final class InfoCommand implements Callable<Integer> {
    @Parameters(arity = "0..1", paramLabel = "MODEL",
            description = "A run's folder, or any folder laid out as on the Hugging Face hub; the file of an n-gram"
                    + " model, a mixture, word vectors or a classifier.")
    private @Nullable Path folder;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        Map<String, Object> info = new LinkedHashMap<>();
        if (folder != null && MixtureFile.is(folder)) {
            try (LanguageModel mixture = ModelOption.open(folder, common)) {
                info.put("model", mixture.toString());
                info.put("vocabulary", mixture.vocabularySize());
                info.put("tokenizer", String.valueOf(mixture.tokenizer()));
            }
        } else if (folder != null && Files.isRegularFile(folder)) {
            describeFile(folder, info);
        } else if (folder != null) {
            describe(folder, info);
        }
        Engine engine = common.engine();
        info.put("verbo", Main.version());
        info.put("java", Runtime.version() + ", " + System.getProperty("java.vendor"));
        info.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        info.put("kernels", engine.description());
        info.put("threads", engine.threads());
        info.put("heapBytes", Runtime.getRuntime().maxMemory());
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine) {
            info.put("memoryBytes", machine.getTotalMemorySize());
        }
        if (common.json) {
            common.print(info);
        } else {
            print(info, common);
        }
        return 0;
    }

    /** Prints a line for each thing that is known. */
    static void print(Map<String, Object> info, CommonOptions common) {
        info.forEach((name, value) -> common.out().printf("%-12s %s%n", label(name), shown(name, value)));
        common.out().flush();
    }

    private static void describeFile(Path file, Map<String, Object> info) throws IOException {
        if (NgramFiles.isNgramModel(file)) {
            NgramCommand.describe(file, info, false);
            return;
        }
        if (TextClassifierFile.isClassifier(file)) {
            TextClassifier classifier = TextClassifierFile.read(file);
            info.put("model", "text classifier");
            info.put("classes", classifier.labels().size());
            info.put("features", classifier.featureCount());
            info.put("dimension", classifier.config().dimension());
        } else {
            WordVectors vectors;
            try {
                vectors = WordVectorFiles.read(file);
            } catch (FormatException e) {
                throw new FormatException(file, "is no n-gram model, mixture, classifier or file of word vectors", e);
            }
            info.put("model", "word vectors");
            info.put("words", vectors.size());
            info.put("dimension", vectors.dimension());
        }
        info.put("fileBytes", Files.size(file));
    }

    private void describe(Path model, Map<String, Object> info) throws IOException {
        ModelOption.check(model);
        try (TrainableLanguageModel opened = Models.load(common.engine(), model)) {
            info.put("model", opened.description());
            info.put("parameters", opened.parameterCount());
            long bytes = 0;
            for (Parameter parameter : opened.parameters()) {
                bytes += parameter.value().size() * parameter.value().dtype().bytes();
            }
            info.put("weightBytes", bytes);
            info.put("context", opened.contextLength());
            info.put("vocabulary", opened.vocabularySize());
        }
        Map<String, Object> config = Json.read(model.resolve("config.json"));
        for (String[] names : new String[][]{{"layers", "n_layer", "num_hidden_layers"},
                {"heads", "n_head", "num_attention_heads"}, {"width", "n_embd", "hidden_size"}}) {
            for (int i = 1; i < names.length; i++) {
                if (config.get(names[i]) instanceof Long count) {
                    info.putIfAbsent(names[0], count);
                }
            }
        }
        Tokenizer tokenizer = LanguageModels.tokenizer(model);
        if (tokenizer != null) {
            info.put("tokenizer", tokenizer.toString());
        }
    }

    private static String label(String name) {
        return name.endsWith("Bytes") ? name.substring(0, name.length() - "Bytes".length()) : name;
    }

    private static String shown(String name, Object value) {
        if (!(value instanceof Number number)) {
            return value.toString();
        }
        return name.endsWith("Bytes")
                ? String.format(Locale.ROOT, "%,.1f MiB", number.doubleValue() / (1 << 20))
                : String.format(Locale.ROOT, "%,d", number.longValue());
    }
}
