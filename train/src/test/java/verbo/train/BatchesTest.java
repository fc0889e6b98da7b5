// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.text.CharacterTokenizer;
import verbo.text.Corpus;
import verbo.text.Document;
import verbo.text.Progress;
import verbo.text.TokenFile;

import static org.assertj.core.api.Assertions.assertThat;

final class BatchesTest {
    @TempDir
    Path folder;

    /** Ids are 0, 1, 2, ..., each once. */
    private TokenFile counting(int length) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(0x4E00 + i);
        }
        return tokens(text.toString());
    }

    private TokenFile tokens(String... documents) throws IOException {
        List<Document> list = new ArrayList<>();
        for (String text : documents) {
            list.add(new Document("d" + list.size(), text));
        }
        Corpus corpus = Corpus.of("test", list);
        return TokenFile.create(folder.resolve("tokens"), corpus,
                CharacterTokenizer.train(corpus, documents.length > 1), 1, Progress.NONE);
    }

    @Test
    void windowsBeginAnywhereAndDependOnSeedAndNumberOnly() throws IOException {
        try (TokenFile tokens = counting(20)) {
            Batches batches = new Batches.Windows(tokens, 4, 7);
            int[] ids = new int[12];
            int[] targets = new int[12];
            boolean[] begins = new boolean[16];
            for (int number = 0; number < 200; number++) {
                batches.fill(number, ids, targets);
                for (int row = 0; row < 3; row++) {
                    int start = ids[row * 4];
                    begins[start] = true;
                    for (int i = 0; i < 4; i++) {
                        assertThat(ids[row * 4 + i]).isEqualTo(start + i);
                        assertThat(targets[row * 4 + i]).isEqualTo(start + i + 1);
                    }
                }
            }
            assertThat(begins).doesNotContain(false);

            int[] again = new int[12];
            new Batches.Windows(tokens, 4, 7).fill(199, again, targets);
            assertThat(again).isEqualTo(ids);
            new Batches.Windows(tokens, 4, 8).fill(199, again, targets);
            assertThat(again).isNotEqualTo(ids);
        }
    }

    @Test
    void aTextOfOneBlockAndATokenHasOneWindow() throws IOException {
        try (TokenFile tokens = counting(5)) {
            int[] ids = new int[4];
            int[] targets = new int[4];
            new Batches.Windows(tokens, 4, 1).fill(3, ids, targets);
            assertThat(ids).containsExactly(0, 1, 2, 3);
            assertThat(targets).containsExactly(1, 2, 3, 4);
        }
    }

    @Test
    void aCheckPredictsEveryTokenButTheFirstOnce() throws IOException {
        for (int length = 2; length < 14; length++) {
            try (TokenFile tokens = counting(length)) {
                Batches batches = new Batches.Windows(tokens, 4, 1);
                List<Integer> predicted = new ArrayList<>();
                for (long row = 0; row < batches.rows(); row++) {
                    int[] ids = new int[5];
                    int[] targets = new int[5];
                    batches.row(row, ids, targets, 1);
                    for (int i = 1; i < 5; i++) {
                        if (targets[i] >= 0) {
                            assertThat(targets[i]).isEqualTo(ids[i] + 1);
                            predicted.add(targets[i]);
                        }
                    }
                }
                List<Integer> expected = new ArrayList<>();
                for (int i = 1; i < length; i++) {
                    expected.add(i);
                }
                assertThat(predicted).isEqualTo(expected);
            }
        }
    }

    @Test
    void aDocumentIsASequenceBetweenSeparators() throws IOException {
        // a=0 b=1 c=2 d=3 e=4 f=5, separator 6
        try (TokenFile tokens = tokens("ab", "c", "abcdef")) {
            Batches batches = new Batches.Documents(tokens, 4, 1, 6);
            int[] ids = new int[4];
            int[] targets = new int[4];
            assertThat(batches.rows()).isEqualTo(4);
            int[][] expectedIds = {{6, 0, 1, 6}, {6, 2, 6, 6}, {6, 0, 1, 2}, {3, 4, 5, 6}};
            int[][] expectedTargets = {{0, 1, 6, -1}, {2, 6, -1, -1}, {0, 1, 2, 3}, {4, 5, 6, -1}};
            for (int row = 0; row < 4; row++) {
                batches.row(row, ids, targets, 0);
                assertThat(targets).isEqualTo(expectedTargets[row]);
                for (int i = 0; i < 4; i++) {
                    if (targets[i] >= 0) { // the rest is seen by nothing that counts
                        assertThat(ids[i]).isEqualTo(expectedIds[row][i]);
                    }
                }
            }
            boolean[] seen = new boolean[3];
            int[] starts = new int[7];
            for (int number = 0; number < 300; number++) {
                batches.fill(number, ids, targets);
                seen[Arrays.equals(targets, expectedTargets[0]) ? 0
                        : Arrays.equals(targets, expectedTargets[1]) ? 1 : 2] = true;
                starts[ids[0]]++;
            }
            assertThat(seen).doesNotContain(false);
            assertThat(starts[0]).isPositive(); // inside the long one too
        }
    }
}
