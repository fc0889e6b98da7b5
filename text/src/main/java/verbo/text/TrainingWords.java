// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

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

    private static final int CODE_POINTS = Character.MAX_CODE_POINT + 1;

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
        IntBuilder symbols = new IntBuilder(words.characterCount() + (words.characterCount() >> 3));
        char[] text = words.characters();
        for (int word = 0; word < count; word++) {
            starts[word] = symbols.size();
            for (int i = words.start(word), end = words.end(word); i < end; i++) {
                int c = spelled ? ByteLevel.toByte(text[i]) : text[i];
                if (spelled || c < 0x80) {
                    symbols.add(byteIds[c]);
                    continue;
                }
                if (Character.isSurrogate((char) c)) {
                    c = codePoint(text, i, end);
                    if (c < 0x80) {
                        symbols.add(byteIds[c]);
                        continue;
                    }
                    i++;
                }
                int bytes = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
                symbols.add(byteIds[(0xF00 >>> bytes & 0xFF) | c >>> 6 * (bytes - 1)]);
                for (int k = bytes - 2; k >= 0; k--) {
                    symbols.add(byteIds[0x80 | (c >>> 6 * k & 0x3F)]);
                }
            }
            lengths[word] = symbols.size() - starts[word];
        }
        return new TrainingWords(vocabulary, symbols.toArray(), starts, lengths, words.counts());
    }

    /** A character, {@code '?'} for half of one. */
    private static int codePoint(char[] text, int i, int end) {
        int c = Character.codePointAt(text, i, end);
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c;
    }

    /**
     * Words as characters, of which the rarest may be left out of words and alphabet.
     *
     * @param special
     *            tokens before the alphabet; an empty one stands for characters that were left out, which else are gone
     * @param limit
     *            how many characters at most, the most frequent
     * @param prefix
     *            what is put before those that begin no word, which makes them others
     * @param suffix
     *            what is put behind those that end one
     */
    static TrainingWords characters(WordCounts words, List<String> special, int limit, String prefix, String suffix) {
        List<String> vocabulary = new ArrayList<>(special);
        Map<String, Integer> ids = new HashMap<>(TokenizerJson.ids(special));
        boolean[] allowed = new boolean[CODE_POINTS];
        for (String token : special) {
            if (!token.isEmpty() && token.length() == Character.charCount(token.codePointAt(0))) {
                allowed[token.codePointAt(0)] = true;
            }
        }
        int left = special.indexOf("");
        long[] frequencies = characters(words);
        if (left >= 0) {
            frequencies[BOUND] = 0;
        }
        int[] kept = mostFrequent(frequencies, limit);
        Arrays.sort(kept);
        for (int c : kept) {
            allowed[c] = true;
            id(Character.toString(c), vocabulary, ids);
        }
        // ids by how a character stands (whether it begins a word, whether it ends one) and code point, plus one
        int[][] forms = new int[prefix.isEmpty() && suffix.isEmpty() ? 1 : 4][CODE_POINTS];
        each(words, (word, c, first, last) -> forms[form(first, last, forms.length)][c] = 1);
        for (int form = 0; form < forms.length; form++) {
            for (int c = 0; c < CODE_POINTS; c++) {
                if (forms[form][c] != 0 && allowed[c]) {
                    String token = ((form & 1) == 0 ? "" : prefix) + Character.toString(c)
                            + ((form & 2) == 0 ? "" : suffix);
                    forms[form][c] = id(token, vocabulary, ids);
                }
            }
        }
        int[] starts = new int[words.size()];
        int[] lengths = new int[words.size()];
        IntBuilder symbols = new IntBuilder(words.characterCount());
        each(words, (word, c, first, last) -> {
            if (first) {
                starts[word] = symbols.size();
            }
            int id = allowed[c] ? forms[form(first, last, forms.length)][c] : left;
            if (id >= 0) {
                symbols.add(id);
                lengths[word]++;
            }
        });
        return new TrainingWords(vocabulary, symbols.toArray(), starts, lengths, words.counts());
    }

    private static int id(String token, List<String> vocabulary, Map<String, Integer> ids) {
        int id = ids.computeIfAbsent(token, t -> vocabulary.size());
        if (id == vocabulary.size()) {
            vocabulary.add(token);
        }
        return id;
    }

    private static int form(boolean first, boolean last, int forms) {
        return forms == 1 ? 0 : (first ? 0 : 1) + (last ? 2 : 0);
    }

    /** What is done with a character of a word. */
    private interface Visitor {
        void visit(int word, int codePoint, boolean first, boolean last);
    }

    private static void each(WordCounts words, Visitor visitor) {
        char[] text = words.characters();
        for (int word = 0; word < words.size(); word++) {
            int start = words.start(word);
            for (int i = start, end = words.end(word); i < end;) {
                int next = i + Character.charCount(Character.codePointAt(text, i, end));
                visitor.visit(word, codePoint(text, i, end), i == start, next == end);
                i = next;
            }
        }
    }

    /** How often each character occurs. */
    static long[] characters(WordCounts words) {
        long[] counts = new long[CODE_POINTS];
        each(words, (word, c, first, last) -> counts[c] += words.count(word));
        return counts;
    }

    /** Those of the characters that occur that do so most often, in that order; of equally frequent ones the lower. */
    static int[] mostFrequent(long[] frequencies, int limit) {
        return IntStream.range(0, frequencies.length).filter(c -> frequencies[c] > 0).boxed()
                .sorted(Comparator.comparingLong((Integer c) -> -frequencies[c])).limit(limit)
                .mapToInt(Integer::intValue).toArray();
    }
}
