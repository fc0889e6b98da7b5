// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.models.SkipGram;
import verbo.models.SkipGramConfig;
import verbo.models.SkipGramConfig.Architecture;
import verbo.models.WordVectors;
import verbo.tensor.Engine;
import verbo.text.IndexedText;
import verbo.text.Progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class VectorTrainingTest {
    private static final VectorTraining.Listener SILENT = (words, total, rate, loss, seconds) -> {};

    @TempDir
    private Path folder;

    /** Sentences each of words of one of five topics, a topic of eight words, and of words that belong to none. */
    private IndexedText text() throws IOException {
        StringBuilder text = new StringBuilder();
        SplittableRandom random = new SplittableRandom(7);
        for (int sentence = 0; sentence < 4000; sentence++) {
            int topic = random.nextInt(5);
            for (int i = 0; i < 8; i++) {
                text.append(random.nextInt(4) == 0
                        ? "common" + random.nextInt(6)
                        : "topic" + topic + "word" + random.nextInt(8)).append(' ');
            }
            text.append('\n');
        }
        return IndexedText.read(Files.writeString(folder.resolve("text.txt"), text), 5, Progress.NONE);
    }

    private static WordVectors train(IndexedText text, SkipGramConfig config, int threads, long seed) {
        try (SkipGram model = new SkipGram(config, text, seed)) {
            VectorTraining training = new VectorTraining(model, text,
                    new VectorTraining.Options(8, 0.05, threads, seed));
            VectorTraining.Result result = training.run(SILENT);
            assertThat(result.finished()).isTrue();
            assertThat(result.words()).isEqualTo(8 * text.length());
            return model.vectors();
        }
    }

    /** The share of a topic's words among the words nearest to one. */
    private static double purity(WordVectors vectors) {
        int right = 0;
        int all = 0;
        for (int topic = 0; topic < 5; topic++) {
            for (int word = 0; word < 8; word++) {
                for (WordVectors.Neighbour near : vectors.neighbours("topic" + topic + "word" + word, 7)) {
                    right += near.word().startsWith("topic" + topic) ? 1 : 0;
                    all++;
                }
            }
        }
        return (double) right / all;
    }

    @Test
    void everyKindFindsTheTopics() throws IOException {
        IndexedText text = text();
        for (Architecture architecture : Architecture.values()) {
            for (int negative : new int[]{5, 0}) {
                for (int threads : new int[]{1, 3}) {
                    SkipGramConfig config = new SkipGramConfig(architecture, 20, 5, negative, 1e-2, 3, 0);
                    assertThat(purity(train(text, config, threads, 1)))
                            .as(architecture + " with " + negative + " negatives on " + threads + " threads")
                            .isGreaterThan(0.9);
                }
            }
        }
    }

    @Test
    void ngramsMakeUpWords() throws IOException {
        IndexedText text = text();
        for (Architecture architecture : Architecture.values()) {
            SkipGramConfig config = new SkipGramConfig(architecture, 20, 5, 5, 1e-2, 6, 7);
            try (SkipGram model = new SkipGram(config, text, 1)) {
                new VectorTraining(model, text, new VectorTraining.Options(8, 0.05, 1, 1)).run(SILENT);
                assertThat(purity(model.vectors())).isGreaterThan(0.9);
                float[] unknown = model.ngrams().meanOfNgrams("topic2word99");
                assertThat(unknown).isNotNull();
                assertThat(model.vectors().neighbours(unknown, Set.of(), 3))
                        .allMatch(near -> near.word().startsWith("topic2"));
            }
        }
    }

    @Test
    void oneThreadAndASeedGiveTheSame() throws IOException {
        IndexedText text = text();
        WordVectors first = train(text, SkipGramConfig.DEFAULT, 1, 1);
        assertThat(train(text, SkipGramConfig.DEFAULT, 1, 1)).isEqualTo(first);
        assertThat(train(text, SkipGramConfig.DEFAULT, 1, 2)).isNotEqualTo(first);
    }

    @Test
    void stopsEarly() throws IOException {
        IndexedText text = text();
        try (SkipGram model = new SkipGram(SkipGramConfig.DEFAULT, text, 1)) {
            VectorTraining training = new VectorTraining(model, text,
                    new VectorTraining.Options(1_000_000, 0.05, 2, 1));
            VectorTraining.Result result = training.run((words, total, rate, loss, seconds) -> training.stop());
            assertThat(result.finished()).isFalse();
            assertThat(result.words()).isBetween(0L, 500_000L * text.length());
        }
    }

    @Test
    void aPieceOfWorkIsForOneThread() throws IOException {
        IndexedText text = IndexedText.read(Files.writeString(folder.resolve("short.txt"), "a b c\n".repeat(9)), 5,
                Progress.NONE);
        try (SkipGram model = new SkipGram(SkipGramConfig.DEFAULT, text, 1)) {
            long before = new Thread(() -> {}).threadId();
            assertThat(new VectorTraining(model, text, new VectorTraining.Options(3, 0.05, 1024, 1)).run(SILENT)
                    .finished()).isTrue();
            assertThat(new Thread(() -> {}).threadId() - before).isLessThan(200); // ids are given one after the other
        }
        assertThatThrownBy(() -> new VectorTraining.Options(3, 0.05, 1025, 1)).hasMessageContaining(
                "threads must be from 1 to 1024, not 1025");
    }

    @Test
    void spearmanIsScipys() {
        assertThat(VectorEvaluation.spearman(new double[]{1, 2, 2, 3, 5, 4.5}, new double[]{2, 1, 4, 4, 3, 9}))
                .isCloseTo(0.4852941176470589, within(1e-12));
    }

    @Test
    void evaluates() throws IOException {
        WordVectors vectors = new WordVectors(List.of("king", "queen", "man", "woman", "sea"),
                new float[][]{{1, 1, 0.1f}, {1, -1, 0.1f}, {0.1f, 1, 0}, {0.1f, -1, 0}, {0, 0, 1}});
        Path questions = Files.writeString(folder.resolve("q.txt"),
                "\uFEFF: family\nMan King Woman Queen\nking man queen woman\nking man queen aunt\n: sea\nsea man king man\n");
        VectorEvaluation evaluation = new VectorEvaluation(vectors, Engine.cpu(1));
        assertThat(VectorEvaluation.isAnalogies(questions)).isTrue();
        assertThat(evaluation.analogies(questions, 1000)).containsExactly(
                new VectorEvaluation.Section("family", 2, 2, 1), new VectorEvaluation.Section("sea", 1, 0, 0),
                new VectorEvaluation.Section("total", 3, 2, 1));
        Path pairs = Files.writeString(folder.resolve("p.txt"),
                "word1\tword2\tscore\nking\tman\t9\nking\tqueen\t2\nking\tsea\t4\nking\taunt\t4\n");
        assertThat(VectorEvaluation.isAnalogies(pairs)).isFalse();
        assertThat(evaluation.similarities(pairs))
                .isEqualTo(new VectorEvaluation.Similarity("p.txt", 3, 1, 1));
        Files.writeString(pairs,
                "word1\tword2\tPOS\tSimLex999\nking\tman\tN\t9\t2\nking\tqueen\tA\t2\t3\nking\tsea\tN\t4\t4\n");
        assertThat(evaluation.similarities(pairs)).isEqualTo(new VectorEvaluation.Similarity("p.txt", 3, 0, 1));
        Files.writeString(pairs, "a\tb\t1\na\tb\n");
        assertThatThrownBy(() -> evaluation.similarities(pairs)).hasMessageContaining("line 2 is no pair");
        Files.writeString(questions, ": s\na b c\n");
        assertThatThrownBy(() -> evaluation.analogies(questions, 9)).hasMessageContaining("line 2 is no analogy");
    }

    @Test
    void principalComponentsAreNumpys() {
        float[][] points = {{1, 2, 0.5f}, {2, 1, -1}, {0, 3, 2}, {4, -1, 0}, {1, 1, 1}};
        double[][] found = Projection.principalComponents(points);
        double[][] expected = {{0.9164921485527926, 0.3835987778098877}, {0.9539930676495271, 1.2408400935976966},
                {2.786977364755112, 0.4736425379779213}, {3.2071131119116405, 0.7309817508290744},
                {0.45763666625326316, 0.4198145826005886}}; // of the singular value decomposition
        for (int i = 0; i < points.length; i++) {
            for (int k = 0; k < 2; k++) {
                assertThat(Math.abs(found[i][k])).isCloseTo(expected[i][k], within(1e-6));
            }
        }
    }

    @Test
    void onlyTheWordsOfTheLimitAreAskedFor() throws IOException {
        WordVectors vectors = new WordVectors(List.of("King", "queen", "man", "woman", "king"),
                new float[][]{{1, 1, 0.1f}, {1, -1, 0.1f}, {0.1f, 1, 0}, {0.1f, -1, 0}, {0, 0, 1}});
        Path questions = Files.writeString(folder.resolve("q.txt"), ": family\nman king woman queen\n");
        assertThat(new VectorEvaluation(vectors, Engine.cpu(1)).analogies(questions, 4).getLast())
                .isEqualTo(new VectorEvaluation.Section("total", 1, 1, 0));
    }

    @Test
    void pointsInALineHaveOneComponent() {
        SplittableRandom random = new SplittableRandom(3);
        float[][] points = new float[2][100];
        for (float[] point : points) {
            for (int i = 0; i < point.length; i++) {
                point[i] = (float) random.nextGaussian();
            }
        }
        double[][] found = Projection.principalComponents(points);
        assertThat(found[0][0]).isCloseTo(-found[1][0], within(1e-9));
        assertThat(Math.abs(found[0][0])).isGreaterThan(1);
        assertThat(found[0][1]).isCloseTo(0, within(1e-12));
        assertThat(found[1][1]).isCloseTo(0, within(1e-12));
    }

    @Test
    void neighbourEmbeddingKeepsNeighbours() {
        SplittableRandom random = new SplittableRandom(1);
        float[][] points = new float[60][10];
        for (int i = 0; i < points.length; i++) {
            for (int k = 0; k < 10; k++) {
                points[i][k] = (float) (random.nextGaussian() * 0.1 + (k == i % 3 ? 5 : 0));
            }
        }
        double[][] places = Projection.neighbourEmbedding(points, 10, 1, Progress.NONE);
        for (int i = 0; i < points.length; i++) {
            int nearest = i == 0 ? 1 : 0;
            for (int j = 0; j < points.length; j++) {
                if (j != i && distance(places[i], places[j]) < distance(places[i], places[nearest])) {
                    nearest = j;
                }
            }
            assertThat(nearest % 3).isEqualTo(i % 3);
        }
    }

    private static double distance(double[] a, double[] b) {
        return Math.hypot(a[0] - b[0], a[1] - b[1]);
    }
}
