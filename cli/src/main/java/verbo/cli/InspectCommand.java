// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code verbo inspect}: commands that look inside a model. */
@Command(name = "inspect", description = "Look inside a model.", synopsisSubcommandLabel = "COMMAND",
        subcommands = InspectGradientsCommand.class)
final class InspectCommand implements Runnable {
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
