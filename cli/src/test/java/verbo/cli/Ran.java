// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine;
import verbo.text.Json;

import static org.assertj.core.api.Assertions.assertThat;

/** A command that was run in this process: its exit code, and what it printed. */
record Ran(int code, String out, String err) {
    static Ran of(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        String[] words = new String[args.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = args[i].toString();
        }
        int code = Main.execute(commandLine, words);
        return new Ran(code, out.toString(), err.toString());
    }

    /** One that must have done what it should. */
    static Ran well(Object... args) {
        Ran ran = of(args);
        assertThat(ran.code).as(ran.err).isZero();
        return ran;
    }

    /** One that must fail with one line that says why, and print nothing else. */
    static void badly(int code, String message, Object... args) {
        Ran ran = of(args);
        assertThat(ran.err).contains(message).hasLineCount(1).startsWith("verbo: ");
        assertThat(ran.code).isEqualTo(code);
        assertThat(ran.out).isEmpty();
    }

    /** What it printed, an object. */
    Map<String, Object> json() throws IOException {
        Path file = Files.createTempFile("out", ".json");
        try {
            return Json.read(Files.writeString(file, out));
        } finally {
            Files.delete(file);
        }
    }
}
