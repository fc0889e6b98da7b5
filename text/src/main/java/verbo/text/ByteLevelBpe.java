// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2's tokenizer (Radford et al. 2019): text is cut into words by {@linkplain Gpt2Pattern a pattern}, each word's
 * UTF-8 bytes are merged into tokens. With all 256 bytes in the vocabulary no text is outside it.
 */
public final class ByteLevelBpe implements Tokenizer {
    /** Longer words are rare and would make the cache's memory unbounded. */
    private static final int CACHED_LENGTH = 64;
    private static final int CACHE_SIZE = 1 << 16;

    /** A word and its ids; immutable, so threads may hand it to each other without a lock. */
    private static final class Word {
        private final int hash;
        private final char[] chars;
        private final int[] ids;

        Word(int hash, char[] chars, int[] ids) {
            this.hash = hash;
            this.chars = chars;
            this.ids = ids;
        }

        boolean is(char[] text, int from, int length) {
            if (chars.length != length) {
                return false;
            }
            for (int i = 0; i < length; i++) {
                if (chars[i] != text[from + i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private final List<String> vocabulary;
    private final Map<String, Integer> ids;
    private final byte[][] bytes; // of each id
    private final boolean[] special;
    private final int[] byteIds; // id of each single byte, -1 where the vocabulary lacks it
    private final Merges merges;
    private final AddedTokens added;
    private final TokenizerJson.ByteLevelOffsets offsets;
    private final OptionalInt separator;
    private final String json;
    private final @Nullable Word[] cache = new Word[CACHE_SIZE];

    private ByteLevelBpe(List<String> vocabulary, Map<String, Integer> ids, Merges merges, List<AddedToken> addedTokens,
            TokenizerJson.ByteLevelOffsets offsets, @Nullable String json) {
        this.vocabulary = vocabulary;
        this.ids = ids;
        this.merges = merges;
        this.added = new AddedTokens(addedTokens);
        this.offsets = offsets;
        bytes = new byte[vocabulary.size()][];
        special = new boolean[bytes.length];
        for (int id = 0; id < bytes.length; id++) {
            byte[] written = ByteLevel.toBytes(vocabulary.get(id));
            bytes[id] = written != null ? written : vocabulary.get(id).getBytes(StandardCharsets.UTF_8);
        }
        for (AddedToken token : addedTokens) {
            special[token.id()] = token.special();
            bytes[token.id()] = token.content().getBytes(StandardCharsets.UTF_8);
        }
        byteIds = new int[256];
        for (int b = 0; b < 256; b++) {
            byteIds[b] = ids.getOrDefault(String.valueOf(ByteLevel.toChar(b)), -1);
        }
        separator = addedTokens.stream().filter(t -> t.special() && t.content().equals(END_OF_TEXT))
                .mapToInt(AddedToken::id).findFirst();
        this.json = json != null ? json : TokenizerJson.write(vocabulary, addedTokens, merges, offsets, "ByteLevel");
    }

    /** How a vocabulary is learnt. */
    public record Training(int vocabularySize, long minimumCount, boolean separator, int threads) {
        /**
         * @param vocabularySize
         *            how many ids at most: the separator, the 256 bytes, and the merges
         * @param minimumCount
         *            pairs seen less often are not merged; 0 and 1 merge all
         * @param separator
         *            whether {@link Tokenizer#END_OF_TEXT} is a special token (of id 0)
         * @param threads
         *            how many threads count words; the result does not depend on it
         */
        public Training {
            int least = separator ? 257 : 256;
            if (vocabularySize < least) {
                throw new IllegalArgumentException("the vocabulary must have at least " + least
                        + " tokens, the bytes and the separator, not " + vocabularySize);
            }
            if (threads < 1) {
                throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
            }
        }
    }

    /**
     * Learns a vocabulary as Hugging Face's {@code BpeTrainer} does, with the same merges in the same order: the most
     * frequent pair first, of equally frequent ones that of the lower ids.
     *
     * @param corpus
     *            read once; only its distinct words are kept in memory
     * @param progress
     *            told the characters read (of a total not known, 0), then the merges made
     */
    public static ByteLevelBpe train(Corpus corpus, Training training, Progress progress) throws IOException {
        BpeTrainer trainer = new BpeTrainer(training);
        trainer.count(corpus, progress);
        BpeTrainer.Result result = trainer.merge(progress);
        List<AddedToken> added = training.separator()
                ? List.of(new AddedToken(0, END_OF_TEXT, true, false))
                : List.of();
        return new ByteLevelBpe(result.vocabulary(), TokenizerJson.ids(result.vocabulary()), result.merges(), added,
                new TokenizerJson.ByteLevelOffsets(true, false), null);
    }

    /** The parts of a {@code tokenizer.json}; {@link TokenizerJson} has seen that they are of this kind. */
    static ByteLevelBpe of(JsonObject model, List<String> vocabulary, List<? extends @Nullable Object> mergeList,
            List<AddedToken> added, TokenizerJson.ByteLevelOffsets offsets, String json) throws FormatException {
        Map<String, Integer> ids = TokenizerJson.ids(vocabulary);
        int[][] columns = TokenizerJson.merges(model, mergeList, ids);
        if (!model.isNull("unk_token") || model.bool("byte_fallback", false)) {
            for (int b = 0; b < 256; b++) {
                String token = String.valueOf(ByteLevel.toChar(b));
                if (!ids.containsKey(token)) {
                    throw model.error("unk_token", "is not supported in a byte-level vocabulary that lacks bytes");
                }
            }
        }
        return new ByteLevelBpe(vocabulary, ids, new Merges(columns[0], columns[1], columns[2]), added, offsets, json);
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    @Override
    public int[] encode(String text) {
        IntBuilder out = new IntBuilder(text.length() / 3 + 4);
        char[] chars = text.toCharArray();
        Pass pass = new Pass();
        added.split(text, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                for (int start = from; start < to;) {
                    int end = Gpt2Pattern.end(chars, start, to);
                    word(chars, start, end, pass, out);
                    start = end;
                }
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                out.add(token.id());
            }
        });
        return out.toArray();
    }

    /** Buffers of one call. */
    private static final class Pass {
        private byte[] utf8 = new byte[3 * CACHED_LENGTH];
        private int[] symbols = new int[3 * CACHED_LENGTH];
        private final Merges.Work work = new Merges.Work();

        void ensure(int capacity) {
            if (utf8.length < capacity) {
                utf8 = new byte[Math.max(capacity, utf8.length * 2)];
                symbols = new int[utf8.length];
            }
        }
    }

    private void word(char[] text, int from, int to, Pass pass, IntBuilder out) {
        int length = to - from;
        if (length > CACHED_LENGTH) {
            int count = merge(text, from, to, pass);
            out.add(pass.symbols, count);
            return;
        }
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text[i];
        }
        hash *= 0x9E3779B9;
        int slot = hash >>> 16;
        Word known = cache[slot];
        if (known == null || known.hash != hash || !known.is(text, from, length)) {
            int count = merge(text, from, to, pass);
            known = new Word(hash, Arrays.copyOfRange(text, from, to), Arrays.copyOf(pass.symbols, count));
            cache[slot] = known;
        }
        out.add(known.ids, known.ids.length);
    }

    /** Leaves a word's ids in {@code pass.symbols} and returns how many there are. */
    private int merge(char[] text, int from, int to, Pass pass) {
        int count = utf8(text, from, to, pass);
        for (int i = 0; i < count; i++) {
            int id = byteIds[pass.utf8[i] & 0xFF];
            if (id < 0) {
                throw outside(text, from, to, i);
            }
            pass.symbols[i] = id;
        }
        return merges.apply(pass.symbols, count, pass.work);
    }

    /** Writes a word as UTF-8, a lone surrogate as {@code '?'}. */
    private static int utf8(char[] text, int from, int to, Pass pass) {
        pass.ensure(Math.multiplyExact(to - from, 3));
        byte[] out = pass.utf8;
        int n = 0;
        for (int i = from; i < to; i++) {
            char c = text[i];
            if (c < 0x80) {
                out[n++] = (byte) c;
            } else if (c < 0x800) {
                out[n++] = (byte) (0xC0 | (c >> 6));
                out[n++] = (byte) (0x80 | (c & 0x3F));
            } else if (!Character.isSurrogate(c)) {
                out[n++] = (byte) (0xE0 | (c >> 12));
                out[n++] = (byte) (0x80 | ((c >> 6) & 0x3F));
                out[n++] = (byte) (0x80 | (c & 0x3F));
            } else if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(text[i + 1])) {
                int point = Character.toCodePoint(c, text[++i]);
                out[n++] = (byte) (0xF0 | (point >> 18));
                out[n++] = (byte) (0x80 | ((point >> 12) & 0x3F));
                out[n++] = (byte) (0x80 | ((point >> 6) & 0x3F));
                out[n++] = (byte) (0x80 | (point & 0x3F));
            } else {
                out[n++] = '?';
            }
        }
        return n;
    }

    private static IllegalArgumentException outside(char[] text, int from, int to, int byteIndex) {
        int at = 0;
        for (int i = from; i < to;) {
            int c = Character.codePointAt(text, i, to);
            int units = Character.charCount(c);
            at += Math.toIntExact(Utf8.length(new String(text, i, units)));
            if (byteIndex < at) {
                return CharacterTokenizer.outside(c, i);
            }
            i += units;
        }
        throw new AssertionError("the byte is one of the word's");
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        IntBuilder found = new IntBuilder(text.length() / 3 + 4);
        IntBuilder starts = new IntBuilder(text.length() / 3 + 4);
        IntBuilder ends = new IntBuilder(text.length() / 3 + 4);
        char[] chars = text.toCharArray();
        Pass pass = new Pass();
        added.split(text, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                for (int start = from; start < to;) {
                    int end = Gpt2Pattern.end(chars, start, to);
                    int first = found.size();
                    word(chars, start, end, pass, found);
                    places(chars, start, end, first);
                    start = end;
                }
            }

            // walks over a word's characters and its tokens' bytes together
            private void places(char[] chars, int from, int to, int first) {
                int at = from; // the character that holds the byte in question,
                int units = units(chars, at, to);
                int before = 0; // and the word's bytes before it
                int size = utf8Length(chars, at, units);
                int position = 0;
                for (int i = first; i < found.size(); i++) {
                    while (before + size <= position) {
                        before += size;
                        at += units;
                        units = units(chars, at, to);
                        size = utf8Length(chars, at, units);
                    }
                    starts.add(at);
                    position += bytes[found.get(i)].length;
                    while (before + size < position) {
                        before += size;
                        at += units;
                        units = units(chars, at, to);
                        size = utf8Length(chars, at, units);
                    }
                    ends.add(at + units);
                }
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                found.add(token.id());
                starts.add(from);
                ends.add(to);
            }
        });
        Encoding encoding = new Encoding(found.toArray(), new String[found.size()], starts.toArray(), ends.toArray());
        for (int i = 0; i < encoding.ids().length; i++) {
            encoding.tokens()[i] = vocabulary.get(encoding.ids()[i]);
            if (offsets.trim()) {
                trim(encoding, i);
            }
        }
        return encoding;
    }

