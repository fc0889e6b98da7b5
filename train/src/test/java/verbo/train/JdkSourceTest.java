// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.text.Corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class JdkSourceTest {
    @TempDir
    Path folder;

    @Test
    void readsTheJdksArchive() throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve("src.zip")))) {
            for (String name : List.of("java.base/A.java", "java.sql/B.java")) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(name.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
        }
        List<String> messages = new ArrayList<>();
        assertThat(names(JdkSource.open("src.zip", Corpus.Options.DEFAULT.withEntries("java.base/**"), folder, null,
                messages::add))).containsExactly("java.base/A.java");
        assertThat(names(JdkSource.open("src.zip!java.sql/**", Corpus.Options.DEFAULT, folder, null, messages::add)))
                .containsExactly("java.sql/B.java");
        assertThat(messages).isEmpty();
    }

    @Test
    void fallsBackOnVerbosOwnAndSaysSo() throws IOException {
        Path source = Files.createDirectories(folder.resolve("verbo/text/src/main/java/verbo"));
        Files.writeString(source.resolve("A.java"), "class A {}");
        Files.writeString(source.resolve("A.txt"), "no");
        List<String> messages = new ArrayList<>();
        Corpus corpus = JdkSource.open("src.zip", Corpus.Options.DEFAULT.withEntries("java.base/**"), folder,
                folder.resolve("verbo"), messages::add);
        assertThat(names(corpus)).containsExactly("text/src/main/java/verbo/A.java");
        assertThat(messages).singleElement().asString().contains("without its source", "Verbo's own");
    }

    @Test
    void withoutEitherItSaysWhatToDo() {
        assertThatThrownBy(() -> JdkSource.open("src.zip", Corpus.Options.DEFAULT, folder, null, message -> {}))
                .isInstanceOf(NoSuchFileException.class).hasMessageContaining("--set data=PATH");
    }

    private static List<String> names(Corpus corpus) throws IOException {
        List<String> names = new ArrayList<>();
        corpus.forEach(document -> names.add(document.name()));
        return names;
    }
}
