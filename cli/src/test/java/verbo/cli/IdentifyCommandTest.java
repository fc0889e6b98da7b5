// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** {@code identify}: what it prints, and what it says of mistakes. */
final class IdentifyCommandTest {
    @TempDir
    static Path folder;

    private static Path model;

    @BeforeAll
    static void train() throws IOException {
        Path texts = Files.createDirectory(folder.resolve("texts"));
        Files.writeString(texts.resolve("en.txt"), """
                the ship went north with the wind
                where is the harbour of this town
                they were waiting for the rain to stop
                what would you do with all that salt
                """);
        Files.writeString(texts.resolve("pt.txt"), """
                o navio foi para o norte com o vento
                onde fica o porto da cidade
                eles esperavam que a chuva parasse
                o que você faria com tanto sal
                """);
        Files.writeString(texts.resolve("notes.csv"), "not a language");
        model = folder.resolve("languages.bin");
        Ran ran = Ran.well("identify", "train", "--data", texts, "--out", model, "--json");
        assertThat(ran.err()).contains("notes.csv: not named after a language");
        assertThat(ran.json()).containsKeys("model", "languages", "ngrams", "seconds")
                .containsEntry("bytes", Files.size(model));
    }

    @Test
    void tellsOfALineEach() throws IOException {
        assertThat(Ran.well("identify", "--model", model, "the wind and the rain", "--json").json())
                .containsOnlyKeys("language", "probability").containsEntry("language", "en");
        Path letters = Files.writeString(folder.resolve("letters.txt"), "o vento do norte\n\nwith the wind\n");
        assertThat(Ran.well("identify", "--model", model, letters).out().lines().map(line -> line.split("\\s")[0]))
                .containsExactly("pt", "unknown", "en");
        assertThat(Ran.well("identify", "--model", model, "--whole", letters).out()).hasLineCount(1);
        assertThat(Ran.well("identify", "--model", model, "--threshold", "1", "wind").out()).startsWith("unknown");
        assertThat(Ran.well("identify", "--model", model, "--threshold", "1", "--top", "2", "wind").out())
                .startsWith("unknown").doesNotContain("pt");
        assertThat(Ran.well("identify", "--model", model, "--top", "2", "--json", "o vento").json().get("ranking"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST).hasSize(2);
    }

    @Test
    void whatIsNoRegularFileIsReadToo() {
        assumeTrue(Files.exists(Path.of("/dev/null")));
        assertThat(Ran.well("identify", "--model", model, "/dev/null").out()).isEmpty();
    }

    @Test
    void noTextIsWrittenOver() throws IOException {
        Path texts = Files.createDirectory(folder.resolve("mine"));
        Path en = Files.writeString(texts.resolve("en.txt"), "where were they\n");
        Files.writeString(texts.resolve("pt.txt"), "onde fica\n");
        Ran.badly(1, "is read from, and would be written over", "identify", "train", "--data", texts, "--out", en);
        assertThat(en).hasContent("where were they\n");
        for (int i = 0; i < 2; i++) { // a model of before may be
            Ran.well("identify", "train", "--data", texts, "--out", texts.resolve("model.bin"));
        }
        Ran.badly(1, "is a folder", "identify", "train", "--data", texts, "--out", folder);
    }

    @Test
    void evaluates() throws IOException {
        Path held = Files.createDirectories(folder.resolve("held"));
        Files.writeString(held.resolve("eng.txt"), "where were they\nthe salt of the town\n");
        Files.writeString(held.resolve("xx.txt"), "ሰላም ለዓለም እንዴት ነህ\n");
        assertThat(Ran.well("identify", "eval", "--model", model, "--data", held, "--json").json())
                .containsEntry("lines", 2L).containsEntry("accuracy", 1.0).containsEntry("otherLanguages", 1L)
                .containsEntry("otherLanguagesUnknown", 1.0);
        assertThat(Ran.well("identify", "eval", "--model", model, "--data", held).out()).contains("100.00% of 2 lines");
        Files.delete(held.resolve("eng.txt"));
        assertThat(Ran.well("identify", "eval", "--model", model, "--data", held, "--json").json())
                .containsEntry("lines", 0L).doesNotContainKey("accuracy").containsEntry("otherLanguagesUnknown", 1.0);
        assertThat(Ran.well("identify", "eval", "--model", model, "--data", held).out()).doesNotContain("NaN")
                .contains("100.00% of 1 lines in languages the model does not know");
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        Ran.badly(2, "--model", "identify", "text");
        Ran.badly(2, "give a text", "identify", "--model", model);
        Ran.badly(2, "--top must be 1 or more", "identify", "--model", model, "--top", "0", "a");
        Ran.badly(2, "--threshold must be from 0 to 1", "identify", "--model", model, "--threshold", "2", "a");
        Ran.badly(1, "no such file", "identify", "--model", folder.resolve("none"), "a");
        for (String name : List.of("lettres.txt", "./b", "table.csv")) {
            Ran.badly(1, "no such file: " + name + " (a text that looks so can be given through standard input: -)",
                    "identify", "--model", model, name);
        }
        Ran.well("identify", "--model", model, "where is letters.txt");
        Ran.badly(1, folder + ": is a folder", "identify", "--model", model, folder);
        Ran.badly(2, "an order of 9", "identify", "train", "--data", folder, "--out", folder.resolve("out"), "--order",
                "9");
        Ran.badly(2, "--confusions must be 0 or more, not -1", "identify", "eval", "--model", model, "--data", folder,
                "--confusions", "-1");
        Path foreign = Files.writeString(folder.resolve("foreign"), "x".repeat(5000));
        Ran.badly(1, "not a model of language identification", "identify", "--model", foreign, "a");
        byte[] whole = Files.readAllBytes(model);
        Path cut = Files.write(folder.resolve("cut"), java.util.Arrays.copyOf(whole, whole.length - 9));
        Ran.badly(1, "cut short", "identify", "--model", cut, "a");
        Path latin = Files.write(folder.resolve("latin1.txt"), new byte[]{'a', (byte) 0xE9, '\n'});
        Ran.badly(1, "latin1.txt", "identify", "--model", model, latin);
        Path empty = Files.createDirectories(folder.resolve("empty"));
        for (List<Object> args : List.<List<Object>>of(List.of(empty, "no texts"), List.of(latin, "latin1.txt"),
                List.of(folder.resolve("none"), "no such file"))) {
            Ran.badly(1, args.get(1).toString(), "identify", "train", "--data", args.get(0), "--out",
                    folder.resolve("out"));
        }
        Path pictures = folder.resolve("pictures");
        Path english = Files.createDirectories(pictures.resolve("en"));
        Files.write(english.resolve("a.txt"), "the wind\n".getBytes(StandardCharsets.UTF_8));
        Files.write(english.resolve("b.png"), new byte[]{'\n', (byte) 0x89, 'P', 'N', 'G', '\r', '\n', 26, '\n'});
        Ran.badly(1, "b.png: line 2: not UTF-8 text", "identify", "train", "--data", pictures, "--out",
                folder.resolve("out"));
        assertThat(folder.resolve("out")).doesNotExist();
    }
}
