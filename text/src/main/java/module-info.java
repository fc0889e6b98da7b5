// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
/** Tokenizers, corpora and token files: text in, ids out, and back. No tensors here. */
module verbo.text {
    requires transitive static org.jspecify;
    requires jtokkit;
    requires tools.jackson.core;

    exports verbo.text;
}
