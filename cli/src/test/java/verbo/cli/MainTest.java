// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import static org.assertj.core.api.Assertions.assertThat;

final class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void tellsItsVersion() {
        assertThat(run(() -> 0, "--version")).isZero();
        assertThat(out.toString()).matches("verbo \\d+\\.\\d+\\.\\d+\\S* on Java 25\\S*, .*\\R");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helps() {
        assertThat(run(() -> 0, "--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: verbo").contains("--stacktrace", "--version");
    }

    @Test
    void aMistypedCommandIsTold() {
        Ran.badly(2, "no command 'trian'; did you mean 'train'? (see verbo --help)", "trian", "x");
        Ran.badly(2, "no command 'translate' (see", "translate");
    }

    @Test
    void namesInHelpAreThoseOfMessages() {
        assertThat(Ran.well("identify", "--help").out())
                .startsWith("Usage: verbo identify --model=FILE [OPTION]... TEXT")
                .contains("\n       verbo identify COMMAND");
        assertThat(Ran.well("correct", "--help").out())
                .startsWith("Usage: verbo correct --model=FILE [OPTION]... TEXT");
        assertThat(Ran.well("tokenizer", "train", "--help").out()).contains("--vocabulary-size=N")
                .doesNotContain("--vocabulary=N", "--vocab-size");
        assertThat(Ran.well("ngram", "train", "--help").out()).contains("[--prune=COUNT...]").doesNotContain("[, ]");
        assertThat(Ran.well("ngram", "count", "--help").out()).contains(" --text=FILE").doesNotContain("[--text");
        assertThat(Ran.well("vectors", "neighbours", "--help").out()).contains(" --vectors=FILE")
                .doesNotContain("--model=FILE");
    }

    @Test
    void failsInOneLine() {
        assertThat(run(() -> {
            throw new NoSuchFileException("corpus.txt");
        }, "try")).isEqualTo(1);
        assertThat(err.toString()).isEqualToNormalizingNewlines("verbo: no such file: corpus.txt\n");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void showsTheStackWhenAsked() {
        for (String[] args : new String[][]{{"--stacktrace", "try"}, {"try", "--stacktrace"}}) {
            err.getBuffer().setLength(0);
            assertThat(run(() -> {
                throw new NoSuchFileException("corpus.txt");
            }, args)).isEqualTo(1);
            assertThat(err.toString()).contains("NoSuchFileException: corpus.txt", "at verbo.cli");
        }
    }

    @Test
    void outlivesAnErrorOfTheJvm() {
        assertThat(run(() -> {
            throw new OutOfMemoryError("Java heap space");
        }, "try")).isEqualTo(1);
        assertThat(err.toString()).startsWith("verbo: out of memory").hasLineCount(1);
        err.getBuffer().setLength(0);
        assertThat(run(() -> {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }, "try")).isEqualTo(1);
        assertThat(err.toString()).startsWith("verbo: internal error: java.lang.InternalError: a fault")
                .hasLineCount(1);
    }

    @Test
    void saysHowItIsCalledWhenCalledWrongly() {
        assertThat(run(() -> 0)).isEqualTo(2);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines("verbo: Missing required subcommand (see verbo --help)\n");
        err.getBuffer().setLength(0);
        assertThat(run(() -> 0, "try", "--count", "many")).isEqualTo(2);
        assertThat(err.toString()).startsWith("verbo: Invalid value for option '--count'")
                .contains("(see verbo try --help)").hasLineCount(1);
        err.getBuffer().setLength(0);
        assertThat(run(() -> 0, "try", "--nothing")).isEqualTo(2);
        assertThat(err.toString()).startsWith("verbo: Unknown option: '--nothing'").hasLineCount(1);
        assertThat(out.toString()).isEmpty();
    }

    /** Runs the command line with one more command, {@code try}, which does what it is given. */
    private int run(Callable<Integer> body, String... args) {
        CommandLine commandLine = Main.commandLine();
        CommandSpec spec = CommandSpec.wrapWithoutInspection(body).name("try")
                .addOption(OptionSpec.builder("--count").type(int.class).build());
        commandLine.addSubcommand("try", new CommandLine(spec));
        Main.prepare(commandLine).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return Main.execute(commandLine, args);
    }
}
