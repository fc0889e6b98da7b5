// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import picocli.CommandLine.Command;

/** {@code verbo inspect}: commands that look inside a model. */
@Command(name = "inspect", description = "Look inside a model.", synopsisSubcommandLabel = "COMMAND",
        subcommands = InspectGradientsCommand.class)
final class InspectCommand {}
