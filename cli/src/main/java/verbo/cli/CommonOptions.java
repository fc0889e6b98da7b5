// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import verbo.tensor.Engine;
import verbo.text.Json;
import verbo.train.RunKey;

/** What every command that computes understands. */
final class CommonOptions {
    @Option(names = "--json", description = "Print JSON and nothing else on standard output.")
    boolean json;

    private @Nullable Integer threads;

    private @Nullable Engine engine;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(names = "--threads", paramLabel = "N",
            description = "How many threads compute at most, where a command has work for several; one a processor if left out."
                    + " Results do not depend on it.")
    void threads(int count) {
        if (count < 1 || count > RunKey.MOST_THREADS) {
            throw wrong("--threads must be from 1 to " + RunKey.MOST_THREADS + ", not " + count);
        }
        threads = count;
    }

    OptionalInt threads() {
        return threads == null ? OptionalInt.empty() : OptionalInt.of(threads);
    }

    /** The engine with that many threads, the same each time. */
    Engine engine() {
        if (engine == null) {
            engine = threads == null ? Engine.cpu() : Engine.cpu(threads);
        }
        return engine;
    }

    /** Something about the call that is wrong. */
    ParameterException wrong(String message) {
        return new ParameterException(spec().commandLine(), message);
    }

    private CommandSpec spec() {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        return spec;
    }

    PrintWriter out() {
        return spec().commandLine().getOut();
    }

    PrintWriter err() {
        return spec().commandLine().getErr();
    }

    /** Prints an object on a line of its own. */
    void print(Map<String, ? extends @Nullable Object> object) {
        out().println(Json.line(object));
        out().flush();
    }
}
