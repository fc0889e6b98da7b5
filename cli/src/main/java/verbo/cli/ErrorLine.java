// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * What a user reads when a command fails.
 * <p>
 * The libraries throw {@link IllegalArgumentException}, {@link IllegalStateException} and {@link IOException} with a
 * message that already is the whole explanation. Those that the JDK throws about files name only the file, so they are
 * put into words here. Anything else is a mistake of ours and says so.
 */
final class ErrorLine {
    private ErrorLine() {}

    static String of(Throwable thrown) {
        Throwable cause = unwrap(thrown);
        String message = cause.getMessage();
        return oneLine(switch (cause) {
            case FileSystemException e -> ofFile(e);
            case CharacterCodingException _ -> "not UTF-8 text: " + message;
            case OutOfMemoryError _ -> "out of memory (" + message
                    + "); give the JVM more, as in VERBO_JAVA_OPTS=-Xmx8g, or make the model or the batch smaller";
            case IOException e when message != null -> message;
            case UncheckedIOException e when message != null -> message;
            case IllegalArgumentException e when message != null -> message;
            case IllegalStateException e when message != null -> message;
            default -> "internal error: " + cause + "; --stacktrace shows where";
        });
    }

    /** What only carries another exception to this thread or past a signature says nothing itself. */
    private static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown.getCause();
        if (cause == null) {
            return thrown;
        }
        return switch (thrown) {
            case ExecutionException _,CompletionException _ -> unwrap(cause);
            case UncheckedIOException e when cause.toString().equals(e.getMessage()) -> unwrap(cause);
            default -> thrown;
        };
    }

    private static String ofFile(FileSystemException e) {
        String file = e.getOtherFile() == null ? e.getFile() : e.getFile() + " -> " + e.getOtherFile();
        String reason = e.getReason();
        // A reason that is not the operating system's is the thrower's own explanation.
        return switch (e) {
            case NoSuchFileException _ -> "no such file: " + file + (reason == null ? "" : " (" + reason + ")");
            case AccessDeniedException _ -> "no permission: " + file;
            case FileAlreadyExistsException _ ->
                "already exists: " + file + (reason == null ? "" : " (" + reason + ")");
            case DirectoryNotEmptyException _ -> "folder not empty: " + file;
            case NotDirectoryException _ -> "not a folder: " + file;
            case FileSystemLoopException _ -> "a link that leads back to itself: " + file;
            default -> reason == null ? "cannot use " + file : file + ": " + reason;
        };
    }

    /** A message may quote what a file has, which must not steer the terminal either. */
    static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("[\\p{Cntrl}&&[^\t]]", "\uFFFD");
    }
}
