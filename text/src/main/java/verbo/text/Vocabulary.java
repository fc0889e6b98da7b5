// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tokens and their ids; ids may have gaps. */
final class Vocabulary {
    private final Map<String, Integer> ids;
    private final @Nullable String[] tokens;

    /** Takes the ids, which nobody may change from now on. */
    Vocabulary(Map<String, Integer> ids) {
        this.ids = ids;
        int size = 0;
        for (int id : ids.values()) {
            size = Math.max(size, id + 1);
        }
        tokens = new String[size];
        ids.forEach((token, id) -> tokens[id] = token);
    }

    /** One more than the highest id. */
    int size() {
        return tokens.length;
    }

    @Nullable String token(int id) {
        return id >= 0 && id < tokens.length ? tokens[id] : null;
    }

    int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    /** All tokens with their ids. */
    Map<String, Integer> ids() {
        return ids;
    }
}
