// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2's tokenizer (Radford et al. 2019): text is cut into words by {@linkplain Gpt2Pattern a pattern}, each word's
 * UTF-8 bytes are merged into tokens. With all 256 bytes in the vocabulary no text is outside it.
 */
public final class ByteLevelBpe implements Tokenizer {
    /** How words become ids, a negative one where a byte is no token. */
    private interface WordModel {
        /** Writes the ids of bytes[from..to) to {@code work.word} and returns how many there are. */
        int ids(byte[] bytes, int from, int to, PretokenEncoder.Work work);

        void ids(byte[] bytes, NewWords words, PretokenEncoder.Work work);
    }

    private final byte[] @Nullable [] bytes; // of each id, null where there is none
    private final @Nullable String[] written; // each as the vocabulary writes it, where that was asked for
    private final Map<String, Integer> addedIds = new HashMap<>();
    private final @Nullable Map<String, Integer> ids; // null: looked up by bytes
    private final boolean[] special;
    private final @Nullable ByteStrings strings;
    private final PretokenEncoder encoder;
    private final boolean prefix; // whether a space is put before texts that do not begin with one
    private final AddedTokens added;
    private final boolean findsSpecial; // whether special tokens in the text are such
    private final TokenizerJson.ByteLevelOffsets offsets;
    private final OptionalInt separator;
    private final Supplier<String> json;
    private volatile @Nullable Tokenizer merging; // made by the first dropout

    private ByteLevelBpe(List<String> vocabulary, Map<String, Integer> ids, Merges merges, List<AddedToken> addedTokens,
            TokenizerJson.ByteLevelOffsets offsets, @Nullable String json) {
        this(bytes(vocabulary), vocabulary.toArray(String[]::new), ids, null,
                mergeModel(ids, vocabulary.size(), merges, null),
                WordPattern.GPT2, true, false, addedTokens, true, offsets,
                json != null ? () -> json
                        : () -> TokenizerJson.write(vocabulary, addedTokens, merges, offsets, "ByteLevel"));
    }

    private ByteLevelBpe(byte[] @Nullable [] bytes, @Nullable String[] written, @Nullable Map<String, Integer> ids,
            @Nullable ByteStrings strings, WordModel model, PretokenEncoder.Splitter words, boolean cutAtSpaces,
            boolean prefix, List<AddedToken> addedTokens, boolean findsSpecial, TokenizerJson.ByteLevelOffsets offsets,
            Supplier<String> json) {
        this.bytes = bytes;
        this.written = written;
        this.ids = ids;
        this.strings = strings;
        this.prefix = prefix;
        encoder = new PretokenEncoder(words, cutAtSpaces, new PretokenEncoder.Model() {
            @Override
            public void ids(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
                work.ensure(to - from);
                work.count = model.ids(utf8, from, to, work);
                check(utf8, from, to, work.word, 0, work.count);
            }

            @Override
            public void ids(byte[] utf8, NewWords words, PretokenEncoder.Work work) {
                model.ids(utf8, words, work);
                for (int w = 0; w < words.size(); w++) {
                    check(utf8, words.start(w), words.end(w), words.ids(), words.place(w), words.count(w));
                }
            }
        });
        this.findsSpecial = findsSpecial;
        this.offsets = offsets;
        this.json = json;
        added = new AddedTokens(addedTokens);
        special = new boolean[bytes.length];
        for (AddedToken token : addedTokens) {
            special[token.id()] = token.special();
            bytes[token.id()] = token.content().getBytes(StandardCharsets.UTF_8);
            written[token.id()] = token.content();
            addedIds.put(token.content(), token.id());
        }
        separator = addedTokens.stream().filter(t -> t.special() && t.content().equals(END_OF_TEXT))
                .mapToInt(AddedToken::id).findFirst();
    }

