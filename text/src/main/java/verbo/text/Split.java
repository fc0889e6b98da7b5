// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A corpus in two parts, to learn from and to check with.
 *
 * <p>
 * A corpus of one document is cut by characters: the first {@code int((1 - fraction) * n)} code points are for training,
 * as nanoGPT does. Of a corpus of many documents whole ones go to validation: in the order of a seeded hash of their
 * names, until the share of characters comes as close to the fraction as it can; each part has at least one. The choice
 * does not depend on the order of the documents.
 *
 * @param train
 *            what to learn from
 * @param validation
 *            what to check with
 */
public record Split(Corpus train, Corpus validation) {
    /**
     * Splits a corpus; reads it once, and again whenever a part is read.
     *
     * @param fraction
     *            share of the characters that is for validation, above 0 and below 1
     * @param seed
     *            another seed chooses other documents; a corpus of one document is not concerned
     * @throws IllegalArgumentException
     *             if the fraction is out of range or there are not two characters to share out
     */
    public static Split of(Corpus corpus, double fraction, long seed) throws IOException {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("the validation share must be above 0 and below 1, not " + fraction);
        }
        Sizes sizes = new Sizes(seed);
        corpus.forEach(sizes);
        if (sizes.count == 0) {
            throw new IllegalArgumentException(corpus.name() + ": no document to split");
        }
        if (sizes.count == 1) {
            long characters = sizes.characters[0];
            if (characters < 2) {
                throw new IllegalArgumentException(corpus.name() + ": a text of one character cannot be split");
            }
            long cut = Math.clamp((long) ((1 - fraction) * characters), 1, characters - 1);
            return new Split(part(corpus, d -> prefix(d, cut)), part(corpus, d -> suffix(d, cut)));
        }
        BitSet chosen = sizes.choose(fraction);
        return new Split(new Chosen(corpus, chosen, false), new Chosen(corpus, chosen, true));
    }

    private static Document prefix(Document document, long codePoints) {
        String text = document.text();
        return new Document(document.name(), text.substring(0, cut(text, codePoints)));
    }

    private static Document suffix(Document document, long codePoints) {
        String text = document.text();
        return new Document(document.name(), text.substring(cut(text, codePoints)));
    }

    private static int cut(String text, long codePoints) {
        // the file may have become shorter since it was measured
        int here = (int) Math.min(codePoints, text.codePointCount(0, text.length()));
        return text.offsetByCodePoints(0, here);
    }

    private interface Cut {
        Document apply(Document document);
    }

    private static Corpus part(Corpus whole, Cut cut) {
        return new Corpus() {
            @Override
            public void forEach(IOConsumer<Document> action) throws IOException {
                whole.forEach(document -> {
                    Document part = cut.apply(document);
                    if (!part.text().isEmpty()) {
                        action.accept(part);
                    }
                });
            }

            @Override
            public String name() {
                return whole.name();
            }
        };
    }

    /** The documents whose bits are set, or those whose bits are not. */
    private record Chosen(Corpus whole, BitSet bits, boolean set) implements Corpus {
        @Override
        public void forEach(IOConsumer<Document> action) throws IOException {
            int[] index = {0};
            whole.forEach(document -> {
                if (bits.get(index[0]++) == set) {
                    action.accept(document);
                }
            });
        }

        @Override
        public String name() {
            return whole.name();
        }
    }

    /** What the choice needs to know of every document: not its text. */
    private static final class Sizes implements IOConsumer<Document> {
        private final long seed;
        private long[] hashes = new long[16];
        private long[] characters = new long[16];
        private int count;

        Sizes(long seed) {
            this.seed = seed;
        }

        @Override
        public void accept(Document document) {
            if (count == hashes.length) {
                hashes = Arrays.copyOf(hashes, count * 2);
                characters = Arrays.copyOf(characters, count * 2);
            }
            hashes[count] = hash(document.name(), seed);
            characters[count++] = document.text().codePointCount(0, document.text().length());
        }

        BitSet choose(double fraction) {
            Integer[] order = new Integer[count];
            double total = 0;
            for (int i = 0; i < count; i++) {
                order[i] = i;
                total += characters[i];
            }
            // a stable sort: documents of the same name keep their order
            Arrays.sort(order, (a, b) -> Long.compareUnsigned(hashes[a], hashes[b]));
            double wanted = fraction * total;
            BitSet chosen = new BitSet(count);
            double sum = 0;
            for (int i = 0; i < count - 1; i++) {
                double size = characters[order[i]];
                // a large document may overshoot by more than leaving it out falls short: then try a smaller one
                if (Math.abs(sum + size - wanted) < Math.abs(sum - wanted)) {
                    chosen.set(order[i]);
                    sum += size;
                }
            }
            if (chosen.isEmpty()) {
                // every document is more than twice what is wanted: the smallest comes closest
                int smallest = order[0];
                for (int i : order) {
                    smallest = characters[i] < characters[smallest] ? i : smallest;
                }
                chosen.set(smallest);
            }
            return chosen;
        }

        /** FNV-1a over the name, then the finisher of SplitMix64, so that near names lie far apart. */
        private static long hash(String name, long seed) {
            long h = 0xcbf29ce484222325L ^ (seed * 0x9E3779B97F4A7C15L);
            for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
                h = (h ^ (b & 0xFF)) * 0x100000001b3L;
            }
            h = (h ^ (h >>> 30)) * 0xBF58476D1CE4E5B9L;
            h = (h ^ (h >>> 27)) * 0x94D049BB133111EBL;
            return h ^ (h >>> 31);
        }
    }
}
