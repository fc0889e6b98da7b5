// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** What a language model is: scoring and decoding, for every family. */
module verbo.lm {
    requires transitive verbo.text;
    requires static transitive org.jspecify;

    exports verbo.lm;
}