    private static byte[] @Nullable [] bytes(List<? extends @Nullable String> vocabulary) {
        byte[] @Nullable [] bytes = new byte[vocabulary.size()][];
        for (int id = 0; id < bytes.length; id++) {
            String token = vocabulary.get(id);
            if (token != null) {
                byte[] spelled = ByteLevel.toBytes(token);
                bytes[id] = spelled != null ? spelled : token.getBytes(StandardCharsets.UTF_8);
            }
        }
        return bytes;
    }

    /** Merges, or, where the whole word is in the vocabulary and merges are to be ignored then, that. */
    private static WordModel mergeModel(Map<String, Integer> ids, int size, Merges merges,
            @Nullable ByteStrings whole) {
        byte[] @Nullable [] single = new byte[size][];
        for (int b = 0; b < 256; b++) {
            Integer id = ids.get(String.valueOf(ByteLevel.toChar(b)));
            if (id != null) {
                single[id] = new byte[]{(byte) b};
            }
        }
        SymbolMerges symbols = new SymbolMerges(merges, new ByteStrings(single, size), false, size);
        return new WordModel() {
            @Override
            public int ids(byte[] bytes, int from, int to, PretokenEncoder.Work work) {
                int id = whole == null ? -1 : whole.get(bytes, from, to);
                if (id >= 0) {
                    work.word[0] = id;
                    return 1;
                }
                return symbols.apply(bytes, from, to, work.word, work.merges);
            }

            @Override
            public void ids(byte[] bytes, NewWords words, PretokenEncoder.Work work) {
                symbols.apply(bytes, words, whole, work);
            }
        };
    }

    /**
     * Ranks as OpenAI's {@code tiktoken} reads them: the id of a token is also its rank.
     *
     * @param tokens
     *            bytes by id, null where there is none; long enough for the added tokens
     * @param ranks
     *            how many of them are ranked
     */
    static ByteLevelBpe ofRanks(byte[] @Nullable [] tokens, int ranks, WordPattern pattern,
            List<AddedToken> added) {
        RankMerges merges = new RankMerges(tokens.clone(), ranks);
        ByteStrings strings = merges.tokens();
        return new ByteLevelBpe(tokens, new @Nullable String[tokens.length], null, strings, new WordModel() {
            @Override
            public int ids(byte[] bytes, int from, int to, PretokenEncoder.Work work) {
                return merges.apply(bytes, from, to, work.word, work.merges);
            }

            @Override
            public void ids(byte[] bytes, NewWords words, PretokenEncoder.Work work) {
                merges.apply(bytes, words, work);
            }
        }, pattern, true, false, added, false,
                new TokenizerJson.ByteLevelOffsets(true, false),
                () -> TokenizerJson.writeRanks(tokens, ranks, merges, oneNameEach(added), pattern.regex()));
    }

    /** Of tokens that share an id, which a file cannot have, the last. */
    private static List<AddedToken> oneNameEach(List<AddedToken> tokens) {
        Map<Integer, AddedToken> byId = new LinkedHashMap<>();
        tokens.forEach(token -> byId.put(token.id(), token));
        return List.copyOf(byId.values());
    }

