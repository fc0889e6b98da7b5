// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import verbo.text.Encoding;
import verbo.text.EncodingOptions;
import verbo.text.TextFile;
import verbo.text.Tokenizer;

/** {@code verbo tokenize}. */
@Command(name = "tokenize", description = {"Turn text into tokens, or ids into text.",
        "Without TEXT and --file standard input is read: one text, byte for byte."})
final class TokenizeCommand implements Callable<Integer> {
    private static final String[] COLOURS = {"\u001b[48;5;24m", "\u001b[48;5;58m", "\u001b[48;5;53m",
            "\u001b[48;5;22m", "\u001b[48;5;88m"};
    private static final String PLAIN = "\u001b[0m";

    @Mixin
    private TokenizerOption tokenizer = new TokenizerOption();

    @Parameters(arity = "0..*", paramLabel = "TEXT", description = "The text; - is standard input.")
    private List<String> words = new ArrayList<>();

    @Option(names = "--file", paramLabel = "FILE", description = "A file with the text, UTF-8, read byte for byte.")
    private @Nullable Path file;

    @Option(names = "--lines",
            description = "Every line is a text of its own, without its end, and gives a line of output.")
    private boolean lines;

    @Option(names = "--json", description = "Print {\"ids\", \"tokens\", \"offsets\"}; offsets count code points.")
    private boolean json;

    @Option(names = "--ids", arity = "0..1", fallbackValue = "", paramLabel = "IDS",
            description = "Decode: what is given are ids, with commas or spaces between them.")
    private @Nullable String ids;

    @Option(names = "--no-special", description = "Leave out the tokens that the tokenizer puts around a text.")
    private boolean noSpecial;

    @Option(names = "--special", paramLabel = "tokens|text",
            description = "What special tokens written in the text are; if left out, as their format has it.")
    private @Nullable String special;

    @Option(names = "--dropout", paramLabel = "SHARE",
            description = "Leave out so many merges of a BPE at random, 0 to 1: the words come in other tokens.")
    private double dropout;

