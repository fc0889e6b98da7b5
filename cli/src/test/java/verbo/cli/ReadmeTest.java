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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.models.Gpt;
import verbo.models.GptConfig;
import verbo.tensor.Engine;
import verbo.text.CharacterTokenizer;
import verbo.text.Tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

/** Compiles and runs the Java of the README and of pages in docs, so that it stays true. */
final class ReadmeTest {
    private static final Pattern JAVA = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path folder;

    @Test
    void theExampleCompilesAndRuns() throws Exception {
        compile(Files.readString(Path.of("../README.md")));
        assertThat(run(model())).matches("(?s).*\\n[0-9.]+ bits per byte\\n");
    }

    @Test
    void theTokenizersExampleCompilesAndRuns() throws Exception {
        Path bert = folder.resolve("bert-base-cased.json");
        Path text = Files.writeString(folder.resolve("text.txt"), "The harbour lies in the north.\nWhere is it?\n");
        Ran.well("tokenizer", "train", "--type", "wordpiece", "--vocabulary-size", 60, "--normalizer", "bert-cased",
                "-o", bert, text);
        String page = Files.readString(Path.of("../docs/tokenizers.md"));
        assertThat(page).contains("\"bert-base-cased.json\"");
        compile(page.replace("\"bert-base-cased.json\"", '"' + bert.toString().replace("\\", "\\\\") + '"'));
        assertThat(run(folder)).isEqualTo("public class \n");
    }

    @Test
    void theTensorsExampleCompilesAndRuns() throws Exception {
        compile(Files.readString(Path.of("../docs/tensors.md")));
        assertThat(run(folder)).hasLineCount(3).startsWith("0 ");
    }

    @Test
    void theNgramExampleCompiles() throws Exception {
        compile(Files.readString(Path.of("../docs/ngram.md")));
    }

    /** The first example of a page. */
    private void compile(String page) throws Exception {
        Matcher example = JAVA.matcher(page);
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
    }

    private String run(Path argument) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
        try (URLClassLoader loader = new URLClassLoader(new URL[]{folder.toUri().toURL()},
                getClass().getClassLoader())) {
            Class<?> type = loader.loadClass("Example");
            Constructor<?> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            Method main = Stream.of(type.getDeclaredMethods()).filter(method -> method.getName().equals("main"))
                    .findFirst().orElseThrow();
            main.setAccessible(true);
            Object[] arguments = main.getParameterCount() == 0
                    ? new Object[0]
                    : new Object[]{new String[]{argument.toString()}};
            main.invoke(constructor.newInstance(), arguments);
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
