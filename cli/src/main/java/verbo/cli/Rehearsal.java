// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.util.Arrays;
import java.util.List;

/** Runs some commands, {@code --} between them, for the JVM to write down what a start needs: the launcher's cache. */
final class Rehearsal {
    private Rehearsal() {}

    public static void main(String[] args) {
        List<String> all = Arrays.asList(args);
        for (int from = 0; from < args.length;) {
            int length = all.subList(from, args.length).indexOf("--");
            int to = length < 0 ? args.length : from + length;
            String[] command = Arrays.copyOfRange(args, from, to);
            Main.run(command);
            from = to + 1;
        }
    }
}
