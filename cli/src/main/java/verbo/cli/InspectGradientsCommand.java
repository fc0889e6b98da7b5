// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.models.GradientReach;
import verbo.text.Progress;
import verbo.train.GradientReachChart;

/** {@code verbo inspect gradients}. */
@Command(name = "gradients",
        description = "See the vanishing gradient: how much of the loss at a token reaches what a recurrent model carried "
                + "t steps before.")
final class InspectGradientsCommand implements Callable<Integer> {
    private static final double SECONDS_BETWEEN_LINES = 2;

    @Option(names = "--model", required = true, paramLabel = "RUN",
            description = "A run's folder of an RNN, LSTM or GRU; give several to compare them.")
    private List<Path> models = new ArrayList<>();

    @Parameters(paramLabel = "FILE", description = "The text, UTF-8; - is standard input.")
    private String file = "";

    @Option(names = "--steps", paramLabel = "N", defaultValue = "50",
            description = "How many steps back (${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--places", paramLabel = "N", defaultValue = "64",
            description = "At how many places of the text, spread evenly, the mean is taken (${DEFAULT-VALUE}).")
    private int places;

    @Option(names = {"-o", "--out"}, paramLabel = "PICTURE",
            description = "Draw it into this .svg or .png; may be given twice.")
    private List<Path> pictures = new ArrayList<>();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (steps < 1 || places < 1) {
            throw common.wrong("--steps and --places are 1 or more");
        }
        for (Path picture : pictures) {
            if (!picture.toString().endsWith(".svg") && !picture.toString().endsWith(".png")) {
                throw common.wrong("--out " + picture + " must end in .svg or .png");
            }
            Destination.checked(picture, List.of(Path.of(file)));
        }
        String text = ScoreCommand.read(file);
        List<GradientReach> reached = new ArrayList<>();
        List<String> names = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (Path model : models) {
            ModelOption.check(model);
            String name = String.valueOf(model.toAbsolutePath().normalize().getFileName());
            names.add(taken.add(name) ? name : model.toString());
            reached.add(GradientReach.measure(common.engine(), model, text, steps, places, progress(name)));
        }
        for (Path picture : pictures) {
            GradientReachChart.draw(names, reached, picture);
        }
        if (common.json) {
            common.print(json(reached));
        } else {
            print(names, reached);
        }
        return 0;
    }

    private Progress progress(String name) {
        long[] said = {System.nanoTime()};
        return (done, total) -> {
            if ((System.nanoTime() - said[0]) * 1e-9 > SECONDS_BETWEEN_LINES) {
                said[0] = System.nanoTime();
                common.err().printf(Locale.ROOT, "%s: %d of %d steps back%n", name, done, total);
                common.err().flush();
            }
        };
    }

    private Map<String, @Nullable Object> json(List<GradientReach> reached) {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < reached.size(); i++) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("model", models.get(i).toString());
            one.put("description", reached.get(i).description());
            List<Object> norms = new ArrayList<>();
            for (double norm : reached.get(i).norms()) {
                norms.add(norm);
            }
            one.put("norms", norms); // 1, 2, ... steps back
            list.add(one);
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("steps", steps);
        json.put("models", list);
        json.put("pictures", pictures.stream().map(Path::toString).toList());
        return json;
    }

    private void print(List<String> names, List<GradientReach> reached) {
        StringBuilder head = new StringBuilder("steps back");
        names.forEach(name -> head.append(String.format(Locale.ROOT, "  %14s", name)));
        common.out().println(head);
        for (int t = 1; t <= steps; t = t < 5 ? t + 1 : t < 20 ? t + 5 : t + 10) {
            StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%10d", t));
            for (GradientReach one : reached) {
                line.append(String.format(Locale.ROOT, "  %14.4g", one.norms()[t - 1]));
            }
            common.out().println(line);
        }
        pictures.forEach(picture -> common.out().println("drawn into " + picture));
        common.out().flush();
    }
}
