// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.Locale;

/** Why a generated text is no longer. */
public enum FinishReason {
    /** It has as many tokens as were asked for. */
    LENGTH,
    /** A stop string came. */
    STOP,
    /** The model ended the text with one of its {@linkplain LanguageModel#endTokens() end tokens}. */
    END;

    /** {@code length}, {@code stop} or {@code end}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