    /**
     * Finds what a {@link Pipeline} of these parts finds before it is processed.
     *
     * @param vocabulary
     *            tokens by id, null where there is none
     */
    static ByteLevelBpe of(Bpe model, List<? extends @Nullable String> vocabulary, PieceSplitter words,
            List<AddedToken> added, String json) {
        Map<String, Integer> ids = new HashMap<>();
        byte[] @Nullable [] modelBytes = new byte[vocabulary.size()][];
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = model.token(id);
            if (token != null) {
                ids.put(token, id);
                modelBytes[id] = ByteLevel.toBytes(token);
            }
        }
        ByteStrings whole = model.options().ignoreMerges() ? new ByteStrings(modelBytes, modelBytes.length) : null;
        return new ByteLevelBpe(bytes(vocabulary), vocabulary.toArray(new @Nullable String[0]), ids, null,
                mergeModel(ids, vocabulary.size(), model.merges(), whole), words, words.cutsAtSpaces(), words.prefix(),
                added, true, new TokenizerJson.ByteLevelOffsets(false, false), () -> json);
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
     *            told the bytes read, then the merges made
     */
    public static ByteLevelBpe train(Corpus corpus, Training training, Progress progress) throws IOException {
        WordCounts words = new WordCounter(null, new PreTokenizer.Bytes(false, true), false, training.threads())
                .count(corpus, progress);
        TrainingWords start = TrainingWords.bytes(words, training.separator() ? List.of(END_OF_TEXT) : List.of(),
                false);
        BpeTrainer.Result result = new BpeTrainer(new BpeTrainer.Options(training.vocabularySize(),
                training.minimumCount(), Integer.MAX_VALUE, "", BpeTrainer.Style.HUGGING_FACE), start).train(progress);
        List<AddedToken> added = training.separator()
                ? List.of(new AddedToken(0, END_OF_TEXT, true, false))
                : List.of();
        return new ByteLevelBpe(result.vocabulary(), TokenizerJson.ids(result.vocabulary()), result.merges(), added,
                new TokenizerJson.ByteLevelOffsets(true, false), null);
    }

    @Override
    public int size() {
        return bytes.length;
    }

    @Override
    public int[] encode(String text) {
        return encode(text, findsSpecial);
    }

    private boolean finds(EncodingOptions options) {
        return switch (options.written()) {
            case DEFAULT -> findsSpecial;
            case TOKENS -> true;
            case TEXT -> false;
        };
    }

    @Override
    public Encoding encode(String text, EncodingOptions options) {
        if (options.dropout() > 0) {
            return merging().encode(text, options.withWritten(
                    finds(options) ? EncodingOptions.Written.TOKENS : EncodingOptions.Written.TEXT));
        }
        return find(text, finds(options)).cut(options);
    }

    /** The same by merges one after the other, which may be left out. */
    private Tokenizer merging() {
        Tokenizer found = merging;
        if (found == null) {
            try {
                found = TokenizerJson.read(Path.of("tokenizer.json"), json());
            } catch (FormatException e) {
                throw new IllegalStateException(e);
            }
            merging = found;
        }
        return found;
    }

