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
     * Processes one text's tokens or those of a pair.
     *
     * @param first
     *            of each text whether it is the first window; the library leaves the types of the others as they are
     * @param special
     *            whether special tokens are added
     * @return what is to be put together
     */
    List<Encoding> apply(List<Encoding> texts, boolean[] first, boolean special);

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
        public List<Encoding> apply(List<Encoding> texts, boolean[] first, boolean special) {
            if (!special) {
                return texts;
            }
            List<Encoding> parts = new ArrayList<>();
            for (int i = 0; i < texts.size(); i++) {
                List<Encoding> part = i == 0
                        ? List.of(cls.encoding(0), texts.get(0), sep.encoding(0))
                        : List.of(texts.get(i), sep.encoding(1));
                parts.add(Encoding.join(part));
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
        public List<Encoding> apply(List<Encoding> texts, boolean[] first, boolean special) {
            List<Encoding> parts = new ArrayList<>();
            for (int i = 0; i < texts.size(); i++) {
                Encoding text = trimOffsets ? trimmed(texts.get(i), addPrefixSpace) : texts.get(i);
                text = first[i] || special ? text.withType(0) : text;
                parts.add(special
                        ? Encoding.join(List.of((i == 0 ? cls : sep).encoding(0), text, sep.encoding(0)))
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
        public List<Encoding> apply(List<Encoding> texts, boolean[] first, boolean special) {
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
        public List<Encoding> apply(List<Encoding> texts, boolean[] first, boolean addSpecial) {
            List<Encoding> parts = new ArrayList<>();
            for (Piece piece : texts.size() == 1 ? single : pair) {
                if (piece.name() == null) {
                    int which = Math.min(piece.text(), texts.size() - 1);
                    parts.add(first[which] ? texts.get(which).withType(piece.type()) : texts.get(which));
                } else if (addSpecial) {
                    Tokens tokens = special.get(piece.name());
                    if (tokens != null) { // the reader has seen that it is there
                        parts.add(Encoding.specials(tokens.ids(), tokens.tokens(), piece.type()));
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
        public List<Encoding> apply(List<Encoding> texts, boolean[] first, boolean special) {
            List<Encoding> parts = texts;
            for (PostProcessor one : processors) {
                parts = one.apply(parts, first, special);
            }
            return parts;
        }

        @Override
        public int added(boolean pair) {
            return processors.stream().mapToInt(p -> p.added(pair)).sum();
        }
    }

    /** Leaves the spaces at the ends of tokens out of their offsets. */
    static Encoding trimmed(Encoding encoding, boolean addPrefixSpace) {
        Encoding trimmed = encoding.slice(0, encoding.length());
        for (int i = 0; i < trimmed.length(); i++) {
            trim(trimmed, i, addPrefixSpace);
        }
        return trimmed;
    }

    /** The same for one token, in place. */
    static void trim(Encoding encoding, int i, boolean addPrefixSpace) {
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
        starts[i] = Math.min(starts[i] + leading, ends[i]);
        if (trailing > 0 && ends[i] >= trailing) {
            ends[i] = Math.max(ends[i] - trailing, starts[i]);
        }
    }

    private static boolean blank(char c) {
        return c == ByteLevel.toChar(' ') || CharClass.isSpace(c);
    }
}
