// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** The training loop, checkpoints and metrics. */
module verbo.train {
    requires transitive verbo.models;
    requires java.desktop;
    requires tools.jackson.core;
    requires tools.jackson.dataformat.yaml;
    requires xchart;
    requires static transitive org.jspecify;

    exports verbo.train;
}
