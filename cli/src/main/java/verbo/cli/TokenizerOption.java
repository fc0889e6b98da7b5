// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import verbo.text.Tokenizer;

/** Which tokenizer a command uses. */
final class TokenizerOption {
    private String name = "";
    private @Nullable String pattern;

    @Option(names = "--tokenizer", required = true, paramLabel = "NAME|PATH",
            description = "A built-in one (gpt2, p50k_base, p50k_edit, cl100k_base, o200k_base, o200k_harmony, byte,"
                    + " char, word), or a file or folder of any known format.")
    void name(String value) {
        name = value;
    }

    @Option(names = "--pattern", paramLabel = "NAME",
            description = "How a file of ranks cuts text into words: the name of a tokenizer that does the same.")
    void pattern(String value) {
        pattern = value;
    }

    Tokenizer open(CommandSpec command) throws IOException {
        return open(name, pattern, command);
    }

    /** The tokenizer of that name, or in that file; only a file can need a pattern. */
    static Tokenizer open(String name, @Nullable String pattern, CommandSpec command) throws IOException {
        if (pattern != null && Tokenizer.names().contains(name)) {
            throw new ParameterException(command.commandLine(),
                    name + " is built in, with its pattern: leave --pattern out");
        }
        return pattern == null ? Tokenizer.of(name) : Tokenizer.load(Path.of(name), pattern);
    }
}
