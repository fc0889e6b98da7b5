// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** A file is not what it should be. The message is the whole explanation in one line: the file, and what is wrong. */
public final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param file
     *            the file at fault
     * @param reason
     *            what is wrong with it, in one line, with the key, line or byte where that is known
     */
    public FormatException(Path file, String reason) {
        super(file + ": " + reason);
    }

    /** As above, keeping the exception that showed the fault. */
    public FormatException(Path file, String reason, Throwable cause) {
        super(file + ": " + reason, Objects.requireNonNull(cause));
    }
}
