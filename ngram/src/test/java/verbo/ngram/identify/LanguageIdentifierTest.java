// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SequencedMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.text.FormatException;
import verbo.text.Progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class LanguageIdentifierTest {
    private static final List<String> ENGLISH = List.of("the ship went north with the wind", "where is the harbour",
            "she has not seen the sea before", "they were waiting for the rain to stop", "the night was cold and long",
            "what would you do with all that salt", "nobody knows when the boat will be back",
            "this is the house that they built by the shore", "he thinks that the weather will change",
            "there were three of them on the beach", "the old man told them about the storm");
    private static final List<String> PORTUGUESE = List.of("o navio foi para o norte com o vento",
            "onde fica o porto da cidade", "ela ainda não tinha visto o mar", "eles esperavam que a chuva parasse",
            "a noite era fria e muito longa", "o que você faria com tanto sal", "ninguém sabe quando o barco volta",
            "esta é a casa que construíram junto à praia", "ele acha que o tempo vai mudar",
            "havia três deles na areia", "o velho contou a eles como foi a tempestade");
    private static final List<String> GREEK = List.of("το πλοίο πήγε βόρεια με τον άνεμο", "πού είναι το λιμάνι",
            "δεν είχε ξαναδεί τη θάλασσα", "περίμεναν να σταματήσει η βροχή", "η νύχτα ήταν κρύα και μεγάλη",
            "τι θα έκανες με τόσο αλάτι", "κανείς δεν ξέρει πότε θα γυρίσει η βάρκα");

    @TempDir
    private Path folder;

    private static SequencedMap<String, IdentifierTrainer.Lines> texts() {
        SequencedMap<String, IdentifierTrainer.Lines> texts = new LinkedHashMap<>();
        texts.put("en", lines(ENGLISH));
        texts.put("pt", lines(PORTUGUESE));
        texts.put("el", lines(GREEK));
        return texts;
    }

    private static IdentifierTrainer.Lines lines(List<String> lines) {
        return action -> {
            for (String line : lines) {
                action.accept(line);
            }
        };
    }

    private Path trained(String name) throws IOException {
        Path file = folder.resolve(name);
        IdentifierTrainer.train(texts(), file, IdentifierTrainer.Options.DEFAULT, Progress.NONE);
        return file;
    }

    @Test
    void wordsAndSentencesItHasNotSeen() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        assertThat(identifier.languages()).containsExactly("en", "pt", "el");
        assertThat(identifier.identify("The weather in the north is cold!").language()).isEqualTo("en");
        assertThat(identifier.identify("o vento da noite não volta").language()).isEqualTo("pt");
        assertThat(identifier.identify("NOITES").language()).isEqualTo("pt");
        assertThat(identifier.identify("η θάλασσα").language()).isEqualTo("el");
        assertThat(identifier.identify("weather").probability()).isBetween(0.34, 1.0);
    }

    @Test
    void longerTextsMakeSurer() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        double word = identifier.identify("storm").probability();
        double line = identifier.identify("they told him about the storm by the sea").probability();
        assertThat(line).isGreaterThan(word);
        String text = String.join("\n", ENGLISH).repeat(2000);
        assertThat(identifier.identify(text).language()).isEqualTo("en");
    }

    @Test
    void manyThreadsFindWhatOneDoes() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        List<String> texts = new Random(1).ints(2000, 0, ENGLISH.size()).mapToObj(i -> ENGLISH.get(i).substring(i % 7))
                .toList();
        List<Identification> alone = texts.stream().map(identifier::identify).toList();
        assertThat(texts.parallelStream().map(identifier::identify).toList()).isEqualTo(alone);
    }

    @Test
    void rankingSumsToOneAndBeginsWithTheAnswer() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        List<Identification> ranking = identifier.ranking("a casa do velho");
        assertThat(ranking.getFirst()).isEqualTo(identifier.identify("a casa do velho"));
        assertThat(ranking.stream().mapToDouble(Identification::probability).sum()).isCloseTo(1, within(1e-6));
    }

    @Test
    void whatIsNoLanguageIsUnknown() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        for (String text : new String[]{"", "  ", "12345 - 67!", "\ud800", "ሰላም ለዓለም እንዴት ነህ ወዳጄ ሆይ"}) {
            assertThat(identifier.identify(text)).as(text).isEqualTo(new Identification("unknown", 0));
            assertThat(identifier.ranking(text)).isEmpty();
        }
    }

    /** From the training text alone: half of the lines would be unknown, were their language not among those learnt. */
    @Test
    void halfOfWhatALanguageLosesToItsNearestIsAllowed() throws IOException {
        assertThat(Likeness.allowance(new double[]{3, 0.5, 1, 2, 0.25})).isEqualTo(1);
        assertThat(Likeness.allowance(new double[]{-3, -2})).isZero();
        Likeness likeness = IdentifierFile.open(trained("model")).header().likeness();
        assertThat(likeness.allowance()).isBetween(0.3, 10.0).isNotEqualTo(Likeness.allowance(new double[0]));
        double mean = -2;
        double least = mean - likeness.allowance() - likeness.spread() / 5;
        assertThat(likeness.accepts(25 * least + 1e-6, 25, mean)).isTrue();
        assertThat(likeness.accepts(25 * least - 1e-6, 25, mean)).isFalse();
    }

    @Test
    void aNameInAnotherScriptDoesNotMakeATextUnknown() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        assertThat(identifier.identify("δεν είχε δει τη θάλασσα και το λιμάνι (ሰላም)").language()).isEqualTo("el");
    }

    @Test
    void accentsMayStandBehindTheirLetters() throws IOException {
        LanguageIdentifier identifier = LanguageIdentifier.open(trained("model"));
        assertThat(identifier.identify("na\u0303o e\u0301")).isEqualTo(identifier.identify("não é"));
    }

    /** {@code ab ab ac}: order 2 has a b twice, a c once; every pair comes after one letter or the begin alone. */
    @Test
    void weightsSumToKneserNeysProbabilities() throws IOException {
        CharacterModel model = new CharacterModel(2);
        Letters letters = new Letters();
        letters.read("ab ab ac");
        model.count(letters.copy());
        model.estimate(1e-4);
        WeightTable table = new WeightTable(2, new CharacterModel[]{model});
        // continuation counts: a 1 (after begin), b 1, c 1, end 2 (after b and c); D1 = (3 + 1) / (3 + 2 + 1.5)
        double d1 = 4 / 6.5;
        double left = d1 * 4 / 5;
        double end = (2 - d1) / 5 + left * 1e-4;
        double a = (1 - d1) / 5 + left * 1e-4;
        double b = a;
        // counts of pairs: begin a 3, a b 2, b end 2, a c 1, c end 1; D2 = (2 + 1) / (2 + 4 + 1.5)
        double d2 = 3 / 7.5;
        double text = Math.log((3 - d2) / 3 + d2 / 3 * a) + Math.log((2 - d2) / 3 + d2 * 2 / 3 * b)
                + Math.log((2 - d2) / 2 + d2 / 2 * end);
        letters.read("AB");
        assertThat((double) table.scores(letters.copy())[0]).isCloseTo(text, within(1e-4));
        letters.read("bab"); // begin b and b a were never seen: the contexts' shares, and shorter n-grams
        double other = Math.log(d2 / 3 * b) + Math.log(d2 / 2 * a) + Math.log((2 - d2) / 3 + d2 * 2 / 3 * b)
                + Math.log((2 - d2) / 2 + d2 / 2 * end);
        assertThat((double) table.scores(letters.copy())[0]).isCloseTo(other, within(1e-4));
    }

    @Test
    void theSameTextsGiveTheSameFile() throws IOException {
        assertThat(Files.mismatch(trained("one"), trained("other"))).isEqualTo(-1);
    }

    @Test
    void aSmallerFileIsAsSmallAsAsked() throws IOException {
        Path whole = trained("whole");
        Path small = folder.resolve("small");
        long bytes = Files.size(whole) - 1000;
        IdentifierTrainer.train(texts(), small, new IdentifierTrainer.Options(5, bytes), Progress.NONE);
        assertThat(Files.size(small)).isBetween(bytes - 10, bytes);
        LanguageIdentifier identifier = LanguageIdentifier.open(small);
        assertThat(identifier.identify("where the wind was cold").language()).isEqualTo("en");
        assertThatThrownBy(() -> IdentifierTrainer.train(texts(), small, new IdentifierTrainer.Options(5, 2000),
                Progress.NONE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("more than 2000");
    }

    @Test
    void aLanguageWithoutLettersIsNamed() {
        SequencedMap<String, IdentifierTrainer.Lines> texts = texts();
        texts.put("xx", lines(List.of("12", "")));
        assertThatThrownBy(() -> IdentifierTrainer.train(texts, folder.resolve("model"),
                IdentifierTrainer.Options.DEFAULT, Progress.NONE)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'xx' has no text with letters");
    }

    @Test
    void damagedFilesAreRefused() throws IOException {
        byte[] whole = Files.readAllBytes(trained("model"));
        Path file = folder.resolve("damaged");
        for (int length : new int[]{0, 7, 100, whole.length - 1}) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> LanguageIdentifier.open(file)).isInstanceOf(FormatException.class);
        }
        whole[whole.length - 1] ^= 1;
        Files.write(file, whole);
        assertThatThrownBy(() -> LanguageIdentifier.open(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("checksum");
    }

    /** With a checksum that fits, as somebody of ill will would write it. */
    @Test
    void forgedFilesAreRefusedOrHarmless() throws IOException {
        byte[] whole = Files.readAllBytes(trained("model"));
        Random random = new Random(7);
        Path file = folder.resolve("forged");
        int refused = 0;
        for (int round = 0; round < 400; round++) {
            byte[] forged = whole.clone();
            int span = round % 2 == 0 ? 1200 : forged.length;
            for (int i = 0; i <= random.nextInt(4); i++) {
                forged[8 + random.nextInt(span - 8)] = (byte) random.nextInt(256);
            }
            CRC32C crc = new CRC32C();
            crc.update(forged, 40, forged.length - 40);
            ByteBuffer.wrap(forged).order(ByteOrder.LITTLE_ENDIAN).putLong(24, forged.length)
                    .putLong(32, crc.getValue());
            Files.write(file, forged);
            try {
                LanguageIdentifier identifier = LanguageIdentifier.open(file);
                identifier.identify("the ship went north com o vento");
            } catch (FormatException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(20, 399);
    }

    @Test
    void foldersNameTheirLanguages() throws IOException {
        for (String name : new String[]{"pt.txt", "news.de-en.de", "README.md", "SOURCE.txt", "fr/a/one.x", ".hidden",
                "English", "notes.csv", "news.de-en.xx"}) {
            Path file = folder.resolve("texts").resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, name + "\n");
        }
        LabelledTexts texts = LabelledTexts.of(folder.resolve("texts"));
        assertThat(texts.languages().keySet()).containsExactly("English", "de", "fr", "pt");
        assertThat(texts.passedOver()).hasSize(5);
        StringBuilder read = new StringBuilder();
        Objects.requireNonNull(texts.languages().get("fr")).forEach(read::append);
        assertThat(read.toString()).isEqualTo("fr/a/one.x");
    }

    @Test
    void codesOfOneLanguage() {
        assertThat(LanguageCodes.same("por", "pt")).isTrue();
        assertThat(LanguageCodes.same("cmn", "zh")).isTrue();
        assertThat(LanguageCodes.same("pt_BR", "pt")).isTrue();
        assertThat(LanguageCodes.same("nob", "nn")).isFalse();
        assertThat(LanguageCodes.same("Quenya", "Sindarin")).isFalse();
    }
}
