// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TokenFileTest {
    private static final CharacterTokenizer LETTERS = CharacterTokenizer.of("abcé", true);

    @TempDir
    Path folder;

    private static Corpus corpus(String... texts) {
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            documents.add(new Document("d" + i, texts[i]));
        }
        return Corpus.of("test", documents);
    }

    private static int[] all(TokenFile file) {
        int[] ids = new int[Math.toIntExact(file.length())];
        file.read(0, ids, 0, ids.length);
        for (int i = 0; i < ids.length; i++) {
            assertThat(file.get(i)).isEqualTo(ids[i]);
        }
        return ids;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
        }
    }

    @Test
    void documentsAreFollowedByTheSeparator() throws IOException {
        Path path = folder.resolve("t.bin");
        try (TokenFile file = TokenFile.create(path, corpus("ab", "c", "éa"), LETTERS, 1, Progress.NONE)) {
            assertThat(all(file)).containsExactly(0, 1, 4, 2, 4, 3, 0, 4);
            assertThat(file.documents()).isEqualTo(3);
            assertThat(new long[]{file.documentStart(0), file.documentStart(1), file.documentStart(2),
                    file.documentStart(3)}).containsExactly(0, 3, 5, 8);
            assertThat(file.bytes()).isEqualTo(6);
            assertThat(file.vocabularySize()).isEqualTo(5);
            assertThat(file.separator()).hasValue(4);
            int[] into = {-1, -1, -1, -1};
            file.read(3, into, 1, 2);
            assertThat(into).containsExactly(-1, 2, 4, -1);
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> file.get(8));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> file.read(7, into, 0, 2));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> file.read(0, into, 3, 2));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> file.documentStart(4));
        }
        assertThat(Files.size(path)).isEqualTo(128 + 16 + 24);
    }

    @Test
    void oneDocumentOrNoSeparatorStandsAlone() throws IOException {
        try (TokenFile file = TokenFile.create(folder.resolve("t.bin"), corpus("abc"), LETTERS, 1, Progress.NONE)) {
            assertThat(all(file)).containsExactly(0, 1, 2);
            assertThat(file.separator()).isEmpty();
        }
        CharacterTokenizer plain = CharacterTokenizer.of("ab", false);
        try (TokenFile file = TokenFile.create(folder.resolve("t.bin"), corpus("a", "b"), plain, 1, Progress.NONE)) {
            assertThat(all(file)).containsExactly(0, 1);
            assertThat(file.documentStart(1)).isEqualTo(1);
        }
    }

    @Test
    void idsBeyondTwoBytesTakeFour() throws IOException {
        StringBuilder characters = new StringBuilder();
        for (int c = 0x10000; c < 0x10000 + 70_000; c++) {
            characters.appendCodePoint(c);
        }
        String text = characters.toString();
        CharacterTokenizer wide = CharacterTokenizer.of(text, false);
        try (TokenFile file = TokenFile.create(folder.resolve("t.bin"), corpus(text), wide, 1, Progress.NONE)) {
            int[] ids = new int[70_000];
            file.read(0, ids, 0, ids.length);
            assertThat(ids).isEqualTo(wide.encode(text)).endsWith(69_999);
            assertThat(file.get(69_999)).isEqualTo(69_999);
        }
        String most = text.substring(0, 2 * 65_536);
        CharacterTokenizer narrow = CharacterTokenizer.of(most, false);
        try (TokenFile file = TokenFile.create(folder.resolve("t.bin"), corpus(most), narrow, 1, Progress.NONE)) {
            assertThat(file.get(65_535)).isEqualTo(65_535);
        }
        assertThat(Files.size(folder.resolve("t.bin"))).isEqualTo(128 + 2 * 65_536 + 8);
    }

    @Test
    void theNumberOfThreadsChangesNothing() throws IOException {
        SplittableRandom random = new SplittableRandom(10);
        String[] texts = new String[10_000];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = "x" + RandomTexts.next(random);
        }
        Corpus corpus = corpus(texts);
        ByteLevelBpe tokenizer = ByteLevelBpe.train(corpus, new ByteLevelBpe.Training(400, 0, true, 1), Progress.NONE);
        byte[][] made = new byte[3][];
        for (int i = 0; i < 3; i++) {
            Path path = folder.resolve("t" + i + ".bin");
            TokenFile.create(path, corpus, tokenizer, i + 1, Progress.NONE).close();
            made[i] = Files.readAllBytes(path);
        }
        assertThat(made[1]).isEqualTo(made[0]);
        assertThat(made[2]).isEqualTo(made[0]);
        try (TokenFile file = TokenFile.open(folder.resolve("t2.bin"))) {
            int[] ids = new int[(int) (file.documentStart(7001) - file.documentStart(7000)) - 1];
            file.read(file.documentStart(7000), ids, 0, ids.length);
            assertThat(ids).isEqualTo(tokenizer.encode(texts[7000]));
            assertThat(file.bytes()).isEqualTo(
                    Arrays.stream(texts).mapToLong(t -> t.getBytes(StandardCharsets.UTF_8).length).sum());
        }
    }

    @Test
    void theCacheKnowsWhatItWasMadeOf() throws IOException {
        long[] encoded = {0};
        Progress progress = (done, total) -> {
            encoded[0] = done;
            assertThat(total).isEqualTo(3);
        };
        String digest;
        try (TokenFile file = TokenFile.cached(folder, corpus("ab", "c"), LETTERS, 1, progress)) {
            digest = file.digest();
            assertThat(encoded[0]).isEqualTo(3);
        }
        encoded[0] = 0;
        try (TokenFile file = TokenFile.cached(folder, corpus("ab", "c"), LETTERS, 2, progress)) {
            assertThat(file.digest()).isEqualTo(digest);
            assertThat(encoded[0]).as("nothing was encoded again").isZero();
        }
        // another text, other documents of the same text, another name, another tokenizer
        Corpus renamed = Corpus.of("test", List.of(new Document("d0", "ab"), new Document("e", "c")));
        for (Corpus other : List.of(corpus("ac", "c"), corpus("a", "bc"), renamed)) {
            TokenFile.cached(folder, other, LETTERS, 1, Progress.NONE).close();
        }
        TokenFile.cached(folder, corpus("ab", "c"), CharacterTokenizer.of("abc", true), 1, Progress.NONE).close();
        assertThat(names()).hasSize(5).allMatch(name -> name.matches("tokens-[0-9a-f]{16}\\.bin"));
    }

    @Test
    void aDamagedCacheIsMadeAnew() throws IOException {
        Corpus corpus = corpus("ab", "c");
        TokenFile.cached(folder, corpus, LETTERS, 1, Progress.NONE).close();
        Path path = folder.resolve(names().get(0));
        byte[] whole = Files.readAllBytes(path);
        for (byte[] bad : new byte[][]{new byte[0], Arrays.copyOf(whole, 100), Arrays.copyOf(whole, whole.length - 1),
                "something else".getBytes(StandardCharsets.UTF_8)}) {
            Files.write(path, bad);
            TokenFile.cached(folder, corpus, LETTERS, 1, Progress.NONE).close();
            assertThat(Files.readAllBytes(path)).isEqualTo(whole);
        }
        // a sound file of another corpus under this name
        TokenFile.create(path, corpus("c"), LETTERS, 1, Progress.NONE).close();
        TokenFile.cached(folder, corpus, LETTERS, 1, Progress.NONE).close();
        assertThat(Files.readAllBytes(path)).isEqualTo(whole);
    }

    private static void refused(Path path, byte[] bytes, String message) throws IOException {
        Files.write(path, bytes);
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> TokenFile.open(path))
                .withMessageStartingWith(path + ": ").withMessageContaining(message);
    }

    private static byte[] patched(byte[] file, int at, long value, boolean mendCrc) {
        ByteBuffer bytes = ByteBuffer.wrap(file.clone()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(at, value);
        if (mendCrc) {
            CRC32 crc = new CRC32();
            crc.update(bytes.slice(0, 124));
            bytes.putInt(124, (int) crc.getValue());
        }
        return bytes.array();
    }

    @Test
    void aDamagedFileIsRefused() throws IOException {
        Path path = folder.resolve("t.bin");
        TokenFile.create(path, corpus("ab", "c"), LETTERS, 1, Progress.NONE).close();
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length; length++) {
            refused(path, Arrays.copyOf(whole, length), length < 8 ? "not a token file" : "truncated");
        }
        refused(path, Arrays.copyOf(whole, whole.length + 1), "too long");
        refused(path, patched(whole, 0, 0, true), "not a token file");
        refused(path, patched(whole, 8, 99, true), "version 99");
        refused(path, patched(whole, 16, 6, false), "the header is damaged");
        for (long tokens : new long[]{-1, Long.MAX_VALUE, Long.MAX_VALUE / 2, 1L << 62}) {
            refused(path, patched(whole, 16, tokens, true), "impossible numbers");
            refused(path, patched(whole, 24, tokens, true), "impossible numbers");
        }
        refused(path, patched(whole, 8, 1 | (3L << 32), true), "impossible numbers");
        refused(path, patched(whole, 16, 50, true), "truncated");
        refused(path, patched(whole, whole.length - 8, 99, true), "document 1 starts at token 99");
        refused(path, patched(whole, whole.length - 16, 4, true), "document 1 starts at token 3, out of order");
    }

    @Test
    void aCharacterOutsideTheVocabularyNamesItsDocument() throws IOException {
        for (int threads = 1; threads <= 2; threads++) {
            int n = threads;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> TokenFile.cached(folder, corpus("a", "bx", "y"), LETTERS, n, Progress.NONE))
                    .withMessage("d1: the character 'x' U+0078 at index 1 is not in the tokenizer's vocabulary");
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aCorpusThatChangesWhileItIsReadIsNoticed() throws IOException {
        int[] reads = {0};
        Corpus changing = new Corpus() {
            @Override
            public void forEach(IOConsumer<Document> action) throws IOException {
                action.accept(new Document("d", reads[0]++ == 0 ? "a" : "b"));
            }

            @Override
            public String name() {
                return "changing";
            }
        };
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> TokenFile.cached(folder, changing, LETTERS, 1, Progress.NONE))
                .withMessageContaining("the corpus changing changed while it was read");
        assertThat(names()).isEmpty();
    }

    @Test
    void moreThanTwoGibibytesAreMapped() throws IOException {
        Path small = folder.resolve("small.bin");
        TokenFile.create(small, corpus("abc"), LETTERS, 1, Progress.NONE).close();
        long tokens = (1L << 30) + 5;
        byte[] header = patched(Arrays.copyOf(Files.readAllBytes(small), 128), 16, tokens, true);
        Path large = folder.resolve("large.bin");
        // mostly a hole, which takes no room on the disk
        try (FileChannel channel = FileChannel.open(large, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(header));
            channel.write(ByteBuffer.wrap(new byte[]{3, 0}), 128 + 2 * (tokens - 1));
            channel.write(ByteBuffer.allocate(8), 128 + (2 * tokens + 7) / 8 * 8);
        }
        try (TokenFile file = TokenFile.open(large)) {
            assertThat(file.length()).isEqualTo(tokens);
            assertThat(file.get(tokens - 1)).isEqualTo(3);
            int[] last = new int[3];
            file.read(tokens - 3, last, 0, 3);
            assertThat(last).containsExactly(0, 0, 3);
        }
    }

    @Test
    void tokenizersOfOneFileThatReadSpecialTokensOtherwiseAreKeptApart() throws IOException {
        Tokenizer builtIn = Tokenizer.of("gpt2");
        builtIn.save(folder.resolve("tokenizer.json"));
        Tokenizer loaded = Tokenizer.load(folder.resolve("tokenizer.json"));
        assertThat(loaded.json()).isEqualTo(builtIn.json());
        Corpus corpus = corpus("a<|endoftext|>b");
        for (Tokenizer tokenizer : List.of(builtIn, loaded)) {
            try (TokenFile file = TokenFile.cached(folder, corpus, tokenizer, 1, Progress.NONE)) {
                assertThat(all(file)).isEqualTo(tokenizer.encode("a<|endoftext|>b"));
            }
        }
    }

    @Test
    void idsMayHaveGaps() throws IOException {
        Tokenizer tokenizer = TokenizerJson.read(Path.of("t.json"), """
                {"added_tokens": [{"id": 5, "content": "<x>", "special": true}],
                 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}""");
        try (TokenFile file = TokenFile.create(folder.resolve("t.bin"), corpus("ab<x>"), tokenizer, 1,
                Progress.NONE)) {
            assertThat(all(file)).containsExactly(0, 1, 5);
        }
    }

    @Test
    void aVocabularyThatGrowsIsRefused() throws IOException {
        Tokenizer open = Tokenizer.of("word");
        open.encode("a");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenFile.create(folder.resolve("t.bin"), corpus("a b c"), open, 1, Progress.NONE))
                .withMessageContaining("does not grow");
        assertThat(names()).isEmpty();
    }
}
