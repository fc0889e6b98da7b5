// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether somebody is looking: what is drawn over and coloured on a terminal would be noise in a file. */
final class Screen {
    private Screen() {}

    /** Whether standard output is a terminal that understands escape sequences. */
    static boolean output() {
        return isTerminal(1);
    }

    /** Whether standard error is a terminal that understands escape sequences. */
    static boolean error() {
        return isTerminal(2);
    }

    @SuppressWarnings("SystemConsoleNull") // a JDK cut down with jlink may have none
    private static boolean isTerminal(int descriptor) {
        String kind = System.getenv("TERM");
        if (kind == null || kind.equals("dumb") || System.getenv("NO_COLOR") != null) {
            return false;
        }
        try { // Java itself only tells of input and output together
            String file = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return file.startsWith("/dev/pts/") || file.startsWith("/dev/tty") || file.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            Console console = System.console();
            return console != null && console.isTerminal();
        }
    }
}
