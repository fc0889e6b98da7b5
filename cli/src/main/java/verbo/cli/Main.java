// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.PicocliException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;
import verbo.train.EditDistance;

/**
 * The command {@code verbo}. Each subcommand is a class of its own in this package; what they throw ends here, as one
 * line on standard error.
 * <p>
 * Exit codes: 0 done, 1 failed, 2 called wrongly; 128 and more as a shell has it, where a signal or a closed pipe ended it.
 */
@Command(name = "verbo", description = "Language modelling on the JVM.", mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class, synopsisSubcommandLabel = "COMMAND", scope = ScopeType.INHERIT)
final class Main {
    private static final List<Class<?>> SUBCOMMANDS = List.of(
            TrainCommand.class, ResumeCommand.class, GenerateCommand.class, ScoreCommand.class, InfoCommand.class,
            TokenizeCommand.class, TokenizerCommand.class,
            BenchCommand.class, NgramCommand.class, InspectCommand.class, VectorsCommand.class,
            ClassifyCommand.class, IdentifyCommand.class, CompareModelsCommand.class, InterpolateCommand.class,
            CorrectCommand.class, RescoreCommand.class);

    static final int FAILED = 1;
    static final int CALLED_WRONGLY = 2;

    @Option(names = "--stacktrace", scope = ScopeType.INHERIT, description = "Show where in the code an error arose.")
    private boolean stackTrace;

    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** Runs a command that prints to the process's own output. */
    static int run(String... args) {
        return execute(commandLine(args).setOut(new StandardOutput()), args);
    }

    /**
     * With the subcommand that the first argument names, or all if it names none and help may be wanted: picocli takes longer
     * to look into all of them than the JVM takes to start.
     */
    static CommandLine commandLine(String... args) {
        List<Class<?>> named = SUBCOMMANDS.stream().filter(each -> args.length > 0
                && each.getAnnotation(Command.class).name().equals(args[0])).toList();
        boolean none = args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"));
        CommandLine commandLine = new CommandLine(new Main());
        (named.isEmpty() && !none ? SUBCOMMANDS : named).forEach(commandLine::addSubcommand);
        return prepare(commandLine);
    }

    /** Settings that picocli hands to the subcommands there are, and not to those added later. */
    static CommandLine prepare(CommandLine commandLine) {
        Main main = commandLine.getCommand();
        return commandLine.setCaseInsensitiveEnumValuesAllowed(true).setExpandAtFiles(false) // a text may begin with @
                .setExecutionStrategy(Main::runLast)
                .setParameterExceptionHandler((wrong, args) -> usageError(wrong))
                .setExecutionExceptionHandler((thrown, command, parsed) -> main.failed(thrown, command));
    }

    /** Runs the command; what help could not be printed for is handled as what a command throws. */
    private static int runLast(ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (PicocliException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new ExecutionException(parsed.commandSpec().commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    static int execute(CommandLine commandLine, String... args) {
        try {
            int code = commandLine.execute(args);
            if (code == 0) {
                commandLine.getOut().flush();
            }
            return code;
        } catch (UncheckedIOException | Error e) { // picocli hands its handlers exceptions alone
            return ((Main) commandLine.getCommand()).failed(e, commandLine);
        }
    }

    private int failed(Throwable thrown, CommandLine command) {
        if (StandardOutput.isClosed(thrown)) {
            return StandardOutput.CLOSED;
        }
        if (stackTrace) {
            thrown.printStackTrace(command.getErr());
        } else {
            command.getErr().println("verbo: " + ErrorLine.of(thrown));
        }
        command.getErr().flush();
        return FAILED;
    }

    private static int usageError(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        String message = String.valueOf(wrong.getMessage());
        if (wrong.getCause() instanceof TypeConversionException && wrong.getArgSpec() instanceof OptionSpec option
                && option.type().isEnum() && option.converters().length == 0) {
            // picocli names its values as Java has them too
            String names = Arrays.stream(option.type().getEnumConstants())
                    .map(value -> value.toString().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "));
            message = option.longestName() + " must be " + names.replaceFirst(", ([^,]*)$", " or $1") + ", not "
                    + wrong.getValue();
        } else if (wrong instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()
                && !command.getSubcommands().isEmpty() && command.getCommandSpec().positionalParameters().isEmpty()) {
            String name = unmatched.getUnmatched().getFirst();
            message = "no command '" + name + "'" + command.getSubcommands().keySet().stream()
                    .filter(known -> EditDistance.isNear(name, known))
                    .min(Comparator.comparingInt(known -> EditDistance.of(name, known)))
                    .map(near -> "; did you mean '" + near + "'?").orElse("");
        }
        command.getErr().println("verbo: " + ErrorLine.oneLine(message) + " (see "
                + command.getCommandSpec().qualifiedName() + " --help)");
        command.getErr().flush();
        return CALLED_WRONGLY;
    }

    /** What a user types to call this, for hints of what to type next: the launcher says, {@code ./verbo} of a checkout. */
    static String called() {
        return System.getProperty("verbo.command", "verbo");
    }

    /** Verbo's version. */
    static String version() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        }
        return properties.getProperty("version", "unknown");
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            return new String[]{"verbo " + version() + " on Java " + Runtime.version() + ", "
                    + System.getProperty("os.name") + " " + System.getProperty("os.arch")};
        }
    }
}
