// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import verbo.text.Progress;

/** Whether somebody is looking: what is drawn over and coloured on a terminal would be noise in a file. */
final class Screen {
    private static final String CLEAR = "\r\u001b[K";
    private static final long BETWEEN_DRAWINGS = 500_000_000; // ns

    private Screen() {}

    /** Whether standard output is a terminal that understands escape sequences. */
    static boolean output() {
        return isTerminal(1);
    }

    /** Whether standard error is a terminal that understands escape sequences. */
    static boolean error() {
        return isTerminal(2);
    }

    /** Shows on a terminal how much of long work is done, and about how long the rest takes. */
    static Progress progress(PrintWriter err, String unit) {
        if (!error()) {
            return Progress.NONE;
        }
        long began = System.nanoTime();
        long[] shown = {began};
        return (done, total) -> {
            long now = System.nanoTime();
            if (done >= total && shown[0] != began) {
                err.print(CLEAR);
                err.flush();
            } else if (done < total && now - shown[0] > BETWEEN_DRAWINGS) {
                shown[0] = now;
                double seconds = (now - began) * 1e-9;
                err.printf(Locale.ROOT, "%s%,d of %,d %s, %,.0f a second, %s left", CLEAR, done, total, unit,
                        done / seconds, TrainingDisplay.clock(seconds * (total - done) / done));
                err.flush();
            }
        };
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
