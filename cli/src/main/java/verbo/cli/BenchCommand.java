// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import verbo.cli.bench.BenchRow;
import verbo.cli.bench.BenchRows;
import verbo.cli.bench.EncodeRow;
import verbo.cli.bench.QueryRow;
import verbo.text.Json;

/** {@code verbo bench}. */
@Command(name = "bench",
        description = "Measure this machine, and how much of it the kernels and the training presets use.")
final class BenchCommand implements Callable<Integer> {
    /** Rows that are there only with options, and which these are. */
    private static final Map<String, String> NEED = new LinkedHashMap<>();

    static {
        for (String name : List.of("query", "query-word")) {
            NEED.put(name, "--model and --text");
        }
        for (String name : List.of("encode-lines", "encode-whole")) {
            NEED.put(name, "--tokenizer and --text");
        }
    }

    @Option(names = "--only", paramLabel = "PREFIX",
            description = "Run only the rows whose names begin so; may be several, with commas between.")
    private @Nullable String only;

    @Option(names = "--list",
            description = "Print the rows' names, and what some need to be run, and measure nothing.")
    private boolean list;

    @Option(names = "--model", paramLabel = "PATH",
            description = "With --text: an n-gram model for the rows query and query-word.")
    private @Nullable Path model;

    @Option(names = "--tokenizer", paramLabel = "NAME|PATH",
            description = "With --text: a tokenizer for the rows encode-lines and encode-whole.")
    private @Nullable String tokenizer;

    @Option(names = "--text", paramLabel = "FILE",
            description = "With --model: what it is asked, a sentence a line. With --tokenizer: what it encodes. Without "
                    + "either: the words that the rows train-lstm-* and train-gru-* learn; random ones if left out.")
    private @Nullable Path text;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        List<BenchRow> rows = new ArrayList<>();
        List<BenchRow> all = new ArrayList<>();
        List<String> prefixes = only == null ? List.of("") : List.of(only.split(",", -1));
        if (only != null && prefixes.contains("")) {
            throw common.wrong("--only needs names, or how they begin; left out, every row is run");
        }
        if ((model != null || tokenizer != null) && text == null) {
            throw common.wrong("--model and --tokenizer need --text");
        }
        if (text != null && !Files.isRegularFile(text)) {
            throw new NoSuchFileException(text.toString());
        }
        if (model != null && text != null) {
            all.add(new QueryRow(model, text, false));
            all.add(new QueryRow(model, text, true));
        }
        int threads = common.threads().orElse(Runtime.getRuntime().availableProcessors());
        if (tokenizer != null && text != null) {
            all.add(new EncodeRow(tokenizer, text, true, 1));
            all.add(new EncodeRow(tokenizer, text, false, 1));
            if (threads > 1) {
                all.add(new EncodeRow(tokenizer, text, true, threads));
            }
        }
        all.addAll(BenchRows.all(threads, model == null && tokenizer == null ? text : null));
        for (BenchRow row : all) {
            for (String prefix : prefixes) {
                if (row.name().startsWith(prefix) && !rows.contains(row)) {
                    rows.add(row);
                }
            }
        }
        if (list) {
            list(rows, prefixes);
            return 0;
        }
        for (String prefix : prefixes) {
            for (Map.Entry<String, String> each : NEED.entrySet()) {
                if (!prefix.isEmpty() && each.getKey().startsWith(prefix)
                        && rows.stream().noneMatch(row -> row.name().startsWith(prefix))) {
                    throw common.wrong("the row " + each.getKey() + " needs " + each.getValue());
                }
            }
        }
        if (rows.isEmpty()) {
            throw unknown();
        }
        List<String> objects = new ArrayList<>();
        for (BenchRow row : rows) {
            BenchRow.Result result = row.run();
            if (common.json) {
                objects.add(Json.line(json(row, result)));
                common.err().println(line(row, result));
                common.err().flush();
            } else {
                common.out().println(line(row, result));
                common.out().flush();
            }
        }
        if (common.json) {
            common.out().println("[" + String.join(",\n ", objects) + "]");
            common.out().flush();
        }
        return 0;
    }

    private ParameterException unknown() {
        return common.wrong("no row's name begins with '" + only + "'; --list shows them all");
    }

    private void list(List<BenchRow> rows, List<String> prefixes) {
        Map<String, String> lines = new LinkedHashMap<>(); // of each name
        rows.forEach(row -> lines.put(row.name(), row.name()));
        NEED.forEach((name, options) -> {
            if (prefixes.stream().anyMatch(name::startsWith)) {
                lines.putIfAbsent(name, String.format(Locale.ROOT, "%-36s needs %s", name, options));
            }
        });
        if (lines.isEmpty()) {
            throw unknown();
        }
        if (common.json) {
            common.out().println(rows.stream().map(row -> '"' + row.name() + '"')
                    .collect(Collectors.joining(", ", "[", "]")));
        } else {
            lines.values().forEach(common.out()::println);
        }
        common.out().flush();
    }

    private static Map<String, @Nullable Object> json(BenchRow row, BenchRow.Result result) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", row.name());
        json.put("value", result.value());
        json.put("unit", row.unit());
        json.put("limit", result.limit()); // null where there is none
        json.put("fraction", result.fraction());
        return json;
    }

    private static String line(BenchRow row, BenchRow.Result result) {
        String line = String.format(Locale.ROOT, "%-36s %12.4g %-9s", row.name(), result.value(), row.unit());
        return Double.isNaN(result.limit())
                ? line.stripTrailing()
                : line + String.format(Locale.ROOT, " of %10.4g: %5.3f", result.limit(), result.fraction());
    }
}
