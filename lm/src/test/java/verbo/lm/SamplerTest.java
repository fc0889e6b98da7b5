// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SamplerTest {

    private static float[] logs(double... probabilities) {
        float[] row = new float[probabilities.length];
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) Math.log(probabilities[i]);
        }
        return row;
    }

    private static double[] distribution(Sampling sampling, float[] row) {
        double[] probabilities = new double[row.length];
        new Sampler(sampling).distribution(row, probabilities);
        return probabilities;
    }

    private static void assertDistribution(Sampling sampling, float[] row, double... expected) {
        assertThat(distribution(sampling, row)).containsExactly(expected, within(1e-6));
    }

    @Test
    void filtersKeepWhatTheySay() {
        float[] row = logs(0.1, 0.4, 0.2, 0.3);
        assertDistribution(Sampling.DEFAULT, row, 0.1, 0.4, 0.2, 0.3);
        assertDistribution(Sampling.GREEDY, row, 0, 1, 0, 0);
        assertDistribution(Sampling.DEFAULT.withTopK(2), row, 0, 4 / 7., 0, 3 / 7.);
        assertDistribution(Sampling.DEFAULT.withTopK(9), row, 0.1, 0.4, 0.2, 0.3);
        assertDistribution(Sampling.DEFAULT.withTopP(0.69), row, 0, 4 / 7., 0, 3 / 7.);
        assertDistribution(Sampling.DEFAULT.withTopP(0.75), row, 0, 4 / 9., 2 / 9., 3 / 9.);
        assertDistribution(Sampling.DEFAULT.withTopP(0), row, 0, 1, 0, 0);
        assertDistribution(Sampling.DEFAULT.withMinP(0.6), row, 0, 4 / 7., 0, 3 / 7.);
        assertDistribution(Sampling.DEFAULT.withMinP(1), row, 0, 1, 0, 0);
        // top-p counts among what top-k kept, after the temperature
        assertDistribution(Sampling.DEFAULT.withTopK(2).withTopP(0.5), row, 0, 1, 0, 0);
        assertDistribution(Sampling.DEFAULT.withTemperature(0.5), row, 1 / 30., 16 / 30., 4 / 30., 9 / 30.);
        assertDistribution(Sampling.DEFAULT.withTemperature(0.5).withTopP(0.8), row, 0, 16 / 25., 0, 9 / 25.);
        assertDistribution(Sampling.DEFAULT.withTemperature(1e-6), row, 0, 1, 0, 0);
    }

    @Test
    void impossibleTokensStayImpossible() {
        float[] row = logs(0, 0.5, 0, 0.5);
        for (Sampling sampling : List.of(Sampling.DEFAULT, Sampling.DEFAULT.withTopK(3),
                Sampling.DEFAULT.withTopP(0.99), Sampling.DEFAULT.withMinP(0.01),
                Sampling.DEFAULT.withTemperature(9))) {
            assertDistribution(sampling, row, 0, 0.5, 0, 0.5);
            assertThat(new Sampler(sampling).choose(row, 0)).isEqualTo(1);
            assertThat(new Sampler(sampling).choose(row, Math.nextDown(1.0))).isEqualTo(3);
        }
    }

    @Test
    void tiesAreDecided() {
        float[] row = logs(0.2, 0.2, 0.2, 0.2, 0.2);
        assertThat(Sampler.argmax(row)).isZero();
        assertDistribution(Sampling.DEFAULT.withTopK(2), row, 0.2, 0.2, 0.2, 0.2, 0.2);
        assertDistribution(Sampling.DEFAULT.withTopP(0.5), row, 0, 0, 1 / 3., 1 / 3., 1 / 3.);
    }

    @Test
    void selectionKeepsWhatSortingWould() {
        Random random = new Random(11);
        for (int round = 0; round < 3000; round++) {
            int size = 1 + random.nextInt(60);
            float[] row = new float[size];
            double spread = random.nextInt(8);
            for (int id = 0; id < size; id++) {
                row[id] = 0f + (float) (random.nextBoolean() ? random.nextGaussian() * spread : random.nextInt(3)); // no -0
                if (random.nextInt(9) == 0) {
                    row[id] = Float.NEGATIVE_INFINITY;
                }
            }
            row[random.nextInt(size)] = 1;
            int k = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(size + 3);
            double p = random.nextInt(3) == 0 ? 1 : random.nextDouble();
            double minP = random.nextInt(2) == 0 ? 0 : random.nextDouble();
            double temperature = 0.3 + random.nextDouble() * 2;
            Sampling sampling = new Sampling(temperature, k, p, minP, 1);
            assertThat(distribution(sampling, row)).as("round %d: %s", round, sampling)
                    .containsExactly(bySorting(sampling, row), within(1e-12));
        }
    }

    private static double[] bySorting(Sampling sampling, float[] row) {
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < row.length; id++) {
            ids.add(id);
        }
        ids.sort(Comparator.comparingDouble(id -> row[id])); // ascending and stable
        float max = row[ids.getLast()];
        if (sampling.topK() > 0 && sampling.topK() < row.length) {
            float last = row[ids.get(row.length - sampling.topK())];
            ids.removeIf(id -> row[id] < last);
        }
        double[] weights = new double[row.length];
        double total = 0;
        for (int id : ids) {
            weights[id] = Math.exp((row[id] - max) / sampling.temperature());
            total += weights[id];
        }
        double sum = 0;
        for (int i = 0; sampling.topP() < 1 && i < ids.size() - 1; i++) {
            sum += weights[ids.get(i)];
            if (sum <= (1 - sampling.topP()) * total) {
                weights[ids.get(i)] = 0;
            }
        }
        double kept = 0;
        for (int id = 0; id < row.length; id++) {
            if ((row[id] - max) / sampling.temperature() < Math.log(sampling.minP())) {
                weights[id] = 0;
            }
            kept += weights[id];
        }
        for (int id = 0; id < row.length; id++) {
            weights[id] /= kept;
        }
        return weights;
    }

    @Test
    void theFiltersOfALargeVocabularyAreTheSameAsBySorting() {
        Random random = new Random(2);
        float[] row = new float[50_000];
        for (int id = 0; id < row.length; id++) {
            row[id] = (float) (random.nextGaussian() * 3 - 12);
        }
        for (Sampling sampling : List.of(Sampling.DEFAULT.withTopK(40), Sampling.DEFAULT.withTopP(0.9),
                Sampling.DEFAULT.withTopK(30_000).withTopP(0.99), new Sampling(0.8, 500, 0.95, 0.01, 1))) {
            assertThat(distribution(sampling, row)).containsExactly(bySorting(sampling, row), within(1e-12));
        }
    }

    @Test
    void frequenciesAreTheProbabilities() {
        double[] probabilities = {0.02, 0.4, 0.08, 0.25, 0.25};
        float[] row = logs(probabilities);
        Sampler sampler = new Sampler(Sampling.DEFAULT);
        for (long seed = 0; seed < 5; seed++) {
            int draws = 20_000;
            int[] counts = new int[row.length];
            CounterRandom random = new CounterRandom(seed, 3);
            for (int i = 0; i < draws; i++) {
                counts[sampler.choose(row, random.uniform(i))]++;
            }
            double chiSquare = 0;
            for (int id = 0; id < row.length; id++) {
                double expected = draws * probabilities[id];
                chiSquare += (counts[id] - expected) * (counts[id] - expected) / expected;
            }
            assertThat(chiSquare).as("chi-square, 4 degrees of freedom, p = 0.001").isLessThan(18.47);
        }
    }

    @Test
    void streamsAndCountersAreIndependent() {
        int buckets = 16;
        int[] counts = new int[buckets * buckets];
        int draws = 64 * 1024;
        for (int stream = 0; stream < 64; stream++) {
            CounterRandom one = new CounterRandom(9, stream);
            CounterRandom next = new CounterRandom(9, stream + 1);
            for (int i = 0; i < draws / 64; i++) {
                int bucket = (int) (one.uniform(i) * buckets);
                int other = (int) (next.uniform(i) * buckets);
                counts[bucket * buckets + other]++;
            }
        }
        double chiSquare = 0;
        double expected = (double) draws / counts.length;
        for (int count : counts) {
            chiSquare += (count - expected) * (count - expected) / expected;
        }
        assertThat(chiSquare).as("chi-square, 255 degrees of freedom, p from 0.001 to 0.999").isBetween(190.0, 330.5);
        assertThat(new CounterRandom(1, 0).uniform(0)).isNotEqualTo(new CounterRandom(0, 1).uniform(0));
    }

    @Test
    void repetitionPenaltyDependsOnTheSignOfTheLogit() {
        float[] logits = {2, -2, 1, 0};
        double normalizer = 5;
        float[] row = logits.clone();
        for (int id = 0; id < row.length; id++) {
            row[id] -= (float) normalizer;
        }
        new RepetitionPenalty(2).apply(row, normalizer, new int[]{1, 0, 0, 1, 3, 2}, 5);
        assertThat(row).containsExactly(new float[]{1 - 5, -4 - 5, 1 - 5, -5}, within(1e-6f));
    }

    @Test
    void brokenRowsAreRefused() {
        for (Sampling sampling : List.of(Sampling.GREEDY, Sampling.DEFAULT)) {
            Sampler sampler = new Sampler(sampling);
            assertThatThrownBy(() -> sampler.choose(new float[]{0, Float.NaN, 0}, 0.5))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("token 1");
            assertThatThrownBy(() -> sampler.choose(logs(0, 0), 0.5)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void settingsAreChecked() {
        Sampling sampling = Sampling.DEFAULT;
        assertThatThrownBy(() -> sampling.withTemperature(-1)).hasMessageContaining("temperature");
        assertThatThrownBy(() -> sampling.withTemperature(Double.NaN)).hasMessageContaining("temperature");
        assertThatThrownBy(() -> sampling.withTopK(-1)).hasMessageContaining("top-k");
        assertThatThrownBy(() -> sampling.withTopP(1.1)).hasMessageContaining("top-p");
        assertThatThrownBy(() -> sampling.withMinP(Double.NaN)).hasMessageContaining("min-p");
        assertThatThrownBy(() -> sampling.withRepetitionPenalty(0)).hasMessageContaining("repetition penalty");
    }
}
