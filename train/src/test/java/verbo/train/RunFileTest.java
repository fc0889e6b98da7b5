// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.TokenizerTrainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

final class RunFileTest {
    @TempDir
    Path folder;

    @Test
    void readsWhatIsThereAndKnowsTheRest() throws IOException {
        Files.writeString(folder.resolve("text.txt"), "a");
        RunConfiguration c = read("""
                task: language-model
                run: somewhere
                data: text.txt
                tokenizer: {type: char}
                steps: 2_000
                optimizer:
                  rate: 3e-4   # as a text in YAML 1.1
                sample:
                  prompt: 17
                """);
        assertThat(c.run()).isEqualTo(Path.of("somewhere"));
        assertThat(c.name()).isEqualTo("run");
        assertThat(c.data().location()).isEqualTo(folder.resolve("text.txt").toString());
        assertThat(c.data().validation()).isEqualTo(0.1);
        assertThat(c.tokenizer().type()).isEqualTo(TokenizerTrainer.Type.CHAR);
        assertThat(c.steps()).isEqualTo(2000);
        assertThat(c.optimizer().rate()).isEqualTo(3e-4);
        assertThat(c.optimizer().minimumRate()).isEqualTo(3e-4 / 10);
        assertThat(c.sample().prompt()).isEqualTo("17");
        assertThat(c.sample().every()).isEqualTo(250);
        assertThat(c.metrics().perplexity()).isTrue();
    }

    @Test
    void theCommandLineGoesFirst() throws IOException {
        RunConfiguration c = read("""
                task: language-model
                data:
                  path: a.zip
                  include: "**.java"
                  validation: 0.2
                model: {layers: 2, heads: 2}
                """, "data=b.txt", "model.heads=8", "sample.prompt='ROMEO: '", "steps=7", "run=",
                "metrics={perplexity: no}");
        assertThat(c.data().location()).endsWith("/b.txt");
        assertThat(c.data().options().entries()).isNull();
        assertThat(c.data().validation()).isEqualTo(0.1);
        assertThat(c.model().layers()).isEqualTo(2);
        assertThat(c.model().heads()).isEqualTo(8);
        assertThat(c.sample().prompt()).isEqualTo("ROMEO: ");
        assertThat(c.steps()).isEqualTo(7);
        assertThat(c.run()).isNull();
        assertThat(c.metrics().perplexity()).isFalse();
    }

