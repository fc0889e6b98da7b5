// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** Language models from counts. No tensors here. */
module verbo.ngram {
    requires transitive verbo.lm;
    requires static transitive org.jspecify;

    exports verbo.ngram;
    exports verbo.ngram.correct;
    exports verbo.ngram.identify;
}