    private static int units(char[] chars, int at, int to) {
        return Character.isHighSurrogate(chars[at]) && at + 1 < to && Character.isLowSurrogate(chars[at + 1]) ? 2 : 1;
    }

    private static int utf8Length(char[] chars, int at, int units) {
        char c = chars[at];
        return units == 2 ? 4 : c < 0x80 || Character.isSurrogate(c) ? 1 : c < 0x800 ? 2 : 3;
    }

    /** Leaves the spaces at a token's ends out of its offsets, as the post-processor with {@code trim_offsets} does. */
    private void trim(Encoding encoding, int i) {
        String token = encoding.tokens()[i];
        int leading = 0;
        while (leading < token.length() && blank(token.charAt(leading))) {
            leading++;
        }
        int trailing = 0;
        while (trailing < token.length() && blank(token.charAt(token.length() - 1 - trailing))) {
            trailing++;
        }
        int[] starts = encoding.starts();
        int[] ends = encoding.ends();
        boolean first = i == 0 || starts[i] == 0;
        if (first && offsets.addPrefixSpace() && leading == 1) {
            leading = 0; // taken for the space that a tokenizer with add_prefix_space put there
        }
        starts[i] = Math.min(starts[i] + leading, ends[i]);
        if (ends[i] >= trailing) {
            ends[i] = Math.max(ends[i] - trailing, starts[i]);
        }
    }

