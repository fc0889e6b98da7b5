// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** An application that forgot the vector module computes the same, slowly, and is told. */
class ScalarFallbackTest {
    private static final String HINT = "start Java with --add-modules jdk.incubator.vector";

    @TempDir
    private Path folder;

    /** What the other process runs. */
    public static void main(String[] arguments) {
        try (Engine engine = Engine.cpu(2)) {
            System.out.println(engine.description());
            LogisticSteps.of(3, 1, 1).close(); // without vectors too
            for (double number : numbers(engine)) {
                System.out.println(number);
            }
        }
    }

    private static double[] numbers(Engine engine) {
        try (Training training = new Training(engine, 2, 9, 2, 8, 29)) {
            double[] numbers = new double[4];
            for (int step = 1; step <= 3; step++) {
                numbers[step - 1] = training.step(step);
            }
            for (float[] parameter : training.values()) {
                for (float value : parameter) {
                    numbers[3] += Math.abs(value);
                }
            }
            return numbers;
        }
    }

    private static Path folderOf(Class<?> type) throws URISyntaxException {
        String name = type.getName().replace('.', '/') + ".class";
        String address = type.getResource("/" + name).toString();
        return Path.of(URI.create(address.substring(0, address.length() - name.length())));
    }

    @Test
    void aProcessWithoutTheVectorModuleWarnsAndComputesTheSame() throws Exception {
        Path errors = folder.resolve("errors");
        List<String> lines = run(errors);
        assertThat(Files.readString(errors)).contains(HINT);
        assertThat(lines.getFirst()).isEqualTo("CPU, 2 threads, plain Java, no vectors: slow");
        try (Engine engine = Engine.cpu(1)) {
            double[] here = numbers(engine);
            for (int i = 0; i < here.length; i++) {
                assertThat(Double.parseDouble(lines.get(i + 1))).isCloseTo(here[i], within(1e-4 * here[i]));
            }
        }
    }

    @Test
    void thePropertyChoosesPlainJavaWithoutAWarning() throws Exception {
        Path errors = folder.resolve("errors");
        List<String> lines = run(errors, "-Dverbo.species=scalar", "--add-modules", "jdk.incubator.vector");
        assertThat(lines.getFirst()).contains("plain Java");
        assertThat(Files.readString(errors)).doesNotContain(HINT);
    }

    private static List<String> run(Path errors, String... flags)
            throws IOException, InterruptedException, URISyntaxException {
        List<String> command = new java.util.ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-cp");
        command.add(folderOf(Engine.class) + File.pathSeparator + folderOf(ScalarFallbackTest.class));
        command.add(ScalarFallbackTest.class.getName());
        Path output = errors.resolveSibling("output");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(() -> read(errors)).isZero();
        return Files.readAllLines(output);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
