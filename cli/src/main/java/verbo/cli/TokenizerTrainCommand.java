// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;
import verbo.text.Corpus;
import verbo.text.Document;
import verbo.text.FormatException;
import verbo.text.IOConsumer;
import verbo.text.Json;
import verbo.text.Tokenizer;
import verbo.text.TokenizerTrainer;

/** {@code verbo tokenizer train}. */
@Command(name = "train", description = {"Learn a tokenizer from texts and write it as a tokenizer.json.", ""},
        footer = {
                "", "Examples:",
                "  verbo tokenizer train --type byte-bpe --vocabulary-size 32000 -o tokenizer.json books/*.txt",
                "  verbo tokenizer train --type unigram --vocabulary-size 8000 -o model.json corpus.jsonl",
                "  verbo tokenizer train --type wordpiece --normalizer bert-cased -o bert.json wiki.txt.gz",
                "  verbo tokenizer train --type word --min-count 3 --pre-tokenizer whitespace-split -o words.json wiki.train"})
final class TokenizerTrainCommand implements Callable<Integer> {
    /** Types by the names that {@link TokenizerTrainer.Type#label} gives them. */
    private static final class TypeName implements ITypeConverter<TokenizerTrainer.Type> {
        @Override
        public TokenizerTrainer.Type convert(String name) {
            try {
                return TokenizerTrainer.Type.of(name);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    @Parameters(arity = "1..*", paramLabel = "CORPUS",
            description = "Files, folders, globs, zip archives, .gz, .jsonl.")
    private List<String> locations = new ArrayList<>();

    @Option(names = "--type", paramLabel = "TYPE", converter = TypeName.class,
            description = {"What is learnt; byte-bpe if left out.",
                    "bpe: characters merged, as Hugging Face's trainer does it",
                    "byte-bpe: the same of bytes, as GPT-2's", "wordpiece: BERT's, ## inside words",
                    "unigram: SentencePiece's unigram language model",
                    "sentencepiece-bpe: characters merged, as SentencePiece does it", "word: the most frequent words",
                    "char: the characters"})
    private TokenizerTrainer.Type type = TokenizerTrainer.Type.BYTE_BPE;

    @Option(names = "--vocabulary-size", paramLabel = "N",
            description = "How many tokens at most (not of char); 32000 if left out.")
    private @Nullable Integer vocabularySize;

    @Option(names = {"--vocabulary", "--vocab-size"}, hidden = true)
    void otherwiseCalled(int size) {
        vocabularySize = size;
    }

    @Option(names = {"--min-count", "--min-frequency"}, paramLabel = "N",
            description = "Pairs (of word, words) seen less often are left out (not of unigram and char);"
                    + " 0 if left out.")
    private @Nullable Integer minimumCount;

    @Option(names = {"--alphabet-limit", "--limit-alphabet"}, paramLabel = "N",
            description = "How many characters the vocabulary has at most, the most frequent"
                    + " (not of byte-bpe, word and char); all if left out.")
    private @Nullable Integer alphabetLimit;

    @Option(names = "--coverage", paramLabel = "SHARE",
            description = "Share of the text whose characters are in the vocabulary (unigram, sentencepiece-bpe);"
                    + " 0.9995 if left out.")
    private @Nullable Double coverage;

    @Option(names = "--max-token-length", paramLabel = "N",
            description = "Of unigram and sentencepiece-bpe: no token is longer, in characters; 16 if left out."
                    + " Of bpe, byte-bpe and wordpiece: what is merged stays shorter than this, as with Hugging Face's"
                    + " max_token_length; of word: longer words are left out; any length if left out. Not of char.")
    private @Nullable Integer maximumLength;

    @Option(names = "--special", paramLabel = "TOKEN",
            description = "A special token, in the order of ids; may be repeated. In place of those usual for the type;"
                    + " the one for unknown text, where it is needed, comes first if it is not among them.")
    private @Nullable List<String> special;

    @Option(names = "--no-special", description = "No special token but the one for unknown text, where it is needed.")
    private boolean noSpecial;

    @Option(names = "--normalizer", paramLabel = "NAMES",
            description = "What is done to a text first, several with commas: none, nfc, nfd, nfkc, nfkd, lowercase,"
                    + " strip, strip-accents, nmt, bert, bert-cased, sentencepiece.")
    private @Nullable String normalizer;

    @Option(names = "--pre-tokenizer", paramLabel = "NAMES",
            description = "How a text is cut into words, several with commas: none, gpt2, cl100k, o200k, qwen2, bytes,"
                    + " whitespace, whitespace-split, bert, metaspace, punctuation, digits.")
    private @Nullable String preTokenizer;

    @Option(names = "--continuing-prefix", paramLabel = "TEXT",
            description = "What tokens inside a word begin with (bpe, wordpiece); ## for wordpiece if left out.")
    private @Nullable String prefix;

    @Option(names = "--word-end", paramLabel = "TEXT",
            description = "What tokens that end a word end with (bpe): </w>.")
    private @Nullable String wordEnd;

    @Option(names = "--byte-fallback",
            description = "Unknown characters are spelled in bytes (unigram, sentencepiece-bpe).")
    private boolean byteFallback;

    @Option(names = "--documents", paramLabel = "line|file", description = "What is a text of its own: each line of a"
            + " file, with its end, as where Hugging Face's trainers are given files; or each file. line if left out.")
    private Documents documents = Documents.LINE;

    @Option(names = "--include", paramLabel = "GLOB", description = "Which entries of a zip, or files of a folder.")
    private @Nullable String include;

    @Option(names = "--field", paramLabel = "NAME", description = "Field of a .jsonl object; text if left out.")
    private @Nullable String field;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "FILE",
            description = "Where to write; in a folder, tokenizer.json.")
    private Path out = Path.of("");

    @Mixin
    private CommonOptions common = new CommonOptions();

    /** What a text of its own is. */
    enum Documents {
        LINE, FILE
    }

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        TokenizerTrainer trainer = trainer();
        Path file = destination();
        List<Corpus> parts = new ArrayList<>();
        for (String location : locations) {
            parts.add(Corpus.open(location, Corpus.Options.DEFAULT.withEntries(include).withField(field)));
        }
        StageDisplay display = new StageDisplay(common.err(), Screen.error());
        Tokenizer tokenizer;
        try {
            tokenizer = trainer.train(parts.size() == 1 ? parts.get(0) : new All(parts), display);
        } finally {
            display.end();
        }
        tokenizer.save(file);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (common.json) {
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("type", type.label());
            report.put("vocabulary", tokenizer.size());
            if (type != TokenizerTrainer.Type.CHAR) { // which counts nothing
                report.put("words", trainer.words());
                report.put("characters", trainer.characters());
            }
            report.put("seconds", seconds);
            report.put("file", file.toString());
            common.print(report);
        } else {
            PrintWriter err = common.err();
            String counted = type == TokenizerTrainer.Type.CHAR ? ""
                    : String.format(Locale.ROOT, " from %,d characters, %,d different words,", trainer.characters(),
                            trainer.words());
            err.println(tokenizer + counted + String.format(Locale.ROOT, " in %.1f s -> ", seconds) + file);
            err.flush();
        }
        return 0;
    }