    private static boolean blank(char c) {
        return c == ByteLevel.toChar(' ') || Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    @Override
    public String decode(int... ids) {
        int length = 0;
        for (int id : ids) {
            length = Math.addExact(length, bytes[checked(id)].length);
        }
        byte[] all = new byte[length];
        int at = 0;
        for (int id : ids) {
            System.arraycopy(bytes[id], 0, all, at, bytes[id].length);
            at += bytes[id].length;
        }
        return Utf8.decode(all, 0, all.length);
    }

    private int checked(int id) {
        if (id < 0 || id >= bytes.length) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + bytes.length);
        }
        return id;
    }

    @Override
    public String token(int id) {
        return vocabulary.get(checked(id));
    }

    @Override
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    @Override
    public int byteLength(int id) {
        return special[checked(id)] ? 0 : bytes[id].length;
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            private byte[] held = new byte[16];
            private int length;

            @Override
            public String next(int id) {
                byte[] more = bytes[checked(id)];
                if (length + more.length > held.length) {
                    held = Arrays.copyOf(held, Math.max(length + more.length, 2 * held.length));
                }
                System.arraycopy(more, 0, held, length, more.length);
                length += more.length;
                int whole = Utf8.wholeLength(held, length);
                String text = Utf8.decode(held, 0, whole);
                System.arraycopy(held, whole, held, 0, length - whole);
                length -= whole;
                return text;
            }

            @Override
            public String end() {
                String text = Utf8.decode(held, 0, length);
                length = 0;
                return text;
            }
        };
    }

    @Override
    public OptionalInt separator() {
        return separator;
    }

    @Override
    public String json() {
        return json;
    }

    @Override
    public String toString() {
        return "byte-level BPE, " + size() + " ids";
    }
}
