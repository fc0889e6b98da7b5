// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import verbo.text.ByteLevelBpe;
import verbo.text.CharacterTokenizer;
import verbo.text.Corpus;
import verbo.text.Document;
import verbo.text.IOConsumer;
import verbo.text.Progress;
import verbo.text.Tokenizer;

/** {@code verbo tokenizer train}. */
@Command(name = "train", description = "Learn a vocabulary from texts.")
final class TokenizerTrainCommand implements Callable<Integer> {
    /** What kind of tokenizer. */
    enum Type {
        BPE, CHARACTERS
    }

    @Parameters(arity = "1..*", paramLabel = "CORPUS", description = "Files, folders, globs, archives.")
    private List<String> locations = new ArrayList<>();

    @Option(names = "--type", paramLabel = "bpe|characters", description = "What is learnt; bpe if left out.")
    private Type type = Type.BPE;

    @Option(names = "--vocabulary", paramLabel = "N", description = "How many tokens at most; 32000 if left out.")
    private int vocabulary = 32_000;

    @Option(names = "--minimum", paramLabel = "N", description = "Pairs seen less often are not merged; 2 if left out.")
    private long minimum = 2;

    @Option(names = "--no-separator", description = "Leave out the token that keeps documents apart.")
    private boolean noSeparator;

    @Option(names = "--threads", paramLabel = "N", description = "How many threads count; one a processor if left out.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "FILE",
            description = "Where to write; in a folder, tokenizer.json.")
    private Path out = Path.of("");

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        if (threads < 1) {
            throw new ParameterException(spec.commandLine(), "--threads must be 1 or more, not " + threads);
        }
        List<Corpus> parts = new ArrayList<>();
        for (String location : locations) {
            parts.add(Corpus.open(location, Corpus.Options.DEFAULT));
        }
        Corpus corpus = parts.size() == 1 ? parts.get(0) : new All(parts);
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = progress(err);
        Tokenizer tokenizer = switch (type) {
            case CHARACTERS -> CharacterTokenizer.train(corpus, !noSeparator);
            case BPE -> ByteLevelBpe.train(corpus,
                    new ByteLevelBpe.Training(vocabulary, minimum, !noSeparator, threads), progress);
        };
        Path file = Files.isDirectory(out) ? out.resolve("tokenizer.json") : out;
        tokenizer.save(file);
        err.println((Screen.error() ? "\r\u001b[K" : "") + tokenizer + " -> " + file);
        return 0;
    }

    private static Progress progress(PrintWriter err) {
        if (!Screen.error()) {
            return Progress.NONE;
        }
        long[] last = {System.nanoTime()};
        return (done, total) -> {
            long now = System.nanoTime();
            if (now - last[0] > 200_000_000) {
                last[0] = now;
                err.print(total == 0
                        ? String.format(Locale.ROOT, "\r\u001b[K%,d characters read", done)
                        : String.format(Locale.ROOT, "\r\u001b[K%,d of %,d merges", done, total));
                err.flush();
            }
        };
    }

    /** Several corpora, one after the other. */
    private record All(List<Corpus> parts) implements Corpus {
        @Override
        public void forEach(IOConsumer<Document> action) throws IOException {
            for (Corpus part : parts) {
                part.forEach(action);
            }
        }

        @Override
        public String name() {
            return parts.get(0).name() + " and others";
        }
    }
}
