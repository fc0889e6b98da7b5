// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import picocli.CommandLine.Command;

/** {@code verbo tokenizer}: what is done with tokenizers themselves. */
@Command(name = "tokenizer", description = "Train, convert and compare tokenizers.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {TokenizerTrainCommand.class, TokenizerConvertCommand.class, TokenizerCompareCommand.class})
final class TokenizerCommand {}
