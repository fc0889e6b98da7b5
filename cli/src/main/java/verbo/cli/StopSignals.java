// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.jline.utils.Signals;

/**
 * What Ctrl-C, {@code kill} and a closed terminal do to a training: the first asks it to stop where it can go on later, the
 * second ends the process at once.
 */
final class StopSignals implements AutoCloseable {
    private record Signal(String name, int number) {}

    private static final List<Signal> SIGNALS = List.of(new Signal("INT", 2), new Signal("TERM", 15),
            new Signal("HUP", 1));

    private volatile int received;

    /**
     * @param stop
     *            called on another thread when the first signal comes; whether the process will end by itself, and is not to
     *            be ended at once
     */
    StopSignals(BooleanSupplier stop) {
        for (Signal signal : SIGNALS) {
            Signals.register(signal.name, () -> {
                boolean again = received != 0;
                received = signal.number;
                if (again || !stop.getAsBoolean()) {
                    Runtime.getRuntime().halt(128 + signal.number);
                }
            });
        }
    }

    /** What the process is to end with: 128 and the signal's number, as a shell has it. */
    int exitCode() {
        return received == 0 ? 0 : 128 + received;
    }

    @Override
    public void close() {
        SIGNALS.forEach(signal -> Signals.registerDefault(signal.name));
    }
}