    int[] encode(String text, boolean special) {
        if (!added.mayOccur(text, special)) {
            return encoder.encode(text, isPrefixed(text));
        }
        IntBuilder out = new IntBuilder(text.length() / 3 + 4);
        added.split(text, special, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                encode(text.substring(from, to), out);
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                out.add(token.id());
            }
        });
        return out.toArray();
    }

    /** Adds the ids of a text in which no added tokens are looked for. */
    void encode(String text, IntBuilder out) {
        encoder.encode(text, isPrefixed(text), out);
    }

    /** Where a piece of a text of about so many characters ends, whose ids are its own; at the text's end if that is not told. */
    int piece(String text, int from, int length) {
        return encoder.piece(text, from, length);
    }

    /** Whether tokens are only found in what a text has. */
    boolean keepsText() {
        return !prefix;
    }

    private boolean isPrefixed(String text) {
        return prefix && !text.isEmpty() && text.charAt(0) != ' ';
    }

    /** Refuses a word in which a byte is no token. */
    private void check(byte[] utf8, int from, int to, int[] ids, int place, int count) {
        int lowest = 0;
        for (int i = place; i < place + count; i++) {
            lowest |= ids[i];
        }
        if (lowest >= 0) {
            return;
        }
        int begin = from;
        for (int i = place; ids[i] >= 0; i++) {
            begin += bytesOf(ids[i]).length;
        }
        while (begin > from && (utf8[begin] & 0xC0) == 0x80) {
            begin--;
        }
        int c = new String(utf8, begin, to - begin, StandardCharsets.UTF_8).codePointAt(0);
        throw CharacterTokenizer.outside(c, new String(utf8, 0, begin, StandardCharsets.UTF_8).length());
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        return find(text, findsSpecial);
    }

    /** All about a text's tokens. */
    Encoding find(String text, boolean special) {
        int capacity = text.length() / 3 + 4;
        IntBuilder found = new IntBuilder(capacity);
        IntBuilder starts = new IntBuilder(capacity);
        IntBuilder ends = new IntBuilder(capacity);
        IntBuilder words = new IntBuilder(capacity);
        Map<Integer, String> asWritten = new HashMap<>(); // added tokens, with the spaces they take
        added.split(text, special, new AddedTokens.Sink() {
            private int word;

            @Override
            public void text(int from, int to) {
                encoder.words(text.substring(from, to), new PretokenEncoder.WordSink() {
                    // walks over the characters and the tokens' bytes together
                    private int at = from; // the character that holds the byte in question,
                    private int before; // where its bytes begin,
                    private int size; // and how many there are

                    @Override
                    public void word(byte[] utf8, int start, int end, int[] ids, int count) {
                        int position = start;
                        for (int i = 0; i < count; i++) {
                            walk(utf8, position);
                            starts.add(at);
                            position += bytesOf(ids[i]).length;
                            walk(utf8, position - 1);
                            ends.add(at + (size == 4 ? 2 : 1));
                            words.add(word);
                        }
                        found.add(ids, count);
                        word++;
                    }

                    private void walk(byte[] utf8, int position) {
                        size = CharClass.at(utf8, before) >> 4;
                        while (before + size <= position) {
                            before += size;
                            at += size == 4 ? 2 : 1;
                            size = CharClass.at(utf8, before) >> 4;
                        }
                    }
                });
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                asWritten.put(found.size(), text.substring(from, to));
                found.add(token.id());
                words.add(word++);
                starts.add(from);
                ends.add(to);
            }
        });
        int n = found.size();
        boolean[] attention = new boolean[n];
        Arrays.fill(attention, true);
        Encoding encoding = new Encoding(found.toArray(), new String[n], starts.toArray(), ends.toArray(),
                words.toArray(), new int[n], new boolean[n], attention, List.of());
        for (int i = 0; i < n; i++) {
            String token = asWritten.get(i);
            encoding.tokens()[i] = token != null ? token : token(encoding.ids()[i]);
            if (offsets.trim()) {
                PostProcessor.trim(encoding, i, text, offsets.addPrefixSpace());
            }
        }
        return encoding;
    }

    @Override
    public String decode(int... ids) {
        int length = 0;
        for (int id : ids) {
            length = Math.addExact(length, bytesOf(id).length);
        }
        byte[] all = new byte[length];
        int at = 0;
        for (int id : ids) {
            byte[] one = bytesOf(id);
            System.arraycopy(one, 0, all, at, one.length);
            at += one.length;
        }
        return Utf8.decode(all, 0, all.length);
    }

    private byte[] bytesOf(int id) {
        byte[] of = id < 0 || id >= bytes.length ? null : bytes[id];
        if (of == null) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + bytes.length);
        }
        return of;
    }

    @Override
    public String token(int id) {
        byte[] of = bytesOf(id);
        String token = written[id];
        if (token == null) {
            token = ByteLevel.toString(of);
            written[id] = token;
        }
        return token;
    }

    @Override
    public int id(String token) {
        Integer id = addedIds.get(token);
        if (id != null) {
            return id;
        }
        if (ids != null) {
            return ids.getOrDefault(token, -1);
        }
        byte[] spelled = ByteLevel.toBytes(token);
        return spelled == null || strings == null ? -1 : strings.get(spelled, 0, spelled.length);
    }

    @Override
    public boolean isSpecial(int id) {
        bytesOf(id);
        return special[id];
    }

    @Override
    public int byteLength(int id) {
        int length = bytesOf(id).length;
        return special[id] ? 0 : length;
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            private byte[] held = new byte[16];
            private int length;

            @Override
            public String next(int id) {
                byte[] more = bytesOf(id);
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
        return json.get();
    }

    @Override
    public String toString() {
        return "byte-level BPE, " + size() + " ids";
    }
}
