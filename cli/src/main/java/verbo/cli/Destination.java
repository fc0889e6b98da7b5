// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import verbo.text.AtomicFiles;

/** Where a command writes: what is wrong with it is to be said before hours of work, not after. */
final class Destination {
    private Destination() {}

    /** The file, if it can be written, is no device or pipe and none of those that are read. */
    static Path checked(Path out, List<Path> read) throws IOException {
        Path folder = AtomicFiles.resolved(out).getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(out + ": its folder does not exist");
        }
        if (Files.isDirectory(out)) {
            throw new IllegalArgumentException(out + ": is a folder, not a file to write");
        }
        for (Path each : read) {
            if (Files.isRegularFile(out) && Files.exists(each) && Files.isSameFile(out, each)) {
                throw isRead(out);
            }
        }
        return out;
    }

    static IllegalArgumentException isRead(Path out) {
        return new IllegalArgumentException(out + ": is read from, and would be written over; give another name");
    }
}
