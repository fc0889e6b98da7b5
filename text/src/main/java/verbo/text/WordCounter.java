// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Counts the words of a corpus: what normaliser and pre-tokenizer make of each of its lines or documents. Only different
 * words are kept, so a corpus may be larger than memory.
 */
final class WordCounter {
    /** How a text is cut. */
    private sealed interface Cut {
        /** By a pattern, nothing changed before. */
        record ByPattern(WordPattern pattern) implements Cut {}

        /**
         * At white space that no normaliser and no piece crosses; what lies between is normalised and cut once for all its
         * occurrences.
         *
         * @param plain
         *            how that is done by hand where only the commonest characters occur
         */
        record AtSpace(@Nullable Plain plain) implements Cut {}

        /** GPT-2's pattern, likewise: a space belongs to the word behind it, other white space is by itself. */
        record BeforeSpace() implements Cut {}

        /** A line or document after the other. */
        record Whole() implements Cut {}
    }

    /** How words between spaces are cut by hand. */
    private enum Plain {
        WHOLE, PIECES, WORDS, PUNCTUATION
    }

    /** So many bytes must lie behind a text, as {@link WordPattern} wants it. */
    private static final int BEHIND = 8;
    /** Up to here no character changes with those around it. */
    private static final int PLAIN = 0x250;

    private final @Nullable Normalizer normalizer;
    private final @Nullable PreTokenizer preTokenizer;
    private final List<String> bounds;
    private final byte[] boundsBegin; // with these
    private final Cut cut;
    private final boolean lines;
    private final int threads;
    private long characters;

    /**
     * @param lines
     *            whether each line, with its end, is a text by itself, as where {@code tokenizers} trains on files; else
     *            whole documents are
     */
    WordCounter(@Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer, boolean lines, int threads) {
        this(normalizer, preTokenizer, List.of(), lines, threads);
    }

    /**
     * @param bounds
     *            texts that become a {@link TrainingWords#BOUND}, which no token crosses, as special tokens do for
     *            SentencePiece
     */
    WordCounter(@Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer, List<String> bounds,
            boolean lines,
            int threads) {
        this.bounds = bounds.stream().filter(b -> !b.isEmpty()).toList();
        boundsBegin = new byte[this.bounds.size()];
        for (int i = 0; i < boundsBegin.length; i++) {
            boundsBegin[i] = this.bounds.get(i).getBytes(StandardCharsets.UTF_8)[0];
        }
        this.normalizer = normalizer;
        this.preTokenizer = preTokenizer;
        this.lines = lines;
        this.threads = threads;
        WordPattern pattern = normalizer == null ? byteLevelPattern(preTokenizer) : null;
        if (pattern != null) {
            cut = preTokenizer instanceof PreTokenizer.Bytes ? new Cut.BeforeSpace() : new Cut.ByPattern(pattern);
        } else if (isLocal(normalizer) && endsAtSpace(preTokenizer)) {
            cut = new Cut.AtSpace(plain(preTokenizer));
        } else {
            cut = new Cut.Whole();
        }
    }

    /** The pattern by hand, if this is a byte-level pre-tokenizer with one. */
    private static @Nullable WordPattern byteLevelPattern(@Nullable PreTokenizer preTokenizer) {
        return switch (preTokenizer) {
            case PreTokenizer.Bytes(boolean space, boolean regex) when !space && regex -> WordPattern.GPT2;
            case PreTokenizer.Sequence(List<PreTokenizer> both) when both.size() == 2
                    && both.get(
                            0) instanceof PreTokenizer.Split(TextPattern at, PreTokenizer.Behavior behavior, boolean invert)
                    && at instanceof TextPattern.Regex(_, _, WordPattern known)
                    && (invert ? behavior == PreTokenizer.Behavior.REMOVED : behavior == PreTokenizer.Behavior.ISOLATED)
                    && both.get(1) instanceof PreTokenizer.Bytes(boolean space, boolean regex) && !space && !regex ->
                known;
            case null, default -> null;
        };
    }

