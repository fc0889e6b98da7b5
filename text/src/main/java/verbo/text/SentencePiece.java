// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece (Kudo and Richardson 2018, arXiv:1808.06226): a text is normalised, its spaces become {@code ▁}, and the
 * whole is one word for BPE or for the unigram model. The vocabularies of kind {@code llama} and {@code t5} in GGUF files and that
 * of llama2.c work in the same way.
 */
final class SentencePiece implements Tokenizer {
    static final char SPACE = '\u2581';
    /** What unknown text is decoded to where a model does not say. */
    static final String UNKNOWN_SURFACE = " \u2047 ";

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
     * @param unknownSurface
     *            what the unknown piece is decoded to
     */
    record Options(Algorithm algorithm, @Nullable CharsMap map, boolean dummyPrefix, boolean removeExtraSpaces,
            boolean escapeSpaces, boolean byteFallback, boolean suffix, boolean separateSpaces, List<Integer> before,
            List<Integer> after, @Nullable CharsMap back, String unknownSurface) {}

    /** By the number the formats give them, from 1 up. */
    static final List<Type> TYPES = List.of(Type.NORMAL, Type.UNKNOWN, Type.CONTROL, Type.USER_DEFINED, Type.UNUSED,
            Type.BYTE);

    private final SentencePieceVocabulary vocabulary;
    private final Options options;
    private final SentencePieceNormalizer normalizer;
    private final AddedTokens special; // where they are to be found in the text
    private final Model model;
    private final Deferred<SentencePieceStretches> stretches;

    /** Finds the pieces of a normalised text. */
    interface Model {
        /** Adds of each piece where it begins, where it ends, and its id. */
        void find(SentencePieceNormalizer.Text text, IntBuilder found);
    }

    SentencePiece(List<String> pieces, float[] scores, Type[] types, Options options) {
        vocabulary = new SentencePieceVocabulary(pieces, scores, types, options);
        this.options = options;
        normalizer = new SentencePieceNormalizer(options, vocabulary);
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
            boolean user = types[id] == Type.USER_DEFINED && options.separateSpaces();
            if ((user || types[id] == Type.CONTROL || types[id] == Type.UNKNOWN) && !pieces.get(id).isEmpty()) {
                added.add(new AddedToken(id, pieces.get(id), !user, false));
            }
        }
        special = new AddedTokens(added);
        model = switch (options.algorithm()) {
            case UNIGRAM -> new SentencePieceUnigram(vocabulary);
            case BPE -> new SentencePieceBpe(vocabulary, options);
            case CHARACTER -> this::characters;
            case WORD -> this::words;
        };
        stretches = new Deferred<>(0, () -> SentencePieceStretches.of(vocabulary, options, normalizer, model));
    }

    /** Finds a part's tokens. */
    private void find(String text, int from, int to, boolean prefix, TokenList out) {
        SentencePieceNormalizer.Text normal = normalizer.apply(text, from, to, prefix);
        if (normal.length() == 0) {
            return;
        }
        IntBuilder found = new IntBuilder(64); // start, end, id
        model.find(normal, found);
        int unknown = -1; // where the row of unknown characters begins that becomes one token, or -1
        for (int i = 0; i < found.size(); i += 3) {
            int start = found.get(i);
            int end = found.get(i + 1);
            int id = found.get(i + 2);
            int first = normal.origin()[start];
            int last = normal.origin()[end];
            if (id != vocabulary.unknown) {
                out.add(id, null, first, last);
                continue;
            }
            if (vocabulary.byteIds.length > 0) {
                byte[] bytes = new String(normal.chars(), start, end - start).getBytes(StandardCharsets.UTF_8);
                for (int b = 0; b < bytes.length; b++) {
                    // the last one stands for the character
                    out.add(vocabulary.byteIds[bytes[b] & 0xFF], null, first, b == bytes.length - 1 ? last : first);
                }
                continue;
            }
            unknown = unknown < 0 ? start : unknown;
            if (i + 3 == found.size() || found.get(i + 5) != id) {
                out.add(id, new String(normal.chars(), unknown, end - unknown), normal.origin()[unknown], last);
                unknown = -1;
            }
        }
    }

    private void characters(SentencePieceNormalizer.Text text, IntBuilder found) {
        CharSequence sequence = new String(text.chars(), 0, text.length());
        for (int i = 0; i < text.length();) {
            int user = vocabulary.userLength(sequence, i, text.length());
            int end = user > 0 ? i + user : CharClass.next(text.chars(), i, text.length());
            Integer id = vocabulary.made.get(new String(text.chars(), i, end - i));
            found.add(i);
            found.add(end);
            found.add(id == null ? vocabulary.unknown : id);
            i = end;
        }
    }

    /** Words begin with the space even where the pieces end with it: so encodes SentencePiece. */
    private void words(SentencePieceNormalizer.Text text, IntBuilder found) {
        for (int i = 0; i < text.length();) {
            int end = i + 1;
            while (end < text.length() && text.chars()[end] != SPACE) {
                end++;
            }
            Integer id = vocabulary.made.get(new String(text.chars(), i, end - i));
            found.add(i);
            found.add(end);
            found.add(id == null ? vocabulary.unknown : id);
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
        return vocabulary.size();
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
        SentencePieceStretches quick = stretches.get(0);
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
        int added = before.length() + after.length();
        how.maxLength().ifPresent(most -> EncodingOptions.checkRoom(most, added));
        List<Encoding> windows = how.maxLength().isEmpty()
                ? List.of(plain)
                : plain.windows(how.maxLength().getAsInt() - added, how.stride(), true);
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
            if (vocabulary.types[id] == Type.BYTE) {
                int b = ByteTokens.value(piece);
                bytes.write(Math.max(b, 0));
                continue;
            }
            flush(bytes, text);
            if (spaceSeen || !text.isEmpty()) {
                beginning = false;
            }
            spaceSeen = false;
            if (vocabulary.types[id] == Type.CONTROL) {
                continue;
            }
            if (vocabulary.types[id] == Type.UNKNOWN) {
                text.append(options.unknownSurface());
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
        if (id < 0 || id >= size()) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + size());
        }
        return vocabulary.pieces.get(id);
    }

    @Override
    public int id(String token) {
        return vocabulary.ids.getOrDefault(token, -1);
    }

    @Override
    public boolean isSpecial(int id) {
        token(id);
        return vocabulary.types[id] == Type.CONTROL || vocabulary.types[id] == Type.UNKNOWN;
    }

    @Override
    public int byteLength(int id) {
        String piece = token(id);
        return switch (vocabulary.types[id]) {
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
        return SentencePieceJson.write(vocabulary, options);
    }

    @Override
    public String toString() {
        return "SentencePiece "
                + (options.algorithm() == Algorithm.BPE ? "BPE" : options.algorithm().name().toLowerCase(Locale.ROOT))
                + ", " + size() + " ids";
    }
}
