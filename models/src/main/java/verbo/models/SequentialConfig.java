// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the shapes of all sequential networks say. */
sealed interface SequentialConfig permits RnnConfig, NplmConfig {
    /** How many tokens it knows. */
    int vocabularySize();

    /** How much of a text a row of a training batch has. */
    int block();

    /** The token texts begin with, or null. */
    @Nullable Integer beginToken();

    /** The tokens that end a text. */
    List<Integer> endTokens();
}