    private static @Nullable Plain plain(@Nullable PreTokenizer preTokenizer) {
        return switch (preTokenizer) {
            case PreTokenizer.WhitespaceSplit _ -> Plain.WHOLE;
            case PreTokenizer.Whitespace _ -> Plain.WORDS;
            case PreTokenizer.Bert _ -> Plain.PUNCTUATION;
            case PreTokenizer.Sequence(List<PreTokenizer> two) when two.size() == 2
                    && two.get(0) instanceof PreTokenizer.WhitespaceSplit
                    && two.get(
                            1) instanceof PreTokenizer.Metaspace(String space, PreTokenizer.Metaspace.Scheme scheme, boolean split)
                    && scheme == PreTokenizer.Metaspace.Scheme.ALWAYS
                    && split && space.equals(String.valueOf(SentencePiece.SPACE)) ->
                Plain.PIECES;
            case null, default -> null;
        };
    }

    /** Whether words are what the text has; else they are written in the characters that stand for bytes, if any. */
    boolean keepsText() {
        return cut instanceof Cut.ByPattern || cut instanceof Cut.BeforeSpace;
    }

    /** How many UTF-16 units were read. */
    long characters() {
        return characters;
    }

    /** Whether a word between spaces is normalised to the same whatever is around it. */
    private static boolean isLocal(@Nullable Normalizer normalizer) {
        return switch (normalizer) {
            case null -> true;
            case Normalizer.Form _ -> true;
            case Normalizer.Lowercase _ -> true;
            case Normalizer.StripAccents _ -> true;
            case Normalizer.BertNormalizer _ -> true;
            case Normalizer.Nmt _ -> true;
            case Normalizer.Sequence(List<Normalizer> all) -> all.stream().allMatch(WordCounter::isLocal);
            default -> false;
        };
    }

    private static boolean endsAtSpace(@Nullable PreTokenizer preTokenizer) {
        return switch (preTokenizer) {
            case PreTokenizer.Bert _ -> true;
            case PreTokenizer.Whitespace _ -> true;
            case PreTokenizer.WhitespaceSplit _ -> true;
            case PreTokenizer.Sequence(List<PreTokenizer> all) -> !all.isEmpty() && endsAtSpace(all.get(0))
                    && all.stream().noneMatch(
                            p -> p instanceof PreTokenizer.Metaspace(_, PreTokenizer.Metaspace.Scheme scheme, _)
                                    && scheme == PreTokenizer.Metaspace.Scheme.FIRST);
            case null, default -> false;
        };
    }

    WordCounts count(Corpus corpus, Progress progress) throws IOException {
        long total = corpus.bytes();
        long[] read = {0};
        WordCounts counts = Shares.collect(threads, share -> {
            Corpus.RunConsumer each = (utf8, from, to, ofLines) -> {
                byte[] run = utf8.length - to < BEHIND ? Arrays.copyOf(utf8, to + BEHIND) : utf8;
                share.run(mine -> add(run, from, to, ofLines && lines, mine));
                characters += Utf8.units(utf8, from, to);
                read[0] += to - from;
                progress.update(read[0], Math.max(total, read[0]));
            };
            if (lines) {
                corpus.forEachRun(each);
            } else {
                corpus.forEach(document -> each.accept(document, false));
            }
        });
        return cut instanceof Cut.AtSpace || cut instanceof Cut.BeforeSpace ? pieces(counts) : counts;
    }

    /** Normalises and cuts every word between spaces. */
    private WordCounts pieces(WordCounts between) throws IOException {
        WordCounts[] counts = new WordCounts[threads];
        PlainWord[] plainWords = new PlainWord[threads];
        for (int i = 0; i < threads; i++) {
            counts[i] = new WordCounts();
            plainWords[i] = new PlainWord(normalizer);
        }
        byte[] text = between.bytes();
        Slices.forEach(threads, between.size(), 4096, (worker, from, to) -> {
            for (int word = from; word < to; word++) {
                int start = between.start(word);
                int end = between.end(word);
                long count = between.count(word);
                if (cut instanceof Cut.BeforeSpace) {
                    while (start < end) {
                        int next = Gpt2Pattern.end(text, start, end);
                        counts[worker].add(text, start, next, count);
                        start = next;
                    }
                } else if (!(cut instanceof Cut.AtSpace(Plain plain) && plain != null && !mayHaveBound(text, start, end)
                        && splitPlain(plain, text, start, end, count, plainWords[worker], counts[worker]))) {
                    split(between.text(word), count, counts[worker]);
                }
            }
        });
        for (int i = 1; i < threads; i++) {
            counts[0].addAll(counts[i]);
        }
        return counts[0];
    }

