// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code verbo tokenizer}: what is done with tokenizers themselves. */
@Command(name = "tokenizer", description = "Train, convert and compare tokenizers.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {TokenizerTrainCommand.class, TokenizerConvertCommand.class, TokenizerCompareCommand.class})
final class TokenizerCommand implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