    @Option(names = "--seed", paramLabel = "N", description = "Which merges --dropout leaves out; 1 if left out.")
    private long seed = 1;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        boolean given = !words.isEmpty() && !words.equals(List.of("-"));
        if (given && file != null) {
            throw new ParameterException(spec.commandLine(), "give a text or --file, not both");
        }
        if (!(dropout >= 0 && dropout <= 1)) {
            throw new ParameterException(spec.commandLine(), "--dropout must be from 0 to 1, not " + dropout);
        }
        EncodingOptions.Written written = switch (special) {
            case null -> EncodingOptions.Written.DEFAULT;
            case "tokens" -> EncodingOptions.Written.TOKENS;
            case "text" -> EncodingOptions.Written.TEXT;
            default -> throw new ParameterException(spec.commandLine(),
                    "--special must be tokens or text, not " + special);
        };
        if (ids != null && (noSpecial || special != null || dropout > 0)) {
            throw new ParameterException(spec.commandLine(),
                    "--no-special, --special and --dropout are of texts; leave them out with --ids");
        }
        Tokenizer opened = tokenizer.open(spec);
        PrintWriter out = spec.commandLine().getOut();
        if (ids != null) {
            decode(opened, text(spec, ids, given), out);
        } else {
            encode(opened, given, written, out);
        }
        out.flush();
        return 0;
    }

    private void encode(Tokenizer opened, boolean given, EncodingOptions.Written written, PrintWriter out)
            throws IOException {
        EncodingOptions options = (noSpecial ? EncodingOptions.PLAIN : EncodingOptions.SPECIAL).withWritten(written)
                .withTruncation(true);
        String text = given ? String.join(" ", words) : input();
        if (!lines) {
            // nothing at all is no text
            Encoding encoding = opened.encode(text,
                    (text.isEmpty() && !given ? options.withAddSpecial(false) : options).withDropout(dropout, seed));
            print(opened, text, encoding, out);
            return;
        }
        long number = seed;
        for (int from = 0; from < text.length();) {
            int end = text.indexOf('\n', from);
            String line = text.substring(from, end < 0 ? text.length() : end);
            print(opened, line, opened.encode(line, options.withDropout(dropout, number++)), out);
            from = end < 0 ? text.length() : end + 1;
        }
    }

    private void print(Tokenizer opened, String text, Encoding encoding, PrintWriter out) {
        if (json) {
            out.print(json(encoding, encoding.codePointOffsets(text)));
            out.print('\n');
            return;
        }
        if (Screen.output()) {
            StringBuilder tokens = new StringBuilder();
            for (int i = 0; i < encoding.length(); i++) {
                String token = encoding.starts()[i] < encoding.ends()[i]
                        ? text.substring(encoding.starts()[i], encoding.ends()[i])
                        : encoding.tokens()[i];
                tokens.append(COLOURS[i % COLOURS.length]).append(visible(token)).append(PLAIN);
            }
            out.println(tokens);
        }
        out.print(Arrays.stream(encoding.ids()).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
        out.print('\n');
        if (Screen.output()) {
            out.printf(Locale.ROOT, "%,d tokens of %s%n", encoding.length(), opened);
        }
    }

    private static String json(Encoding encoding, int[][] offsets) {
        StringBuilder out = new StringBuilder("{\"ids\": [");
        for (int i = 0; i < encoding.length(); i++) {
            out.append(i == 0 ? "" : ", ").append(encoding.ids()[i]);
        }
        out.append("], \"tokens\": [");
        for (int i = 0; i < encoding.length(); i++) {
            out.append(i == 0 ? "" : ", ");
            quote(encoding.tokens()[i], out);
        }
        out.append("], \"offsets\": [");
        for (int i = 0; i < encoding.length(); i++) {
            out.append(i == 0 ? "[" : ", [").append(offsets[i][0]).append(", ").append(offsets[i][1]).append(']');
        }
        return out.append("]}").toString();
    }

    /** JSON in which nothing could be taken for the end of a line, by whatever reads it. */
    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    /** The ids as they were written: in the call itself, where they must be right, or in what is read. */
    private String text(CommandSpec command, String first, boolean given) throws IOException {
        if (first.isEmpty() && !given) {
            return input();
        }
        String text = first + " " + String.join(" ", words);
        try {
            numbers(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()));
        }
        return text;
    }

    private void decode(Tokenizer opened, String text, PrintWriter out) {
        for (String line : lines ? text.lines().toList() : List.of(text)) {
            String decoded = opened.decode(numbers(line));
            if (json) {
                StringBuilder object = new StringBuilder("{\"text\": ");
                quote(decoded, object);
                out.print(object.append("}\n"));
            } else {
                out.print(decoded);
                if (lines || Screen.output()) {
                    out.print('\n');
                }
            }
        }
    }

    private static int[] numbers(String text) {
        List<Integer> numbers = new ArrayList<>();
        for (String one : text.split("[\\s,\\[\\]]+")) {
            if (!one.isEmpty()) {
                try {
                    numbers.add(Integer.valueOf(one));
                } catch (NumberFormatException e) {
                    throw new IllegalArgumentException("\"" + one + "\" is no id: ids are whole numbers", e);
                }
            }
        }
        return numbers.stream().mapToInt(i -> i).toArray();
    }

    private String input() throws IOException {
        if (file != null) {
            return TextFile.read(file);
        }
        try (InputStream in = System.in) {
            return TextFile.decode(Path.of("standard input"), in.readAllBytes());
        }
    }

    private static String visible(String token) {
        StringBuilder text = new StringBuilder();
        token.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> text.append("\u23ce");
                case '\r' -> text.append("\u240d");
                case '\t' -> text.append("\u21e5");
                default -> text.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c);
            }
        });
        return text.toString();
    }
}
