// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokens as they are found, a column each; offsets in UTF-16 units. */
final class TokenList {
    final IntBuilder ids = new IntBuilder(64);
    final IntBuilder starts = new IntBuilder(64);
    final IntBuilder ends = new IntBuilder(64);
    final IntBuilder words = new IntBuilder(64);
    /** What a token reads, where it is not what the vocabulary has for its id. */
    final List<@Nullable String> texts = new ArrayList<>();

    /** What leaves out merges; null for none. */
    final @Nullable Dropout dropout;
    private Merges.@Nullable Work merges; // of all pieces

    TokenList() {
        this(null, null);
    }

    TokenList(@Nullable Dropout dropout) {
        this(dropout, null);
    }

    TokenList(@Nullable Dropout dropout, Merges.@Nullable Work merges) {
        this.dropout = dropout;
        this.merges = merges;
    }

    /** What merging needs. */
    Merges.Work merges() {
        Merges.Work work = merges == null ? new Merges.Work() : merges;
        merges = work;
        return work;
    }

    int size() {
        return ids.size();
    }

    void add(int id, @Nullable String text, int start, int end) {
        ids.add(id);
        texts.add(text);
        starts.add(start);
        ends.add(end);
    }
}
