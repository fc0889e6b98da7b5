// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The byte-pair encoding of SentencePiece: always the two neighbours whose piece has the highest score become one. */
final class SentencePieceBpe implements SentencePiece.Model {
    private static final int DEEPEST = 100;

    private final SentencePieceVocabulary vocabulary;
    private final SentencePiece.Options options;
    private final float[] scores; // by id
    private final @Nullable RankMerges merges; // null if there is more to it than ranks

    SentencePieceBpe(SentencePieceVocabulary vocabulary, SentencePiece.Options options) {
        this.vocabulary = vocabulary;
        this.options = options;
        scores = vocabulary.scores.clone();
        for (int id = 0; id < scores.length && options.separateSpaces(); id++) {
            scores[id] += 0f; // llama.cpp takes -0 for 0, SentencePiece for less
        }
        merges = ranked();
    }

    /** The pieces as tokens that are made in the order of their scores. */
    private @Nullable RankMerges ranked() {
        byte[] @Nullable [] strings = new byte[scores.length][];
        Integer[] order = new Integer[scores.length];
        int count = 0;
        for (int id = 0; id < scores.length; id++) {
            String piece = vocabulary.pieces.get(id);
            boolean there = !piece.isEmpty() && vocabulary.ids.getOrDefault(piece, -1) == id;
            switch (vocabulary.types[id]) {
                case NORMAL -> {}
                // a text is cut at those that users defined, and there are none between the cuts, for those were found first
                case CONTROL, BYTE, USER_DEFINED -> there &= options.separateSpaces();
                case UNKNOWN -> there = false;
                case UNUSED -> {
                    if (!options.separateSpaces()) {
                        return null; // these come apart again
                    }
                }
            }
            if (there && !Float.isNaN(scores[id])) {
                strings[id] = piece.getBytes(StandardCharsets.UTF_8);
                order[count++] = id;
            }
        }
        Arrays.sort(order, 0, count, (a, b) -> Float.compare(scores[b], scores[a]));
        int[] ranks = new int[scores.length];
        Arrays.fill(ranks, -1);
        for (int i = 0; i < count; i++) {
            boolean equal = i > 0 && Float.compare(scores[order[i]], scores[order[i - 1]]) == 0;
            ranks[order[i]] = equal ? ranks[order[i - 1]] : i;
        }
        return new RankMerges(strings, scores.length, ranks, true, false);
    }

