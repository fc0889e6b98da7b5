// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.List;
import org.junit.jupiter.api.Nested;
import verbo.lm.testkit.LanguageModelContract;
import verbo.lm.testkit.TableModel;

/** The contract itself, on models of several kinds. */
class LanguageModelTest {

    @Nested
    class WithoutBound extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return TableModel.of(13, TableModel.hashed(1));
        }
    }

    @Nested
    class WithABoundedContext extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return new TableModel(5, 8, new int[]{3}, false, null, TableModel.hashed(2));
        }
    }

    @Nested
    class WithAContextOfOne extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return new TableModel(5, 1, new int[]{3, 4}, false, null, TableModel.hashed(3));
        }
    }

    @Nested
    class ThatPredictsTheFirstToken extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return new TableModel(6, 7, new int[0], true, null, TableModel.hashed(4));
        }
    }

    @Nested
    class WithImpossibleTokens extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            TableModel.Table table = TableModel.hashed(5);
            return TableModel.of(9, (before, last, token) -> (token + last) % 3 == 0
                    ? Float.NEGATIVE_INFINITY
                    : table.logit(before, last, token));
        }
    }

    @Nested
    class Mixed extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return new Mixture(
                    List.of(new Mixture.Part(new TableModel(6, 9, new int[0], true, null, TableModel.hashed(6))),
                            new Mixture.Part(
                                    new TableModel(6, Integer.MAX_VALUE, new int[]{2}, true, null,
                                            TableModel.hashed(7)))),
                    new double[]{3, 7}, null, 6);
        }
    }

    @Nested
    class MixedOfDifferentVocabularies extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return new Mixture(List.of(
                    new Mixture.Part(new TableModel(4, 9, new int[0], true, null, TableModel.hashed(6)),
                            new int[]{0, 1, 2, 3, -1}, 0),
                    new Mixture.Part(new TableModel(3, 9, new int[0], true, null, TableModel.hashed(7)),
                            new int[]{0, -1, 2, -1, 1}, 0)),
                    new double[]{3, 7}, null, 5);
        }
    }

    @Nested
    class WithACache extends LanguageModelContract {
        @Override
        protected LanguageModel open() {
            return new CacheModel(new TableModel(6, 9, new int[0], true, null, TableModel.hashed(6)), 0.3, 5);
        }
    }
}
