// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import verbo.lm.LanguageModel;
import verbo.lm.testkit.LanguageModelContract;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;

/** An LSTM with tied embeddings behind a projection and an adaptive softmax keeps the contract of a language model. */
class RnnLanguageModelTest extends LanguageModelContract {
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
        RnnConfig config = new RnnConfig(RecurrentCell.LSTM, 29, 6, 9, 2, 8, true, List.of(5, 11),
                new RnnConfig.Dropout(0.5, true, 0.5, 0.5), 1, List.of(2, 5));
        Rnn rnn = Rnn.create(engine, config, 3);
        return rnn.languageModel(null, rnn::close);
    }
}
