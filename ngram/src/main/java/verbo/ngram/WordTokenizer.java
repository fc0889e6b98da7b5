// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import verbo.text.Decoder;
import verbo.text.Encoding;
import verbo.text.Tokenizer;

/**
 * Words at white space, as n-gram models take them: every word is a token, and the end of a line is {@code </s>}. Words that
 * the vocabulary lacks are {@code <unk>}. {@code <s>} and {@code </s>} stand for the ends of lines alone: a text that has them as
 * words is refused, as it is when a model is estimated. Decoding puts one space between words, so it gives a text back up to its white space.
 */
public final class WordTokenizer implements Tokenizer {
    private final Vocabulary vocabulary;

    /** A tokenizer over the words of a model. */
    public WordTokenizer(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == 0;
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
        List<String> tokens = new ArrayList<>();
        int count = 0;
        int length = text.length();
        for (int at = 0; at < length;) {
            char c = text.charAt(at);
            if (isSpace(c)) {
                at++;
                continue;
            }
            int end = at + 1;
            while (c != '\n' && end < length && text.charAt(end) != '\n' && !isSpace(text.charAt(end))) {
                end++;
            }
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, count * 2);
                starts = Arrays.copyOf(starts, count * 2);
                ends = Arrays.copyOf(ends, count * 2);
            }
            ids[count] = c == '\n' ? Vocabulary.END : vocabulary.id(text.substring(at, end));
            if (c != '\n' && (ids[count] == Vocabulary.BEGIN || ids[count] == Vocabulary.END)) {
                long line = text.substring(0, at).chars().filter(each -> each == '\n').count() + 1;
                int character = text.codePointCount(text.lastIndexOf('\n', at) + 1, at);
                throw new IllegalArgumentException("line " + line + ", character " + character + ": " + Sentences.ENDS);
            }
            tokens.add(vocabulary.word(ids[count]));
            starts[count] = at;
            ends[count++] = end;
            at = end;
        }
        return new Encoding(Arrays.copyOf(ids, count), tokens.toArray(new String[0]), Arrays.copyOf(starts, count),
                Arrays.copyOf(ends, count));
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

    /** The word and the space behind it; what ends a sentence stands for no more than that space. */
    @Override
    public int byteLength(int id) {
        return id <= Vocabulary.END ? 0 : vocabulary.bytes(id).length + 1;
    }

    @Override
    public Decoder decoder() {
        return new Decoder() {
            private boolean inside;

            @Override
            public String next(int id) {
                if (id == Vocabulary.END || id == Vocabulary.BEGIN) {
                    inside = false;
                    return id == Vocabulary.END ? "\n" : "";
                }
                String word = vocabulary.word(id);
                String spelled = word.equals("\\<unk>") ? "<unk>" : word;
                String piece = inside ? " " + spelled : spelled;
                inside = true;
                return piece;
            }

            @Override
            public String end() {
                inside = false;
                return "";
            }
        };
    }

    @Override
    public OptionalInt separator() {
        return OptionalInt.empty();
    }

    /** Throws: there is no such part of a {@code tokenizer.json} for millions of words. */
    @Override
    public String json() {
        throw new IllegalStateException(
                "words at white space have no tokenizer.json: they are in the model's own file");
    }

    @Override
    public String toString() {
        return "words at white space, " + size() + " ids";
    }
}
