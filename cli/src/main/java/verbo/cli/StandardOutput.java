// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What commands print to. A {@link PrintWriter} keeps to itself that a line could not be written; this one says so, at the
 * end of each line and when it is flushed, so that no command goes on for a reader that has gone.
 */
final class StandardOutput extends PrintWriter {
    /** As a shell has it for a process that SIGPIPE ended. */
    static final int CLOSED = 128 + 13;

    /** The reader wants no more, as {@code head} does. */
    private static final class ClosedException extends IOException {
        private static final long serialVersionUID = 1L;

        ClosedException(IOException e) {
            super("standard output: nobody reads it any more", e);
        }
    }

    private static final class Sink extends OutputStream {
        private final OutputStream to;
        private @Nullable IOException failure;

        Sink(OutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[]{(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                to.write(bytes, from, length);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void flush() throws IOException {
            to.flush();
        }
    }

    private final Sink sink;

    StandardOutput() {
        this(new FileOutputStream(FileDescriptor.out), System.out.charset());
    }

    StandardOutput(OutputStream to, Charset charset) {
        this(new Sink(to), charset);
    }

    private StandardOutput(Sink sink, Charset charset) {
        super(sink, false, charset);
        this.sink = sink;
    }

    /**
     * Writes what is held back.
     *
     * @throws UncheckedIOException
     *             if that, or something before it, could not be written
     */
    @Override
    public void flush() {
        super.flush();
        IOException failure = sink.failure;
        if (failure != null) {
            String reason = String.valueOf(failure.getMessage());
            throw new UncheckedIOException(reason.toLowerCase(Locale.ROOT).contains("pipe")
                    ? new ClosedException(failure)
                    : new IOException("standard output: " + reason, failure));
        }
    }

    @Override
    public void println() {
        super.println();
        flush();
    }

    /** Whether something failed for want of a reader only. */
    static boolean isClosed(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            if (each instanceof ClosedException) {
                return true;
            }
        }
        return false;
    }
}
