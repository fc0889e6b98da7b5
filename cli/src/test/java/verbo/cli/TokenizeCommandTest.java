// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import verbo.text.TokenizerTrainer;

import static org.assertj.core.api.Assertions.assertThat;

/** The commands about tokens, with the built-in vocabularies and small ones of their own. */
final class TokenizeCommandTest {
    @TempDir
    static Path folder;

    private record Result(int code, String out, String err) {}

    private static Result run(String input, String... args) {
        return run(input.getBytes(StandardCharsets.UTF_8), args);
    }

    private static Result run(byte[] input, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input));
        try {
            CommandLine commandLine = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
            int code = Main.execute(commandLine, args);
            return new Result(code, out.toString(), err.toString());
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void aTextOfTheCommandLine() {
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "Hello world").out).isEqualTo("15496 995\n");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--json", "Hé <|endoftext|>").out).isEqualTo(
                "{\"ids\": [39, 2634, 1279, 91, 437, 1659, 5239, 91, 29], \"tokens\": [\"H\", \"Ã©\", \"Ġ<\", \"|\","
                        + " \"end\", \"of\", \"text\", \"|\", \">\"], \"offsets\": [[0, 1], [1, 2], [2, 4], [4, 5],"
                        + " [5, 8], [8, 10], [10, 14], [14, 15], [15, 16]]}\n");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--special", "tokens", "a<|endoftext|>").out)
                .isEqualTo("64 50256\n");
    }

    @Test
    void aTextMayBeginWithAnAt() {
        String plain = run("", "tokenize", "--tokenizer", "gpt2", "@", "@ -1").out;
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "@ @ -1").out).isEqualTo(plain);
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "@@ -1").out).isEqualTo("12404 532 16\n");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "@" + folder).code).isZero();
    }

    @Test
    void noTextIsWrittenOverByATokenizer() throws IOException {
        Path books = Files.createDirectories(folder.resolve("books"));
        Path first = Files.writeString(books.resolve("a.txt"), "the first book\n");
        Path second = Files.writeString(books.resolve("b.jsonl"), "{\"text\": \"x\"}\n{\"text\": \"y\"}\n");
        // as a shell has it of -o books/*
        assertThat(run("", "tokenizer", "train", "-o", first.toString(), second.toString()).err)
                .isEqualTo("verbo: " + first + ": is there already and is no tokenizer.json; give another name\n");
        assertThat(run("", "tokenizer", "train", "-o", second.toString(), first.toString()).code).isEqualTo(1);
        assertThat(run("", "tokenizer", "train", "-o", first.toString(), first.toString()).err)
                .contains("is read from, and would be written over");
        assertThat(run("", "tokenizer", "train", "-o", folder.resolve("no/t.json").toString(), "nothing").err)
                .contains("its folder does not exist");
        if (Files.exists(Path.of("/dev/null"))) {
            assertThat(run("", "tokenizer", "train", "-o", "/dev/null", "nothing").err)
                    .isEqualTo("verbo: /dev/null: is no regular file; give another place" + System.lineSeparator());
        }
        assertThat(first).hasContent("the first book\n");
        Path trained = Files.createFile(folder.resolve("made.json"));
        for (int i = 0; i < 2; i++) {
            assertThat(run("", "tokenizer", "train", "--vocabulary-size", "270", "-o", trained.toString(),
                    first.toString()).code).isZero();
        }
        assertThat(run("", "tokenizer", "convert", trained.toString(), trained.toString()).err)
                .contains("is read from, and would be written over");
    }

    @Test
    void whatIsWrongIsSaid() {
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--file", folder.toString()).err)
                .contains(folder + ": is a folder");
        assertThat(run("", "tokenize", "--tokenizer", "gpt3", "a").err)
                .contains("no such file: gpt3 (nor is a tokenizer of that name built in: gpt2, ");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--pattern", "o200k_base", "a").err)
                .contains("gpt2 is built in, with its pattern");
        for (String[] wrong : new String[][]{{"--pattern", "o200k_base", "a"}, {"--ids", "x"}, {"--ids", "1", "x"},
                {"--ids", "1", "--no-special"}, {"--ids", "1", "--special", "text"},
                {"--ids", "1", "--dropout", "0.1"}}) {
            List<String> call = new ArrayList<>(List.of("tokenize", "--tokenizer", "gpt2"));
            call.addAll(List.of(wrong));
            assertThat(run("", call.toArray(String[]::new)).code).isEqualTo(2);
        }
        assertThat(run("x", "tokenize", "--tokenizer", "gpt2", "--ids").code).isEqualTo(1);
        Result special = run("", "tokenize", "--tokenizer", "gpt2", "--special", "TOKENS", "a");
        assertThat(special.code).isEqualTo(2);
        assertThat(special.err).contains("--special must be tokens or text, not TOKENS");
    }

    @Test
    void standardInputIsOneTextByteForByte() {
        assertThat(run("Hello world\n", "tokenize", "--tokenizer", "gpt2").out).isEqualTo("15496 995 198\n");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2").out).isEqualTo("\n");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--json").out)
                .isEqualTo("{\"ids\": [], \"tokens\": [], \"offsets\": []}\n");
        Result bad = run(new byte[]{'a', (byte) 0xFF}, "tokenize", "--tokenizer", "gpt2");
        assertThat(bad.code).isEqualTo(1);
        assertThat(bad.err).contains("standard input: not UTF-8 text, at byte 1").hasLineCount(1);
    }

    @Test
    void everyLineIsAText() {
        String input = "Hello\r\n\na\u2028b\u0085\nworld";
        assertThat(run(input, "tokenize", "--tokenizer", "byte", "--lines").out).isEqualTo(
                "72 101 108 108 111 13\n\n97 226 128 168 98 194 133\n119 111 114 108 100\n");
        assertThat(run("\u2028\u0085\n", "tokenize", "--tokenizer", "char", "--lines", "--json").out).isEqualTo(
                "{\"ids\": [8232, 133], \"tokens\": [\"\\u2028\", \"\\u0085\"], \"offsets\": [[0, 1], [1, 2]]}\n");
        assertThat(run("", "tokenize", "--tokenizer", "byte", "--lines").out).isEmpty();
    }

    @Test
    void idsBecomeText() {
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--ids", "15496,995").out).isEqualTo("Hello world");
        assertThat(run("", "tokenize", "--tokenizer", "gpt2", "--ids", "15496", "995").out).isEqualTo("Hello world");
        assertThat(run("[15496, 995]\n198", "tokenize", "--tokenizer", "gpt2", "--ids", "--lines", "--json").out)
                .isEqualTo("{\"text\": \"Hello world\"}\n{\"text\": \"\\u000a\"}\n");
        Result bad = run("", "tokenize", "--tokenizer", "gpt2", "--ids", "50257");
        assertThat(bad.code).isEqualTo(1);
        assertThat(bad.err).isEqualTo("verbo: no token has the id 50257; ids are below 50257" + System.lineSeparator());
    }

    @Test
    void specialTokensAreLeftOut() throws IOException {
        Path vocabulary = folder.resolve("vocab.txt");
        Files.writeString(vocabulary, "[UNK]\n[CLS]\n[SEP]\nhe\n##llo\n");
        assertThat(run("", "tokenize", "--tokenizer", vocabulary.toString(), "Hello").out).isEqualTo("1 3 4 2\n");
        assertThat(run("", "tokenize", "--tokenizer", vocabulary.toString(), "--no-special", "Hello").out)
                .isEqualTo("3 4\n");
        assertThat(run("", "tokenize", "--tokenizer", vocabulary.toString()).out).isEqualTo("\n");
    }

    @Test
    void trainsConvertsAndCompares() throws IOException {
        Path text = folder.resolve("text.txt");
        Files.writeString(text, "low lower lowest\nslow slower slowest\n".repeat(20));
        Path trained = folder.resolve("trained.json");
        assertThat(run("", "tokenizer", "train", "--special", "X", "--no-special", "-o", trained.toString(),
                text.toString()).code).isEqualTo(2);
        assertThat(run("", "tokenizer", "train", "--vocabulary-size", "270", "-o", trained.toString(), text.toString()))
                .extracting(Result::code, Result::out).containsExactly(0, "");
        String ids = run("", "tokenize", "--tokenizer", trained.toString(), "lowest").out;
        Path converted = folder.resolve("converted.json");
        assertThat(run("", "tokenizer", "convert", trained.toString(), converted.toString()).code).isZero();
        assertThat(run("", "tokenize", "--tokenizer", converted.toString(), "lowest").out).isEqualTo(ids);
        Result compared = run("", "tokenizer", "compare", trained.toString(), "byte", "--text", text.toString());
        assertThat(compared.out).hasLineCount(3).contains("bytes/token", "text.txt");
        Path texts = Files.createDirectory(folder.resolve("texts"));
        Files.copy(text, texts.resolve("a.txt"));
        Files.write(texts.resolve("b.gz"), new byte[]{0x1f, (byte) 0x8b, 8, 0});
        Result half = run("", "tokenizer", "compare", "byte", "--text", texts.toString());
        assertThat(half.code).isEqualTo(1);
        assertThat(half.err).contains("b.gz: not a whole gzip file");
        assertThat(half.out).isEmpty();
        Result words = run("", "tokenizer", "convert", "word", folder.resolve("words.json").toString());
        assertThat(words.code).isEqualTo(1);
        assertThat(words.err).contains("the built-in words have no tokenizer.json");
        assertThat(folder.resolve("words.json")).doesNotExist();
        assertThat(run("", "tokenizer").err).contains("Missing required subcommand");
    }

    @Test
    void trainsEveryType() throws IOException {
        Path text = folder.resolve("text.txt");
        Files.writeString(text, "low lower lowest\nslow slower slowest\n".repeat(20));
        for (TokenizerTrainer.Type type : TokenizerTrainer.Type.values()) {
            Path file = folder.resolve(type.label() + ".json");
            List<String> call = new ArrayList<>(List.of("tokenizer", "train", "--type", type.label(), "--json", "-o",
                    file.toString(), text.toString()));
            if (type != TokenizerTrainer.Type.CHAR) {
                call.addAll(List.of("--vocabulary-size", "270"));
            }
            Result trained = run("", call.toArray(String[]::new));
            assertThat(trained.code).as(trained.err).isZero();
            assertThat(trained.out).startsWith("{\"type\":\"" + type.label() + "\",\"vocabulary\":").hasLineCount(1);
            assertThat(run("", "tokenize", "--tokenizer", file.toString(), "low").code).isZero();
        }
        Result wrong = run("", "tokenizer", "train", "--type", "words", "-o", "none.json", text.toString());
        assertThat(wrong.code).isEqualTo(2);
        assertThat(wrong.err).contains("no type of tokenizer is called \"words\"; known: bpe, byte-bpe");
        wrong = run("", "tokenizer", "train", "--vocabulary-size", "20", "-o", "none.json", text.toString());
        assertThat(wrong.code).isEqualTo(2);
        assertThat(wrong.err).contains("a vocabulary of 20 is too small");
    }

    @ParameterizedTest
    @CsvSource({"char, --vocabulary-size", "char, --min-count", "char, --alphabet-limit", "char, --max-token-length",
            "word, --alphabet-limit", "byte-bpe, --alphabet-limit", "unigram, --min-count"})
    void whatATypeTakesNoNoticeOfIsRefused(String type, String option) {
        Result refused = run("", "tokenizer", "train", "--type", type, option, "300", "-o", "none.json", "nothing");
        assertThat(refused.code).isEqualTo(2);
        assertThat(refused.err).contains(option + " changes nothing of a tokenizer of type " + type);
    }

    @Test
    void noSpecialTokenIsAByte() {
        Result refused = run("", "tokenizer", "train", "--special", "|", "-o", "none.json", "nothing");
        assertThat(refused.code).isEqualTo(2);
        assertThat(refused.err).contains("the special token \"|\" is a character that byte-bpe writes a byte as");
    }

    @Test
    void saysWhatItDoesNotKnow() {
        Result none = run("", "tokenize", "--tokenizer", folder.resolve("none").toString(), "a");
        assertThat(none.code).isEqualTo(1);
        assertThat(none.err).startsWith("verbo: no such file: ").hasLineCount(1);
        assertThat(run("", "tokenize", "a").code).isEqualTo(2);
    }
}
