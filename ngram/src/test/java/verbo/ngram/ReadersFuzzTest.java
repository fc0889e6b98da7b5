// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;
import verbo.ngram.identify.IdentifierTrainer;
import verbo.ngram.identify.LanguageIdentifier;
import verbo.text.FormatException;
import verbo.text.Progress;

/**
 * Malformed files must be refused with a {@link FormatException}, never crash or hang. In the ordinary build the inputs
 * under {@code src/test/resources} are tried; {@code JAZZER_FUZZ=1 mvn test -pl ngram -Dtest=ReadersFuzzTest} looks for new
 * ones.
 */
final class ReadersFuzzTest {
    private static final String ARPA = """
            \\data\\
            ngram 1=4
            ngram 2=2

            \\1-grams:
            -1\t<unk>
            0\t<s>\t-0.3
            -1\t</s>
            -0.5\ta\t-0.2

            \\2-grams:
            -0.2\t<s> a
            -0.1\ta </s>

            \\end\\
            """;

    @FuzzTest(maxDuration = "60s")
    void arpa(byte[] bytes) throws IOException {
        // as it is, and put over a good file
        readArpa(bytes);
        byte[] good = ARPA.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        if (bytes.length > 1) {
            int at = (bytes[0] & 0xFF) % good.length;
            byte[] spliced = Arrays.copyOf(good, Math.max(good.length, at + bytes.length - 1));
            System.arraycopy(bytes, 1, spliced, at, bytes.length - 1);
            readArpa(spliced);
        }
    }

    private static void readArpa(byte[] bytes) throws IOException {
        Path folder = Files.createTempDirectory("arpa");
        Path file = folder.resolve("fuzz.arpa");
        Path out = folder.resolve("fuzz.bin");
        try {
            Files.write(file, bytes);
            NgramFiles.convert(file, out, Form.SMALL, 1 << 20, 1);
            try (NgramModel model = NgramModel.open(out)) {
                model.verify();
            }
        } catch (FormatException e) {
            // refused, as it should be
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(out);
            Files.delete(folder);
        }
    }

    /** A model of language identification with some bytes changed, its checksum made right again. */
    @FuzzTest(maxDuration = "60s")
    void identifier(byte[] bytes) throws IOException {
        Path folder = Files.createTempDirectory("identifier");
        Path file = folder.resolve("fuzz.bin");
        try {
            SequencedMap<String, IdentifierTrainer.Lines> texts = new LinkedHashMap<>();
            texts.put("en", action -> action.accept("the sea and the ship"));
            texts.put("pt", action -> action.accept("o mar e o navio"));
            IdentifierTrainer.train(texts, file, new IdentifierTrainer.Options(5, 100_000), Progress.NONE);
            byte[] model = Files.readAllBytes(file);
            for (int i = 0; i + 2 < bytes.length; i += 3) {
                int at = 8 + ((bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF) % (model.length - 8);
                model[at] = bytes[i + 2];
            }
            CRC32C crc = new CRC32C();
            crc.update(model, 40, model.length - 40);
            ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN).putLong(32, crc.getValue());
            Files.write(file, model);
            LanguageIdentifier identifier = LanguageIdentifier.open(file);
            identifier.identify("the ship e o mar");
            identifier.ranking("navio");
        } catch (FormatException e) {
            // refused, as it should be
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }

    /** A whole model with some bytes changed, the checksum of its header made right again. */
    @FuzzTest(maxDuration = "60s")
    void binary(byte[] bytes) throws IOException {
        Path folder = Files.createTempDirectory("binary");
        Path text = folder.resolve("text.txt");
        Path out = folder.resolve("fuzz.bin");
        try {
            Files.writeString(text, "a b c\na b\nc c a\n");
            Form form = bytes.length > 0 && (bytes[0] & 1) != 0 ? Form.FAST : Form.SMALL;
            NgramFiles.estimate(text, out, new Estimation(3, 1 << 24, 1, Discounts.FALLBACK, form));
            byte[] model = Files.readAllBytes(out);
            boolean changed = false;
            for (int i = 1; i + 2 < bytes.length; i += 3) {
                int at = 8 + ((bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF) % 300;
                changed |= model[at] != bytes[i + 2];
                model[at] = bytes[i + 2];
            }
            CRC32C crc = new CRC32C();
            crc.update(model, 0, 4088);
            ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN).putLong(4088, crc.getValue());
            Files.write(out, model);
            ask(out, changed);
        } finally {
            for (Path file : List.of(text, out, folder)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void ask(Path file, boolean changed) throws IOException {
        try (NgramModel model = NgramModel.open(file)) {
            History history = model.beginHistory();
            for (int id = 0; id < Math.min(20, model.vocabularySize()); id++) {
                History next = model.emptyHistory();
                model.score(history, id, next);
                history = next;
            }
            int[] ids = IntStream.range(0, Math.min(20, model.vocabularySize())).toArray();
            model.scorer().score(ids, 0, ids.length, new float[ids.length]);
            model.vocabulary().id("a");
            model.verify();
        } catch (FormatException e) {
            // refused, as it should be
        } catch (IndexOutOfBoundsException e) {
            if (!changed) {
                throw e;
            }
            // what a header that lies in detail comes to: nothing outside the file is read
        }
    }
}
