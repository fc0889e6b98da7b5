// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

/**
 * While one is open, its thread's operations are not recorded: evaluation and decoding need no gradients.
 *
 * <pre>{@code
 * try (NoGradient off = NoGradient.open()) { ... }
 * }</pre>
 */
public final class NoGradient implements AutoCloseable {
    private final boolean before = Tape.off();

    private NoGradient() {
        Tape.off(true);
    }

    /** Switches recording off on this thread. */
    public static NoGradient open() {
        return new NoGradient();
    }

    /** Switches recording back to what it was. */
    @Override
    public void close() {
        Tape.off(before);
    }
}
