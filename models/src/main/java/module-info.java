// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** One readable file a model family, and checkpoint formats. */
module verbo.models {
    requires transitive verbo.lm;
    requires transitive verbo.nn;
    requires transitive verbo.tensor;
    requires transitive verbo.text;
    requires static transitive org.jspecify;
    requires verbo.ngram;

    exports verbo.models;
}
