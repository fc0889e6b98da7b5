// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Words written in the first symbols of a vocabulary that is to be learnt.
 *
 * @param vocabulary
 *            special tokens, then the alphabet
 * @param symbols
 *            of all words, one behind the other: indexes into the vocabulary
 * @param starts
 *            where each word begins
 * @param lengths
 *            how many symbols it has
 * @param counts
 *            how often it occurs
 */
record TrainingWords(List<String> vocabulary, int[] symbols, int[] starts, int[] lengths, long[] counts) {
    /** What no token has: SentencePiece's normalisation leaves none in a text. */
    static final char BOUND = '\t';

    private static final int SYMBOL_BITS = 21; // enough for every code point

    /**
     * Words as bytes; the alphabet is all of them, in the order of the characters that stand for them.
     *
     * @param spelled
     *            whether the words are written in those characters already
     */
    static TrainingWords bytes(WordCounts words, List<String> special, boolean spelled) {
        List<String> vocabulary = new ArrayList<>(special);
        int[] byteIds = new int[256];
        for (char c = 0; vocabulary.size() < special.size() + 256; c++) {
            int b = ByteLevel.toByte(c);
            if (b >= 0) {
                byteIds[b] = vocabulary.size();
                vocabulary.add(String.valueOf(c));
            }
        }
        int count = words.size();
        int[] starts = new int[count];
        int[] lengths = new int[count];
        int[] symbols = new int[words.byteCount()];
        byte[] text = words.bytes();
        int n = 0;
        for (int word = 0; word < count; word++) {
            starts[word] = n;
            for (int i = words.start(word), end = words.end(word); i < end; i++) {
                int b = text[i] & 0xFF;
                if (spelled) { // the characters have two bytes at most
                    b = ByteLevel.toByte((char) (b < 0x80 ? b : (b & 0x1F) << 6 | (text[++i] & 0x3F)));
                }
                symbols[n++] = byteIds[b];
            }
            lengths[word] = n - starts[word];
        }
        return new TrainingWords(vocabulary, symbols, starts, lengths, words.counts());
    }

    /** Words as code points, without a vocabulary. */
    static TrainingWords codePoints(WordCounts words) {
        int count = words.size();
        int[] starts = new int[count];
        int[] lengths = new int[count];
        int[] symbols = new int[words.byteCount()];
        byte[] text = words.bytes();
        int n = 0;
        for (int word = 0; word < count; word++) {
            starts[word] = n;
            for (int i = words.start(word), end = words.end(word); i < end;) {
                int c = text[i++];
                if (c < 0) {
                    int more = c < (byte) 0xE0 ? 1 : c < (byte) 0xF0 ? 2 : 3;
                    c &= 0x3F >> more;
                    for (int k = 0; k < more; k++) {
                        c = c << 6 | (text[i++] & 0x3F);
                    }
                }
                symbols[n++] = c;
            }
            lengths[word] = n - starts[word];
        }
        return new TrainingWords(List.of(), symbols, starts, lengths, words.counts());
    }

    /** How often each symbol occurs, up to the highest that does. */
    long[] frequencies() {
        int highest = 0;
        for (int word = 0; word < starts.length; word++) {
            for (int i = starts[word], end = i + lengths[word]; i < end; i++) {
                highest = Math.max(highest, symbols[i]);
            }
        }
        long[] frequencies = new long[highest + 1];
        for (int word = 0; word < starts.length; word++) {
            for (int i = starts[word], end = i + lengths[word]; i < end; i++) {
                frequencies[symbols[i]] += counts[word];
            }
        }
        return frequencies;
    }

    /** Those of the symbols that occur that do so most often, in that order; of equally frequent ones the lower. */
    static int[] mostFrequent(long[] frequencies, int limit) {
        long[] order = new long[frequencies.length];
        int n = 0;
        for (int symbol = 0; symbol < frequencies.length; symbol++) {
            if (frequencies[symbol] > 0) {
                order[n++] = (Long.MAX_VALUE >> SYMBOL_BITS) - frequencies[symbol] << SYMBOL_BITS | symbol;
            }
        }
        Arrays.sort(order, 0, n);
        int[] symbols = new int[Math.min(n, limit)];
        for (int i = 0; i < symbols.length; i++) {
            symbols[i] = (int) order[i] & (1 << SYMBOL_BITS) - 1;
        }
        return symbols;
    }

    /**
     * Words of {@link #codePoints}, which are changed, as characters, of which the rarest may be left out of words and
     * alphabet.
     *
     * @param frequencies
     *            of the code points
     * @param special
     *            tokens before the alphabet; an empty one stands for characters that were left out, which else are gone
     * @param limit
     *            how many characters at most, the most frequent
     * @param prefix
     *            what is put before those that begin no word, which makes them others
     * @param suffix
     *            what is put behind those that end one
     */
    TrainingWords characters(long[] frequencies, List<String> special, int limit, String prefix, String suffix) {
        List<String> tokens = new ArrayList<>(special);
        Map<String, Integer> ids = new HashMap<>(TokenizerJson.ids(special));
        boolean[] allowed = new boolean[frequencies.length];
        for (String token : special) {
            if (!token.isEmpty() && token.length() == Character.charCount(token.codePointAt(0))
                    && token.codePointAt(0) < allowed.length) {
                allowed[token.codePointAt(0)] = true;
            }
        }
        int left = special.indexOf("");
        long[] countable = frequencies.clone();
        if (left >= 0 && BOUND < countable.length) {
            countable[BOUND] = 0;
        }
        int[] kept = mostFrequent(countable, limit);
        Arrays.sort(kept);
        for (int c : kept) {
            allowed[c] = true;
            id(Character.toString(c), tokens, ids);
        }
        // ids by how a character stands (whether it begins a word, whether it ends one) and code point
        int[][] forms = new int[prefix.isEmpty() && suffix.isEmpty() ? 1 : 4][frequencies.length];
        for (int word = 0; word < starts.length; word++) {
            for (int i = starts[word], last = i + lengths[word] - 1; i <= last; i++) {
                forms[forms.length == 1 ? 0 : form(i == starts[word], i == last)][symbols[i]] = 1;
            }
        }
        for (int form = 0; form < forms.length; form++) {
            for (int c = 0; c < frequencies.length; c++) {
                if (forms[form][c] != 0) {
                    String token = ((form & 1) == 0 ? "" : prefix) + Character.toString(c)
                            + ((form & 2) == 0 ? "" : suffix);
                    forms[form][c] = allowed[c] ? id(token, tokens, ids) : left;
                }
            }
        }
        for (int word = 0; word < starts.length; word++) {
            int out = starts[word];
            for (int i = starts[word], last = i + lengths[word] - 1; i <= last; i++) {
                int id = forms[forms.length == 1 ? 0 : form(i == starts[word], i == last)][symbols[i]];
                if (id >= 0) {
                    symbols[out++] = id;
                }
            }
            lengths[word] = out - starts[word];
        }
        return new TrainingWords(tokens, symbols, starts, lengths, counts);
    }

    private static int id(String token, List<String> vocabulary, Map<String, Integer> ids) {
        int id = ids.computeIfAbsent(token, t -> vocabulary.size());
        if (id == vocabulary.size()) {
            vocabulary.add(token);
        }
        return id;
    }

    private static int form(boolean first, boolean last) {
        return (first ? 0 : 1) + (last ? 2 : 0);
    }
}
