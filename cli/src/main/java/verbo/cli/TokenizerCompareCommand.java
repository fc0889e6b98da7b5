// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import verbo.text.Encoding;
import verbo.text.Json;
import verbo.text.TextFile;
import verbo.text.Tokenizer;

/** {@code verbo tokenizer compare}. */
@Command(name = "compare", description = "Tell how tokenizers differ on a text.")
final class TokenizerCompareCommand implements Callable<Integer> {
    /** Letters and digits with their marks. */
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N}\\p{M}]*");

    @Parameters(arity = "1..*", paramLabel = "NAME|PATH", description = "Built-in tokenizers, files or folders.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--text", required = true, paramLabel = "FILE",
            description = "A text, or a folder with one file a language.")
    private Path text = Path.of("");

    @Option(names = "--json", description = "Print JSON and nothing else on standard output.")
    private boolean json;

    @Spec
    private @Nullable CommandSpec spec;

    private record Row(String language, String tokenizer, long tokens, double bytesPerToken, double tokensPerWord,
            double wholeWords, double unknown, double megabytesPerSecond) {}

    @Override
    public Integer call() throws IOException {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        Map<String, Tokenizer> tokenizers = new LinkedHashMap<>();
        for (String name : names) {
            tokenizers.put(name, Tokenizer.of(name));
        }
        PrintWriter out = spec.commandLine().getOut();
        List<String> objects = new ArrayList<>();
        List<Path> files = files();
        for (Path file : files) {
            TextFile.read(file); // each can be, or no row is printed
        }
        if (!json) {
            out.printf(Locale.ROOT, "%-20s %-28s %10s %11s %11s %11s %9s %8s%n", "text", "tokenizer", "tokens",
                    "bytes/token", "tokens/word", "words whole", "unknown", "MB/s");
        }
        for (Path file : files) {
            String content = TextFile.read(file);
            for (Map.Entry<String, Tokenizer> one : tokenizers.entrySet()) {
                Row row = row(String.valueOf(file.getFileName()), one.getKey(), one.getValue(), content);
                if (json) {
                    objects.add(Json.line(object(row)));
                } else {
                    out.printf(Locale.ROOT, "%-20s %-28s %10d %11.3f %11.3f %10.1f%% %8.3f%% %8.2f%n",
                            row.language(), row.tokenizer(), row.tokens(), row.bytesPerToken(), row.tokensPerWord(),
                            100 * row.wholeWords(), 100 * row.unknown(), row.megabytesPerSecond());
                    out.flush();
                }
            }
        }
        if (json) {
            out.println("[" + String.join(",\n ", objects) + "]");
        }
        out.flush();
        return 0;
    }

    private List<Path> files() throws IOException {
        if (!Files.isDirectory(text)) {
            return List.of(text);
        }
        try (Stream<Path> files = Files.list(text)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static Map<String, Object> object(Row row) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("text", row.language());
        object.put("tokenizer", row.tokenizer());
        object.put("tokens", row.tokens());
        object.put("bytesPerToken", row.bytesPerToken());
        object.put("tokensPerWord", row.tokensPerWord());
        object.put("wordsWhole", row.wholeWords());
        object.put("unknown", row.unknown());
        object.put("megabytesPerSecond", row.megabytesPerSecond());
        return object;
    }

    private static Row row(String language, String name, Tokenizer tokenizer, String content) {
        List<String> lines = content.lines().toList();
        long started = System.nanoTime();
        long tokens = 0;
        for (String line : lines) {
            tokens += tokenizer.encode(line).length;
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        long bytes = content.getBytes(StandardCharsets.UTF_8).length;
        long words = 0;
        long whole = 0;
        long inWords = 0;
        long unknown = 0;
        for (String line : lines) {
            Encoding encoding = tokenizer.encodeWithOffsets(line);
            boolean[] begins = new boolean[line.length() + 1]; // where a token begins
            for (int i = 0; i < encoding.length(); i++) {
                int start = encoding.starts()[i];
                begins[start] = true;
                // a space that was taken along is not part of the word
                if (start < encoding.ends()[i] && Character.isWhitespace(line.charAt(start))) {
                    begins[start + 1] = true;
                }
                unknown += tokenizer.isSpecial(encoding.ids()[i]) ? 1 : 0;
            }
            Matcher word = WORD.matcher(line);
            while (word.find()) {
                words++;
                int pieces = 1;
                for (int i = word.start() + 1; i < word.end(); i++) {
                    pieces += begins[i] ? 1 : 0;
                }
                inWords += pieces;
                whole += pieces == 1 ? 1 : 0;
            }
        }
        return new Row(language, name, tokens, (double) bytes / Math.max(1, tokens),
                (double) inWords / Math.max(1, words), (double) whole / Math.max(1, words),
                (double) unknown / Math.max(1, tokens), bytes / 1e6 / seconds);
    }
}
