// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Byte-pair encoding of a piece's characters, with all that {@code tokenizer.json} knows of it. */
final class Bpe implements TokenModel {
    /**
     * What there is beside vocabulary and merges.
     *
     * @param unknown
     *            what stands for characters that are not in the vocabulary, null to leave them out
     * @param prefix
     *            what tokens inside a word begin with
     * @param suffix
     *            what tokens that end a word end with
     * @param fuseUnknown
     *            whether unknown characters in a row are one token
     * @param byteFallback
     *            whether unknown characters are spelled in bytes
     * @param ignoreMerges
     *            whether a piece that is in the vocabulary is that token, whatever the merges make of it
     */
    record Options(@Nullable String unknown, String prefix, String suffix, boolean fuseUnknown, boolean byteFallback,
            boolean ignoreMerges) {
        static final Options PLAIN = new Options(null, "", "", false, false, false);
    }

    private static final int PAGE = 256;

    private final Vocabulary vocabulary;
    private final Merges merges;
    private final Options options;
    private final int unknown;
    private final int[] byteIds; // -1 where there is none
    private final int[] @Nullable [] pages = new int[(Character.MAX_CODE_POINT + 1) / PAGE][]; // character → id + 1

    Bpe(Vocabulary vocabulary, Merges merges, Options options) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.options = options;
        unknown = options.unknown() == null ? -1 : vocabulary.id(options.unknown());
        byteIds = new int[256];
        for (int b = 0; b < 256; b++) {
            byteIds[b] = vocabulary.id(ByteTokens.of(b));
        }
        for (String token : vocabulary.ids().keySet()) {
            if (!token.isEmpty() && token.length() == Character.charCount(token.codePointAt(0))) {
                int c = token.codePointAt(0);
                int[] page = pages[c / PAGE];
                if (page == null) {
                    page = new int[PAGE];
                    pages[c / PAGE] = page;
                }
                page[c % PAGE] = vocabulary.id(token) + 1;
            }
        }
    }

    Vocabulary vocabulary() {
        return vocabulary;
    }

    Merges merges() {
        return merges;
    }

    Options options() {
        return options;
    }

    /** Whether every character that is no token is spelled in bytes. */
    boolean spellsAll() {
        return options.byteFallback() && Arrays.stream(byteIds).allMatch(id -> id >= 0);
    }

    @Override
    public void tokenize(Normalized piece, TokenList out) {
        int length = piece.length();
        if (length == 0) {
            return;
        }
        if (options.ignoreMerges() && out.dropout == null) {
            int id = vocabulary.id(piece.text());
            if (id >= 0) {
                out.add(id, null, piece.start(0), piece.end(length - 1));
                return;
            }
        }
        int[] symbols = new int[3 * length + 3 * length * options.prefix().length() + 3 * options.suffix().length()]; // bytes at most
        int[] lengths = new int[symbols.length]; // of what each stands for, in bytes
        int count = 0;
        int pendingLength = 0; // of unknown characters not yet written
        boolean pending = false;
        for (int i = 0; i < length;) {
            int c = piece.codePointAt(i);
            boolean first = i == 0;
            i += Character.charCount(c);
            int bytes = size(c);
            int id = id(c, first, i == length);
            if (id >= 0) {
                if (pending) {
                    symbols[count] = unknown;
                    lengths[count++] = pendingLength;
                    pending = false;
                }
                symbols[count] = id;
                lengths[count++] = bytes;
                continue;
            }
            if (options.byteFallback()) {
                String text = text(c, first, i == length);
                byte[] spelled = text.getBytes(StandardCharsets.UTF_8);
                boolean all = true;
                for (byte b : spelled) {
                    all &= byteIds[b & 0xFF] >= 0;
                }
                if (all) {
                    for (byte b : spelled) {
                        symbols[count] = byteIds[b & 0xFF];
                        lengths[count++] = 1;
                    }
                    continue;
                }
            }
            if (options.unknown() != null) {
                if (unknown < 0) {
                    throw TokenModel.outside(piece, i - Character.charCount(c));
                }
                if (pending && !options.fuseUnknown()) {
                    symbols[count] = unknown;
                    lengths[count++] = pendingLength;
                    pendingLength = 0;
                }
                pendingLength = pending ? pendingLength + bytes : bytes;
                pending = true;
            }
        }
        if (pending) {
            symbols[count] = unknown;
            lengths[count++] = pendingLength;
        }
        count = out.dropout != null
                ? out.dropout.apply(merges, symbols, lengths, count)
                : merges.apply(symbols, lengths, count, out.merges());
        emit(piece, symbols, lengths, count, out);
    }

    @Override
    public boolean ids(char[] piece, int length, PretokenEncoder.Work work) {
        int count = symbols(piece, length, work);
        work.count = count < 0 ? 0 : merges.apply(work.word, count, work.merges);
        return count >= 0;
    }

    /**
     * Writes the ids that a piece is merged from to {@code work.word}.
     *
     * @return how many they are, -1 if it takes {@link #tokenize} to tell
     */
    int symbols(char[] piece, int length, PretokenEncoder.Work work) {
        boolean plain = options.prefix().isEmpty() && options.suffix().isEmpty();
        if (options.ignoreMerges() || (options.byteFallback() && !plain)) {
            return -1;
        }
        work.ensure(3 * length);
        int[] symbols = work.word;
        boolean writesUnknown = !options.byteFallback() && options.unknown() != null && unknown >= 0;
        int count = 0;
        boolean fuses = false;
        for (int i = 0; i < length;) {
            int c = Character.codePointAt(piece, i, length);
            int next = i + Character.charCount(c);
            int id = plain ? symbol(c) : id(c, i == 0, next == length);
            if (id >= 0) {
                symbols[count++] = id;
                fuses = false;
            } else if (writesUnknown) {
                if (!fuses) {
                    symbols[count++] = unknown;
                }
                fuses = options.fuseUnknown();
            } else {
                count = spell(c, symbols, count);
                if (count < 0) {
                    return -1;
                }
            }
            i = next;
        }
        return count;
    }

    /** Adds the ids of a character's bytes to {@code to}; returns how many are there then, -1 if it cannot be spelled. */
    private int spell(int c, int[] to, int at) {
        int size = size(c);
        for (int b = size - 1, n = at; b >= 0; b--, n++) {
            int lead = size == 1 ? 0 : 0xF00 >> size & 0xFF;
            int value = b == size - 1 ? lead | c >> 6 * b : 0x80 | (c >> 6 * b & 0x3F);
            if (!options.byteFallback() || byteIds[value] < 0) {
                return -1;
            }
            to[n] = byteIds[value];
        }
        return at + size;
    }

    /** Walks over the piece's characters and the tokens' bytes together. */
    private static void emit(Normalized piece, int[] symbols, int[] lengths, int count, TokenList out) {
        int unit = 0; // the character that holds the byte in question,
        int before = 0; // and the piece's bytes before it
        int size = size(piece, 0);
        int position = 0;
        for (int k = 0; k < count; k++) {
            // bytes of a prefix or suffix that was spelled have no place of their own, so that there may be too many
            while (before + size <= position && unit + Character.charCount(piece.codePointAt(unit)) < piece.length()) {
                before += size;
                unit += Character.charCount(piece.codePointAt(unit));
                size = size(piece, unit);
            }
            int start = piece.start(unit);
            position += lengths[k];
            while (before + size < position && unit + Character.charCount(piece.codePointAt(unit)) < piece.length()) {
                before += size;
                unit += Character.charCount(piece.codePointAt(unit));
                size = size(piece, unit);
            }
            out.add(symbols[k], null, start, piece.end(unit));
        }
    }

    private static int size(Normalized piece, int unit) {
        return unit >= piece.length() ? Integer.MAX_VALUE / 2 : size(piece.codePointAt(unit));
    }

    /** Bytes of a character. */
    private static int size(int c) {
        return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }

    private int id(int c, boolean first, boolean last) {
        if ((first || options.prefix().isEmpty()) && (!last || options.suffix().isEmpty())) {
            return symbol(c);
        }
        return vocabulary.id(text(c, first, last));
    }

    /** The id of a character, -1 if it is no token. */
    private int symbol(int c) {
        int[] page = pages[c / PAGE];
        return page == null ? -1 : page[c % PAGE] - 1;
    }

    private String text(int c, boolean first, boolean last) {
        return (first ? "" : options.prefix()) + Character.toString(c) + (last ? options.suffix() : "");
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    @Override
    public @Nullable String token(int id) {
        return vocabulary.token(id);
    }

    @Override
    public int id(String token) {
        return vocabulary.id(token);
    }
}
