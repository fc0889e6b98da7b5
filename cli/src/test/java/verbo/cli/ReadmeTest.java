// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.models.Gpt;
import verbo.models.GptConfig;
import verbo.tensor.Engine;
import verbo.text.CharacterTokenizer;
import verbo.text.Tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

/** Compiles and runs the README's Java, so that it stays true. */
final class ReadmeTest {
    private static final Pattern JAVA = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path folder;

    @Test
    void theExampleCompilesAndRuns() throws Exception {
        Matcher example = JAVA.matcher(Files.readString(Path.of("../README.md")));
        assertThat(example.find()).isTrue();
        Path source = Files.writeString(folder.resolve("Example.java"), example.group(1));
        ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
        StringWriter messages = new StringWriter();
        String path = System.getProperty("jdk.module.path", "") + System.getProperty("path.separator")
                + System.getProperty("java.class.path");
        PrintWriter to = new PrintWriter(messages, true);
        int failed = javac.run(to, to, "-cp", path, "-d", folder.toString(), source.toString());
        assertThat(messages.toString()).isEmpty();
        assertThat(failed).isZero();

        assertThat(run(model())).matches("(?s).*\\n[0-9.]+ bits per byte\\n");
    }

    private String run(Path model) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
        try (URLClassLoader loader = new URLClassLoader(new URL[]{folder.toUri().toURL()},
                getClass().getClassLoader())) {
            Class<?> type = loader.loadClass("Example");
            Constructor<?> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            Method main = type.getDeclaredMethod("main", String[].class);
            main.setAccessible(true);
            main.invoke(constructor.newInstance(), (Object) new String[]{model.toString()});
        } finally {
            System.setOut(out);
        }
        return written.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    /** A model that has learnt nothing yet. */
    private Path model() throws Exception {
        Tokenizer tokenizer = CharacterTokenizer.of("public class Main { int i = 0; }", false);
        tokenizer.save(folder.resolve("tokenizer.json"));
        try (Gpt gpt = Gpt.create(Engine.cpu(), GptConfig.of(tokenizer.size(), 32, 16, 1, 2), 1)) {
            gpt.save(folder);
        }
        return folder;
    }
}
