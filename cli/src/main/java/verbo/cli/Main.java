// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

package verbo.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The root command. */
@Command(name = "verbo", mixinStandardHelpOptions = true)
public final class Main {
    private Main() {
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }
}
