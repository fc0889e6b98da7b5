// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

/** What is to take the place of a run file's value is wrong: how a command was called, and not the file. */
public final class OverrideException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    OverrideException(String message) {
        super(message);
    }
}
