// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece (Kudo and Richardson 2018, arXiv:1808.06226): a text is normalised, its spaces become {@code ▁}, and the
 * whole is one word for BPE or for the unigram model. Reads the {@code .model} files of the library; the vocabularies of
 * kind {@code llama} and {@code t5} in GGUF files and that of llama2.c work in the same way.
 */
final class SentencePiece implements Tokenizer {
    static final char SPACE = '\u2581';
    private static final String UNKNOWN_SURFACE = " \u2047 ";

    /** What a piece is. */
    enum Type {
        NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE
    }

    /** How pieces are chosen. */
    enum Algorithm {
        UNIGRAM, BPE, WORD, CHARACTER
    }

    /**
     * What a model says of itself.
     *
     * @param map
     *            rules of normalisation, null for none
     * @param dummyPrefix
     *            whether a space is put before the text
     * @param removeExtraSpaces
     *            whether of spaces in a row one is kept, and none at the ends
     * @param byteFallback
     *            whether unknown characters are spelled in bytes
     * @param suffix
     *            whether spaces end words
     * @param separateSpaces
     *            whether a space is put before every part of a text that follows a special token, as llama.cpp does
     * @param before
     *            ids put before a text
     * @param after
     *            ids put after it
     * @param back
     *            rules applied to a text that was decoded, null for none
     */
    record Options(Algorithm algorithm, @Nullable CharsMap map, boolean dummyPrefix, boolean removeExtraSpaces,
            boolean escapeSpaces, boolean byteFallback, boolean suffix, boolean separateSpaces, List<Integer> before,
            List<Integer> after, @Nullable CharsMap back) {}

    /** By the number the formats give them, from 1 up. */
    static final List<Type> TYPES = List.of(Type.NORMAL, Type.UNKNOWN, Type.CONTROL, Type.USER_DEFINED, Type.UNUSED,
            Type.BYTE);
    private static final List<Algorithm> ALGORITHMS = List.of(Algorithm.UNIGRAM, Algorithm.BPE, Algorithm.WORD,
            Algorithm.CHARACTER);

    private final List<String> pieces;
    private final float[] scores;
    private final Type[] types;
    private final Options options;
    private final Map<String, Integer> ids;
    private final Trie trie = new Trie(); // what may be made: normal, user-defined and unused pieces
    private final Trie userDefined = new Trie();
    private final AddedTokens special; // where they are to be found in the text
    private final int unknown;
    private final int[] byteIds;
    private final float minimum;
    private final float maximum;

    private final @Nullable RankMerges merges; // null if there is more to it than ranks
    private final List<String> made = new ArrayList<>();
    private volatile @Nullable SentencePieceStretches stretches;
    private volatile boolean uncut; // whether a text has to be encoded as a whole