    @Test
    void aPathIsLookedForHereAndThenBesideTheRunFile() throws IOException {
        assertThat(read("task: language-model\ndata: nowhere/*.txt").data().location())
                .isEqualTo(Path.of("").toAbsolutePath() + "/nowhere/*.txt");
        Files.createDirectory(folder.resolve("books"));
        Files.writeString(folder.resolve("books/a.txt"), "a");
        for (String odd : new String[]{"odd-name [1].txt", "hey!you.txt", "odd[.txt"}) {
            Files.writeString(folder.resolve(odd), "a");
            assertThat(read("task: language-model\ndata: \"" + odd + "\"").data().location())
                    .isEqualTo(folder + "/" + odd);
        }
        assertThat(read("task: language-model\ndata: \"odd-*.txt\"").data().location())
                .isEqualTo(folder + "/odd-*.txt");
        assertThat(read("task: language-model\ndata: books/*.txt").data().location())
                .isEqualTo(folder + "/books/*.txt");
        assertThat(read("task: language-model\ndata: jdk:src.zip").data().location()).isEqualTo("jdk:src.zip");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            textBlock = """
                    lerning_rate: 3                | unknown key 'lerning_rate'; did you mean 'optimizer.rate'?
                    optimizer: {lr: 1}             | unknown key 'optimizer.lr'; did you mean 'optimizer.rate'?
                    optimizer: {warmpu: 1}         | unknown key 'optimizer.warmpu'; did you mean 'optimizer.warmup'?
                    step: 3                        | unknown key 'step'; did you mean 'steps'?
                    tokeniser: gpt2                | unknown key 'tokeniser'; did you mean 'tokenizer'?
                    dat: x                         | unknown key 'dat'; did you mean 'data'?
                    modell: x                      | unknown key 'modell'; did you mean 'model'?
                    modell: {layers: 2}            | unknown key 'modell.layers'; did you mean 'model.layers'?
                    foo: 1                         | unknown key 'foo'; docs/run-file.md tells of those there are
                    device: cpu                    | unknown key 'device'; docs/run-file.md tells of those there are
                    model: {colour: red}           | unknown key 'model.colour'; docs/run-file.md tells of those there are
                    block_size: 3                  | unknown key 'block_size'; did you mean 'model.block'?
                    model: {n_head: 3}             | unknown key 'model.n_head'; did you mean 'model.heads'?
                    chekpoint: {every: 3}          | unknown key 'chekpoint.every'; did you mean 'checkpoint.every'?
                    evaluate: {evry: 3}            | unknown key 'evaluate.evry'; did you mean 'evaluate.every'?
                    steps: many                    | steps must be a whole number, 1 or more, not 'many'
                    steps: 1.5                     | steps must be a whole number, 1 or more, not '1.5'
                    optimizer: {rate: 1e-3f}       | optimizer.rate must be a number, 0 or more, not '1e-3f'
                    optimizer: {rate: 0x1p-3}      | optimizer.rate must be a number, 0 or more, not '0x1p-3'
                    steps: 0                       | steps must be a whole number, 1 or more, not '0'
                    steps: 99999999999             | steps must be a whole number from 1 to 2147483647, not '99999999999'
                    steps: {every: 2}              | steps must be a whole number, 1 or more, not a map
                    steps: [1, 2]                  | steps must be a whole number, 1 or more, not a list
                    optimizer: 3                   | optimizer must be a map (optimizer.type, optimizer.schedule
                    optimizer: {rate: NaN}         | optimizer.rate must be a number, 0 or more, not 'NaN'
                    optimizer: {divisor: 0}        | optimizer.divisor must be a number above 0, not '0'
                    optimizer: {beta1: 1.0}        | optimizer.beta1 must be a number from 0 to below 1, not '1.0'
                    model: {bias: perhaps}         | model.bias must be true or false, not 'perhaps'
                    model: {family: lsmt}          | model.family must be one of gpt, nplm, rnn, lstm, gru, not 'lsmt'
                    tokenizer: {type: letters}     | tokenizer.type must be one of bpe, byte-bpe, wordpiece, unigram, sentencepiece-bpe, word, char, words, not 'letters'
                    tokenizer: {type: characters}  | tokenizer.type must be one of bpe, byte-bpe, wordpiece
                    task: language-model           | the key 'task' is given twice
                    steps: *a                      | steps is *a, a YAML alias, which run files do not have
                    """)
    void aMistakeIsNamedWithItsLine(String line, String message) {
        assertThatThrownBy(() -> read("task: language-model\ndata: x\n\n" + line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("run file " + folder.resolve("run.yaml") + ", line 4: " + message)
                .message().doesNotContain("\n");
    }

    @Test
    void aMistakeOfTheCommandLineIsNamedToo() {
        assertThatThrownBy(() -> read("task: language-model\ndata: x", "stps=3"))
                .hasMessage("--set stps=3: unknown key 'stps'; did you mean 'steps'?");
        assertThatThrownBy(() -> read("task: language-model\ndata: x", "steps=x"))
                .hasMessage("--set steps=x: steps must be a whole number, 1 or more, not 'x'");
        assertThatThrownBy(() -> read("task: language-model\ndata: x", "steps"))
                .hasMessage("--set steps: must be key=value");
        assertThatThrownBy(() -> read("task: language-model\ndata: x", "model={layers: [1]}"))
                .isInstanceOf(OverrideException.class)
                .hasMessage("--set model={layers: [1]}: model.layers must be a whole number, 1 or more, not a list");
        assertThatThrownBy(() -> read("task: language-model\ndata: x", "model={layers: 1, layers: 2}"))
                .isInstanceOf(OverrideException.class).hasMessageContaining("given twice");
    }

    @Test
    void whatMustBeGivenIsAskedFor() throws IOException {
        assertThatThrownBy(() -> read("data: x")).hasMessageContaining("the key 'task' is missing");
        assertThatThrownBy(() -> read("task: language-model")).hasMessageContaining("the key 'data' is missing");
        assertThatThrownBy(() -> read("task: language-model\ndata: x\nmodel: {heads: 3, width: 128}"))
                .hasMessageContaining("model.width 128 must be a multiple of model.heads, 3");
        assertThatThrownBy(() -> read("task: language-model\ndata: x\nmodel: {heads: 4}", "model.family=lstm"))
                .hasMessageContaining("model.heads is not of the family lstm: leave it out (--set model.heads= does)");
        assertThat(read("task: language-model\ndata: x\nmodel: {heads: 4}", "model.family=lstm", "model.heads=").model()
                .family()).isEqualTo("lstm");
        assertThatThrownBy(() -> read("task: language-model\ndata: x\ninit: y\nmodel: {heads: 4}"))
                .hasMessageContaining("model.heads cannot be given with init");
        assertThatThrownBy(() -> read("task: language-model\ndata: x\ninit: y"))
                .isInstanceOf(java.nio.file.NoSuchFileException.class).hasMessageContaining("y");
        assertThatThrownBy(() -> RunConfiguration.read(folder.resolve("none.yaml"), List.of()))
                .isInstanceOf(NoSuchFileException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            textBlock = """
                    tokenizer: {type: words, normalizer: nfc}         | tokenizer.normalizer is not of tokenizer.type words
                    tokenizer: {path: words, preTokenizer: bert}      | tokenizer.preTokenizer is not of tokenizer.type words
                    tokenizer: {type: char, vocabulary: 300}          | tokenizer.vocabulary is not of tokenizer.type char
                    tokenizer: {path: char, minimumCount: 3}          | tokenizer.minimumCount is not of tokenizer.type char
                    tokenizer: {type: unigram, minimumCount: 3}       | tokenizer.minimumCount is not of tokenizer.type unigram
                    tokenizer: {path: gpt2, vocabulary: 300}          | tokenizer.vocabulary is not of a tokenizer that is named
                    tokenizer: {path: gpt2, minimumCount: 3}          | tokenizer.minimumCount is not of a tokenizer that is named
                    optimizer: {momentum: 0.9}                        | optimizer.momentum is not of optimizer.type adamw
                    optimizer: {type: sgd, beta1: 0.9}                | optimizer.beta1 is not of optimizer.type sgd
                    optimizer: {type: sgd, epsilon: 0.9}              | optimizer.epsilon is not of optimizer.type sgd
                    optimizer: {divisor: 2}                           | optimizer.divisor is not of optimizer.schedule cosine
                    optimizer: {schedule: plateau, minimumRate: 1e-6} | optimizer.minimumRate is not of optimizer.schedule plateau
                    """)
    void whatWouldMeanNothingIsRefused(String line, String message) {
        String key = message.substring(0, message.indexOf(' '));
        assertThatThrownBy(() -> read("task: language-model\ndata: x\n" + line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith(": " + message + ": leave it out (--set " + key + "= does)");
    }

    @Test
    void whatMeansSomethingIsNot() throws IOException {
        String head = "task: language-model\ndata: x\n";
        assertThat(read(head + "optimizer: {beta2: 0.9}", "optimizer.type=sgd", "optimizer.beta2=").optimizer().type())
                .isEqualTo("sgd");
        assertThat(read(head + "optimizer: {type: sgd, momentum: 0.9, schedule: plateau, divisor: 2}").optimizer()
                .divisor()).isEqualTo(2);
        assertThat(read(head + "tokenizer: {path: word, vocabulary: 300, minimumCount: 1}").tokenizer().vocabulary())
                .isEqualTo(300);
        assertThat(read(head + "tokenizer: {type: unigram, vocabulary: 300}").tokenizer().vocabulary()).isEqualTo(300);
        assertThat(read("task: language-model\ndata: {path: x, validationPath: y, test: 0.95}").data().test())
                .isEqualTo(0.95);
        assertThatThrownBy(() -> read("task: language-model\ndata: {path: x, test: 0.95}"))
                .hasMessageContaining("leave nothing to learn from");
    }

    @Test
    void whatIsNoYamlMapIsRefused() {
        for (String text : List.of("", "# nothing", "- a\n- b", "just text", "a: [1,", "a: b: c",
                "task: x\n---\ntask: y",
                "\u0000", "a: &x 1\n\tb: 2")) {
            assertThatThrownBy(() -> read(text)).as(text)
                    .isInstanceOfAny(FormatException.class, IllegalArgumentException.class)
                    .message().contains("run.yaml").doesNotContain("\n");
        }
    }

    @Test
    void trainingJsonGivesTheSameConfiguration() throws IOException {
        RunConfiguration c = read("task: language-model\ndata: x\nsteps: 3\nsample: {prompt: \"a\n'b\"}\nseed: -5");
        Path json = folder.resolve("training.json");
        Json.write(json, java.util.Map.of("configuration", c.nested(), "engine", "e"));
        RunConfiguration again = RunConfiguration.fromTraining(json);
        assertThat(again.values()).isEqualTo(c.values());
        assertThat(again.sample()).isEqualTo(c.sample());
        assertThat(again.optimizer()).isEqualTo(c.optimizer());
        assertThat(again.seed()).isEqualTo(-5);
    }

    private RunConfiguration read(String text, String... overrides) throws IOException {
        Path file = folder.resolve("run.yaml");
        Files.writeString(file, text);
        return RunConfiguration.read(file, List.of(overrides));
    }

    @Test
    void aTokenizerIsNamedReadOrTrained() throws IOException {
        String rest = "task: language-model\ndata: x\ntokenizer: ";
        assertThat(read(rest + "gpt2").tokenizer().source()).isEqualTo("gpt2");
        Files.writeString(folder.resolve("vocab.txt"), "[UNK]");
        assertThat(read(rest + "vocab.txt").tokenizer().source()).isEqualTo(folder.resolve("vocab.txt").toString());
        assertThat(read(rest + "unigram").tokenizer().source()).isNull();
        assertThat(read(rest + "unigram").tokenizer().type()).isEqualTo(TokenizerTrainer.Type.UNIGRAM);
        assertThat(read(rest + "{type: byte-bpe}").tokenizer().type()).isEqualTo(TokenizerTrainer.Type.BYTE_BPE);
        assertThatThrownBy(() -> read(rest + "{type: byte-bpe, preTokenizer: bert}"))
                .hasMessageContaining("tokenizer: byte-bpe needs a pre-tokenizer that writes bytes");
        assertThatThrownBy(() -> read(rest + "{path: gpt2, type: char}")).hasMessageContaining("leave one of them out");
    }

    @Test
    void theCommandLineTrainsATokenizerInPlaceOfOneThatIsNamed() throws IOException {
        String named = "task: language-model\ndata: x\ntokenizer: ";
        for (String one : List.of("char", "gpt2", "{path: gpt2}")) {
            RunConfiguration.TokenizerChoice choice = read(named + one, "tokenizer.type=unigram").tokenizer();
            assertThat(choice.source()).isNull();
            assertThat(choice.type()).isEqualTo(TokenizerTrainer.Type.UNIGRAM);
        }
        assertThat(read(named + "{type: char}", "tokenizer.path=gpt2").tokenizer().source()).isEqualTo("gpt2");
    }

    @Test
    void aFolderAndBytesAreNoRunFile() throws IOException {
        assertThatThrownBy(() -> RunConfiguration.read(folder, List.of()))
                .hasMessageContaining(folder + ": is a folder");
        Path bytes = Files.write(folder.resolve("b.yaml"), new byte[]{'a', (byte) 0xFF});
        assertThatThrownBy(() -> RunConfiguration.read(bytes, List.of()))
                .hasMessage(bytes + ": not UTF-8 text, at byte 1");
    }
}
