// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.util.Arrays;
import java.util.OptionalInt;
import verbo.nn.Seeds;
import verbo.text.TokenFile;

/**
 * What a model learns from, batch by batch. A batch is a function of the seed and its number alone, so a run that is
 * resumed needs no state of a random generator. Targets of places that do not count are -1.
 */
sealed interface Batches {
    int IGNORED = -1;

    /** How many tokens a row has. */
    int block();

    /**
     * Fills a batch.
     *
     * @param number
     *            which batch, from 0
     * @param ids
     *            [rows · block]
     * @param targets
     *            [rows · block], the token that follows each of {@code ids}
     */
    void fill(long number, int[] ids, int[] targets);

    /**
     * How the check on validation text goes through it: every token that has one before it is predicted once, in rows
     * that do not overlap.
     *
     * @return how many rows there are
     */
    long rows();

    /** Fills one row of the check, from index {@code at} on. */
    void row(long row, int[] ids, int[] targets, int at);

    /** Rows of a text that is one stream: windows that begin anywhere. */
    record Windows(TokenFile tokens, int block, long seed) implements Batches {
        @Override
        public void fill(long number, int[] ids, int[] targets) {
            long places = tokens.length() - block;
            long batch = Seeds.derive(seed, number);
            for (int row = 0; row < ids.length / block; row++) {
                long start = Math.unsignedMultiplyHigh(Seeds.derive(batch, row), places);
                tokens.read(start, ids, row * block, block);
                tokens.read(start + 1, targets, row * block, block);
            }
        }

        @Override
        public long rows() {
            return (tokens.length() - 1 + block - 1) / block;
        }

        @Override
        public void row(long row, int[] ids, int[] targets, int at) {
            long start = row * block;
            int count = (int) Math.min(block, tokens.length() - 1 - start);
            tokens.read(start, ids, at, count);
            tokens.read(start + 1, targets, at, count);
            Arrays.fill(ids, at + count, at + block, 0);
            Arrays.fill(targets, at + count, at + block, IGNORED);
        }
    }

    /**
     * Rows of a text that is one stream, cut into as many parts as a batch has rows: each row goes through its part, batch
     * after batch, so that a model can carry on where it was. After the last whole block all begin again.
     */
    record Streams(TokenFile tokens, int block, int streams) implements Batches {
        /** Places of a part that are predicted from. */
        private long part() {
            return (tokens.length() - 1) / streams;
        }

        /** Whether the rows of a batch are at the beginning of their parts. */
        boolean begins(long number) {
            return number % (part() / block) == 0;
        }

        @Override
        public void fill(long number, int[] ids, int[] targets) {
            long at = number % (part() / block) * block;
            for (int row = 0; row < streams; row++) {
                tokens.read(row * part() + at, ids, row * block, block);
                tokens.read(row * part() + at + 1, targets, row * block, block);
            }
        }

        /** Rows of the check come in batches: row {@code r} is block r / streams of part r % streams. */
        @Override
        public long rows() {
            return (whole() + block - 1) / block * streams;
        }

        /** Places of a part in the check, which leaves none out. */
        private long whole() {
            return (tokens.length() - 1 + streams - 1) / streams;
        }

        @Override
        public void row(long row, int[] ids, int[] targets, int at) {
            long end = Math.min(tokens.length() - 1, (row % streams + 1) * whole());
            long start = Math.min(end, row % streams * whole() + row / streams * block);
            int count = (int) Math.min(block, end - start);
            tokens.read(start, ids, at, count);
            tokens.read(start + 1, targets, at, count);
            Arrays.fill(ids, at + count, at + block, 0);
            Arrays.fill(targets, at + count, at + block, IGNORED);
        }
    }

    /**
     * Rows of a text whose documents are sequences of their own: separator, document, separator. A document longer than a
     * row is seen a window at a time.
     */
    final class Documents implements Batches {
        private final TokenFile tokens;
        private final int block;
        private final long seed;
        private final int separator;
        /** Rows of the check up to and with each document. */
        private final long[] rowsUpTo;

        Documents(TokenFile tokens, int block, long seed, int separator) {
            this.tokens = tokens;
            this.block = block;
            this.seed = seed;
            this.separator = separator;
            this.rowsUpTo = new long[Math.toIntExact(tokens.documents())];
            long rows = 0;
            for (int d = 0; d < rowsUpTo.length; d++) {
                rows += (length(d) + 1 + block - 1) / block;
                rowsUpTo[d] = rows;
            }
        }

        /** Tokens of a document without the separator. */
        private int length(long document) {
            OptionalInt follows = tokens.separator();
            return Math.toIntExact(tokens.documentStart(document + 1) - tokens.documentStart(document)
                    - (follows.isPresent() ? 1 : 0));
        }

        @Override
        public int block() {
            return block;
        }

        @Override
        public void fill(long number, int[] ids, int[] targets) {
            long batch = Seeds.derive(seed, number);
            for (int row = 0; row < ids.length / block; row++) {
                long draw = Seeds.derive(batch, row);
                long document = Math.unsignedMultiplyHigh(draw, tokens.documents());
                int starts = Math.max(1, length(document) + 2 - block);
                int from = (int) Math.unsignedMultiplyHigh(Seeds.derive(draw, 0), starts);
                fill(document, from, ids, targets, row * block);
            }
        }

        @Override
        public long rows() {
            return rowsUpTo[rowsUpTo.length - 1];
        }

        @Override
        public void row(long row, int[] ids, int[] targets, int at) {
            int found = Arrays.binarySearch(rowsUpTo, row);
            int document = found >= 0 ? found + 1 : -found - 1;
            long before = document == 0 ? 0 : rowsUpTo[document - 1];
            fill(document, (int) (row - before) * block, ids, targets, at);
        }

        /** A block of separator, document, separator, from its token {@code from} on. */
        private void fill(long document, int from, int[] ids, int[] targets, int at) {
            int length = length(document);
            long start = tokens.documentStart(document);
            for (int i = 0; i < block; i++) {
                int place = from + i; // in the sequence: 0 is the first separator
                ids[at + i] = place == 0 || place > length ? separator : tokens.get(start + place - 1);
                targets[at + i] = place < length
                        ? tokens.get(start + place)
                        : place == length ? separator : IGNORED;
            }
        }
    }
}
