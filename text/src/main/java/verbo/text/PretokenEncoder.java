// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Ids and nothing else, quickly: a text is cut into words in UTF-8, and the ids of each are looked up among those of words
 * seen before. Only a new word is given to the model. Safe for use by several threads at once; each has words of its own,
 * and all together keep to {@link #MEMORY}.
 */
final class PretokenEncoder {
    /** Bytes that the words seen before may take. */
    static final long MEMORY = 32L << 20;
    /** Larger buffers are not kept. */
    private static final int LARGEST_KEPT = 1 << 16;
    /** Bytes behind a text that may be read, whatever they are. */
    static final int PADDING = 32;
    private static final int IDLE = 64;
    /** Characters of a text that are taken at once, about: what lies in the processor's caches then. */
    private static final int PIECE = 1 << 14;
    /** Words that are looked up together. */
    private static final int BLOCK = 64;

    /** Cuts a text in UTF-8 into words. */
    interface Splitter {
        /**
         * Where the word that begins at {@code from} ends; {@code ~end} if what lies there is to be left out.
         *
         * @param to
         *            where the text ends; at least {@link #PADDING} bytes follow
         */
        int end(byte[] utf8, int from, int to);

        /** What cuts one text of so many bytes, from its beginning on; this, if it has nothing to remember. */
        default Splitter begin(int length) {
            return this;
        }
    }

    /** Finds the ids of a word that was not seen before. */
    interface Model {
        /**
         * Adds the ids of utf8[from..to) to {@code out}.
         *
         * @throws IllegalArgumentException
         *             if the vocabulary cannot express the word
         */
        void ids(byte[] utf8, int from, int to, Work work);

        /** The same of several words. */
        default void ids(byte[] utf8, NewWords words, Work work) {
            for (int w = 0; w < words.size(); w++) {
                work.count = 0;
                ids(utf8, words.start(w), words.end(w), work);
                words.put(w, work.word, work.count);
            }
        }
    }

    /** What one thread needs. */
    static final class Work {
        private final PretokenCache cache = new PretokenCache();
        private byte[] text = new byte[1 << 10];
        /** The ids of the word at hand; a model may use it as it likes. */
        int[] word = new int[1 << 10];
        int count;
        char[] chars = new char[PretokenCache.LONGEST];
        final Merges.Work merges = new Merges.Work();
        /** What a model makes of new words, and where in {@link #bytes} it lies. */
        final NewWords forms = new NewWords(BLOCK);
        byte[] bytes = new byte[1 << 10];
        private int[] out = new int[1 << 10];
        // some words of the text: where they begin and end, what the cache has of them
        private final int[] starts = new int[BLOCK];
        private final int[] ends = new int[BLOCK];
        private final long[] found = new long[BLOCK];
        private final NewWords news = new NewWords(BLOCK);
        /** So that what is only read to be near is read. */
        long fetched;

        /** Makes room for so many ids of a word. */
        void ensure(int ids) {
            if (word.length < ids) {
                word = new int[Math.max(ids, word.length * 2)];
            }
        }

        /** Makes room for so many bytes of forms from a place on, and what may be read behind them. */
        void ensureForms(int from, int more) {
            int most = Math.addExact(from, more + PADDING);
            if (bytes.length < most) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(2L * most, Integer.MAX_VALUE - 8));
            }
        }

        void add(int id) {
            if (count == word.length) {
                word = Arrays.copyOf(word, count * 2);
            }
            word[count++] = id;
        }

        void add(int[] ids, int from, int more) {
            if (count + more > word.length) {
                word = Arrays.copyOf(word, Math.max(count + more, count * 2));
            }
            System.arraycopy(ids, from, word, count, more);
            count += more;
        }

        private void trim() {
            if (word.length > LARGEST_KEPT) {
                word = new int[1 << 10];
            }
            news.trim(LARGEST_KEPT);
            forms.trim(LARGEST_KEPT);
            if (bytes.length > LARGEST_KEPT) {
                bytes = new byte[1 << 10];
            }
            if (chars.length > LARGEST_KEPT) {
                chars = new char[PretokenCache.LONGEST];
            }
            if (text.length > LARGEST_KEPT) {
                text = new byte[1 << 10];
            }
            if (out.length > LARGEST_KEPT) {
                out = new int[1 << 10];
            }
        }
    }

    private final Splitter splitter;
    private final boolean cutAtSpaces;
    private final Model model;
    private final AtomicReferenceArray<@Nullable Work> idle = new AtomicReferenceArray<>(IDLE);
    private final AtomicInteger works = new AtomicInteger(); // there are

    /**
     * @param cutAtSpaces
     *            whether a space between two small letters begins a word wherever it stands, so that a long text can be
     *            taken in pieces
     */
    PretokenEncoder(Splitter splitter, boolean cutAtSpaces, Model model) {
        this.splitter = splitter;
        this.cutAtSpaces = cutAtSpaces;
        this.model = model;
    }

    /** The ids of a text; a lone surrogate counts as {@code '?'}. */
    int[] encode(String text) {
        return encode(text, false);
    }

    /**
     * The same.
     *
     * @param prefix
     *            whether a space is put before the text
     */
    int[] encode(String text, boolean prefix) {
        Work work = take();
        try {
            int n = encode(text, prefix, work, 0);
            return Arrays.copyOf(work.out, n);
        } finally {
            give(work);
        }
    }

    /** Adds the ids of a text. */
    void encode(String text, boolean prefix, IntBuilder to) {
        Work work = take();
        try {
            int n = encode(text, prefix, work, 0);
            to.add(work.out, n);
        } finally {
            give(work);
        }
    }

    private int encode(String text, boolean prefix, Work work, int at) {
        int n = at;
        int from = 0;
        do {
            int to = piece(text, from, PIECE);
            String piece = text.substring(from, to);
            n = encodePiece(piece, prefix && from == 0, work, n);
            if (from == 0 && to < text.length()) {
                makeRoom(work, n, (int) Math.min((long) (n - at) * text.length() / to * 17L / 16, 1 << 30));
            }
            from = to;
        } while (from < text.length());
        return n;
    }

    /** Where a piece of so many characters or more ends: at the end of the text, or at a space between two small letters. */
    int piece(String text, int from, int least) {
        int last = text.length() - 1;
        if (!cutAtSpaces || last - from <= least) {
            return text.length();
        }
        for (int i = from + least; i < last; i++) {
            if (text.charAt(i) == ' ' && isSmall(text.charAt(i - 1)) && isSmall(text.charAt(i + 1))) {
                return i;
            }
        }
        return text.length();
    }

    private static boolean isSmall(char c) {
        return c >= 'a' && c <= 'z';
    }

    private int encodePiece(String text, boolean prefix, Work work, int at) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int before = prefix ? 1 : 0;
        int length = Math.addExact(utf8.length, before);
        if (work.text.length < Math.addExact(length, PADDING)) {
            work.text = new byte[Math.max(length + PADDING, (int) Math.min(2L * work.text.length, LARGEST_KEPT))];
        }
        work.text[0] = ' ';
        System.arraycopy(utf8, 0, work.text, before, utf8.length);
        return encode(work.text, 0, length, work, at);
    }

    private int encode(byte[] utf8, int from, int to, Work work, int at) {
        Splitter words = splitter.begin(to);
        int n = at;
        for (int start = from; start < to;) {
            int count = 0;
            while (start < to && count < BLOCK) {
                int end = words.end(utf8, start, to);
                if (end < 0) {
                    start = ~end;
                    continue;
                }
                work.starts[count] = start;
                work.ends[count++] = end;
                start = end;
            }
            look(utf8, count, work);
            if (work.news.size() > 0) {
                model.ids(utf8, work.news, work);
            }
            n = write(count, work, n);
            keep(utf8, work);
        }
        return n;
    }

    /** Looks for the first so many words among those seen before. */
    private static void look(byte[] utf8, int words, Work work) {
        PretokenCache cache = work.cache;
        NewWords news = work.news;
        news.clear();
        for (int w = 0; w < words; w++) {
            int start = work.starts[w];
            int end = work.ends[w];
            long found = end - start <= PretokenCache.LONGEST ? cache.find(utf8, start, end) : -1;
            work.found[w] = found;
            if (found == -1) {
                news.add(start, end);
            }
        }
    }

    private static int write(int words, Work work, int at) {
        NewWords news = work.news;
        int n = at;
        int next = 0;
        for (int w = 0; w < words; w++) {
            long found = work.found[w];
            int count = found != -1 ? PretokenCache.count(found) : news.count(next);
            int[] out = n + count + 3 > work.out.length ? grow(work, n, count) : work.out;
            if (found != -1) {
                work.cache.copy(found, out, n);
            } else {
                System.arraycopy(news.ids(), news.place(next++), out, n, count);
            }
            n += count;
        }
        return n;
    }

    private void keep(byte[] utf8, Work work) {
        NewWords news = work.news;
        for (int w = 0; w < news.size(); w++) {
            int start = news.start(w);
            int end = news.end(w);
            if (end - start <= PretokenCache.LONGEST && work.cache.find(utf8, start, end) == -1) {
                work.cache.put(utf8, start, end, news.ids(), news.place(w), news.count(w), MEMORY / works.get());
            }
        }
    }

    /** Told the words of a text and their ids. */
    interface WordSink {
        void word(byte[] utf8, int start, int end, int[] ids, int count);
    }

    /** Tells the words of a text in order. */
    void words(String text, WordSink sink) {
        Work work = take();
        try {
            byte[] utf8 = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8),
                    Math.addExact(Math.toIntExact(Utf8.length(text)), PADDING));
            int to = utf8.length - PADDING;
            Splitter words = splitter.begin(to);
            for (int start = 0; start < to;) {
                int end = words.end(utf8, start, to);
                if (end < 0) {
                    start = ~end;
                    continue;
                }
                long found = end - start <= PretokenCache.LONGEST ? work.cache.find(utf8, start, end) : -1;
                if (found != -1) {
                    work.count = PretokenCache.count(found);
                    work.ensure(work.count + 3);
                    work.cache.copy(found, work.word, 0);
                } else {
                    miss(utf8, start, end, work);
                }
                sink.word(utf8, start, end, work.word, work.count);
                start = end;
            }
        } finally {
            give(work);
        }
    }

    private int miss(byte[] utf8, int start, int end, Work work) {
        work.count = 0;
        model.ids(utf8, start, end, work);
        if (end - start <= PretokenCache.LONGEST) {
            work.cache.put(utf8, start, end, work.word, 0, work.count, MEMORY / works.get());
        }
        return work.count;
    }

    private static void makeRoom(Work work, int used, int more) {
        if (work.out.length - used < more) {
            work.out = Arrays.copyOf(work.out, used + more);
        }
    }

    private static int[] grow(Work work, int used, int more) {
        long wanted = Math.max((long) used + more + 3, 2L * work.out.length);
        if ((long) used + more + 3 > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a text of more than 2^31 tokens cannot be encoded at once");
        }
        work.out = Arrays.copyOf(work.out, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
        return work.out;
    }

    private Work take() {
        int first = (int) Thread.currentThread().threadId();
        for (int i = 0; i < IDLE; i++) {
            int at = first + i & IDLE - 1;
            if (idle.get(at) != null) {
                Work work = idle.getAndSet(at, null);
                if (work != null) {
                    if (work.cache.bytes() > MEMORY / works.get()) {
                        work.cache.clear(); // more threads share the memory since
                    }
                    return work;
                }
            }
        }
        works.incrementAndGet();
        return new Work();
    }

    private void give(Work work) {
        work.trim();
        int first = (int) Thread.currentThread().threadId();
        for (int i = 0; i < IDLE; i++) {
            int at = first + i & IDLE - 1;
            if (idle.get(at) == null && idle.compareAndSet(at, null, work)) {
                return;
            }
        }
        works.decrementAndGet();
    }
}