    private boolean mayHaveBound(byte[] text, int from, int to) {
        for (byte first : boundsBegin) {
            for (int i = from; i < to; i++) {
                if (text[i] == first) {
                    return true;
                }
            }
        }
        return false;
    }

    /** A word of plain characters, and what they become. */
    private static final class PlainWord {
        private static final char[] NOT_PLAIN = {};

        private final @Nullable Normalizer normalizer;
        private final char[] @Nullable [] normal = new char[PLAIN][]; // null for those not met yet
        private final char[] units = new char[1 << 10]; // of the word
        private final byte[] utf8 = new byte[3 * units.length]; // of a piece of it

        PlainWord(@Nullable Normalizer normalizer) {
            this.normalizer = normalizer;
        }

        /** What the normaliser makes of a character, null if it is not plain any more. */
        char @Nullable [] normal(int c) {
            if (c >= PLAIN) {
                return null;
            }
            char[] becomes = normal[c];
            if (becomes == null) {
                becomes = normalized(c);
                normal[c] = becomes;
            }
            return becomes == NOT_PLAIN ? null : becomes;
        }

        private char[] normalized(int c) {
            if (c <= ' ') {
                return NOT_PLAIN;
            }
            String becomes = Normalizer.applied(normalizer, Character.toString(c)).text();
            boolean plain = becomes.chars().allMatch(x -> x < PLAIN && !CharClass.isWhite((char) x)
                    && Character.getType(x) != Character.CONTROL);
            return plain ? becomes.toCharArray() : NOT_PLAIN;
        }
    }

    /** Normalises and cuts a word of plain characters; false if it is none. */
    private boolean splitPlain(Plain plain, byte[] text, int from, int to, long count, PlainWord scratch,
            WordCounts counts) {
        char[] units = scratch.units;
        int n = 0;
        if (plain == Plain.PIECES) {
            units[n++] = SentencePiece.SPACE;
        }
        for (int i = from; i < to; i++) {
            int c = text[i];
            if (c < 0) { // plain are those of two bytes, up to a point
                c = c < (byte) 0xE0 ? (c & 0x1F) << 6 | (text[++i] & 0x3F) : PLAIN;
            }
            char[] becomes = scratch.normal(c);
            if (becomes == null || n + becomes.length > units.length) {
                return false;
            }
            for (char unit : becomes) {
                units[n++] = unit;
            }
        }
        switch (plain) {
            case WHOLE -> addIfAny(scratch, 0, n, 0, count, counts);
            case PIECES -> addIfAny(scratch, 0, n, 1, count, counts);
            case WORDS, PUNCTUATION -> {
                int start = 0;
                for (int i = 0; i < n; i++) {
                    boolean bound = plain == Plain.WORDS
                            ? isWord(units[i]) != isWord(units[start])
                            : UnicodeEight.isPunctuation(units[i]) || UnicodeEight.isPunctuation(units[start]);
                    if (bound) {
                        addIfAny(scratch, start, i, 0, count, counts);
                        start = i;
                    }
                }
                addIfAny(scratch, start, n, 0, count, counts);
            }
        }
        return true;
    }

    private static void addIfAny(PlainWord word, int from, int to, int least, long count, WordCounts counts) {
        if (to - from <= least) {
            return;
        }
        counts.add(word.utf8, 0, Utf8.write(word.units, from, to, word.utf8, 0), count);
    }

