// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Learns merges from words and their counts. Pairs are counted once; a merge then changes only the counts of the pairs
 * around the places where it happens, and a heap gives the next. What a merge changes is summed up by the neighbour first,
 * in arrays indexed by symbol, so that the table of pairs is asked once a neighbour and not once a place.
 *
 * <p>
 * The order of merges, ties and the few quirks (a pair that overlaps itself is counted at both places, the limit on a
 * token's length is exclusive and spares the first pairs) are those of the trainer in Hugging Face's {@code tokenizers}, or
 * of SentencePiece's.
 */
final class BpeTrainer {
    /** Which of several equally frequent pairs goes first, and which pairs there are. */
    enum Style {
        /** That of the lower ids; a token that is made twice is the same. */
        HUGGING_FACE,
        /** The shorter, then that earlier in the alphabet; what was made once is not made in another way. */
        SENTENCE_PIECE
    }

    /**
     * How to learn.
     *
     * @param vocabularySize
     *            at how many tokens to stop
     * @param minimumCount
     *            pairs seen less often are not merged; 0 and 1 merge all
     * @param maximumLength
     *            how many characters a token has at most, in SentencePiece's style; fewer than which, in the other
     * @param prefix
     *            what tokens inside a word begin with, and lose where they are merged to the one before
     */
    record Options(int vocabularySize, long minimumCount, int maximumLength, String prefix, Style style) {}

    /** What was learnt. */
    record Result(List<String> vocabulary, Merges merges) {}

    private static final int LARGEST = Integer.MAX_VALUE - 16;

    private final Options options;
    private final List<String> vocabulary;
    private final Map<String, Integer> ids;
    private final int[] tokenLengths; // in characters, by symbol
    // in SentencePiece's style only
    private final PieceShapes shapes;
    private final char[][] spelled; // by symbol

    private final SymbolRow row;
    private final long[] counts; // of words
    private final boolean[] again; // symbols that were made more than once

    // pairs: an open-addressing table from left << 32 | right to a count
    private long[] keys = new long[1 << 16];
    private long[] pairCounts = new long[1 << 16];
    private int pairs;

    // where pairs are: slices of one array, which only grows
    private int[] arena = {};
    private int used;

    // the heap, and what it orders: a pair, its count and places when it was put there
    private int[] heap = new int[1 << 16];
    private int queued;
    private long[] entryCounts = new long[1 << 16];
    private long[] entryKeys = new long[1 << 16];
    private int[] entryStarts = new int[1 << 16];
    private int[] entrySizes = new int[1 << 16];
    private int entries;

    private final Neighbours before;
    private final Neighbours after;

    BpeTrainer(Options options, TrainingWords words) {
        this.options = options;
        vocabulary = new ArrayList<>(words.vocabulary());
        ids = new HashMap<>(TokenizerJson.ids(vocabulary));
        row = new SymbolRow(words);
        counts = words.counts();
        int most = Math.max(options.vocabularySize(), vocabulary.size()) + 1;
        tokenLengths = new int[most];
        Arrays.fill(tokenLengths, 0, vocabulary.size(), 1);
        again = new boolean[most];
        shapes = new PieceShapes(most);
        spelled = new char[options.style() == Style.SENTENCE_PIECE ? most : 0][];
        for (int symbol = 0; symbol < Math.min(spelled.length, vocabulary.size()); symbol++) {
            shapes.add(vocabulary.get(symbol));
            spelled[symbol] = vocabulary.get(symbol).toCharArray();
        }
        before = new Neighbours(most);
        after = new Neighbours(most);
        Arrays.fill(keys, -1);
    }

    Result train(Progress progress) {
        countPairs();
        int first = vocabulary.size();
        int total = Math.max(0, options.vocabularySize() - first);
        IntBuilder left = new IntBuilder(total);
        IntBuilder right = new IntBuilder(total);
        IntBuilder result = new IntBuilder(total);
        while (vocabulary.size() < options.vocabularySize() && queued > 0) {
            int top = heap[0];
            long key = entryKeys[top];
            long count = pairCounts[find(key)];
            if (entryCounts[top] != count && entrySizes[top] > 0) {
                entryCounts[top] = count;
                siftDown(0, top);
                continue;
            }
            int last = heap[--queued];
            if (queued > 0) {
                siftDown(0, last);
            }
            if (entrySizes[top] == 0) {
                continue;
            }
            if (count < Math.max(1, options.minimumCount())) {
                break;
            }
            int a = (int) (key >>> 32);
            int b = (int) key;
            String tail = vocabulary.get(b);
            if (!options.prefix().isEmpty() && tail.startsWith(options.prefix())) {
                tail = tail.substring(options.prefix().length());
            }
            String token = vocabulary.get(a) + tail;
            int id = ids.computeIfAbsent(token, t -> vocabulary.size());
            if (id == vocabulary.size()) {
                vocabulary.add(token);
                tokenLengths[id] = tokenLengths[a] + tokenLengths[b];
                if (options.style() == Style.SENTENCE_PIECE) {
                    shapes.add(a, b);
                    spelled[id] = token.toCharArray();
                }
            } else if (options.style() == Style.SENTENCE_PIECE) {
                continue;
            } else {
                again[id] = true;
            }
            left.add(a);
            right.add(b);
            result.add(id);
            merge(a, b, id, entryStarts[top], entrySizes[top]);
            if ((left.size() & 0xFF) == 0) {
                progress.update(vocabulary.size() - first, total);
            }
        }
        progress.update(vocabulary.size() - first, total);
        return new Result(List.copyOf(vocabulary), merges(left.toArray(), right.toArray(), result.toArray()));
    }

    /** A pair that was merged twice (its two tokens were made anew in other words) has the later rank. */
    private static Merges merges(int[] left, int[] right, int[] result) {
        Map<Long, Integer> last = HashMap.newHashMap(left.length);
        for (int r = 0; r < left.length; r++) {
            last.put(key(left[r], right[r]), r);
        }
        int n = 0;
        for (int r = 0; r < left.length; r++) {
            if (last.getOrDefault(key(left[r], right[r]), -1) == r) {
                left[n] = left[r];
                right[n] = right[r];
                result[n++] = result[r];
            }
        }
        return new Merges(Arrays.copyOf(left, n), Arrays.copyOf(right, n), Arrays.copyOf(result, n));
    }

    private void countPairs() {
        int[] slots = new int[row.places()];
        // the table must not grow while slots are remembered: so it grows now
        for (int word = 0; word < row.words(); word++) {
            for (int i = row.start(word), last = row.end(word) - 1; i < last; i++) {
                if (allowed(row.get(i), row.get(i + 1))) {
                    insert(key(row.get(i), row.get(i + 1)));
                }
            }
        }
        int[] sizes = new int[keys.length];
        for (int word = 0; word < row.words(); word++) {
            for (int i = row.start(word), last = row.end(word) - 1; i < last; i++) {
                int slot = find(key(row.get(i), row.get(i + 1)));
                slots[i] = slot;
                if (slot >= 0) {
                    pairCounts[slot] += counts[word];
                    sizes[slot]++;
                }
            }
        }
        int[] ends = new int[keys.length];
        arena = new int[(int) Math.min(LARGEST, row.places() * 2L)];
        for (int slot = 0; slot < keys.length; slot++) {
            if (sizes[slot] > 0) {
                int start = take(sizes[slot]);
                ends[slot] = start;
                queue(keys[slot], pairCounts[slot], start, sizes[slot]);
            }
        }
        for (int word = 0; word < row.words(); word++) {
            for (int i = row.start(word), last = row.end(word) - 1; i < last; i++) {
                if (slots[i] >= 0) {
                    arena[ends[slots[i]]++] = i;
                }
            }
        }
    }

    /** What stands on one side of the places where a pair is merged. */
    private static final class Neighbours {
        private final long[] sums; // by symbol
        private final int[] sizes; // how often it was met
        private final int[] ends; // of its slice of the arena, so far
        private final IntBuilder met = new IntBuilder(64);
        private int[] symbols = new int[1 << 12]; // as they were met, and where the pair with what is merged begins
        private int[] places = new int[1 << 12];
        private int size;

        Neighbours(int most) {
            sums = new long[most];
            sizes = new int[most];
            ends = new int[most];
        }

        void meet(int symbol, int place, long count) {
            if (sizes[symbol]++ == 0) {
                met.add(symbol);
            }
            sums[symbol] += count;
            if (size == symbols.length) {
                symbols = Arrays.copyOf(symbols, 2 * size);
                places = Arrays.copyOf(places, 2 * size);
            }
            symbols[size] = symbol;
            places[size++] = place;
        }

        void clear() {
            for (int i = 0; i < met.size(); i++) {
                int symbol = met.get(i);
                sums[symbol] = 0;
                sizes[symbol] = 0;
            }
            met.clear();
            size = 0;
        }
    }

    /** Merges a pair at the places of a slice and changes the counts of the pairs around it. */
    private void merge(int a, int b, int id, int from, int size) {
        boolean everywhere = again[a] || again[b]; // not all places are in one slice
        for (int i = from; i < from + size; i++) {
            if (everywhere) {
                mergeWord(a, b, id, row.word(arena[i]));
            } else {
                merge(a, b, id, arena[i]);
            }
        }
        // first what comes, then what goes: a pair may do both
        boolean both = before.sums[id] > 0 && after.sums[id] > 0 && allowed(id, id);
        add(before, id, true);
        add(after, id, false);
        if (both) {
            join(id);
        }
        subtract(before, a, true);
        subtract(after, b, false);
        before.clear();
        after.clear();
    }

    private void mergeWord(int a, int b, int id, int word) {
        for (int i = row.start(word); row.get(i) != SymbolRow.BOUND; i = row.next(i)) {
            merge(a, b, id, i);
        }
    }

    /** Merges a pair at a place, if it is there still. */
    private void merge(int a, int b, int id, int place) {
        if (row.get(place) != a) {
            return;
        }
        int second = row.next(place);
        if (row.get(second) != b) {
            return;
        }
        long count = counts[row.word(place)];
        int left = row.previous(place);
        if (row.get(left) != SymbolRow.BOUND) {
            before.meet(row.get(left), left, count);
        }
        row.merge(place, second, id);
        int right = row.get(row.next(place));
        if (right != SymbolRow.BOUND) {
            after.meet(right, place, count);
        }
    }

    private void add(Neighbours side, int id, boolean left) {
        for (int i = 0; i < side.met.size(); i++) {
            int x = side.met.get(i);
            side.ends[x] = (left ? allowed(x, id) : allowed(id, x)) ? take(side.sizes[x]) : -1;
        }
        for (int i = 0; i < side.size; i++) {
            int x = side.symbols[i];
            if (side.ends[x] >= 0) {
                arena[side.ends[x]++] = side.places[i];
            }
        }
        for (int i = 0; i < side.met.size(); i++) {
            int x = side.met.get(i);
            if (side.ends[x] >= 0) {
                long key = left ? key(x, id) : key(id, x);
                int slot = insert(key);
                pairCounts[slot] += side.sums[x];
                queue(key, pairCounts[slot], side.ends[x] - side.sizes[x], side.sizes[x]);
            }
        }
    }

    /**
     * A token that was there already now stands beside itself on both sides of places of its making, so that {@link #add}
     * queued that pair twice: the later entry, which has the whole count, takes the places of the other.
     */
    private void join(int id) {
        int later = entries - 1;
        while (entryKeys[later] != key(id, id)) {
            later--;
        }
        int earlier = later - 1;
        while (entryKeys[earlier] != key(id, id)) {
            earlier--;
        }
        int[] places = IntStream.concat(slice(earlier), slice(later)).sorted().distinct().toArray();
        entryStarts[later] = take(places.length);
        entrySizes[later] = places.length;
        entrySizes[earlier] = 0; // to be passed over
        System.arraycopy(places, 0, arena, entryStarts[later], places.length);
    }

    private IntStream slice(int entry) {
        return Arrays.stream(arena, entryStarts[entry], entryStarts[entry] + entrySizes[entry]);
    }

    private void subtract(Neighbours side, int symbol, boolean left) {
        for (int i = 0; i < side.met.size(); i++) {
            int x = side.met.get(i);
            int slot = find(left ? key(x, symbol) : key(symbol, x));
            if (slot >= 0) { // else it was never allowed
                pairCounts[slot] -= side.sums[x];
            }
        }
    }

    /** Whether two symbols may become one. */
    private boolean allowed(int a, int b) {
        if (options.style() == Style.SENTENCE_PIECE) {
            return shapes.joins(a, b, options.maximumLength());
        }
        return tokenLengths[a] + tokenLengths[b] < options.maximumLength() || tokenLengths[a] + tokenLengths[b] == 2;
    }

    private int take(int size) {
        if (size > LARGEST - used) {
            throw new IllegalArgumentException("the corpus has more different words than merges can be learnt from;"
                    + " train on a part of it");
        }
        if (used + size > arena.length) {
            arena = Arrays.copyOf(arena, (int) Math.min(LARGEST, Math.max(used + size, arena.length * 2L)));
        }
        used += size;
        return used - size;
    }

    private static long key(int a, int b) {
        return (long) a << 32 | b;
    }

    private static int slot(long key, int mask) {
        long h = key * 0x9E3779B97F4A7C15L;
        return (int) (h >>> 32) & mask;
    }

    /** Where a pair is, -1 if it never was. */
    private int find(long key) {
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (keys[slot] != key) {
            if (keys[slot] == -1) {
                return -1;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private int insert(long key) {
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (keys[slot] != -1) {
            if (keys[slot] == key) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
        if (++pairs * 2 > keys.length) {
            grow();
            return insertNew(key);
        }
        keys[slot] = key;
        return slot;
    }

    private int insertNew(long key) {
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (keys[slot] != -1) {
            slot = (slot + 1) & mask;
        }
        keys[slot] = key;
        return slot;
    }

    private void grow() {
        long[] oldKeys = keys;
        long[] oldCounts = pairCounts;
        keys = new long[oldKeys.length * 2];
        pairCounts = new long[keys.length];
        Arrays.fill(keys, -1);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != -1) {
                pairCounts[insertNew(oldKeys[i])] = oldCounts[i];
            }
        }
    }

    private void queue(long key, long count, int start, int size) {
        if (count <= 0) {
            return;
        }
        if (entries == entryKeys.length) {
            int capacity = entries * 2;
            entryKeys = Arrays.copyOf(entryKeys, capacity);
            entryCounts = Arrays.copyOf(entryCounts, capacity);
            entryStarts = Arrays.copyOf(entryStarts, capacity);
            entrySizes = Arrays.copyOf(entrySizes, capacity);
            heap = Arrays.copyOf(heap, capacity);
        }
        int entry = entries++;
        entryKeys[entry] = key;
        entryCounts[entry] = count;
        entryStarts[entry] = start;
        entrySizes[entry] = size;
        int i = queued++;
        while (i > 0) {
            int parent = (i - 1) >> 2;
            if (!goesFirst(entry, heap[parent])) {
                break;
            }
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = entry;
    }

    // four children a node: fewer levels, and siblings lie together
    private void siftDown(int from, int entry) {
        int i = from;
        while (true) {
            int child = 4 * i + 1;
            if (child >= queued) {
                break;
            }
            int best = child;
            for (int c = child + 1; c < Math.min(child + 4, queued); c++) {
                if (goesFirst(heap[c], heap[best])) {
                    best = c;
                }
            }
            if (!goesFirst(heap[best], entry)) {
                break;
            }
            heap[i] = heap[best];
            i = best;
        }
        heap[i] = entry;
    }

    private boolean goesFirst(int one, int other) {
        if (entryCounts[one] != entryCounts[other]) {
            return entryCounts[one] > entryCounts[other];
        }
        long a = entryKeys[one];
        long b = entryKeys[other];
        if (options.style() == Style.SENTENCE_PIECE && a != b) {
            int c = compare(a, b);
            if (c != 0) {
                return c < 0;
            }
        }
        return a != b ? a < b : one < other;
    }

    private int compare(long one, long other) {
        int a = (int) (one >>> 32);
        int b = (int) one;
        int c = (int) (other >>> 32);
        int d = (int) other;
        int byLength = tokenLengths[a] + tokenLengths[b] - tokenLengths[c] - tokenLengths[d];
        if (byLength != 0) {
            return byLength;
        }
        char[] left = spelled[a];
        char[] right = spelled[b];
        char[] otherLeft = spelled[c];
        char[] otherRight = spelled[d];
        int length = left.length + right.length;
        int otherLength = otherLeft.length + otherRight.length;
        for (int i = 0; i < Math.min(length, otherLength); i++) {
            char x = i < left.length ? left[i] : right[i - left.length];
            char y = i < otherLeft.length ? otherLeft[i] : otherRight[i - otherLeft.length];
            if (x != y) {
                return Utf8.compare(x, y);
            }
        }
        return Integer.compare(length, otherLength);
    }
}
