// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.lm.CacheModel;
import verbo.lm.LanguageModel;
import verbo.lm.Mixture;
import verbo.models.MixtureFile;
import verbo.text.Tokenizer;

/** {@code verbo interpolate}. */
@Command(name = "interpolate",
        description = "Make one model of several, or give one a cache, with weights tuned on a held-out text.")
final class InterpolateCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "Models of the same tokens, or of words.")
    private List<Path> paths = new ArrayList<>();

    @Option(names = "--text", required = true, paramLabel = "FILE",
            description = "The held-out text under which the weights are to make the models most likely.")
    private String text = "";

    @Option(names = "--cache", paramLabel = "N",
            description = "Also expect again the last N tokens seen; the cache's weight is tuned after the others.")
    private int cache;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "FILE",
            description = "The mixture: a small file that names the models, and takes a model's place in other commands.")
    private Path out = Path.of("");

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (paths.size() == 1 && cache == 0) {
            throw common.wrong("give more than one model, or --cache");
        }
        if (cache < 0) {
            throw common.wrong("--cache must be 1 or more, not " + cache);
        }
        List<Path> read = new ArrayList<>(paths);
        read.add(Path.of(text));
        Destination.checked(out, read);
        List<LanguageModel> models = new ArrayList<>();
        try {
            for (Path path : paths) {
                MixtureFile.requireWhole(path);
                models.add(ModelOption.open(path, common));
            }
            double[] equal = new double[models.size()];
            java.util.Arrays.fill(equal, 1);
            Mixture mixture = mix(models, equal);
            Tokenizer tokenizer = Objects.requireNonNull(mixture.tokenizer());
            tune(mixture, ScoreCommand.ended(tokenizer, ScoreCommand.read(text)), tokenizer);
        } finally {
            models.forEach(LanguageModel::close);
        }
        return 0;
    }

    private Mixture mix(List<LanguageModel> models, double[] equal) throws IOException {
        try {
            return MixtureFile.mix(models, equal);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    paths.stream().map(Path::toString).collect(Collectors.joining(", ")) + ": " + e.getMessage(), e);
        }
    }

    private void tune(Mixture mixture, String held, Tokenizer tokenizer) throws IOException {
        try {
            int[] ids = tokenizer.encode(held);
            Mixture tuned = paths.size() == 1 ? mixture : mixture.tuned(ids);
            double cacheWeight = cache == 0 ? 0 : new CacheModel(tuned, 0, cache).tuned(ids).weight();
            MixtureFile.write(out, paths, tuned.weights(), cacheWeight, cache);
            print(tuned.weights(), cacheWeight);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(text + ": " + e.getMessage(), e);
        }
    }

    private void print(double[] weights, double cacheWeight) {
        if (common.json) {
            List<Object> parts = new ArrayList<>();
            for (int k = 0; k < weights.length; k++) {
                Map<String, @Nullable Object> part = new LinkedHashMap<>();
                part.put("model", paths.get(k).toString());
                part.put("weight", weights[k]);
                parts.add(part);
            }
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("model", out.toString());
            json.put("mixture", parts);
            json.put("cacheWeight", cache == 0 ? null : cacheWeight);
            common.print(json);
            return;
        }
        for (int k = 0; k < weights.length; k++) {
            common.out().printf(Locale.ROOT, "%.6f  %s%n", weights[k], paths.get(k));
        }
        if (cache > 0) {
            common.out().printf(Locale.ROOT, "%.6f  cache of %,d tokens, of the whole%n", cacheWeight, cache);
        }
        common.out().flush();
    }
}
