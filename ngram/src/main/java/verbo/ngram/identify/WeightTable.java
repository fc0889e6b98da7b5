// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram.identify;

import java.util.Arrays;

/** The models of all languages while they are trained: for each n-gram, the languages that have it and its weight in each. */
final class WeightTable {
    final int languages;
    final int order;
    final NgramIndex index = new NgramIndex();
    final long[] ends; // [n-grams] the hash of the last letters of each, which says where it lies in a file
    final int[] starts; // [n-grams + 1] of the entries of each
    final short[] language; // [entries]
    final float[] weight; // [entries]
    final float[] unseen; // [languages] for each letter and end of word

    WeightTable(int order, CharacterModel[] models) {
        this.order = order;
        languages = models.length;
        unseen = new float[languages];
        for (CharacterModel model : models) {
            NgramIndex ngrams = model.ngrams();
            for (int g = 0; g < ngrams.size(); g++) {
                index.add(ngrams.hash(g));
            }
        }
        ends = new long[index.size()];
        starts = new int[index.size() + 1];
        for (CharacterModel model : models) {
            for (int g = 0; g < model.ngrams().size(); g++) {
                int ngram = index.find(model.ngrams().hash(g));
                ends[ngram] = model.end(g, IdentifierFile.END);
                starts[ngram + 1]++;
            }
        }
        for (int g = 0; g < index.size(); g++) {
            starts[g + 1] += starts[g];
        }
        language = new short[starts[index.size()]];
        weight = new float[language.length];
        int[] next = Arrays.copyOf(starts, index.size());
        for (int l = 0; l < languages; l++) {
            CharacterModel model = models[l];
            unseen[l] = (float) model.unseen();
            for (int g = 0; g < model.ngrams().size(); g++) {
                int entry = next[index.find(model.ngrams().hash(g))]++;
                language[entry] = (short) l;
                weight[entry] = (float) model.weight(g);
            }
        }
    }

    /** The natural logarithm of a text's probability in each language, [languages]. */
    float[] scores(int[] symbols) {
        float[] scores = new float[languages];
        int predicted = 0;
        int start = 0;
        for (int i = 0; i < symbols.length; i++) {
            if (symbols[i] == Letters.BEGIN) {
                start = i;
            } else {
                predicted++;
            }
            long hash = NgramHash.EMPTY;
            int last = Math.max(start, i - order + 1);
            for (int from = i; from >= last; from--) {
                hash = NgramHash.grow(hash, symbols[from]);
                int ngram = index.find(hash);
                if (ngram < 0) {
                    break;
                }
                for (int e = starts[ngram]; e < starts[ngram + 1]; e++) {
                    scores[language[e]] += weight[e];
                }
            }
        }
        for (int l = 0; l < languages; l++) {
            scores[l] += predicted * unseen[l];
        }
        return scores;
    }
}
