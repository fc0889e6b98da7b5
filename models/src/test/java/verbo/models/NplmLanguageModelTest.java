// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import verbo.lm.LanguageModel;
import verbo.lm.testkit.LanguageModelContract;
import verbo.tensor.Engine;

/** A neural probabilistic language model with direct connections keeps the contract of a language model. */
class NplmLanguageModelTest extends LanguageModelContract {
    private static Engine engine;

    @BeforeAll
    static void openEngine() {
        engine = Engine.cpu(2);
    }

    @AfterAll
    static void closeEngine() {
        engine.close();
    }

    @Override
    protected LanguageModel open() {
        Nplm nplm = Nplm.create(engine, new NplmConfig(29, 3, 6, 9, true, false, 8, 0.5, 1, List.of(2)), 3);
        return nplm.languageModel(null, nplm::close);
    }
}
