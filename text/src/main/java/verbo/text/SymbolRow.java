// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;

/**
 * Symbols of words in one row, where each keeps its place while others are merged: a symbol of several places begins at the
 * first of its parts', and the second and the last hold its length, negative (Knuth's boundary tags), so that the symbols
 * beside it are found without looking through the word.
 */
final class SymbolRow {
    /** What stands before and behind each word. */
    static final int BOUND = Integer.MAX_VALUE;

    private final int[] row; // by place a symbol and the word it is in
    private final int[] starts; // by word, and behind the last

    SymbolRow(TrainingWords words) {
        int count = words.starts().length;
        starts = new int[count + 1];
        long places = 1L + count + Arrays.stream(words.lengths()).asLongStream().sum();
        if (places > (Integer.MAX_VALUE - 16) / 2) {
            throw new IllegalArgumentException("the corpus has more different words than merges can be learnt from;"
                    + " train on a part of it");
        }
        row = new int[2 * (int) places];
        row[0] = BOUND;
        int place = 1;
        for (int word = 0; word < count; word++) {
            starts[word] = place;
            for (int i = words.starts()[word], end = i + words.lengths()[word]; i < end; i++) {
                row[2 * place] = words.symbols()[i];
                row[2 * place++ + 1] = word;
            }
            row[2 * place++] = BOUND;
        }
        starts[count] = place;
    }

    int places() {
        return row.length / 2;
    }

    int words() {
        return starts.length - 1;
    }

    /** Where a word begins. */
    int start(int word) {
        return starts[word];
    }

    /** Where the bound behind a word is. */
    int end(int word) {
        return starts[word + 1] - 1;
    }

    /** The symbol that begins at a place, {@link #BOUND}, or something negative inside a symbol. */
    int get(int place) {
        return row[2 * place];
    }

    /** The word a symbol is in. */
    int word(int place) {
        return row[2 * place + 1];
    }

    /** Where the symbol or bound behind one begins. */
    int next(int place) {
        int tag = get(place + 1);
        return tag < 0 ? place - tag : place + 1;
    }

    /** Where the symbol or bound before one begins. */
    int previous(int place) {
        int tag = get(place - 1);
        return tag < 0 ? place + tag : place - 1;
    }

    /** Puts a symbol in place of two, the second of which begins at {@code second}. */
    void merge(int place, int second, int symbol) {
        int end = next(second);
        row[2 * second] = -1;
        row[2 * place] = symbol;
        row[2 * (place + 1)] = place - end;
        row[2 * (end - 1)] = place - end;
    }
}
