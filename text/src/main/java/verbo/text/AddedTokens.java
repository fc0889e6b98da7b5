// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds added tokens in a text: the leftmost first, of several at one place the longest, and those that are looked for
 * before normalisation before all others, as Hugging Face's tokenizers do.
 */
final class AddedTokens {
    /** What lies between two added tokens, or one of them. */
    interface Sink {
        /** Ordinary text. */
        void text(int from, int to);

        /** An added token. */
        void token(AddedToken token, int from, int to);
    }

    private final List<AddedToken> all;
    private final Finder raw;
    private final Finder normalized;

    AddedTokens(List<AddedToken> tokens) {
        all = tokens.stream().sorted(Comparator.comparingInt(AddedToken::id)).toList();
        raw = new Finder(all.stream().filter(t -> !t.normalized()).toList());
        normalized = new Finder(all.stream().filter(AddedToken::normalized).toList());
    }

    /** In the order of their ids. */
    List<AddedToken> all() {
        return all;
    }

    void split(String text, Sink sink) {
        if (all.isEmpty()) {
            if (!text.isEmpty()) {
                sink.text(0, text.length());
            }
            return;
        }
        raw.split(text, 0, text.length(), new Sink() {
            @Override
            public void text(int from, int to) {
                normalized.split(text, from, to, sink);
            }

            @Override
            public void token(AddedToken token, int from, int to) {
                sink.token(token, from, to);
            }
        });
    }

    private static final class Finder {
        /** By first character, the longest first. */
        private final Map<Character, List<AddedToken>> byFirst = new HashMap<>();
        private final long[] filter = new long[4]; // of the low eight bits of first characters

        Finder(List<AddedToken> tokens) {
            for (AddedToken token : tokens) {
                char first = token.content().charAt(0);
                byFirst.computeIfAbsent(first, c -> new ArrayList<>()).add(token);
                filter[(first >> 6) & 3] |= 1L << (first & 63);
            }
            byFirst.values().forEach(
                    list -> list.sort(Comparator.comparingInt((AddedToken t) -> t.content().length()).reversed()));
        }

        void split(String text, int from, int to, Sink sink) {
            int done = from;
            if (!byFirst.isEmpty()) {
                for (int i = from; i < to;) {
                    char c = text.charAt(i);
                    AddedToken found = (filter[(c >> 6) & 3] & (1L << (c & 63))) == 0 ? null : at(text, i, to);
                    if (found == null) {
                        i++;
                        continue;
                    }
                    if (i > done) {
                        sink.text(done, i);
                    }
                    done = i + found.content().length();
                    sink.token(found, i, done);
                    i = done;
                }
            }
            if (to > done) {
                sink.text(done, to);
            }
        }

        private @Nullable AddedToken at(String text, int index, int to) {
            for (AddedToken token : byFirst.getOrDefault(text.charAt(index), List.of())) {
                String content = token.content();
                if (index + content.length() <= to && text.startsWith(content, index)) {
                    return token;
                }
            }
            return null;
        }
    }
}
