// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import org.jspecify.annotations.Nullable;

/**
 * BERT's model (Schuster and Nakajima 2012; Devlin et al. 2019, arXiv:1810.04805): from the beginning of a word always the
 * longest token that fits; those inside a word carry a prefix. A word that cannot be written so is one unknown token.
 */
final class WordPiece implements TokenModel {
    private final Vocabulary vocabulary;
    private final String unknown;
    private final int maxCharacters;
    private final Trie trie;
    private final long inside; // node behind the prefix
    private final int unknownId;

    WordPiece(Vocabulary vocabulary, String unknown, String prefix, int maxCharacters) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        unknownId = vocabulary.id(unknown);
        this.maxCharacters = maxCharacters;
        trie = new Trie(vocabulary.ids());
        inside = trie.node(prefix.toCharArray(), 0, prefix.length());
    }

    @Override
    public void tokenize(Normalized piece, TokenList out) {
        int length = piece.length();
        if (length == 0) {
            return;
        }
        if (length > maxCharacters && Character.codePointCount(piece.chars(), piece.from(), length) > maxCharacters) {
            unknown(piece, out);
            return;
        }
        IntBuilder found = new IntBuilder(16); // id, start, end
        char[] chars = piece.chars();
        for (int start = 0; start < length;) {
            long longest = longest(chars, piece.from() + start, piece.from() + length, start == 0);
            if (longest < 0) {
                unknown(piece, out);
                return;
            }
            found.add((int) (longest >>> 32));
            found.add(start);
            start += (int) longest;
            found.add(start);
        }
        for (int i = 0; i < found.size(); i += 3) {
            out.add(found.get(i), null, piece.start(found.get(i + 1)), piece.end(found.get(i + 2) - 1));
        }
    }

    @Override
    public boolean ids(char[] piece, int length, PretokenEncoder.Work work) {
        if (length > maxCharacters) {
            return false;
        }
        for (int start = 0; start < length;) {
            long longest = longest(piece, start, length, start == 0);
            if (longest < 0) {
                work.count = 0;
                work.add(unknownId);
                return unknownId >= 0;
            }
            work.add((int) (longest >>> 32));
            start += (int) longest;
        }
        return true;
    }

    /** Id and length of the longest token that begins there: {@code id << 32 | length}; -1 if none does. */
    private long longest(char[] chars, int from, int to, boolean first) {
        long node = first ? trie.root() : inside;
        long longest = -1;
        for (int i = from; i < to && node != Trie.NOWHERE; i++) {
            node = trie.child(node, chars[i]);
            if (node != Trie.NOWHERE && Trie.value(node) != Trie.NONE) {
                longest = (long) Trie.value(node) << 32 | i + 1 - from;
            }
        }
        return longest;
    }

    private void unknown(Normalized piece, TokenList out) {
        int id = vocabulary.id(unknown);
        if (id < 0) {
            throw new IllegalArgumentException("the word \"" + piece.text() + "\" at index " + piece.start(0)
                    + " is not in the tokenizer's vocabulary, which has no token \"" + unknown + "\" for such");
        }
        out.add(id, null, piece.start(0), piece.end(piece.length() - 1));
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
