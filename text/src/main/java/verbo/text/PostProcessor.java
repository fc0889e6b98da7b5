// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is done to tokens when all are found: special ones put around them, offsets trimmed; a part of
 * {@code tokenizer.json}. Each record has the name and the fields of its {@code type} there.
 */
sealed interface PostProcessor {
    /** The types there are. */
    String KNOWN = "BertProcessing, RobertaProcessing, ByteLevel, TemplateProcessing, Sequence";

    /**
     * Tokens and what they are of.
     *
     * @param text
     *            what was encoded; empty for special tokens that were put between texts
     * @param first
     *            whether it is the first window; the library leaves the types of the others as they are
     */
    record Part(Encoding encoding, String text, boolean first) {
        private Part with(Encoding other) {
            return new Part(other, text, first);
        }

        private Part withType(int type) {
            return with(encoding.withType(type));
        }
    }

    /**
     * Processes one text's tokens or those of a pair.
     *
     * @param special
     *            whether special tokens are added
     * @return what is to be put together
     */
    List<Part> apply(List<Part> texts, boolean special);

    /** How many tokens it adds. */
    int added(boolean pair);

    /** A special token. */
    record Special(String token, int id) {
        Encoding encoding(int type) {
            return Encoding.specials(new int[]{id}, new String[]{token}, type);
        }
    }

    /** {@code [CLS] A [SEP] B [SEP]}. */
    record Bert(Special sep, Special cls) implements PostProcessor {
        @Override
        public List<Part> apply(List<Part> texts, boolean special) {
            if (!special) {
                return texts;
            }
            List<Part> parts = new ArrayList<>();
            for (Part text : texts) {
                List<Encoding> part = parts.isEmpty()
                        ? List.of(cls.encoding(0), text.encoding(), sep.encoding(0))
                        : List.of(text.encoding(), sep.encoding(1));
                parts.add(text.with(Encoding.join(part)));
            }
            return parts;
        }

        @Override
        public int added(boolean pair) {
            return pair ? 3 : 2;
        }
    }

    /** {@code <s> A </s></s> B </s>}. */
    record Roberta(Special sep, Special cls, boolean trimOffsets, boolean addPrefixSpace) implements PostProcessor {
        @Override
        public List<Part> apply(List<Part> texts, boolean special) {
            List<Part> parts = new ArrayList<>();
            for (Part one : texts) {
                Part text = trimOffsets ? trimmed(one, addPrefixSpace) : one;
                text = text.first() || special ? text.withType(0) : text;
                Special before = parts.isEmpty() ? cls : sep;
                parts.add(special
                        ? text.with(Encoding.join(List.of(before.encoding(0), text.encoding(), sep.encoding(0))))
                        : text);
            }
            return parts;
        }

        @Override
        public int added(boolean pair) {
            return pair ? 4 : 2;
        }
    }

    /** Only trims offsets. */
    record Bytes(boolean trimOffsets, boolean addPrefixSpace) implements PostProcessor {
        @Override
        public List<Part> apply(List<Part> texts, boolean special) {
            return trimOffsets ? texts.stream().map(text -> trimmed(text, addPrefixSpace)).toList() : texts;
        }

        @Override
        public int added(boolean pair) {
            return 0;
        }
    }

    /**
     * Whatever a template says.
     *
     * @param special
     *            by name what is put where a template names it; may be several tokens
     */
    record Template(List<Piece> single, List<Piece> pair, Map<String, Tokens> special) implements PostProcessor {
        /**
         * @param name
         *            of the special token; null for a text
         * @param text
         *            0 for the first text, 1 for the second
         */
        record Piece(@Nullable String name, int text, int type) {}

        /** What a name stands for. */
        record Tokens(int[] ids, String[] tokens) {}

        @Override
        public List<Part> apply(List<Part> texts, boolean addSpecial) {
            if (texts.isEmpty() || texts.size() > 2) {
                throw new IllegalArgumentException("a TemplateProcessing of the tokenizer's post_processor takes one"
                        + " text or two, and the one before it gives " + texts.size() + " parts");
            }
            List<Part> parts = new ArrayList<>();
            for (Piece piece : texts.size() == 1 ? single : pair) {
                if (piece.name() == null) {
                    Part text = texts.get(Math.min(piece.text(), texts.size() - 1));
                    parts.add(text.first() ? text.withType(piece.type()) : text);
                } else if (addSpecial) {
                    Tokens tokens = special.get(piece.name());
                    if (tokens != null) { // the reader has seen that it is there
                        parts.add(new Part(Encoding.specials(tokens.ids(), tokens.tokens(), piece.type()), "", true));
                    }
                }
            }
            return parts;
        }

        @Override
        public int added(boolean isPair) {
            int count = 0;
            for (Piece piece : isPair ? pair : single) {
                Tokens tokens = piece.name() == null ? null : special.get(piece.name());
                count += tokens == null ? 0 : tokens.ids().length;
            }
            return count;
        }
    }

    /** One after the other. */
    record Sequence(List<PostProcessor> processors) implements PostProcessor {
        @Override
        public List<Part> apply(List<Part> texts, boolean special) {
            List<Part> parts = texts;
            for (PostProcessor one : processors) {
                parts = one.apply(parts, special);
            }
            return parts;
        }

        @Override
        public int added(boolean pair) {
            return processors.stream().mapToInt(p -> p.added(pair)).sum();
        }
    }

    /** Leaves the spaces at the ends of tokens out of their offsets. */
    private static Part trimmed(Part part, boolean addPrefixSpace) {
        Encoding encoding = part.encoding().slice(0, part.encoding().length());
        for (int i = 0; i < encoding.length(); i++) {
            trim(encoding, i, part.text(), addPrefixSpace);
        }
        return part.with(encoding);
    }

    /**
     * The same for one token, in place. A space is a character less, whatever stands there in the text: those that were put
     * into it have no place of their own.
     */
    static void trim(Encoding encoding, int i, String text, boolean addPrefixSpace) {
        String token = encoding.tokens()[i];
        int leading = 0;
        while (leading < token.length() && blank(token.charAt(leading))) {
            leading++;
        }
        int trailing = 0;
        while (trailing < token.length() && blank(token.charAt(token.length() - 1 - trailing))) {
            trailing++;
        }
        int[] starts = encoding.starts();
        int[] ends = encoding.ends();
        boolean first = i == 0 || starts[i] == 0;
        if (first && addPrefixSpace && leading == 1) {
            leading = 0; // taken for the space that a tokenizer with add_prefix_space put there
        }
        for (int k = 0; k < leading && starts[i] < ends[i]; k++) {
            starts[i] = text.offsetByCodePoints(starts[i], 1);
        }
        int end = ends[i];
        for (; trailing > 0 && end > 0; trailing--) {
            end = text.offsetByCodePoints(end, -1);
        }
        if (trailing == 0) { // else there are not as many characters
            ends[i] = Math.max(end, starts[i]);
        }
    }

    private static boolean blank(char c) {
        return c == ByteLevel.toChar(' ') || CharClass.isSpace(c);
    }
}
