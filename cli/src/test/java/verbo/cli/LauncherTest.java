// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The script that starts the command line, in a checkout of a few empty files, with a JDK and a Maven that only tell. */
@DisabledOnOs(OS.WINDOWS)
final class LauncherTest {
    @TempDir
    Path folder;

    private Path root;
    private Path builds;

    @BeforeEach
    void makeCheckout() throws IOException {
        folder = folder.toRealPath();
        root = Files.createDirectory(folder.resolve("checkout"));
        builds = root.resolve("target/verbo");
        Files.copy(Path.of("..", "verbo"), root.resolve("verbo"));
        Files.writeString(root.resolve("pom.xml"), "");
        Files.createDirectories(root.resolve("cli/src/main"));
        Files.createDirectory(root.resolve("docs"));
        Files.writeString(root.resolve("docs/a.md"), "a\n");
        Files.writeString(root.resolve("cli/pom.xml"), "");
        Path jdk = folder.resolve("jdk");
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
        script(jdk.resolve("bin/javac"), "");
        script(jdk.resolve("bin/java"), "echo \"LC_ALL=${LC_ALL:-}\" \"$@\"\n");
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/usr/bin/env bash\n" + text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    /** A build newer than its sources. */
    private void build(String name) throws IOException {
        Path build = builds.resolve(name);
        Files.createDirectories(build.resolve("users"));
        Files.createDirectories(build.resolve("lib"));
        Files.writeString(build.resolve("stamp"), root + "\n" + folder.resolve("jdk") + "\n");
        Files.writeString(builds.resolve("current"), name + "\n");
    }

    private String run(Path in, Map<String, String> environment, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("bash"));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).directory(in.toFile()).redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        builder.environment().keySet().removeAll(List.of("LC_ALL", "LC_CTYPE", "LANG", "CDPATH", "VERBO_JAVA_OPTS"));
        builder.environment().put("VERBO_JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        String log = Files.readString(folder.resolve("log"), StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(log).isZero();
        return log;
    }

    private String verbo(String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(root.resolve("verbo").toString()));
        command.addAll(List.of(args));
        return run(folder, Map.of(), command.toArray(String[]::new));
    }

    @Test
    void argumentsBeyondAsciiArriveInAnyLocale() throws Exception {
        build("one");
        String verbo = root.resolve("verbo").toString();
        for (Map<String, String> without : List.of(Map.<String, String>of(), Map.of("LC_CTYPE", "nothing_NN.UTF-8"),
                Map.of("LANG", "nothing_NN.UTF-8"), Map.of("LC_ALL", "C"))) {
            assertThat(run(folder, without, verbo, "tokenize", "\u00e9")).as("%s", without)
                    .startsWith("LC_ALL=C.UTF-8 ").endsWith(" tokenize \u00e9\n");
        }
        assertThat(run(folder, Map.of("LC_ALL", "C.utf8"), verbo, "tokenize")).startsWith("LC_ALL=C.utf8 ");
    }

    @Test
    void onlyWhatComputesGetsTheVectorModule() throws Exception {
        build("one");
        String module = "--add-modules=jdk.incubator.vector";
        assertThat(verbo("vectors", "train")).contains(module);
        assertThat(verbo("--stacktrace", "vectors", "train")).contains(module);
        assertThat(verbo("--stacktrace", "score")).contains(module);
        assertThat(verbo("vectors", "neighbours", "train")).doesNotContain(module);
        assertThat(verbo("tokenize", "train")).doesNotContain(module);
        assertThat(verbo("--stacktrace", "ngram", "train", "--memory", "1g")).contains("-Xmx864m");
    }

    @Test
    void hintsNameWhatWasTyped() throws Exception {
        build("one");
        assertThat(run(root, Map.of(), "./verbo", "x")).contains("-Dverbo.command=./verbo");
        assertThat(verbo("x")).contains("-Dverbo.command=" + root.resolve("verbo") + " ");
        assertThat(run(folder, Map.of("PATH", root + ":" + System.getenv("PATH")), root.resolve("verbo").toString(),
                "x")).contains("-Dverbo.command=verbo ");
    }

    @Test
    void theCheckoutIsFoundFromAnywhere() throws Exception {
        build("one");
        assertThat(run(folder, Map.of("CDPATH", folder.toString()), "checkout/verbo", "x")).endsWith("x\n");
        Files.createSymbolicLink(folder.resolve("v"), Path.of("checkout/verbo"));
        assertThat(run(folder, Map.of(), "v", "x")).endsWith("x\n");
        assertThat(run(root, Map.of(), "verbo", "x")).endsWith("x\n");
    }

    @Test
    void theProcessThatMadeABuildUsesIt() throws Exception {
        Path path = folder.resolve("path");
        script(path.resolve("mvn"), """
                mkdir -p "%1$s/cli/target/launcher/lib"
                touch "%1$s/cli/target/launcher/verbo-cli-1.jar"
                """.formatted(root));
        String log = run(folder, Map.of("PATH", path + ":" + System.getenv("PATH")), root.resolve("verbo").toString(),
                "x");
        assertThat(log).contains("building for the first time");
        Path build = builds.resolve(Files.readString(builds.resolve("current")).strip());
        assertThat(build.resolve("lib/cli.jar")).exists();
        try (var users = Files.list(build.resolve("users"))) {
            assertThat(users.map(user -> user.getFileName().toString()).toList())
                    .containsExactly(build.getFileName().toString().replaceFirst(".*-", ""));
        }
    }
}