    SentencePiece(List<String> pieces, float[] scores, Type[] types, Options options) {
        this.pieces = pieces;
        this.scores = scores;
        this.types = types;
        this.options = options;
        ids = HashMap.newHashMap(pieces.size());
        int unknownId = -1;
        float least = Float.MAX_VALUE;
        float most = Float.MIN_NORMAL; // as the library begins: usually all scores are below it
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
            String piece = pieces.get(id);
            ids.putIfAbsent(piece, id);
            switch (types[id]) {
                case NORMAL -> {
                    least = Math.min(least, scores[id]);
                    most = Math.max(most, scores[id]);
                    put(piece, id);
                }
                case UNUSED -> put(piece, id);
                case USER_DEFINED -> {
                    put(piece, id);
                    userDefined.put(piece, id);
                    if (options.separateSpaces() && !piece.isEmpty()) {
                        added.add(new AddedToken(id, piece, false, false));
                    }
                }
                case UNKNOWN -> unknownId = unknownId < 0 ? id : unknownId;
                case CONTROL, BYTE -> {
                    if (options.separateSpaces() && options.algorithm() == Algorithm.BPE) {
                        put(piece, id); // llama.cpp makes no difference
                    }
                }
            }
            if ((types[id] == Type.CONTROL || types[id] == Type.UNKNOWN) && !piece.isEmpty()) {
                added.add(new AddedToken(id, piece, true, false));
            }
        }
        special = new AddedTokens(added);
        unknown = unknownId;
        minimum = least;
        maximum = most;
        byteIds = options.byteFallback() ? ByteTokens.ids(ids) : new int[0];
        merges = options.algorithm() == Algorithm.BPE ? ranked() : null;
    }

    /** The pieces as tokens that are made in the order of their scores. */
    private @Nullable RankMerges ranked() {
        byte[] @Nullable [] strings = new byte[scores.length][];
        Integer[] order = new Integer[scores.length];
        int count = 0;
        for (int id = 0; id < scores.length; id++) {
            boolean there = !pieces.get(id).isEmpty() && ids.getOrDefault(pieces.get(id), -1) == id;
            switch (types[id]) {
                case NORMAL -> there &= true;
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
                strings[id] = pieces.get(id).getBytes(StandardCharsets.UTF_8);
                order[count++] = id;
            }
        }
        Arrays.sort(order, 0, count, (a, b) -> Float.compare(scores[b] + 0f, scores[a] + 0f)); // -0 is 0
        int[] ranks = new int[scores.length];
        Arrays.fill(ranks, -1);
        for (int i = 0; i < count; i++) {
            boolean equal = i > 0 && scores[order[i]] == scores[order[i - 1]];
            ranks[order[i]] = equal ? ranks[order[i - 1]] : i;
        }
        return new RankMerges(strings, scores.length, ranks, true, false);
    }

    private void put(String piece, int id) {
        if (!piece.isEmpty()) {
            trie.put(piece, id);
            made.add(piece);
        }
    }

    /** How much a piece costs. */
    double cost(int id) {
        return id == unknown ? minimum - 10 : scores[id];
    }

    /**
     * Adds the ids of a stretch, as {@link SentencePieceStretches} cuts them.
     *
     * @param space
     *            whether a space stands before it
     */
    void stretch(String text, boolean space, PretokenEncoder.Work work) {
        if (merges != null && options.map() == null && !options.removeExtraSpaces()) { // only spaces change
            merged(text.replace(' ', SPACE), merges, work);
            return;
        }
        Text normal = normalize(text, 0, text.length(), space);
        if (merges != null) {
            merged(new String(normal.chars(), 0, normal.length()), merges, work);
            return;
        }
        IntBuilder found = new IntBuilder(64);
        if (options.algorithm() == Algorithm.UNIGRAM) {
            double ahead = unigram(normal, found);
            work.add(size() + SentencePieceStretches.mark(ahead, normal.length()));
        } else {
            pairs(normal, found);
        }
        boolean afterUnknown = false;
        for (int i = 0; i < found.size(); i += 3) {
            int id = found.get(i + 2);
            if (id == unknown && byteIds.length > 0) {
                String piece = new String(normal.chars(), found.get(i), found.get(i + 1) - found.get(i));
                for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
                    work.add(byteIds[b & 0xFF]);
                }
            } else if (id != unknown || !afterUnknown) {
                work.add(id);
            }
            afterUnknown = id == unknown;
        }
    }

    private void merged(String normal, RankMerges ranks, PretokenEncoder.Work work) {
        int from = 0;
        if (!userDefined.isEmpty() && !options.separateSpaces()) {
            char[] chars = normal.toCharArray();
            for (int i = 0; i < normal.length();) {
                int user = userLength(normal, i, normal.length());
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
        int count = ranks.apply(bytes, 0, length, found, work.merges);
        int lowest = 0;
        for (int i = 0; i < count; i++) {
            lowest |= found[i];
        }
        if (lowest >= 0) {
            work.add(found, count);
            return;
        }
        int at = 0;
        boolean afterUnknown = false;
        for (int id : Arrays.copyOf(found, count)) {
            if (id >= 0) {
                work.add(id);
                at += Math.toIntExact(Utf8.length(pieces.get(id)));
                afterUnknown = false;
                continue;
            }
            int end = at + (CharClass.at(bytes, at) >> 4);
            for (int i = at; i < end && byteIds.length > 0; i++) {
                work.add(byteIds[bytes[i] & 0xFF]);
            }
            if (byteIds.length == 0 && !afterUnknown) {
                work.add(unknown);
            }
            afterUnknown = true;
            at = end;
        }
    }

    private @Nullable SentencePieceStretches stretches() {
        SentencePieceStretches found = stretches;
        if (found == null && !uncut) {
            found = SentencePieceStretches.of(this, options, made);
            uncut = found == null;
            stretches = found;
        }
        return found;
    }

    /** Reads a {@code .model} file. */
    static SentencePiece read(Path file, byte[] bytes) throws FormatException {
        List<String> pieces = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        List<Type> types = new ArrayList<>();
        Algorithm algorithm = Algorithm.UNIGRAM;
        CharsMap map = null;
        boolean dummyPrefix = true;
        boolean removeExtraSpaces = true;
        boolean escapeSpaces = true;
        boolean byteFallback = false;
        boolean suffix = false;
        CharsMap back = null;
        ProtobufReader model = new ProtobufReader(file, bytes, 0, bytes.length);
        while (model.next()) {
            switch (model.field()) {
                case 1 -> {
                    ProtobufReader piece = model.message();
                    String text = "";
                    float score = 0;
                    int type = 1;
                    while (piece.next()) {
                        switch (piece.field()) {
                            case 1 -> text = piece.string();
                            case 2 -> score = piece.real();
                            case 3 -> type = piece.integer();
                            default -> {}
                        }
                    }
                    if (type < 1 || type > TYPES.size()) {
                        throw model.error("the piece " + pieces.size() + " is of the unknown type " + type);
                    }
                    pieces.add(text);
                    scores.add(score);
                    types.add(TYPES.get(type - 1));
                }
                case 2 -> {
                    ProtobufReader trainer = model.message();
                    while (trainer.next()) {
                        switch (trainer.field()) {
                            case 3 -> {
                                int type = trainer.integer();
                                if (type < 1 || type > ALGORITHMS.size()) {
                                    throw model.error("the unknown model type " + type);
                                }
                                algorithm = ALGORITHMS.get(type - 1);
                            }
                            case 24 -> suffix = trainer.bool();
                            case 35 -> byteFallback = trainer.bool();
                            default -> {}
                        }
                    }
                }
                case 3 -> {
                    ProtobufReader normalizer = model.message();
                    while (normalizer.next()) {
                        switch (normalizer.field()) {
                            case 2 -> map = map(file, normalizer);
                            case 3 -> dummyPrefix = normalizer.bool();
                            case 4 -> removeExtraSpaces = normalizer.bool();
                            case 5 -> escapeSpaces = normalizer.bool();
                            default -> {}
                        }
                    }
                }
                case 5 -> {
                    ProtobufReader denormalizer = model.message();
                    while (denormalizer.next()) {
                        back = denormalizer.field() == 2 ? map(file, denormalizer) : back;
                    }
                }
                default -> {}
            }
        }
        if (pieces.isEmpty()) {
            throw model.error("it has no pieces");
        }
        if (!types.contains(Type.UNKNOWN)) {
            throw model.error("it has no piece for what is unknown");
        }
        float[] scoreArray = new float[scores.size()];
        for (int i = 0; i < scoreArray.length; i++) {
            scoreArray[i] = scores.get(i);
        }
        return new SentencePiece(pieces, scoreArray, types.toArray(Type[]::new), new Options(algorithm, map,
                dummyPrefix, removeExtraSpaces, escapeSpaces, byteFallback, suffix, false, List.of(), List.of(), back));
    }

    private static @Nullable CharsMap map(Path file, ProtobufReader field) throws FormatException {
        byte[] rules = field.byteString();
        try {
            return rules.length == 0 ? null : CharsMap.of(rules);
        } catch (IllegalArgumentException e) {
            throw new FormatException(file, String.valueOf(e.getMessage()), e);
        }
    }

    /** A normalised text: which unit of the original each unit comes from; one more entry for its end. */
    private record Text(char[] chars, int length, int[] origin) {}

    private Text normalize(String text, int from, int to, boolean prefix) {
        char[] out = new char[to - from + 16];
        int[] origin = new int[out.length + 1];
        int n = 0;
        char space = options.escapeSpaces() ? SPACE : ' ';
        byte[] utf8 = options.map() == null ? new byte[0] : text.substring(from, to).getBytes(StandardCharsets.UTF_8);
        int byteAt = 0;
        int at = from;
        boolean remove = options.removeExtraSpaces();
        boolean begun = false;
        boolean afterSpace = remove;
        while (at < to) {
            // the next characters, normalised
            int units;
            int bytesTaken;
            String becomes;
            int user = userLength(text, at, to);
            if (user > 0) {
                units = user;
                becomes = text.substring(at, at + user);
                bytesTaken = Math.toIntExact(Utf8.length(becomes));
            } else {
                CharsMap map = options.map();
                CharsMap.Match match = map == null
                        ? CharsMap.Match.NONE
                        : map.match(utf8, byteAt, utf8.length, true);
                if (map != null && match.length() > 0) {
                    becomes = Utf8.decode(map.replacement(match.replacement()));
                    bytesTaken = match.length();
                    units = 0;
                    for (int b = byteAt; b < byteAt + bytesTaken;) {
                        int width = (utf8[b] & 0xFF) < 0x80 ? 1
                                : (utf8[b] & 0xE0) == 0xC0 ? 2
                                        : (utf8[b] & 0xF0) == 0xE0 ? 3 : 4;
                        b += width;
                        units += width == 4 ? 2 : 1;
                    }
                } else {
                    int c = text.codePointAt(at);
                    units = Character.charCount(c);
                    bytesTaken = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
                    becomes = text.substring(at, at + units);
                }
            }
            if (!begun) {
                if (remove && becomes.equals(" ")) { // at the very beginning
                    at += units;
                    byteAt += bytesTaken;
                    continue;
                }
                begun = true;
                if (prefix && !options.suffix()) {
                    origin[n] = at;
                    out[n++] = space;
                }
            }
            int skip = 0;
            while (afterSpace && skip < becomes.length() && becomes.charAt(skip) == ' ') {
                skip++;
            }
            if (n + becomes.length() + 2 > out.length) {
                out = Arrays.copyOf(out, 2 * (n + becomes.length()) + 2);
                origin = Arrays.copyOf(origin, out.length + 1);
            }
            for (int i = skip; i < becomes.length(); i++) {
                char c = becomes.charAt(i);
                origin[n] = at;
                out[n++] = c == ' ' ? space : c;
            }
            if (skip < becomes.length()) {
                afterSpace = becomes.endsWith(" ");
            }
            at += units;
            byteAt += bytesTaken;
            afterSpace &= remove;
        }
        int end = at;
        if (remove) {
            while (n > 0 && out[n - 1] == space) {
                end = origin[--n];
            }
        }
        if (begun && prefix && options.suffix()) {
            origin[n] = end;
            out[n++] = space;
        }
        origin[n] = end;
        return new Text(out, n, origin);
    }

    /** How long the longest user-defined piece at a place is, 0 if there is none. */
    private int userLength(CharSequence text, int at, int to) {
        int length = 0;
        int node = Trie.ROOT;
        for (int i = at; !userDefined.isEmpty() && i < to; i++) {
            node = userDefined.child(node, text.charAt(i));
            if (node == Trie.NONE) {
                break;
            }
            if (userDefined.value(node) != Trie.NONE) {
                length = i + 1 - at;
            }
        }
        return length;
    }

    /** Finds a part's tokens. */
    private void find(String text, int from, int to, boolean prefix, TokenList out) {
        Text normal = normalize(text, from, to, prefix);
        if (normal.length() == 0) {
            return;
        }
        IntBuilder found = new IntBuilder(64); // start, end, id
        switch (options.algorithm()) {
            case UNIGRAM -> unigram(normal, found);
            case BPE -> pairs(normal, found);
            case CHARACTER -> characters(normal, found);
            case WORD -> words(normal, found);
        }
        boolean afterUnknown = false;
        for (int i = 0; i < found.size(); i += 3) {
            int start = found.get(i);
            int end = found.get(i + 1);
            int id = found.get(i + 2);
            int first = normal.origin()[start];
            int last = normal.origin()[end];
            if (id != unknown) {
                out.add(id, null, first, last);
                afterUnknown = false;
                continue;
            }
            String piece = new String(normal.chars(), start, end - start);
            if (byteIds.length > 0) {
                byte[] bytes = piece.getBytes(StandardCharsets.UTF_8);
                for (int b = 0; b < bytes.length; b++) {
                    // the last one stands for the character
                    out.add(byteIds[bytes[b] & 0xFF], null, first, b == bytes.length - 1 ? last : first);
                }
            } else if (afterUnknown) {
                int at = out.size() - 1;
                out.texts.set(at, out.texts.get(at) + piece);
                out.ends.set(at, last);
            } else {
                out.add(id, piece, first, last);
            }
            afterUnknown = true;
        }
    }

    /**
     * Finds the best way.
     *
     * @return how much it is ahead of others, at the place where it is least; 0 where that is not known
     */
    private double unigram(Text text, IntBuilder found) {
        int length = text.length();
        char[] chars = text.chars();
        float[] best = new float[length + 1];
        int[] begins = new int[length + 1];
        int[] which = new int[length + 1];
        double[] exact = new double[length + 1]; // the same in double precision,
        double[] second = new double[length + 1]; // and the second best
        Arrays.fill(second, Double.NEGATIVE_INFINITY);
        Arrays.fill(exact, 1, length + 1, Double.NEGATIVE_INFINITY);
        boolean user = false;
        Arrays.fill(begins, -1);
        float unknownScore = minimum - 10f;
        for (int start = 0; start < length;) {
            int width = CharClass.next(chars, start, length) - start;
            float till = best[start];
            boolean single = false;
            int node = Trie.ROOT;
            int bytes = 0;
            for (int i = start; i < length; i++) {
                node = trie.child(node, chars[i]);
                if (node == Trie.NONE) {
                    break;
                }
                char c = chars[i];
                bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : Character.isSurrogate(c) ? 2 : 3;
                int id = trie.value(node);
                if (id == Trie.NONE || types[id] == Type.UNUSED) {
                    continue;
                }
                int end = i + 1;
                user |= types[id] == Type.USER_DEFINED;
                double precise = exact[start] + scores[id];
                second[end] = Math.max(second[end], Math.min(exact[end], precise));
                exact[end] = Math.max(exact[end], precise);
                double score = types[id] == Type.USER_DEFINED ? bytes * maximum - 0.1 : scores[id];
                // the library adds in single precision, unless the piece is user-defined
                double candidate = types[id] == Type.USER_DEFINED ? score + till : scores[id] + till;
                if (begins[end] < 0 || candidate > best[end]) {
                    best[end] = (float) candidate;
                    begins[end] = start;
                    which[end] = id;
                }
                single |= end - start == width;
            }
            if (!single) {
                int end = start + width;
                float candidate = unknownScore + till;
                double precise = exact[start] + unknownScore;
                second[end] = Math.max(second[end], Math.min(exact[end], precise));
                exact[end] = Math.max(exact[end], precise);
                if (begins[end] < 0 || candidate > best[end]) {
                    best[end] = candidate;
                    begins[end] = start;
                    which[end] = unknown;
                }
            }
            start += width;
        }
        IntBuilder ends = new IntBuilder(64);
        double ahead = Double.MAX_VALUE;
        for (int end = length; end > 0; end = begins[end]) {
            ends.add(end);
            ahead = Math.min(ahead, exact[end] - second[end]);
        }
        for (int i = ends.size() - 1; i >= 0; i--) {
            int end = ends.get(i);
            found.add(begins[end]);
            found.add(end);
            found.add(which[end]);
        }
        return user ? 0 : ahead;
    }

    /** The id of a piece that may be made of others, {@link Trie#NONE} if there is none. */
    private int made(char[] chars, int from, int to) {
        int node = Trie.ROOT;
        for (int i = from; i < to; i++) {
            node = trie.child(node, chars[i]);
            if (node == Trie.NONE) {
                return Trie.NONE;
            }
        }
        return trie.value(node);
    }

    private void pairs(Text text, IntBuilder found) {
        int length = text.length();
        char[] chars = text.chars();
        // a symbol is where it begins; next is where it ends, 0 inside another
        int[] next = new int[length + 1];
        int[] previous = new int[length + 1];
        boolean[] frozen = new boolean[length];
        CharSequence sequence = userDefined.isEmpty() ? "" : new String(chars, 0, length);
        int before = -1;
        for (int i = 0; i < length;) {
            int user = options.separateSpaces() ? 0 : userLength(sequence, i, length);
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
            emit(chars, i, next[i], splits, found);
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
        if (types[id] == Type.UNUSED && !options.separateSpaces()) {
            splits.put(new String(chars, left, next[right] - left), right - left);
        }
    }

    /** Unused pieces are only steps on the way: they are taken apart again. */
    private void emit(char[] chars, int from, int to, Map<String, Integer> splits, IntBuilder found) {
        int id = made(chars, from, to);
        if (id != Trie.NONE && types[id] == Type.UNUSED && !splits.isEmpty()) {
            Integer split = splits.get(new String(chars, from, to - from));
            if (split != null) {
                emit(chars, from, from + split, splits, found);
                emit(chars, from + split, to, splits, found);
                return;
            }
        }
        found.add(from);
        found.add(to);
        found.add(id == Trie.NONE ? unknown : id);
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
                if (score[parent] > s || (score[parent] == s && left[parent] <= l)) {
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
                if (child + 1 < last && (score[child + 1] > score[child]
                        || (score[child + 1] == score[child] && left[child + 1] < left[child]))) {
                    child++;
                }
                if (s > score[child] || (s == score[child] && l <= left[child])) {
                    break;
                }
                move(child, i);
                i = child;
            }
            set(i, s, l, m, e);
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

    private void characters(Text text, IntBuilder found) {
        CharSequence sequence = new String(text.chars(), 0, text.length());
        for (int i = 0; i < text.length();) {
            int user = userLength(sequence, i, text.length());
            int end = user > 0 ? i + user : CharClass.next(text.chars(), i, text.length());
            int id = made(text.chars(), i, end);
            found.add(i);
            found.add(end);
            found.add(id == Trie.NONE ? unknown : id);
            i = end;
        }
    }

    private void words(Text text, IntBuilder found) {
        for (int i = 0; i < text.length();) {
            int end = i + 1;
            if (options.suffix()) {
                while (end < text.length() && text.chars()[end - 1] != SPACE) {
                    end++;
                }
            } else {
                while (end < text.length() && text.chars()[end] != SPACE) {
                    end++;
                }
            }
            int id = made(text.chars(), i, end);
            found.add(i);
            found.add(end);
            found.add(id == Trie.NONE ? unknown : id);
            i = end;
        }
    }

    private TokenList find(String text, boolean specials) {
        TokenList out = new TokenList();
        if (!specials && !options.separateSpaces()) {
            find(text, 0, text.length(), options.dummyPrefix(), out);
            return out;
        }
        boolean[] first = {true};
        special.split(text, specials, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                find(text, from, to, options.dummyPrefix() && first[0], out);
                first[0] = false;
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                out.add(token.id(), null, from, to);
                first[0] = options.separateSpaces();
            }
        });
        return out;
    }

    @Override
    public int size() {
        return scores.length;
    }

    @Override
    public int[] encode(String text) {
        String wellFormed = Utf8.wellFormed(text);
        if (!options.separateSpaces() || !special.mayOccur(wellFormed, false)) {
            return part(wellFormed, options.dummyPrefix());
        }
        IntBuilder out = new IntBuilder(text.length() / 3 + 4);
        special.split(wellFormed, false, new AddedTokens.Sink() {
            private boolean first = true;

            @Override
            public void text(int from, int to) {
                int[] found = part(wellFormed.substring(from, to), options.dummyPrefix() && first);
                out.add(found, found.length);
                first = false;
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                out.add(token.id());
                first = true;
            }
        });
        return out.toArray();
    }

    /** The ids of a text in which no special token is to be found. */
    private int[] part(String text, boolean prefix) {
        SentencePieceStretches quick = stretches();
        int[] found = quick == null ? null : quick.encode(text, prefix);
        if (found != null) {
            return found;
        }
        TokenList slow = new TokenList();
        find(text, 0, text.length(), prefix, slow);
        return slow.ids.toArray();
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        return encode(text, EncodingOptions.PLAIN);
    }

    @Override
    public Encoding encode(String text, EncodingOptions how) {
        how.refuseDropout(this);
        TokenList found = find(Utf8.wellFormed(text), how.written() == EncodingOptions.Written.TOKENS);
        int[] idArray = found.ids.toArray();
        String[] tokens = new String[idArray.length];
        int[] words = new int[idArray.length];
        int word = -1;
        for (int i = 0; i < tokens.length; i++) {
            String written = found.texts.get(i);
            tokens[i] = written != null ? written : token(idArray[i]);
            if (i == 0 || tokens[i].startsWith(String.valueOf(SPACE))) {
                word++;
            }
            words[i] = word;
        }
        boolean[] attention = new boolean[tokens.length];
        Arrays.fill(attention, true);
        Encoding plain = new Encoding(idArray, tokens, found.starts.toArray(), found.ends.toArray(), words,
                new int[tokens.length], new boolean[tokens.length], attention, List.of());
        Encoding before = around(how.addSpecial() ? options.before() : List.of());
        Encoding after = around(how.addSpecial() ? options.after() : List.of());
        List<Encoding> windows = how.maxLength().isEmpty()
                ? List.of(plain)
                : plain.windows(Math.max(0, how.maxLength().getAsInt() - before.length() - after.length()),
                        how.stride(), true);
        List<Encoding> whole = windows.stream().map(w -> Encoding.join(List.of(before, w, after))).toList();
        return whole.get(0).withOverflowing(whole.subList(1, whole.size()));
    }

    private Encoding around(List<Integer> list) {
        int[] array = list.stream().mapToInt(i -> i).toArray();
        return Encoding.specials(array, list.stream().map(this::token).toArray(String[]::new), 0);
    }

    @Override
    public String decode(int... idArray) {
        String text = pieces(idArray);
        return options.back() == null ? text : options.back().applied(text);
    }

    /** The pieces' text, before the rules for what was decoded. */
    private String pieces(int... idArray) {
        StringBuilder text = new StringBuilder();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean beginning = true;
        boolean spaceSeen = false;
        for (int id : idArray) {
            String piece = token(id);
            if (types[id] == Type.BYTE) {
                int b = ByteTokens.value(piece);
                bytes.write(Math.max(b, 0));
                continue;
            }
            flush(bytes, text);
            if (spaceSeen || !text.isEmpty()) {
                beginning = false;
            }
            spaceSeen = false;
            if (types[id] == Type.CONTROL) {
                continue;
            }
            if (types[id] == Type.UNKNOWN) {
                text.append(UNKNOWN_SURFACE);
                continue;
            }
            if (beginning && (options.dummyPrefix() || options.removeExtraSpaces()) && !piece.isEmpty()
                    && (piece.charAt(0) == SPACE || (!options.escapeSpaces() && piece.charAt(0) == ' '))) {
                piece = piece.substring(1);
                spaceSeen = !options.removeExtraSpaces();
            }
            text.append(piece.replace(SPACE, ' '));
        }
        flush(bytes, text);
        return text.toString();
    }

    private static void flush(ByteArrayOutputStream bytes, StringBuilder text) {
        if (bytes.size() == 0) {
            return;
        }
        byte[] all = bytes.toByteArray();
        bytes.reset();
        // every byte that is part of no character is one U+FFFD
        for (int i = 0; i < all.length;) {
            int first = all[i] & 0xFF;
            int length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
            if (i + length <= all.length && Utf8.firstMalformed(all, i, i + length) < 0) {
                text.append(new String(all, i, length, StandardCharsets.UTF_8));
                i += length;
            } else {
                text.append('\uFFFD');
                i++;
            }
        }
    }

    @Override
    public String token(int id) {
        if (id < 0 || id >= scores.length) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + scores.length);
        }
        return pieces.get(id);
    }

    @Override
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    @Override
    public boolean isSpecial(int id) {
        token(id);
        return types[id] == Type.CONTROL || types[id] == Type.UNKNOWN;
    }

    @Override
    public int byteLength(int id) {
        String piece = token(id);
        return switch (types[id]) {
            case CONTROL, UNKNOWN -> 0;
            case BYTE -> 1;
            default -> Math.toIntExact(Utf8.length(piece.replace(SPACE, ' ')));
        };
    }

    @Override
    public Decoder decoder() {
        Decoder decoder = new WindowDecoder(this, this::pieces);
        return options.back() == null ? decoder : new RuleDecoder(decoder, options.back());
    }

    @Override
    public OptionalInt separator() {
        int id = id(END_OF_TEXT);
        return id >= 0 && isSpecial(id) ? OptionalInt.of(id) : OptionalInt.empty();
    }

    @Override
    public String json() {
        return SentencePieceJson.write(pieces, scores, types, options, unknown);
    }

    @Override
    public String toString() {
        return "SentencePiece "
                + (options.algorithm() == Algorithm.BPE ? "BPE" : options.algorithm().name().toLowerCase(Locale.ROOT))
                + ", " + size() + " ids";
    }
}
