// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

/** The command line. */
module verbo.cli {
    requires verbo.lm;
    requires verbo.models;
    requires verbo.ngram;
    requires verbo.nn;
    requires verbo.tensor;
    requires verbo.train;
    requires info.picocli;
    requires jdk.management;
    requires jdk.unsupported; // signals, which JLine hears by reflection
    requires org.jline;
    requires static transitive org.jspecify;

    opens verbo.cli to info.picocli;
}
