// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import verbo.lm.LanguageModel;
import verbo.lm.testkit.LanguageModelContract;
import verbo.tensor.Engine;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    private static Rnn create() {
        RnnConfig config = new RnnConfig(RecurrentCell.LSTM, 29, 6, 9, 2, 8, true, List.of(5, 11),
                new RnnConfig.Dropout(0.5, true, 0.5, 0.5), 1, List.of(2, 5));
        return Rnn.create(engine, config, 3);
    }

    @Override
    protected LanguageModel open() {
        Rnn rnn = create();
        return rnn.languageModel(null, rnn::close);
    }

    @Test
    void idsAndTargetsMayBeViewsOfOneTensor() {
        try (Rnn rnn = create(); Scope scope = Scope.open(engine)) {
            Tensor all = scope.of(new int[]{1, 2, 3, 4, 5, 28, 7, 8, 9, 10, 11, 12}, 2, 6);
            Tensor ids = all.slice(1, 0, 5);
            Tensor targets = all.slice(1, 1, 6);
            assertThat(rnn.loss(ids, targets, 0, false).item())
                    .isEqualTo(rnn.loss(ids.contiguous(), targets.contiguous(), 0, false).item());
            assertThatThrownBy(() -> rnn.loss(ids, targets.transpose(0, 1), 0, false))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("[5, 2]");
            assertThatThrownBy(() -> rnn.loss(scope.zeros(2, 5), targets, 0, false))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("F32");
        }
    }
}