    /** Where to write. A text is easily named there by a glob that the shell expands, so only tokenizers are written over. */
    private Path destination() throws IOException {
        Path file = Files.isDirectory(out) ? out.resolve("tokenizer.json") : out;
        List<Path> files = new ArrayList<>();
        for (String location : locations) {
            try {
                files.add(Path.of(location));
            } catch (InvalidPathException e) {
                // a glob, where no path may have its signs
            }
        }
        Destination.checked(file, files);
        if (Files.isRegularFile(file) && Files.size(file) > 0 && !isTokenizer(file)) {
            throw new IllegalArgumentException(file + ": is there already and is no tokenizer.json; give another name");
        }
        return file;
    }

    private static boolean isTokenizer(Path file) throws IOException {
        if (Files.size(file) > 1L << 30) {
            return false;
        }
        try {
            return Json.read(file).containsKey("model");
        } catch (FormatException e) {
            return false;
        }
    }

    private TokenizerTrainer trainer() {
        if (noSpecial && special != null) {
            throw common.wrong("give --special or --no-special, not both");
        }
        refuse("--vocabulary-size", vocabularySize, TokenizerTrainer.Type.CHAR);
        refuse("--min-count", minimumCount, TokenizerTrainer.Type.CHAR, TokenizerTrainer.Type.UNIGRAM);
        refuse("--alphabet-limit", alphabetLimit, TokenizerTrainer.Type.CHAR, TokenizerTrainer.Type.WORD,
                TokenizerTrainer.Type.BYTE_BPE);
        refuse("--max-token-length", maximumLength, TokenizerTrainer.Type.CHAR);
        TokenizerTrainer trainer = TokenizerTrainer.of(type);
        try {
            if (vocabularySize != null) {
                trainer.vocabularySize(vocabularySize);
            }
            if (minimumCount != null) {
                trainer.minimumCount(minimumCount);
            }
            if (alphabetLimit != null) {
                trainer.alphabetLimit(alphabetLimit);
            }
            if (coverage != null) {
                trainer.coverage(coverage);
            }
            if (maximumLength != null) {
                trainer.maximumLength(maximumLength);
            }
            if (special != null || noSpecial) {
                trainer.special(special == null ? List.of() : special);
            }
            if (normalizer != null) {
                trainer.normalizer(normalizer);
            }
            if (preTokenizer != null) {
                trainer.preTokenizer(preTokenizer);
            }
            if (prefix != null) {
                trainer.continuingPrefix(prefix);
            }
            if (wordEnd != null) {
                trainer.wordEnd(wordEnd);
            }
            common.threads().ifPresent(trainer::threads);
            return trainer.byteFallback(byteFallback).lines(documents == Documents.LINE).checked();
        } catch (IllegalArgumentException e) {
            throw common.wrong(String.valueOf(e.getMessage()));
        }
    }

    /** Refuses an option of which some types take no notice. */
    private void refuse(String option, @Nullable Integer value, TokenizerTrainer.Type... without) {
        if (value != null && List.of(without).contains(type)) {
            throw common.wrong(option + " changes nothing of a tokenizer of type " + type.label() + "; leave it out");
        }
    }

    /** Several corpora, one after the other. */
    private record All(List<Corpus> parts) implements Corpus {
        @Override
        public void forEach(IOConsumer<Document> action) throws IOException {
            for (Corpus part : parts) {
                part.forEach(action);
            }
        }

        @Override
        public void forEachRun(RunConsumer action) throws IOException {
            for (Corpus part : parts) {
                part.forEachRun(action);
            }
        }

        @Override
        public long bytes() throws IOException {
            long bytes = 0;
            for (Corpus part : parts) {
                if (part.bytes() == 0) {
                    return 0;
                }
                bytes += part.bytes();
            }
            return bytes;
        }

        @Override
        public String name() {
            return parts.get(0).name() + " and others";
        }
    }
}
