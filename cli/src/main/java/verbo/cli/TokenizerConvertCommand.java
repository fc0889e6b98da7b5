// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import verbo.text.Tokenizer;

/** {@code verbo tokenizer convert}. */
@Command(name = "convert", description = "Write a tokenizer of any known format as a tokenizer.json.")
final class TokenizerConvertCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NAME|PATH", description = "A built-in tokenizer, or a file or folder.")
    private String from = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "Where to write; in a folder, tokenizer.json.")
    private Path to = Path.of("");

    @Option(names = "--pattern", paramLabel = "NAME",
            description = "How a file of ranks cuts text into words: the name of a tokenizer that does the same.")
    private @Nullable String pattern;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        Path file = Files.isDirectory(to) ? to.resolve("tokenizer.json") : to;
        Destination.checked(file, Tokenizer.names().contains(from) ? List.of() : List.of(Path.of(from)));
        Tokenizer tokenizer = TokenizerOption.open(from, pattern, spec);
        tokenizer.save(file);
        spec.commandLine().getErr().println(tokenizer + " -> " + file);
        return 0;
    }
}
