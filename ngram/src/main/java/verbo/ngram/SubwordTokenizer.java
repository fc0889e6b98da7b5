// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.Arrays;
import java.util.OptionalInt;
import verbo.text.Decoder;
import verbo.text.Encoding;
import verbo.text.Tokenizer;

/**
 * The tokens of another tokenizer as the words of an n-gram model: each line is taken apart by itself, and its end is
 * {@code </s>}. Tokens that the model has not seen are {@code <unk>}.
 *
 * <p>
 * An ARPA file cannot have white space in a word, so in a token's spelling a space is <code>&#92;u0020</code> and so on; a
 * token spelt like one of the three special words has a backslash before it.
 */
final class SubwordTokenizer implements Tokenizer {
    private final Tokenizer inner;
    private final Vocabulary vocabulary;
    // Worked out when first asked for, by whatever thread; 0 until then, else one more than the id.
    private final int[] words;
    private final int[] tokens;

    SubwordTokenizer(Tokenizer inner, Vocabulary vocabulary) {
        this.inner = inner;
        this.vocabulary = vocabulary;
        words = new int[inner.size()];
        tokens = new int[vocabulary.size()];
    }

    /** How a vocabulary and an ARPA file spell a token. */
    static String spelling(String token) {
        if (token.equals("<unk>") || token.equals("<s>") || token.equals("</s>")) {
            return "\\" + token;
        }
        StringBuilder spelling = new StringBuilder(token.length());
        boolean escapes = token.contains("\\u");
        for (int i = 0; i < token.length(); i++) {
            char c = token.charAt(i);
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0 || escapes && c == '\\') {
                spelling.append(String.format("\\u%04x", (int) c));
            } else {
                spelling.append(c);
            }
        }
        return spelling.toString();
    }

    private static String token(String spelling) {
        if (spelling.startsWith("\\<")) {
            String word = spelling.substring(1);
            return word.equals("<unk>") || word.equals("<s>") || word.equals("</s>") ? word : spelling;
        }
        StringBuilder token = new StringBuilder(spelling.length());
        for (int i = 0; i < spelling.length(); i++) {
            if (spelling.startsWith("\\u", i) && i + 6 <= spelling.length()) {
                token.append((char) Integer.parseInt(spelling.substring(i + 2, i + 6), 16));
                i += 5;
            } else {
                token.append(spelling.charAt(i));
            }
        }
        return token.toString();
    }

    /** The model's id of a token. */
    int word(int token) {
        int word = words[token];
        if (word == 0) {
            byte[] bytes = spelling(inner.token(token)).getBytes(java.nio.charset.StandardCharsets.UTF_8);
            word = Math.max(0, vocabulary.find(bytes, 0, bytes.length)) + 1;
            words[token] = word;
        }
        return word - 1;
    }

    /** The token of a model's id, -1 for one of the special three or a word that is no token. */
    private int inner(int word) {
        if (word <= Vocabulary.END) {
            return -1;
        }
        int token = tokens[word];
        if (token == 0) {
            token = inner.id(token(vocabulary.word(word))) + 1;
            tokens[word] = token;
        }
        return token - 1;
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    @Override
    public int[] encode(String text) {
        return encodeWithOffsets(text).ids();
    }

    @Override
    public Encoding encodeWithOffsets(String text) {
        int[] ids = new int[16];
        int[] starts = new int[16];
        int[] ends = new int[16];
        int count = 0;
        for (int from = 0; from < text.length();) {
            int end = text.indexOf('\n', from);
            boolean whole = end >= 0;
            end = whole ? end : text.length();
            int stop = whole && end > from && text.charAt(end - 1) == '\r' ? end - 1 : end;
            Encoding line = inner.encodeWithOffsets(text.substring(from, stop));
            int size = line.ids().length;
            int needed = count + size + 1;
            if (needed > ids.length) {
                int larger = Math.max(needed, ids.length * 2);
                ids = Arrays.copyOf(ids, larger);
                starts = Arrays.copyOf(starts, larger);
                ends = Arrays.copyOf(ends, larger);
            }
            for (int i = 0; i < size; i++) {
                ids[count] = word(line.ids()[i]);
                starts[count] = from + line.starts()[i];
                ends[count++] = from + line.ends()[i];
            }
            if (whole) {
                ids[count] = Vocabulary.END;
                starts[count] = end;
                ends[count++] = end + 1;
            }
            from = end + 1;
        }
        String[] spelt = new String[count];
        for (int i = 0; i < count; i++) {
            spelt[i] = vocabulary.word(ids[i]);
        }
        return new Encoding(Arrays.copyOf(ids, count), spelt, Arrays.copyOf(starts, count), Arrays.copyOf(ends, count));
    }

    @Override
    public String token(int id) {
        return vocabulary.word(id);
    }

    @Override
    public int id(String token) {
        byte[] bytes = token.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return vocabulary.find(bytes, 0, bytes.length);
    }

    /** That of the token; the end of a line is a byte. */
    @Override
    public int byteLength(int id) {
        int token = inner(id);
        return token >= 0 ? inner.byteLength(token) : id == Vocabulary.END ? 1 : 0;
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            private Decoder line = inner.decoder();

            @Override
            public String next(int id) {
                if (id == Vocabulary.END) {
                    String rest = line.end();
                    line = inner.decoder();
                    return rest + "\n";
                }
                int token = inner(id);
                return token >= 0 ? line.next(token) : id == Vocabulary.BEGIN ? "" : "\uFFFD";
            }

            @Override
            public String end() {
                return line.end();
            }
        };
    }

    @Override
    public OptionalInt separator() {
        return OptionalInt.empty();
    }

    /** That of the tokens, whose ids are other than the model's. */
    @Override
    public String json() {
        return inner.json();
    }

    @Override
    public String toString() {
        return inner + ", a line a sentence";
    }
}