    /** Adds the ids of a stretch; of unknown characters in a row one id, or their bytes'. */
    void ids(SentencePieceNormalizer.Text text, PretokenEncoder.Work work) {
        if (merges != null) {
            merged(new String(text.chars(), 0, text.length()), merges, work);
            return;
        }
        IntBuilder found = new IntBuilder(64);
        find(text, found);
        boolean afterUnknown = false;
        for (int i = 0; i < found.size(); i += 3) {
            int id = found.get(i + 2);
            if (id != vocabulary.unknown) {
                work.add(id);
            } else if (vocabulary.byteIds.length > 0) {
                String piece = new String(text.chars(), found.get(i), found.get(i + 1) - found.get(i));
                for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
                    work.add(vocabulary.byteIds[b & 0xFF]);
                }
            } else if (!afterUnknown) {
                work.add(id);
            }
            afterUnknown = id == vocabulary.unknown;
        }
    }

    /** Whether a stretch is merged as a whole, by ranks alone. */
    boolean onlyMerges() {
        return merges != null && (vocabulary.userDefined.isEmpty() || options.separateSpaces());
    }

    /** Finds the ids of stretches that are only merged. In {@code bytes} lie their normalised forms in UTF-8, none empty. */
    void ids(byte[] bytes, NewWords forms, NewWords stretches, PretokenEncoder.Work work) {
        Objects.requireNonNull(merges).apply(bytes, forms, work);
        for (int w = 0; w < forms.size(); w++) {
            work.count = 0;
            add(forms.ids(), forms.place(w), forms.count(w), bytes, forms.start(w), work);
            stretches.put(w, work.word, work.count);
        }
    }

    private void merged(String normal, RankMerges ranks, PretokenEncoder.Work work) {
        int from = 0;
        if (!vocabulary.userDefined.isEmpty() && !options.separateSpaces()) {
            char[] chars = normal.toCharArray();
            for (int i = 0; i < normal.length();) {
                int user = vocabulary.userLength(normal, i, normal.length());
                if (user == 0) {
                    i += Character.charCount(normal.codePointAt(i));
                    continue;
                }
                if (from < i) {
                    merged(normal.substring(from, i).getBytes(StandardCharsets.UTF_8), ranks, work);
                }
                work.add(made(chars, i, i + user));
                i += user;
                from = i;
            }
        }
        if (from < normal.length()) {
            merged(normal.substring(from).getBytes(StandardCharsets.UTF_8), ranks, work);
        }
    }

    /** Adds the ids of what no user-defined piece is a part of. */
    private void merged(byte[] part, RankMerges ranks, PretokenEncoder.Work work) {
        byte[] bytes = Arrays.copyOf(part, part.length + PretokenEncoder.PADDING);
        int length = part.length;
        int[] found = new int[length];
        add(found, 0, ranks.apply(bytes, 0, length, found, work.merges), bytes, 0, work);
    }

    /** Adds ids as merging leaves them, those of the bytes from {@code from} on; negative ones are of unknown characters. */
    private void add(int[] found, int place, int count, byte[] bytes, int from, PretokenEncoder.Work work) {
        int lowest = 0;
        for (int i = place; i < place + count; i++) {
            lowest |= found[i];
        }
        if (lowest >= 0) {
            work.add(found, place, count);
            return;
        }
        int at = from;
        boolean afterUnknown = false;
        for (int i = place; i < place + count; i++) {
            int id = found[i];
            if (id >= 0) {
                work.add(id);
                at += Math.toIntExact(Utf8.length(vocabulary.pieces.get(id)));
                afterUnknown = false;
                continue;
            }
            int end = at + (CharClass.at(bytes, at) >> 4);
            for (int b = at; b < end && vocabulary.byteIds.length > 0; b++) {
                work.add(vocabulary.byteIds[bytes[b] & 0xFF]);
            }
            if (vocabulary.byteIds.length == 0 && !afterUnknown) {
                work.add(vocabulary.unknown);
            }
            afterUnknown = true;
            at = end;
        }
    }

    /** The id of a piece that may be made of others, {@link Trie#NONE} if there is none. */
    private int made(char[] chars, int from, int to) {
        return vocabulary.made.getOrDefault(new String(chars, from, to - from), Trie.NONE);
    }

    /** Adds the pieces of a normalised text: where each begins and ends, and its id. */
    @Override
    public void find(SentencePieceNormalizer.Text text, IntBuilder found) {
        int length = text.length();
        char[] chars = text.chars();
        if (merges != null && onlyMerges()) {
            find(new String(chars, 0, length), merges, found);
            return;
        }
        // a symbol is where it begins; next is where it ends, 0 inside another
        int[] next = new int[length + 1];
        int[] previous = new int[length + 1];
        boolean[] frozen = new boolean[length];
        CharSequence sequence = vocabulary.userDefined.isEmpty() ? "" : new String(chars, 0, length);
        int before = -1;
        for (int i = 0; i < length;) {
            int user = options.separateSpaces() ? 0 : vocabulary.userLength(sequence, i, length);
            int end = user > 0 ? i + user : CharClass.next(chars, i, length);
            frozen[i] = user > 0;
            next[i] = end;
            previous[i] = before;
            before = i;
            i = end;
        }
        previous[length] = before;
        Map<String, Integer> splits = new HashMap<>(); // of unused pieces: where the two parts met
        PairHeap heap = new PairHeap(Math.max(16, length));
        for (int i = 0; i < length; i = next[i]) {
            offer(heap, chars, frozen, i, next[i], length, next, splits);
        }
        while (heap.size > 0) {
            int at = heap.left[0];
            int middle = heap.middle[0];
            int end = heap.end[0];
            heap.remove();
            if (next[at] != middle || middle >= length || next[middle] != end) {
                continue; // one of the two was merged since
            }
            next[at] = end;
            next[middle] = 0;
            previous[end] = at;
            if (previous[at] >= 0) {
                offer(heap, chars, frozen, previous[at], at, length, next, splits);
            }
            offer(heap, chars, frozen, at, end, length, next, splits);
        }
        for (int i = 0; i < length; i = next[i]) {
            emit(chars, i, next[i], splits, 0, found);
        }
    }

    /** The same by ranks alone. */
    private void find(String text, RankMerges ranks, IntBuilder found) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        int count = ranks.apply(Arrays.copyOf(bytes, bytes.length + PretokenEncoder.PADDING), 0, bytes.length, ids,
                new Merges.Work());
        int at = 0;
        for (int i = 0; i < count; i++) {
            found.add(at);
            at += ids[i] < 0 ? Character.charCount(text.codePointAt(at)) : vocabulary.pieces.get(ids[i]).length();
            found.add(at);
            found.add(ids[i] < 0 ? vocabulary.unknown : ids[i]);
        }
    }

    private void offer(PairHeap heap, char[] chars, boolean[] frozen, int left, int right, int length, int[] next,
            Map<String, Integer> splits) {
        if (right >= length || frozen[left] || frozen[right]) {
            return;
        }
        int id = made(chars, left, next[right]);
        if (id == Trie.NONE) {
            return;
        }
        heap.add(scores[id], left, right, next[right]);
        if (vocabulary.types[id] == SentencePiece.Type.UNUSED && !options.separateSpaces()) {
            splits.put(new String(chars, left, next[right] - left), right - left);
        }
    }

    /** Unused pieces are only steps on the way: they are taken apart again, those made of a hundred others in a row not. */
    private void emit(char[] chars, int from, int to, Map<String, Integer> splits, int depth, IntBuilder found) {
        int id = made(chars, from, to);
        boolean step = id != Trie.NONE && vocabulary.types[id] == SentencePiece.Type.UNUSED
                && !options.separateSpaces();
        if (step && depth <= DEEPEST) {
            Integer split = splits.get(new String(chars, from, to - from));
            if (split != null) {
                emit(chars, from, from + split, splits, depth + 1, found);
                emit(chars, from + split, to, splits, depth + 1, found);
                return;
            }
            id = Trie.NONE;
        }
        found.add(from);
        found.add(to);
        found.add(id == Trie.NONE ? vocabulary.unknown : id);
    }

    /** Pairs that may merge: the highest score first, of equals the leftmost. */
    private static final class PairHeap {
        private float[] score;
        private int[] left;
        private int[] middle;
        private int[] end;
        private int size;

        PairHeap(int capacity) {
            score = new float[capacity];
            left = new int[capacity];
            middle = new int[capacity];
            end = new int[capacity];
        }

        void add(float s, int l, int m, int e) {
            if (size == score.length) {
                int more = size * 2;
                score = Arrays.copyOf(score, more);
                left = Arrays.copyOf(left, more);
                middle = Arrays.copyOf(middle, more);
                end = Arrays.copyOf(end, more);
            }
            int i = size++;
            while (i > 0) {
                int parent = (i - 1) >> 1;
                if (isBefore(score[parent], left[parent], s, l)) {
                    break;
                }
                move(parent, i);
                i = parent;
            }
            set(i, s, l, m, e);
        }

        void remove() {
            int last = --size;
            float s = score[last];
            int l = left[last];
            int m = middle[last];
            int e = end[last];
            int i = 0;
            while (true) {
                int child = 2 * i + 1;
                if (child >= last) {
                    break;
                }
                if (child + 1 < last && !isBefore(score[child], left[child], score[child + 1], left[child + 1])) {
                    child++;
                }
                if (isBefore(s, l, score[child], left[child])) {
                    break;
                }
                move(child, i);
                i = child;
            }
            set(i, s, l, m, e);
        }

        private static boolean isBefore(float score, int left, float other, int otherLeft) {
            int order = Float.compare(score, other);
            return order > 0 || (order == 0 && left <= otherLeft);
        }

        private void move(int from, int to) {
            set(to, score[from], left[from], middle[from], end[from]);
        }

        private void set(int i, float s, int l, int m, int e) {
            score[i] = s;
            left[i] = l;
            middle[i] = m;
            end[i] = e;
        }
    }
}
