// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A token a character: the code points of a corpus, sorted, are ids 0, 1, 2, ... as in nanoGPT; the separator, if there is
 * one, comes last.
 *
 * <p>
 * Its {@code tokenizer.json} is a BPE without merges, which Hugging Face's {@code tokenizers} loads and takes apart in the
 * same way; only that it leaves out characters it does not know, which here is an error.
 */
public final class CharacterTokenizer implements Tokenizer {
    private static final int PAGE = 256;

    private final int[] codePoints; // of each id that stands for a character
    private final int[] @Nullable [] pages; // code point → id + 1, by pages of 256
    private final AddedTokens added;
    private final OptionalInt separator;
    private final String json;

    private CharacterTokenizer(int[] codePoints, List<AddedToken> addedTokens, @Nullable String json) {
        this.codePoints = codePoints;
        this.pages = new int[(Character.MAX_CODE_POINT + 1) / PAGE][];
        for (int id = 0; id < codePoints.length; id++) {
            int page = codePoints[id] / PAGE;
            int[] ids = pages[page];
            if (ids == null) {
                ids = new int[PAGE];
                pages[page] = ids;
            }
            ids[codePoints[id] % PAGE] = id + 1;
        }
        added = new AddedTokens(addedTokens);
        separator = addedTokens.stream().filter(t -> t.special() && t.content().equals(END_OF_TEXT))
                .mapToInt(AddedToken::id).findFirst();
        this.json = json != null
                ? json
                : TokenizerJson.write(IntStream.of(codePoints).mapToObj(Character::toString).toList(), addedTokens,
                        null, null, TokenizerJson.CHARACTER_DECODER);
    }

    /**
     * Takes the characters of a corpus.
     *
     * @param corpus
     *            read once
     * @param separator
     *            whether to add {@link Tokenizer#END_OF_TEXT} to keep documents apart
     */
    public static CharacterTokenizer train(Corpus corpus, boolean separator) throws IOException {
        BitSet seen = new BitSet();
        corpus.forEach(document -> document.text().codePoints().forEach(c -> seen.set(wellFormed(c))));
        return of(seen.stream(), separator);
    }

    /**
     * Takes the characters of a text.
     *
     * @param text
     *            whose characters, in whatever order, are the vocabulary
     * @param separator
     *            whether to add {@link Tokenizer#END_OF_TEXT}
     */
    public static CharacterTokenizer of(String text, boolean separator) {
        return of(text.codePoints().map(CharacterTokenizer::wellFormed), separator);
    }

    private static CharacterTokenizer of(IntStream characters, boolean separator) {
        int[] sorted = characters.sorted().distinct().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("a vocabulary needs at least one character");
        }
        return new CharacterTokenizer(sorted,
                separator ? List.of(new AddedToken(sorted.length, END_OF_TEXT, true, false)) : List.of(), null);
    }

    /** Characters by id, then added tokens; {@link TokenizerJson} has seen that they are such. */
    static CharacterTokenizer of(List<String> characters, List<AddedToken> added, String json) {
        int[] codePoints = characters.stream().mapToInt(c -> c.codePointAt(0)).toArray();
        return new CharacterTokenizer(codePoints, added, json);
    }

    private static int wellFormed(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE ? '?' : codePoint;
    }

    @Override
    public int size() {
        return codePoints.length + added.all().size();
    }

    @Override
    public int[] encode(String text) {
        return encode(text, true);
    }

    private int[] encode(String text, boolean special) {
        IntBuilder ids = new IntBuilder(text.length());
        added.split(text, special, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                for (int i = from; i < to;) {
                    int c = codePointAt(text, i, to);
                    ids.add(idOf(c, i));
                    i += Character.charCount(c);
                }
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                ids.add(token.id());
            }
        });
        return ids.toArray();
    }

    private static int codePointAt(String text, int i, int to) {
        char c = text.charAt(i);
        return Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(text.charAt(i + 1))
                ? Character.toCodePoint(c, text.charAt(i + 1))
                : c;
    }

    private int idOf(int codePoint, int index) {
        int character = wellFormed(codePoint);
        int[] page = pages[character / PAGE];
        int id = page == null ? -1 : page[character % PAGE] - 1;
        if (id < 0) {
            throw outside(codePoint, index);
        }
        return id;
    }

    static IllegalArgumentException outside(int codePoint, int index) {
        String shown = Character.isISOControl(codePoint) || !Character.isDefined(codePoint)
                || Character.getType(codePoint) == Character.SURROGATE ? ""
                        : "'" + Character.toString(codePoint) + "' ";
        return new IllegalArgumentException("the character " + shown
                + String.format(Locale.ROOT, "U+%04X", codePoint) + " at index " + index
                + " is not in the tokenizer's vocabulary");
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        return encode(text, EncodingOptions.PLAIN);
    }

    @Override
    public Encoding encode(String text, EncodingOptions options) {
        options.refuseDropout(this);
        int[] ids = encode(text, options.written() != EncodingOptions.Written.TEXT);
        return Encoding.inARow(ids, Arrays.stream(ids).mapToObj(this::token).toArray(String[]::new))
                .cut(options);
    }

    @Override
    public String token(int id) {
        if (id < 0 || id >= size()) {
            throw new IllegalArgumentException("no token has the id " + id + "; ids are below " + size());
        }
        return id < codePoints.length
                ? Character.toString(codePoints[id])
                : added.all().get(id - codePoints.length).content();
    }

    @Override
    public int id(String token) {
        for (AddedToken one : added.all()) {
            if (one.content().equals(token)) {
                return one.id();
            }
        }
        if (token.isEmpty() || token.codePointCount(0, token.length()) != 1) {
            return -1;
        }
        int character = token.codePointAt(0);
        int[] page = pages[character / PAGE];
        return page == null ? -1 : page[character % PAGE] - 1;
    }

    @Override
    public boolean isSpecial(int id) {
        token(id);
        return id >= codePoints.length && added.all().get(id - codePoints.length).special();
    }

    @Override
    public int byteLength(int id) {
        return isSpecial(id)
                ? 0
                : Math.toIntExact(Utf8.length(token(id)));
    }

    @Override
    public Decoder decoder() {
        return this::token;
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
        return "characters, " + size() + " ids";
    }
}
