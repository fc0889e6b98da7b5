// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import verbo.lm.LanguageModel;
import verbo.lm.testkit.LanguageModelContract;
import verbo.tensor.Engine;

/** A GPT keeps the contract of a language model. Its context is several pages long, and so are the tokens tried. */
class GptLanguageModelTest extends LanguageModelContract {
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
        Gpt gpt = Gpt.create(engine, GptConfig.of(29, 70, 12, 2, 3).withSpecialTokens(1, List.of(2, 5)), 3);
        // Weights as GPT-2's leave so small a model next to indifferent: make differences large.
        for (int i = 0; i < gpt.parameters().size(); i++) {
            if (gpt.parameters().get(i).decays()) {
                gpt.parameters().get(i).value()
                        .set(GoldenNumbers.weights(i, (int) gpt.parameters().get(i).value().size(), 0));
            }
        }
        return new TransformerLanguageModel(gpt, null, gpt.config().beginToken(), gpt.config().endTokens(), gpt::close);
    }
}
