// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.models.LanguageModels;
import verbo.text.AtomicFiles;
import verbo.text.Corpus;
import verbo.text.Document;
import verbo.text.FormatException;
import verbo.text.IOConsumer;
import verbo.text.Split;
import verbo.text.TokenFile;
import verbo.text.Tokenizer;
import verbo.text.TokenizerTrainer;
import verbo.text.WordLevelTokenizer;

/**
 * What a run learns from: its tokenizer, and the ids of both parts of its text, kept in the run's folder, so that a run that
 * is resumed sees the very same even if the text has changed since.
 */
record RunData(Tokenizer tokenizer, TokenFile train, TokenFile validation, boolean lines,
        double gzipBitsPerByte) implements AutoCloseable {
    /** In the folder of the ids: which documents are for validation, a name a line. */
    static final String VALIDATION_NAMES = "validation.txt";
    static final String GZIP = "gzipBitsPerByte";
    /** The text kept for a last test, in the folder of ids. */
    static final String TEST = "test.txt";
    private static final long IN_MEMORY = 100_000_000;

    /** Reads the text, gets or trains the tokenizer, and encodes. */
    static RunData prepare(RunConfiguration configuration, Path folder, int threads, TrainingListener listener)
            throws IOException {
        RunConfiguration.Data data = configuration.data();
        Loaded loaded = load(data.location(), data, listener);
        long documents = loaded.documents;
        Split split;
        Corpus learnt = loaded.corpus;
        if (data.test() > 0) {
            Split tested = Split.of(learnt, data.test(), configuration.seed());
            learnt = tested.train();
            writeText(tested.validation(), folder.resolve(TEST));
        }
        if (data.validationLocation() == null) {
            split = Split.of(learnt, data.validation() / (1 - data.test()), configuration.seed());
        } else {
            Loaded other = load(data.validationLocation(), data, listener);
            documents = Math.max(documents, other.documents);
            split = new Split(learnt, other.corpus);
        }
        Tokenizer tokenizer = tokenizer(configuration, documents > 1, split, threads, listener);
        if (data.options().lines() && tokenizer.separator().isEmpty()) {
            throw new IllegalArgumentException("data.documents: line needs a tokenizer with the token "
                    + Tokenizer.END_OF_TEXT + ", which keeps lines apart");
        }
        TokenFile train = TokenFile.cached(folder, split.train(), tokenizer, threads,
                (done, total) -> listener.preparing("encoding the training text", done, total));
        try {
            TokenFile validation = TokenFile.cached(folder, split.validation(), tokenizer, threads,
                    (done, total) -> listener.preparing("encoding the validation text", done, total));
            if (validation.documents() > 1 && !data.options().lines()) {
                writeNames(folder.resolve(VALIDATION_NAMES), split.validation());
            }
            return new RunData(tokenizer, train, validation, data.options().lines(),
                    GzipBaseline.bitsPerByte(split.validation(), data.options().lines()));
        } catch (IOException | RuntimeException e) {
            train.close();
            throw e;
        }
    }

    private static Loaded load(String location, RunConfiguration.Data data, TrainingListener listener)
            throws IOException {
        Corpus files = JdkSource.open(location, data.options(), listener::message);
        listener.message("reading " + files.name());
        Loaded loaded = Loaded.of(files);
        if (loaded.characters == 0) {
            throw new IllegalArgumentException(files.name() + ": there is no text in it");
        }
        return loaded;
    }

    private static void writeNames(Path file, Corpus documents) throws IOException {
        StringBuilder names = new StringBuilder();
        documents.forEach(document -> names.append(document.name()).append('\n'));
        AtomicFiles.write(file, out -> out.write(names.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Opens what {@link #describe} described; null if the files are not there as they were. */
    static @Nullable RunData reopen(Map<?, ?> described, Path folder, Tokenizer tokenizer, boolean lines)
            throws IOException {
        TokenFile train = reopen(described.get("train"), folder);
        if (train == null) {
            return null;
        }
        TokenFile validation = reopen(described.get("validation"), folder);
        if (validation == null) {
            train.close();
            return null;
        }
        return new RunData(tokenizer, train, validation, lines, Double.NaN);
    }

    private static @Nullable TokenFile reopen(@Nullable Object part, Path folder) throws IOException {
        if (!(part instanceof Map<?, ?> described && described.get("file") instanceof String name)) {
            return null;
        }
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            return null;
        }
        try {
            TokenFile tokens = TokenFile.open(file);
            if (tokens.digest().equals(described.get("digest"))) {
                return tokens;
            }
            tokens.close();
            return null;
        } catch (FormatException e) {
            return null;
        }
    }

    /** Whether the text is the very one that {@link #describe} described. */
    boolean isAsDescribed(@Nullable Object described) {
        return described instanceof Map<?, ?> parts && isAsDescribed(train, parts.get("train"))
                && isAsDescribed(validation, parts.get("validation"));
    }

    private static boolean isAsDescribed(TokenFile part, @Nullable Object described) {
        return described instanceof Map<?, ?> fields && part.digest().equals(fields.get("digest"));
    }

    /** What {@code training.json} says of the text. */
    Map<String, Object> describe() {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("train", describe(train));
        Map<String, Object> check = describe(validation);
        if (Double.isFinite(gzipBitsPerByte)) {
            check.put(GZIP, gzipBitsPerByte);
        }
        described.put("validation", check);
        return described;
    }

    private static Map<String, Object> describe(TokenFile part) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("digest", part.digest());
        described.put("documents", part.documents());
        described.put("bytes", part.bytes());
        described.put("tokens", part.length());
        described.put("file", part.file().getFileName().toString());
        return described;
    }

    /**
     * The training text as batches.
     *
     * @param streams
     *            how many places of a text are gone on from at once; 0 for windows anywhere
     */
    Batches trainBatches(int block, long seed, int streams) {
        if (!lines && streams > 0 && (train.length() - 1) / streams < block) {
            throw new IllegalArgumentException("the training text is too short: " + train.length()
                    + " tokens are less than " + streams + " streams of a block of " + block
                    + " tokens; give more text, a smaller model.block or a smaller batch");
        }
        if (!lines && train.length() <= block) {
            throw new IllegalArgumentException("the training text is too short: " + train.length() + " tokens, and "
                    + (block + 1) + " are needed for a block of " + block
                    + " and the token after it; give more text or a smaller model.block");
        }
        return batches(train, block, seed, streams);
    }

    /** The validation text, to be gone through. */
    Batches validationBatches(int block, int streams) {
        if (!lines && validation.length() < 2) {
            throw new IllegalArgumentException("the validation text is too short: " + validation.length()
                    + " token, and 2 are needed; give more text or a greater data.validation");
        }
        return batches(validation, block, 0, streams);
    }

    private Batches batches(TokenFile tokens, int block, long seed, int streams) {
        if (lines) {
            return new Batches.Documents(tokens, block, seed, tokenizer.separator().orElseThrow());
        }
        return streams > 0 ? new Batches.Streams(tokens, block, streams) : new Batches.Windows(tokens, block, seed);
    }

    private static Tokenizer tokenizer(RunConfiguration configuration, boolean several, Split split, int threads,
            TrainingListener listener) throws IOException {
        RunConfiguration.TokenizerChoice choice = configuration.tokenizer();
        Path init = configuration.init();
        if (choice.source() != null) {
            return Tokenizer.of(choice.source());
        }
        Tokenizer learnt = init != null && !choice.given() ? LanguageModels.tokenizer(init) : null;
        if (learnt != null) {
            return learnt;
        }
        if (init != null && !choice.given()) { // a new one's ids would mean nothing to it
            throw new IllegalArgumentException("init: " + init
                    + " has no tokenizer: name the one it was trained with (tokenizer: NAME|PATH)");
        }
        boolean separator = several || configuration.data().options().lines();
        if (choice.words()) {
            return WordLevelTokenizer.train(split.train(), choice.vocabulary(), (int) choice.minimumCount());
        }
        // Characters of the validation text have to be tokens too; other types have something for what they do not know.
        Corpus text = choice.type() == TokenizerTrainer.Type.CHAR ? both(split) : split.train();
        return choice.trainer(separator).threads(threads).train(text,
                (stage, unit, done, total) -> listener.preparing("training the tokenizer: " + stage, done, total));
    }

    /** Writes documents one after the other, each ended by a new line. */
    private static void writeText(Corpus corpus, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        AtomicFiles.write(file, out -> corpus.forEach(document -> {
            out.write(document.text().getBytes(StandardCharsets.UTF_8));
            if (!document.text().endsWith("\n")) {
                out.write('\n');
            }
        }));
    }

    private static Corpus both(Split split) {
        return new Corpus() {
            @Override
            public void forEach(IOConsumer<Document> action) throws IOException {
                split.train().forEach(action);
                split.validation().forEach(action);
            }

            @Override
            public String name() {
                return split.train().name();
            }
        };
    }

    /** A corpus, in memory unless it is large: it is read several times. */
    private record Loaded(Corpus corpus, long documents, long characters) {
        static Loaded of(Corpus files) throws IOException {
            List<Document> held = new ArrayList<>();
            long[] counts = new long[2];
            files.forEach(document -> {
                counts[0]++;
                counts[1] += document.text().length();
                if (counts[1] <= IN_MEMORY) {
                    held.add(document);
                } else {
                    held.clear();
                }
            });
            return new Loaded(counts[1] <= IN_MEMORY ? Corpus.of(files.name(), held) : files, counts[0], counts[1]);
        }
    }

    @Override
    public void close() {
        train.close();
        validation.close();
    }
}
