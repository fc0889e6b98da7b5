// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Learns merges from the counts of words. Pairs are counted once; a merge then changes only the counts of the pairs
 * around the places where it happens, and a heap gives the next. The order of merges, ties and the few quirks (a pair
 * that overlaps itself is counted at both places) are those of the trainer in Hugging Face's {@code tokenizers}.
 */
final class BpeTrainer {
    /** What was learnt. */
    record Result(List<String> vocabulary, Merges merges) {}

    /** A pair that may be merged next, with the words it was seen in when it was put here. */
    private static final class Candidate implements Comparable<Candidate> {
        final int pair;
        final long key;
        long count;
        int[] words = new int[4];
        int size;

        Candidate(int pair, long key) {
            this.pair = pair;
            this.key = key;
        }

        void add(int word) {
            // words come in order, so a word that was added is the last
            if (size > 0 && words[size - 1] == word) {
                return;
            }
            if (size == words.length) {
                words = Arrays.copyOf(words, size * 2);
            }
            words[size++] = word;
        }

        @Override
        public int compareTo(Candidate other) {
            int byCount = Long.compare(other.count, count);
            return byCount != 0 ? byCount : Long.compare(key, other.key);
        }
    }

    private final ByteLevelBpe.Training training;
    private WordCounts words = new WordCounts();

    // symbols of all words, one behind the other; merging shortens a word in place
    private int[] symbols = {};
    private int[] starts = {};
    private int[] lengths = {};

    // pairs: an open-addressing table from left << 32 | right to an index
    private long[] keys = new long[1 << 14];
    private int[] indexes = new int[1 << 14];
    private int pairs;
    private long[] pairCounts = new long[1 << 13];
    private @Nullable Candidate[] pending = new Candidate[1 << 13];
    private final List<Candidate> touched = new ArrayList<>();

    BpeTrainer(ByteLevelBpe.Training training) {
        this.training = training;
        Arrays.fill(keys, -1);
    }

    void count(Corpus corpus, Progress progress) throws IOException {
        WordCounts[] counts = new WordCounts[training.threads()];
        Arrays.setAll(counts, i -> new WordCounts());
        long[] read = {0};
        DocumentBatches.forEach(corpus, training.threads(), (worker, document) -> {
            char[] text = document.text().toCharArray();
            for (int start = 0; start < text.length;) {
                int end = Gpt2Pattern.end(text, start, text.length);
                counts[worker].add(text, start, end, 1);
                start = end;
            }
            return text.length;
        }, (document, characters) -> {
            read[0] += characters;
            progress.update(read[0], 0);
        });
        words = counts[0];
        for (int i = 1; i < counts.length; i++) {
            words.addAll(counts[i]);
        }
    }

    Result merge(Progress progress) {
        List<String> vocabulary = new ArrayList<>(training.vocabularySize());
        if (training.separator()) {
            vocabulary.add(Tokenizer.END_OF_TEXT);
        }
        int[] byteIds = new int[256];
        // in the order of the characters that bytes are written as
        for (char c = 0; vocabulary.size() < (training.separator() ? 257 : 256); c++) {
            int b = ByteLevel.toByte(c);
            if (b >= 0) {
                byteIds[b] = vocabulary.size();
                vocabulary.add(String.valueOf(c));
            }
        }
        Map<String, Integer> ids = new HashMap<>(TokenizerJson.ids(vocabulary));
        split(byteIds);
        PriorityQueue<Candidate> queue = new PriorityQueue<>(Math.max(1, touched.size()));
        countPairs();
        enqueue(queue);

        int total = training.vocabularySize() - vocabulary.size();
        IntBuilder left = new IntBuilder(total);
        IntBuilder right = new IntBuilder(total);
        IntBuilder result = new IntBuilder(total);
        while (vocabulary.size() < training.vocabularySize()) {
            Candidate top = queue.poll();
            if (top == null) {
                break;
            }
            if (top.count != pairCounts[top.pair]) {
                top.count = pairCounts[top.pair];
                queue.add(top);
                continue;
            }
            if (top.count < Math.max(1, training.minimumCount())) {
                break;
            }
            int a = (int) (top.key >>> 32);
            int b = (int) top.key;
            String token = vocabulary.get(a) + vocabulary.get(b);
            int id = ids.computeIfAbsent(token, t -> vocabulary.size());
            if (id == vocabulary.size()) {
                vocabulary.add(token);
            }
            left.add(a);
            right.add(b);
            result.add(id);
            for (int i = 0; i < top.size; i++) {
                mergeWord(top.words[i], a, b, id);
            }
            enqueue(queue);
            progress.update(left.size(), total);
        }
        return new Result(List.copyOf(vocabulary), new Merges(left.toArray(), right.toArray(), result.toArray()));
    }

