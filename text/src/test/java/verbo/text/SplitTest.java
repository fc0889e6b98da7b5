// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

class SplitTest {
    private static List<Document> read(Corpus corpus) throws IOException {
        List<Document> documents = new ArrayList<>();
        corpus.forEach(documents::add);
        return documents;
    }

    private static Corpus many(int count, long seed) {
        Random random = new Random(seed);
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            documents.add(new Document("folder/file-" + i + ".txt", "x".repeat(1 + random.nextInt(1000))));
        }
        return Corpus.of("many", documents);
    }

    @Test
    void oneDocumentIsCutByCharacters() throws IOException {
        Corpus corpus = Corpus.of("one", List.of(new Document("d", "😀123456789a")));
        Split split = Split.of(corpus, 0.1, 7);
        assertThat(read(split.train())).containsExactly(new Document("d", "😀12345678"));
        assertThat(read(split.validation())).containsExactly(new Document("d", "9a"));
        Split tiny = Split.of(Corpus.of("two", List.of(new Document("d", "ab"))), 0.01, 7);
        assertThat(read(tiny.train()).get(0).text()).isEqualTo("a");
        assertThat(read(tiny.validation()).get(0).text()).isEqualTo("b");
    }

    @Test
    void tinyShakespeareIsCutAsNanoGptDoes() throws IOException {
        var file = RealData.file("tinyshakespeare/input.txt");
        String text = Files.readString(file, StandardCharsets.UTF_8);
        Split split = Split.of(Corpus.open(file.toString(), Corpus.Options.DEFAULT), 0.1, 0);
        assertThat(read(split.train()).get(0).text()).isEqualTo(text.substring(0, 1003854));
        assertThat(read(split.validation()).get(0).text()).isEqualTo(text.substring(1003854));
    }

    @Test
    void manyDocumentsAreKeptWhole() throws IOException {
        for (double fraction : new double[]{0.02, 0.1, 0.5, 0.9}) {
            Corpus corpus = many(300, 1);
            Split split = Split.of(corpus, fraction, 7);
            List<Document> train = read(split.train());
            List<Document> validation = read(split.validation());
            Set<Document> both = new HashSet<>(train);
            both.addAll(validation);
            assertThat(train.size() + validation.size()).isEqualTo(300);
            assertThat(both).hasSize(300);
            double total = read(corpus).stream().mapToInt(d -> d.text().length()).sum();
            assertThat(validation.stream().mapToInt(d -> d.text().length()).sum() / total).isCloseTo(fraction,
                    within(0.004));
        }
    }

    @Test
    void theChoiceIsTheNamesAndTheSeeds() throws IOException {
        Corpus corpus = many(200, 2);
        List<Document> shuffled = new ArrayList<>(read(corpus));
        Collections.shuffle(shuffled, new Random(3));
        Set<Document> chosen = new HashSet<>(read(Split.of(corpus, 0.2, 7).validation()));
        assertThat(new HashSet<>(read(Split.of(Corpus.of("s", shuffled), 0.2, 7).validation()))).isEqualTo(chosen);
        assertThat(new HashSet<>(read(Split.of(corpus, 0.2, 8).validation()))).isNotEqualTo(chosen);
    }

    @Test
    void eachPartHasADocument() throws IOException {
        for (double fraction : new double[]{0.001, 0.5, 0.999}) {
            for (int count : new int[]{2, 3, 5}) {
                Split split = Split.of(many(count, 4), fraction, 7);
                assertThat(read(split.train())).isNotEmpty();
                assertThat(read(split.validation())).isNotEmpty();
            }
        }
        List<Document> same = Collections.nCopies(4, new Document("same", "text"));
        assertThat(read(Split.of(Corpus.of("same", same), 0.25, 7).validation())).hasSize(1);
    }

    @Test
    void refusesWhatCannotBeSplit() {
        Corpus one = Corpus.of("one", List.of(new Document("d", "😀")));
        assertThatIllegalArgumentException().isThrownBy(() -> Split.of(one, 0.1, 0))
                .withMessage("one: a text of one character cannot be split");
        for (double fraction : new double[]{0, 1, -1, Double.NaN}) {
            assertThatIllegalArgumentException().isThrownBy(() -> Split.of(one, fraction, 0))
                    .withMessageContaining("above 0 and below 1");
        }
    }
}