    /** {@code \\w} among plain characters. */
    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_';
    }

    private void add(byte[] run, int from, int to, boolean ofLines, WordCounts counts) {
        if (cut instanceof Cut.AtSpace) {
            addBetweenSpaces(run, from, to, counts);
            return;
        }
        for (int start = from; start < to;) {
            int end = ofLines ? lineEnd(run, start, to) : to;
            if (cut instanceof Cut.ByPattern(WordPattern pattern)) {
                while (start < end) {
                    int next = pattern.end(run, start, end);
                    counts.add(run, start, next, 1);
                    start = next;
                }
            } else if (cut instanceof Cut.BeforeSpace) {
                addBeforeSpace(run, start, end, counts);
            } else {
                split(new String(run, start, end - start, StandardCharsets.UTF_8), 1, counts);
            }
            start = end;
        }
    }

    private static int lineEnd(byte[] run, int from, int to) {
        int end = from;
        while (end < to && run[end] != '\n') {
            end++;
        }
        return Math.min(end + 1, to);
    }

    private static void addBetweenSpaces(byte[] text, int from, int to, WordCounts counts) {
        for (int start = from; start < to;) {
            int end = start;
            int polynomial = 0;
            while (end < to && !isSpace(text[end])) {
                polynomial = 31 * polynomial + text[end++];
            }
            if (end > start) {
                counts.add(text, start, end, polynomial, 1);
            }
            start = end + 1;
        }
    }

    /** Words with the space before them, and the rest of the white space as GPT-2's pattern cuts it. */
    private static void addBeforeSpace(byte[] text, int from, int to, WordCounts counts) {
        for (int start = from; start < to;) {
            int word = start;
            int last = start; // of the white ones
            for (int white = white(text, word); word < to && white > 0; white = white(text, word)) {
                last = word;
                word += white;
            }
            if (word == to) {
                counts.add(text, start, to, 1);
                return;
            }
            if (word > start) { // the last of several white ones is by itself, or the word's if it is a space
                if (last > start) {
                    counts.add(text, start, last, 1);
                }
                start = last;
                if (text[last] != ' ') {
                    counts.add(text, last, word, 1);
                    start = word;
                }
            }
            int end = word;
            while (end < to && white(text, end) == 0) {
                end++;
            }
            counts.add(text, start, end, 1);
            start = end;
        }
    }

    /** How many bytes the white space has that begins here, 0 if none does. */
    private static int white(byte[] text, int i) {
        byte b = text[i];
        if (b >= 0) {
            return b == ' ' || (b >= 9 && b <= 13) ? 1 : 0;
        }
        if (b < (byte) 0xC0) { // inside a character
            return 0;
        }
        int at = CharClass.at(text, i);
        return (at & 15) == CharClass.SPACE ? at >> 4 : 0;
    }

    /** The white space that is such for everybody. */
    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    private void split(String text, long count, WordCounts counts) {
        Normalized normalized = Normalizer.applied(normalizer, text);
        List<Normalized> pieces = new ArrayList<>();
        if (preTokenizer != null) {
            preTokenizer.split(normalized, pieces);
        } else {
            pieces.add(normalized);
        }
        for (Normalized piece : pieces) {
            if (piece.isEmpty()) {
                continue;
            }
            String word = piece.text();
            for (String bound : bounds) {
                word = word.replace(bound, String.valueOf(TrainingWords.BOUND));
            }
            counts.add(word, count);
        }
    }

    /** Counting shared out to threads: sums do not depend on who counted what. */
    private static final class Shares {
        /** What is counted into one of several counts. */
        interface Task {
            void run(WordCounts mine);
        }

        /** Hands out tasks. */
        interface Source {
            void share(Shares shares) throws IOException;
        }

        private final @Nullable ExecutorService workers;
        private final Semaphore room;
        private final ConcurrentLinkedQueue<WordCounts> free = new ConcurrentLinkedQueue<>();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        private Shares(@Nullable ExecutorService workers, int waiting) {
            this.workers = workers;
            room = new Semaphore(waiting);
        }

        static WordCounts collect(int threads, Source source) throws IOException {
            int waiting = 2 * threads;
            try (ExecutorService workers = threads == 1 ? null : Executors.newFixedThreadPool(threads, task -> {
                Thread thread = new Thread(task, "verbo-text");
                thread.setDaemon(true);
                return thread;
            })) {
                Shares shares = new Shares(workers, waiting);
                source.share(shares);
                shares.acquire(waiting);
                WordCounts all = shares.free.poll();
                for (WordCounts more = shares.free.poll(); all != null && more != null; more = shares.free.poll()) {
                    all.addAll(more);
                }
                return all == null ? new WordCounts() : all;
            }
        }

        private void acquire(int permits) throws IOException {
            try {
                room.acquire(permits);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
            switch (failure.get()) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e; // out of memory
                case Throwable e -> throw new IllegalStateException(e);
            }
        }

        void run(Task task) throws IOException {
            if (workers == null) {
                count(task);
                return;
            }
            acquire(1);
            workers.execute(() -> {
                try {
                    count(task);
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                } finally {
                    room.release();
                }
            });
        }

        private void count(Task task) {
            WordCounts mine = free.poll();
            if (mine == null) {
                mine = new WordCounts();
            }
            task.run(mine);
            free.add(mine);
        }
    }
}