    /** Writes each word as the ids of its bytes. */
    private void split(int[] byteIds) {
        int count = words.size();
        starts = new int[count];
        lengths = new int[count];
        IntBuilder all = new IntBuilder(words.end(Math.max(0, count - 1)));
        for (int word = 0; word < count; word++) {
            starts[word] = all.size();
            int from = words.start(word);
            String text = new String(words.characters(), from, words.end(word) - from);
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                all.add(byteIds[b & 0xFF]);
            }
            lengths[word] = all.size() - starts[word];
        }
        symbols = all.toArray();
    }

    private void countPairs() {
        for (int word = 0; word < starts.length; word++) {
            for (int i = starts[word], last = i + lengths[word] - 1; i < last; i++) {
                change(symbols[i], symbols[i + 1], words.count(word), word);
            }
        }
    }

    /** Merges a pair in one word and changes the counts of the pairs around it. */
    private void mergeWord(int word, int a, int b, int id) {
        int start = starts[word];
        int end = start + lengths[word];
        long count = words.count(word);
        int out = start;
        for (int in = start; in < end;) {
            if (symbols[in] != a || in + 1 >= end || symbols[in + 1] != b) {
                symbols[out++] = symbols[in++];
                continue;
            }
            if (out > start) {
                int before = symbols[out - 1];
                change(before, a, -count, word);
                change(before, id, count, word);
            }
            symbols[out++] = id;
            in += 2;
            if (in < end) {
                change(b, symbols[in], -count, word);
                change(id, symbols[in], count, word);
            }
        }
        lengths[word] = out - start;
    }

    private void change(int a, int b, long count, int word) {
        long key = ((long) a << 32) | b;
        int pair = pair(key);
        pairCounts[pair] += count;
        if (count > 0) {
            Candidate candidate = pending[pair];
            if (candidate == null) {
                candidate = new Candidate(pair, key);
                pending[pair] = candidate;
                touched.add(candidate);
            }
            candidate.add(word);
        }
    }

    private void enqueue(PriorityQueue<Candidate> queue) {
        for (Candidate candidate : touched) {
            pending[candidate.pair] = null;
            candidate.count = pairCounts[candidate.pair];
            if (candidate.count > 0) {
                queue.add(candidate);
            }
        }
        touched.clear();
    }

    private int pair(long key) {
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (keys[slot] != -1) {
            if (keys[slot] == key) {
                return indexes[slot];
            }
            slot = (slot + 1) & mask;
        }
        keys[slot] = key;
        indexes[slot] = pairs;
        if (pairs == pairCounts.length) {
            pairCounts = Arrays.copyOf(pairCounts, pairs * 2);
            pending = Arrays.copyOf(pending, pairs * 2);
        }
        int index = pairs++;
        if (pairs * 2 > keys.length) {
            long[] oldKeys = keys;
            int[] oldIndexes = indexes;
            keys = new long[oldKeys.length * 2];
            indexes = new int[keys.length];
            Arrays.fill(keys, -1);
            int wider = keys.length - 1;
            for (int i = 0; i < oldKeys.length; i++) {
                if (oldKeys[i] != -1) {
                    int to = slot(oldKeys[i], wider);
                    while (keys[to] != -1) {
                        to = (to + 1) & wider;
                    }
                    keys[to] = oldKeys[i];
                    indexes[to] = oldIndexes[i];
                }
            }
        }
        return index;
    }

    private static int slot(long key, int mask) {
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    }
}
